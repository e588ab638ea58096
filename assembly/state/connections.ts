// The connection table: finds, makes, keeps and ends connections.
//
// A packet moves its shard's clock first (advanceConnections), which also reclaims what is over; then
// it looks its connection up. One that is not there begins in the worker's scratch and enters the
// table when its first packet gets through (confirmConnection), so that what is dropped leaves
// nothing. Every entry is in the index and the timer wheel, and in the list of the evictable unless
// it is assured. All of it belongs to the shard, so nothing depends on the number of workers.

import {
  addStatus,
  bytesOf,
  connectionZone,
  countInConnection,
  deadlineOf,
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
  CONNECTION_DEADLINE,
  CONNECTION_STRIDE,
  CONNECTIONS_UNIT,
  COUNT_CONNECTIONS_CREATED,
  COUNT_CONNECTIONS_EVICTED,
  COUNT_CONNECTIONS_EXPIRED,
  CT_AGING,
  CT_ASSURED,
  CT_CONFIRMED,
  CT_DYING,
  EVENT_DESTROY,
  EVENT_NEW,
  EXTENSION_STRIDE,
  TUPLE_BYTES,
  VERDICT_CONTINUE,
  WHEEL_SHIFT,
  WORKER_CONNECTION,
  WORKER_EXTENSION,
  WORKER_TUPLE_STORED,
} from "../layout";
import { countEvent } from "../memory/counters";
import { worker } from "../memory/directory";
import { drop } from "../packet";
import { releaseBackend } from "./backends";
import { keepEvent } from "./connection_events";
import { addToIndex, bucketAhead, removeFromIndex, searchIndex } from "./connection_index";
import {
  countLive,
  entryAt,
  freeEntry,
  header,
  numberOf,
  openShard,
  openShardNumber,
  openShardOf,
  shardTime,
  takeEntry,
  ticksAt,
} from "./connection_shards";
import {
  foundReply as matchedReply,
  originalTuple,
  replyTuple,
  setTuple,
} from "./connection_tuples";
import { addToEvictable, oldestEvictable, removeFromEvictable } from "./evictable";
import { extensionAt, freeExtension, takeExtension } from "./extensions";
import { advanceShard, shardOf } from "./shards";
import {
  addToWheel,
  beginSweep,
  hastenInWheel,
  isDue,
  removeFromWheel,
  takeOver,
} from "./timer_wheel";

/** Whether the tuple that findConnection() found is the reply's. */
export let foundReply: bool = false;
/** The entry of the table that confirmConnection() made, or found to be there already. */
export let confirmed: usize = 0;
/** Tick of the packet at hand, and all bits of it. */
export let nowTick: u32 = 0;
let time: u64 = 0;
/** Connection of the packet at hand, which it must not evict itself. */
let inUse: usize = 0;

// ---- time ---------------------------------------------------------------------------------------

/**
 * Begins a packet of this flow hash: moves its shard's clock on to `timestamp` (nanoseconds since
 * 1970), reclaims what is over, and returns the tick that it is now.
 */
export function beginConnections(hash: u32, timestamp: u64): u32 {
  openShard(hash);
  advanceTo(ticksAt(advanceShard(shardOf(hash), timestamp)));
  return nowTick;
}

/** The same, where the tick is known: `now` is at most 2^32 ticks after that of the last packet. */
export function advanceConnections(shardNumber: u32, now: u32): void {
  openShardNumber(shardNumber);
  const wheel = load<u64>(header, CONNECTIONS_UNIT) << WHEEL_SHIFT;
  advanceTo(wheel + <u64>(now - <u32>wheel));
}

function advanceTo(ticks: u64): void {
  time = ticks;
  nowTick = <u32>ticks;
  inUse = 0;
  if (isDue(ticks)) expireDue();
}

/** Ends what the wheel of the open shard says is over, a bounded number of entries. */
function expireDue(): void {
  beginSweep(time);
  for (let entry = takeOver(time); entry !== 0; entry = takeOver(time)) {
    release(entry, COUNT_CONNECTIONS_EXPIRED);
  }
}

