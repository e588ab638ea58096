// The compiled reassembly and fragmentation as functions of frames, over a memory of their own.

import * as layout from "../../assembly/layout.ts";
import { planMemory, shardFragmentBytes } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { readStatistics, type Statistics } from "../../src/memory/statistics.ts";
import { compileKernel, instantiate } from "./compile.ts";
import { SMALL_SIZES } from "./memory_sizes.ts";

interface Exports {
  openDirectory(worker: number): number;
  receive(record: number): number;
  cutSize(record: number, mtu: number): number;
  beginCut(record: number, size: number, fresh: number): number;
  hasNextFragment(): number;
  nextFragment(record: number, target: number): void;
  lastFragment(record: number): void;
}

export interface Limits {
  /** Of each shard. */
  readonly datagrams: number;
  readonly bytes: number;
  readonly frameSize: number;
  /** Milliseconds, about: a tick is 2^20 nanoseconds. */
  readonly timeout: number;
}

/** What becomes of a received frame. */
export type Outcome =
  | { readonly kind: "whole"; readonly frame: Uint8Array }
  | { readonly kind: "kept" }
  | { readonly kind: "dropped"; readonly reason: number };

export interface ShardUse {
  readonly datagrams: number;
  readonly blocks: number;
}

export const TICK = 2n ** BigInt(layout.TICK_SHIFT);
const ROOMY: Limits = { datagrams: 64, bytes: 1 << 20, frameSize: 1 << 17, timeout: 30_000 };

export class FragmentKernel {
  readonly region: Region;
  readonly #exports: Exports;
  readonly #view: DataView;

  private constructor(module: WebAssembly.Module, limits: Limits) {
    const sizes = {
      ...SMALL_SIZES,
      framesPerWorker: 2,
      ports: 4,
      frameSize: limits.frameSize,
      datagrams: limits.datagrams + 1,
      fragmentBytes: limits.bytes,
    };
    this.region = new Region(planMemory(sizes));
    this.#view = new DataView(this.region.buffer);
    this.region.setU32(layout.CONTROL_DATAGRAMS, sizes.datagrams);
    this.region.setU32(layout.CONTROL_FRAGMENT_BYTES, sizes.fragmentBytes);
    this.region.setU32(layout.CONTROL_FRAGMENT_TICKS, limits.timeout);
    this.#exports = instantiate<Exports>(module, this.region.memory);
    if (this.#exports.openDirectory(0) === 0) throw new Error("the kernel refused the memory");
  }

  static async compile(): Promise<(limits?: Partial<Limits>) => FragmentKernel> {
    const module = await compileKernel("test/assembly/fragments_entry.ts");
    return (limits = {}) => new FragmentKernel(module, { ...ROOMY, ...limits });
  }

  #record(frame: number): number {
    return this.region.base(layout.REGION_RECORDS) + frame * layout.RECORD_STRIDE;
  }

