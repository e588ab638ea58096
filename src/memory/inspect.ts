// Looking at the tables as the workers see them: forwarding entries and neighbors by number.

import * as layout from "../../assembly/layout.ts";
import { routeTypeName } from "./names.ts";
import type { Region } from "./region.ts";

/** A forwarding entry: what a route leads to. */
export interface ForwardingFacts {
  /** "none", "unicast", "on-link", "local", "multipath" … */
  readonly type: string;
  /** Port number, of entries that have one. */
  readonly port: number | undefined;
  /** Neighbor entry of the gateway (unicast only). */
  readonly neighbor: number | undefined;
  /** Forwarding entry in each bucket, a power of two of them (multipath only). */
  readonly buckets: Uint32Array | undefined;
}

/** A neighbor: address, and MAC while it is known. */
export interface NeighborFacts {
  readonly port: number;
  /** 4 or 16 bytes. */
  readonly ip: Uint8Array;
  /** 6 bytes. */
  readonly mac: Uint8Array | undefined;
  /** "incomplete", "reachable", "permanent", "failed". */
  readonly state: string;
}

/** Reads a forwarding entry by its number. */
export function inspectForwarding(region: Region, number: number): ForwardingFacts {
  const at = region.base(layout.REGION_FORWARDING) + number * layout.FORWARDING_STRIDE;
  const type = region.u8[at + layout.FORWARDING_TYPE] as number;
  const port = region.u16[(at + layout.FORWARDING_PORT) >>> 1] as number;
  const target = region.getU32(at + layout.FORWARDING_TARGET);
  const leaves = type === layout.ROUTE_UNICAST || type === layout.ROUTE_ON_LINK;
  return {
    type: routeTypeName(type),
    port: leaves && port !== layout.PORT_UNKNOWN ? port : undefined,
    neighbor: type === layout.ROUTE_UNICAST ? target : undefined,
    buckets: type === layout.ROUTE_MULTIPATH ? readBuckets(region, at, target) : undefined,
  };
}

function readBuckets(region: Region, at: number, first: number): Uint32Array {
  const count = region.getU32(at + layout.FORWARDING_MASK) + 1;
  const start = region.base(layout.REGION_BUCKETS) / 4 + first;
  return region.u32.slice(start, start + count);
}

const NEIGHBOR_STATES: ReadonlyMap<number, string> = new Map([
  [layout.NEIGHBOR_INCOMPLETE, "incomplete"],
  [layout.NEIGHBOR_REACHABLE, "reachable"],
  [layout.NEIGHBOR_PERMANENT, "permanent"],
  [layout.NEIGHBOR_FAILED, "failed"],
]);

/** Reads a neighbor by its number; undefined for 0, which is "none". */
export function inspectNeighbor(region: Region, number: number): NeighborFacts | undefined {
  if (number === 0) return undefined;
  const at = region.base(layout.REGION_NEIGHBORS) + number * layout.NEIGHBOR_STRIDE;
  const code = region.observe(at + layout.NEIGHBOR_STATE);
  const known = code === layout.NEIGHBOR_REACHABLE || code === layout.NEIGHBOR_PERMANENT;
  const bytes = region.u8[at + layout.NEIGHBOR_FAMILY] === 4 ? 4 : 16;
  return {
    port: region.u16[(at + layout.NEIGHBOR_PORT) >>> 1] as number,
    ip: region.bytes(at + layout.NEIGHBOR_IP, bytes).slice(),
    mac: known ? region.bytes(at + layout.NEIGHBOR_MACS, 6).slice() : undefined,
    state: NEIGHBOR_STATES.get(code) ?? "free",
  };
}

/**
 * The bucket, by its place, that a group gives a packet of this flow hash to; undefined when it has
 * none to give it to. Of a group whose buckets all see every packet: the first.
 */
export function inspectBucket(region: Region, number: number, hash: number): number | undefined {
  const at = region.base(layout.REGION_GROUPS) + number * layout.GROUP_STRIDE;
  const count = region.getU32(at + layout.GROUP_COUNT);
  if (count === 0) return undefined;
  const type = region.getU32(at + layout.GROUP_TYPE);
  if (type === layout.GROUP_SELECT_BY_HASH) {
    const slot = hash & region.getU32(at + layout.GROUP_MASK);
    return region.getU32(region.getU32(at + layout.GROUP_SLOTS) + slot * 4);
  }
  return type === layout.GROUP_FAST_FAILOVER ? firstAlive(region, at, count) : 0;
}

function firstAlive(region: Region, group: number, count: number): number | undefined {
  const buckets = region.getU32(group + layout.GROUP_BUCKETS);
  for (let bucket = 0; bucket < count; bucket++) {
    const at = buckets + bucket * layout.GROUP_BUCKET_STRIDE;
    const watched = region.getU32(at + layout.GROUP_BUCKET_WATCH);
    if (watched === layout.PORT_UNKNOWN || isUp(region, watched)) return bucket;
  }
  return undefined;
}

function isUp(region: Region, port: number): boolean {
  const at = region.base(layout.REGION_PORTS) + port * layout.PORT_STRIDE;
  return (region.getU32(at + layout.PORT_FLAGS) & layout.PORT_UP) !== 0;
}
