// Elements of sets as lanes of 64 bits (assembly/layout.ts, "named sets"), two words each.

import * as layout from "../../assembly/layout.ts";
import type { FieldValue, SetElementType, TermModel } from "../config/model.ts";
import { commonBits, isPrefix } from "./ranges.ts";

/** Bits of the values of each type; the widest has two lanes. */
const BITS: Readonly<Record<SetElementType, number>> = {
  ipv4: 32,
  ipv6: 128,
  mac: 48,
  port: 16,
  number: 32,
};
const WIDE = BITS.ipv6;
const WORD = 2 ** 32;

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** MurmurHash3 of words (assembly/table/sets.ts computes the same). */
function hashOf(words: Int32Array): number {
  let hash = 0;
  for (let n = 0; n < words.length; n++) {
    const word = rotate(Math.imul(words[n] as number, layout.SET_HASH_FIRST), 15);
    hash = rotate(hash ^ Math.imul(word, layout.SET_HASH_SECOND), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), layout.SET_HASH_THIRD);
  hash = Math.imul(hash ^ (hash >>> 13), layout.SET_HASH_FOURTH);
  return hash ^ (hash >>> 16);
}

/** An element, or room for one: read() fills it. */
export class SetElement {
  readonly lanes: number;
  /** Bit n = lane n is the higher half of what lane n + 1 is the lower half of. */
  readonly wide: number;
  readonly mask: Int32Array;
  /** What is left of the element's values by the mask. */
  readonly value: Int32Array;
  /** Of value. */
  hash = 0;
  /** Some value is a range, whose ends are in low and high; other lanes have all values there. */
  isRanged = false;
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly #bits: readonly number[];

  constructor(types: readonly SetElementType[]) {
    this.#bits = types.map((type) => BITS[type]);
    let lanes = 0;
    let wide = 0;
    for (const bits of this.#bits) {
      if (bits === WIDE) wide |= 1 << lanes;
      lanes += bits === WIDE ? 2 : 1;
    }
    if (lanes > layout.MAX_SET_LANES) throw new RangeError(`elements of ${lanes} lanes`);
    this.lanes = lanes;
    this.wide = wide;
    const words = () => new Int32Array(lanes * 2);
    [this.mask, this.value, this.low, this.high] = [words(), words(), words(), words()];
  }

  /** Becomes the element made of these terms, one per type. */
  read(terms: readonly TermModel[]): void {
    this.isRanged = false;
    let lane = 0;
    for (let place = 0; place < this.#bits.length; place++) {
      const bits = this.#bits[place] as number;
      const term = terms[place] as TermModel;
      if (term.kind === "masked") this.#write(lane, bits, term.value, term.mask);
      else this.#writeRange(lane, bits, term);
      lane += bits === WIDE ? 2 : 1;
    }
    this.hash = hashOf(this.value);
  }

  /** The terms of the element that has these words. */
  static terms(
    types: readonly SetElementType[],
    mask: Int32Array,
    value: Int32Array,
    low: Int32Array,
    high: Int32Array,
  ): TermModel[] {
    let lane = 0;
    return types.map((type): TermModel => {
      const isWide = BITS[type] === WIDE;
      const at = lane;
      lane += isWide ? 2 : 1;
      const [lowest, highest] = [numberAt(low, at, isWide), numberAt(high, at, isWide)];
      if (lowest < highest && !isAll(low, high, at, lane)) {
        return { kind: "range", low: lowest, high: highest };
      }
      return {
        kind: "masked",
        value: numberAt(value, at, isWide),
        mask: numberAt(mask, at, isWide),
      };
    });
  }

  #write(lane: number, bits: number, value: FieldValue, mask: FieldValue): void {
    const end = bits === WIDE ? lane + 2 : lane + 1;
    this.low.fill(0, lane * 2, end * 2);
    this.high.fill(-1, lane * 2, end * 2);
    writeNumber(this.mask, lane, mask);
    writeNumber(this.value, lane, value);
  }

  #writeRange(lane: number, bits: number, range: TermModel & { kind: "range" }): void {
    const common = commonBits(range, bits);
    this.#write(lane, bits, common.value, common.mask);
    if (isPrefix(range, common, bits)) return;
    this.isRanged = true;
    writeNumber(this.low, lane, range.low);
    writeNumber(this.high, lane, range.high);
  }
}

/** A number goes to one lane, a bigint to two, the higher half first. */
function writeNumber(words: Int32Array, lane: number, number: FieldValue): void {
  const at = lane * 2;
  if (typeof number === "number") {
    words[at] = number;
    words[at + 1] = Math.floor(number / WORD);
    return;
  }
  words[at] = Number((number >> 64n) & 0xffffffffn);
  words[at + 1] = Number(number >> 96n);
  words[at + 2] = Number(number & 0xffffffffn);
  words[at + 3] = Number((number >> 32n) & 0xffffffffn);
}

function numberAt(words: Int32Array, lane: number, isWide: boolean): FieldValue {
  const word = (n: number): number => (words[lane * 2 + n] as number) >>> 0;
  if (!isWide) return word(0) + word(1) * WORD;
  const upper = (BigInt(word(1)) << 32n) | BigInt(word(0));
  return (upper << 64n) | (BigInt(word(3)) << 32n) | BigInt(word(2));
}

/** Whether lanes have no ends of their own. */
function isAll(low: Int32Array, high: Int32Array, lane: number, end: number): boolean {
  for (let n = lane * 2; n < end * 2; n++) if (low[n] !== 0 || high[n] !== -1) return false;
  return true;
}
