// Flow tables on the packet's way: at ingress, before routing, and behind it. Each of these parts
// is either classified, table by table, or, when the flow cache knows it, done as for the packets
// before.

import { showConnection } from "../action/connection";
import { doFlow, finalOperation, isSilent } from "../action/flow";
import { classify, classifyNat } from "../action/pipeline";
import {
  beginDry,
  beginWalk,
  endDry,
  isRewritten,
  isUnfit,
  key,
  keyBlocks,
  metCount,
  metFlow,
  noteStale,
  renewWalk,
  setKeyInPort,
  setKeyOutPort,
} from "../action/walk";
import {
  CACHE_MAX_FLOWS,
  CACHE_POINT_SHIFT,
  CACHE_SILENT,
  CACHED_BEHIND,
  CACHED_REWRITTEN,
  CACHED_TIMEOUT,
  CONTROL_KEY_MASK,
  COUNT_CACHE_HITS,
  COUNT_CACHE_MISSES,
  COUNT_CACHE_RENEWED,
  COUNT_CACHE_UNFIT,
  COUNT_CACHE_WRONG,
  FLOW_HAS_TIMEOUT,
  KEY_OUT_PORT,
  MODE_CHECK_CACHE,
  MODE_NO_CACHE,
  PACKET_OWN,
  POINT_POSTROUTING,
  PORT_LOCAL,
  PORT_UNKNOWN,
  VERDICT_CONTINUE,
} from "../layout";
import { countEvent } from "../memory/counters";
import { mode, points } from "../memory/directory";
import { releaseFrame } from "../memory/frames";
import { tracing } from "../memory/trace";
import {
  flagsOf,
  hashOf,
  inPortOf,
  outPortOf,
  sequenceOf,
  timestampOf,
  wireLengthOf,
} from "../packet";
import { copyFrame } from "../respond/copies";
import { clearActionSet } from "../state/action_set";
import {
  addCacheFlags,
  cachedCount,
  cachedFlow,
  cachedOutPort,
  cachedStart,
  cachedTotal,
  cacheFlags,
  claimEntry,
  clearEntry,
  findCached,
  isCurrent,
  isFresh,
  removeCacheFlags,
  setCachedCount,
  setCachedFlow,
  setCachedOutPort,
} from "../state/flow_cache";
import { countFlow, isFlowAlive } from "../state/flows";
import { advanceFlowClock } from "../state/shards";
import { beginTurn } from "../state/turn";
import { flowCounter, flowFlags, flowOf } from "../table/flows";

/** The bits of a flow's number, below those of the point it was met at. */
const NUMBER: u32 = (1 << CACHE_POINT_SHIFT) - 1;
/** The packet's entry in the flow cache; 0 = it has none. */
let entry: usize = 0;
/** The entry is to be looked for. */
let isDue: bool = false;
/** The time it is for the timeouts of flows. */
let now: u64 = 0;

/** Begins the packet's walk, and looks for what the flow cache knows of it. */
export function beginTables(record: usize): void {
  beginUncached(record);
  find(record);
}

/**
 * The packet's connection has become known, or changed it: the tables that it meets next, if there
 * are any, look anew, for the packet as it is now.
 */
export function resumeTables(record: usize): void {
  renewWalk(record);
  entry = 0;
  isDue = true;
}

/** The packet goes on as received by another port, perhaps without a tag: flows look anew. */
export function reenterTables(record: usize): void {
  setKeyInPort(inPortOf(record));
  noteStale();
  resumeTables(record);
}

function find(record: usize): void {
  isDue = false;
  now = advanceFlowClock(hashOf(record), now);
  // A traced packet is classified, to show how.
  if (tracing || (mode & MODE_NO_CACHE) !== 0) return;
  entry = findCached(key, keyBlocks, flagsOf(record), hashOf(record));
  if (entry === 0) {
    countEvent(COUNT_CACHE_MISSES);
    entry = claimEntry(sequenceOf(record));
    if (entry === 0) countEvent(COUNT_CACHE_UNFIT);
  } else if (isGood()) {
    countEvent(COUNT_CACHE_HITS);
  } else {
    countEvent(COUNT_CACHE_RENEWED);
    clearEntry(entry);
  }
}

/** Begins the walk of a packet that is classified and not kept. */
export function beginUncached(record: usize): void {
  beginWalk(record);
  clearActionSet();
  beginTurn(sequenceOf(record));
  now = timestampOf(record);
  entry = 0;
  isDue = false;
}

/** Begins the walk of a packet of the engine's own, which came in by no port. */
export function beginOwnTables(record: usize): void {
  beginUncached(record);
  setKeyInPort(PORT_UNKNOWN);
}

/** The tables at POINT_* `point`, without the cache: what few packets meet. */
export function runUncached(record: usize, point: u32): i32 {
  return classify(record, point, point, now);
}

/** The NAT tables at POINT_* `point`, until the connection has the CT_*_DONE bit `decided`. */
export function runNat(record: usize, point: u32, decided: u32): i32 {
  if (points === 0) beginForNat(record);
  // No other table may have been met behind routing that would have told the key.
  if (point === POINT_POSTROUTING) setKeyOutPort(outPortOf(record));
  return classifyNat(record, point, now, decided);
}

/** Where all tables are NAT's, nothing is known of packets but of the first of each connection. */
function beginForNat(record: usize): void {
  if ((flagsOf(record) & PACKET_OWN) !== 0) beginOwnTables(record);
  else beginUncached(record);
  showConnection();
}

