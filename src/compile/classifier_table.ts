// The classifier of one table: its list of subtables, and under which of them a row is filed.
//
// A row goes where a mask is part of its own and the chain it would join is short; the finest such
// mask first. When all chains are too long a subtable is made, under the coarsest mask of the row's
// ladder that has none yet, and the rows of those chains that it suits move there (Daly et al.,
// TupleMerge, 2019, do alike). So there are few subtables, and chains end soon.

import * as layout from "../../assembly/layout.ts";
import {
  areEqual,
  blocksOf,
  digestOf,
  isCoarser,
  KEY_WORDS,
  ladderOf,
} from "./classifier_masks.ts";
import type { Rank, RowMatch, Rows } from "./classifier_rows.ts";
import { Subtable } from "./classifier_subtable.ts";

/** Rows a chain has before its like are filed under a finer mask (measured). */
const LONG_CHAIN = 8;
const LEAST_CAPACITY = 4;

/** A mask that rows have, and the subtables that they can be filed in, finest first. */
interface MaskClass {
  readonly mask: Uint32Array;
  readonly blocks: number;
  ladder: readonly Uint32Array[] | undefined;
  candidates: Subtable[];
  /** How many of the subtables ever made have been looked at for candidates, and when. */
  seen: number;
  generation: number;
}

