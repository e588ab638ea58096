// The workers' rings of connection events, read as one stream in the order of their times. What
// workers have not passed yet waits here, as in log.ts.

import * as layout from "../../assembly/layout.ts";
import { passedTime } from "./clock.ts";
import type { Region } from "./region.ts";

export type ConnectionEventKind = "new" | "update" | "destroy";

const KINDS: ReadonlyMap<number, ConnectionEventKind> = new Map([
  [layout.EVENT_NEW, "new"],
  [layout.EVENT_UPDATE, "update"],
  [layout.EVENT_DESTROY, "destroy"],
]);

export interface RawConnectionEvent {
  readonly kind: ConnectionEventKind;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** The entry as it was, and its extension behind it. */
  readonly entry: Uint8Array;
}

export type ConnectionEventSink = (event: RawConnectionEvent) => void;

/** Whether workers keep events. */
export function keepConnectionEvents(region: Region, on: boolean): void {
  region.publish(layout.CONTROL_CONNECTION_EVENTS, on ? 1 : 0);
}

export class ConnectionEventReader {
  readonly #region: Region;
  #waiting: RawConnectionEvent[] = [];

  constructor(region: Region) {
    this.#region = region;
  }

  /** Hands over the events that are due; with `all`, when no worker runs any more, every one. */
  drain(sink: ConnectionEventSink, all = false): void {
    const bound = all ? undefined : passedTime(this.#region);
    for (let worker = 0; worker < this.#region.map.sizes.queues; worker++) this.#read(worker);
    if (this.#waiting.length === 0) return;
    const isDue = ({ time }: RawConnectionEvent) => bound === undefined || time < bound;
    const due = this.#waiting.filter(isDue);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((event) => !isDue(event));
    for (const event of due.sort(compareEvents)) sink(event);
  }

  #read(worker: number): void {
    const region = this.#region;
    const block = region.worker(worker);
    const ring = region.base(layout.REGION_CONNECTION_EVENTS) + worker * layout.EVENT_RING_BYTES;
    const head = region.observe(block + layout.WORKER_EVENT_HEAD);
    let tail = region.observe(block + layout.WORKER_EVENT_TAIL);
    if (tail === head) return;
    while (tail !== head) {
      const place = tail & (layout.EVENT_RING_BYTES - 1);
      const size = region.getU32(ring + place + layout.EVENT_SIZE);
      // What skips to the ring's start has no size an event could have.
      if (size < layout.EVENT_CONNECTION || size > layout.EVENT_BYTES) {
        tail = (tail + layout.EVENT_RING_BYTES - place) >>> 0;
      } else {
        this.#waiting.push(readEvent(region, ring + place, size));
        tail = (tail + size) >>> 0;
      }
    }
    region.publish(block + layout.WORKER_EVENT_TAIL, tail | 0);
  }
}

function readEvent(region: Region, at: number, size: number): RawConnectionEvent {
  return {
    kind: KINDS.get(region.getU32(at + layout.EVENT_KIND)) ?? "update",
    time: region.getU64(at + layout.EVENT_TIME),
    entry: region.bytes(at + layout.EVENT_CONNECTION, size - layout.EVENT_CONNECTION).slice(),
  };
}

/**
 * By time, then by tuple: those of one connection are from one ring and stay in their order, and
 * the order of the others does not depend on the number of rings.
 */
function compareEvents(a: RawConnectionEvent, b: RawConnectionEvent): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  for (let at = layout.CONNECTION_PROTOCOL; at < layout.CONNECTION_CHANGED; at++) {
    const isState = at === layout.CONNECTION_STATE;
    const isVolatile = at >= layout.CONNECTION_MARK && at < layout.CONNECTION_SRC;
    if (isState || isVolatile) continue;
    const difference = (a.entry[at] as number) - (b.entry[at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