/** Whether the entry holds for the tables of now, and no flow of it has timed out. */
function isGood(): bool {
  const flags = cacheFlags(entry);
  if (!isCurrent(entry)) {
    if ((flags & CACHED_BEHIND) !== 0) setKeyOutPort(cachedOutPort(entry));
    const fresh = isFresh(entry, key);
    setKeyOutPort(PORT_UNKNOWN);
    if (!fresh) return false;
  }
  if ((flags & CACHED_TIMEOUT) === 0) return true;
  const total = cachedTotal(entry);
  for (let place: u32 = 0; place < total; place++) {
    const cached = cachedFlow(entry, place);
    if ((cached & CACHE_SILENT) !== 0) continue;
    if (!isFlowAlive(flowOf(cached & NUMBER), now)) return false;
  }
  return true;
}

/**
 * Takes the packet through the tables at the POINT_* `first` and `last`, which make up the part
 * CACHED_* of its way. VERDICT_CONTINUE: on with the built-in path.
 */
export function runTables(record: usize, part: u32, first: u32, last: u32): i32 {
  if (isDue) find(record);
  if (entry === 0) return classify(record, first, last, now);
  if ((cacheFlags(entry) & part) === 0) return learn(record, part, first, last);
  if ((mode & MODE_CHECK_CACHE) !== 0) compare(record, part, first, last);
  const start = cachedStart(entry, part);
  const end = start + cachedCount(entry, part);
  for (let place = start; place < end; place++) {
    const cached = cachedFlow(entry, place);
    if ((cached & CACHE_SILENT) !== 0) {
      countFlow(cached & ~CACHE_SILENT, wireLengthOf(record), timestampOf(record));
      continue;
    }
    const verdict = doFlow(flowOf(cached & NUMBER), record, cached >> CACHE_POINT_SHIFT);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return VERDICT_CONTINUE;
}

/**
 * What is kept of a flow met: its number and the point, or, when there is nothing else to do, its
 * counter's number.
 */
function keptAs(place: u32): u32 {
  const met = metFlow(place);
  const flow = flowOf(met & NUMBER);
  return isSilent(flow, met >> CACHE_POINT_SHIFT) ? CACHE_SILENT | flowCounter(flow) : met;
}

/**
 * The part behind routing. What is known of it holds for the port that routing chose then, if any
 * flow looks at that, and never for both what is forwarded and what is for the engine itself.
 */
export function runTablesBehind(record: usize, port: u32, first: u32, last: u32): i32 {
  // Entries are found by a key whose out-port is not known yet.
  if (isDue) find(record);
  setKeyOutPort(port);
  if (entry !== 0) {
    if ((cacheFlags(entry) & CACHED_BEHIND) !== 0 && !isSameWay(cachedOutPort(entry), port)) {
      removeCacheFlags(entry, CACHED_BEHIND);
      setCachedCount(entry, CACHED_BEHIND, 0);
    }
    // What is not written stays clean in the cache of the processor.
    if (cachedOutPort(entry) !== port) setCachedOutPort(entry, port);
  }
  return runTables(record, CACHED_BEHIND, first, last);
}

function isSameWay(known: u32, port: u32): bool {
  if (known === port) return true;
  const matters = load<u16>(<usize>CONTROL_KEY_MASK + KEY_OUT_PORT) !== 0;
  return !matters && known !== PORT_LOCAL && port !== PORT_LOCAL;
}

/** Classifies, and keeps in the entry what was met, if that can be kept. */
function learn(record: usize, part: u32, first: u32, last: u32): i32 {
  const verdict = classify(record, first, last, now);
  const count = metCount();
  const start = cachedStart(entry, part);
  // A flow whose meter refused the packet did not show what would have followed.
  if (isUnfit() || finalOperation === 0 || start + count > <u32>CACHE_MAX_FLOWS) {
    countEvent(COUNT_CACHE_UNFIT);
    entry = 0;
    return verdict;
  }
  forgetBehind(part);
  let flags = part | (isRewritten() ? CACHED_REWRITTEN : 0);
  for (let place: u32 = 0; place < count; place++) {
    const flow = flowOf(metFlow(place) & NUMBER);
    setCachedFlow(entry, start + place, keptAs(place));
    if ((flowFlags(flow) & FLOW_HAS_TIMEOUT) !== 0) flags |= CACHED_TIMEOUT;
  }
  setCachedCount(entry, part, count);
  addCacheFlags(entry, flags);
  return verdict;
}

/**
 * What packets that did not meet this part have left of the parts behind it (a datagram that came
 * in fragments has met ingress as those) would lie elsewhere now: it is learned again.
 */
function forgetBehind(part: u32): void {
  for (let behind = part << 1; behind <= <u32>CACHED_BEHIND; behind <<= 1) {
    removeCacheFlags(entry, behind);
    setCachedCount(entry, behind, 0);
  }
}

/** Classifies a copy without doing anything, and counts a difference to what the entry says. */
function compare(record: usize, part: u32, first: u32, last: u32): void {
  const copy = copyFrame(record);
  if (copy === 0) return;
  beginDry();
  classify(copy, first, last, now);
  let same = metCount() === cachedCount(entry, part);
  const start = cachedStart(entry, part);
  for (let place: u32 = 0; same && place < metCount(); place++) {
    same = keptAs(place) === cachedFlow(entry, start + place);
  }
  if (!same) countEvent(COUNT_CACHE_WRONG);
  endDry();
  clearActionSet();
  releaseFrame(copy);
}