// ---- finding --------------------------------------------------------------------------------------

/** Address of what findConnection() will look at first, for looking ahead. */
export function connectionAhead(hash: u32): usize {
  return bucketAhead(hash);
}

/** The connection with this tuple (TUPLE_BYTES) in either direction, see foundReply; 0 = none. */
export function findConnection(hash: u32, tuple: usize): usize {
  openShard(hash);
  const entry = searchLive(hash, tuple, 0);
  foundReply = matchedReply;
  if (entry !== 0) inUse = entry;
  return entry;
}

/** Whether a connection other than `except` has this tuple in either direction. */
export function isTupleTaken(replyHash: u32, tuple: usize, except: usize): bool {
  openShard(replyHash);
  return searchLive(replyHash, tuple, except) !== 0;
}

/** Searches the open shard; what is over and not reclaimed yet is ended on the way. */
function searchLive(hash: u32, tuple: usize, except: usize): usize {
  while (true) {
    const entry = searchIndex(hash, tuple, except);
    if (entry === 0 || !isOver(entry, nowTick)) return entry;
    removeConnection(entry, COUNT_CONNECTIONS_EXPIRED);
  }
}

// ---- making -----------------------------------------------------------------------------------------

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
  nowTick = now;
  if (isConfirmed(entry)) return VERDICT_CONTINUE;
  openShard(hash);
  const tuple = worker + WORKER_TUPLE_STORED;
  originalTuple(entry, tuple);
  const other = searchLive(hash, tuple, 0);
  if (other !== 0) return takeInstead(other, entry);
  replyTuple(entry, tuple);
  if (searchLive(replyHash, tuple, 0) !== 0) return drop(DROP_NAT_EXHAUSTED);
  return enterTable(entry, hash, replyHash);
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
  const extension: u32 = extended ? takeExtension() : 0;
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
  countEvent(COUNT_CONNECTIONS_CREATED);
  keepEvent(EVENT_NEW, entry, shardTime());
  confirmed = entry;
  inUse = entry;
}

/** A free entry of the open shard, the oldest evictable connection given up for it; 0 = none. */
function takeEntryOrEvict(): u32 {
  let number = takeEntry();
  // What is over but not reclaimed yet makes room before anything that is not over does.
  for (; number === 0 && isDue(time); number = takeEntry()) expireDue();
  if (number !== 0) return number;
  const oldest = oldestEvictable(inUse);
  if (oldest === 0) return 0;
  removeConnection(oldest, COUNT_CONNECTIONS_EVICTED);
  return takeEntry();
}

// ---- changing, ending ----------------------------------------------------------------------------

/** Sets when the connection is over. Later than before costs nothing. */
export function setDeadline(entry: usize, tick: u32, now: u32): void {
  const before = deadlineOf(entry);
  store<u32>(entry, tick, CONNECTION_DEADLINE);
  if (<i32>(tick - before) >= 0 || !isConfirmed(entry)) return;
  nowTick = now;
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
 * Indexes a connection of the table anew after setReplySource() or setReplyDestination(). False: the
 * index has no room for it, and the connection has been ended.
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

/** Ends a connection of the table; `cause` is the COUNT_CONNECTIONS_* it is counted under. */
export function removeConnection(entry: usize, cause: usize): void {
  if (!isConfirmed(entry)) return;
  openShardOf(entry);
  removeFromWheel(entry);
  release(entry, cause);
}

/** Ends a connection of the open shard that is out of the wheel. */
function release(entry: usize, cause: usize): void {
  removeFromIndex(numberOf(entry));
  releaseUnindexed(entry, cause);
}

function releaseUnindexed(entry: usize, cause: usize): void {
  addStatus(entry, CT_DYING);
  keepEvent(EVENT_DESTROY, entry, shardTime());
  releaseBackend(entry);
  removeFromEvictable(entry);
  const extension = extensionNumber(entry);
  if (extension !== 0) freeExtension(extension);
  freeEntry(numberOf(entry));
  countLive(-1);
  countEvent(cause);
  if (inUse === entry) inUse = 0;
}
