// Named sets: whether what a packet's key holds is an element. The drawing is in layout.ts.
//
// There is one hash table for each mask that elements have: one for exact ones, one for each length
// of prefixes. The host adds and removes elements while workers read; which of them a worker sees
// follows from the version it works with, so that a change of many appears at once.

import {
  LANE_BYTES,
  LANE_LEFT,
  LANE_OFFSET,
  LANE_RIGHT,
  SET_HASH_FIRST,
  SET_HASH_FOURTH,
  SET_HASH_SECOND,
  SET_HASH_THIRD,
  SET_LIST,
  SET_LIST_COUNT,
  SET_LIST_FIRST,
  SET_LIST_MASK,
  SET_LIST_TABLE,
  SET_SLOT_ADDED,
  SET_SLOT_LANES,
  SET_SLOT_REMOVED,
  SET_SLOT_TAG,
  SET_SLOT_USED,
  SET_TABLE_ENDS,
  SET_TABLE_MASK,
  SET_TABLE_SLOTS,
  SET_TABLE_STRIDE,
  SET_TABLE_WIDE,
} from "../layout";
import { tablesVersion } from "../memory/directory";

/** The value of one lane: `lane` points to where it is in the key (LANE_*). */
export function laneValue(lane: usize, key: usize): u64 {
  const word = bswap<u64>(load<u64>(key + <usize>load<u8>(lane, LANE_OFFSET)));
  return (word << (<u64>load<u8>(lane, LANE_LEFT))) >> <u64>load<u8>(lane, LANE_RIGHT);
}

/**
 * Whether the key's values are in the set.
 * @param set address of the set's header
 * @param lanes where `count` lanes are in the key, LANE_BYTES each
 */
export function isMember(set: usize, lanes: usize, count: u32, key: usize): bool {
  const list: usize = atomic.load<u32>(set, SET_LIST);
  if (list === 0) return false;
  const stride = <usize>SET_LIST_MASK + ((<usize>count) << 3);
  let entry = list + SET_LIST_FIRST;
  const end = entry + <usize>load<u32>(list, SET_LIST_COUNT) * stride;
  for (; entry < end; entry += stride) {
    const table: usize = atomic.load<u32>(entry, SET_LIST_TABLE);
    if (isInTable(table, entry + SET_LIST_MASK, lanes, count, key)) return true;
  }
  return false;
}

function isInTable(table: usize, masks: usize, lanes: usize, count: u32, key: usize): bool {
  const hash = hashLanes(masks, lanes, count, key);
  const tag = hash | <u32>SET_SLOT_USED;
  const mask = load<u32>(table, SET_TABLE_MASK);
  const stride = load<u32>(table, SET_TABLE_STRIDE);
  const ranged = load<u32>(table, SET_TABLE_ENDS) !== 0;
  let place = hash & mask;
  while (true) {
    const slot = table + SET_TABLE_SLOTS + <usize>place * stride;
    const found = atomic.load<u32>(slot, SET_SLOT_TAG);
    if (found === 0) return false;
    if (found === tag && isVisible(slot) && isSame(slot, masks, lanes, count, key)) {
      if (!ranged) return true;
      const ends = slot + SET_SLOT_LANES + ((<usize>count) << 3);
      if (isBetween(ends, load<u32>(table, SET_TABLE_WIDE), lanes, count, key)) return true;
    }
    place = (place + 1) & mask;
  }
}

/** MurmurHash3 of what the masks leave of the lanes, lower halves first. */
function hashLanes(masks: usize, lanes: usize, count: u32, key: usize): u32 {
  let hash: u32 = 0;
  for (let n: usize = 0; n < <usize>count; n++) {
    const value = laneValue(lanes + n * LANE_BYTES, key) & load<u64>(masks + (n << 3));
    hash = mix(mix(hash, <u32>value), <u32>(value >> 32));
  }
  hash = (hash ^ (hash >> 16)) * <u32>SET_HASH_THIRD;
  hash = (hash ^ (hash >> 13)) * <u32>SET_HASH_FOURTH;
  return hash ^ (hash >> 16);
}

function mix(hash: u32, word: u32): u32 {
  const mixed = rotl<u32>(word * <u32>SET_HASH_FIRST, 15) * <u32>SET_HASH_SECOND;
  return rotl<u32>(hash ^ mixed, 13) * 5 + 0xe6546b64;
}

/** Versions are compared modulo 2^32, as those of the classifier's rows. */
function isVisible(slot: usize): bool {
  const added = atomic.load<u32>(slot, SET_SLOT_ADDED);
  if (added !== 0 && <i32>(tablesVersion - added) < 0) return false;
  const removed = atomic.load<u32>(slot, SET_SLOT_REMOVED);
  return removed === 0 || <i32>(tablesVersion - removed) < 0;
}

function isSame(slot: usize, masks: usize, lanes: usize, count: u32, key: usize): bool {
  for (let n: usize = 0; n < <usize>count; n++) {
    const value = laneValue(lanes + n * LANE_BYTES, key) & load<u64>(masks + (n << 3));
    if (load<u64>(slot + (n << 3), SET_SLOT_LANES) !== value) return false;
  }
  return true;
}

/** `ends` points to the lowest values, one per lane, and the highest behind them. */
function isBetween(ends: usize, wide: u32, lanes: usize, count: u32, key: usize): bool {
  const highs = ends + ((<usize>count) << 3);
  for (let n: usize = 0; n < <usize>count; n++) {
    const value = laneValue(lanes + n * LANE_BYTES, key);
    const low = ends + (n << 3);
    const high = highs + (n << 3);
    if (((wide >> <u32>n) & 1) !== 0) {
      const rest = laneValue(lanes + ++n * LANE_BYTES, key);
      if (isBelow(value, rest, low) || isAbove(value, rest, high)) return false;
    } else if (value < load<u64>(low) || value > load<u64>(high)) {
      return false;
    }
  }
  return true;
}

/** Whether a number of 128 bits is below the one at an address (higher half first). */
export function isBelow(upper: u64, lower: u64, number: usize): bool {
  const other = load<u64>(number);
  return upper < other || (upper === other && lower < load<u64>(number, 8));
}
export function isAbove(upper: u64, lower: u64, number: usize): bool {
  const other = load<u64>(number);
  return upper > other || (upper === other && lower > load<u64>(number, 8));
}
