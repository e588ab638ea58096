// Rows of the classifier in memory, and what the host notes beside them.

import * as layout from "../../assembly/layout.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { Limbo } from "./limbo.ts";

/** One way to match a flow. Bits of `value` outside `mask` are zero. */
export interface RowMatch {
  /** KEY_BYTES of the key as little-endian words: views of the same memory as its bytes. */
  readonly mask: Uint32Array;
  readonly value: Uint32Array;
  /** Address of predicates that hold too, 0 = none; they are the caller's. */
  readonly predicates: number;
  /**
   * The u16 at this even offset of the key lies between low and high, both included. Much cheaper
   * than a predicate; offset 0, low 0, high 65535 is no condition.
   */
  readonly rangeOffset: number;
  readonly rangeLow: number;
  readonly rangeHigh: number;
}

/** Higher priority wins, then the higher order (0xffffffff - serial). */
export interface Rank {
  /** 0 to 65535. */
  readonly priority: number;
  /** u32. */
  readonly order: number;
}

/** A rank as one number. */
export function rankNumber(priority: number, order: number): number {
  return priority * 2 ** 32 + order;
}

const { ROW_MASKED, ROW_BLOCK_BYTES, KEY_BLOCK } = layout;
const BLOCK_WORDS = KEY_BLOCK / 4;

/** The place of a row that is in no chain any more. */
const NOWHERE = 0xffffffff;

/** The memory of rows: all that a classifier's parts share. */
export class Rows {
  readonly words: Uint32Array;
  readonly ints: Int32Array;
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
  readonly arena: Arena;
  readonly limbo: Limbo;
  /** By the number of a row's first line in the arena: its hash, handle and place. */
  readonly #hashes: Uint32Array;
  readonly #handles: Uint32Array;
  readonly #places: Uint32Array;

  constructor(region: Region, arena: Arena) {
    this.words = region.u32;
    this.ints = region.i32;
    this.halves = region.u16;
    this.bytes = region.u8;
    this.arena = arena;
    this.limbo = new Limbo(arena);
    const lines = arena.reserved / layout.CACHE_LINE;
    this.#hashes = new Uint32Array(lines);
    this.#handles = new Uint32Array(lines);
    this.#places = new Uint32Array(lines);
  }

  /** Writes a row that nothing leads to yet. Throws LIMIT_EXCEEDED with nothing changed. */
  create(match: RowMatch, blocks: number, rank: Rank, flow: number, version: number): number {
    const row = this.arena.allocate(bytesFor(blocks));
    const { words } = this;
    const at = row >>> 2;
    words[at + layout.ROW_FLOW / 4] = flow + (match.rangeOffset >>> 1) * 2 ** layout.ROW_FLOW_BITS;
    words[at + layout.ROW_ORDER / 4] = rank.order;
    words[at + layout.ROW_PRIORITY / 4] = rank.priority + blocks * 2 ** 16;
    words[at + layout.ROW_ADDED / 4] = version;
    words[at + layout.ROW_PREDICATES / 4] = match.predicates;
    words[at + layout.ROW_LOW / 4] = match.rangeLow + match.rangeHigh * 2 ** 16;
    let to = at + ROW_MASKED / 4;
    for (let left = blocks, from = 0; left !== 0; left >>>= 1, from += BLOCK_WORDS) {
      if ((left & 1) === 0) continue;
      for (let word = 0; word < BLOCK_WORDS; word++) {
        words[to + word] = match.mask[from + word]!;
        words[to + BLOCK_WORDS + word] = match.value[from + word]!;
      }
      to += ROW_BLOCK_BYTES / 4;
    }
    return row;
  }

  /** Bytes of a row. */
  bytesOf(row: number): number {
    return bytesFor(this.blocksOf(row));
  }

