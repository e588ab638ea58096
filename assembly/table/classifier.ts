// Which flow of a table a packet matches: tuple space search. Each subtable is a hash table by the
// bits of the key that its mask leaves; its rows, whose masks say as much or more, are verified
// with their own. Subtables come in the order of their highest ranks, so the search ends as soon as
// what is found ranks above all that remains. Where there are many, a filter rules most of them
// out.
//
// The host changes all this while workers read. Whatever a pointer leads to was complete before it
// was stored, and stays until no worker can hold it: readers need not lock, and see rows by the
// versions they were added and removed in. src/compile/classifier.ts is the other half.

import {
  BUCKET_BYTES,
  BUCKET_GONE,
  BUCKET_TAGS,
  BUCKETS_SPILLED,
  FILTER_COUNT,
  FILTER_OFFSETS,
  FILTER_STRIDE,
  FILTER_VALUES,
  HASH_FIRST_LOWER,
  HASH_FIRST_UPPER,
  HASH_JOIN,
  HASH_SECOND_LOWER,
  HASH_SECOND_UPPER,
  KEY_BLOCK,
  ROW_ADDED,
  ROW_BLOCK_BYTES,
  ROW_BLOCKS,
  ROW_FLOW,
  ROW_FLOW_BITS,
  ROW_HIGH,
  ROW_LOW,
  ROW_MASKED,
  ROW_NEXT,
  ROW_ORDER,
  ROW_PREDICATES,
  ROW_RANK_BITS,
  ROW_REMOVED,
  SUBTABLE_BLOCKS,
  SUBTABLE_BOUND,
  SUBTABLE_BUCKETS,
  SUBTABLE_FURTHER,
  SUBTABLE_MASK,
  SUBTABLE_STRIDE,
  SUBTABLES_COUNT,
  SUBTABLES_FILTER,
  SUBTABLES_FIRST,
  TABLE_SUBTABLES,
} from "../layout";
import { tablesVersion } from "../memory/directory";
import { isFlowAlive } from "../state/flows";
import { flowOf } from "./flows";
import { predicatesHold } from "./predicates";

const FIRST: u64 = ((<u64>HASH_FIRST_UPPER) << 32) | <u64>HASH_FIRST_LOWER;
const SECOND: u64 = ((<u64>HASH_SECOND_UPPER) << 32) | <u64>HASH_SECOND_LOWER;
const RANK: u64 = ((<u64>1) << ROW_RANK_BITS) - 1;
const FLOW: u32 = (1 << ROW_FLOW_BITS) - 1;

/**
 * The flow with the highest rank below `below` that is visible and alive at `now` and matches the
 * key; 0 when there is none.
 * @param table address of the table
 * @param key KEY_BYTES, with all that flows look at
 * @param now nanoseconds since 1970
 */
export function lookup(table: usize, key: usize, below: u64, now: u64): usize {
  const list: usize = atomic.load<u32>(table, TABLE_SUBTABLES);
  if (list === 0) return 0;
  let bound = below;
  for (let row = highest(list, key, bound); row !== 0; row = highest(list, key, bound)) {
    const flow = flowOf(load<u32>(row, ROW_FLOW) & FLOW);
    // Asked of what would be found only: it may have to wait for other workers.
    if (isFlowAlive(flow, now)) return flow;
    bound = rankOf(row);
  }
  return 0;
}

/** The row with the highest rank below `below` that is visible and matches; 0 when none does. */
function highest(list: usize, key: usize, below: u64): usize {
  const count: i32 = atomic.load<i32>(list, SUBTABLES_COUNT);
  const filter: usize = load<u32>(list, SUBTABLES_FILTER);
  const worth = filter === 0 ? i64x2.splat(-1) : worthLooking(filter, key);
  let places: u64 = i64x2.extract_lane(worth, 0);
  let found: usize = 0;
  let best: u64 = 0;
  for (let start: i32 = 0; start < count; start += 64) {
    const subtables = list + SUBTABLES_FIRST + <usize>start * SUBTABLE_STRIDE;
    if (count - start < 64) places &= ((<u64>1) << (count - start)) - 1;
    for (; places !== 0; places &= places - 1) {
      const subtable = subtables + <usize>ctz(places) * SUBTABLE_STRIDE;
      if (load<u64>(subtable, SUBTABLE_BOUND) < best) return found;
      const row = matchInSubtable(subtable, key, below, best);
      if (row === 0) continue;
      found = row;
      best = rankOf(row);
    }
    places = start === 0 ? i64x2.extract_lane(worth, 1) : u64.MAX_VALUE;
  }
  return found;
}

function rankOf(row: usize): u64 {
  return load<u64>(row, ROW_ORDER) & RANK;
}

/** Which of the first subtables the key is not ruled out of, by some of its bytes. */
function worthLooking(filter: usize, key: usize): v128 {
  let worth = i64x2.splat(-1);
  let values = filter + FILTER_VALUES;
  let offset = filter + FILTER_OFFSETS;
  for (const end = offset + <usize>load<u8>(filter, FILTER_COUNT); offset < end; offset++) {
    const value = <usize>load<u8>(key + <usize>load<u8>(offset));
    worth = v128.and(worth, v128.load(values + value * KEY_BLOCK));
    values += FILTER_STRIDE;
  }
  return worth;
}

