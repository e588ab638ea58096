// The flow cache: what flows the first packet of its kind has met, for those that follow. "Of its
// kind" means equal in every field that any flow looks at (CONTROL_KEY_MASK), so a kept outcome is
// the outcome of classifying, and costs one look-up however many flows there are.
//
// Tables change under it. An entry knows the version of the tables it was made under; when that is
// not the present one, the changes since then are compared with the packet's key, and the entry
// stays good if none of them is about such a packet (layout.ts, CHANGE_*).

import {
  CACHE_BEFORE,
  CACHE_BEHIND,
  CACHE_BLOCKS,
  CACHE_FLAGS,
  CACHE_FLOWS,
  CACHE_FLOWS_REST,
  CACHE_HASH,
  CACHE_INGRESS,
  CACHE_KEY,
  CACHE_KEY_REST,
  CACHE_MAX_BLOCKS,
  CACHE_OUT_PORT,
  CACHE_STRIDE,
  CACHE_VERSION,
  CACHE_WAYS,
  CACHED_REWRITTEN,
  CHANGE_ANY,
  CHANGE_BLOCK_NUMBERS,
  CHANGE_COUNT,
  CHANGE_MASKED,
  CHANGE_SLOTS,
  CHANGE_STRIDE,
  CHANGE_WALK,
  CONTROL_KEY_MASK,
  CONTROL_TABLES_WRITING,
  COUNT_CACHE_EVICTED,
  PACKET_L4,
  SHARD_SHIFT,
  WORKER_KEY_MASKED,
} from "../layout";
import { countEvent } from "../memory/counters";
import { changes, flowCache, flowCacheEntries, tablesVersion, worker } from "../memory/directory";

// Odd constants without structure: fractions of the square roots of 11, 13 and 17
const FIRST: u64 = 0x510e527fade682d1;
const SECOND: u64 = 0x9b05688c2b3e6c1f;
const THIRD: u64 = 0x1f83d9abfb41bd6b;

/** Whether flows look at whole addresses of IPv4 (readPlacement), as of the start of the burst. */
let ends: bool = false;
/** The bits of IPv4's ports that flows look at. */
let portMask: u32 = 0;
/**
 * Of the key looked for last: where to look from on, its hash, the blocks of it that are not zero
 * and how many they are, and the entries of its shard.
 */
let home: u32 = 0;
let placedByEnds: bool = false;
let hash: u32 = 0;
let blocks: u32 = 0;
let kept: u32 = 0;
let shard: usize = 0;

/**
 * Noted beside the blocks of packets without a whole transport header: in the key their ports are
 * zero, as those of others may be; but what is written to them stays so.
 */
const NO_TRANSPORT: u32 = 0x8000;

/**
 * Once per burst. Where flows look at whole addresses of IPv4, few entries share both ends, and
 * they lie by what is looked at of these: it is known early (cachedAhead). Else they lie by the
 * hash of the key.
 */
export function readPlacement(): void {
  const mask = v128.load(CONTROL_KEY_MASK);
  ends = i64x2.extract_lane(mask, 0) === ~0;
  portMask = i32x4.extract_lane(mask, 2);
}

/**
 * Where the entry of a packet of this flow hash most likely is, for looking ahead; 0 when that
 * cannot be said. Addresses and ports as they lie in the packet, the source in the lower half.
 */
export function cachedAhead(flowHash: u32, addresses: u64, ports: u32): usize {
  if (!ends || flowCacheEntries === 0) return 0;
  const place = placeOf(addresses, ports & portMask) & (flowCacheEntries - 1);
  return shardOf(flowHash) + <usize>place * CACHE_STRIDE;
}

/** Where to look from on for the entries of two ends, each direction for itself. */
function placeOf(addresses: u64, ports: u32): u32 {
  let mixed = addresses * FIRST;
  mixed = (mixed ^ (mixed >> 32) ^ ports) * SECOND;
  return <u32>(mixed >> 32);
}

function shardOf(flowHash: u32): usize {
  return flowCache + <usize>(flowHash >>> SHARD_SHIFT) * flowCacheEntries * CACHE_STRIDE;
}

/**
 * Looks for the entry of a key, of which the blocks `wanted` are extracted, of a packet with these
 * PACKET_* flags, in the shard of the flow hash; 0 = none. It may be outdated: ask isFresh().
 */
