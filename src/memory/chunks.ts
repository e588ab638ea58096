// Chunks and jobs: how a capture reaches the workers. The host fills chunks and publishes jobs;
// a chunk may be filled again once every worker is through with the last job that used it.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "./region.ts";

/** One chunk of the arena, as a place to read capture bytes into. */
export class Chunk {
  readonly address: number;
  /** Capture bytes go here. */
  readonly data: Uint8Array;
  readonly capacity = layout.CHUNK_PACKETS;
  /** Packets described so far. */
  count = 0;
  /** Wire bytes of those packets. */
  wireBytes = 0;
  /** Number of the last job that runs this chunk; -1 = none. */
  lastJob = -1;
  readonly #descriptors: Uint32Array;
  #ports: readonly number[] = [];

  constructor(region: Region, address: number) {
    this.address = address;
    this.data = region.bytes(address + layout.CHUNK_DATA, layout.CHUNK_BYTES);
    this.#descriptors = new Uint32Array(
      region.buffer,
      address + layout.CHUNK_DESCRIPTORS,
      (layout.CHUNK_PACKETS * layout.DESCRIPTOR_STRIDE) / 4,
    );
  }

  /**
   * Empties the chunk. Packets of capture interface i will enter by ports[i], or by the last one.
   */
  reset(ports: readonly number[]): void {
    this.count = 0;
    this.wireBytes = 0;
    this.#ports = ports;
  }

  /** Describes one packet, whose bytes are data[offset, offset + length). */
  add(
    offset: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
    link: number,
    interfaceId: number,
  ): void {
    const at = this.count * (layout.DESCRIPTOR_STRIDE / 4);
    const ports = this.#ports;
    const port = ports[interfaceId < ports.length ? interfaceId : ports.length - 1] as number;
    const words = this.#descriptors;
    words[at] = offset;
    words[at + 1] = length;
    words[at + 2] = wireLength;
    words[at + 3] = port | (link << 16);
    words[at + 4] = seconds;
    words[at + 5] = nanoseconds;
    words[at + 6] = this.wireBytes;
    this.wireBytes += wireLength;
    this.count++;
  }

  /** Timestamp of a packet described. */
  timestamp(number: number): bigint {
    const at = number * (layout.DESCRIPTOR_STRIDE / 4);
    const seconds = this.#descriptors[at + 4] as number;
    return BigInt(seconds) * 1_000_000_000n + BigInt(this.#descriptors[at + 5] as number);
  }
}

/** What a job adds to its chunk. */
export interface JobPlace {
  /** Number of the chunk's first packet in the run. */
  readonly sequence: number;
  /** Nanoseconds added to every timestamp. */
  readonly timeShift: bigint;
  /** Wire bytes before this job. */
  readonly bytesBefore: number;
}

/** The arena of chunks and the ring of jobs. */
export class JobRing {
  readonly chunks: readonly Chunk[];
  readonly #region: Region;
  #published: number;

  /** Continues where the jobs in memory stand. */
  constructor(region: Region) {
    this.#region = region;
    this.#published = region.observe(layout.CONTROL_JOBS);
    const base = region.base(layout.REGION_CHUNKS);
    this.chunks = Array.from(
      { length: region.map.sizes.chunks },
      (_, number) => new Chunk(region, base + number * layout.CHUNK_STRIDE),
    );
  }

  /** Jobs published so far. */
  get published(): number {
    return this.#published;
  }

  /** Jobs that every worker is through with. */
  finished(): number {
    const { queues } = this.#region.map.sizes;
    let least = this.#published;
    for (let worker = 0; worker < queues; worker++) {
      const word = this.#region.observe(this.#region.worker(worker) + layout.WORKER_JOBS_DONE);
      // The word counts modulo 2^32; a worker is never 2^31 jobs behind.
      const behind = (this.#published - word) >>> 0;
      least = Math.min(least, this.#published - behind);
    }
    return least;
  }

  /** Whether one more job can be published now. */
  get hasRoom(): boolean {
    return this.#published - this.finished() < layout.JOB_SLOTS;
  }

  /** A chunk no worker needs any more, or undefined. */
  freeChunk(): Chunk | undefined {
    const finished = this.finished();
    return this.chunks.find((chunk) => chunk.lastJob < finished);
  }

  /** Makes a filled chunk ready: sets its count and who steers it. */
  seal(chunk: Chunk, steerer: number): void {
    const region = this.#region;
    region.setU32(chunk.address + layout.CHUNK_COUNT, chunk.count);
    region.setU32(chunk.address + layout.CHUNK_STEERER, steerer);
    region.setU32(chunk.address + layout.CHUNK_STEERED, 0);
  }

  /** Publishes a job; hasRoom has said yes. */
  publish(chunk: Chunk, place: JobPlace): void {
    const region = this.#region;
    const slot = this.#published & (layout.JOB_SLOTS - 1);
    const job = region.base(layout.REGION_JOBS) + slot * layout.JOB_STRIDE;
    region.setU32(job + layout.JOB_CHUNK, chunk.address);
    region.setU64(job + layout.JOB_SEQUENCE, BigInt(place.sequence));
    region.setU64(job + layout.JOB_TIME_SHIFT, BigInt.asUintN(64, place.timeShift));
    region.setF64(job + layout.JOB_BYTES_BEFORE, place.bytesBefore);
    chunk.lastJob = this.#published;
    this.#published++;
    region.publish(layout.CONTROL_JOBS, this.#published | 0);
  }

  /** Says that no other job will follow. */
  close(): void {
    this.#region.publish(layout.CONTROL_LAST, 1);
    Atomics.notify(this.#region.i32, layout.CONTROL_JOBS >>> 2);
  }
}
