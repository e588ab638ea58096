// Connection tracking as a kernel of its own, for test/assembly/track*.test.ts.

import { helpIn } from "../../assembly/helper/help";
import {
  TUPLE_BYTES,
  VERDICT_CONTINUE,
  WORKER_TUPLE,
  WORKER_TUPLE_OTHER,
} from "../../assembly/layout";
import { worker } from "../../assembly/memory/directory";
import { hashOf, timestampOf } from "../../assembly/packet";
import { hashOfTuple } from "../../assembly/parse/tuple";
import { parse } from "../../assembly/stage/parse";
import { replyTuple } from "../../assembly/state/connection_tuples";
import { beginConnections, confirmConnection, confirmed } from "../../assembly/state/connections";
import { followEstablished } from "../../assembly/track/established";
import { connection, isUnconfirmed, settleConnection, track } from "../../assembly/track/track";
import { invertTuple, tupleOf } from "../../assembly/track/tuple";

export { openDirectory } from "../../assembly/memory/directory";

/** Address of the connection the last packet got; 0 = none. */
export let entry: usize = 0;
/** Whether no packet takes the straight line. */
let closely: bool = false;

export function lookClosely(all: bool): void {
  closely = all;
}

/** A received packet through parsing and the straight line; its connection, or 0. */
export function takeStraight(record: usize): usize {
  if (parse(record, true, 0) !== VERDICT_CONTINUE) return 0;
  const now = beginConnections(hashOf(record), timestampOf(record));
  return followEstablished(record, 0, now);
}

/**
 * A received packet through parsing, tracking and, if it gets `through`, confirming. Its STATE_*
 * bits, or less the drop.
 */
export function receive(record: usize, verifyHeader: bool, through: bool): i32 {
  entry = 0;
  const verdict = parse(record, verifyHeader, 0);
  if (verdict !== VERDICT_CONTINUE) return -verdict;
  const now = beginConnections(hashOf(record), timestampOf(record));
  const state = track(record, 0, now, !closely);
  entry = connection;
  if (isUnconfirmed && through) {
    const reply = worker + WORKER_TUPLE_OTHER;
    replyTuple(connection, reply);
    const refused = confirmConnection(connection, hashOf(record), hashOfTuple(reply), now);
    entry = confirmed;
    if (refused !== VERDICT_CONTINUE) return -refused;
    settleConnection(confirmed);
  }
  if (through && connection !== 0) {
    const refused = helpIn(record);
    if (refused !== VERDICT_CONTINUE) return -refused;
  }
  return <i32>state;
}

/** Zeros, quicker than the host can write them. */
export function clear(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

/**
 * Whether what is said of the packet received last agrees: its tuple's hash with its own, the tuple
 * of the answers with that, and the tuple turned over twice with itself. 2 = it has no tuple.
 */
export function checkTuple(record: usize): u32 {
  const tuple = worker + WORKER_TUPLE;
  const inverse = worker + WORKER_TUPLE_OTHER;
  if (!tupleOf(record, tuple)) return 2;
  if (hashOfTuple(tuple) !== hashOf(record)) return 0;
  const answered = invertTuple(tuple, inverse);
  const same = hashOfTuple(inverse) === hashOf(record);
  const again = worker + WORKER_TUPLE_OTHER + 256;
  invertTuple(inverse, again);
  if (!tupleOf(record, tuple)) return 0;
  return answered && (!same || memory.compare(tuple, again, TUPLE_BYTES) !== 0) ? 0 : 1;
}
