// Masks of keys, as words: their hash (assembly/table/classifier.ts computes the same), what they
// have in common, and the coarser masks under which a row may be filed.

import * as layout from "../../assembly/layout.ts";

/** A key, or a mask of one, as little-endian words. */
export const KEY_WORDS = layout.KEY_BYTES / 4;
const BLOCK_WORDS = layout.KEY_BLOCK / 4;

const ALL_BLOCKS = 2 ** layout.KEY_BLOCKS - 1;

const PORTS = layout.KEY_TP_SRC / 4;
/** The word with the EtherType, and, in its upper half, protocol and fragment bits. */
const PROTOCOL = layout.KEY_ETH_TYPE / 4;
const PROTOCOL_MASK = 0x00ff0000;
const IP6_FROM = layout.KEY_IP6_SRC / 4;
const IP6_END = layout.KEY_IP6_FLABEL / 4;

/** Bit b = block b of the mask is not zero. */
export function blocksOf(mask: Uint32Array): number {
  let blocks = 0;
  for (let at = 0, bit = 1; at < KEY_WORDS; at += BLOCK_WORDS, bit <<= 1) {
    if ((mask[at]! | mask[at + 1]! | mask[at + 2]! | mask[at + 3]!) !== 0) blocks |= bit;
  }
  return blocks;
}

/** Upper half of a product of two u32. */
function upperHalf(a: number, b: number): number {
  const low = (a & 0xffff) * (b & 0xffff);
  const middle = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const other = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
  return (a >>> 16) * (b >>> 16) + (middle >>> 16) + (other >>> 16);
}

/** Upper half of low u64 × HASH_FIRST + high u64 × HASH_SECOND, modulo 2^64. */
function mix(a: number, b: number, c: number, d: number): number {
  const { HASH_FIRST_LOWER, HASH_FIRST_UPPER, HASH_SECOND_LOWER, HASH_SECOND_UPPER } = layout;
  const first = Math.imul(a, HASH_FIRST_LOWER) >>> 0;
  const second = Math.imul(c, HASH_SECOND_LOWER) >>> 0;
  const carry = first + second > 0xffffffff ? 1 : 0;
  const straight = upperHalf(a, HASH_FIRST_LOWER) + upperHalf(c, HASH_SECOND_LOWER) + carry;
  const crossed = Math.imul(a, HASH_FIRST_UPPER) + Math.imul(b, HASH_FIRST_LOWER);
  const others = Math.imul(c, HASH_SECOND_UPPER) + Math.imul(d, HASH_SECOND_LOWER);
  return (straight + crossed + others) >>> 0;
}

/** The hash of what the mask leaves of a key. */
export function hashMasked(key: Uint32Array, mask: Uint32Array, blocks: number): number {
  let hash = mix(
    (key[0]! & mask[0]!) >>> 0,
    (key[1]! & mask[1]!) >>> 0,
    (key[2]! & mask[2]!) >>> 0,
    (key[3]! & mask[3]!) >>> 0,
  );
  for (let left = blocks >>> 1, at = BLOCK_WORDS; left !== 0; left >>>= 1, at += BLOCK_WORDS) {
    if ((left & 1) === 0) continue;
    const own = mix(
      (key[at]! & mask[at]!) >>> 0,
      (key[at + 1]! & mask[at + 1]!) >>> 0,
      (key[at + 2]! & mask[at + 2]!) >>> 0,
      (key[at + 3]! & mask[at + 3]!) >>> 0,
    );
    hash = (Math.imul(hash, layout.HASH_JOIN) + own) >>> 0;
  }
  return hash;
}

/** Whether every bit of `coarse` is in `fine`; the blocks are those of `coarse`. */
export function isCoarser(coarse: Uint32Array, blocks: number, fine: Uint32Array): boolean {
  for (let left = blocks, at = 0; left !== 0; left >>>= 1, at += BLOCK_WORDS) {
    if ((left & 1) === 0) continue;
    const extra =
      (coarse[at]! & ~fine[at]!) |
      (coarse[at + 1]! & ~fine[at + 1]!) |
      (coarse[at + 2]! & ~fine[at + 2]!) |
      (coarse[at + 3]! & ~fine[at + 3]!);
    if (extra !== 0) return false;
  }
  return true;
}

/** Whether two masks of the same blocks are the same. */
export function areEqual(one: Uint32Array, other: Uint32Array, blocks: number): boolean {
  for (let left = blocks, at = 0; left !== 0; left >>>= 1, at += BLOCK_WORDS) {
    if ((left & 1) === 0) continue;
    const difference =
      (one[at]! ^ other[at]!) |
      (one[at + 1]! ^ other[at + 1]!) |
      (one[at + 2]! ^ other[at + 2]!) |
      (one[at + 3]! ^ other[at + 3]!);
    if (difference !== 0) return false;
  }
  return true;
}

