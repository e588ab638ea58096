// Actions on single frames: a frame is placed in memory and parsed, actions are called one after
// the other, and what they left is read back.

import * as layout from "../../assembly/layout.ts";
import type { Action } from "../twin/actions.ts";
import type { ParsedPacket } from "../twin/fields.ts";
import { compileKernel, instantiate, newMemory } from "./compile.ts";

interface ActionExports {
  openDirectory(worker: number): number;
  parse(record: number, verifyHeader: boolean): number;
  verifyTransport(record: number): number;
  setField(record: number, key: number, field: number, value: number, mask: number): void;
  pushVlan(record: number, type: number): number;
  popVlan(record: number): number;
  pushMpls(record: number, type: number): number;
  popMpls(record: number, type: number): number;
  pushPbb(record: number, type: number): number;
  popPbb(record: number): number;
  decrementIpTtl(record: number): number;
  setIpTtl(record: number, ttl: number): number;
  decrementMplsTtl(record: number): number;
  setMplsTtl(record: number, ttl: number): number;
  copyTtlIn(record: number): number;
  copyTtlOut(record: number): number;
  meter(record: number, key: number, number: number, now: bigint, bytes: number): number;
}

const WORKER = 0x20000;
const RECORDS = 0x30000;
const OPERANDS = 0x31000;
const METERS = 0x32000;
const COUNTERS = 0x38000;
const FRAMES = 0x40000;
const FRAME_BYTES = 0x1000;
/** The frame in the middle of three: what is before and behind it must stay as it is. */
const NUMBER = 1;
const RECORD = RECORDS + NUMBER * layout.RECORD_STRIDE;
const FRAME = FRAMES + NUMBER * FRAME_BYTES;
const KEY = WORKER + layout.WORKER_KEY;
const GUARD = 0xa5;
const HASH = 0x12345678;

