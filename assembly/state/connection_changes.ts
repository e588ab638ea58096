// What changes of a connection while it lives: when it is over, whether it may be evicted, its
// reply.

import { addStatus, connectionZone, deadlineOf, isAssured, isConfirmed } from "../connection";
import { CONNECTION_DEADLINE, COUNT_CONNECTIONS_EVICTED, CT_ASSURED } from "../layout";
import { addToIndex, removeFromIndex } from "./connection_index";
import { releaseUnindexed } from "./connection_release";
import { numberOf, openShard, openShardOf } from "./connection_shards";
import { addToEvictable, removeFromEvictable } from "./evictable";
import { hastenInWheel, removeFromWheel } from "./timer_wheel";

/** Sets the tick when the connection is over. Later than before costs nothing. */
export function setDeadline(entry: usize, tick: u32, now: u32): void {
  const before = deadlineOf(entry);
  store<u32>(entry, tick, CONNECTION_DEADLINE);
  if (<i32>(tick - now) >= <i32>(before - now) || !isConfirmed(entry)) return;
  openShardOf(entry);
  hastenInWheel(entry);
}

/** The connection must not be evicted any more (CT_ASSURED). */
export function markAssured(entry: usize): void {
  addStatus(entry, CT_ASSURED);
  if (!isConfirmed(entry)) return;
  openShardOf(entry);
  removeFromEvictable(entry);
}

/** The connection may be evicted, though it is assured: one that has ended (TCP's TIME_WAIT). */
export function markEvictable(entry: usize): void {
  if (!isConfirmed(entry)) return;
  openShardOf(entry);
  addToEvictable(entry);
}

/** The connection must not be evicted any more, if it is assured (a TIME_WAIT taken up again). */
export function unmarkEvictable(entry: usize): void {
  if (!isConfirmed(entry) || !isAssured(entry)) return;
  openShardOf(entry);
  removeFromEvictable(entry);
}

/**
 * Indexes a connection of the table anew after setReplySource() or setReplyDestination(). False:
 * the index has no room for it, and the connection has been ended.
 */
export function reindexConnection(entry: usize, hash: u32, replyHash: u32): bool {
  if (!isConfirmed(entry)) return true;
  openShard(hash);
  const number = numberOf(entry);
  removeFromIndex(number);
  if (addToIndex(number, hash, replyHash, connectionZone(entry))) return true;
  removeFromWheel(entry);
  releaseUnindexed(entry, COUNT_CONNECTIONS_EVICTED);
  return false;
}
