// The library's front: an engine made from a configuration, captures replayed through it, single
// packets traced, routes changed.

import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { sizesOf, Tables } from "./compile/tables.ts";
import type { FlowReader } from "./config/flow_reader.ts";
import type { IpBytes, Model, Prefix, RouteModel } from "./config/model.ts";
import { describeTables } from "./control/description.ts";
import { FlowControl, runtimeReader } from "./control/flows.ts";
import { type LogEntry, logEntry } from "./control/log.ts";
import { ServiceControl } from "./control/services.ts";
import { SetControl } from "./control/sets.ts";
import { type FlowStatistics, flowStatistics } from "./control/statistics.ts";
import { SluiceError } from "./errors.ts";
import { openCapture } from "./io/capture.ts";
import { FrameReader } from "./io/frame.ts";
import { useHugePages } from "./io/linux.ts";
import { planMemory } from "./memory/map.ts";
import { Region } from "./memory/region.ts";
import {
  type FlowCacheUse,
  keepFrames,
  type Pace,
  setFlowCacheUse,
  setNeighborResolution,
} from "./memory/run.ts";
import { readTrace } from "./memory/traces.ts";
import type { CaptureSource } from "./replay/feeder.ts";
import { Replay, type ReplayPlan, type ReplayResult as RunResult } from "./replay/replay.ts";
import { explainTrace, type Trace } from "./trace/explain.ts";
import { WorkerPool } from "./worker/pool.ts";

export { loadConfiguration, parseConfiguration } from "./config/configuration.ts";
export type * from "./config/model.ts";
export { passThroughModel } from "./config/passthrough.ts";
export type { ActionText, FlowText, MatchText } from "./control/flow_text.ts";
export type {
  AddOptions,
  ExpiredFlow,
  FlowChange,
  FlowControl,
  FlowInput,
  FlowSelector,
  FlowStatus,
  ModifyOptions,
} from "./control/flows.ts";
export type { LogEntry } from "./control/log.ts";
export type {
  BackendInput,
  BackendName,
  BackendStatus,
  ServiceControl,
  ServiceStatus,
} from "./control/services.ts";
export type { ElementInput, SetControl } from "./control/sets.ts";
export type { FlowStatistics, TableCounts } from "./control/statistics.ts";
export { type ErrorCode, type ErrorPlace, SluiceError } from "./errors.ts";
export type { Pace } from "./memory/run.ts";
export { DROP_REASONS, type DropReason, type Statistics } from "./memory/statistics.ts";
export type {
  Failure,
  FieldChange,
  LookUp,
  MatchedFlow,
  NearMiss,
  Trace,
  TraceStep,
} from "./trace/explain.ts";

export interface ReplayOptions {
  /** Files, pcap or pcapng, gzip or not; "-" is stdin. Replayed one after the other. */
  readonly captures: readonly string[];
  /**
   * The port captures enter by (default: the first), or a port for each interface of a pcapng;
   * interfaces beyond the list enter by its last port.
   */
  readonly input?: string | readonly string[];
  /** Captures to write, by the name of the port whose sent frames go there. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Default: as fast as possible. */
  readonly pace?: Pace;
  /** How often the captures are replayed; default 1. */
  readonly loops?: number;
  /** Also compute the SHA-256 of everything sent. */
  readonly digest?: boolean;
  /** Resolve unknown neighbors by ARP and ND, holding packets meanwhile, instead of dropping. */
  readonly resolveNeighbors?: boolean;
  /** Copy sent frames out even if no output wants them, to measure what that costs. */
  readonly copyOut?: boolean;
  /**
   * Default "use". "compare" also classifies every packet found in the flow cache and counts
   * differences (statistics.cache.wrong, always 0); "off" classifies every packet.
   */
  readonly flowCache?: FlowCacheUse;
  /** Stops the replay; it still resolves, with what was done. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (packets: number, share: number) => void;
  /** Called for what `log` actions keep, in the order of the packets. */
  readonly onLog?: (entry: LogEntry) => void;
}