  blocksOf(row: number): number {
    return this.halves[(row + layout.ROW_BLOCKS) >>> 1]!;
  }
  /** Address of the mask of the row's byte at an offset of the key, 0 = no bit of it matters. */
  maskOf(row: number, offset: number): number {
    const blocks = this.blocksOf(row);
    const bit = 1 << (offset / KEY_BLOCK);
    if ((blocks & bit) === 0) return 0;
    let address = row + ROW_MASKED + (offset % KEY_BLOCK);
    for (let left = blocks & (bit - 1); left !== 0; left &= left - 1) address += ROW_BLOCK_BYTES;
    return address;
  }
  rankOf(row: number): number {
    return rankNumber(
      this.halves[(row + layout.ROW_PRIORITY) >>> 1]!,
      this.words[(row + layout.ROW_ORDER) >>> 2]!,
    );
  }
  nextOf(row: number): number {
    return this.words[row >>> 2]!;
  }
  removedOf(row: number): number {
    return this.words[(row + layout.ROW_REMOVED) >>> 2]!;
  }
  addedOf(row: number): number {
    return this.words[(row + layout.ROW_ADDED) >>> 2]!;
  }
  /** Stores a word that workers may be reading. */
  publish(address: number, value: number): void {
    Atomics.store(this.ints, address >>> 2, value);
  }

  /** Writes the value that a row demands, as a key, into an array of the caller's. */
  readValue(row: number, key: Uint32Array): void {
    const { words } = this;
    key.fill(0);
    let from = (row + ROW_MASKED) >>> 2;
    for (let left = this.blocksOf(row), to = 0; left !== 0; left >>>= 1, to += BLOCK_WORDS) {
      if ((left & 1) === 0) continue;
      for (let word = 0; word < BLOCK_WORDS; word++) {
        key[to + word] = words[from + BLOCK_WORDS + word]!;
      }
      from += ROW_BLOCK_BYTES / 4;
    }
  }

  /** Whether the row's mask has all bits of the other. */
  isWithin(row: number, mask: Uint32Array, blocks: number): boolean {
    const own = this.blocksOf(row);
    if ((blocks & ~own) !== 0) return false;
    let from = (row + ROW_MASKED) >>> 2;
    for (let left = own, at = 0; left !== 0; left >>>= 1, at += BLOCK_WORDS) {
      if ((left & 1) === 0) continue;
      for (let word = 0; word < BLOCK_WORDS; word++) {
        if ((mask[at + word]! & ~this.words[from + word]!) !== 0) return false;
      }
      from += ROW_BLOCK_BYTES / 4;
    }
    return true;
  }

  /** A copy of the row, added in `version`; nothing leads to it yet. */
  copy(row: number, version: number): number {
    const bytes = this.bytesOf(row);
    const copy = this.arena.allocate(bytes);
    this.words.copyWithin(copy >>> 2, row >>> 2, (row + bytes) >>> 2);
    this.words[(copy + layout.ROW_NEXT) >>> 2] = 0;
    this.words[(copy + layout.ROW_ADDED) >>> 2] = version;
    return copy;
  }

  hashOf(row: number): number {
    return this.#hashes[this.#line(row)]!;
  }
  /** Which subtable of which table it is in; see placeNumber(). */
  placeOf(row: number): number {
    return this.#places[this.#line(row)]!;
  }
  setPlace(row: number, hash: number, place: number): void {
    const line = this.#line(row);
    this.#hashes[line] = hash;
    this.#places[line] = place;
  }
  isLinked(row: number): boolean {
    return this.#places[this.#line(row)] !== NOWHERE;
  }
  setUnlinked(row: number): void {
    this.#places[this.#line(row)] = NOWHERE;
  }
  /** What its owner knows it by, 0 = nobody does (any more). */
  handleOf(row: number): number {
    return this.#handles[this.#line(row)]!;
  }
  setHandle(row: number, handle: number): void {
    this.#handles[this.#line(row)] = handle;
  }

  #line(row: number): number {
    return (row - this.arena.base) / layout.CACHE_LINE;
  }
}

function bytesFor(blocks: number): number {
  let bytes = ROW_MASKED;
  for (let left = blocks; left !== 0; left &= left - 1) bytes += ROW_BLOCK_BYTES;
  return bytes;
}
