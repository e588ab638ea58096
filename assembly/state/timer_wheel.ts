// The timer wheel: which connections may be over.
//
// Four levels of 64 slots. A slot of the first lasts 2^10 ticks (a unit, about a second), one of
// the next 64 times as long. An entry lies in the slot of its deadline, on the lowest level whose
// 64 slots reach that far; when the wheel comes to a slot, what is over is reclaimed and the rest
// filed again. A deadline that moves on leaves the entry where it is, so a packet does nothing to
// the wheel.
//
// Ticks are u32 in entries and 64 bits here, reckoned from where the wheel is: the wheel is never
// more than 2^30 ticks behind, nor a deadline that far ahead, so nothing is ambiguous however far a
// capture's clock jumps.

import { deadlineOf } from "../connection";
import {
  CONNECTION_SLOT,
  CONNECTION_WHEEL_BEFORE,
  CONNECTION_WHEEL_NEXT,
  CONNECTIONS_DUE,
  CONNECTIONS_OCCUPIED,
  CONNECTIONS_UNIT,
  CONNECTIONS_WHEEL,
  WHEEL_LEVELS,
  WHEEL_SHIFT,
} from "../layout";
import { entryAt, header, numberOf } from "./connection_shards";

/** Entries looked at in one call, so that no packet waits for many. */
const BUDGET: u32 = 32;
/** Ticks the wheel may be behind before it catches up all at once. */
const FARTHEST: u64 = 1 << 30;
/** Units until the wheel is looked at though it is empty: so it is never far behind. */
const IDLE: u64 = 1 << 10;

/** Entries that may still be looked at. */
let budget: u32 = 0;

/** Whether the wheel of the open shard has to be looked at. */
export function isDue(time: u64): bool {
  return load<u64>(header, CONNECTIONS_DUE) <= time;
}

/** The whole tick that a u32 means, of which it is known that it is not far from now. */
export function widen(tick: u32): u64 {
  const wheel = load<u64>(header, CONNECTIONS_UNIT) << WHEEL_SHIFT;
  const whole = <i64>wheel + <i64>(<i32>(tick - <u32>wheel));
  return whole < 0 ? 0 : <u64>whole;
}

/** Begins to look at what is due: at few entries, but at all when the clock has jumped very far. */
export function beginSweep(time: u64): void {
  const wheel = load<u64>(header, CONNECTIONS_UNIT) << WHEEL_SHIFT;
  budget = time > wheel && time - wheel > FARTHEST ? u32.MAX_VALUE : BUDGET;
}

/**
 * Moves the wheel of the open shard on to the next entry that is over by `time`, which is taken out
 * of it; 0 = there is none, or enough has been looked at, and then the wheel stays due.
 */
export function takeOver(time: u64): usize {
  for (; budget !== 0; budget--) {
    const unit = nextUnit();
    if (unit === u64.MAX_VALUE || unit << WHEEL_SHIFT > time) {
      rest(time, unit);
      return 0;
    }
    store<u64>(header, unit, CONNECTIONS_UNIT);
    const entry = firstDue(unit);
    removeFromWheel(entry);
    if (endOf(deadlineOf(entry)) <= time >> WHEEL_SHIFT) {
      budget--;
      return entry;
    }
    addToWheel(entry);
  }
  return 0;
}

/** Nothing is due up to `time`: notes when something is. */
function rest(time: u64, next: u64): void {
  const unit = max<u64>(time >> WHEEL_SHIFT, load<u64>(header, CONNECTIONS_UNIT));
  store<u64>(header, unit, CONNECTIONS_UNIT);
  store<u64>(header, min<u64>(next, unit + IDLE) << WHEEL_SHIFT, CONNECTIONS_DUE);
}

/** The first unit, from where the wheel is, in which a slot with entries is due; MAX = none. */
function nextUnit(): u64 {
  const unit = load<u64>(header, CONNECTIONS_UNIT);
  let next = u64.MAX_VALUE;
  for (let level: u32 = 0; level < <u32>WHEEL_LEVELS; level++) {
    const occupied = load<u64>(header + ((<usize>level) << 3), CONNECTIONS_OCCUPIED);
    if (occupied === 0) continue;
    const from = firstSlot(unit, level);
    const ahead = ctz<u64>(rotr<u64>(occupied, from & 63));
    next = min<u64>(next, (from + ahead) << (6 * level));
  }
  return next;
}

