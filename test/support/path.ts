// The whole data path in this thread: the engine's memory and tables, the kernels of dist/, and
// packets handed over in chunks as the feeder would. No files, no workers, no waiting.

import * as layout from "../../assembly/layout.ts";
import { sizesOf, Tables } from "../../src/compile/tables.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { Model } from "../../src/config/model.ts";
import { type Chunk, JobRing } from "../../src/memory/chunks.ts";
import { freeListStride, planMemory } from "../../src/memory/map.ts";
import { type FrameSink, Outputs } from "../../src/memory/outputs.ts";
import { Region } from "../../src/memory/region.ts";
import {
  keepFrames,
  type OutputMode,
  prepareRun,
  resetRun,
  setNeighborResolution,
} from "../../src/memory/run.ts";
import { readStatistics, type Statistics } from "../../src/memory/statistics.ts";
import { type Build, instantiate, type Kernel, loadModule } from "../../src/worker/kernel.ts";
import { PacketBuilder } from "./builder.ts";

/** A packet to send in. */
export interface Arrival {
  readonly bytes: Uint8Array;
  /** Name of the port. */
  readonly port: string;
  /** Seconds since the start of the capture. */
  readonly time?: number;
  /** Bytes on the wire, when the capture was cut. */
  readonly wireLength?: number;
  /** LINK_*. */
  readonly link?: number;
}

export type ArrivalOptions = Omit<Arrival, "bytes" | "port"> & {
  /** Keep only so many bytes of it. */
  readonly cut?: number;
};

/** The packet comes in by the port. */
export function arrival(
  port: string,
  packet: PacketBuilder | Uint8Array,
  options: ArrivalOptions = {},
): Arrival {
  const whole = packet instanceof PacketBuilder ? packet.bytes() : packet;
  const { cut, ...rest } = options;
  if (cut === undefined) return { bytes: whole, port, ...rest };
  return { wireLength: whole.length, ...rest, bytes: whole.subarray(0, cut), port };
}

/** A frame that came out. */
export interface Departure {
  /** Name of the port. */
  readonly port: string;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  /** Seconds since the start of the capture. */
  readonly time: number;
}

export interface RunOptions {
  readonly build?: Build;
  readonly resolve?: boolean;
  readonly output?: OutputMode;
  /** Every packet in a burst of its own, rather than up to 256 of them. */
  readonly stepwise?: boolean;
  /** Called when the memory is ready and before the kernels look at it. */
  readonly prepare?: (region: Region) => void;
}

export interface PathResult {
  readonly departures: readonly Departure[];
  readonly statistics: Statistics;
}

/** Timestamp of a capture's start. */
const EPOCH = 1_700_000_000;
const modules = new Map<Build, WebAssembly.Module>();

function moduleOf(build: Build): WebAssembly.Module {
  const known = modules.get(build) ?? loadModule(build);
  modules.set(build, known);
  return known;
}

export class TestRouter {
  readonly model: Model;
  readonly region: Region;
  readonly tables: Tables;
  readonly #kernels = new Map<Build, readonly Kernel[]>();

  private constructor(model: Model) {
    this.model = model;
    this.region = new Region(planMemory(sizesOf(model)));
    this.tables = new Tables(this.region, model);
  }

  /** @param configuration YAML, or a model */
  static async create(configuration: string | Model): Promise<TestRouter> {
    const isText = typeof configuration === "string";
    const router = new TestRouter(isText ? parseConfiguration(configuration) : configuration);
    await router.tables.load(router.model);
    const takesTurns = (router.region.getU32(layout.CONTROL_TRACK) & layout.TRACK_ORDERED) !== 0;
    if (takesTurns && router.model.engine.queues > 1) {
      throw new Error("workers of one thread cannot wait for each other's turns: use an Engine");
    }
    return router;
  }

  portNumber(name: string): number {
    return this.model.ports.findIndex((port) => port.name === name);
  }

  /** Begins a run: the ring that takes its chunks, and what runs them. */
  begin(options: RunOptions = {}): PathRun {
    const { region } = this;
    resetRun(region);
    this.tables.forget();
    this.tables.flows.beginRun();
    this.tables.flows.startTime(BigInt(EPOCH) * 1_000_000_000n);
    this.tables.connections.beginRun();
    this.tables.services?.beginRun();
    this.tables.connections.startTime(BigInt(EPOCH) * 1_000_000_000n);
    prepareRun(region, { kind: "top" }, options.output ?? "keep");
    keepFrames(region, undefined);
    setNeighborResolution(region, options.resolve ?? false);
    options.prepare?.(region);
    const kernels = this.#kernelsOf(options.build ?? "release");
    kernels.forEach((kernel, number) => {
      if (!kernel.attach(number)) throw new Error("the memory is of another layout");
    });
    return new PathRun(region, kernels);
  }

