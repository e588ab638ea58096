// The forwarding database: which MAC of which VLAN is at which port of its bridge (layout.ts,
// FDB_*). One table for all bridges, with open addressing. Nothing live is ever thrown out: what
// finds no place is not learned.
//
// The MACs a bridge has learned are in a list in the order of their last note, which is the order
// they expire in: so what is over is found without looking for it, and counts are always right.
// Whoever writes here has its turn (OVERLAY_ORDERED).

import {
  BRIDGE_AGEING,
  BRIDGE_EXPIRES,
  BRIDGE_LATEST,
  BRIDGE_MACS,
  BRIDGE_NEWEST,
  BRIDGE_OLDEST,
  CONTROL_FDB_ENTRIES,
  CONTROL_FDB_LIMIT,
  COUNT_MACS_EXPIRED,
  FDB_BRIDGE,
  FDB_FREE,
  FDB_KEY_VLAN_SHIFT,
  FDB_LEFT,
  FDB_NEWER,
  FDB_OLDER,
  FDB_PORT,
  FDB_PROBES,
  FDB_SEEN,
  FDB_SIDE_STRIDE,
  FDB_STRIDE,
} from "../layout";
import { countEvent } from "../memory/counters";
import { fdb, fdbShift, fdbSides, portMacs } from "../memory/directory";

/** Odd numbers without pattern; src/compile/fdb.ts has the same. */
const KEY_FACTOR: u64 = 0x9e3779b97f4a7c15;
const BRIDGE_FACTOR: u64 = 0xd6e8feb86659fd93;

/** The key of a MAC, as macAt() has it, in a VLAN. */
export function macKey(mac: u64, vlan: u32): u64 {
  return mac | ((<u64>vlan) << FDB_KEY_VLAN_SHIFT);
}

/** Where the entries begin among which the key's is. */
export function firstOf(key: u64, bridge: u32): usize {
  const hash = (key ^ (<u64>bridge * BRIDGE_FACTOR)) * KEY_FACTOR;
  return fdb + (<usize>(hash >> fdbShift) & ~1) * FDB_STRIDE;
}

/** The entry of a key in a bridge (by number), 0 = there is none. */
export function findMac(key: u64, bridge: u32): usize {
  let entry = firstOf(key, bridge);
  const end = entry + FDB_PROBES * FDB_STRIDE;
  do {
    const there = load<u64>(entry);
    if (there === FDB_FREE) return 0;
    if (there === key && load<u16>(entry, FDB_BRIDGE) === <u16>bridge) return entry;
    entry += FDB_STRIDE;
  } while (entry < end);
  return 0;
}

/** The side of an entry. */
export function sideOf(entry: usize): usize {
  return fdbSides + ((entry - fdb) / FDB_STRIDE) * FDB_SIDE_STRIDE;
}

/** Whether as many MACs are known as engine.limits.macs says. */
export function isFdbFull(): bool {
  return load<u32>(CONTROL_FDB_ENTRIES) >= load<u32>(CONTROL_FDB_LIMIT);
}

/**
 * Notes at `now` that a MAC, which has no entry, is behind a port (number) of the bridge (number,
 * and entry at `bridge`). Its entry; 0: there is no room for it.
 */
export function addMac(key: u64, number: u32, bridge: usize, port: u32, now: u64): usize {
  if (isFdbFull()) return 0;
  let entry = firstOf(key, number);
  const end = entry + FDB_PROBES * FDB_STRIDE;
  while (load<u64>(entry) !== FDB_FREE && load<i64>(entry) !== FDB_LEFT) {
    entry += FDB_STRIDE;
    if (entry === end) return 0;
  }
  store<u32>(CONTROL_FDB_ENTRIES, load<u32>(CONTROL_FDB_ENTRIES) + 1);
  store<u64>(entry, key);
  // Port and flags behind the bridge's number.
  store<u64>(entry, <u64>number | ((<u64>port) << 16), FDB_BRIDGE);
  const side = sideOf(entry);
  memory.fill(side, 0, FDB_SIDE_STRIDE);
  store<u32>(bridge, load<u32>(bridge, BRIDGE_MACS) + 1, BRIDGE_MACS);
  countBehind(port, 1);
  append(bridge, entry, now);
  return entry;
}

