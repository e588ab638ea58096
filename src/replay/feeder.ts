// Feeding: captures into chunks, chunks into jobs. A capture that fits into the arena as a whole
// stays there and is published again for each loop; a larger one is read anew.

import { SluiceError } from "../errors.ts";
import type { CaptureReader } from "../io/reader.ts";
import type { Chunk, JobRing } from "../memory/chunks.ts";
import { pause } from "./pause.ts";

/** A capture to replay, opened anew for each time it is read. */
export interface CaptureSource {
  open(): Promise<CaptureReader>;
  /** False for stdin, which ends once and for all. */
  readonly rereadable: boolean;
  /** Bytes of the file, when it is one and not compressed; for the progress only. */
  readonly size: number | undefined;
  /** Port numbers by capture interface; interfaces beyond the list enter by its last port. */
  readonly ports: readonly number[];
}

export interface FeederOptions {
  readonly sources: readonly CaptureSource[];
  /** How often all captures are replayed; at least 1. */
  readonly loops: number;
  readonly queues: number;
  /** Called with the first packet's timestamp before the first job is published. */
  readonly onStart: (firstTimestamp: bigint) => void;
  readonly stopped: () => boolean;
}

/** Nanoseconds between two loops of a capture that has one packet only. */
const LONE_PACKET_GAP = 1000n;
/** Bytes a capture file takes for a packet besides its own, about; for the progress only. */
const RECORD_BYTES = 16;

export class Feeder {
  /** Packets passed over because of their link type, by its name. */
  readonly skipped = new Map<string, number>();
  /** Packets published so far. */
  packets = 0;
  readonly #ring: JobRing;
  readonly #options: FeederOptions;
  #wireBytes = 0;
  #first = -1n;
  #last = 0n;
  #timeShift = 0n;
  #loopTime = 0n;
  /** Packets of one loop; 0 until the first has been read. */
  #loopPackets = 0;
  #reader: CaptureReader | undefined;
  /** The chunks of the first loop, while all of them are still in the arena. */
  #resident: Chunk[] | undefined = [];

  constructor(ring: JobRing, options: FeederOptions) {
    this.#ring = ring;
    this.#options = options;
  }

  /**
   * Publishes everything, then says that nothing follows, also when a capture fails: what was
   * whole is replayed before the error is seen. Throws what reading throws.
   */
  async run(): Promise<void> {
    try {
      for (let loop = 0; loop < this.#options.loops; loop++) {
        if (this.#options.stopped()) return;
        if (loop === 1) this.#measureLoop();
        this.#timeShift = BigInt(loop) * this.#loopTime;
        if (loop > 0 && this.#resident !== undefined) await this.#repeat(this.#resident);
        else await this.#read(loop === 0);
        if (loop === 0) this.#loopPackets = this.packets;
        if (this.packets === 0) return;
      }
    } finally {
      this.#ring.close();
    }
  }

  /** Ends a wait for bytes that may never come (stdin). */
  async stop(): Promise<void> {
    await this.#reader?.close();
  }

  /** How much of the run is done when so many packets were received, 0 to 1, as far as is known. */
  share(received: number): number {
    const { loops, sources } = this.#options;
    if (this.#loopPackets > 0) return received / (this.#loopPackets * loops);
    const size = sources.reduce((sum, source) => sum + (source.size ?? Number.NaN), 0);
    if (Number.isNaN(size) || this.packets === 0) return 0;
    const read = this.#wireBytes + this.packets * RECORD_BYTES;
    return (Math.min(1, read / size) * (received / this.packets)) / loops;
  }

  /** A loop begins one mean gap after the last packet of the loop before. */
  #measureLoop(): void {
    const span = this.#last - this.#first;
    const gaps = BigInt(this.packets - 1);
    this.#loopTime = span + (gaps > 0n && span > 0n ? span / gaps : LONE_PACKET_GAP);
  }

  async #repeat(chunks: readonly Chunk[]): Promise<void> {
    for (const chunk of chunks) {
      if (!(await this.#waitFor(() => this.#ring.hasRoom))) return;
      this.#publish(chunk);
    }
  }

  async #read(keep: boolean): Promise<void> {
    for (const source of this.#options.sources) {
      if (!keep && !source.rereadable) throw this.#cannotReread();
      const reader = await source.open();
      this.#reader = reader;
      try {
        while (await this.#readChunk(reader, source.ports, keep)) {}
      } finally {
        this.#reader = undefined;
        if (keep) this.#noteSkipped(reader);
        await reader.close();
      }
    }
  }

  async #readChunk(
    reader: CaptureReader,
    ports: readonly number[],
    keep: boolean,
  ): Promise<boolean> {
    if (this.#options.stopped()) return false;
    const chunk = await this.#takeChunk(keep);
    if (chunk === undefined) return false;
    chunk.reset(ports);
    if (!(await reader.fill(chunk))) return false;
    this.#resident?.push(chunk);
    if (!(await this.#waitFor(() => this.#ring.hasRoom))) return false;
    if (keep) this.#noteTimes(chunk);
    this.#ring.seal(chunk, this.#ring.published % this.#options.queues);
    this.#publish(chunk);
    return true;
  }

  /** A chunk to fill: in the first loop a fresh one while there are any, so that all stay. */
  async #takeChunk(keep: boolean): Promise<Chunk | undefined> {
    const fresh = keep ? this.#ring.chunks.find((chunk) => chunk.lastJob < 0) : undefined;
    if (fresh !== undefined) return fresh;
    this.#resident = undefined;
    await this.#waitFor(() => this.#ring.freeChunk() !== undefined);
    return this.#ring.freeChunk();
  }

  #publish(chunk: Chunk): void {
    if (this.packets === 0) this.#options.onStart(chunk.timestamp(0));
    this.#ring.publish(chunk, {
      sequence: this.packets,
      timeShift: this.#timeShift,
      bytesBefore: this.#wireBytes,
    });
    this.packets += chunk.count;
    this.#wireBytes += chunk.wireBytes;
  }

  #noteTimes(chunk: Chunk): void {
    if (this.#first < 0n) this.#first = chunk.timestamp(0);
    const last = chunk.timestamp(chunk.count - 1);
    if (last > this.#last) this.#last = last;
  }

  #noteSkipped(reader: CaptureReader): void {
    for (const [name, count] of reader.skipped) {
      this.skipped.set(name, (this.skipped.get(name) ?? 0) + count);
    }
  }

  #cannotReread(): SluiceError {
    const arena = this.#ring.chunks.length;
    return new SluiceError(
      "USAGE",
      `stdin cannot be read twice, and is too large to be kept for a loop (${arena} MiB): ` +
        "give the capture as a file",
    );
  }

  /** Waits until the condition holds; false when the run is stopped first. */
  async #waitFor(condition: () => boolean): Promise<boolean> {
    while (!condition()) {
      if (this.#options.stopped()) return false;
      await pause();
    }
    return true;
  }
}