/** Bits that are set. */
export function weightOf(mask: Uint32Array): number {
  let weight = 0;
  for (let word = 0; word < KEY_WORDS; word++) {
    for (let left = mask[word]!; left !== 0; left &= left - 1) weight++;
  }
  return weight;
}

/** A number for finding masks again, from 0 to limit - 1; limit is a power of two. */
export function digestOf(mask: Uint32Array, blocks: number, limit: number): number {
  let digest = blocks;
  for (let left = blocks, at = 0; left !== 0; left >>>= 1, at += BLOCK_WORDS) {
    if ((left & 1) === 0) continue;
    for (let word = at; word < at + BLOCK_WORDS; word++) {
      digest = Math.imul(digest ^ mask[word]!, 0x9e3779b1);
      digest ^= digest >>> 15;
    }
  }
  return digest & (limit - 1);
}

/** Bits of a prefix that a word in network order is masked with: leading ones. */
function prefixLength(word: number): number {
  return Math.clz32(~swap(word));
}
function prefixWord(length: number): number {
  return length === 0 ? 0 : swap(-1 << (32 - length)) >>> 0;
}
function swap(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Lengths that prefixes are cut to, from coarse to fine; by family. */
const GRIDS = [
  { ip4: 12, ip6: 24 },
  { ip4: 6, ip6: 8 },
] as const;
/** What is longer counts as so long: no mask of a grid asks for all bits of an address. */
const LONGEST4 = 30;
const LONGEST6 = 120;

interface Kept {
  /** Which prefixes: cut to a grid, or whole. */
  readonly grid: (typeof GRIDS)[number] | undefined;
  /** Ports: none, those that are exact, or all masks. */
  readonly ports: "none" | "exact" | "all";
  readonly protocol: boolean;
}

/** What of a row's mask is kept, from the coarsest to all of it (the order was measured). */
const LADDER: readonly Kept[] = [
  ...GRIDS.flatMap((grid) => [
    { grid, ports: "none", protocol: false } as const,
    { grid, ports: "exact", protocol: false } as const,
  ]),
  { grid: undefined, ports: "none", protocol: false },
  ...GRIDS.map((grid) => ({ grid, ports: "all", protocol: true }) as const),
  { grid: undefined, ports: "all", protocol: true },
];

function cutPorts(word: number, ports: Kept["ports"]): number {
  if (ports === "all") return word;
  if (ports === "none") return 0;
  const source = (word & 0xffff) === 0xffff ? 0xffff : 0;
  const destination = word >>> 16 === 0xffff ? 0xffff0000 : 0;
  return source + destination;
}

/** Cuts an IPv6 prefix, four words from `at` on, to a multiple of `step` bits. */
function cutPrefix6(mask: Uint32Array, at: number, step: number): void {
  let length = 0;
  for (let word = 0; word < 4 && length === word * 32; word++) {
    length += prefixLength(mask[at + word]!);
  }
  length = Math.min(LONGEST6, length);
  for (let word = 0; word < 4; word++) {
    const bits = length - (length % step) - word * 32;
    mask[at + word] = prefixWord(Math.max(0, Math.min(32, bits)));
  }
}

function cut(mask: Uint32Array, { grid, ports, protocol }: Kept): Uint32Array {
  const kept = mask.slice();
  kept[PORTS] = cutPorts(mask[PORTS]!, ports);
  if (!protocol) kept[PROTOCOL] = (mask[PROTOCOL]! & ~PROTOCOL_MASK) >>> 0;
  if (grid === undefined) return kept;
  for (const word of [layout.KEY_IP4_SRC / 4, layout.KEY_IP4_DST / 4]) {
    const length = Math.min(LONGEST4, prefixLength(mask[word]!));
    kept[word] = prefixWord(length - (length % grid.ip4));
  }
  for (let at = IP6_FROM; at < IP6_END; at += 4) cutPrefix6(kept, at, grid.ip6);
  return kept;
}

/** Masks under which rows of this mask may be filed, from the coarsest to the mask itself. */
export function ladderOf(mask: Uint32Array): Uint32Array[] {
  const ladder: Uint32Array[] = [];
  for (const kept of LADDER) {
    const coarse = cut(mask, kept);
    if (!ladder.some((known) => areEqual(known, coarse, ALL_BLOCKS))) ladder.push(coarse);
  }
  return ladder;
}