/** Notes at `now` that a MAC that was learned has been heard of. */
export function renewMac(bridge: usize, entry: usize, now: u64): void {
  unlink(bridge, entry);
  append(bridge, entry, now);
}

/** The same, by another port. */
export function moveMac(bridge: usize, entry: usize, port: u32, now: u64): void {
  countBehind(load<u16>(entry, FDB_PORT), -1);
  countBehind(port, 1);
  store<u16>(entry, <u16>port, FDB_PORT);
  renewMac(bridge, entry, now);
}

/** Forgets the MACs of the bridge that were noted too long before `now`. */
export function expireMacs(bridge: usize, now: u64): void {
  const ageing = load<u64>(bridge, BRIDGE_AGEING);
  while (load<u32>(bridge, BRIDGE_OLDEST) !== 0) {
    const entry = entryOf(load<u32>(bridge, BRIDGE_OLDEST));
    const end = load<u64>(entry, FDB_SEEN) + ageing;
    if (ageing === 0 || now <= end) {
      store<u64>(bridge, ageing === 0 ? ~0 : end, BRIDGE_EXPIRES);
      return;
    }
    removeMac(bridge, entry);
    countEvent(COUNT_MACS_EXPIRED);
  }
  store<u64>(bridge, ~0, BRIDGE_EXPIRES);
}

/** MACs learned behind a port. */
export function macsBehind(port: u32): u32 {
  return load<u32>(portMacs + ((<usize>port) << 2));
}

function countBehind(port: u32, change: i32): void {
  const at = portMacs + ((<usize>port) << 2);
  store<u32>(at, load<u32>(at) + change);
}

function removeMac(bridge: usize, entry: usize): void {
  unlink(bridge, entry);
  countBehind(load<u16>(entry, FDB_PORT), -1);
  store<u32>(bridge, load<u32>(bridge, BRIDGE_MACS) - 1, BRIDGE_MACS);
  store<u32>(CONTROL_FDB_ENTRIES, load<u32>(CONTROL_FDB_ENTRIES) - 1);
  store<i64>(entry, FDB_LEFT);
  // Nobody who looks on behind a slot finds anything if the next one is free.
  if (load<u64>(entry + FDB_STRIDE) !== FDB_FREE) return;
  for (let left = entry; left >= fdb && load<i64>(left) === FDB_LEFT; left -= FDB_STRIDE) {
    store<u64>(left, FDB_FREE);
  }
}

function entryOf(slot: u32): usize {
  return fdb + <usize>(slot - 1) * FDB_STRIDE;
}
function slotOf(entry: usize): u32 {
  return <u32>((entry - fdb) / FDB_STRIDE) + 1;
}

/** Puts an entry, noted now, at the end of its bridge's list. */
function append(bridge: usize, entry: usize, now: u64): void {
  // Packets of several captures may step back in time; the list's times do not.
  const time = max<u64>(now, load<u64>(bridge, BRIDGE_LATEST));
  const slot = slotOf(entry);
  const before = load<u32>(bridge, BRIDGE_NEWEST);
  store<u64>(bridge, time, BRIDGE_LATEST);
  store<u64>(entry, time, FDB_SEEN);
  store<u32>(entry, 0, FDB_NEWER);
  store<u32>(entry, before, FDB_OLDER);
  store<u32>(bridge, slot, BRIDGE_NEWEST);
  if (before !== 0) {
    store<u32>(entryOf(before), slot, FDB_NEWER);
    return;
  }
  const ageing = load<u64>(bridge, BRIDGE_AGEING);
  store<u32>(bridge, slot, BRIDGE_OLDEST);
  store<u64>(bridge, ageing === 0 ? ~0 : time + ageing, BRIDGE_EXPIRES);
}

function unlink(bridge: usize, entry: usize): void {
  const newer = load<u32>(entry, FDB_NEWER);
  const older = load<u32>(entry, FDB_OLDER);
  if (newer === 0) store<u32>(bridge, older, BRIDGE_NEWEST);
  else store<u32>(entryOf(newer), older, FDB_OLDER);
  if (older === 0) store<u32>(bridge, newer, BRIDGE_OLDEST);
  else store<u32>(entryOf(older), newer, FDB_NEWER);
}
