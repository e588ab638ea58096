// A subtable: the rows filed under one mask, and its descriptor in its table's list.

import * as layout from "../../assembly/layout.ts";
import { Buckets } from "./classifier_buckets.ts";
import { blocksOf, hashMasked, weightOf } from "./classifier_masks.ts";
import type { Rows } from "./classifier_rows.ts";

const { KEY_BLOCK } = layout;
const BLOCK_WORDS = KEY_BLOCK / 4;

/** Rows unlinked, as a share of those left, that are worth looking at all of them. */
const STALE_SHARE = 1 / 4;

export class Subtable {
  /** Its number in its table. */
  readonly number: number;
  readonly mask: Uint32Array;
  readonly blocks: number;
  /** Bits of the mask. */
  readonly weight: number;
  readonly buckets: Buckets;
  /** Rows in it, those that are removed but still linked included. */
  count = 0;
  /** No row of it ranks higher; exact but for rows unlinked since it was last looked for. */
  highest = -1;
  /** Its place in the list, and the address of its descriptor there; -1 and 0 in none. */
  place = -1;
  descriptor = 0;
  readonly #rows: Rows;
  readonly #further: number;
  /** Rows unlinked since that was last made good for; and whether the highest was one of them. */
  #unlinked = 0;
  #hasLostHighest = false;

  /** Throws LIMIT_EXCEEDED with nothing changed. */
  constructor(rows: Rows, number: number, mask: Uint32Array) {
    this.#rows = rows;
    this.number = number;
    this.mask = mask;
    this.blocks = blocksOf(mask);
    this.weight = weightOf(mask);
    this.buckets = new Buckets(rows);
    this.#further = this.#writeFurther();
  }

  hash(key: Uint32Array): number {
    return hashMasked(key, this.mask, this.blocks);
  }

  /** Links a row whose hash is known; see Buckets.insert. */
  link(row: number, entry: number, version: number): void {
    this.buckets.insert(row, entry, version);
    this.count++;
    this.highest = Math.max(this.highest, this.#rows.rankOf(row));
  }

  unlink(row: number): void {
    this.buckets.unlink(row);
    this.count--;
    this.#unlinked++;
    if (this.#rows.rankOf(row) >= this.highest) this.#hasLostHighest = true;
  }

  /**
   * Makes good for rows that have gone.
   * @param isThorough even when the rows to look at are many for that
   */
  refresh(version: number, isThorough: boolean): void {
    const isMuch = this.#unlinked > this.count * STALE_SHARE;
    if (this.#hasLostHighest && (isMuch || isThorough)) {
      this.highest = this.buckets.highestRank();
      this.#hasLostHighest = false;
    }
    if (!isMuch) return;
    this.#unlinked = 0;
    if (this.count > 0) this.buckets.shrink(version);
  }

  /** Writes its descriptor, bound included, into a list that workers do not look at yet. */
  describe(address: number, bound: number): void {
    const { words } = this.#rows;
    const at = address >>> 2;
    this.descriptor = address;
    this.buckets.descriptor = address + layout.SUBTABLE_BUCKETS;
    words[at + layout.SUBTABLE_BOUND / 4] = bound;
    words[at + layout.SUBTABLE_BOUND / 4 + 1] = Math.floor(bound / 2 ** 32);
    words[at + layout.SUBTABLE_BUCKETS / 4] = this.buckets.word;
    words[at + layout.SUBTABLE_BLOCKS / 4] = this.blocks;
    words.set(this.mask.subarray(0, BLOCK_WORDS), at + layout.SUBTABLE_MASK / 4);
    words[at + layout.SUBTABLE_FURTHER / 4] = this.#further;
  }

  /** Raises the bound in its descriptor. @returns false when it was as high already */
  raiseBound(bound: number): boolean {
    const at = this.descriptor + layout.SUBTABLE_BOUND;
    const { words } = this.#rows;
    const priority = Math.floor(bound / 2 ** 32);
    if (words[(at + 4) >>> 2]! * 2 ** 32 + words[at >>> 2]! >= bound) return false;
    // The upper half first: what a reader sees in between is not below what it was.
    this.#rows.publish(at + 4, priority);
    this.#rows.publish(at, bound % 2 ** 32);
    return true;
  }

  /** Gives up its memory, which workers may still be reading. It has no rows. */
  retire(version: number): void {
    this.buckets.retire(version);
    if (this.#further !== 0) this.#rows.limbo.add(this.#further, this.#furtherBytes, version);
  }

  get #furtherBytes(): number {
    let bytes = 0;
    for (let left = this.blocks >>> 1; left !== 0; left &= left - 1) bytes += KEY_BLOCK;
    return bytes;
  }

  #writeFurther(): number {
    const bytes = this.#furtherBytes;
    if (bytes === 0) return 0;
    let address = 0;
    try {
      address = this.#rows.arena.allocate(bytes);
    } catch (error) {
      this.buckets.discard();
      throw error;
    }
    let to = address >>> 2;
    for (let left = this.blocks >>> 1, from = BLOCK_WORDS; left !== 0; left >>>= 1) {
      if ((left & 1) !== 0) {
        this.#rows.words.set(this.mask.subarray(from, from + BLOCK_WORDS), to);
        to += BLOCK_WORDS;
      }
      from += BLOCK_WORDS;
    }
    return address;
  }
}
