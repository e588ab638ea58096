// The connection table: finds, makes, keeps and ends connections.
//
// A packet moves its shard's clock first (advanceConnections), which also reclaims what is over;
// then it looks its connection up. One that is not there begins in the worker's scratch and enters
// the table when its first packet gets through (confirmConnection), so that what is dropped leaves
// nothing. Every entry is in the index and the timer wheel, and in the list of the evictable unless
// it is assured. All of it belongs to the shard, so nothing depends on the number of workers.

import {
  addStatus,
  bytesOf,
  connectionZone,
  countInConnection,
  extensionNumber,
  isAssured,
  isConfirmed,
  isOver,
  packetsOf,
  removeStatus,
  setExtensionNumber,
} from "../connection";
import { DROP_CONNTRACK_EXTENSIONS_FULL, DROP_CONNTRACK_FULL, DROP_NAT_EXHAUSTED } from "../drops";
import {
  CONNECTION_STRIDE,
  COUNT_CONNECTIONS_CREATED,
  COUNT_CONNECTIONS_EVICTED,
  COUNT_CONNECTIONS_EXPIRED,
  CT_AGING,
  CT_CONFIRMED,
  CT_DYING,
  EVENT_NEW,
  EXTENSION_STRIDE,
  TUPLE_BYTES,
  VERDICT_CONTINUE,
  WORKER_CONNECTION,
  WORKER_EXTENSION,
  WORKER_TUPLE_STORED,
} from "../layout";
import { countEvent } from "../memory/counters";
import { ownerSlots, worker } from "../memory/directory";
import { drop } from "../packet";
import { expireAllDue, expireEverywhere, nowTick } from "./connection_clock";
import { keepEvent } from "./connection_events";
import { addToIndex, bucketAhead, searchIndex } from "./connection_index";
import { removeConnection } from "./connection_release";
import {
  countLive,
  entryAt,
  freeEntry,
  openShard,
  shardTime,
  takeEntry,
} from "./connection_shards";
import {
  foundReply as matchedReply,
  originalTuple,
  replyTuple,
  setTuple,
} from "./connection_tuples";
import { addToEvictable, inUse, oldestEvictable, useConnection } from "./evictable";
import { extensionAt, freeExtension, takeExtension } from "./extensions";
import { countOwners, limitReached } from "./owners";
import { addToWheel } from "./timer_wheel";

export {
  markAssured,
  markEvictable,
  reindexConnection,
  setDeadline,
  unmarkEvictable,
} from "./connection_changes";
export { advanceConnections, beginConnections, nowTick } from "./connection_clock";
export { removeConnection } from "./connection_release";
export { connectionAt } from "./connection_shards";
export {
  originalTuple,
  replyTuple,
  setReplyDestination,
  setReplySource,
} from "./connection_tuples";
export { ensureExtension, extensionOf } from "./extensions";

/** Whether the tuple that findConnection() found is the reply's. */
export let foundReply: bool = false;
/** The entry of the table that confirmConnection() made, or found to be there already. */
export let confirmed: usize = 0;

// ---- finding ------------------------------------------------------------------------------------

/** Address of what findConnection() will look at first, for looking ahead. */
export function connectionAhead(hash: u32): usize {
  return bucketAhead(hash);
}

/** The connection with this tuple (TUPLE_BYTES) in either direction, see foundReply; 0 = none. */
export function findConnection(hash: u32, tuple: usize): usize {
  openShard(hash);
  const entry = searchLive(hash, tuple, 0, nowTick);
  foundReply = matchedReply;
  if (entry !== 0) useConnection(entry);
  return entry;
}

/** Whether a connection other than `except` has this tuple in either direction. */
export function isTupleTaken(replyHash: u32, tuple: usize, except: usize): bool {
  openShard(replyHash);
  return searchLive(replyHash, tuple, except, nowTick) !== 0;
}

/** Searches the open shard; what is over and not reclaimed yet is ended on the way. */
function searchLive(hash: u32, tuple: usize, except: usize, now: u32): usize {
  while (true) {
    const entry = searchIndex(hash, tuple, except);
    if (entry === 0 || !isOver(entry, now)) return entry;
    removeConnection(entry, COUNT_CONNECTIONS_EXPIRED);
  }
}

// ---- making -------------------------------------------------------------------------------------

/** A connection of this tuple (TUPLE_BYTES) in the worker's scratch: zero but for its tuples. */
export function beginConnection(tuple: usize): usize {
  const entry = worker + WORKER_CONNECTION;
  for (let at: usize = 0; at < <usize>CONNECTION_STRIDE; at += 16) {
    v128.store(entry + at, i64x2.splat(0));
  }
  setTuple(entry, tuple);
  return entry;
}

