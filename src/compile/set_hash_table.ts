// One hash table of a named set: its elements with one mask (assembly/layout.ts, "named sets").
//
// Workers read it meanwhile. A slot's tag is stored last and says that the rest of it is there. A
// slot is never used twice: when too few are left the table is written anew, with room for what it
// holds, and workers find the new one or, in the burst at hand, still the old one.

import * as layout from "../../assembly/layout.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { SetElement } from "./set_element.ts";

const LEAST_SLOTS = 16;
/** Slots in use, of 16, when a table is written anew, and at most when it has been. */
const FULL = 11;
const FULL_AT_FIRST = 9;
const TAG = layout.SET_SLOT_TAG / 4;
const ADDED = layout.SET_SLOT_ADDED / 4;
const REMOVED = layout.SET_SLOT_REMOVED / 4;
const LANES = layout.SET_SLOT_LANES / 4;

function slotsFor(entries: number): number {
  let slots = LEAST_SLOTS;
  while (entries * 16 > slots * FULL_AT_FIRST) slots *= 2;
  return slots;
}

function strideOf(lanes: number, isRanged: boolean): number {
  return layout.SET_SLOT_LANES + Math.ceil((lanes * (isRanged ? 3 : 1)) / 2) * 16;
}

/** Whether version `one` is `other` or later, modulo 2^32. */
function isReached(other: number, one: number): boolean {
  return ((one - other) | 0) >= 0;
}

export class SetHashTable {
  readonly mask: Int32Array;
  readonly isRanged: boolean;
  /** Address; another one after each rewrite. */
  address = 0;
  /** Elements, with those that are gone for newer versions only. */
  entries = 0;
  readonly #region: Region;
  readonly #arena: Arena;
  readonly #lanes: number;
  readonly #wide: number;
  readonly #strideWords: number;
  #slots = 0;
  /** Slots that are in use, or were. */
  #filled = 0;
  /** Slots whose versions are not settled. */
  #unsettled: number[] = [];

  /** A table for elements with the mask of this one. Throws LIMIT_EXCEEDED. */
  constructor(region: Region, arena: Arena, { isRanged, lanes, mask, wide }: SetElement) {
    this.#region = region;
    this.#arena = arena;
    this.mask = mask.slice();
    this.isRanged = isRanged;
    this.#lanes = lanes;
    this.#wide = wide;
    this.#strideWords = strideOf(lanes, isRanged) / 4;
    this.#slots = LEAST_SLOTS;
    this.address = this.#allocate(LEAST_SLOTS);
  }

  get bytes(): number {
    return this.#bytesOf(this.#slots);
  }
  get hasUnsettled(): boolean {
    return this.#unsettled.length > 0;
  }

