// An engine taken apart, for what the library's front does not offer: captures of any size held in
// memory, the image of that memory handed to the native twin, the kernels run in this thread.

import { closeSync, openSync, writeSync } from "node:fs";
import * as layout from "../assembly/layout.ts";
import { sizesOf, Tables } from "../src/compile/tables.ts";
import type { Model } from "../src/config/model.ts";
import { openCapture } from "../src/io/capture.ts";
import { useHugePages } from "../src/io/linux.ts";
import { type Chunk, JobRing } from "../src/memory/chunks.ts";
import { planMemory } from "../src/memory/map.ts";
import { Region } from "../src/memory/region.ts";
import { prepareRun, resetRun } from "../src/memory/run.ts";
import { readStatistics } from "../src/memory/statistics.ts";
import { Replay, type ReplayResult } from "../src/replay/replay.ts";
import { instantiate, loadModule } from "../src/worker/kernel.ts";
import { WorkerPool } from "../src/worker/pool.ts";
import type { ReplayOutcome } from "./contestants.ts";

/** Bytes written to a file at once. */
const WRITE_BYTES = 1 << 26;

export class Rig {
  readonly region: Region;
  readonly tables: Tables;
  readonly #pool: WorkerPool;
  readonly #ports: readonly number[];
  #kept: readonly Chunk[] = [];

  private constructor(model: Model, chunks: number, ports: readonly number[]) {
    this.#ports = ports;
    this.region = new Region(planMemory({ ...sizesOf(model), chunks }));
    useHugePages(this.region.buffer);
    this.tables = new Tables(this.region, model);
    this.#pool = new WorkerPool(model.engine.queues);
  }

  /**
   * `chunks` chunks of a capture (CHUNK_PACKETS, CHUNK_BYTES) fit at once. Packets of capture
   * interface i come in by ports[i].
   */
  static async create(model: Model, chunks: number, ports: readonly number[] = [0]): Promise<Rig> {
    const rig = new Rig(model, chunks, ports);
    await rig.tables.load(model);
    return rig;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /**
   * Reads captures into chunks, each beginning a new one, and publishes every chunk as one job,
   * `rounds` times, with the last word said: what is in memory then is a whole run that only has to
   * be done. Returns its packets. Their times are `timeShift` nanoseconds later.
   */
  async fill(captures: readonly string[], rounds = 1, timeShift = 0n): Promise<number> {
    resetRun(this.region);
    prepareRun(this.region, { kind: "top" }, "overwrite");
    const ring = new JobRing(this.region);
    const filled: Chunk[] = [];
    for (const capture of captures) {
      filled.push(...(await this.#readChunks(ring.chunks.slice(filled.length), capture)));
    }
    let sequence = 0;
    for (let round = 0; round < rounds; round++) {
      for (const chunk of filled) {
        if (!ring.hasRoom) throw new RangeError("more jobs than the ring holds");
        ring.publish(chunk, { sequence, timeShift, bytesBefore: 0 });
        sequence += chunk.count;
      }
    }
    ring.close();
    return sequence;
  }

  async #readChunks(chunks: readonly Chunk[], capture: string): Promise<Chunk[]> {
    const filled: Chunk[] = [];
    const reader = await openCapture(capture);
    try {
      for (const chunk of chunks) {
        chunk.reset(this.#ports);
        if (!(await reader.fill(chunk))) return filled;
        this.region.setU32(chunk.address + layout.CHUNK_COUNT, chunk.count);
        filled.push(chunk);
      }
    } finally {
      await reader.close();
    }
    throw new RangeError(`${capture} is larger than the rig's chunks`);
  }

  /**
   * Reads a capture that runKept() takes from memory, as long as nothing else is read. Returns its
   * packets.
   */
  async keep(capture: string): Promise<number> {
    resetRun(this.region);
    const ring = new JobRing(this.region);
    this.#kept = await this.#readChunks(ring.chunks, capture);
    const { queues } = this.region.map.sizes;
    this.#kept.forEach((chunk, number) => {
      ring.seal(chunk, number % queues);
    });
    return this.#kept.reduce((sum, { count }) => sum + count, 0);
  }

  /**
   * Runs what keep() has read in the workers, so many rounds (fewer, if jobs do not suffice), each
   * of them `step` nanoseconds later, the first one `start` later than captured. Nothing is read
   * meanwhile.
   */
  async runKept(rounds: number, step: bigint, start = 0n): Promise<ReplayOutcome> {
    resetRun(this.region);
    prepareRun(this.region, { kind: "top" }, "overwrite");
    const ring = new JobRing(this.region);
    let sequence = 0;
    const most = Math.floor((layout.JOB_SLOTS - 1) / this.#kept.length);
    for (let round = 0; round < Math.min(rounds, most); round++) {
      for (const chunk of this.#kept) {
        const timeShift = start + BigInt(round) * step;
        ring.publish(chunk, { sequence, timeShift, bytesBefore: 0 });
        sequence += chunk.count;
      }
    }
    ring.close();
    const begun = process.hrtime.bigint();
    const ended = await this.#pool.run(this.region.memory, this.#cpus);
    const seconds = Number(ended - begun) / 1e9;
    return { failure: undefined, seconds, statistics: this.statistics };
  }

  /** One processor for each worker, if there are several. */
  get #cpus(): number[] | undefined {
    const { queues } = this.region.map.sizes;
    return queues < 2 ? undefined : Array.from({ length: queues }, (_, queue) => queue);
  }

  /** Runs what fill() left to do in this thread; returns nanoseconds. */
  run(): number {
    const kernel = instantiate(loadModule(), this.region.memory);
    if (kernel.attach(0) === 0) throw new Error("the kernels are of another layout");
    const start = process.hrtime.bigint();
    while (kernel.step(0) !== layout.RUN_FINISHED) {}
    return Number(process.hrtime.bigint() - start);
  }

  /** Replays a capture as the engine does, its frames copied out, and all of it kept in memory. */
  replay(capture: string, loops: number): Promise<ReplayResult> {
    const source = {
      open: () => openCapture(capture),
      ports: this.#ports,
      rereadable: true,
      size: undefined,
    };
    const plan = {
      sources: [source],
      outputs: [],
      pace: { kind: "top" } as const,
      loops,
      digest: false,
      cpus: this.#cpus,
      idleOutput: "overwrite" as const,
      trace: undefined,
      signal: undefined,
      onProgress: undefined,
    };
    return new Replay(this.region, plan).run(this.#pool);
  }

  get statistics() {
    return readStatistics(this.region);
  }

  /** Address of a chunk of the arena; stages also keep other things in those they do not fill. */
  chunk(number: number): number {
    return this.region.base(layout.REGION_CHUNKS) + number * layout.CHUNK_STRIDE;
  }

  /** Writes the memory's image to a file. */
  dump(file: string): void {
    const bytes = this.region.u8;
    const target = openSync(file, "w");
    try {
      for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
        writeSync(target, bytes.subarray(at, Math.min(at + WRITE_BYTES, bytes.length)));
      }
    } finally {
      closeSync(target);
    }
  }
}

/** Chunks that a capture of so many packets and bytes certainly fits into. */
export function chunksFor(packets: number, bytes: number): number {
  const recordHeader = 16;
  const largest = 2048;
  const byBytes = Math.ceil((bytes + packets * recordHeader) / (layout.CHUNK_BYTES - largest));
  return Math.max(Math.ceil(packets / layout.CHUNK_PACKETS), byBytes) + 2;
}
