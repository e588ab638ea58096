// Groups: several lists of actions, all of which, or one of which, a packet is given.

import * as layout from "../../assembly/layout.ts";
import type { BucketModel, GroupModel } from "../config/model.ts";
import type { Arena } from "../memory/arena.ts";
import type { FlowCounters } from "../memory/flow_counters.ts";
import type { Region } from "../memory/region.ts";
import { assignBuckets, bucketCount } from "./buckets.ts";
import type { Programs } from "./programs.ts";

const TYPE_CODES: Readonly<Record<GroupModel["type"], number>> = {
  all: layout.GROUP_ALL,
  select: layout.GROUP_SELECT_BY_HASH,
  indirect: layout.GROUP_INDIRECT,
  fast_failover: layout.GROUP_FAST_FAILOVER,
};

interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** What a group has counted, and each of its buckets. */
export interface GroupCounts extends Count {
  readonly buckets: readonly Count[];
}

export class Groups {
  readonly #region: Region;
  readonly #arena: Arena;
  readonly #programs: Programs;
  readonly #counters: FlowCounters;

  constructor(region: Region, arena: Arena, programs: Programs, counters: FlowCounters) {
    this.#region = region;
    this.#arena = arena;
    this.#programs = programs;
    this.#counters = counters;
  }

  /**
   * Writes the configuration's groups: each has its place there, plus 1, as its number.
   * Throws LIMIT_EXCEEDED.
   */
  load(models: readonly GroupModel[]): void {
    for (const [place, { type, buckets }] of models.entries()) {
      const at = this.#address(place + 1);
      const region = this.#region;
      region.setU32(at + layout.GROUP_COUNTER, this.#counters.allocate());
      if (buckets.length > 0) region.setU32(at + layout.GROUP_BUCKETS, this.#addBuckets(buckets));
      // A select group without any weight is as good as empty.
      const empty = type === "select" && !this.#writeSlots(at, buckets);
      region.setU32(at + layout.GROUP_COUNT, empty ? 0 : buckets.length);
      region.setU32(at + layout.GROUP_TYPE, TYPE_CODES[type]);
    }
  }

  /** What the configuration's group at this place has counted. */
  read(place: number): GroupCounts {
    const region = this.#region;
    const at = this.#address(place + 1);
    const first = region.getU32(at + layout.GROUP_BUCKETS);
    const count = (address: number): Count => {
      const { packets, bytes } = this.#counters.read(region.getU32(address));
      return { packets, bytes };
    };
    const length = region.getU32(at + layout.GROUP_COUNT);
    const buckets = Array.from({ length }, (_, bucket) =>
      count(first + bucket * layout.GROUP_BUCKET_STRIDE + layout.GROUP_BUCKET_COUNTER),
    );
    return { ...count(at + layout.GROUP_COUNTER), buckets };
  }

  #addBuckets(buckets: readonly BucketModel[]): number {
    const region = this.#region;
    const first = this.#arena.allocate(buckets.length * layout.GROUP_BUCKET_STRIDE);
    for (const [place, { actions, watchPort }] of buckets.entries()) {
      const at = first + place * layout.GROUP_BUCKET_STRIDE;
      const { address } = this.#programs.acquire(actions);
      region.setU32(at + layout.GROUP_BUCKET_PROGRAM, address);
      region.setU32(at + layout.GROUP_BUCKET_WATCH, watchPort ?? layout.PORT_UNKNOWN);
      region.setU32(at + layout.GROUP_BUCKET_COUNTER, this.#counters.allocate());
    }
    return first;
  }

  /** The bucket for each value of the hash, in shares by weight; false when no bucket has any. */
  #writeSlots(at: number, buckets: readonly BucketModel[]): boolean {
    // A member's number is its place and 1: to assignBuckets() 0 is "none".
    const members = buckets
      .map(({ weight }, place) => ({ entry: place + 1, weight }))
      .filter(({ weight }) => weight > 0);
    if (members.length === 0) return false;
    const count = bucketCount(members.reduce((sum, { weight }) => sum + weight, 0));
    const slots = this.#arena.allocate(count * 4);
    const chosen = assignBuckets(members, count);
    this.#region.u32.set(
      chosen.map((entry) => entry - 1),
      slots / 4,
    );
    this.#region.setU32(at + layout.GROUP_SLOTS, slots);
    this.#region.setU32(at + layout.GROUP_MASK, count - 1);
    return true;
  }

  #address(number: number): number {
    return this.#region.base(layout.REGION_GROUPS) + number * layout.GROUP_STRIDE;
  }
}
