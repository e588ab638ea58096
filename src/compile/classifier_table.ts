// The classifier of one table: its list of subtables, and under which of them a row is filed.
//
// A row goes where a mask is part of its own and the chain it would join is short; the finest such
// mask first. When all chains are too long a subtable is made, under the coarsest mask of the row's
// ladder that has none yet, and the rows of those chains that it suits move there (Daly et al.,
// TupleMerge, 2019, do alike). So there are few subtables, and chains end soon.

import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";
import { type MaskClass, MaskClasses } from "./classifier_classes.ts";
import { Filter } from "./classifier_filter.ts";
import { isCoarser, KEY_WORDS } from "./classifier_masks.ts";
import type { Rank, RowMatch, Rows } from "./classifier_rows.ts";
import { Subtable } from "./classifier_subtable.ts";

/** Rows a chain has before its like are filed under a finer mask (measured). */
const LONG_CHAIN = 6;
const LEAST_CAPACITY = 4;
/** Subtables that make a filter worth while (measured). */
const MANY_SUBTABLES = 8;
/** Share of the rows that come or go before a list with a filter is put in order: it is work. */
const CHANGED_SHARE = 1 / 4;

/** How a row refers to a subtable. */
function placeNumber(table: number, subtable: number): number {
  return table * 2 ** 16 + subtable;
}
export function tableOfPlace(place: number): number {
  return place >>> 16;
}

export class TableClassifier {
  readonly #rows: Rows;
  readonly #number: number;
  /** Where the address of the list is published. */
  readonly #word: number;
  #list = 0;
  #capacity = 0;
  #filter: Filter | undefined;
  /** Rows linked or unlinked since the list was put in order. */
  #changes = 0;
  /** In the order of the list. */
  #subtables: Subtable[] = [];
  readonly #byNumber: (Subtable | undefined)[] = [];
  readonly #classes = new MaskClasses();
  /** The list is not in the order of ranks, or has empty subtables. */
  #untidy = false;
  readonly #replaced: (row: number, copy: number, version: number) => void;
  /** The value of a row that moves. */
  readonly #moved = new Uint32Array(KEY_WORDS);
  /** Where the row at hand goes: what #find has found out. */
  #hash = 0;
  #entry = 0;

  /**
   * @param word address of the u32 that leads workers to the list
   * @param replaced is told of each row that a copy takes the place of
   */
  constructor(
    rows: Rows,
    number: number,
    word: number,
    replaced: (row: number, copy: number, version: number) => void,
  ) {
    this.#rows = rows;
    this.#number = number;
    this.#word = word;
    this.#replaced = replaced;
  }

  /** Subtables that rows are filed in. */
  get subtables(): number {
    return this.#subtables.length;
  }

  /** @returns the address of the new row. Throws LIMIT_EXCEEDED with nothing changed. */
  insert(match: RowMatch, rank: Rank, flow: number, version: number, given: number): number {
    const maskClass = this.#classes.find(match.mask);
    const row = this.#rows.create(match, maskClass.blocks, rank, flow, version);
    try {
      const subtable =
        this.#find(maskClass, match) ?? this.#refine(maskClass, match, version, given);
      this.#link(subtable, row, given);
    } catch (error) {
      this.#rows.arena.release(row, this.#rows.bytesOf(row));
      throw error;
    }
    return row;
  }

  /** Takes a removed row out of its chain. Workers may still stand on it. */
  unlink(row: number): void {
    const subtable = this.#byNumber[this.#rows.placeOf(row) & 0xffff]!;
    subtable.unlink(row);
    this.#changes++;
    if (subtable.count === 0) this.#untidy = true;
  }

  /**
   * Puts the list in order, as far as there is memory for a new one.
   * @param given the last version given out
   */
  tidy(given: number): void {
    if (!this.#untidy || !this.#isWorthTidying()) return;
    const isThorough = this.#filter !== undefined;
    for (const subtable of this.#subtables) subtable.refresh(given, isThorough);
    const kept = this.#subtables.filter(({ count }) => count > 0);
    kept.sort((a, b) => b.highest - a.highest);
    const isSame = (subtable: Subtable, place: number) => subtable === this.#subtables[place];
    const isInOrder = kept.length === this.#subtables.length && kept.every(isSame);
    if (!isInOrder || kept.length >= MANY_SUBTABLES) {
      const gone = this.#subtables.filter(({ count }) => count === 0);
      const filter = this.#makeFilter(kept);
      try {
        this.#replaceList(kept, filter, given);
      } catch (error) {
        if (filter) this.#rows.arena.release(filter.address, filter.bytes);
        throw error;
      }
      for (const subtable of gone) this.#forget(subtable, given);
    }
    this.#untidy = false;
    this.#changes = 0;
  }

  #isWorthTidying(): boolean {
    if (this.#filter === undefined) return true;
    const rows = this.#subtables.reduce((sum, { count }) => sum + count, 0);
    return this.#changes >= rows * CHANGED_SHARE;
  }

  #forget(subtable: Subtable, given: number): void {
    subtable.retire(given);
    this.#byNumber[subtable.number] = undefined;
    this.#classes.forget(this.#subtables);
  }

  #link(subtable: Subtable, row: number, given: number): void {
    const rank = this.#rows.rankOf(row);
    this.#rows.setPlace(row, this.#hash, placeNumber(this.#number, subtable.number));
    // Bounds first: who sees the row must not be kept from it.
    if (rank > subtable.highest) this.#raise(subtable, rank);
    this.#filter?.note(subtable.place, row);
    subtable.link(row, this.#entry, given);
    this.#changes++;
  }

  #raise(subtable: Subtable, rank: number): void {
    const { place } = subtable;
    if (place > 0 && this.#subtables[place - 1]!.highest < rank) this.#untidy = true;
    for (let at = place; at >= 0; at--) if (!this.#subtables[at]!.raiseBound(rank)) break;
  }

  /** The finest subtable where the row's chain is short. Sets #hash and #entry. */
  #find(maskClass: MaskClass, match: RowMatch): Subtable | undefined {
    for (const subtable of this.#classes.candidatesOf(maskClass)) {
      this.#look(subtable, match.value);
      if (!this.#isLong(subtable.buckets.chainAt(this.#entry))) return subtable;
    }
    return undefined;
  }

  #look(subtable: Subtable, key: Uint32Array): void {
    this.#hash = subtable.hash(key);
    this.#entry = subtable.buckets.find(this.#hash);
  }

  /** Rows that are removed do not count: they will have gone soon. */
  #isLong(chain: number): boolean {
    let length = 0;
    for (let row = chain; row !== 0; row = this.#rows.nextOf(row)) {
      if (this.#rows.removedOf(row) === 0 && ++length === LONG_CHAIN) return true;
    }
    return false;
  }

  /** A subtable for a row whose chains are all long. Sets #hash and #entry. */
  #refine(maskClass: MaskClass, match: RowMatch, version: number, given: number): Subtable {
    const mask = maskClass.nextMask;
    if (mask === undefined) {
      const finest = maskClass.candidates[0]!;
      this.#look(finest, match.value);
      return finest;
    }
    const subtable = this.#add(mask, given);
    for (const coarser of maskClass.candidates) {
      if (isCoarser(coarser.mask, coarser.blocks, mask)) {
        this.#move(coarser, subtable, match.value, version, given);
      }
    }
    this.#look(subtable, match.value);
    return subtable;
  }

