// The packet at hand and its connection: found or begun, and entered into the table once the first
// packet has got through.

import { isConfirmed, isTranslated } from "../connection";
import {
  PACKET_IP4,
  PACKET_IP6,
  PACKET_OWN,
  POINT_INGRESS,
  POINT_RAW,
  SHARD_SHIFT,
  TRACK_ORDERED,
  VERDICT_CONTINUE,
  WORKER_TUPLE,
  WORKER_TUPLE_OTHER,
} from "../layout";
import { track as modes, points, serviceCount, worker } from "../memory/directory";
import { flagsOf, hashOf, setHash, timestampOf } from "../packet";
import { flowHash } from "../parse/flow";
import { hashOfTuple } from "../parse/tuple";
import { settleBackend } from "../state/backends";
import { originalTuple, replyTuple } from "../state/connection_tuples";
import { beginConnections, confirmConnection, confirmed, nowTick } from "../state/connections";
import { untracked } from "./intent";
import { connection, leaveInvalid, leaveUntracked, settleConnection, track } from "./track";

/** Tables at these points may have changed the packet. */
const BEFORE: u32 = (1 << POINT_INGRESS) | (1 << POINT_RAW);

/** Tracks the packet in a zone, unless a flow has refused that. */
export function trackPacket(record: usize, zone: u32): void {
  if (untracked) {
    leaveUntracked();
    return;
  }
  if ((points & BEFORE) !== 0 && (flagsOf(record) & PACKET_OWN) === 0 && !renewHash(record)) {
    leaveInvalid();
    return;
  }
  const now = beginConnections(hashOf(record), timestampOf(record));
  track(record, zone, now, (flagsOf(record) & PACKET_OWN) === 0);
  if (serviceCount !== 0 && connection !== 0 && isConfirmed(connection)) settleBackend(connection);
}

/**
 * Gives a packet that flows or NAT may have changed the hash of its headers as they are. False: its
 * flow is of another shard now, which is another worker's unless all of them take turns.
 */
function renewHash(record: usize): bool {
  if ((flagsOf(record) & (PACKET_IP4 | PACKET_IP6)) === 0) return true;
  const hash = flowHash(record);
  const foreign = (hash ^ hashOf(record)) >>> SHARD_SHIFT !== 0;
  if (foreign && (modes & TRACK_ORDERED) === 0) return false;
  setHash(record, hash);
  return true;
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
