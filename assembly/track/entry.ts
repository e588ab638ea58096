// The packet at hand and its connection: found or begun, and entered into the table once the first
// packet has got through.

import { isConfirmed, isTranslated } from "../connection";
import { PACKET_OWN, VERDICT_CONTINUE, WORKER_TUPLE, WORKER_TUPLE_OTHER } from "../layout";
import { serviceCount, worker } from "../memory/directory";
import { flagsOf, hashOf, timestampOf } from "../packet";
import { hashOfTuple } from "../parse/tuple";
import { settleBackend } from "../state/backends";
import { originalTuple, replyTuple } from "../state/connection_tuples";
import { beginConnections, confirmConnection, confirmed, nowTick } from "../state/connections";
import { untracked } from "./intent";
import { connection, leaveUntracked, settleConnection, track } from "./track";

/** Tracks the packet in a zone, unless a flow has refused that. */
export function trackPacket(record: usize, zone: u32): void {
  if (untracked) {
    leaveUntracked();
    return;
  }
  const now = beginConnections(hashOf(record), timestampOf(record));
  track(record, zone, now, (flagsOf(record) & PACKET_OWN) === 0);
  if (serviceCount !== 0 && connection !== 0 && isConfirmed(connection)) settleBackend(connection);
}

/** Enters the connection of the packet at hand into the table, if it is not. Or the drop. */
export function enterConnection(): i32 {
  if (connection === 0 || isConfirmed(connection)) return VERDICT_CONTINUE;
  const tuple = worker + WORKER_TUPLE;
  originalTuple(connection, tuple);
  const hash = hashOfTuple(tuple);
  let replyHash = hash;
  if (isTranslated(connection)) {
    replyTuple(connection, worker + WORKER_TUPLE_OTHER);
    replyHash = hashOfTuple(worker + WORKER_TUPLE_OTHER);
  }
  const verdict = confirmConnection(connection, hash, replyHash, nowTick);
  if (verdict === VERDICT_CONTINUE) {
    settleConnection(confirmed);
    if (serviceCount !== 0) settleBackend(confirmed);
  }
  return verdict;
}