  /** Sends the packets in, in this order, and collects what comes out. */
  run(arrivals: readonly Arrival[], options: RunOptions = {}): PathResult {
    const run = this.begin(options);
    const departures: Departure[] = [];
    const sink: FrameSink = (frame, memory) => {
      const nanoseconds = BigInt(frame.timeHigh) * 2n ** 32n + BigInt(frame.timeLow);
      departures.push({
        port: this.model.ports[frame.port]?.name ?? `number ${frame.port}`,
        bytes: memory.slice(frame.address, frame.address + frame.length),
        wireLength: frame.wireLength,
        time: Number(nanoseconds - BigInt(EPOCH) * 1_000_000_000n) / 1e9,
      });
    };
    const most = options.stepwise ? 1 : layout.CHUNK_PACKETS;
    for (let from = 0; from < arrivals.length; ) {
      from = this.#feed(run, arrivals.slice(from, from + most), sink) + from;
      if (options.stepwise) run.step(sink);
    }
    const statistics = run.finish(sink);
    this.tables.flows.endRun();
    return { departures, statistics };
  }

  /** Fills and publishes one chunk; returns how many packets it took. */
  #feed(run: PathRun, arrivals: readonly Arrival[], sink: FrameSink): number {
    const chunk = run.takeChunk(sink);
    let used = 0;
    for (const { bytes, port, time = 0, wireLength, link } of arrivals) {
      if (used + bytes.length > chunk.data.length) break;
      chunk.data.set(bytes, used);
      const wire = wireLength ?? bytes.length;
      const nanoseconds = Math.round((time % 1) * 1e9);
      const seconds = EPOCH + Math.floor(time);
      const number = this.portNumber(port);
      chunk.add(used, bytes.length, wire, seconds, nanoseconds, link ?? 0, number);
      used += bytes.length;
    }
    run.publish(chunk);
    return chunk.count;
  }

  #kernelsOf(build: Build): readonly Kernel[] {
    const known = this.#kernels.get(build);
    if (known !== undefined) return known;
    const made = Array.from({ length: this.model.engine.queues }, () =>
      instantiate(moduleOf(build), this.region.memory),
    );
    this.#kernels.set(build, made);
    return made;
  }
}

/** One run over a router's memory. */
export class PathRun {
  readonly #region: Region;
  readonly #kernels: readonly Kernel[];
  readonly #ring: JobRing;
  readonly #outputs: Outputs;
  readonly #ports: readonly number[];
  #packets = 0;

  constructor(region: Region, kernels: readonly Kernel[]) {
    this.#region = region;
    this.#kernels = kernels;
    this.#ring = new JobRing(region);
    this.#outputs = new Outputs(region);
    this.#ports = Array.from({ length: region.map.sizes.ports }, (_, port) => port);
  }

  /** An empty chunk; the interface number given to add() is the port's. */
  takeChunk(sink: FrameSink): Chunk {
    let chunk = this.#ring.freeChunk();
    while (chunk === undefined) {
      this.step(sink);
      chunk = this.#ring.freeChunk();
    }
    chunk.reset(this.#ports);
    return chunk;
  }

  publish(chunk: Chunk): void {
    this.#ring.seal(chunk, this.#ring.published % this.#kernels.length);
    this.#ring.publish(chunk, { sequence: this.#packets, timeShift: 0n, bytesBefore: 0 });
    this.#packets += chunk.count;
  }

  /** One burst of every worker; true once all are through. */
  step(sink: FrameSink): boolean {
    const results = this.#kernels.map((kernel) => kernel.step(0));
    this.#outputs.drain(sink);
    return results.every((result) => result === layout.RUN_FINISHED);
  }

  /** Runs what is published, then ends the run. */
  finish(sink: FrameSink): Statistics {
    this.#ring.close();
    while (!this.step(sink)) {}
    this.#outputs.drain(sink, true);
    return readStatistics(this.#region);
  }
}

/** Sentences about frames that are neither free nor waiting, or are both; none when all is well. */
export function frameLeaks(region: Region): string[] {
  const { queues, framesPerWorker } = region.map.sizes;
  const problems: string[] = [];
  for (let worker = 0; worker < queues; worker++) {
    const free = region.base(layout.REGION_FREE_FRAMES) + worker * freeListStride(framesPerWorker);
    const pending =
      region.base(layout.REGION_PENDING) + worker * layout.PENDING_SLOTS * layout.PENDING_STRIDE;
    const seen = [
      ...region.u32.subarray(free / 4 + 1, free / 4 + 1 + region.getU32(free)),
      ...region.u32.subarray(
        pending / 4,
        pending / 4 + region.getU32(region.worker(worker) + layout.WORKER_PENDING),
      ),
    ];
    const own = new Set(seen.filter((n) => Math.floor(n / framesPerWorker) === worker));
    if (seen.length !== framesPerWorker || own.size !== framesPerWorker) {
      problems.push(`worker ${worker}: ${seen.length} frames, ${own.size} distinct of its own`);
    }
  }
  return problems;
}
