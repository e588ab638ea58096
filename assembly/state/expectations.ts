// Expectations: connections that a helper has read of in another one, their master, before their
// first packet comes (nf_conntrack_expect of Linux). Each is met once; a master has one at a time,
// a later one takes the place of the one before.
//
// The master and what it announces may fall in different shards, so all workers share the table,
// and every use takes its turn: who is first is decided by the order of packets, whoever works.

import { addStatus, connectionMark, isConfirmed, removeStatus } from "../connection";
import {
  CONNECTION_SRC,
  CONTROL_TIMEOUTS,
  COUNT_EXPECTATIONS_LOST,
  COUNT_EXPECTATIONS_MET,
  COUNT_EXPECTED,
  CT_EXPECTING,
  EXPECTATION_DEADLINE,
  EXPECTATION_FLAGS,
  EXPECTATION_HELPER,
  EXPECTATION_MARK,
  EXPECTATION_MASTER,
  EXPECTATION_MASTER_ENDS,
  EXPECTATION_PORT,
  TIMEOUT_EXPECTATION,
  TUPLE_BYTES,
  TUPLE_DST,
  TUPLE_DST_PORT,
  TUPLE_PROTOCOL,
  TUPLE_SRC,
  TUPLE_SRC_PORT,
} from "../layout";
import { countEvent } from "../memory/counters";
import { expectationCount } from "../memory/directory";
import {
  delist,
  enlist,
  expectationOfMaster,
  firstTo,
  nextTo,
  oldestExpectation,
  takePlace,
} from "./expectation_index";
import { takeTurn } from "./turn";

/** As many that are over are cleared away when one is made. */
const CLEARED: u32 = 4;
const ENDS_BYTES: usize = 16;

/** Whether a packet of `tuple` is what is expected: source ports may differ. */
function isOf(expectation: usize, tuple: usize): bool {
  const source = v128.xor(v128.load(expectation, TUPLE_SRC), v128.load(tuple, TUPLE_SRC));
  const target = v128.xor(v128.load(expectation, TUPLE_DST), v128.load(tuple, TUPLE_DST));
  if (v128.any_true(v128.or(source, target))) return false;
  if (load<u16>(expectation, TUPLE_DST_PORT) !== load<u16>(tuple, TUPLE_DST_PORT)) return false;
  return load<u32>(expectation, TUPLE_PROTOCOL) === load<u32>(tuple, TUPLE_PROTOCOL);
}

function isOver(expectation: usize, now: u32): bool {
  return <i32>(load<u32>(expectation, EXPECTATION_DEADLINE) - now) <= 0;
}

/** The host may have ended the master, and its place may be another's. */
function hasMaster(expectation: usize): bool {
  const master: usize = load<u32>(expectation, EXPECTATION_MASTER);
  if (!isConfirmed(master)) return false;
  const ends = expectation + <usize>EXPECTATION_MASTER_ENDS;
  return memory.compare(ends, master + <usize>CONNECTION_SRC, ENDS_BYTES) === 0;
}

/** What is expected with the tuple, and not over; 0 = nothing is. */
function find(tuple: usize, now: u32): usize {
  let expectation = firstTo(tuple);
  while (expectation !== 0) {
    const next = nextTo(expectation);
    if (isOf(expectation, tuple)) {
      if (!isOver(expectation, now) && hasMaster(expectation)) return expectation;
      delist(expectation);
    }
    expectation = next;
  }
  return 0;
}

/**
 * Meets the expectation of a packet with this tuple, which is then no more. Its address, where it
 * can be read while the packet is at hand; 0 = it was not expected.
 */
export function meetExpectation(tuple: usize, now: u32): usize {
  if (expectationCount === 0) return 0;
  takeTurn();
  const expectation = find(tuple, now);
  if (expectation === 0) return 0;
  delist(expectation);
  countEvent(COUNT_EXPECTATIONS_MET);
  return expectation;
}

/** Whether another master than this one expects what would have the tuple. */
export function isExpectedElsewhere(tuple: usize, master: usize, now: u32): bool {
  if (expectationCount === 0) return false;
  takeTurn();
  const expectation = find(tuple, now);
  return expectation !== 0 && load<u32>(expectation, EXPECTATION_MASTER) !== <u32>master;
}

/** What the master expects now; 0 = nothing. */
export function expectationOf(master: usize, now: u32): usize {
  if (expectationCount === 0) return 0;
  takeTurn();
  const expectation = expectationOfMaster(master);
  if (expectation === 0 || isOver(expectation, now) || !hasMaster(expectation)) return 0;
  return expectation;
}

/**
 * Expects a connection of this tuple (TUPLE_BYTES, the source's port left out), announced in the
 * confirmed connection `master`, in place of what it has announced before. Its address, for what is
 * to be done then (EXPECTATION_FLAGS on); 0, and counted as lost: somebody else expects it already,
 * or all places are taken.
 */
export function expectConnection(tuple: usize, master: usize, helper: u32, now: u32): usize {
  takeTurn();
  clearOver(now);
  const expectation = isExpectedElsewhere(tuple, master, now) ? <usize>0 : placeFor(master);
  if (expectation === 0) {
    countEvent(COUNT_EXPECTATIONS_LOST);
    return 0;
  }
  memory.copy(expectation, tuple, TUPLE_BYTES);
  store<u16>(expectation, 0, TUPLE_SRC_PORT);
  const lasting = load<u32>(<usize>CONTROL_TIMEOUTS + TIMEOUT_EXPECTATION * 4);
  store<u32>(expectation, now + lasting, EXPECTATION_DEADLINE);
  store<u32>(expectation, <u32>master, EXPECTATION_MASTER);
  const ends = v128.load(master, CONNECTION_SRC);
  v128.store(expectation, ends, EXPECTATION_MASTER_ENDS);
  store<u32>(expectation, connectionMark(master), EXPECTATION_MARK);
  store<u8>(expectation, <u8>helper, EXPECTATION_HELPER);
  store<u8>(expectation, 0, EXPECTATION_FLAGS);
  store<u16>(expectation, load<u16>(tuple, TUPLE_DST_PORT), EXPECTATION_PORT);
  enlist(expectation);
  addStatus(master, CT_EXPECTING);
  countEvent(COUNT_EXPECTED);
  return expectation;
}

function placeFor(master: usize): usize {
  const former = expectationOfMaster(master);
  if (former !== 0) delist(former);
  return takePlace();
}

/** They are over in the order they were made, as all of them last equally long. */
function clearOver(now: u32): void {
  for (let cleared: u32 = 0; cleared < CLEARED; cleared++) {
    const oldest = oldestExpectation();
    if (oldest === 0 || !isOver(oldest, now)) return;
    delist(oldest);
  }
}

/** Its master ends: what it has announced is not expected any more. */
export function forgetExpectation(master: usize): void {
  takeTurn();
  removeStatus(master, CT_EXPECTING);
  const expectation = expectationOfMaster(master);
  if (expectation !== 0) delist(expectation);
}
