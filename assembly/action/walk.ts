// The walk of the packet at hand through the flow tables: its key, the flows it has met, what has
// been done to it, where it is to be sent. One packet at a time, so all of it is kept in globals of
// the instance and in the worker's block.

import {
  CONTROL_KEY_BLOCKS,
  KEY_BLOCKS,
  KEY_BYTES,
  KEY_CT_LABEL,
  KEY_CT_MARK,
  KEY_IN_PORT,
  KEY_OUT_PORT,
  PATH_FLOWS,
  PORT_UNKNOWN,
  SAVED_KEYS,
  WORKER_KEY,
  WORKER_KEY_CHECKED,
  WORKER_PATH,
  WORKER_SAVED_KEYS,
} from "../layout";
import { worker } from "../memory/directory";
import { tracing } from "../memory/trace";
import { beginKey, extractKey } from "../parse/key";

const ALL_BLOCKS: u32 = (1 << KEY_BLOCKS) - 1;

// What has happened to the packet
/** It has changed since the key was extracted. */
const STALE: u32 = 1;
/** Something that later flows may look at was changed. */
const CHANGED: u32 = 2;
/**
 * It may have become what the first key does not foretell: headers came or went, and what is under
 * them it did not show; or what other packets did, or the hash, had a say in it.
 */
const UNFORETOLD: u32 = 4;
/** A look-up has happened after a change: the outcome follows from more than the first key. */
const REWRITTEN: u32 = 8;
/** The outcome must not be kept: it depends on what the first key does not show. */
const UNFIT: u32 = 16;

/** The key in use: the packet's own, or that of a packet walked for comparison. */
export let key: usize = 0;
/** Blocks of the key that are kept up to date. */
export let keyBlocks: u32 = 0;
/** Nothing is to be counted, sent or metered: the walk is for comparison. */
export let dry: bool = false;

let state: u32 = 0;
let stateBeforeDry: u32 = 0;
let met: u32 = 0;
/** Keys saved at the moment: buckets within buckets. */
let depth: u32 = 0;

/** Begins a packet. */
export function beginWalk(record: usize): void {
  key = worker + WORKER_KEY;
  keyBlocks = tracing ? ALL_BLOCKS : load<u32>(CONTROL_KEY_BLOCKS);
  beginKey(key, record, keyBlocks);
  extractKey(record, key, keyBlocks);
  state = 0;
  met = 0;
  depth = 0;
  output = PORT_UNKNOWN;
  copies = 0;
  handed = false;
}

/** Begins a walk for comparison, with a key of its own. */
export function beginDry(): void {
  dry = true;
  stateBeforeDry = state;
  memory.copy(worker + WORKER_KEY_CHECKED, key, KEY_BYTES);
  key = worker + WORKER_KEY_CHECKED;
}
export function endDry(): void {
  dry = false;
  state = stateBeforeDry;
  key = worker + WORKER_KEY;
  output = PORT_UNKNOWN;
  copies = 0;
}

/**
 * Begins anew in the middle of the way: what follows depends on the packet as it is now, whatever
 * it was before.
 */
export function renewWalk(record: usize): void {
  if ((state & STALE) !== 0) extractKey(record, key, keyBlocks);
  state = 0;
  met = 0;
}

/** Brings the key up to date for a look-up. */
export function refreshKey(record: usize): void {
  if (state === 0) return;
  if ((state & UNFORETOLD) !== 0) state |= UNFIT;
  if ((state & CHANGED) !== 0) state |= REWRITTEN;
  if ((state & STALE) === 0) return;
  extractKey(record, key, keyBlocks);
  state &= ~STALE;
}

/** The packet has changed as every packet does there, which no outcome depends on. */
export function noteStale(): void {
  state |= STALE;
}
/** A field of the packet, or of the key alone, has been written. */
export function noteChange(): void {
  state |= STALE | CHANGED;
}
/** The same, and the first key does not foretell what it has become. */
export function noteUnforetold(): void {
  state |= STALE | CHANGED | UNFORETOLD;
}
export function isRewritten(): bool {
  return (state & REWRITTEN) !== 0;
}
/** Whether the outcome so far must not be kept. */
export function isUnfit(): bool {
  return (state & UNFIT) !== 0;
}

export function setKeyInPort(port: u32): void {
  store<u16>(key, bswap<u16>(<u16>port), KEY_IN_PORT);
}
export function setKeyOutPort(port: u32): void {
  store<u16>(key, bswap<u16>(<u16>port), KEY_OUT_PORT);
}

/**
 * What is known of the packet's connection; `label` is the address of 16 bytes, 0 = none. In whole
 * blocks, which the look-up that follows loads: a load of what two stores have just written waits
 * until both are in the cache, and all stores before them.
 */
export function setKeyConnection(states: u32, zone: u32, mark: u32, label: usize): void {
  const word = <u32>bswap<u16>(<u16>states) | ((<u32>bswap<u16>(<u16>zone)) << 16);
  v128.store(key, i32x4.replace_lane(v128.load(key, KEY_IN_PORT), 3, word), KEY_IN_PORT);
  v128.store(
    key,
    i32x4.replace_lane(v128.load(key, KEY_CT_MARK), 0, bswap<u32>(mark)),
    KEY_CT_MARK,
  );
  v128.store(key, label === 0 ? i64x2.splat(0) : v128.load(label), KEY_CT_LABEL);
}

/** Keeps the key while a bucket works on a copy; what the bucket does to it does not last. */
export function saveKey(): void {
  if (depth < <u32>SAVED_KEYS) memory.copy(savedAt(depth), key, KEY_BYTES);
  depth++;
}
export function restoreKey(): void {
  depth--;
  if (depth < <u32>SAVED_KEYS) memory.copy(key, savedAt(depth), KEY_BYTES);
}
function savedAt(place: u32): usize {
  return worker + WORKER_SAVED_KEYS + <usize>place * KEY_BYTES;
}

/** Notes that the packet met the flow, a number with whatever goes with it. */
export function meet(flow: u32): void {
  if (met < <u32>PATH_FLOWS) store<u32>(worker + ((<usize>met) << 2), flow, WORKER_PATH);
  met++;
}
/** Flows met since forgetMet(); the first PATH_FLOWS of them are noted. */
export function metCount(): u32 {
  return met;
}
export function metFlow(place: u32): u32 {
  return load<u32>(worker + ((<usize>place) << 2), WORKER_PATH);
}
export function forgetMet(): void {
  met = 0;
}

// Where the packet is to be sent. An output is only noted: it is done when nothing follows it, or,
// as a copy, before anything else is done to the packet.

/** The port noted; PORT_UNKNOWN = none. */
export let output: u32 = PORT_UNKNOWN;
/** Copies of the packet that have been sent. */
export let copies: u32 = 0;

export function setOutput(port: u32): void {
  output = port;
}
export function countCopy(): void {
  copies++;
}

/** A copy of the packet takes the built-in path. */
export let handed: bool = false;

export function noteHanded(): void {
  handed = true;
}

/** REJECT_* of the last flow that rejected. */
export let rejection: u32 = 0;
export function setRejection(kind: u32): void {
  rejection = kind;
}
