// Routing tables to measure with: a real one where it lies beside the project, else one made up
// with the same number of prefixes of each length.

import { existsSync } from "node:fs";
import { readRouteFile } from "../src/config/route_file.ts";
import { hashWords, Random } from "./random.ts";

export type Family = 4 | 6;

/** Prefixes of one family; `words` has four numbers each, most significant first, IPv4 one. */
export interface PrefixTable {
  readonly family: Family;
  readonly words: Uint32Array;
  readonly lengths: Uint8Array;
  /** Where it comes from, for reports. */
  readonly origin: string;
}

/** A full table as the Internet had it in 2023: how many prefixes of each length, in thousands. */
const LENGTHS4: Readonly<Record<number, number>> = {
  8: 0.02,
  9: 0.01,
  10: 0.04,
  11: 0.1,
  12: 0.3,
  13: 0.6,
  14: 1.2,
  15: 2.1,
  16: 13.5,
  17: 8.2,
  18: 13.8,
  19: 24.9,
  20: 42.6,
  21: 50.8,
  22: 108.6,
  23: 96.5,
  24: 537.7,
  32: 0.9,
};
const LENGTHS6: Readonly<Record<number, number>> = {
  28: 0.2,
  29: 4.4,
  30: 0.7,
  31: 0.3,
  32: 22.5,
  33: 2.9,
  34: 2.6,
  35: 1,
  36: 6,
  37: 0.9,
  38: 1.6,
  39: 1.4,
  40: 13.4,
  41: 0.9,
  42: 2.3,
  43: 1,
  44: 14.4,
  45: 1.6,
  46: 3,
  47: 3.2,
  48: 75.5,
  64: 0.2,
  128: 0.1,
};

const REAL_FILES: Readonly<Record<Family, string>> = {
  4: "bgp-ipv4-full.txt.gz",
  6: "bgp-ipv6-full.txt.gz",
};

export function wordsPerPrefix(family: Family): number {
  return family === 4 ? 1 : 4;
}

/** The full table of a family: from `folder` when it is there, else synthetic. */
export async function fullTable(family: Family, folder: URL, seed: number): Promise<PrefixTable> {
  const file = new URL(REAL_FILES[family], folder);
  return existsSync(file) ? readTable(family, file) : syntheticTable(family, seed);
}

async function readTable(family: Family, file: URL): Promise<PrefixTable> {
  const words: number[] = [];
  const lengths: number[] = [];
  await readRouteFile(file.pathname, {
    prefix4: (address, length) => {
      words.push(address);
      lengths.push(length);
    },
    prefix6: (a, b, c, d, length) => {
      words.push(a, b, c, d);
      lengths.push(length);
    },
  });
  const origin = `${lengths.length} prefixes of ${REAL_FILES[family]}`;
  return { family, words: Uint32Array.from(words), lengths: Uint8Array.from(lengths), origin };
}

/** A random table of the shape of the real one, `scale` times as large; deterministic. */
export function syntheticTable(family: Family, seed: number, scale = 1): PrefixTable {
  const random = new Random(hashWords(seed, family));
  const words: number[] = [];
  const lengths: number[] = [];
  const seen = new Set<string>();
  for (const [text, thousands] of Object.entries(family === 4 ? LENGTHS4 : LENGTHS6)) {
    const length = Number(text);
    const wanted = Math.ceil(thousands * 1000 * scale);
    for (let tries = 0, found = 0; found < wanted && tries < wanted * 20; tries++) {
      const prefix = randomPrefix(family, length, random);
      const key = prefix.join();
      if (seen.has(key)) continue;
      seen.add(key);
      words.push(...prefix);
      lengths.push(length);
      found++;
    }
    seen.clear();
  }
  const origin = `${lengths.length} synthetic prefixes, seed ${seed}`;
  return { family, words: Uint32Array.from(words), lengths: Uint8Array.from(lengths), origin };
}

/** Inside 1.0.0.0 to 223.255.255.255, or 2000::/3; /8 clusters as real tables have them. */
function randomPrefix(family: Family, length: number, random: Random): number[] {
  const words = Array.from({ length: wordsPerPrefix(family) }, () => random.word());
  if (family === 4) {
    const net = 1 + random.below(223);
    words[0] = ((net << 24) | (words[0]! & 0xffffff)) >>> 0;
  } else {
    // 2^12 allocations under 2001::/16 and 24xx-2cxx::/16, each cut into longer prefixes.
    words[0] = (0x20000000 | (hashWords(random.below(1 << 12)) & 0x0fffffff)) >>> 0;
  }
  return words.map((word, place) => (word & maskOf(length - place * 32)) >>> 0);
}

/** The mask of one word of which the first `bits` belong to the prefix. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0;
}

/** `count` prefixes of the table, spread over all of it. One alone is the default route. */
export function sampleTable(table: PrefixTable, count: number, seed: number): PrefixTable {
  const { family } = table;
  const each = wordsPerPrefix(family);
  const available = table.lengths.length;
  if (count === 1) {
    const words = new Uint32Array(each);
    return { family, words, lengths: new Uint8Array(1), origin: "a default route" };
  }
  if (count >= available) return table;
  const random = new Random(hashWords(seed, count));
  const words = new Uint32Array(count * each);
  const lengths = new Uint8Array(count);
  for (let taken = 0; taken < count; taken++) {
    // One from each of `count` equal slices, so none is taken twice.
    const from = Math.floor((taken * available) / count);
    const to = Math.floor(((taken + 1) * available) / count);
    const place = from + random.below(to - from);
    words.set(table.words.subarray(place * each, (place + 1) * each), taken * each);
    lengths[taken] = table.lengths[place]!;
  }
  return { family, words, lengths, origin: `${count} of ${table.origin}` };
}

/**
 * A unicast address inside a random prefix of the table, as words. Addresses the engine itself
 * uses for its own links (RFC 2544: 198.18/15; RFC 5180: 2001:2::/48) and special ones are avoided.
 */
export function randomAddress(table: PrefixTable, random: Random): number[] {
  const each = wordsPerPrefix(table.family);
  for (;;) {
    const place = random.below(table.lengths.length);
    const length = table.lengths[place]!;
    const words = Array.from({ length: each }, (_, word) => {
      const mask = maskOf(length - word * 32);
      return ((table.words[place * each + word]! & mask) | (random.word() & ~mask)) >>> 0;
    });
    if (isOrdinary(words)) return words;
  }
}

function isOrdinary(words: readonly number[]): boolean {
  const first = words[0]!;
  if (words.length === 4) return first >>> 29 === 1 && first !== 0x20010002;
  const net = first >>> 24;
  if (net === 0 || net === 127 || net >= 224) return false;
  return first >>> 17 !== 0xc612 >>> 1 && first >>> 16 !== 0xa9fe;
}

/** A prefix as people write it. */
export function prefixText(table: PrefixTable, place: number): string {
  const each = wordsPerPrefix(table.family);
  const words = table.words.subarray(place * each, (place + 1) * each);
  return `${addressText(words)}/${table.lengths[place]}`;
}

/** An address given by words, as text that every parser takes (IPv6 without "::"). */
export function addressText(words: ArrayLike<number>): string {
  const list = Array.from(words);
  if (list.length === 1) {
    const [word = 0] = list;
    return [24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join(".");
  }
  return list
    .flatMap((word) => [word >>> 16, word & 0xffff].map((half) => half.toString(16)))
    .join(":");
}
