// The index of connections: from flow hash and tuple to the entry.
//
// Buckets of eight, one vector of tags and one of entries. What finds its bucket full goes on to
// the next ones, WALK at most. A bucket counts what has gone on from it (in the upper bits of its
// tags, where they cost a look-up nothing), so that a look-up stops where nothing has, and what is
// deleted makes no look-up longer.

import {
  CONNECTION_BUCKET_BYTES,
  CONNECTION_PLACES_BYTES,
  CONNECTION_STRIDE,
  CONNECTIONS_INDEX,
  NO_PLACE,
  SHARD_SHIFT,
  TUPLE_ZONE,
} from "../layout";
import { connectionBuckets, connections, shardConnectionBytes } from "../memory/directory";
import { entries, header, places } from "./connection_shards";
import { isOfPacket4, isOfTuple } from "./connection_tuples";

/**
 * Buckets looked through at most. What has gone on from a bucket lies in so many behind it, eight
 * in each, which its count of eight bits still holds.
 */
const WALK: u32 = 31;
const TAG_BITS: u32 = 0x7fff;
const ENTRIES: usize = 16;
/** Odd, without structure: the fraction of the golden ratio. */
const GOLDEN: u32 = 0x9e3779b9;

/** The part of the hash below the shard, other for each zone: its top chooses the bucket. */
function mixZone(hash: u32, zone: u32): u32 {
  return (hash ^ (zone * GOLDEN)) & ((1 << SHARD_SHIFT) - 1);
}

function bucketOf(mixed: u32): u32 {
  return <u32>((<u64>mixed * connectionBuckets) >> SHARD_SHIFT);
}

/** Of the other end of what chose the bucket; 0 means an empty place. */
function tagOf(mixed: u32): u32 {
  return max<u32>(mixed & TAG_BITS, 1);
}

function bucketAt(bucket: u32): usize {
  return header + CONNECTIONS_INDEX + <usize>bucket * CONNECTION_BUCKET_BYTES;
}

function bucketAfter(bucket: u32): u32 {
  return bucket + 1 === connectionBuckets ? 0 : bucket + 1;
}

/**
 * At most half of all buckets, so that the ways of one connection's two places never make a ring.
 */
function walkLength(): u32 {
  return min<u32>(WALK, (connectionBuckets + 1) >> 1);
}

/** Where a connection of this hash, in zone 0, is most likely indexed: for looking ahead. */
export function bucketAhead(hash: u32): usize {
  const shard = connections + <usize>(hash >>> SHARD_SHIFT) * shardConnectionBytes;
  return shard + CONNECTIONS_INDEX + <usize>bucketOf(mixZone(hash, 0)) * CONNECTION_BUCKET_BYTES;
}

/**
 * The entry that a connection of this hash, in zone 0, most likely has; entry 0, which is none's,
 * if its bucket does not show it.
 */
export function entryAhead(hash: u32): usize {
  const shard = connections + <usize>(hash >>> SHARD_SHIFT) * shardConnectionBytes;
  const mixed = mixZone(hash, 0);
  const bucket = shard + CONNECTIONS_INDEX + <usize>bucketOf(mixed) * CONNECTION_BUCKET_BYTES;
  const tags = v128.and(v128.load(bucket), i16x8.splat(<i16>TAG_BITS));
  const hits: i32 = i16x8.bitmask(i16x8.eq(tags, i16x8.splat(<i16>tagOf(mixed))));
  const place = bucket + ((<usize>ctz(hits | 256)) << 1);
  const number: usize = hits === 0 ? 0 : load<u16>(place, ENTRIES);
  const first = shard + CONNECTIONS_INDEX + <usize>connectionBuckets * CONNECTION_BUCKET_BYTES;
  return first + number * CONNECTION_STRIDE;
}

/**
 * The first entry behind this hash in the open shard, except one, that is of the tuple; 0 = none.
 */
export function searchIndex(hash: u32, tuple: usize, except: usize): usize {
  const mixed = mixZone(hash, load<u16>(tuple, TUPLE_ZONE));
  const tag = i16x8.splat(<i16>tagOf(mixed));
  let bucket = bucketOf(mixed);
  for (let steps = walkLength(); steps !== 0; steps--) {
    const at = bucketAt(bucket);
    const tags = v128.load(at);
    for (let hits = hitsOf(tags, tag); hits !== 0; hits &= hits - 1) {
      const entry = hitAt(at, hits);
      if (entry !== except && isOfTuple(entry, tuple)) return entry;
    }
    if (i16x8.bitmask(tags) === 0) return 0;
    bucket = bucketAfter(bucket);
  }
  return 0;
}

