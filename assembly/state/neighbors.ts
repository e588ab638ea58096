// Neighbors: (port, address) -> MAC. The host writes permanent ones; while MODE_RESOLVE is set the
// workers add what ARP and ND tell them, without locks: an entry is claimed in the index by one
// compare-and-swap and filled before its state says so.
//
// Entries are never taken out while workers run, so a number once found stays good.

import {
  MODE_RESOLVE,
  NEIGHBOR_FAILED,
  NEIGHBOR_FAMILY,
  NEIGHBOR_INCOMPLETE,
  NEIGHBOR_INDEX_CAPACITY,
  NEIGHBOR_INDEX_MASK,
  NEIGHBOR_INDEX_SLOTS,
  NEIGHBOR_INDEX_USED,
  NEIGHBOR_IP,
  NEIGHBOR_MACS,
  NEIGHBOR_PERMANENT,
  NEIGHBOR_PORT,
  NEIGHBOR_PROBES,
  NEIGHBOR_REACHABLE,
  NEIGHBOR_STATE,
  NEIGHBOR_STRIDE,
  NEIGHBOR_TIME,
  PORT_MAC,
} from "../layout";
import { mode, neighborIndex, neighbors } from "../memory/directory";
import { portOf } from "../table/ports";

/** Address of an entry. */
export function neighborEntry(number: u32): usize {
  return neighbors + <usize>number * NEIGHBOR_STRIDE;
}
/** NEIGHBOR_* state. */
export function neighborState(entry: usize): i32 {
  return atomic.load<i32>(entry, NEIGHBOR_STATE);
}

/** High and low half of a neighbor's key; IPv4 addresses fill the first four bytes. */
function keyHigh(family: u32, ip: usize): u64 {
  return family === 4 ? <u64>load<u32>(ip) : load<u64>(ip);
}
function keyLow(family: u32, ip: usize): u64 {
  return family === 4 ? 0 : load<u64>(ip, 8);
}

/** Odd multipliers without structure, as bits mixers use them. */
const FIRST: u64 = (0x9e3779b9 << 32) | 0x7f4a7c15;
const SECOND: u64 = (0xd6e8feb8 << 32) | 0x6659fd93;

/** First slot to look at. The host computes the same (src/compile/neighbors.ts). */
function startSlot(port: u32, high: u64, low: u64): u32 {
  let mix = (high ^ <u64>port) * FIRST;
  mix = (mix ^ (mix >> 32) ^ low) * SECOND;
  return <u32>(mix >> 32) & load<u32>(neighborIndex, NEIGHBOR_INDEX_MASK);
}

function isEntry(number: u32, port: u32, family: u32, high: u64, low: u64): bool {
  const entry = neighborEntry(number);
  return (
    load<u64>(entry, NEIGHBOR_IP) === high &&
    load<u64>(entry, NEIGHBOR_IP + 8) === low &&
    load<u16>(entry, NEIGHBOR_PORT) === <u16>port &&
    load<u8>(entry, NEIGHBOR_FAMILY) === <u8>family
  );
}

/** Number of the entry of a port and an address (at `ip`, network order); 0 = none. */
export function findNeighbor(port: u32, family: u32, ip: usize): u32 {
  const high = keyHigh(family, ip);
  const low = keyLow(family, ip);
  const mask = load<u32>(neighborIndex, NEIGHBOR_INDEX_MASK);
  let slot = startSlot(port, high, low);
  for (let tries: u32 = 0; tries <= mask; tries++) {
    const number = atomic.load<u32>(neighborIndex + ((<usize>slot) << 2), NEIGHBOR_INDEX_SLOTS);
    if (number === 0) return 0;
    if (isEntry(number, port, family, high, low)) return number;
    slot = (slot + 1) & mask;
  }
  return 0;
}

/** A number for a new entry, or 0 when the table is full. Numbers lost to a race stay unused. */
function claimNumber(): u32 {
  const used = neighborIndex + NEIGHBOR_INDEX_USED;
  const number = atomic.add<u32>(used, 1);
  if (number < load<u32>(neighborIndex, NEIGHBOR_INDEX_CAPACITY)) return number;
  atomic.sub<u32>(used, 1);
  return 0;
}

/**
 * The entry of a port and an address, made INCOMPLETE if there is none; 0 when the table is full.
 */
