// The log ring: what flows with a `log` action tell the host. Single producer, single consumer, as
// the output ring; but an entry that finds no room is counted and gone, for a log never holds a
// packet up.

import {
  COUNT_LOG_LOST,
  COUNT_LOGGED,
  LOG_FILLER,
  LOG_FLOW,
  LOG_FRAME,
  LOG_FRAME_BYTES,
  LOG_IN_PORT,
  LOG_KEPT,
  LOG_LENGTH,
  LOG_OUT_PORT,
  LOG_POINT,
  LOG_RING_BYTES,
  LOG_SEQUENCE,
  LOG_SIZE,
  LOG_TEXT,
  LOG_TIME,
  WORKER_LOG_HEAD,
  WORKER_LOG_TAIL,
} from "../layout";
import { dataOf, inPortOf, lengthOf, outPortOf, sequenceOf, timestampOf } from "../packet";
import { countEvent } from "./counters";
import { logRing, worker } from "./directory";

/** Tells the host of the packet: which flow, with which text, and at which POINT_*. */
export function keepLog(record: usize, flow: u32, text: u32, point: u32): void {
  const kept = min<u32>(lengthOf(record), LOG_FRAME_BYTES);
  const size = (LOG_FRAME + kept + 7) & ~7;
  const entry = roomFor(size);
  if (entry === 0) {
    countEvent(COUNT_LOG_LOST);
    return;
  }
  store<u32>(entry, size, LOG_SIZE);
  store<u32>(entry, flow, LOG_FLOW);
  store<u64>(entry, timestampOf(record), LOG_TIME);
  store<u64>(entry, sequenceOf(record), LOG_SEQUENCE);
  store<u16>(entry, <u16>inPortOf(record), LOG_IN_PORT);
  store<u16>(entry, <u16>outPortOf(record), LOG_OUT_PORT);
  store<u16>(entry, <u16>text, LOG_TEXT);
  store<u16>(entry, <u16>point, LOG_POINT);
  store<u32>(entry, lengthOf(record), LOG_LENGTH);
  store<u32>(entry, kept, LOG_KEPT);
  memory.copy(entry + LOG_FRAME, dataOf(record), kept);
  atomic.store<u32>(worker, load<u32>(worker, WORKER_LOG_HEAD) + size, WORKER_LOG_HEAD);
  countEvent(COUNT_LOGGED);
}

/** Address for an entry of `size` bytes, the ring's end skipped if need be; 0 = no room. */
function roomFor(size: u32): usize {
  const head = load<u32>(worker, WORKER_LOG_HEAD);
  const place = head & (LOG_RING_BYTES - 1);
  const rest: u32 = LOG_RING_BYTES - place;
  const skipped: u32 = rest < size ? rest : 0;
  const free: u32 = LOG_RING_BYTES - (head - atomic.load<u32>(worker, WORKER_LOG_TAIL));
  if (size + skipped > free) return 0;
  if (skipped === 0) return logRing + place;
  store<u32>(logRing + place, LOG_FILLER, LOG_SIZE);
  store<u32>(worker, head + skipped, WORKER_LOG_HEAD);
  return logRing;
}