/** Masks remembered: more than a set of rules has, unless they are made up. */
const MOST_CLASSES = 8192;
/** Lists they are found in, by digest; a power of two. */
const DIGESTS = 4096;

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
  /** In the order of the list. */
  #subtables: Subtable[] = [];
  readonly #byNumber: (Subtable | undefined)[] = [];
  readonly #classes: (MaskClass[] | undefined)[] = [];
  #classCount = 0;
  /** Subtables in the order they were made, since one went the last time; and how often. */
  #made: Subtable[] = [];
  #generation = 0;
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
    const maskClass = this.#classOf(match.mask);
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
    if (subtable.count === 0) this.#untidy = true;
  }

  /**
   * Puts the list in order, as far as there is memory for a new one.
   * @param given the last version given out
   */
  tidy(given: number): void {
    if (!this.#untidy) return;
    for (const subtable of this.#subtables) subtable.refresh(given);
    const kept = this.#subtables.filter(({ count }) => count > 0);
    kept.sort((a, b) => b.highest - a.highest);
    const isSame = (subtable: Subtable, place: number) => subtable === this.#subtables[place];
    if (kept.length !== this.#subtables.length || !kept.every(isSame)) {
      const gone = this.#subtables.filter(({ count }) => count === 0);
      this.#replaceList(kept, given);
      for (const subtable of gone) this.#forget(subtable, given);
    }
    this.#untidy = false;
  }

  #forget(subtable: Subtable, given: number): void {
    subtable.retire(given);
    this.#byNumber[subtable.number] = undefined;
    this.#generation++;
    this.#made = this.#subtables.slice();
  }

  #link(subtable: Subtable, row: number, given: number): void {
    const rank = this.#rows.rankOf(row);
    this.#rows.setPlace(row, this.#hash, placeNumber(this.#number, subtable.number));
    // Bounds first: who sees the row must not be kept from it.
    if (rank > subtable.highest) this.#raise(subtable, rank);
    subtable.link(row, this.#entry, given);
  }

  #raise(subtable: Subtable, rank: number): void {
    const { place } = subtable;
    if (place > 0 && this.#subtables[place - 1]!.highest < rank) this.#untidy = true;
    for (let at = place; at >= 0; at--) if (!this.#subtables[at]!.raiseBound(rank)) break;
  }

  /** The finest subtable where the row's chain is short. Sets #hash and #entry. */
  #find(maskClass: MaskClass, match: RowMatch): Subtable | undefined {
    if (maskClass.seen !== this.#made.length || maskClass.generation !== this.#generation) {
      this.#findCandidates(maskClass);
    }
    for (const subtable of maskClass.candidates) {
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
    maskClass.ladder ??= ladderOf(maskClass.mask);
    const known = (mask: Uint32Array) =>
      maskClass.candidates.some(
        (subtable) =>
          subtable.blocks === blocksOf(mask) && areEqual(subtable.mask, mask, subtable.blocks),
      );
    const mask = maskClass.ladder.find((coarse) => !known(coarse));
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
      this.#replaceList(this.#subtables, given, 1);
    }
    const free = this.#byNumber.indexOf(undefined);
    const number = free === -1 ? this.#byNumber.length : free;
    const subtable = new Subtable(this.#rows, number, mask);
    this.#byNumber[number] = subtable;
    subtable.place = this.#subtables.length;
    this.#subtables.push(subtable);
    this.#made.push(subtable);
    // It is not in the order of ranks; and empty, should no row come.
    this.#untidy = true;
    subtable.describe(this.#descriptorAt(subtable.place), 0);
    this.#rows.publish(this.#list + layout.SUBTABLES_COUNT, this.#subtables.length);
    return subtable;
  }

  #descriptorAt(place: number): number {
    return this.#list + layout.SUBTABLES_FIRST + place * layout.SUBTABLE_STRIDE;
  }

  /** Publishes a new list of these subtables, with room for another; none at all is no list. */
  #replaceList(subtables: Subtable[], given: number, more = 0): void {
    const rows = this.#rows;
    const old = this.#list;
    const oldBytes = listBytes(this.#capacity);
    const capacity =
      subtables.length + more === 0
        ? 0
        : Math.max(LEAST_CAPACITY, subtables.length + (subtables.length >> 1) + 1);
    const list = capacity === 0 ? 0 : rows.arena.allocate(listBytes(capacity));
    this.#list = list;
    this.#capacity = capacity;
    this.#subtables = subtables;
    let bound = -1;
    for (let place = subtables.length - 1; place >= 0; place--) {
      const subtable = subtables[place]!;
      bound = Math.max(bound, subtable.highest, 0);
      subtable.place = place;
      subtable.describe(this.#descriptorAt(place), bound);
    }
    if (list !== 0) rows.words[(list + layout.SUBTABLES_COUNT) >>> 2] = subtables.length;
    rows.publish(this.#word, list);
    if (old !== 0) rows.limbo.add(old, oldBytes, given);
  }

  #classOf(mask: Uint32Array): MaskClass {
    const blocks = blocksOf(mask);
    const digest = digestOf(mask, blocks, DIGESTS);
    for (const candidate of this.#classes[digest] ?? []) {
      if (candidate.blocks === blocks && areEqual(candidate.mask, mask, blocks)) return candidate;
    }
    if (this.#classCount === MOST_CLASSES) {
      this.#classCount = 0;
      this.#classes.length = 0;
    }
    const made: MaskClass = {
      mask: mask.slice(),
      blocks,
      ladder: undefined,
      candidates: [],
      seen: 0,
      generation: this.#generation,
    };
    this.#classes[digest] ??= [];
    this.#classes[digest].push(made);
    this.#classCount++;
    return made;
  }

  #findCandidates(maskClass: MaskClass): void {
    if (maskClass.generation !== this.#generation) {
      maskClass.generation = this.#generation;
      maskClass.candidates = [];
      maskClass.seen = 0;
    }
    for (; maskClass.seen < this.#made.length; maskClass.seen++) {
      const subtable = this.#made[maskClass.seen]!;
      if ((subtable.blocks & ~maskClass.blocks) !== 0) continue;
      if (!isCoarser(subtable.mask, subtable.blocks, maskClass.mask)) continue;
      const { candidates } = maskClass;
      const finer = candidates.findIndex(({ weight }) => weight < subtable.weight);
      candidates.splice(finer === -1 ? candidates.length : finer, 0, subtable);
    }
  }
}

function listBytes(capacity: number): number {
  return layout.SUBTABLES_FIRST + capacity * layout.SUBTABLE_STRIDE;
}
