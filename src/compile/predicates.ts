// Predicates in memory: what a row demands of the key beyond its mask (layout.ts has the drawing,
// assembly/table/predicates.ts reads them).

import * as layout from "../../assembly/layout.ts";
import type { FieldName } from "../config/fields.ts";
import type { FieldValue } from "../config/model.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { type KeyField, keyFieldOf, MaskedKey } from "./key.ts";
import type { MaskedTerm, ValueRange } from "./ranges.ts";

/** Any of the terms, or being in the set, holds; or, negated, does not. */
export type PredicateModel =
  | {
      readonly kind: "masked";
      readonly field: FieldName;
      readonly negated: boolean;
      readonly terms: readonly MaskedTerm[];
    }
  | {
      readonly kind: "ranges";
      readonly field: FieldName;
      readonly negated: boolean;
      /** Ascending, with gaps between them. */
      readonly ranges: readonly ValueRange[];
    }
  | {
      readonly kind: "set";
      readonly fields: readonly FieldName[];
      readonly negated: boolean;
      readonly set: number;
    };

/** Predicates begin, and sizes are multiples of, so many bytes. */
const GRAIN = 16;
const RANGE = 16;
const WIDE_RANGE = 32;
const MASKED_TERM = 2 * layout.KEY_BLOCK;
/** The widest value that is one u64. */
const WIDEST_WORD = 64;
const LOWER_HALF = 0xffffffffffffffffn;
const WORD = 2 ** 32;

/** Bits before a field in the big-endian u64 that begins where the field does. */
function leftOf({ bits, bytes, shift }: KeyField): number {
  return bytes * 8 - shift - bits;
}

/** Offset, left and right shift of each lane: what a set's elements are compared with. */
function lanesOf(fields: readonly FieldName[]): number[][] {
  return fields.flatMap((name) => {
    const field = keyFieldOf(name);
    const { bits, offset } = field;
    if (bits > WIDEST_WORD) {
      return [
        [offset, 0, 0],
        [offset + 8, 0, 0],
      ];
    }
    return [[offset, leftOf(field), WIDEST_WORD - bits]];
  });
}

function bytesOf(predicate: PredicateModel): number {
  switch (predicate.kind) {
    case "masked":
      return layout.PREDICATE_TERMS + predicate.terms.length * MASKED_TERM;
    case "ranges": {
      const isWide = keyFieldOf(predicate.field).bits > WIDEST_WORD;
      const { length } = predicate.ranges;
      return layout.PREDICATE_TERMS + length * (isWide ? WIDE_RANGE : RANGE);
    }
    default: {
      const lanes = lanesOf(predicate.fields).length * layout.LANE_BYTES;
      return layout.PREDICATE_TERMS + Math.ceil(lanes / GRAIN) * GRAIN;
    }
  }
}

/** Where sets are. */
interface SetAddresses {
  address(set: number): number;
}

export class Predicates {
  readonly #region: Region;
  readonly #arena: Arena;
  readonly #sets: SetAddresses;
  readonly #scratch = new MaskedKey();

  constructor(region: Region, arena: Arena, sets: SetAddresses) {
    this.#region = region;
    this.#arena = arena;
    this.#sets = sets;
  }

  /** Address of the list of these predicates; 0 when there are none. Throws LIMIT_EXCEEDED. */
  write(predicates: readonly PredicateModel[]): number {
    if (predicates.length === 0) return 0;
    const sizes = predicates.map(bytesOf);
    const start = this.#arena.allocate(sizes.reduce((sum, size) => sum + size));
    let address = start;
    for (const [place, predicate] of predicates.entries()) {
      const isLast = place === predicates.length - 1;
      const size = sizes[place] as number;
      this.#region.setU32(address + layout.PREDICATE_SIZE, size);
      this.#region.u8[address + layout.PREDICATE_FLAGS] =
        (predicate.negated ? layout.PREDICATE_NEGATED : 0) | (isLast ? layout.PREDICATE_LAST : 0);
      this.#writeTerms(address, predicate);
      address += size;
    }
    return start;
  }

