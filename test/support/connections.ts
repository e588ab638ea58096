// The compiled connection table in a memory of its own.

import * as layout from "../../assembly/layout.ts";
import { planMemory, shardConnectionBytes } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { compileKernel, instantiate } from "./compile.ts";
import { SMALL_SIZES } from "./memory_sizes.ts";

export interface End {
  /** 4 or 16 bytes. */
  readonly address: readonly number[];
  /** Host order; the identifier of ICMP. */
  readonly port: number;
}

/** With ICMP the destination's port is type and code. */
export interface Tuple {
  readonly protocol: number;
  readonly zone: number;
  readonly from: End;
  readonly to: End;
}

type Of = (entry: number) => number;

export interface ConnectionExports {
  attach(worker: number): number;
  beginConnections(hash: number, timestamp: bigint): number;
  advanceConnections(shard: number, now: number): void;
  findConnection(hash: number, tuple: number): number;
  beginConnection(tuple: number): number;
  confirmConnection(entry: number, hash: number, replyHash: number, now: number): number;
  isTupleTaken(hash: number, tuple: number, except: number): number;
  removeConnection(entry: number, cause: number): void;
  reindexConnection(entry: number, hash: number, replyHash: number): number;
  setDeadline(entry: number, tick: number, now: number): void;
  setReplySource(entry: number, address: number, port: number): number;
  setReplyDestination(entry: number, address: number, port: number): number;
  originalTuple(entry: number, target: number): void;
  replyTuple(entry: number, target: number): void;
  connectionAhead(hash: number): number;
  connectionAt(shard: number, number: number): number;
  inversePorts(protocol: number, ports: number): number;
  countInConnection(entry: number, reply: boolean, packets: bigint, bytes: bigint): void;
  packetsOf(entry: number, reply: boolean): bigint;
  readonly markAssured: (entry: number) => void;
  readonly markEvictable: (entry: number) => void;
  readonly unmarkEvictable: (entry: number) => void;
  readonly ensureExtension: Of;
  readonly extensionOf: Of;
  readonly extensionNumber: Of;
  readonly statusOf: Of;
  readonly foundReply: { readonly value: number };
  readonly confirmed: { readonly value: number };
}

export interface ConnectionSizes {
  /** Entry 0 included. */
  readonly connections: number;
  readonly connectionBuckets: number;
  readonly extensions: number;
  /** Places for sources of connections. */
  readonly ownerSlots?: number;
}

let module: WebAssembly.Module | undefined;

export async function compileConnections(): Promise<void> {
  module ??= await compileKernel("test/assembly/connections_entry.ts");
}

/** Nanoseconds since 1970 of tick 0. */
export const ZERO = 1_700_000_000_000_000_000n;
export const CONTINUE = layout.VERDICT_CONTINUE;

export class Connections {
  readonly exports: ConnectionExports;
  readonly region: Region;
  readonly sizes: ConnectionSizes;
  /** Where tuples are handed over: of the worker's scratch. */
  readonly tuple: number;

  constructor(sizes: ConnectionSizes) {
    if (!module) throw new Error("compileConnections() first");
    this.sizes = sizes;
    this.region = new Region(planMemory({ ...SMALL_SIZES, ...sizes }));
    this.region.setU32(layout.CONTROL_CONNECTIONS, sizes.connections);
    this.region.setU32(layout.CONTROL_CONNECTION_BUCKETS, sizes.connectionBuckets);
    this.region.setU32(layout.CONTROL_EXTENSIONS, sizes.extensions);
    this.region.setU64(layout.CONTROL_TICK_ZERO, ZERO);
    this.exports = instantiate<ConnectionExports>(module, this.region.memory);
    this.exports.attach(0);
    this.tuple = this.region.worker(0) + layout.WORKER_TUPLE;
  }

  /** As new. */
  reset(): void {
    const { map, u8 } = this.region;
    for (const region of [
      layout.REGION_WORKERS,
      layout.REGION_SHARD_STATE,
      layout.REGION_CONNECTIONS,
      layout.REGION_EXTENSIONS,
    ]) {
      const base = this.region.base(region);
      u8.fill(0, base, base + (map.bytes[region] as number));
    }
    if (!this.sizes.ownerSlots) return;
    const owners = this.region.base(layout.REGION_OWNERS);
    u8.fill(0, owners, owners + layout.OWNERS_LIMITS);
    const end = owners + (map.bytes[layout.REGION_OWNERS] as number);
    u8.fill(0, owners + layout.OWNERS_ZONES, end);
  }

  /** Begins a packet at a tick, given whole; returns it as entries have it. */
  begin(hash: number, tick: number): number {
    const time = ZERO + (BigInt(tick) << BigInt(layout.TICK_SHIFT));
    return this.exports.beginConnections(hash, time) >>> 0;
  }