/**
 * The connection of a packet of IPv4 (see isOfPacket4), if it lies in the first bucket behind its
 * hash in the open shard, as nearly all do; 0 = ask searchIndex().
 */
export function findAtHome4(
  hash: u32,
  protocol: u32,
  zone: u32,
  addresses: u64,
  ports: u32,
): usize {
  const mixed = mixZone(hash, zone);
  const at = bucketAt(bucketOf(mixed));
  const tag = i16x8.splat(<i16>tagOf(mixed));
  for (let hits = hitsOf(v128.load(at), tag); hits !== 0; hits &= hits - 1) {
    const entry = hitAt(at, hits);
    if (isOfPacket4(entry, protocol, zone, addresses, ports)) return entry;
  }
  return 0;
}

/** The lanes of a bucket's tags that have this tag. */
function hitsOf(tags: v128, tag: v128): i32 {
  return i16x8.bitmask(i16x8.eq(v128.and(tags, i16x8.splat(<i16>TAG_BITS)), tag));
}

/** The entry in the first of these lanes of a bucket. */
function hitAt(bucket: usize, hits: i32): usize {
  const place = bucket + ((<usize>ctz(hits)) << 1);
  return entries + <usize>load<u16>(place, ENTRIES) * CONNECTION_STRIDE;
}

/** Places an entry under its hash and that of its reply; false, with nothing done: no room. */
export function addToIndex(number: u32, hash: u32, replyHash: u32, zone: u32): bool {
  const first = mixZone(hash, zone);
  const second = mixZone(replyHash, zone);
  if (!addPlace(first, number)) return false;
  const home = bucketOf(first);
  let replyHome: u32 = NO_PLACE;
  if (second !== first) {
    if (!addPlace(second, number)) {
      removePlace(home, number);
      return false;
    }
    replyHome = bucketOf(second);
  }
  store<u32>(places + <usize>number * CONNECTION_PLACES_BYTES, home | (replyHome << 16));
  return true;
}

/** Takes an entry out of the index. */
export function removeFromIndex(number: u32): void {
  const homes = load<u32>(places + <usize>number * CONNECTION_PLACES_BYTES);
  removePlace(homes & 0xffff, number);
  // Where one finds the other's place on its way, they change roles: the sum of what is counted is
  // the same, but the second may have to go on for as long again.
  if (homes >>> 16 !== <u32>NO_PLACE) removePlace(homes >>> 16, number);
}

function addPlace(mixed: u32, number: u32): bool {
  const home = bucketOf(mixed);
  const bucket = bucketHolding(home, 0, walkLength());
  if (bucket === <u32>NO_PLACE) return false;
  countOn(home, bucket, 1);
  setPlace(bucket, 0, tagOf(mixed), number);
  return true;
}

function removePlace(home: u32, number: u32): void {
  const bucket = bucketHolding(home, number, walkLength() << 1);
  if (bucket === <u32>NO_PLACE) return;
  countOn(home, bucket, -1);
  setPlace(bucket, number, 0, 0);
}

function lanesOf(bucket: u32, number: u32): i32 {
  const numbers = v128.load(bucketAt(bucket), ENTRIES);
  return i16x8.bitmask(i16x8.eq(numbers, i16x8.splat(<i16>number)));
}

/** The first bucket from `home` on that holds the entry (0 = an empty place); NO_PLACE = none. */
function bucketHolding(home: u32, number: u32, most: u32): u32 {
  let bucket = home;
  for (let steps = most; steps !== 0; steps--) {
    if (lanesOf(bucket, number) !== 0) return bucket;
    bucket = bucketAfter(bucket);
  }
  return NO_PLACE;
}

/** Writes over the bucket's first place of the entry `before`, and leaves the bucket's count. */
function setPlace(bucket: u32, before: u32, tag: u32, number: u32): void {
  const place = bucketAt(bucket) + ((<usize>ctz(lanesOf(bucket, before))) << 1);
  const count: u32 = load<u16>(place) & ~TAG_BITS;
  store<u16>(place, <u16>(count | tag));
  store<u16>(place, <u16>number, ENTRIES);
}

/** Changes the counts of the buckets from `home` on that are passed on the way to `bucket`. */
function countOn(home: u32, bucket: u32, change: i32): void {
  for (let passed = home; passed !== bucket; passed = bucketAfter(passed)) {
    const at = bucketAt(passed);
    const tags = v128.load(at);
    const count = i16x8.splat(<i16>(i16x8.bitmask(tags) + change));
    const lanes = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
    const bits = i16x8.eq(v128.and(count, lanes), lanes);
    v128.store(at, v128.bitselect(bits, tags, i16x8.splat(<i16>~TAG_BITS)));
  }
}
