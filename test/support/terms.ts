// Random terms for fast-check: few values, so that much nests, touches and collides.

import fc from "fast-check";
import type { FieldValue, TermModel } from "../../src/config/model.ts";

/** A value of a field of so many bits, as the model has it. */
export function asValue(value: bigint, bits: number): FieldValue {
  const kept = BigInt.asUintN(bits, value);
  return bits <= 48 ? Number(kept) : kept;
}

/** Numbers near the ends, near the middle and near each other. */
export function nearby(bits: number): fc.Arbitrary<bigint> {
  const half = 1n << BigInt(bits - 1);
  const around = fc.constantFrom(0n, 1n, half, half + 5n, 0xffffn, 0xdeadbeefcafen, -1n);
  return fc
    .tuple(around, fc.integer({ min: -3, max: 70 }))
    .map(([base, offset]) => BigInt.asUintN(bits, base + BigInt(offset)));
}

function masked(value: bigint, mask: bigint, bits: number): TermModel {
  return { kind: "masked", value: asValue(value & mask, bits), mask: asValue(mask, bits) };
}

const full = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

export function exactTerm(bits: number): fc.Arbitrary<TermModel> {
  return nearby(bits).map((value) => masked(value, full(bits), bits));
}

export function prefixTerm(bits: number): fc.Arbitrary<TermModel> {
  return fc.tuple(nearby(bits), fc.nat({ max: bits })).map(([value, length]) => {
    const rest = (1n << BigInt(bits - length)) - 1n;
    return masked(value, full(bits) ^ rest, bits);
  });
}

export function rangeTerm(bits: number): fc.Arbitrary<TermModel> {
  return fc.tuple(nearby(bits), nearby(bits)).map(([a, b]) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    return { kind: "range", low: asValue(low, bits), high: asValue(high, bits) };
  });
}

/** A term of any kind; masks may have holes. */
export function anyTerm(bits: number): fc.Arbitrary<TermModel> {
  const holes = fc
    .tuple(nearby(bits), nearby(bits))
    .map(([value, mask]) => masked(value, mask, bits));
  return fc.oneof(exactTerm(bits), prefixTerm(bits), rangeTerm(bits), holes);
}

/** Values at which terms begin and end to hold. */
export function edgesOf(terms: readonly TermModel[], bits: number): bigint[] {
  return terms.flatMap((term) => {
    if (term.kind === "range") return edges(BigInt(term.low), BigInt(term.high), bits);
    const rest = full(bits) ^ BigInt(term.mask);
    return edges(BigInt(term.value), BigInt(term.value) | rest, bits);
  });
}

function edges(low: bigint, high: bigint, bits: number): bigint[] {
  return [low - 1n, low, high, high + 1n].map((value) => BigInt.asUintN(bits, value));
}