  /** Whether one more element needs the table written anew. */
  get isFull(): boolean {
    return (this.#filled + 1) * 16 > this.#slots * FULL;
  }
  /** Whether the table is far larger than it need be. */
  get isSparse(): boolean {
    return this.#slots > LEAST_SLOTS && slotsFor(this.entries) * 4 < this.#slots;
  }

  matches(element: SetElement): boolean {
    if (element.isRanged !== this.isRanged) return false;
    for (let n = 0; n < this.mask.length; n++) {
      if (this.mask[n] !== element.mask[n]) return false;
    }
    return true;
  }

  /**
   * The slot of an element that is there, or was taken away with this version; -1 = none. Slots
   * are places of words, valid until the table is written anew.
   */
  find(element: SetElement, version = 0): number {
    const words = this.#region.i32;
    const { hash } = element;
    const tag = hash | layout.SET_SLOT_USED | 0;
    for (let place = hash & (this.#slots - 1); ; place = (place + 1) & (this.#slots - 1)) {
      const slot = this.#slotAt(place);
      const found = words[slot + TAG] as number;
      if (found === 0) return -1;
      if (found !== tag) continue;
      const removed = (words[slot + REMOVED] as number) >>> 0;
      const isThere = removed === 0 || (version !== 0 && removed === version);
      if (isThere && this.#isElement(words, slot + LANES, element)) return slot;
    }
  }

  isRemoved(slot: number): boolean {
    return this.#region.i32[slot + REMOVED] !== 0;
  }

  /** Whether no worker has seen it: it was added with the version at hand. */
  isNew(slot: number, version: number): boolean {
    return (this.#region.i32[slot + ADDED] as number) >>> 0 === version;
  }

  /** Puts an element in; visible from the version on, 0 = at once. The table must not be full. */
  insert(element: SetElement, version: number): void {
    const words = this.#region.i32;
    const { hash } = element;
    let place = hash & (this.#slots - 1);
    while (words[this.#slotAt(place) + TAG] !== 0) place = (place + 1) & (this.#slots - 1);
    const slot = this.#slotAt(place);
    words[slot + ADDED] = version;
    words[slot + REMOVED] = 0;
    const count = this.#lanes * 2;
    for (let n = 0; n < count; n++) words[slot + LANES + n] = element.value[n] as number;
    if (this.isRanged) {
      words.set(element.low, slot + LANES + count);
      words.set(element.high, slot + LANES + 2 * count);
    }
    Atomics.store(words, slot + TAG, hash | layout.SET_SLOT_USED);
    if (version !== 0) this.#unsettled.push(slot);
    this.#filled++;
    this.entries++;
  }

  /** Lets workers see an element no more from the version on; 0 = at once. */
  remove(slot: number, version: number): void {
    if (version === 0) {
      this.erase(slot);
      return;
    }
    Atomics.store(this.#region.i32, slot + REMOVED, version);
    this.#unsettled.push(slot);
  }

  /** Takes back remove() of the version at hand. */
  restore(slot: number): void {
    Atomics.store(this.#region.i32, slot + REMOVED, 0);
  }

  /** Takes an element away for all versions. */
  erase(slot: number): void {
    Atomics.store(this.#region.i32, slot + TAG, layout.SET_SLOT_DEAD);
    this.entries--;
  }

  /** What changed up to a version that every worker has reached is so for ever. */
  settle(version: number): void {
    const words = this.#region.i32;
    this.#unsettled = this.#unsettled.filter((slot) => {
      if (words[slot + TAG] === layout.SET_SLOT_DEAD) return false;
      const removed = words[slot + REMOVED] as number;
      if (removed !== 0 && isReached(removed, version)) {
        this.erase(slot);
        return false;
      }
      const added = words[slot + ADDED] as number;
      const isSettled = added === 0 || isReached(added, version);
      if (isSettled) Atomics.store(words, slot + ADDED, 0);
      return removed !== 0 || !isSettled;
    });
  }

  /**
   * Writes the table anew, with room for its elements and one more. Returns the address of the old
   * one, of `bytes` as they were before. Throws LIMIT_EXCEEDED, with nothing changed.
   */
  rewrite(): number {
    const old = { address: this.address, slots: this.#slots };
    const slots = slotsFor(this.entries + 1);
    this.address = this.#allocate(slots);
    this.#slots = slots;
    this.#filled = 0;
    this.#unsettled = [];
    const words = this.#region.i32;
    const stride = this.#strideWords;
    const end = (old.address + this.#bytesOf(old.slots)) / 4;
    for (let from = (old.address + layout.SET_TABLE_SLOTS) / 4; from < end; from += stride) {
      const tag = words[from + TAG] as number;
      if (tag === 0 || tag === layout.SET_SLOT_DEAD) continue;
      let place = tag & (slots - 1);
      while (words[this.#slotAt(place) + TAG] !== 0) place = (place + 1) & (slots - 1);
      const slot = this.#slotAt(place);
      for (let n = 0; n < stride; n++) words[slot + n] = words[from + n] as number;
      if (words[slot + ADDED] !== 0 || words[slot + REMOVED] !== 0) this.#unsettled.push(slot);
      this.#filled++;
    }
    return old.address;
  }

  /** The words of every element that is there: value, lowest, highest. */
  *elements(): Generator<readonly [Int32Array, Int32Array, Int32Array]> {
    const words = this.#region.i32;
    const count = this.#lanes * 2;
    for (let place = 0; place < this.#slots; place++) {
      const slot = this.#slotAt(place);
      const tag = words[slot + TAG] as number;
      if (tag === 0 || tag === layout.SET_SLOT_DEAD || words[slot + REMOVED] !== 0) continue;
      const at = (n: number) =>
        words.slice(slot + LANES + n * count, slot + LANES + (n + 1) * count);
      const [low, high] = this.isRanged ? [at(1), at(2)] : [NO_ENDS.low, NO_ENDS.high];
      yield [at(0), low, high];
    }
  }

  #isElement(words: Int32Array, at: number, element: SetElement): boolean {
    const count = this.#lanes * 2;
    for (let n = 0; n < count; n++) if (words[at + n] !== element.value[n]) return false;
    if (!this.isRanged) return true;
    for (let n = 0; n < count; n++) {
      if (words[at + count + n] !== element.low[n]) return false;
      if (words[at + 2 * count + n] !== element.high[n]) return false;
    }
    return true;
  }

  #bytesOf(slots: number): number {
    return layout.SET_TABLE_SLOTS + slots * this.#strideWords * 4;
  }

  #slotAt(place: number): number {
    return (this.address + layout.SET_TABLE_SLOTS) / 4 + place * this.#strideWords;
  }

  #allocate(slots: number): number {
    const address = this.#arena.allocate(this.#bytesOf(slots));
    const table = this.#region;
    table.setU32(address + layout.SET_TABLE_MASK, slots - 1);
    table.setU32(address + layout.SET_TABLE_STRIDE, this.#strideWords * 4);
    table.setU32(address + layout.SET_TABLE_ENDS, this.isRanged ? 1 : 0);
    table.setU32(address + layout.SET_TABLE_WIDE, this.#wide);
    return address;
  }
}

/** Ends of lanes that have none. */
const NO_ENDS = {
  low: new Int32Array(layout.MAX_SET_LANES * 2),
  high: new Int32Array(layout.MAX_SET_LANES * 2).fill(-1),
};
