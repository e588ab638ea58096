// Longest-prefix match the slow, obvious way, and what its tests share: random numbers from a
// seed, prefixes from files, addresses worth asking for. Millions of addresses are asked for, so
// they are kept as flat lists of words.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ip } from "../support/octets.ts";

export type Family = 4 | 6;
/** An address: u32 words, most significant first; IPv4 uses the first. */
export type Words = [number, number, number, number];

/** How many leading bits of an address make a number that a double holds exactly. */
const KEY_BITS = 48;
const ONES: Words = [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff];

/** How many addresses a prefix of so many leading bits of KEY_BITS has. */
const SPANS = Array.from({ length: KEY_BITS + 1 }, (_, length) => 2 ** (KEY_BITS - length));

interface LongPrefix {
  readonly length: number;
  readonly words: Words;
  readonly value: number;
}

/**
 * One Map per prefix length, asked longest first. Prefixes longer than 48 bits are few: they are
 * listed by their first 48, longest first.
 */
export class SlowTable {
  readonly #maps: Map<number, number>[];
  readonly #lists = new Map<number, LongPrefix[]>();

  constructor(family: Family) {
    const lengths = family === 4 ? 32 : KEY_BITS;
    this.#maps = Array.from({ length: lengths + 1 }, () => new Map());
  }

  get size(): number {
    let size = 0;
    for (const map of this.#maps) size += map.size;
    for (const list of this.#lists.values()) size += list.length;
    return size;
  }

  set(length: number, value: number, words: Words): void {
    const key = keyOf(words, length);
    if (length <= KEY_BITS) {
      this.#maps[length]!.set(key, value);
      return;
    }
    this.delete(length, words);
    const list = [...(this.#lists.get(key) ?? []), { length, words: masked(words, length), value }];
    this.#lists.set(
      key,
      list.sort((a, b) => b.length - a.length),
    );
  }

  delete(length: number, words: Words): boolean {
    const key = keyOf(words, length);
    if (length <= KEY_BITS) return this.#maps[length]!.delete(key);
    const before = this.#lists.get(key) ?? [];
    const after = before.filter((p) => p.length !== length || !contains(p.words, length, words));
    this.#lists.set(key, after);
    return after.length < before.length;
  }

  match(words: Words): { value: number; length: number } | undefined {
    const list = this.#lists.get(keyOf(words, KEY_BITS));
    const long = list?.find((prefix) => contains(prefix.words, prefix.length, words));
    if (long) return { value: long.value, length: long.length };
    for (let length = this.#maps.length - 1; length >= 0; length--) {
      const map = this.#maps[length]!;
      const value = map.size === 0 ? undefined : map.get(keyOf(words, length));
      if (value !== undefined) return { value, length };
    }
    return undefined;
  }
}

/** The leading bits of a prefix, 48 at most, as a number. */
function keyOf(words: Words, length: number): number {
  if (length <= 32) return length === 0 ? 0 : words[0] >>> (32 - length);
  const leading = words[0] * 65536 + (words[1] >>> 16);
  return length >= KEY_BITS ? leading : Math.floor(leading / SPANS[length]!);
}

function contains(prefix: Words, length: number, words: Words): boolean {
  for (let word = 0; word * 32 < length; word++) {
    const mask = maskOf(length - word * 32);
    if (((prefix[word]! ^ words[word]!) & mask) !== 0) return false;
  }
  return true;
}

/** The mask of a word of which so many leading bits count. */
function maskOf(bits: number): number {
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
}

export function masked(words: Words, length: number): Words {
  return filled(words, length, [0, 0, 0, 0]);
}

/** The prefix with its host bits taken from elsewhere. */
export function filled(prefix: Words, length: number, host: Words): Words {
  const result: Words = [...prefix];
  for (let word = 0; word < 4; word++) {
    const mask = maskOf(length - word * 32);
    result[word] = ((prefix[word]! & mask) | (host[word]! & ~mask)) >>> 0;
  }
  return result;
}

/** A small generator of random numbers with a seed (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  u32(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  below(limit: number): number {
    return Math.floor((this.u32() / 2 ** 32) * limit);
  }
}

/** A list of prefixes. */
export class Prefixes {
  readonly #lengths: number[] = [];
  readonly #words: number[] = [];

  get count(): number {
    return this.#lengths.length;
  }

  add(length: number, words: Words): void {
    this.#lengths.push(length);
    this.#words.push(...words);
  }

  lengthAt(place: number): number {
    return this.#lengths[place]!;
  }

  wordsAt(place: number): Words {
    const at = place * 4;
    const words = this.#words;
    return [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
  }
}

/** Prefixes, one a line, from a gzip file. */
export function readPrefixes(file: URL): Prefixes {
  const prefixes = new Prefixes();
  for (const line of gunzipSync(readFileSync(file)).toString("latin1").trimEnd().split("\n")) {
    const [address = "", length] = line.split("/");
    prefixes.add(Number(length), words(address));
  }
  return prefixes;
}

export function words(address: string): Words {
  const octets = address.includes(":") ? ip(address) : address.split(".").map(Number);
  const result: Words = [0, 0, 0, 0];
  for (let at = 0; at < octets.length; at++) {
    result[at >> 2] = ((result[at >> 2]! << 8) | octets[at]!) >>> 0;
  }
  return result;
}

/** An address in, at an end of or just outside a random prefix, or now and then anywhere. */
export function randomAddress(random: Random, prefixes: Prefixes): Words {
  const kind = random.below(16);
  const noise: Words = [random.u32(), random.u32(), random.u32(), random.u32()];
  if (kind === 0) return noise;
  const place = random.below(prefixes.count);
  const length = prefixes.lengthAt(place);
  const prefix = prefixes.wordsAt(place);
  if (kind < 9) return filled(prefix, length, noise);
  if (kind === 9) return prefix;
  if (kind < 12) return filled(prefix, length, ONES);
  if (kind < 14) return neighbor(filled(prefix, length, ONES), 1);
  return neighbor(masked(prefix, length), -1);
}

/** The address after (whose host bits were all ones) or before (all zeros), in either family. */
function neighbor(address: Words, step: 1 | -1): Words {
  const result: Words = [...address];
  for (let word = 3; word >= 0; word--) {
    const before = result[word]!;
    result[word] = (before + step) >>> 0;
    if (before !== (step === 1 ? 0xffffffff : 0)) break;
  }
  return result;
}
