// Bridges' guards over the memory of a configuration: frames are received, and what guards make of
// them is read back.

import * as layout from "../../assembly/layout.ts";
import { sizesOf, Tables } from "../../src/compile/tables.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { Model } from "../../src/config/model.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { compileKernel, instantiate } from "./compile.ts";
import type { Octets } from "./octets.ts";

/** What test/assembly/guards_entry.ts exports. */
interface GuardKernel {
  openDirectory(worker: number): number;
  openFrames(worker: number, perWorker: number): void;
  takeFrame(): number;
  releaseFrame(record: number): void;
  parse(record: number, verifyHeader: boolean, hash: number): number;
  verifyTransport(record: number): number;
  isReserved(record: number, bridge: number): number;
  stormKind(record: number): number;
  passStorm(record: number, port: number, kind: number): number;
  noteMove(entry: number, port: number, now: bigint, most: number): number;
  homeOf(entry: number): number;
  answerTo(record: number, bridge: number, vlan: number, tags: number): number;
  answerFor(record: number, reply: number, binding: number): void;
  arp(record: number, reply: number): number;
  nd(record: number, reply: number): number;
  guardOf(bridge: number): number;
  interfaceIn(guard: number, vlan: number): number;
  mostMoves(guard: number): number;
}

/** Where a frame comes in. */
export interface Place {
  readonly port?: number;
  readonly bridge?: number;
  readonly vlan?: number;
  /** Tags that are the bridge's own. */
  readonly tags?: number;
  /** Nanoseconds since START. */
  readonly time?: bigint;
  /** The frame may be one that parse drops: then there is no answer. */
  readonly mayDrop?: boolean;
}

export const START = 1_700_000_000_000_000_000n;
const HASH = 0x9abcdef1;

export class GuardRig {
  readonly model: Model;
  readonly region: Region;
  readonly tables: Tables;
  readonly kernel: GuardKernel;
  readonly view: DataView;
  readonly record: number;

  private constructor(module: WebAssembly.Module, model: Model, region: Region, tables: Tables) {
    this.model = model;
    this.region = region;
    this.tables = tables;
    this.view = new DataView(region.buffer);
    this.kernel = instantiate<GuardKernel>(module, region.memory);
    if (!this.kernel.openDirectory(0)) throw new Error("the memory is of another layout");
    this.kernel.openFrames(0, region.map.sizes.framesPerWorker);
    this.record = this.kernel.takeFrame();
    region.setU64(layout.CONTROL_FIRST_TIME, START);
  }

  /** @param configuration YAML */
  static async open(configuration: string): Promise<GuardRig> {
    const model = parseConfiguration(configuration);
    const region = new Region(planMemory(sizesOf(model)));
    const tables = new Tables(region, model);
    await tables.load(model);
    const module = await compileKernel("test/assembly/guards_entry.ts", { probe: true });
    return new GuardRig(module, model, region, tables);
  }

  /** Places and parses a frame; false: parse drops it, which it may. */
  receive(frame: Uint8Array, { port = 0, time = 0n, mayDrop }: Place = {}): boolean {
    const { view, record, region } = this;
    const data = view.getUint32(record + layout.RECORD_DATA, true);
    region.u8.fill(0, record + 8, record + layout.RECORD_STRIDE);
    region.u8.set(frame, data);
    view.setUint32(record + layout.RECORD_LENGTH, frame.length, true);
    view.setUint32(record + layout.RECORD_WIRE_LENGTH, frame.length, true);
    view.setUint16(record + layout.RECORD_IN_PORT, port, true);
    view.setBigUint64(record + layout.RECORD_TIMESTAMP, START + time, true);
    const verdict = this.kernel.parse(record, true, HASH);
    const passes = verdict === layout.VERDICT_CONTINUE;
    if (!passes && !mayDrop) throw new Error(`parse: ${verdict}`);
    return passes;
  }

  /** The bridge's answer to a question a member has received; undefined: the frame goes on. */
  ask(frame: Uint8Array, place: Place = {}): Octets | undefined {
    const { kernel, record } = this;
    if (!this.receive(frame, place)) return undefined;
    const { bridge = 0, vlan = 0, tags = 0 } = place;
    const binding = kernel.answerTo(record, bridge, vlan, tags);
    return binding === 0
      ? undefined
      : this.#reply((reply) => kernel.answerFor(record, reply, binding));
  }

  /** What the interface with the port number answers. */
  askInterface(stage: "arp" | "nd", frame: Uint8Array, port: number): Octets | undefined {
    this.receive(frame, { port });
    return this.#reply((reply) => this.kernel[stage](this.record, reply));
  }

  #reply(build: (reply: number) => unknown): Octets | undefined {
    const { kernel, view } = this;
    const reply = kernel.takeFrame();
    build(reply);
    const length = view.getUint32(reply + layout.RECORD_LENGTH, true);
    const data = view.getUint32(reply + layout.RECORD_DATA, true);
    const frame = Uint8Array.from(this.region.bytes(data, length));
    if (length > 0) this.#check(reply, frame);
    kernel.releaseFrame(reply);
    return length === 0 ? undefined : frame;
  }

  /** What the record of an answer must say; that it would pass a router itself. */
  #check(reply: number, frame: Octets): void {
    const { kernel, view, record } = this;
    const word = (at: number) => view.getUint16(reply + at, true);
    const l3 = word(layout.RECORD_L3);
    const l4 = word(layout.RECORD_L4);
    const inPort = view.getUint16(record + layout.RECORD_IN_PORT, true);
    if (word(layout.RECORD_OUT_PORT) !== inPort) throw new Error("another port");
    if (kernel.parse(reply, true, 0) !== layout.VERDICT_CONTINUE) throw new Error("not sound");
    if (!kernel.verifyTransport(reply)) throw new Error("a wrong checksum");
    if (word(layout.RECORD_L3) !== l3) throw new Error("another network header");
    const isArp = frame[l3 - 2] === 0x08 && frame[l3 - 1] === 0x06;
    if (!isArp && word(layout.RECORD_L4) !== l4) throw new Error("another transport header");
  }
}