/** The level's slot that the wheel comes to next, counted from tick 0: the present if it begins. */
function firstSlot(unit: u64, level: u32): u64 {
  const shift = 6 * level;
  return (unit + (((<u64>1) << shift) - 1)) >> shift;
}

/** The first entry of a slot that is due in this unit; there is one. */
function firstDue(unit: u64): usize {
  let level: u32 = WHEEL_LEVELS - 1;
  while (true) {
    const shift = 6 * level;
    const slot = (level << 6) | (<u32>(unit >> shift) & 63);
    const number: u32 = load<u16>(slotAt(slot));
    if ((unit & (((<u64>1) << shift) - 1)) === 0 && number !== 0) return entryAt(number);
    level--;
  }
}

function slotAt(slot: u32): usize {
  return header + CONNECTIONS_WHEEL + ((<usize>slot) << 1);
}

/** The unit at whose beginning a deadline has passed. */
function endOf(deadline: u32): u64 {
  return (widen(deadline) + (((<u64>1) << WHEEL_SHIFT) - 1)) >> WHEEL_SHIFT;
}

/** The unit in which the wheel shall come to an entry: never one that has been. */
function unitOf(deadline: u32): u64 {
  return max<u64>(endOf(deadline), load<u64>(header, CONNECTIONS_UNIT) + 1);
}

/** Files an entry of the open shard by its deadline. */
export function addToWheel(entry: usize): void {
  const unit = unitOf(deadlineOf(entry));
  const ahead = unit - load<u64>(header, CONNECTIONS_UNIT);
  const level: u32 = ahead < 1 << 6 ? 0 : ahead < 1 << 12 ? 1 : ahead < 1 << 18 ? 2 : 3;
  const shift = 6 * level;
  const slot = (level << 6) | (<u32>(unit >> shift) & 63);
  const number = numberOf(entry);
  const first: u32 = load<u16>(slotAt(slot));
  store<u8>(entry, <u8>slot, CONNECTION_SLOT);
  store<u16>(entry, <u16>first, CONNECTION_WHEEL_NEXT);
  store<u16>(entry, 0, CONNECTION_WHEEL_BEFORE);
  if (first !== 0) store<u16>(entryAt(first), <u16>number, CONNECTION_WHEEL_BEFORE);
  store<u16>(slotAt(slot), <u16>number);
  setOccupied(slot, true);
  const due = ((unit >> shift) << shift) << WHEEL_SHIFT;
  store<u64>(header, min<u64>(due, load<u64>(header, CONNECTIONS_DUE)), CONNECTIONS_DUE);
}

/** Takes an entry of the open shard out of the wheel. */
export function removeFromWheel(entry: usize): void {
  const slot: u32 = load<u8>(entry, CONNECTION_SLOT);
  const next: u32 = load<u16>(entry, CONNECTION_WHEEL_NEXT);
  const before: u32 = load<u16>(entry, CONNECTION_WHEEL_BEFORE);
  if (next !== 0) store<u16>(entryAt(next), <u16>before, CONNECTION_WHEEL_BEFORE);
  if (before !== 0) {
    store<u16>(entryAt(before), <u16>next, CONNECTION_WHEEL_NEXT);
    return;
  }
  store<u16>(slotAt(slot), <u16>next);
  if (next === 0) setOccupied(slot, false);
}

function setOccupied(slot: u32, occupied: bool): void {
  const at = header + ((<usize>(slot >> 6)) << 3);
  const bit: u64 = (<u64>1) << (slot & 63);
  const bits = load<u64>(at, CONNECTIONS_OCCUPIED);
  store<u64>(at, occupied ? bits | bit : bits & ~bit, CONNECTIONS_OCCUPIED);
}

/** Files an entry of the open shard anew if its deadline is now before its slot is due. */
export function hastenInWheel(entry: usize): void {
  const slot: u32 = load<u8>(entry, CONNECTION_SLOT);
  const level = slot >> 6;
  const from = firstSlot(load<u64>(header, CONNECTIONS_UNIT), level);
  const ahead = (<u64>slot - from) & 63;
  if (unitOf(deadlineOf(entry)) >= (from + ahead) << (6 * level)) return;
  removeFromWheel(entry);
  addToWheel(entry);
}