export function findCached(key: usize, wanted: u32, flags: u32, flowHash: u32): usize {
  maskKey(key, wanted, (flags & PACKET_L4) === 0 ? NO_TRANSPORT : 0);
  if (kept > <u32>CACHE_MAX_BLOCKS || flowCacheEntries === 0) return 0;
  shard = shardOf(flowHash);
  const first = v128.load(worker + WORKER_KEY_MASKED);
  const addresses = i64x2.extract_lane(first, 0);
  // Block 0 is the first if it is kept, and else others' lie there.
  placedByEnds = ends && (blocks & 1) !== 0 && addresses !== 0;
  home = placedByEnds ? placeOf(addresses, i32x4.extract_lane(first, 2)) : hash;
  for (let way: u32 = 0; way < <u32>CACHE_WAYS; way++) {
    const entry = entryAt(way);
    if (
      load<u32>(entry, CACHE_HASH) === hash &&
      load<u16>(entry, CACHE_BLOCKS) === <u16>blocks &&
      load<u32>(entry, CACHE_VERSION) !== 0 &&
      isOfKey(entry)
    ) {
      return entry;
    }
  }
  return 0;
}

function entryAt(way: u32): usize {
  return shard + <usize>((home + way) & (flowCacheEntries - 1)) * CACHE_STRIDE;
}

/**
 * Notes what of the key counts, its blocks without a bit left out, what goes with them, its hash.
 */
function maskKey(key: usize, wanted: u32, more: u32): void {
  let target = worker + WORKER_KEY_MASKED;
  let mixed: u64 = 0;
  blocks = more;
  kept = 0;
  for (let rest = wanted; rest !== 0; rest &= rest - 1) {
    const block: usize = ctz(rest);
    const mask = v128.load(<usize>CONTROL_KEY_MASK + (block << 4));
    const masked = v128.and(v128.load(key + (block << 4)), mask);
    if (!v128.any_true(masked)) continue;
    v128.store(target, masked);
    target += 16;
    kept++;
    blocks |= (<u32>1) << (<u32>block);
    mixed = (mixed ^ i64x2.extract_lane(masked, 0)) * FIRST;
    mixed = (rotl<u64>(mixed, 29) ^ i64x2.extract_lane(masked, 1)) * SECOND;
    mixed ^= mixed >> 32;
  }
  hash = <u32>(((mixed ^ blocks) * THIRD) >> 32);
}

/** Address of the place of a key's block, by its place among those kept. */
function keyBlock(entry: usize, place: u32): usize {
  const first = place < 2 ? CACHE_KEY : CACHE_KEY_REST - 32;
  return entry + first + ((<usize>place) << 4);
}

function isOfKey(entry: usize): bool {
  const masked = worker + WORKER_KEY_MASKED;
  for (let place: u32 = 0; place < kept; place++) {
    const difference = v128.xor(
      v128.load(masked + ((<usize>place) << 4)),
      v128.load(keyBlock(entry, place)),
    );
    if (v128.any_true(difference)) return false;
  }
  return true;
}

/**
 * An empty entry for the key looked for last; 0 when the key does not fit into one. Another entry
 * may have to give way: rather one that is outdated, else one that the packet's number chooses, so
 * that it is the same one for any number of workers. Of the entries of two ends, such as those of
 * a connection's first packet and of all others, the newest lies where looking ahead expects it.
 */
export function claimEntry(sequence: u64): usize {
  if (kept > <u32>CACHE_MAX_BLOCKS || flowCacheEntries === 0) return 0;
  let entry = outdatedWay();
  if (entry === 0) {
    entry = victim(sequence);
    countEvent(COUNT_CACHE_EVICTED);
  }
  const first = entryAt(0);
  if (entry !== first && isOfSameEnds(first)) {
    memory.copy(entry, first, CACHE_STRIDE);
    entry = first;
  }
  clearEntry(entry);
  store<u32>(entry, hash, CACHE_HASH);
  store<u16>(entry, <u16>blocks, CACHE_BLOCKS);
  const masked = worker + WORKER_KEY_MASKED;
  for (let place: u32 = 0; place < kept; place++) {
    v128.store(keyBlock(entry, place), v128.load(masked + ((<usize>place) << 4)));
  }
  return entry;
}

/** The older one of the same ends, or any. */
function victim(sequence: u64): usize {
  for (let way: u32 = CACHE_WAYS; way !== 0; way--) {
    const entry = entryAt(way - 1);
    if (isOfSameEnds(entry)) return entry;
  }
  return entryAt((hash ^ <u32>sequence) % CACHE_WAYS);
}

/** Whether the entry, if it is one, lies by the same ends as the key looked for last. */
function isOfSameEnds(entry: usize): bool {
  if (!placedByEnds) return false;
  if (load<u32>(entry, CACHE_VERSION) === 0 || (load<u16>(entry, CACHE_BLOCKS) & 1) === 0)
    return false;
  const masked = worker + WORKER_KEY_MASKED;
  return !v128.any_true(v128.xor(v128.load(masked), v128.load(entry, CACHE_KEY)));
}