  #reset(frame: number): number {
    const record = this.#record(frame);
    const { frameSize } = this.region.map.sizes;
    const data = this.region.base(layout.REGION_FRAMES) + frame * frameSize + layout.HEADROOM;
    this.#view.setUint32(record + layout.RECORD_DATA, data, true);
    return data;
  }

  #frame(frame: number): Uint8Array {
    const record = this.#record(frame);
    const data = this.#view.getUint32(record + layout.RECORD_DATA, true);
    const length = this.#view.getUint32(record + layout.RECORD_LENGTH, true);
    return Uint8Array.from(this.region.bytes(data, length));
  }

  /** A field of 16 bits of a record: of the packet at hand (0), or of the last cut off it (1). */
  field16(offset: number, frame = 0): number {
    return this.#view.getUint16(this.#record(frame) + offset, true);
  }
  get hash(): number {
    return this.#view.getUint32(this.#record(0) + layout.RECORD_HASH, true);
  }

  /** Takes a frame through parse and reassembly, and counts it as the path does. */
  receive(frame: Uint8Array, tick = 0, port = 0, vrf = 0): Outcome {
    const record = this.#record(0);
    this.region.u8.set(frame, this.#reset(0));
    const view = this.#view;
    view.setUint32(record + layout.RECORD_LENGTH, frame.length, true);
    view.setUint32(record + layout.RECORD_WIRE_LENGTH, frame.length, true);
    view.setUint16(record + layout.RECORD_IN_PORT, port, true);
    view.setUint16(record + layout.RECORD_VRF, vrf, true);
    view.setBigUint64(record + layout.RECORD_TIMESTAMP, BigInt(tick) * TICK, true);
    this.#countPort(port, frame.length);
    const verdict = this.#exports.receive(record);
    return this.#outcome(verdict, view.getUint32(record + layout.RECORD_WIRE_LENGTH, true));
  }

  #outcome(verdict: number, bytes: number): Outcome {
    if (verdict === layout.VERDICT_CONTINUE) {
      this.#count(layout.WORKER_COUNTERS + layout.COUNT_DELIVERED, bytes);
      return { kind: "whole", frame: this.#frame(0) };
    }
    if (verdict === layout.VERDICT_CONSUME) {
      this.#count(layout.WORKER_COUNTERS + layout.COUNT_CONSUMED, bytes);
      return { kind: "kept" };
    }
    const reason = verdict - layout.VERDICT_DROP;
    this.#count(layout.WORKER_COUNTERS + layout.COUNT_DROPPED, bytes);
    this.#add(layout.WORKER_DROPS + reason * 8, 1);
    return { kind: "dropped", reason };
  }

  #add(offset: number, amount: number): void {
    const at = this.region.worker(0) + offset;
    this.region.setU64(at, this.region.getU64(at) + BigInt(amount));
  }
  #count(offset: number, bytes: number): void {
    this.#add(offset, 1);
    this.#add(offset + 8, bytes);
  }
  #countPort(port: number, bytes: number): void {
    this.#count(layout.WORKER_PORTS + port * layout.WORKER_PORT_STRIDE, bytes);
  }

  /** Cuts the packet at hand for a link of this MTU; undefined when it leaves as it is. */
  cut(mtu: number): Uint8Array[] | undefined {
    const size = this.#exports.cutSize(this.#record(0), mtu);
    return size === 0 ? undefined : this.cutTo(size);
  }

  /**
   * Cuts the packet at hand into fragments of this size; undefined when that is too small.
   * @param fresh as one that the engine made
   */
  cutTo(size: number, fresh = false): Uint8Array[] | undefined {
    const record = this.#record(0);
    if (this.#exports.beginCut(record, size, fresh ? 1 : 0) === 0) return undefined;
    const fragments: Uint8Array[] = [];
    while (this.#exports.hasNextFragment() !== 0) {
      this.#reset(1);
      this.#exports.nextFragment(record, this.#record(1));
      fragments.push(this.#frame(1));
    }
    this.#exports.lastFragment(record);
    return [...fragments, this.#frame(0)];
  }

  statistics(): Statistics {
    return readStatistics(this.region);
  }

  /** What all shards have in use: datagrams in their lists, blocks. */
  use(): ShardUse {
    const bytes = shardFragmentBytes(this.region.map.sizes);
    const use = { datagrams: 0, blocks: 0 };
    for (let number = 0; number < layout.SHARDS; number++) {
      const shard = this.region.base(layout.REGION_FRAGMENTS) + number * bytes;
      use.blocks += this.region.getU32(shard + layout.FRAGMENTS_USED);
      use.datagrams += this.#listed(shard);
    }
    return use;
  }

  #listed(shard: number): number {
    const { datagrams } = this.region.map.sizes;
    let count = 0;
    let at = this.#view.getUint16(shard + layout.DATAGRAMS_OLDEST, true);
    for (; at !== 0 && count <= datagrams; count++) {
      const entry = shard + layout.DATAGRAMS_FIRST + at * layout.DATAGRAM_STRIDE;
      at = this.#view.getUint16(entry + layout.DATAGRAM_NEXT, true);
    }
    return count;
  }
}
