// A connection table that kernels fill and the host looks at: engine.flows without an engine.

import * as layout from "../../assembly/layout.ts";
import { sizesOf, Tables } from "../../src/compile/tables.ts";
import { parseIp } from "../../src/config/address.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { Model } from "../../src/config/model.ts";
import { ConnectionControl } from "../../src/control/connections.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { compileKernel, instantiate } from "./compile.ts";

export interface FlowKernel {
  attach(worker: number): number;
  beginConnection(tuple: number): number;
  confirmConnection(entry: number, hash: number, replyHash: number, now: number): number;
  removeConnection(entry: number, cause: number): void;
  setDeadline(entry: number, tick: number, now: number): void;
  setReplySource(entry: number, address: number, port: number): number;
  setReplyDestination(entry: number, address: number, port: number): number;
  originalTuple(entry: number, target: number): void;
  replyTuple(entry: number, target: number): void;
  ensureExtension(entry: number): number;
  extensionOf(entry: number): number;
  addStatus(entry: number, bits: number): void;
  setConnectionState(entry: number, state: number): void;
  setConnectionMark(entry: number, mark: number): void;
  countInConnection(entry: number, reply: boolean, packets: bigint, bytes: bigint): void;
  keepEvent(kind: number, entry: number, time: bigint): void;
  takeRequests(): void;
  readonly confirmed: { readonly value: number };
}

export interface MadeConnection {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  /** Of ICMP: identifier, and type * 256 + code. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly zone?: number;
  readonly mark?: number;
  readonly state?: number;
  readonly status?: number;
  readonly packets?: readonly [original: number, reply: number];
  /** Seconds it has left. */
  readonly timeout?: number;
  /** What replies come from, or go to: address and port. */
  readonly dnat?: readonly [string, number];
  readonly snat?: readonly [string, number];
  readonly label?: bigint;
}

/** When the table begins, and when it is looked at. */
export const START = 1_700_000_000_000_000_000n;
const SECOND = 1_000_000_000n;
const TICKS_PER_SECOND = 1e9 / 2 ** layout.TICK_SHIFT;
/** A multiplier of good spread (Knuth). */
const SPREAD = 2_654_435_761;

let module: WebAssembly.Module | undefined;

export async function compileFlows(): Promise<void> {
  module ??= await compileKernel("test/assembly/flows_entry.ts");
}

/** A configuration with connection tracking. */
export function trackingModel(queues = 1, flows = 4000): Model {
  const text = [
    "version: 1",
    `engine: { queues: ${queues}, frames: 256, limits: { routes: 64, neighbors: 16 } }`,
    'ports: { lan: { device: "pcap:", mac: "02:00:00:00:00:01" } }',
  ];
  const model = parseConfiguration(text.join("\n"));
  const limits = { ...model.engine.limits, flows, flowExtensions: 1024 };
  return {
    ...model,
    engine: { ...model.engine, limits },
    conntrack: { ...model.conntrack, enabled: true },
  };
}

export class FlowTable {
  readonly region: Region;
  readonly flows: ConnectionControl;
  readonly kernels: readonly FlowKernel[];
  running = false;
  #made = 0;

  constructor(model = trackingModel()) {
    if (module === undefined) throw new Error("compileFlows() first");
    this.region = new Region(planMemory(sizesOf(model)));
    const tables = new Tables(this.region, model);
    tables.connections.beginRun();
    tables.connections.startTime(START);
    this.flows = new ConnectionControl(this.region, model, undefined, () => this.running);
    this.kernels = Array.from({ length: model.engine.queues }, (_, worker) => {
      const kernel = instantiate<FlowKernel>(module as WebAssembly.Module, this.region.memory);
      kernel.attach(worker);
      return kernel;
    });
    this.moveClock(0);
  }

  /** Moves the clock of one shard, as a packet of it would. */
  moveClock(seconds: number): void {
    const at = this.region.base(layout.REGION_SHARD_STATE) + layout.SHARD_TIME;
    this.region.setU64(at, START + BigInt(seconds) * SECOND);
  }

  /** Puts a connection into the table; gives its address. */
  add(made: MadeConnection): number {
    const hash = Math.imul(++this.#made, SPREAD) >>> 0;
    const owner = this.region.u8[layout.CONTROL_SHARD_OWNER + (hash >>> layout.SHARD_SHIFT)] ?? 0;
    const kernel = this.kernels[owner] as FlowKernel;
    const scratch = this.region.worker(owner) + layout.WORKER_TUPLE;
    this.#writeTuple(scratch, made);
    const entry = kernel.beginConnection(scratch);
    this.#translate(kernel, entry, made);
    kernel.setConnectionMark(entry, made.mark ?? 0);
    kernel.setConnectionState(entry, made.state ?? 0);
    kernel.addStatus(entry, made.status ?? 0);
    const [original, reply] = made.packets ?? [1, 0];
    kernel.countInConnection(entry, false, BigInt(original), BigInt(original * 100));
    kernel.countInConnection(entry, true, BigInt(reply), BigInt(reply * 100));
    kernel.setDeadline(entry, Math.round((made.timeout ?? 100) * TICKS_PER_SECOND), 0);
    // Two hashes in one shard, as steering sees to.
    kernel.confirmConnection(entry, hash, hash ^ 0x155, 0);
    const found = kernel.confirmed.value;
    if (made.label !== undefined) this.#setLabel(kernel, found, made.label);
    return found;
  }

  #setLabel(kernel: FlowKernel, entry: number, label: bigint): void {
    kernel.ensureExtension(entry);
    const view = new DataView(this.region.buffer);
    view.setBigUint64(kernel.extensionOf(entry) + layout.EXTENSION_LABEL + 8, label);
  }

  #translate(kernel: FlowKernel, entry: number, { dnat, snat }: MadeConnection): void {
    const at = this.region.worker(0) + layout.WORKER_TUPLE + layout.TUPLE_BYTES;
    const put = ([address, port]: readonly [string, number]) => {
      this.region.u8.set(parseIp(address) as Uint8Array, at);
      return ((port & 255) << 8) | (port >> 8);
    };
    if (dnat !== undefined) kernel.setReplySource(entry, at, put(dnat));
    if (snat !== undefined) kernel.setReplyDestination(entry, at, put(snat));
  }

  #writeTuple(at: number, made: MadeConnection): void {
    const { u8 } = this.region;
    const { sourcePort = 0, destinationPort = 0 } = made;
    const source = parseIp(made.source) as Uint8Array;
    u8.fill(0, at, at + layout.TUPLE_BYTES);
    u8.set(source, at + layout.TUPLE_SRC);
    u8.set(parseIp(made.destination) as Uint8Array, at + layout.TUPLE_DST);
    u8.set([sourcePort >> 8, sourcePort & 255], at + layout.TUPLE_SRC_PORT);
    u8.set([destinationPort >> 8, destinationPort & 255], at + layout.TUPLE_DST_PORT);
    u8[at + layout.TUPLE_PROTOCOL] = made.protocol;
    u8[at + layout.TUPLE_FAMILY] = source.length === 4 ? 4 : 6;
    this.region.setU16(at + layout.TUPLE_ZONE, made.zone ?? 0);
  }
}