/** The same in a subtable, where only what ranks at `least` or higher is wanted. */
function matchInSubtable(subtable: usize, key: usize, below: u64, least: u64): usize {
  let hash = mix(
    load<u64>(key) & load<u64>(subtable, SUBTABLE_MASK),
    load<u64>(key, 8) & load<u64>(subtable, SUBTABLE_MASK + 8),
  );
  const blocks = load<u32>(subtable, SUBTABLE_BLOCKS) >> 1;
  if (blocks !== 0) hash = mixFurther(hash, key, blocks, load<u32>(subtable, SUBTABLE_FURTHER));
  const buckets = atomic.load<u32>(subtable, SUBTABLE_BUCKETS);
  const place = hash >> (buckets & (BUCKETS_SPILLED - 1));
  const bucket = <usize>(buckets & ~63) + <usize>(place >> 6) * BUCKET_BYTES;
  let tag = place & BUCKET_TAGS;
  tag += u32(tag === 0);
  if (!v128.any_true(tagged(v128.load(bucket), tag)) && (buckets & BUCKETS_SPILLED) === 0) return 0;
  return matchInBuckets(bucket, buckets, tag, key, below, least);
}

function mix(first: u64, second: u64): u32 {
  return <u32>((first * FIRST + second * SECOND) >> 32);
}

function tagged(entries: v128, tag: u32): v128 {
  return i32x4.eq(v128.and(entries, i32x4.splat(63)), i32x4.splat(tag));
}

/** Joins the blocks behind block 0; `blocks` has bit 0 for block 1. */
function mixFurther(start: u32, key: usize, blocks: u32, masks: usize): u32 {
  let hash = start;
  let mask = masks;
  for (let left = blocks; left !== 0; left &= left - 1) {
    const block = key + KEY_BLOCK + <usize>ctz(left) * KEY_BLOCK;
    const own = mix(load<u64>(block) & load<u64>(mask), load<u64>(block, 8) & load<u64>(mask, 8));
    hash = hash * <u32>HASH_JOIN + own;
    mask += KEY_BLOCK;
  }
  return hash;
}

/** The same from a bucket on. */
function matchInBuckets(
  start: usize,
  buckets: u32,
  tag: u32,
  key: usize,
  below: u64,
  least: u64,
): usize {
  const base = <usize>(buckets & ~63);
  const places: u32 = u32.MAX_VALUE >> (buckets & (BUCKETS_SPILLED - 1));
  const last = base + <usize>(places >> 6) * BUCKET_BYTES;
  let bucket = start;
  let found: usize = 0;
  let best = least;
  do {
    const entries = v128.load(bucket);
    let lanes = i32x4.bitmask(tagged(entries, tag));
    for (; lanes !== 0; lanes &= lanes - 1) {
      // Read once more: the chain may have got another first row, or have gone, in between.
      const entry = atomic.load<u32>(bucket + ((<usize>ctz(lanes)) << 2));
      if (entry <= <u32>BUCKET_GONE) continue;
      const row = matchInChain(<usize>(entry & ~63), key, below, best);
      if (row === 0) continue;
      found = row;
      best = rankOf(row);
    }
    if ((buckets & BUCKETS_SPILLED) === 0 || !i32x4.all_true(entries)) return found;
    bucket = bucket === last ? base : bucket + BUCKET_BYTES;
  } while (bucket !== start);
  return found;
}

function matchInChain(chain: usize, key: usize, below: u64, least: u64): usize {
  for (let row = chain; row !== 0; row = atomic.load<u32>(row, ROW_NEXT)) {
    const rank = rankOf(row);
    if (rank < least) return 0;
    if (rank >= below || !rowMatches(row, key)) continue;
    if (isVisible(row) && hasPredicates(row, key)) return row;
  }
  return 0;
}

function rowMatches(row: usize, key: usize): bool {
  let masked = row + ROW_MASKED;
  for (let left: u32 = load<u16>(row, ROW_BLOCKS); left !== 0; left &= left - 1) {
    const block = v128.load(key + <usize>ctz(left) * KEY_BLOCK);
    const value = v128.load(masked, KEY_BLOCK);
    if (v128.any_true(v128.xor(v128.and(block, v128.load(masked)), value))) return false;
    masked += ROW_BLOCK_BYTES;
  }
  const place = (<usize>(load<u32>(row, ROW_FLOW) >> ROW_FLOW_BITS)) << 1;
  const ranged: u32 = bswap<u16>(load<u16>(key + place));
  return ranged >= load<u16>(row, ROW_LOW) && ranged <= load<u16>(row, ROW_HIGH);
}

/** Only for rows that are visible: the predicates of others may have gone. */
function hasPredicates(row: usize, key: usize): bool {
  const predicates: usize = load<u32>(row, ROW_PREDICATES);
  return predicates === 0 || predicatesHold(predicates, key);
}

/** Versions are compared modulo 2^32. */
function isVisible(row: usize): bool {
  const added = atomic.load<u32>(row, ROW_ADDED);
  if (added !== 0 && <i32>(tablesVersion - added) < 0) return false;
  const removed = atomic.load<u32>(row, ROW_REMOVED);
  return removed === 0 || <i32>(tablesVersion - removed) < 0;
}
