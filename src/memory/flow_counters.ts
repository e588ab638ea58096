// Counters of flows, groups, meters and names: each worker counts in a block of its own, the host
// adds them up. Which counter is whose, the host alone decides.

import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";
import type { Region } from "./region.ts";

/** What a counter has counted in all workers. */
export interface FlowCount {
  readonly packets: number;
  /** Bytes of frames, without FCS. */
  readonly bytes: number;
  /** Time of the latest packet, nanoseconds since 1970; 0 = none yet. */
  readonly last: bigint;
}

/** The flow counters of an engine. Counter 0 is none. */
export class FlowCounters {
  readonly #region: Region;
  readonly #free: number[] = [];
  /** Counters from here on were never used, and are zero. */
  #top = 1;

  constructor(region: Region) {
    this.#region = region;
  }

  /** Counters handed out. */
  get used(): number {
    return this.#top - 1 - this.#free.length;
  }

  /** A counter at zero. Throws LIMIT_EXCEEDED when all are used. */
  allocate(): number {
    const free = this.#free.pop();
    if (free !== undefined) {
      this.clear(free);
      return free;
    }
    if (this.#top >= this.#region.map.sizes.flowCounters) {
      const message = "more flows, groups and counters than engine.limits.rules has counters for";
      throw new SluiceError("LIMIT_EXCEEDED", message);
    }
    return this.#top++;
  }

  /** Gives a counter back that no worker counts in any more. */
  release(counter: number): void {
    this.#free.push(counter);
  }

  clear(counter: number): void {
    const { u32, map } = this.#region;
    for (let worker = 0; worker < map.sizes.queues; worker++) {
      const at = this.#address(worker, counter) >>> 2;
      for (let word = at; word < at + layout.FLOW_COUNTER_STRIDE / 4; word++) u32[word] = 0;
    }
  }

  /** Sets all counters to zero. No worker may be running. */
  clearAll(): void {
    const bytes = this.#top * layout.FLOW_COUNTER_STRIDE;
    for (let worker = 0; worker < this.#region.map.sizes.queues; worker++) {
      this.#region.bytes(this.#address(worker, 0), bytes).fill(0);
    }
  }

  /** The sum over the workers. */
  read(counter: number): FlowCount {
    const region = this.#region;
    let packets = 0;
    let bytes = 0;
    let last = 0n;
    for (let worker = 0; worker < region.map.sizes.queues; worker++) {
      const at = this.#address(worker, counter);
      packets += region.getCount(at + layout.FLOW_COUNTER_PACKETS);
      bytes += region.getCount(at + layout.FLOW_COUNTER_BYTES);
      const time = region.getU64(at + layout.FLOW_COUNTER_LAST);
      if (time > last) last = time;
    }
    return { packets, bytes, last };
  }

  #address(worker: number, counter: number): number {
    const { flowCounters } = this.#region.map.sizes;
    const place = worker * flowCounters + counter;
    return this.#region.base(layout.REGION_FLOW_COUNTERS) + place * layout.FLOW_COUNTER_STRIDE;
  }
}
