// The datagrams a shard has fragments of: found by what their fragments have in common, and in a
// list by age, so that those whose time is over are at its beginning.
//
// The rows of the index are as many as the datagrams, and their heads lie in the entries of these:
// entry n holds, beside datagram n, the head of row n.

import {
  DATAGRAM_BEFORE,
  DATAGRAM_DEADLINE,
  DATAGRAM_IN_ROW,
  DATAGRAM_KEY,
  DATAGRAM_KEY_BYTES,
  DATAGRAM_NEXT,
  DATAGRAM_ROW,
  DATAGRAM_ROW_NUMBER,
  DATAGRAM_STRIDE,
  DATAGRAMS_EVER,
  DATAGRAMS_FIRST,
  DATAGRAMS_FREE,
  DATAGRAMS_NEWEST,
  DATAGRAMS_OLDEST,
} from "../layout";
import { datagramCount, datagrams, shardFragmentBytes } from "../memory/directory";

// Odd constants without structure: fractions of the square roots of 2 and 3
const FIRST: u32 = 0x6a09e667;
const SECOND: u32 = 0xbb67ae85;

/** The shard's part of the region, of the packet at hand. */
export let shard: usize = 0;

export function openShard(number: u32): void {
  shard = datagrams + <usize>number * shardFragmentBytes;
}

function datagramAt(number: u32): usize {
  return shard + DATAGRAMS_FIRST + <usize>number * DATAGRAM_STRIDE;
}
function numberOf(datagram: usize): u32 {
  return <u32>((datagram - shard - DATAGRAMS_FIRST) / DATAGRAM_STRIDE);
}

/** Row of a key whose packets have this flow hash. */
function rowOf(key: usize, hash: u32): u32 {
  let mixed = (hash ^ (load<u32>(key) * SECOND)) * FIRST;
  mixed = (mixed ^ (mixed >> 15)) * SECOND;
  return <u32>((<u64>mixed * <u64>datagramCount) >> 32);
}

function isSame(a: usize, b: usize): bool {
  const one = v128.xor(v128.load(a), v128.load(b));
  const two = v128.xor(v128.load(a, 16), v128.load(b, 16));
  const three = v128.xor(v128.load(a, 32), v128.load(b, 32));
  return !v128.any_true(v128.or(one, v128.or(two, three)));
}

/** The datagram of this key (DATAGRAM_KEY_*); 0 = none. */
export function findDatagram(key: usize, hash: u32): usize {
  let number: u32 = load<u16>(datagramAt(rowOf(key, hash)), DATAGRAM_ROW);
  while (number !== 0) {
    const datagram = datagramAt(number);
    if (isSame(datagram + DATAGRAM_KEY, key)) return datagram;
    number = load<u16>(datagram, DATAGRAM_IN_ROW);
  }
  return 0;
}

/** An empty datagram of this key, the youngest; 0 when the shard has as many as it may. */
export function beginDatagram(key: usize, hash: u32, deadline: u32): usize {
  const number = takeNumber();
  if (number === 0) return 0;
  const datagram = datagramAt(number);
  const rowHead = load<u16>(datagram, DATAGRAM_ROW);
  memory.fill(datagram, 0, DATAGRAM_STRIDE);
  store<u16>(datagram, rowHead, DATAGRAM_ROW);
  store<u32>(datagram, deadline, DATAGRAM_DEADLINE);
  memory.copy(datagram + DATAGRAM_KEY, key, DATAGRAM_KEY_BYTES);
  const row = rowOf(key, hash);
  store<u16>(datagram, <u16>row, DATAGRAM_ROW_NUMBER);
  store<u16>(datagram, load<u16>(datagramAt(row), DATAGRAM_ROW), DATAGRAM_IN_ROW);
  store<u16>(datagramAt(row), <u16>number, DATAGRAM_ROW);
  const newest: u32 = load<u16>(shard, DATAGRAMS_NEWEST);
  store<u16>(datagram, <u16>newest, DATAGRAM_BEFORE);
  setNext(newest, number);
  store<u16>(shard, <u16>number, DATAGRAMS_NEWEST);
  return datagram;
}

function takeNumber(): u32 {
  const free: u32 = load<u16>(shard, DATAGRAMS_FREE);
  if (free !== 0) {
    store<u16>(shard, load<u16>(datagramAt(free), DATAGRAM_NEXT), DATAGRAMS_FREE);
    return free;
  }
  const fresh = <u32>load<u16>(shard, DATAGRAMS_EVER) + 1;
  if (fresh >= datagramCount) return 0;
  store<u16>(shard, <u16>fresh, DATAGRAMS_EVER);
  return fresh;
}

/** Says which datagram comes after one in the list by age; after 0 comes the oldest. */
function setNext(number: u32, next: u32): void {
  if (number === 0) store<u16>(shard, <u16>next, DATAGRAMS_OLDEST);
  else store<u16>(datagramAt(number), <u16>next, DATAGRAM_NEXT);
}

/** The datagram that was begun first; 0 = there is none. */
export function oldestDatagram(): usize {
  const number: u32 = load<u16>(shard, DATAGRAMS_OLDEST);
  return number === 0 ? 0 : datagramAt(number);
}

/** Takes a datagram that has no blocks any more out of index and list. */
export function releaseDatagram(datagram: usize): void {
  const number = numberOf(datagram);
  leaveRow(datagram, number);
  const next: u32 = load<u16>(datagram, DATAGRAM_NEXT);
  const before: u32 = load<u16>(datagram, DATAGRAM_BEFORE);
  setNext(before, next);
  if (next === 0) store<u16>(shard, <u16>before, DATAGRAMS_NEWEST);
  else store<u16>(datagramAt(next), <u16>before, DATAGRAM_BEFORE);
  store<u16>(datagram, load<u16>(shard, DATAGRAMS_FREE), DATAGRAM_NEXT);
  store<u16>(shard, <u16>number, DATAGRAMS_FREE);
}

function leaveRow(datagram: usize, number: u32): void {
  let place = datagramAt(load<u16>(datagram, DATAGRAM_ROW_NUMBER)) + DATAGRAM_ROW;
  while (<u32>load<u16>(place) !== number) {
    place = datagramAt(load<u16>(place)) + DATAGRAM_IN_ROW;
  }
  store<u16>(place, load<u16>(datagram, DATAGRAM_IN_ROW));
}