  /** Gives a list back that no worker reads any more; 0 is none. */
  release(address: number): void {
    if (address === 0) return;
    let end = address;
    for (let flags = 0; (flags & layout.PREDICATE_LAST) === 0; ) {
      flags = this.#region.u8[end + layout.PREDICATE_FLAGS] as number;
      end += this.#region.getU32(end + layout.PREDICATE_SIZE);
    }
    this.#arena.release(address, end - address);
  }

  #writeTerms(address: number, predicate: PredicateModel): void {
    if (predicate.kind === "set") this.#writeSet(address, predicate.fields, predicate.set);
    else if (predicate.kind === "masked") this.#writeMasked(address, predicate);
    else this.#writeRanges(address, keyFieldOf(predicate.field), predicate.ranges);
  }

  #begin(address: number, kind: number, offset: number, count: number): void {
    this.#region.u8[address + layout.PREDICATE_KIND] = kind;
    this.#region.u8[address + layout.PREDICATE_OFFSET] = offset;
    this.#region.setU32(address + layout.PREDICATE_COUNT, count);
  }

  #writeSet(address: number, fields: readonly FieldName[], set: number): void {
    const lanes = lanesOf(fields);
    this.#begin(address, layout.PREDICATE_SET, 0, lanes.length);
    this.#region.setU32(address + layout.PREDICATE_SET_ADDRESS, this.#sets.address(set));
    for (const [n, [offset, left, right]] of lanes.entries()) {
      const lane = address + layout.PREDICATE_TERMS + n * layout.LANE_BYTES;
      this.#region.u8[lane + layout.LANE_OFFSET] = offset as number;
      this.#region.u8[lane + layout.LANE_LEFT] = left as number;
      this.#region.u8[lane + layout.LANE_RIGHT] = right as number;
    }
  }

  #writeMasked(address: number, { field, terms }: PredicateModel & { kind: "masked" }): void {
    const place = keyFieldOf(field);
    const block = place.offset - (place.offset % layout.KEY_BLOCK);
    this.#begin(address, layout.PREDICATE_MASKED, block, terms.length);
    const words = layout.KEY_BLOCK / 4;
    let at = (address + layout.PREDICATE_TERMS) / 4;
    for (const { mask, value } of terms) {
      this.#scratch.clear();
      this.#scratch.write(place, value, mask);
      const { maskWords, valueWords } = this.#scratch;
      this.#region.u32.set(maskWords.subarray(block / 4, block / 4 + words), at);
      this.#region.u32.set(valueWords.subarray(block / 4, block / 4 + words), at + words);
      at += 2 * words;
    }
  }

  #writeRanges(address: number, field: KeyField, ranges: readonly ValueRange[]): void {
    const terms = address + layout.PREDICATE_TERMS;
    if (field.bits > WIDEST_WORD) {
      this.#begin(address, layout.PREDICATE_WIDE_RANGES, field.offset, ranges.length);
      for (const [n, { low, high }] of ranges.entries()) {
        this.#writeWide(terms + n * WIDE_RANGE, BigInt(low));
        this.#writeWide(terms + n * WIDE_RANGE + RANGE, BigInt(high));
      }
      return;
    }
    this.#begin(address, layout.PREDICATE_RANGES, field.offset, ranges.length);
    this.#region.u8[address + layout.PREDICATE_LEFT] = leftOf(field);
    this.#region.setU32(address + layout.PREDICATE_RIGHT, WIDEST_WORD - field.bits);
    for (const [n, { low, high }] of ranges.entries()) {
      this.#writeWord(terms + n * RANGE, low);
      this.#writeWord(terms + n * RANGE + 8, high);
    }
  }

  #writeWord(address: number, value: FieldValue): void {
    if (typeof value === "bigint") {
      this.#region.setU64(address, value);
      return;
    }
    this.#region.setU32(address, value % WORD);
    this.#region.setU32(address + 4, Math.floor(value / WORD));
  }

  #writeWide(address: number, value: bigint): void {
    this.#region.setU64(address, value >> 64n);
    this.#region.setU64(address + 8, value & LOWER_HALF);
  }
}