function outdatedWay(): usize {
  for (let way: u32 = 0; way < <u32>CACHE_WAYS; way++) {
    const entry = entryAt(way);
    const version = load<u32>(entry, CACHE_VERSION);
    if (version === 0 || tablesVersion - version > <u32>CHANGE_WALK) return entry;
  }
  return 0;
}

/** Forgets what the entry knows, for the same key and the tables of now. */
export function clearEntry(entry: usize): void {
  store<u32>(entry, tablesVersion, CACHE_VERSION);
  store<u32>(entry, 0, CACHE_INGRESS);
}

/** Whether the entry was made, or last found good, under the present tables. */
export function isCurrent(entry: usize): bool {
  return load<u32>(entry, CACHE_VERSION) === tablesVersion;
}

/**
 * Whether an entry of older tables holds under the present ones too; `key` is the packet's,
 * complete. One that does is noted as good for them.
 */
export function isFresh(entry: usize, key: usize): bool {
  const version = load<u32>(entry, CACHE_VERSION);
  if (tablesVersion - version > <u32>CHANGE_WALK) return false;
  if ((cacheFlags(entry) & CACHED_REWRITTEN) !== 0) return false;
  for (let change = version; change !== tablesVersion; ) {
    change++;
    if (concerns(change, key)) return false;
  }
  // The host may have gone on so far meanwhile that it wrote over what was just read.
  if (atomic.load<u32>(CONTROL_TABLES_WRITING) - version >= <u32>CHANGE_SLOTS) return false;
  store<u32>(entry, tablesVersion, CACHE_VERSION);
  return true;
}

/** Whether a change of the tables may be about packets with this key. */
function concerns(change: u32, key: usize): bool {
  const slot = changes + <usize>(change & (CHANGE_SLOTS - 1)) * CHANGE_STRIDE;
  const count = load<u32>(slot, CHANGE_COUNT);
  if (count === <u32>CHANGE_ANY) return true;
  for (let place: usize = 0; place < <usize>count; place++) {
    const block: usize = load<u8>(slot + place, CHANGE_BLOCK_NUMBERS);
    const pair = slot + CHANGE_MASKED + (place << 5);
    const masked = v128.and(v128.load(key + (block << 4)), v128.load(pair));
    if (v128.any_true(v128.xor(masked, v128.load(pair, 16)))) return false;
  }
  return true;
}

/** CACHED_* bits. */
export function cacheFlags(entry: usize): u32 {
  return load<u8>(entry, CACHE_FLAGS);
}
export function addCacheFlags(entry: usize, flags: u32): void {
  store<u8>(entry, <u8>(cacheFlags(entry) | flags), CACHE_FLAGS);
}
export function removeCacheFlags(entry: usize, flags: u32): void {
  store<u8>(entry, <u8>(cacheFlags(entry) & ~flags), CACHE_FLAGS);
}

/** Flows met in the part of the way that CACHED_* `part` names. */
export function cachedCount(entry: usize, part: u32): u32 {
  return load<u8>(entry + partOffset(part));
}
export function setCachedCount(entry: usize, part: u32, count: u32): void {
  store<u8>(entry + partOffset(part), <u8>count);
}
/** CACHED_INGRESS, CACHED_BEFORE, CACHED_BEHIND are 1, 2, 4; their counts lie side by side. */
function partOffset(part: u32): usize {
  return <usize>CACHE_INGRESS + <usize>(part >> 1);
}
/** Place of the part's first flow. */
export function cachedStart(entry: usize, part: u32): u32 {
  let start: u32 = 0;
  if (part > 1) start += load<u8>(entry, CACHE_INGRESS);
  if (part > 2) start += load<u8>(entry, CACHE_BEFORE);
  return start;
}
/** Flows met in all parts. */
export function cachedTotal(entry: usize): u32 {
  return cachedStart(entry, 4) + load<u8>(entry, CACHE_BEHIND);
}

/** Number of the flow at a place. */
export function cachedFlow(entry: usize, place: u32): u32 {
  return load<u32>(flowPlace(entry, place));
}
export function setCachedFlow(entry: usize, place: u32, flow: u32): void {
  store<u32>(flowPlace(entry, place), flow);
}
function flowPlace(entry: usize, place: u32): usize {
  const first = place < 4 ? CACHE_FLOWS : CACHE_FLOWS_REST - 16;
  return entry + first + ((<usize>place) << 2);
}

export function cachedOutPort(entry: usize): u32 {
  return load<u16>(entry, CACHE_OUT_PORT);
}
export function setCachedOutPort(entry: usize, port: u32): void {
  store<u16>(entry, <u16>port, CACHE_OUT_PORT);
}
