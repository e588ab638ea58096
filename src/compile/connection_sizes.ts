// How much memory connections, their fragments and services need, by the limits.

import * as layout from "../../assembly/layout.ts";
import type { Model } from "../config/model.ts";
import type { MemorySizes } from "../memory/map.ts";

type ConnectionSizes = Pick<
  MemorySizes,
  | "connections"
  | "connectionBuckets"
  | "extensions"
  | "expectations"
  | "datagrams"
  | "fragmentBytes"
  | "serviceBytes"
  | "ownerSlots"
>;

const SLOTS_PER_BUCKET = 8;
/** So that a small table's few connections find room wherever their hashes fall. */
const LEAST_BUCKETS = 32;
/**
 * A backend with its share of its service's table, which is there twice while it changes: 100
 * places of two bytes at least, twice as many where primes are far apart, and room for rounding.
 */
const BACKEND_BYTES = 2048;
/** The smallest tables have 1024 places. */
const SERVICE_BYTES = 8192;

/** Bytes of a bucket of clients. */
export const CLIENT_BUCKET_BYTES = layout.CLIENTS_PER_BUCKET * layout.CLIENT_STRIDE;

/** The part of the memory's sizes that connection tracking asks for. */
export function connectionSizes({ conntrack, engine, services, tunnels }: Model): ConnectionSizes {
  const { limits } = engine;
  const on = conntrack.enabled;
  // What tunnels receive in fragments is put together, too.
  const reassembles = on || tunnels.length > 0;
  const connections = on ? shareOf(limits.flows) : 0;
  return {
    connections,
    connectionBuckets: on ? bucketsFor(connections) : 0,
    extensions: on ? shareOf(limits.flowExtensions) : 0,
    expectations: on ? limits.expectations : 0,
    datagrams: reassembles ? shareOf(limits.datagrams) : 0,
    fragmentBytes: reassembles ? Math.ceil(limits.fragmentBytes / layout.SHARDS / 64) * 64 : 0,
    serviceBytes: services.length === 0 ? 0 : serviceBytes(services, limits),
    ownerSlots: on ? ownerSlots(conntrack, connections) : 0,
  };
}

/** Places for sources, four fifths of which are in use when all connections are of others. */
function ownerSlots(conntrack: Model["conntrack"], connections: number): number {
  const { maxPerSource, zoneLimits } = conntrack;
  if (maxPerSource !== 0) return powerOfTwo(connections * layout.SHARDS * 1.25);
  return zoneLimits.size === 0 ? 0 : 1;
}

/**
 * Entries of a shard, entry 0 (none) included, such that all may be in use before a shard of good
 * luck runs out: five standard deviations above the mean.
 */
function shareOf(limit: number): number {
  const mean = limit / layout.SHARDS;
  const share = Math.ceil(mean + 5 * Math.sqrt(mean)) + 16;
  return Math.min(share, layout.MAX_SHARD_CONNECTIONS) + 1;
}

/**
 * Buckets of a shard's index. A connection that NAT changes has two places in it; four fifths of
 * all places are used when all connections are of that kind. Even, so that entries begin on a line.
 */
function bucketsFor(connections: number): number {
  return Math.max(LEAST_BUCKETS, 2 * Math.ceil((connections * 1.25) / SLOTS_PER_BUCKET));
}

function serviceBytes(services: Model["services"], limits: Model["engine"]["limits"]): number {
  const clients = services.some(({ affinity }) => affinity > 0)
    ? clientBuckets(limits.affinityClients) * CLIENT_BUCKET_BYTES
    : 0;
  return limits.backends * BACKEND_BYTES + services.length * SERVICE_BYTES + clients;
}

/** Buckets of the clients with affinity: a power of two. */
export function clientBuckets(clients: number): number {
  return powerOfTwo(clients / layout.CLIENTS_PER_BUCKET);
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(least, 1)));
}