  put(tuple: Tuple): number {
    const { u8 } = this.region;
    const at = this.tuple;
    u8.fill(0, at, at + layout.TUPLE_BYTES);
    u8.set(tuple.from.address, at + layout.TUPLE_SRC);
    u8.set(tuple.to.address, at + layout.TUPLE_DST);
    u8.set([tuple.from.port >> 8, tuple.from.port & 255], at + layout.TUPLE_SRC_PORT);
    u8.set([tuple.to.port >> 8, tuple.to.port & 255], at + layout.TUPLE_DST_PORT);
    u8[at + layout.TUPLE_PROTOCOL] = tuple.protocol;
    u8[at + layout.TUPLE_FAMILY] = tuple.from.address.length === 4 ? 4 : 6;
    this.region.setU16(at + layout.TUPLE_ZONE, tuple.zone);
    return at;
  }

  /** The tuple's bytes as written by originalTuple() or replyTuple(), in words. */
  written(entry: number, reply: boolean): string {
    const at = this.tuple + layout.TUPLE_BYTES;
    this.region.u8.fill(0xee, at, at + layout.TUPLE_BYTES);
    if (reply) this.exports.replyTuple(entry, at);
    else this.exports.originalTuple(entry, at);
    return this.region.u8.slice(at, at + layout.TUPLE_BYTES).toString();
  }

  bytes(tuple: Tuple): string {
    const at = this.put(tuple);
    return this.region.u8.slice(at, at + layout.TUPLE_BYTES).toString();
  }

  find(hash: number, tuple: Tuple): number {
    return this.exports.findConnection(hash, this.put(tuple));
  }

  get foundReply(): boolean {
    return Boolean(this.exports.foundReply.value);
  }

  get confirmed(): number {
    return this.exports.confirmed.value;
  }

  translate(entry: number, source: boolean, end: End): boolean {
    const at = this.tuple + layout.TUPLE_BYTES;
    this.region.u8.set(end.address, at);
    const port = ((end.port & 255) << 8) | (end.port >> 8);
    const { setReplySource, setReplyDestination } = this.exports;
    return Boolean((source ? setReplySource : setReplyDestination)(entry, at, port));
  }

  counter(count: number): number {
    return this.region.getCount(this.region.worker(0) + layout.WORKER_COUNTERS + count);
  }

  /** Address of a shard's header. */
  shard(number: number): number {
    const bytes = shardConnectionBytes(this.region.map.sizes);
    return this.region.base(layout.REGION_CONNECTIONS) + number * bytes;
  }

  #chain(first: number, next: (number: number) => number): number {
    let length = 0;
    const { u16 } = this.region;
    const seen = new Set<number>();
    for (let at = u16[first / 2] as number; at !== 0; at = next(at)) {
      if (seen.has(at)) throw new Error(`entry ${at} is in a list twice`);
      seen.add(at);
      length++;
    }
    return length;
  }

  /** Live, free and never used, of entries and of extensions: each makes its capacity. */
  account(number: number): { entries: number; extensions: number; live: number } {
    const { region, sizes } = this;
    const header = this.shard(number);
    const first =
      header + layout.CONNECTIONS_INDEX + sizes.connectionBuckets * layout.CONNECTION_BUCKET_BYTES;
    const free = this.#chain(
      header + layout.CONNECTIONS_FREE,
      (at) =>
        region.u16[
          (first + at * layout.CONNECTION_STRIDE + layout.CONNECTION_WHEEL_NEXT) / 2
        ] as number,
    );
    const base = region.base(layout.REGION_EXTENSIONS);
    const stride = layout.EXTENSION_STRIDE;
    const freeExtensions = this.#chain(
      header + layout.CONNECTIONS_EXTENSION_FREE,
      (at) => region.u16[(base + (number * sizes.extensions + at) * stride) / 2] as number,
    );
    const live = region.getU32(header + layout.CONNECTIONS_LIVE);
    const unused = sizes.connections - 1 - region.getU32(header + layout.CONNECTIONS_USED);
    const extended = region.getU32(header + layout.CONNECTIONS_EXTENSIONS_LIVE);
    const plain = sizes.extensions - 1 - region.getU32(header + layout.CONNECTIONS_EXTENSIONS_USED);
    return {
      entries: live + free + unused,
      extensions: extended + freeExtensions + plain,
      live,
    };
  }

  /** Bytes of wheel and index that are not zero: none when there are no connections. */
  leftovers(number: number): number {
    const header = this.shard(number);
    const end =
      header +
      layout.CONNECTIONS_INDEX +
      this.sizes.connectionBuckets * layout.CONNECTION_BUCKET_BYTES;
    const area = this.region.u8.subarray(header + layout.CONNECTIONS_WHEEL, end);
    return area.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
  }
}