export function ensureNeighbor(port: u32, family: u32, ip: usize): u32 {
  const known = findNeighbor(port, family, ip);
  if (known !== 0) return known;
  const number = claimNumber();
  if (number === 0) return 0;
  const high = keyHigh(family, ip);
  const low = keyLow(family, ip);
  const entry = neighborEntry(number);
  store<u64>(entry, high, NEIGHBOR_IP);
  store<u64>(entry, low, NEIGHBOR_IP + 8);
  store<u16>(entry, <u16>port, NEIGHBOR_PORT);
  store<u8>(entry, <u8>family, NEIGHBOR_FAMILY);
  store<u64>(entry, 0, NEIGHBOR_TIME);
  store<u32>(entry, 0, NEIGHBOR_PROBES);
  memory.copy(entry + NEIGHBOR_MACS + 6, portOf(port) + PORT_MAC, 6);
  atomic.store<i32>(entry, NEIGHBOR_INCOMPLETE, NEIGHBOR_STATE);
  return publish(number, port, family, high, low);
}

/**
 * Puts an entry into the index; if another worker was first with the same key, gives its number.
 */
function publish(number: u32, port: u32, family: u32, high: u64, low: u64): u32 {
  const mask = load<u32>(neighborIndex, NEIGHBOR_INDEX_MASK);
  let slot = startSlot(port, high, low);
  for (let tries: u32 = 0; tries <= mask; tries++) {
    const at = neighborIndex + ((<usize>slot) << 2) + NEIGHBOR_INDEX_SLOTS;
    const other = atomic.cmpxchg<u32>(at, 0, number);
    if (other === 0) return number;
    if (isEntry(other, port, family, high, low)) return other;
    slot = (slot + 1) & mask;
  }
  return 0;
}

/**
 * Notes the MAC (at `mac`) an ARP or ND packet gave for an address, at `time`. With `create` a new
 * entry is made for one never asked for. Permanent entries and runs without MODE_RESOLVE, where
 * one flow's packets must not change another's, are left alone.
 */
export function learnNeighbor(
  port: u32,
  family: u32,
  ip: usize,
  mac: usize,
  time: u64,
  create: bool,
): void {
  if ((mode & MODE_RESOLVE) === 0) return;
  const number = create ? ensureNeighbor(port, family, ip) : findNeighbor(port, family, ip);
  if (number === 0) return;
  const entry = neighborEntry(number);
  if (neighborState(entry) === NEIGHBOR_PERMANENT) return;
  // The MAC's six bytes lie in one aligned u64 together with two of the source MAC: one store.
  const rest = load<u64>(entry, NEIGHBOR_MACS) & 0xffff000000000000;
  const six = ((<u64>load<u16>(mac, 4)) << 32) | <u64>load<u32>(mac);
  atomic.store<u64>(entry, rest | six, NEIGHBOR_MACS);
  store<u64>(entry, time, NEIGHBOR_TIME);
  store<u32>(entry, 0, NEIGHBOR_PROBES);
  atomic.store<i32>(entry, NEIGHBOR_REACHABLE, NEIGHBOR_STATE);
}

/** Whether the entry's MAC may be used. */
export function isKnown(entry: usize): bool {
  // NEIGHBOR_REACHABLE is 2 and NEIGHBOR_PERMANENT 3.
  return (neighborState(entry) & ~1) === NEIGHBOR_REACHABLE;
}

/**
 * How long a neighbor that did not answer is not asked again (RFC 1122 2.3.2.2: at most 1 a
 * second).
 */
const RETRY_AFTER: u64 = 1_000_000_000;

/** Asks a failed neighbor anew if it is time to: INCOMPLETE again, with no probe sent. */
export function retryFailed(entry: usize, now: u64): bool {
  if (now < load<u64>(entry, NEIGHBOR_TIME) + RETRY_AFTER) return false;
  store<u32>(entry, 0, NEIGHBOR_PROBES);
  atomic.store<i32>(entry, NEIGHBOR_INCOMPLETE, NEIGHBOR_STATE);
  return true;
}

/** What the owner of a waiting packet should do now. */
export const PROBE_WAIT: i32 = 0;
export const PROBE_SEND: i32 = 1;
export const PROBE_GIVE_UP: i32 = 2;

/** Solicitations before giving up, and the time between them (RFC 4861 10: 3 of 1 s each). */
const MAX_PROBES: u32 = 3;
const PROBE_INTERVAL: u64 = 1_000_000_000;

/**
 * Decides on an INCOMPLETE entry at `now`, and counts the solicitation it tells the caller to send.
 */
export function probeNeighbor(entry: usize, now: u64): i32 {
  const probes = load<u32>(entry, NEIGHBOR_PROBES);
  if (probes !== 0 && now < load<u64>(entry, NEIGHBOR_TIME) + PROBE_INTERVAL) return PROBE_WAIT;
  store<u64>(entry, now, NEIGHBOR_TIME);
  if (probes >= MAX_PROBES) {
    atomic.store<i32>(entry, NEIGHBOR_FAILED, NEIGHBOR_STATE);
    return PROBE_GIVE_UP;
  }
  store<u32>(entry, probes + 1, NEIGHBOR_PROBES);
  return PROBE_SEND;
}
