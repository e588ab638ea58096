// Events of connections for the host: made, changed, over. A ring per worker as the log's is: what
// finds no room is counted and gone, for no packet waits for a reader.

import { extensionNumber } from "../connection";
import {
  CONNECTION_STRIDE,
  CONTROL_CONNECTION_EVENTS,
  COUNT_EVENTS_LOST,
  EVENT_BYTES,
  EVENT_CONNECTION,
  EVENT_FILLER,
  EVENT_KIND,
  EVENT_RING_BYTES,
  EVENT_SIZE,
  EVENT_TIME,
  EXTENSION_STRIDE,
  WORKER_EVENT_HEAD,
  WORKER_EVENT_TAIL,
} from "../layout";
import { countEvent } from "../memory/counters";
import { eventRing, worker } from "../memory/directory";
import { extensionOf } from "./extensions";

/** Tells the host of the connection: EVENT_*, at this time (nanoseconds since 1970), if it asks. */
export function keepEvent(kind: u32, entry: usize, time: u64): void {
  if (load<u32>(CONTROL_CONNECTION_EVENTS) === 0) return;
  const event = roomForEvent();
  if (event === 0) {
    countEvent(COUNT_EVENTS_LOST);
    return;
  }
  store<u32>(event, EVENT_BYTES, EVENT_SIZE);
  store<u32>(event, kind, EVENT_KIND);
  store<u64>(event, time, EVENT_TIME);
  const copy = event + EVENT_CONNECTION;
  memory.copy(copy, entry, CONNECTION_STRIDE);
  if (extensionNumber(entry) === 0) memory.fill(copy + CONNECTION_STRIDE, 0, EXTENSION_STRIDE);
  else memory.copy(copy + CONNECTION_STRIDE, extensionOf(entry), EXTENSION_STRIDE);
  const head = load<u32>(worker, WORKER_EVENT_HEAD) + EVENT_BYTES;
  atomic.store<u32>(worker, head, WORKER_EVENT_HEAD);
}

/** Address for one more event, the ring's end skipped if need be; 0 = no room. */
function roomForEvent(): usize {
  const head = load<u32>(worker, WORKER_EVENT_HEAD);
  const place = head & (EVENT_RING_BYTES - 1);
  const rest: u32 = EVENT_RING_BYTES - place;
  const skipped: u32 = rest < <u32>EVENT_BYTES ? rest : 0;
  const free: u32 = EVENT_RING_BYTES - (head - atomic.load<u32>(worker, WORKER_EVENT_TAIL));
  if (<u32>EVENT_BYTES + skipped > free) return 0;
  if (skipped === 0) return eventRing + place;
  store<u32>(eventRing + place, EVENT_FILLER, EVENT_SIZE);
  store<u32>(worker, head + skipped, WORKER_EVENT_HEAD);
  return eventRing;
}
