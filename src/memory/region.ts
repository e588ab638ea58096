// The shared memory: allocated once, described by its map, viewed through typed arrays that are
// made once and kept (initial == maximum, so the buffer never changes).

import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";
import { freeListStride, type MemoryMap } from "./map.ts";

/** The engine's memory and its views. All addresses are byte addresses from 0. */
export class Region {
  readonly memory: WebAssembly.Memory;
  readonly map: MemoryMap;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly u64: BigUint64Array;
  readonly f64: Float64Array;

  constructor(map: MemoryMap) {
    this.map = map;
    this.memory = allocate(map.pages);
    const buffer = this.memory.buffer;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.#writeDirectory();
    this.freeFrames();
  }

  get buffer(): SharedArrayBuffer {
    return this.memory.buffer as unknown as SharedArrayBuffer;
  }

  /** Base address of a region, by REGION_*. */
  base(region: number): number {
    return this.map.regions[region] as number;
  }

  /** Address of a worker's block. */
  worker(number: number): number {
    return this.base(layout.REGION_WORKERS) + number * layout.WORKER_STRIDE;
  }

  getU32(address: number): number {
    return this.u32[address >>> 2] as number;
  }
  setU32(address: number, value: number): void {
    this.u32[address >>> 2] = value;
  }
  setU16(address: number, value: number): void {
    this.u16[address >>> 1] = value;
  }
  setF64(address: number, value: number): void {
    this.f64[address / 8] = value;
  }
  /** A u64 as a number; exact up to 2^53. */
  getCount(address: number): number {
    return this.getU32(address) + this.getU32(address + 4) * 2 ** 32;
  }
  setU64(address: number, value: bigint): void {
    this.u64[address / 8] = value;
  }
  getU64(address: number): bigint {
    return this.u64[address / 8] as bigint;
  }
  bytes(address: number, length: number): Uint8Array {
    return this.u8.subarray(address, address + length);
  }

  /** Stores a word that workers wait on or poll, and wakes those asleep on it. */
  publish(address: number, value: number): void {
    Atomics.store(this.i32, address >>> 2, value);
    Atomics.notify(this.i32, address >>> 2);
  }
  /** Sets or clears bits of a word while workers read it, and perhaps change others of it. */
  setBits(address: number, bits: number, on: boolean): void {
    if (on) Atomics.or(this.i32, address >>> 2, bits);
    else Atomics.and(this.i32, address >>> 2, ~bits);
  }
  /** A word that workers store atomically. */
  observe(address: number): number {
    return Atomics.load(this.i32, address >>> 2) >>> 0;
  }

  #writeDirectory(): void {
    const { sizes, regions } = this.map;
    this.setU32(layout.CONTROL_MAGIC, layout.LAYOUT_MAGIC);
    this.setU32(layout.CONTROL_VERSION, layout.LAYOUT_VERSION);
    this.setU32(layout.CONTROL_QUEUES, sizes.queues);
    this.setU32(layout.CONTROL_PORTS, sizes.ports);
    this.setU32(layout.CONTROL_FRAME_SIZE, sizes.frameSize);
    this.setU32(layout.CONTROL_FRAMES_PER_WORKER, sizes.framesPerWorker);
    this.setU32(layout.CONTROL_FLOW_COUNTERS, sizes.flowCounters);
    this.setU32(layout.CONTROL_FLOW_CACHE_ENTRIES, sizes.cacheEntries);
    for (const [slot, address] of regions.entries()) {
      this.setU32(layout.CONTROL_REGIONS + slot * 4, address);
    }
    for (let shard = 0; shard < layout.SHARDS; shard++) {
      this.u8[layout.CONTROL_SHARD_OWNER + shard] = shard % sizes.queues;
    }
  }

  /** Gives every worker all of its frames. No worker may be running. */
  freeFrames(): void {
    const { queues, framesPerWorker } = this.map.sizes;
    for (let worker = 0; worker < queues; worker++) {
      const list = this.base(layout.REGION_FREE_FRAMES) + worker * freeListStride(framesPerWorker);
      this.setU32(list, framesPerWorker);
      for (let place = 1; place <= framesPerWorker; place++) {
        this.setU32(list + place * 4, worker * framesPerWorker + framesPerWorker - place);
      }
    }
  }
}

function allocate(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    const mebibytes = Math.ceil(pages / 16);
    throw new SluiceError(
      "MEMORY",
      `the engine's ${mebibytes} MiB of memory cannot be allocated: ` +
        "lower engine.frames, engine.frame_size or engine.limits, or allow more virtual memory",
      {},
      cause,
    );
  }
}
