// A shard of the connection table: where its parts are, and which of its entries are free.
//
// Memory begins as zeros, so entries are not chained at the start: those from CONNECTIONS_USED on
// have never been used, and those given back are chained.

import {
  CONNECTION_BUCKET_BYTES,
  CONNECTION_STATUS,
  CONNECTION_STRIDE,
  CONNECTION_WHEEL_NEXT,
  CONNECTIONS_FREE,
  CONNECTIONS_INDEX,
  CONNECTIONS_LIVE,
  CONNECTIONS_USED,
  CONTROL_TICK_ZERO,
  CT_CONFIRMED,
  SHARD_SHIFT,
  SHARD_STRIDE,
  SHARD_TIME,
  TICK_SHIFT,
} from "../layout";
import {
  connectionBuckets,
  connectionCount,
  connections,
  shardConnectionBytes,
  shardStates,
} from "../memory/directory";

/** Of the open shard: its number, its header, entry 0, and the places of entries in the index. */
export let shardNumber: u32 = 0;
export let header: usize = 0;
export let entries: usize = 0;
export let places: usize = 0;

/** Opens the shard that a flow hash falls in. */
export function openShard(hash: u32): void {
  openShardNumber(hash >>> SHARD_SHIFT);
}

export function openShardNumber(number: u32): void {
  shardNumber = number;
  header = connections + <usize>number * shardConnectionBytes;
  entries = header + CONNECTIONS_INDEX + <usize>connectionBuckets * CONNECTION_BUCKET_BYTES;
  places = entries + <usize>connectionCount * CONNECTION_STRIDE;
}

/** Opens the shard an entry of the table belongs to. */
export function openShardOf(entry: usize): void {
  openShardNumber(<u32>((entry - connections) / shardConnectionBytes));
}

/** Address of an entry of the open shard. */
export function entryAt(number: u32): usize {
  return entries + <usize>number * CONNECTION_STRIDE;
}

/** Number of an entry of the open shard. */
export function numberOf(entry: usize): u32 {
  return <u32>(entry - entries) / CONNECTION_STRIDE;
}

/** A connection by its shard and number, as the host knows it; 0 = there is none. */
export function connectionAt(shard: u32, number: u32): usize {
  if (number === 0 || number >= connectionCount) return 0;
  openShardNumber(shard);
  const entry = entryAt(number);
  return (load<u32>(entry, CONNECTION_STATUS) & CT_CONFIRMED) !== 0 ? entry : 0;
}

/** Nanoseconds since 1970 on the clock of the open shard. */
export function shardTime(): u64 {
  return load<u64>(shardStates + <usize>shardNumber * SHARD_STRIDE, SHARD_TIME);
}

/** Ticks since tick 0, all bits of them. What is before it is tick 0. */
export function ticksAt(time: u64): u64 {
  const zero = load<u64>(CONTROL_TICK_ZERO);
  return time <= zero ? 0 : (time - zero) >> TICK_SHIFT;
}

/** Takes a free entry of the open shard; 0 = none. */
export function takeEntry(): u32 {
  const first: u32 = load<u16>(header, CONNECTIONS_FREE);
  if (first !== 0) {
    store<u16>(header, load<u16>(entryAt(first), CONNECTION_WHEEL_NEXT), CONNECTIONS_FREE);
    return first;
  }
  const next = load<u32>(header, CONNECTIONS_USED) + 1;
  if (next >= connectionCount) return 0;
  store<u32>(header, next, CONNECTIONS_USED);
  return next;
}

/** Gives an entry of the open shard back. */
export function freeEntry(number: u32): void {
  const entry = entryAt(number);
  store<u32>(entry, 0, CONNECTION_STATUS);
  store<u16>(entry, load<u16>(header, CONNECTIONS_FREE), CONNECTION_WHEEL_NEXT);
  store<u16>(header, <u16>number, CONNECTIONS_FREE);
}

/** Connections in the open shard, more by `change`. */
export function countLive(change: i32): void {
  store<u32>(header, load<u32>(header, CONNECTIONS_LIVE) + change, CONNECTIONS_LIVE);
}
