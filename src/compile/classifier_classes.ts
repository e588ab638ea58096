// The masks that rows of a table have, and for each the subtables its rows can be filed in.

import { areEqual, blocksOf, digestOf, isCoarser, ladderOf } from "./classifier_masks.ts";
import type { Subtable } from "./classifier_subtable.ts";

/** Masks remembered: more than a set of rules has, unless they are made up. */
const MOST_CLASSES = 8192;
/** Lists they are found in, by digest; a power of two. */
const DIGESTS = 4096;

/** A mask that rows have. */
export class MaskClass {
  readonly mask: Uint32Array;
  readonly blocks: number;
  /** Subtables under a mask that is part of this one, finest first. */
  readonly candidates: Subtable[] = [];
  /** How many of the subtables ever made have been looked at for that, and since when. */
  seen = 0;
  generation: number;
  #ladder: readonly Uint32Array[] | undefined;

  constructor(mask: Uint32Array, blocks: number, generation: number) {
    this.mask = mask.slice();
    this.blocks = blocks;
    this.generation = generation;
  }

  /** The coarsest mask for its rows that no subtable has yet; undefined when all are there. */
  get nextMask(): Uint32Array | undefined {
    this.#ladder ??= ladderOf(this.mask);
    return this.#ladder.find((mask) => {
      const blocks = blocksOf(mask);
      return !this.candidates.some(
        (subtable) => subtable.blocks === blocks && areEqual(subtable.mask, mask, blocks),
      );
    });
  }

  /** Puts a subtable among the candidates, if it is one. */
  consider(subtable: Subtable): void {
    if ((subtable.blocks & ~this.blocks) !== 0) return;
    if (!isCoarser(subtable.mask, subtable.blocks, this.mask)) return;
    const coarser = this.candidates.findIndex(({ weight }) => weight < subtable.weight);
    this.candidates.splice(coarser === -1 ? this.candidates.length : coarser, 0, subtable);
  }
}

export class MaskClasses {
  readonly #lists: (MaskClass[] | undefined)[] = [];
  #count = 0;
  /** Subtables in the order they were made, since one went the last time; and how often. */
  #made: Subtable[] = [];
  #generation = 0;

  /** The class of rows with this mask. */
  find(mask: Uint32Array): MaskClass {
    const blocks = blocksOf(mask);
    const digest = digestOf(mask, blocks, DIGESTS);
    for (const known of this.#lists[digest] ?? []) {
      if (known.blocks === blocks && areEqual(known.mask, mask, blocks)) return known;
    }
    if (this.#count === MOST_CLASSES) {
      this.#count = 0;
      this.#lists.length = 0;
    }
    const made = new MaskClass(mask, blocks, this.#generation);
    this.#lists[digest] ??= [];
    this.#lists[digest].push(made);
    this.#count++;
    return made;
  }

  /** Subtables that the rows of a class can be filed in, finest first. */
  candidatesOf(maskClass: MaskClass): readonly Subtable[] {
    if (maskClass.generation !== this.#generation) {
      maskClass.generation = this.#generation;
      maskClass.candidates.length = 0;
      maskClass.seen = 0;
    }
    while (maskClass.seen < this.#made.length) maskClass.consider(this.#made[maskClass.seen++]!);
    return maskClass.candidates;
  }

  /** A subtable has been made. */
  add(subtable: Subtable): void {
    this.#made.push(subtable);
  }

  /** Subtables have gone; these are left. */
  forget(left: readonly Subtable[]): void {
    this.#generation++;
    this.#made = left.slice();
  }
}