export class Actor {
  readonly kernel: ActionExports;
  readonly #memory = newMemory();
  readonly bytes = new Uint8Array(this.#memory.buffer);
  readonly view = new DataView(this.#memory.buffer);
  readonly meters = METERS;
  readonly #module: WebAssembly.Module;
  #length = 0;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.view.setUint32(layout.CONTROL_MAGIC, layout.LAYOUT_MAGIC, true);
    this.view.setUint32(layout.CONTROL_VERSION, layout.LAYOUT_VERSION, true);
    this.view.setUint32(layout.CONTROL_QUEUES, 1, true);
    this.view.setUint32(layout.CONTROL_FRAME_SIZE, FRAME_BYTES, true);
    const regions: readonly [number, number][] = [
      [layout.REGION_WORKERS, WORKER],
      [layout.REGION_RECORDS, RECORDS],
      [layout.REGION_FRAMES, FRAMES],
      [layout.REGION_METERS, METERS],
      [layout.REGION_FLOW_COUNTERS, COUNTERS],
    ];
    for (const [slot, address] of regions) {
      this.view.setUint32(layout.CONTROL_REGIONS + slot * 4, address, true);
    }
    this.kernel = instantiate<ActionExports>(this.#module, this.#memory);
    if (!this.kernel.openDirectory(0)) throw new Error("the memory is of another layout");
  }

  /** Over the build with assertions, or over the one without. */
  static async open(build: "probe" | "release" = "probe"): Promise<Actor> {
    const probe = build === "probe";
    return new Actor(await compileKernel("test/assembly/action_entry.ts", { probe }));
  }

  /** Places and parses a frame; the verdict is parse's. */
  receive(frame: Uint8Array, headroom = layout.HEADROOM): number {
    this.bytes.fill(GUARD, FRAMES, FRAMES + 3 * FRAME_BYTES);
    this.bytes.fill(GUARD, RECORDS, RECORDS + 3 * layout.RECORD_STRIDE);
    this.bytes.fill(0, RECORD, RECORD + layout.RECORD_STRIDE);
    this.bytes.fill(0, KEY, KEY + layout.KEY_BYTES);
    this.bytes.set(frame, FRAME + headroom);
    this.view.setUint32(RECORD + layout.RECORD_DATA, FRAME + headroom, true);
    this.view.setUint32(RECORD + layout.RECORD_LENGTH, frame.length, true);
    this.view.setUint32(RECORD + layout.RECORD_WIRE_LENGTH, frame.length, true);
    this.#length = headroom + frame.length;
    const verdict = this.kernel.parse(RECORD, false);
    this.view.setUint32(RECORD + layout.RECORD_HASH, HASH, true);
    return verdict;
  }

  act(action: Action): number {
    const { kernel } = this;
    switch (action.do) {
      case "pushVlan":
      case "pushMpls":
      case "popMpls":
      case "pushPbb":
        return kernel[action.do](RECORD, action.type);
      case "setIpTtl":
      case "setMplsTtl":
        return kernel[action.do](RECORD, action.ttl);
      case "setField":
        this.bytes.set(action.value, OPERANDS);
        this.bytes.set(action.mask, OPERANDS + 16);
        kernel.setField(RECORD, KEY, action.field, OPERANDS, OPERANDS + 16);
        return layout.VERDICT_CONTINUE;
      default:
        return kernel[action.do](RECORD);
    }
  }

  meter(number: number, now: bigint, bytes: number): number {
    return this.kernel.meter(RECORD, KEY, number, now, bytes);
  }

  get key(): Uint8Array {
    return this.bytes.slice(KEY, KEY + layout.KEY_BYTES);
  }

  /** Packets and bytes of a counter, and the time of the last. */
  counter(number: number): readonly [packets: bigint, bytes: bigint, last: bigint] {
    const at = COUNTERS + number * layout.FLOW_COUNTER_STRIDE;
    const word = (offset: number) => this.view.getBigUint64(at + offset, true);
    return [word(0), word(8), word(16)];
  }

  clearCounters(): void {
    this.bytes.fill(0, COUNTERS, FRAMES);
  }

  /** The frame as it is now; nothing but it may have been written to. */
  frame(): Uint8Array {
    const data = this.view.getUint32(RECORD + layout.RECORD_DATA, true);
    const length = this.view.getUint32(RECORD + layout.RECORD_LENGTH, true);
    const wireLength = this.view.getUint32(RECORD + layout.RECORD_WIRE_LENGTH, true);
    if (wireLength !== length) throw new Error(`wire length ${wireLength}, length ${length}`);
    if (this.view.getUint32(RECORD + layout.RECORD_HASH, true) !== HASH) throw new Error("hash");
    this.#checkGuard(FRAMES, FRAME + layout.COPY_LEAD);
    this.#checkGuard(FRAME + this.#length, FRAMES + 3 * FRAME_BYTES);
    this.#checkGuard(RECORDS, RECORD);
    this.#checkGuard(RECORD + layout.RECORD_STRIDE, RECORDS + 3 * layout.RECORD_STRIDE);
    return this.bytes.slice(data, data + length);
  }

  #checkGuard(from: number, to: number): void {
    const area = Buffer.from(this.bytes.subarray(from, to));
    if (!area.equals(Buffer.alloc(to - from, GUARD))) {
      throw new Error(`written to between ${from} and ${to}`);
    }
  }

  isTransportRight(): boolean {
    return this.kernel.verifyTransport(RECORD) !== 0;
  }

  /** The record's fields of parse. */
  parsed(): ParsedPacket {
    const { view } = this;
    const u16 = (offset: number) => view.getUint16(RECORD + offset, true);
    const u8 = (offset: number) => view.getUint8(RECORD + offset);
    return {
      drop: 0,
      flags: u16(layout.RECORD_FLAGS),
      l3: u16(layout.RECORD_L3),
      l4: u16(layout.RECORD_L4),
      payload: u16(layout.RECORD_PAYLOAD),
      etherType: u16(layout.RECORD_ETHER_TYPE),
      protocol: u8(layout.RECORD_PROTOCOL),
      vlanTags: u8(layout.RECORD_VLAN_TAGS),
      mplsLabels: u8(layout.RECORD_MPLS_LABELS),
      tunnel: u8(layout.RECORD_TUNNEL),
      l3Length: view.getUint32(RECORD + layout.RECORD_L3_LENGTH, true),
      hash: 0,
    };
  }
}