/**
 * Puts a connection from the scratch into the table, under its flow hash and that of its reply;
 * `confirmed` is its address there. Its deadline must have been set. VERDICT_CONTINUE, or the drop.
 *
 * Where another connection got the same tuples meanwhile, the packet takes that one; where one has
 * only the one or the other, replies could not be told apart, and the packet is dropped.
 */
export function confirmConnection(entry: usize, hash: u32, replyHash: u32, now: u32): i32 {
  confirmed = entry;
  if (isConfirmed(entry)) return VERDICT_CONTINUE;
  openShard(hash);
  const tuple = worker + WORKER_TUPLE_STORED;
  originalTuple(entry, tuple);
  const other = searchLive(hash, tuple, 0, now);
  if (other !== 0) return takeInstead(other, entry);
  replyTuple(entry, tuple);
  if (searchLive(replyHash, tuple, 0, now) !== 0) return drop(DROP_NAT_EXHAUSTED);
  if (ownerSlots !== 0) {
    const reason = limitInTime(entry);
    if (reason !== 0) return drop(reason);
  }
  return enterTable(entry, hash, replyHash);
}

/** The limit that its zone or source has reached, when what is over no more counts; 0 = none. */
function limitInTime(entry: usize): i32 {
  const reason = limitReached(entry);
  return reason !== 0 && expireEverywhere() ? limitReached(entry) : reason;
}

/** The packet goes on as one of `other`, if both its tuples are those of the entry. */
function takeInstead(other: usize, entry: usize): i32 {
  if (matchedReply) return drop(DROP_NAT_EXHAUSTED);
  const tuple = worker + WORKER_TUPLE_STORED;
  const otherTuple = tuple + TUPLE_BYTES;
  replyTuple(entry, tuple);
  replyTuple(other, otherTuple);
  if (memory.compare(tuple, otherTuple, TUPLE_BYTES) !== 0) return drop(DROP_NAT_EXHAUSTED);
  countInConnection(other, false, packetsOf(entry, false), bytesOf(entry, false));
  confirmed = other;
  return VERDICT_CONTINUE;
}

function enterTable(scratch: usize, hash: u32, replyHash: u32): i32 {
  const number = takeEntryOrEvict();
  if (number === 0) return drop(DROP_CONNTRACK_FULL);
  const extended = extensionNumber(scratch) !== 0;
  const extension: u32 = extended ? takeExtensionInTime() : 0;
  if (extended && extension === 0) {
    freeEntry(number);
    return drop(DROP_CONNTRACK_EXTENSIONS_FULL);
  }
  if (!addToIndex(number, hash, replyHash, connectionZone(scratch))) {
    if (extended) freeExtension(extension);
    freeEntry(number);
    return drop(DROP_CONNTRACK_FULL);
  }
  if (extended) {
    memory.copy(extensionAt(extension), worker + WORKER_EXTENSION, EXTENSION_STRIDE);
    setExtensionNumber(scratch, extension);
  }
  settle(entryAt(number), scratch);
  return VERDICT_CONTINUE;
}

/** A free extension of the open shard; 0 = none, even when all that is over has been reclaimed. */
function takeExtensionInTime(): u32 {
  const extension = takeExtension();
  return extension === 0 && expireAllDue() ? takeExtension() : extension;
}

/** Fills the entry from the scratch, and puts it into the lists. */
function settle(entry: usize, scratch: usize): void {
  for (let at: usize = 0; at < <usize>CONNECTION_STRIDE; at += 16) {
    v128.store(entry + at, v128.load(scratch + at));
  }
  removeStatus(entry, CT_AGING | CT_DYING);
  addStatus(entry, CT_CONFIRMED);
  addToWheel(entry);
  if (!isAssured(entry)) addToEvictable(entry);
  countLive(1);
  if (ownerSlots !== 0) countOwners(entry);
  countEvent(COUNT_CONNECTIONS_CREATED);
  keepEvent(EVENT_NEW, entry, shardTime());
  confirmed = entry;
  useConnection(entry);
}

/** A free entry of the open shard, the oldest evictable connection given up for it; 0 = none. */
function takeEntryOrEvict(): u32 {
  let number = takeEntry();
  // What is over but not reclaimed yet makes room before anything that is not over does.
  if (number === 0 && expireAllDue()) number = takeEntry();
  if (number !== 0) return number;
  const oldest = oldestEvictable(inUse);
  if (oldest === 0) return 0;
  removeConnection(oldest, COUNT_CONNECTIONS_EVICTED);
  return takeEntry();
}
