// The workers' log rings, read as one stream in the order of the packets. Room in a ring is given
// back as soon as it is read: entries wait here until no worker can bring an earlier one.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "./region.ts";

/** What a flow with a `log` action says of a packet, in the kernels' numbers. */
export interface RawLogEntry {
  /** Number of the flow, of the text, and POINT_*. */
  readonly flow: number;
  readonly text: number;
  readonly point: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Number of the packet in the run, from 0. */
  readonly sequence: number;
  readonly inPort: number;
  /** PORT_UNKNOWN or PORT_LOCAL where it is none. */
  readonly outPort: number;
  /** Bytes of the frame, and the first LOG_FRAME_BYTES of them. */
  readonly length: number;
  readonly frame: Uint8Array;
}

export type LogSink = (entry: RawLogEntry) => void;

export class LogReader {
  readonly #region: Region;
  /** Read but not yet due, in no order. */
  #waiting: RawLogEntry[] = [];

  constructor(region: Region) {
    this.#region = region;
  }

  /** Hands over the entries that are due; with `all`, when no worker runs any more, every one. */
  drain(sink: LogSink, all = false): void {
    const bound = all ? Number.POSITIVE_INFINITY : this.#bound();
    for (let worker = 0; worker < this.#region.map.sizes.queues; worker++) this.#read(worker);
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter(({ sequence }) => sequence < bound);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ sequence }) => sequence >= bound);
    // Entries of one packet are from one ring, in their order: the sort is stable.
    for (const entry of due.sort((a, b) => a.sequence - b.sequence)) sink(entry);
  }

  /** Every worker is through with the packets of smaller numbers; look before reading the rings. */
  #bound(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let worker = 0; worker < this.#region.map.sizes.queues; worker++) {
      const at = this.#region.worker(worker) + layout.WORKER_WATERMARK;
      least = Math.min(least, Number(Atomics.load(this.#region.u64, at / 8)));
    }
    return least;
  }

  #read(worker: number): void {
    const region = this.#region;
    const block = region.worker(worker);
    const ring = region.base(layout.REGION_LOG) + worker * layout.LOG_RING_BYTES;
    const head = region.observe(block + layout.WORKER_LOG_HEAD);
    let tail = region.observe(block + layout.WORKER_LOG_TAIL);
    if (tail === head) return;
    while (tail !== head) {
      const place = tail & (layout.LOG_RING_BYTES - 1);
      const size = region.getU32(ring + place + layout.LOG_SIZE);
      if (size === layout.LOG_FILLER) {
        tail = (tail + layout.LOG_RING_BYTES - place) >>> 0;
      } else {
        this.#waiting.push(readEntry(region, ring + place));
        tail = (tail + size) >>> 0;
      }
    }
    region.publish(block + layout.WORKER_LOG_TAIL, tail | 0);
  }
}

function readEntry(region: Region, at: number): RawLogEntry {
  const u16 = (offset: number) => region.u16[(at + offset) >>> 1] as number;
  return {
    flow: region.getU32(at + layout.LOG_FLOW),
    text: u16(layout.LOG_TEXT),
    point: u16(layout.LOG_POINT),
    time: region.getU64(at + layout.LOG_TIME),
    sequence: region.getCount(at + layout.LOG_SEQUENCE),
    inPort: u16(layout.LOG_IN_PORT),
    outPort: u16(layout.LOG_OUT_PORT),
    length: region.getU32(at + layout.LOG_LENGTH),
    frame: region.bytes(at + layout.LOG_FRAME, region.getU32(at + layout.LOG_KEPT)).slice(),
  };
}
