// The library's front: an engine made from a configuration, captures replayed through it, single
// packets traced, routes changed.

import { sizesOf, Tables } from "./compile/tables.ts";
import type { FlowReader } from "./config/flow_reader.ts";
import type { IpBytes, Model, Prefix, RouteModel } from "./config/model.ts";
import { ConnectionControl } from "./control/connections.ts";
import { describeTables } from "./control/description.ts";
import { listStations, type Station } from "./control/fdb.ts";
import { FlowControl, runtimeReader } from "./control/flows.ts";
import { logEntry } from "./control/log.ts";
import type { FrameArrival, FrameOptions, ReplayOptions } from "./control/options.ts";
import { ServiceControl } from "./control/services.ts";
import { SetControl } from "./control/sets.ts";
import {
  type ConnectionStatistics,
  connectionStatistics,
  type FlowStatistics,
  flowStatistics,
} from "./control/statistics.ts";
import { SluiceError } from "./errors.ts";
import { openCapture, plainSize } from "./io/capture.ts";
import { FrameReader } from "./io/frame.ts";
import { useHugePages } from "./io/linux.ts";
import { planMemory } from "./memory/map.ts";
import { Region } from "./memory/region.ts";
import { keepFrames, setFlowCacheUse, setNeighborResolution } from "./memory/run.ts";
import { type RawTrace, readTrace } from "./memory/traces.ts";
import type { CaptureSource } from "./replay/feeder.ts";
import { chooseCpus } from "./replay/placement.ts";
import { Replay, type ReplayPlan, type ReplayResult as RunResult } from "./replay/replay.ts";
import { Stepper } from "./replay/stepper.ts";
import { explainTrace, type Trace } from "./trace/explain.ts";
import { WorkerPool } from "./worker/pool.ts";

export { loadConfiguration, parseConfiguration } from "./config/configuration.ts";
export type * from "./config/model.ts";
export { passThroughModel } from "./config/passthrough.ts";
export type { Connection, ConnectionDirection } from "./control/connection.ts";
export { formatConnection } from "./control/connection.ts";
export {
  type ConnectionFilter,
  checkConnectionFilter,
  parseConnectionFilter,
} from "./control/connection_filter.ts";
export type {
  ConnectionControl,
  ConnectionEvent,
  FollowOptions,
  ListOptions,
  Owner,
  OwnerOptions,
} from "./control/connections.ts";
export type { Station } from "./control/fdb.ts";
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
export type { FrameArrival, FrameOptions, ReplayOptions } from "./control/options.ts";
export type {
  BackendInput,
  BackendName,
  BackendStatus,
  ServiceControl,
  ServiceStatus,
} from "./control/services.ts";
export type { ElementInput, SetControl } from "./control/sets.ts";
export type { ConnectionStatistics, FlowStatistics, TableCounts } from "./control/statistics.ts";
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

/** What became of a frame, and every frame that was sent because of it. */
export interface FrameOutcome {
  readonly trace: Trace;
  readonly sent: readonly { readonly port: string; readonly bytes: Uint8Array }[];
}

/**
 * How a replay went; and what flow tables, groups, meters, named counters and the connection table
 * have counted.
 */
export interface ReplayResult extends RunResult, FlowStatistics {
  /** Undefined without connection tracking. */
  readonly connections: ConnectionStatistics | undefined;
}

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
  /** Connections: listed, followed and deleted, also during a replay. */
  readonly flows: ConnectionControl;
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
    const isBusy = () => this.#busy;
    this.flows = new ConnectionControl(this.#region, model, this.#tables.services, isBusy);
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

  /** What bridges know of MACs: as the last replay has left it. */
  fdb = (): Station[] => listStations(this.#region, this.model);

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

  /**
   * Sends frames through the data path as one run, each when the one before has had its verdict,
   * and says what became of each: what they leave behind is there for the next one. Frames that
   * waited (for a neighbor, for fragments) are among those sent for the frame they came with.
   */
  async traceFrames(
    frames: readonly FrameArrival[],
    options: Pick<ReplayOptions, "resolveNeighbors"> = {},
  ): Promise<FrameOutcome[]> {
    const plan = this.#plan({ ...options, captures: [] });
    keepFrames(this.#region, undefined);
    const timed = frames.map((frame) => ({ ...frame, port: this.#portNumber(frame.port) }));
    const stepper = new Stepper(this.#region, timed);
    const { source, onSent } = stepper;
    const { failure } = await this.#run({ ...plan, sources: [source], onSent });
    if (failure !== undefined) throw failure;
    const portOf = (number: number) => this.model.ports[number]?.name ?? "";
    return stepper.outcomes.map(({ trace, sent }) => ({
      trace: this.#explain(trace),
      sent: sent.map(({ port, bytes }) => ({ port: portOf(port), bytes })),
    }));
  }

  #explain({ entries, lost }: RawTrace): Trace {
    const { counters } = this.#reader;
    const describe = describeTables(this.#region, this.#tables, this.model, counters);
    return explainTrace(entries, this.model, describe, lost);
  }

  async #trace(plan: ReplayPlan, packet: number): Promise<Trace> {
    const result = await this.#run({ ...plan, trace: packet - 1 });
    const found = readTrace(this.#region);
    if (found.entries.length === 0) {
      if (result.failure !== undefined) throw result.failure;
      const { received } = result.statistics.packets;
      throw new SluiceError("USAGE", `packet ${packet}: the capture has ${received} packets`);
    }
    return this.#explain(found);
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #run(plan: ReplayPlan): Promise<ReplayResult> {
    if (this.#busy) throw new SluiceError("USAGE", "the engine is replaying already");
    const { connections, flows, routes } = this.#tables;
    this.#busy = true;
    this.#tables.forget();
    flows.beginRun();
    this.#tables.services?.beginRun();
    connections.beginRun();
    try {
      const result = await new Replay(this.#region, plan).run(this.#pool);
      flows.endRun();
      const { counters } = this.#reader;
      return {
        ...result,
        ...flowStatistics(flows, this.model, counters),
        connections: connectionStatistics(this.model, result.statistics, this.flows),
      };
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
      cpus: chooseCpus(this.model.engine),
      idleOutput: options.copyOut ? "overwrite" : "count",
      trace: undefined,
      signal: options.signal,
      onStart: (first) => {
        this.#tables.flows.startTime(first);
        this.#tables.connections.startTime(first);
      },
      onLog: this.#logSink(options.onLog),
      onConnection: (event) => this.flows.tell(event),
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

  #commitRoutes(): void {
    this.#tables.routes.commit();
    if (!this.#busy) this.#tables.routes.reclaim();
  }
}
