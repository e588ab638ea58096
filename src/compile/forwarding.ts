// Forwarding entries: what routes lead to. Routes with the same next hops share one entry, which
// lives as long as a route uses it; an entry is never changed while a look-up may find it.

import * as layout from "../../assembly/layout.ts";
import { formatIp } from "../config/address.ts";
import type { NextHopModel, RouteModel, RouteType } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import type { Region } from "../memory/region.ts";
import { assignBuckets, type BucketMember, bucketCount } from "./buckets.ts";
import type { NeighborTable } from "./neighbors.ts";

/** What a route does, apart from its prefix. */
export type Destination = Pick<RouteModel, "type" | "via">;

const TYPE_CODES: Readonly<Record<Exclude<RouteType, "unicast" | "on-link">, number>> = {
  local: layout.ROUTE_LOCAL,
  blackhole: layout.ROUTE_BLACKHOLE,
  unreachable: layout.ROUTE_UNREACHABLE,
  prohibit: layout.ROUTE_PROHIBIT,
};

interface Entry {
  readonly number: number;
  readonly key: string;
  users: number;
  /** Entries of the members and the buckets, of a multipath entry. */
  readonly members: readonly BucketMember[];
  readonly firstBucket: number;
  readonly buckets: Uint32Array | undefined;
}

/** The fields of one forwarding entry. */
interface Fields {
  readonly type: number;
  readonly port: number;
  readonly target: number;
  readonly mask: number;
}

export class ForwardingTable {
  readonly #region: Region;
  readonly #neighbors: NeighborTable;
  readonly #byKey = new Map<string, Entry>();
  readonly #byNumber = new Map<number, Entry>();
  readonly #freeEntries: number[] = [];
  readonly #freeBuckets = new Map<number, number[]>();
  /** Entries no route uses any more, which a worker in the middle of a burst may still read. */
  #waiting: Entry[] = [];
  #nextEntry = layout.FORWARDING_FIRST;
  #nextBucket = 0;

  constructor(region: Region, neighbors: NeighborTable) {
    this.#region = region;
    this.#neighbors = neighbors;
    const here = { type: layout.ROUTE_LOCAL, port: layout.PORT_UNKNOWN, target: 0, mask: 0 };
    this.#write(layout.FORWARDING_HERE, here);
  }

  /**
   * The entry for a destination, with one more user. With `replaced`, the number of the entry it
   * takes the place of, ECMP flows stay with the members both have.
   * Throws LIMIT_EXCEEDED when engine.limits.next_hops is used up.
   */
  acquire(destination: Destination, replaced = 0): number {
    if (destination.via.length <= 1) return this.#acquireSingle(destination).number;
    return this.#acquireMultipath(destination, this.#byNumber.get(replaced)).number;
  }

  /** The entry of an address of ours, or of the broadcast address of a connected prefix. */
  acquireOwn(
    type: typeof layout.ROUTE_LOCAL | typeof layout.ROUTE_BROADCAST,
    port: number,
  ): number {
    return this.#acquireFields(`${type} ${port}`, { type, port, target: 0, mask: 0 }).number;
  }

  /** One more user of an entry that has some. */
  retain(number: number): void {
    use(this.#byNumber.get(number) as Entry);
  }

  /** One user less; the entry is reused after reclaim() once it has none. */
  release(number: number): void {
    const entry = this.#byNumber.get(number);
    if (entry === undefined || --entry.users > 0) return;
    this.#byNumber.delete(number);
    if (this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key);
    this.#waiting.push(entry);
  }

  /** Every worker has passed a burst boundary: what was released before may be reused. */
  reclaim(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const entry of waiting) {
      this.#freeEntries.push(entry.number);
      for (const member of entry.members) this.release(member.entry);
      if (entry.buckets === undefined) continue;
      const free = this.#freeBuckets.get(entry.buckets.length) ?? [];
      free.push(entry.firstBucket);
      this.#freeBuckets.set(entry.buckets.length, free);
    }
  }

