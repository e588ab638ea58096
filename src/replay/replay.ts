// One replay: captures through the data path of an engine, and the report of it.

import { SluiceError } from "../errors.ts";
import { JobRing } from "../memory/chunks.ts";
import { ConnectionEventReader, type ConnectionEventSink } from "../memory/connection_events.ts";
import { LogReader, type LogSink } from "../memory/log.ts";
import { type FrameSink, Outputs } from "../memory/outputs.ts";
import type { Region } from "../memory/region.ts";
import {
  anchorRun,
  type OutputMode,
  type Pace,
  prepareRun,
  resetRun,
  stopRun,
} from "../memory/run.ts";
import { readStatistics, type Statistics } from "../memory/statistics.ts";
import { isTraceComplete, requestTrace } from "../memory/traces.ts";
import type { WorkerPool } from "../worker/pool.ts";
import { Collector, type OutputFile } from "./collector.ts";
import { type CaptureSource, Feeder } from "./feeder.ts";
import { pause } from "./pause.ts";

export interface ReplayPlan {
  readonly sources: readonly CaptureSource[];
  readonly outputs: readonly OutputFile[];
  readonly pace: Pace;
  readonly loops: number;
  readonly digest: boolean;
  readonly cpus: readonly number[] | undefined;
  /** What sent frames are copied for when nobody wants them; "overwrite" measures the copy. */
  readonly idleOutput: Exclude<OutputMode, "keep">;
  /** Number of the packet to trace, from 0: the run ends behind it. */
  readonly trace: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with the time of the first packet, nanoseconds since 1970, before any worker has it. */
  readonly onStart?: (first: bigint) => void;
  /** Called with every frame sent, in order. */
  readonly onSent?: FrameSink | undefined;
  /** What `log` actions say, in the order of the packets. */
  readonly onLog?: LogSink | undefined;
  /** What becomes of connections, if workers keep it, in the order of time. */
  readonly onConnection?: ConnectionEventSink | undefined;
  /**
   * Called about ten times a second with the packets received so far and the share that is done.
   */
  readonly onProgress: ((packets: number, share: number) => void) | undefined;
}

export interface ReplayResult {
  readonly statistics: Statistics;
  /** The same, for each queue. */
  readonly queues: readonly Statistics[];
  readonly seconds: number;
  readonly digest: string | undefined;
  /** Packets of unsupported link types, by "NAME (number)". */
  readonly skipped: ReadonlyMap<string, number>;
  /** The signal stopped the run before its end. */
  readonly interrupted: boolean;
  /** What ended the run early: everything before it was replayed and is counted. */
  readonly failure: SluiceError | undefined;
}

/** Milliseconds between two calls of onProgress. */
const PROGRESS_INTERVAL = 100;

export class Replay {
  readonly #region: Region;
  readonly #plan: ReplayPlan;
  readonly #collector: Collector | undefined;
  readonly #log: LogReader;
  readonly #events: ConnectionEventReader;
  readonly #feeder: Feeder;
  #start = 0n;
  #stopped = false;
  #failure: unknown;

  /** Throws CAPTURE_OUTPUT when an output cannot be created. */
  constructor(region: Region, plan: ReplayPlan) {
    this.#region = region;
    this.#plan = plan;
    resetRun(region);
    this.#log = new LogReader(region);
    this.#events = new ConnectionEventReader(region);
    const keep = plan.outputs.length > 0 || plan.digest || plan.onSent !== undefined;
    prepareRun(region, plan.pace, keep ? "keep" : plan.idleOutput);
    if (plan.trace !== undefined) requestTrace(region, plan.trace);
    if (keep) {
      const outputs = new Outputs(region);
      this.#collector = new Collector(outputs, plan.outputs, plan.digest, plan.onSent);
    }
    this.#feeder = new Feeder(new JobRing(region), {
      sources: plan.sources,
      loops: plan.loops,
      queues: region.map.sizes.queues,
      onStart: (first) => {
        plan.onStart?.(first);
        this.#start = anchorRun(region, first);
      },
      stopped: () => this.#stopped,
    });
  }

  async run(pool: WorkerPool): Promise<ReplayResult> {
    const stop = () => this.#stop();
    this.#plan.signal?.addEventListener("abort", stop, { once: true });
    if (this.#plan.signal?.aborted) stop();
    const workers = this.#runWorkers(pool);
    const feeding = this.#feeder.run().catch((error) => this.#fail(error));
    await this.#attend(workers);
    const end = await workers;
    await feeding;
    this.#collector?.drain(true);
    this.#drainRings(true);
    const digest = await this.#collector?.finish().catch((error) => this.#fail(error));
    this.#plan.signal?.removeEventListener("abort", stop);
    return this.#result(end, digest ?? undefined);
  }

  #runWorkers(pool: WorkerPool): Promise<bigint> {
    return pool.run(this.#region.memory, this.#plan.cpus).catch((error) => {
      this.#fail(error);
      this.#stop();
      return process.hrtime.bigint();
    });
  }

  /** Takes the output and tells the progress until the workers have finished. */
  async #attend(workers: Promise<unknown>): Promise<void> {
    let running = true;
    const ended = workers.then(() => {
      running = false;
    });
    let told = 0;
    while (running) {
      const busy = this.#collector?.drain() ?? false;
      this.#drainRings();
      if (this.#collector?.failed || this.#isTraced()) this.#stop();
      const now = Date.now();
      if (this.#plan.onProgress !== undefined && now - told >= PROGRESS_INTERVAL) {
        told = now;
        this.#tellProgress(this.#plan.onProgress);
      }
      if (busy) await new Promise((resolve) => setImmediate(resolve));
      else await Promise.race([pause(), ended]);
    }
  }

  /** The packet to trace has had its verdict: the rest of the capture need not be replayed. */
  #isTraced(): boolean {
    return this.#plan.trace !== undefined && isTraceComplete(this.#region);
  }

  #tellProgress(tell: (packets: number, share: number) => void): void {
    const { received } = readStatistics(this.#region).packets;
    tell(received, this.#feeder.share(received));
  }

  /** Also read when nobody listens: what counts as lost is what could not be read in time. */
  #drainRings(all = false): void {
    this.#log.drain((entry) => this.#plan.onLog?.(entry), all);
    this.#events.drain((event) => this.#plan.onConnection?.(event), all);
  }

  #stop(): void {
    this.#stopped = true;
    stopRun(this.#region);
    this.#feeder.stop().catch((error) => this.#fail(error));
  }

  #fail(error: unknown): undefined {
    this.#failure ??= error;
    return undefined;
  }

  #result(end: bigint, digest: string | undefined): ReplayResult {
    const failure = this.#failure;
    // What is no SluiceError is a mistake of ours and is not hidden in a report.
    if (failure !== undefined && !(failure instanceof SluiceError)) throw failure;
    const region = this.#region;
    const { queues } = region.map.sizes;
    return {
      statistics: readStatistics(region),
      queues: Array.from({ length: queues }, (_, worker) => readStatistics(region, worker)),
      seconds: this.#start === 0n ? 0 : Number(end - this.#start) / 1e9,
      digest,
      skipped: this.#feeder.skipped,
      interrupted: this.#plan.signal?.aborted ?? false,
      failure,
    };
  }
}
