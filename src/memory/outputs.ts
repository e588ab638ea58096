// The workers' output rings, read as one stream in the order of the packets that caused the frames.
// A worker's watermark says up to which packet its ring is complete; a frame may be taken once no
// ring that is empty could still bring an earlier one.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "./region.ts";

/** A frame in an output ring; the object and its bytes are good only during the call. */
export interface SentFrame {
  /** Number in the run of the packet that caused it, from 0. */
  sequence: number;
  port: number;
  /** Bytes of the frame are memory[address, address + length). */
  address: number;
  length: number;
  wireLength: number;
  /** Nanoseconds since 1970, low and high 32 bits. */
  timeLow: number;
  timeHigh: number;
}

export type FrameSink = (frame: SentFrame, memory: Uint8Array) => void;

/** The consumer's side of one worker's ring. */
class OutputRing {
  readonly #region: Region;
  readonly #ring: number;
  readonly #worker: number;
  #head = 0;
  #tail = 0;

  constructor(region: Region, worker: number) {
    this.#region = region;
    this.#ring = region.base(layout.REGION_OUTPUT) + worker * layout.OUTPUT_RING_BYTES;
    this.#worker = region.worker(worker);
    this.#tail = region.observe(this.#worker + layout.WORKER_OUTPUT_TAIL);
    this.#head = this.#tail;
  }

  /** Sequence number below which the ring, as last looked at by refresh(), is complete. */
  watermark = 0;

  /**
   * Looks how far the worker has come: the watermark first, as it promises the frames before it.
   */
  refresh(): void {
    Atomics.load(this.#region.i32, (this.#worker + layout.WORKER_JOBS_DONE) >>> 2);
    this.watermark = Number(
      Atomics.load(this.#region.u64, (this.#worker + layout.WORKER_WATERMARK) / 8),
    );
    this.#head = this.#region.observe(this.#worker + layout.WORKER_OUTPUT_HEAD);
  }

  /** Address of the first entry not yet taken, or 0 when the ring is empty. */
  peek(): number {
    while (this.#head !== this.#tail) {
      const entry = this.#ring + (this.#tail & (layout.OUTPUT_RING_BYTES - 1));
      const port = this.#region.u16[(entry + layout.OUTPUT_PORT) >>> 1];
      if (port !== layout.OUTPUT_FILLER) return entry;
      this.take(entry);
    }
    return 0;
  }

  take(entry: number): void {
    this.#tail = (this.#tail + this.#region.getU32(entry + layout.OUTPUT_SIZE)) >>> 0;
  }

  /** Gives the room of everything taken back to the worker. */
  release(): void {
    this.#region.publish(this.#worker + layout.WORKER_OUTPUT_TAIL, this.#tail | 0);
  }
}

/** All output rings of an engine. */
export class Outputs {
  readonly #region: Region;
  readonly #rings: readonly OutputRing[];
  readonly #frame: SentFrame = {
    sequence: 0,
    port: 0,
    address: 0,
    length: 0,
    wireLength: 0,
    timeLow: 0,
    timeHigh: 0,
  };

  constructor(region: Region) {
    this.#region = region;
    this.#rings = Array.from(
      { length: region.map.sizes.queues },
      (_, worker) => new OutputRing(region, worker),
    );
  }

  /**
   * Hands every frame that is due to the sink, in order; returns how many there were. With `all`,
   * when no worker runs any more, also those that a worker told to stop left behind another's.
   */
  drain(sink: FrameSink, all = false): number {
    for (const ring of this.#rings) ring.refresh();
    let taken = 0;
    for (;;) {
      const ring = this.#next(all);
      if (ring === undefined) break;
      const entry = ring.peek();
      this.#read(entry);
      sink(this.#frame, this.#region.u8);
      ring.take(entry);
      taken++;
      // Room is given back now and then, so that a worker need not wait for the whole drain.
      if ((taken & 1023) === 0) ring.release();
    }
    for (const ring of this.#rings) ring.release();
    return taken;
  }

  /** The ring with the earliest frame, unless an empty ring might still bring an earlier one. */
  #next(all: boolean): OutputRing | undefined {
    let best: OutputRing | undefined;
    let bestSequence = Number.POSITIVE_INFINITY;
    let bound = Number.POSITIVE_INFINITY;
    for (const ring of this.#rings) {
      const entry = ring.peek();
      if (entry === 0) {
        bound = Math.min(bound, ring.watermark);
        continue;
      }
      const sequence = this.#region.getCount(entry + layout.OUTPUT_SEQUENCE);
      if (sequence >= bestSequence) continue;
      best = ring;
      bestSequence = sequence;
    }
    return all || bestSequence < bound ? best : undefined;
  }

  #read(entry: number): void {
    const region = this.#region;
    const frame = this.#frame;
    frame.sequence = region.getCount(entry + layout.OUTPUT_SEQUENCE);
    frame.port = region.u16[(entry + layout.OUTPUT_PORT) >>> 1] as number;
    frame.address = entry + layout.OUTPUT_HEADER;
    frame.length = region.getU32(entry + layout.OUTPUT_LENGTH);
    frame.wireLength = region.getU32(entry + layout.OUTPUT_WIRE_LENGTH);
    frame.timeLow = region.getU32(entry + layout.OUTPUT_TIMESTAMP);
    frame.timeHigh = region.getU32(entry + layout.OUTPUT_TIMESTAMP + 4);
  }
}