  #acquireSingle(destination: Destination): Entry {
    const [hop] = destination.via;
    if (destination.type !== "unicast" && destination.type !== "on-link") {
      const type = TYPE_CODES[destination.type];
      const port = layout.PORT_UNKNOWN;
      return this.#acquireFields(`${type}`, { type, port, target: 0, mask: 0 });
    }
    return this.#acquireHop(hop as NextHopModel);
  }

  #acquireHop(hop: NextHopModel): Entry {
    const { ip, port } = hop;
    if (ip === undefined) {
      const fields = { type: layout.ROUTE_ON_LINK, port, target: 0, mask: 0 };
      return this.#acquireFields(`on-link ${port}`, fields);
    }
    const key = `via ${port} ${formatIp(ip)}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return use(known);
    const target = this.#neighbors.ensure(port, ip);
    return this.#acquireFields(key, { type: layout.ROUTE_UNICAST, port, target, mask: 0 });
  }

  #acquireMultipath(destination: Destination, replaced: Entry | undefined): Entry {
    const members: BucketMember[] = [];
    try {
      for (const hop of destination.via) {
        members.push({ entry: this.#acquireHop(hop).number, weight: hop.weight });
      }
      return this.#acquireGroup(members, replaced);
    } catch (error) {
      for (const member of members) this.release(member.entry);
      throw error;
    }
  }

  /** The group of these members, which it takes over. */
  #acquireGroup(members: readonly BucketMember[], replaced: Entry | undefined): Entry {
    const key = members.map(({ entry, weight }) => `${entry}*${weight}`).join(" ");
    const known = this.#byKey.get(key);
    if (known !== undefined && replaced?.buckets === undefined) {
      for (const member of members) this.release(member.entry);
      return use(known);
    }
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    const count = replaced?.buckets?.length ?? bucketCount(total);
    const number = this.#takeNumber();
    const firstBucket = this.#takeBuckets(count, number);
    const buckets = assignBuckets(members, count, replaced?.buckets);
    const at = this.#region.base(layout.REGION_BUCKETS) / 4 + firstBucket;
    this.#region.u32.set(buckets, at);
    const fields = {
      type: layout.ROUTE_MULTIPATH,
      port: layout.PORT_UNKNOWN,
      target: firstBucket,
      mask: count - 1,
    };
    return this.#add(number, key, fields, { members, firstBucket, buckets });
  }

  #acquireFields(key: string, fields: Fields): Entry {
    const known = this.#byKey.get(key);
    if (known !== undefined) return use(known);
    const alone = { members: [], firstBucket: 0, buckets: undefined };
    return this.#add(this.#takeNumber(), key, fields, alone);
  }

  #add(
    number: number,
    key: string,
    fields: Fields,
    group: Pick<Entry, "members" | "firstBucket" | "buckets">,
  ): Entry {
    const entry: Entry = { number, key, users: 1, ...group };
    this.#write(number, fields);
    this.#byKey.set(key, entry);
    this.#byNumber.set(number, entry);
    return entry;
  }

  #takeNumber(): number {
    const free = this.#freeEntries.pop();
    if (free !== undefined) return free;
    const { forwardingEntries } = this.#region.map.sizes;
    if (this.#nextEntry >= forwardingEntries) {
      const limit = forwardingEntries - layout.FORWARDING_FIRST;
      throw new SluiceError(
        "LIMIT_EXCEEDED",
        `more distinct next hops than engine.limits.next_hops (${limit}) allows`,
      );
    }
    return this.#nextEntry++;
  }

  /** Buckets for the entry `number`, which is free again when there are none. */
  #takeBuckets(count: number, number: number): number {
    const free = this.#freeBuckets.get(count)?.pop();
    if (free !== undefined) return free;
    const first = this.#nextBucket;
    if (first + count > this.#region.map.sizes.buckets) {
      this.#freeEntries.push(number);
      throw new SluiceError(
        "LIMIT_EXCEEDED",
        "more ECMP groups than engine.limits.next_hops has buckets for",
      );
    }
    this.#nextBucket += count;
    return first;
  }

  #write(number: number, fields: Fields): void {
    const region = this.#region;
    const at = region.base(layout.REGION_FORWARDING) + number * layout.FORWARDING_STRIDE;
    region.u8[at + layout.FORWARDING_TYPE] = fields.type;
    region.setU16(at + layout.FORWARDING_PORT, fields.port);
    region.setU32(at + layout.FORWARDING_TARGET, fields.target);
    region.setU32(at + layout.FORWARDING_MASK, fields.mask);
  }
}

function use(entry: Entry): Entry {
  entry.users++;
  return entry;
}
