// Where expectations are: places in one table for all shards, in buckets by what is expected and by
// who announced it, and in the order they were made, which is that in which they are over.
//
// Only whoever's turn it is (turn.ts) comes here, so the table needs no locks.

import {
  EXPECTATION_AFTER,
  EXPECTATION_BEFORE,
  EXPECTATION_FIRST,
  EXPECTATION_MASTER,
  EXPECTATION_MASTER_FIRST,
  EXPECTATION_MASTER_NEXT,
  EXPECTATION_NEXT,
  EXPECTATION_STRIDE,
  EXPECTATIONS_EVER,
  EXPECTATIONS_FREE,
  EXPECTATIONS_NEWEST,
  EXPECTATIONS_OLDEST,
  MAX_EXPECTATIONS,
  TUPLE_DST,
  TUPLE_DST_PORT,
  TUPLE_FAMILY,
} from "../layout";
import { expectationCount, expectations } from "../memory/directory";
import { addAddress, addWord, endHash } from "../table/word_hash";

/** Address of an expectation; numbers begin at 1. */
export function expectationAt(number: u32): usize {
  return expectations + (<usize>number - 1) * EXPECTATION_STRIDE;
}

function numberOf(expectation: usize): u32 {
  return <u32>((expectation - expectations) / EXPECTATION_STRIDE) + 1;
}

function places(): u32 {
  return min<u32>(expectationCount, MAX_EXPECTATIONS);
}

/** The place whose bucket a hash falls in. */
function bucketOf(hash: u32): usize {
  return expectationAt(<u32>((<u64>hash * places()) >> 32) + 1);
}

/** The bucket of what goes to the tuple's destination; its source may be of any port. */
function bucketOfTuple(tuple: usize): usize {
  const family: u32 = load<u8>(tuple, TUPLE_FAMILY);
  const hash = addWord(<u32>load<u16>(tuple, TUPLE_DST_PORT), family);
  return bucketOf(endHash(addAddress(hash, tuple + TUPLE_DST, family)));
}

function bucketOfMaster(master: usize): usize {
  return bucketOf(endHash(addWord(0, <u32>master)));
}

// ---- buckets ------------------------------------------------------------------------------------

/** First expectation that goes where the tuple goes, or falls in the same bucket; 0 = none. */
export function firstTo(tuple: usize): usize {
  return addressOf(load<u16>(bucketOfTuple(tuple), EXPECTATION_FIRST));
}
export function nextTo(expectation: usize): usize {
  return addressOf(load<u16>(expectation, EXPECTATION_NEXT));
}

/** The expectation of a master; 0 = none. */
export function expectationOfMaster(master: usize): usize {
  if (places() === 0) return 0;
  let number: u32 = load<u16>(bucketOfMaster(master), EXPECTATION_MASTER_FIRST);
  while (number !== 0) {
    const expectation = expectationAt(number);
    if (load<u32>(expectation, EXPECTATION_MASTER) === <u32>master) return expectation;
    number = load<u16>(expectation, EXPECTATION_MASTER_NEXT);
  }
  return 0;
}

function addressOf(number: u32): usize {
  return number === 0 ? 0 : expectationAt(number);
}

function putInto(bucket: usize, first: usize, expectation: usize, next: usize): void {
  store<u16>(expectation + next, load<u16>(bucket + first));
  store<u16>(bucket + first, <u16>numberOf(expectation));
}

function takeFrom(bucket: usize, first: usize, expectation: usize, next: usize): void {
  const number = numberOf(expectation);
  let link = bucket + first;
  while (<u32>load<u16>(link) !== number) link = expectationAt(load<u16>(link)) + next;
  store<u16>(link, load<u16>(expectation + next));
}

// ---- places -------------------------------------------------------------------------------------

/** A place for one more; 0 = none is free. */
export function takePlace(): usize {
  const free: u32 = places() === 0 ? 0 : load<u16>(expectations, EXPECTATIONS_FREE);
  if (free !== 0) {
    store<u16>(expectations, load<u16>(expectationAt(free), EXPECTATION_AFTER), EXPECTATIONS_FREE);
    return expectationAt(free);
  }
  if (places() === 0) return 0;
  const fresh = <u32>load<u16>(expectations, EXPECTATIONS_EVER) + 1;
  if (fresh > places()) return 0;
  store<u16>(expectations, <u16>fresh, EXPECTATIONS_EVER);
  return expectationAt(fresh);
}

/** Puts an expectation, whose tuple and master are set, where it will be found; the newest. */
export function enlist(expectation: usize): void {
  putInto(bucketOfTuple(expectation), EXPECTATION_FIRST, expectation, EXPECTATION_NEXT);
  const master: usize = load<u32>(expectation, EXPECTATION_MASTER);
  const bucket = bucketOfMaster(master);
  putInto(bucket, EXPECTATION_MASTER_FIRST, expectation, EXPECTATION_MASTER_NEXT);
  const newest: u32 = load<u16>(expectations, EXPECTATIONS_NEWEST);
  store<u16>(expectation, 0, EXPECTATION_AFTER);
  store<u16>(expectation, <u16>newest, EXPECTATION_BEFORE);
  setNeighbor(newest, EXPECTATION_AFTER, EXPECTATIONS_OLDEST, numberOf(expectation));
  store<u16>(expectations, <u16>numberOf(expectation), EXPECTATIONS_NEWEST);
}

/** Takes an expectation out of everything; what it says stays until its place is used again. */
export function delist(expectation: usize): void {
  takeFrom(bucketOfTuple(expectation), EXPECTATION_FIRST, expectation, EXPECTATION_NEXT);
  const master: usize = load<u32>(expectation, EXPECTATION_MASTER);
  const bucket = bucketOfMaster(master);
  takeFrom(bucket, EXPECTATION_MASTER_FIRST, expectation, EXPECTATION_MASTER_NEXT);
  const after: u32 = load<u16>(expectation, EXPECTATION_AFTER);
  const before: u32 = load<u16>(expectation, EXPECTATION_BEFORE);
  setNeighbor(before, EXPECTATION_AFTER, EXPECTATIONS_OLDEST, after);
  setNeighbor(after, EXPECTATION_BEFORE, EXPECTATIONS_NEWEST, before);
  store<u32>(expectation, 0, EXPECTATION_MASTER);
  store<u16>(expectation, load<u16>(expectations, EXPECTATIONS_FREE), EXPECTATION_AFTER);
  store<u16>(expectations, <u16>numberOf(expectation), EXPECTATIONS_FREE);
}

/** Sets what lies beside the expectation of a number, or, where there is none, the list's end. */
function setNeighbor(number: u32, side: usize, end: usize, neighbor: u32): void {
  const at = number === 0 ? expectations + end : expectationAt(number) + side;
  store<u16>(at, <u16>neighbor);
}

/** The expectation made before all others that there are; 0 = there is none. */
export function oldestExpectation(): usize {
  return places() === 0 ? 0 : addressOf(load<u16>(expectations, EXPECTATIONS_OLDEST));
}
