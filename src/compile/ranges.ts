// Ranges of values and the prefixes they are made of. Values are numbers up to 48 bits and bigints
// beyond, as in the model; the two are not mixed in one field.

import { bitsOfBoth } from "../config/field_values.ts";
import type { FieldValue, TermModel } from "../config/model.ts";

/** Both ends belong to it. */
export interface ValueRange {
  readonly low: FieldValue;
  readonly high: FieldValue;
}

/** Bits of `value` outside `mask` are zero. */
export interface MaskedTerm {
  readonly value: FieldValue;
  readonly mask: FieldValue;
}

const WIDEST_NUMBER = 48;
const WORD = 2 ** 32;

/** All bits of a field of so many but the last `count`. */
function upperBits(bits: number, count: number): FieldValue {
  if (bits <= WIDEST_NUMBER) return 2 ** bits - 2 ** count;
  return (1n << BigInt(bits)) - (1n << BigInt(count));
}

function plus(value: FieldValue, other: FieldValue): FieldValue {
  return typeof value === "bigint" ? value + BigInt(other) : value + Number(other);
}

function minus(value: FieldValue, other: FieldValue): FieldValue {
  return typeof value === "bigint" ? value - BigInt(other) : value - Number(other);
}

/** How many bits, from the last on, two values differ in. */
function differingBits(a: FieldValue, b: FieldValue): number {
  if (typeof a === "bigint") {
    const difference = a ^ BigInt(b);
    return difference === 0n ? 0 : difference.toString(2).length;
  }
  const [low, high] = [a, Number(b)];
  const upper = Math.floor(low / WORD) ^ Math.floor(high / WORD);
  return upper !== 0 ? 64 - Math.clz32(upper) : 32 - Math.clz32((low >>> 0) ^ (high >>> 0));
}

/** The leading bits that all values of a range have in common, in a field of so many bits. */
export function commonBits({ low, high }: ValueRange, bits: number): MaskedTerm {
  const mask = upperBits(bits, differingBits(low, high));
  return { value: bitsOfBoth(low, mask), mask };
}

/** The values of a prefix. */
function rangeOfPrefix({ value, mask }: MaskedTerm, bits: number): ValueRange {
  return { low: value, high: plus(value, minus(upperBits(bits, 0), mask)) };
}

/** Whether what the range has in common is all there is to it. */
export function isPrefix(range: ValueRange, common: MaskedTerm, bits: number): boolean {
  const { low, high } = rangeOfPrefix(common, bits);
  return low === range.low && high === range.high;
}

/** A term as one range; undefined where its mask is not that of a prefix. */
export function rangeOf(term: TermModel, bits: number): ValueRange | undefined {
  if (term.kind === "range") return term;
  const rest = minus(upperBits(bits, 0), term.mask);
  if (typeof rest === "bigint") {
    if ((rest & (rest + 1n)) !== 0n) return undefined;
  } else if (2 ** Math.round(Math.log2(rest + 1)) !== rest + 1) {
    return undefined;
  }
  return rangeOfPrefix(term, bits);
}

/** The same values as ascending ranges with gaps between them. */
export function mergeRanges(ranges: readonly ValueRange[]): ValueRange[] {
  const sorted = ranges.toSorted((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0));
  const merged: ValueRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.low > plus(last.high, 1)) merged.push(range);
    else if (range.high > last.high) merged[merged.length - 1] = { ...last, high: range.high };
  }
  return merged;
}

/** The fewest prefixes that make up a range, ascending: at most two of each length. */
export function prefixesOf(range: ValueRange, bits: number): MaskedTerm[] {
  const common = commonBits(range, bits);
  if (isPrefix(range, common, bits)) return [common];
  // The first bit in which the ends differ parts the range.
  const rest = minus(upperBits(bits, 0), common.mask);
  const half = typeof rest === "bigint" ? rest >> 1n : Math.floor(rest / 2);
  const middle = plus(common.value, half);
  return [
    ...prefixesOf({ low: range.low, high: middle }, bits),
    ...prefixesOf({ low: plus(middle, 1), high: range.high }, bits),
  ];
}