  /** Moves the rows of a chain that suit the finer mask: a copy appears as the original goes. */
  #move(from: Subtable, to: Subtable, key: Uint32Array, version: number, given: number): void {
    const rows = this.#rows;
    const chain: number[] = [];
    const entry = from.buckets.find(from.hash(key));
    for (let row = from.buckets.chainAt(entry); row !== 0; row = rows.nextOf(row)) {
      if (rows.removedOf(row) === 0 && rows.isWithin(row, to.mask, to.blocks)) chain.push(row);
    }
    for (const row of chain) {
      const copy = rows.copy(row, version);
      rows.readValue(row, this.#moved);
      this.#look(to, this.#moved);
      try {
        this.#link(to, copy, given);
      } catch (error) {
        rows.arena.release(copy, rows.bytesOf(copy));
        throw error;
      }
      this.#replaced(row, copy, version);
    }
  }

  #add(mask: Uint32Array, given: number): Subtable {
    if (this.#subtables.length === this.#capacity) {
      this.#replaceList(this.#subtables, this.#filter, given, 1);
    }
    const free = this.#byNumber.indexOf(undefined);
    const number = free === -1 ? this.#byNumber.length : free;
    const subtable = new Subtable(this.#rows, number, mask);
    this.#byNumber[number] = subtable;
    subtable.place = this.#subtables.length;
    this.#subtables.push(subtable);
    this.#classes.add(subtable);
    // It is not in the order of ranks; and empty, should no row come.
    this.#untidy = true;
    subtable.describe(this.#descriptorAt(subtable.place), 0);
    this.#rows.publish(this.#list + layout.SUBTABLES_COUNT, this.#subtables.length);
    return subtable;
  }

  #descriptorAt(place: number): number {
    return this.#list + layout.SUBTABLES_FIRST + place * layout.SUBTABLE_STRIDE;
  }

  /** Publishes a list of these subtables, with room for more; of none at all no list. */
  #replaceList(subtables: Subtable[], filter: Filter | undefined, given: number, more = 0): void {
    const { arena, limbo, words } = this.#rows;
    const count = subtables.length;
    const room = Math.max(LEAST_CAPACITY, count + (count >> 1) + 1);
    const capacity = count + more === 0 ? 0 : room;
    const list = capacity === 0 ? 0 : arena.allocate(listBytes(capacity));
    if (this.#list !== 0) limbo.add(this.#list, listBytes(this.#capacity), given);
    this.#list = list;
    this.#capacity = capacity;
    this.#subtables = subtables;
    let bound = 0;
    for (let place = count - 1; place >= 0; place--) {
      const subtable = subtables[place]!;
      bound = Math.max(bound, subtable.highest);
      subtable.place = place;
      subtable.describe(this.#descriptorAt(place), bound);
    }
    if (list !== 0) {
      words[(list + layout.SUBTABLES_COUNT) >>> 2] = count;
      words[(list + layout.SUBTABLES_FILTER) >>> 2] = filter?.address ?? 0;
    }
    this.#rows.publish(this.#word, list);
    if (this.#filter && this.#filter !== filter) {
      limbo.add(this.#filter.address, this.#filter.bytes, given);
    }
    this.#filter = filter;
  }

  /** A filter for subtables, where it is worth while and memory suffices: they work without. */
  #makeFilter(subtables: readonly Subtable[]): Filter | undefined {
    if (subtables.length < MANY_SUBTABLES) return undefined;
    try {
      return new Filter(this.#rows, subtables);
    } catch (error) {
      if (error instanceof SluiceError && error.code === "LIMIT_EXCEEDED") return undefined;
      throw error;
    }
  }
}

function listBytes(capacity: number): number {
  return layout.SUBTABLES_FIRST + capacity * layout.SUBTABLE_STRIDE;
}