/** How a single frame is traced: the port it enters by, and whether neighbors are asked for. */
export type FrameOptions = Pick<ReplayOptions, "input" | "resolveNeighbors">;

/** How a replay went; and what flow tables, groups, meters and named counters have counted. */
export interface ReplayResult extends RunResult, FlowStatistics {}

/** A route to add, in the model's terms. */
export type RouteChange = RouteModel;

/** A packet engine: its memory, its tables, its workers. */
export class Engine {
  readonly model: Model;
  /** Whether the memory lies on huge pages. */
  readonly hugePages: boolean;
  /** Flow tables: flows added, changed and taken away, also during a replay. */
  readonly tables: FlowControl;
  /** Named sets: elements added and taken away, also during a replay. */
  readonly sets: SetControl;
  /** Services: backends added, taken away, weighted and found well or not, also during a replay. */
  readonly services: ServiceControl;
  readonly #reader: FlowReader;
  readonly #region: Region;
  readonly #tables: Tables;
  readonly #pool: WorkerPool;
  #busy = false;

  private constructor(model: Model) {
    this.model = model;
    this.#region = new Region(planMemory(sizesOf(model)));
    this.hugePages = useHugePages(this.#region.buffer);
    this.#tables = new Tables(this.#region, model);
    this.#reader = runtimeReader(model);
    this.tables = new FlowControl(this.#tables.flows, model, this.#reader);
    this.sets = new SetControl(this.#tables.flows, model, this.#reader);
    this.services = new ServiceControl(this.#tables.services, model);
    this.#pool = new WorkerPool(model.engine.queues);
  }

  /**
   * Makes an engine and fills its tables. Close it when done with it.
   * Throws LIMIT_EXCEEDED, MEMORY, and what reading the model's route files throws.
   */
  static async create(model: Model): Promise<Engine> {
    const engine = new Engine(model);
    try {
      await engine.#tables.load(model);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  /** Routes in all tables, and the memory they take in bytes. */
  get routes(): { readonly count: number; readonly used: number; readonly reserved: number } {
    return { count: this.#tables.routes.size, ...this.#tables.routes.memory };
  }

  /** Bytes of shared memory. */
  get memoryBytes(): number {
    return this.#region.buffer.byteLength;
  }

  /**
   * Adds routes or changes where they lead, all at once; ECMP flows stay with the members that the
   * old and the new next hops have in common. Throws LIMIT_EXCEEDED, with all routes as before.
   */
  setRoutes(routes: readonly RouteChange[]): void {
    const table = this.#tables.routes;
    try {
      for (const route of routes) table.insert(route.vrf, route.to, route);
    } catch (error) {
      table.rollback();
      throw error;
    }
    this.#commitRoutes();
  }

  /** Takes routes away; returns how many there were. */
  deleteRoutes(prefixes: readonly { readonly vrf: number; readonly to: Prefix }[]): number {
    const found = prefixes.filter(({ vrf, to }) => this.#tables.routes.delete(vrf, to)).length;
    this.#commitRoutes();
    return found;
  }

  /** Prefix length and forwarding entry the address matches, or undefined. */
  matchRoute(address: IpBytes, vrf = 0): { readonly length: number } | undefined {
    return this.#tables.routes.match(vrf, address);
  }

  /**
   * Replays captures. One replay at a time. It begins with the flows that are there, all of them
   * alive and with their counters at zero: what expired in the last replay is back.
   */
  async replay(options: ReplayOptions): Promise<ReplayResult> {
    return this.#run(this.#plan(options));
  }

  /**
   * Replays a capture up to a packet (counted from 1) and says what each step made of it.
   * Throws USAGE when the capture has fewer packets.
   */
  async trace(options: ReplayOptions, packet: number): Promise<Trace> {
    return this.#trace(this.#plan(options), packet);
  }

  /** Sends one Ethernet frame, without FCS, through the data path, and says what became of it. */
  async traceFrame(frame: Uint8Array, options: FrameOptions = {}): Promise<Trace> {
    const plan = this.#plan({ ...options, captures: [] });
    const open = async () => new FrameReader(frame);
    const ports = this.#inputPorts(options.input);
    const sources = [{ open, ports, rereadable: false, size: undefined }];
    return this.#trace({ ...plan, sources }, 1);
  }

  async #trace(plan: ReplayPlan, packet: number): Promise<Trace> {
    const result = await this.#run({ ...plan, trace: packet - 1 });
    const { entries, lost } = readTrace(this.#region);
    if (entries.length === 0) {
      if (result.failure !== undefined) throw result.failure;
      const { received } = result.statistics.packets;
      throw new SluiceError("USAGE", `packet ${packet}: the capture has ${received} packets`);
    }
    const { counters } = this.#reader;
    const describe = describeTables(this.#region, this.#tables, this.model, counters);
    return explainTrace(entries, this.model, describe, lost);
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #run(plan: ReplayPlan): Promise<ReplayResult> {
    if (this.#busy) throw new SluiceError("USAGE", "the engine is replaying already");
    const { flows, neighbors, routes } = this.#tables;
    this.#busy = true;
    neighbors.forget();
    flows.beginRun();
    this.#tables.services?.beginRun();
    try {
      const result = await new Replay(this.#region, plan).run(this.#pool);
      flows.endRun();
      return { ...result, ...flowStatistics(flows, this.model, this.#reader.counters) };
    } finally {
      this.#busy = false;
      flows.endRun();
      routes.reclaim();
    }
  }

  #plan(options: ReplayOptions): ReplayPlan {
    const ports = this.#inputPorts(options.input);
    const sources = options.captures.map(
      (file): CaptureSource => ({
        open: () => openCapture(file),
        ports,
        rereadable: file !== "-",
        size: plainSize(file),
      }),
    );
    const outputs = Object.entries(options.outputs ?? {}).map(([name, file]) => ({
      port: this.#portNumber(name),
      name,
      file,
    }));
    const keptPorts = options.digest ? undefined : outputs.map(({ port }) => port);
    keepFrames(this.#region, keptPorts);
    setNeighborResolution(this.#region, options.resolveNeighbors ?? false);
    setFlowCacheUse(this.#region, options.flowCache ?? "use");
    return {
      sources,
      outputs,
      pace: options.pace ?? { kind: "top" },
      loops: options.loops ?? 1,
      digest: options.digest ?? false,
      cpus: this.#cpus(),
      idleOutput: options.copyOut ? "overwrite" : "count",
      trace: undefined,
      signal: options.signal,
      onStart: (first) => this.#tables.flows.startTime(first),
      onLog: this.#logSink(options.onLog),
      onProgress: options.onProgress,
    };
  }

  #logSink(tell: ReplayOptions["onLog"]): ReplayPlan["onLog"] {
    if (tell === undefined) return undefined;
    return (entry) => tell(logEntry(entry, this.#tables.flows, this.model));
  }

  #inputPorts(input: ReplayOptions["input"]): number[] {
    if (input === undefined) return [0];
    return (typeof input === "string" ? [input] : input).map((name) => this.#portNumber(name));
  }

  #portNumber(name: string): number {
    const number = this.model.ports.findIndex((port) => port.name === name);
    if (number >= 0) return number;
    const names = this.model.ports.map((port) => port.name).join(", ");
    throw new SluiceError("USAGE", `no port is named '${name}'; ports: ${names}`);
  }

  /** The configured CPUs, or one each where there are enough of them. */
  #cpus(): readonly number[] | undefined {
    const { queues, cpus } = this.model.engine;
    if (cpus !== undefined) return cpus;
    if (queues < 2 || queues > availableParallelism()) return undefined;
    return Array.from({ length: queues }, (_, queue) => queue);
  }

  #commitRoutes(): void {
    this.#tables.routes.commit();
    if (!this.#busy) this.#tables.routes.reclaim();
  }
}

/** Bytes of an uncompressed file; undefined for anything else. */
function plainSize(file: string): number | undefined {
  if (file.endsWith(".gz")) return undefined;
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
}
