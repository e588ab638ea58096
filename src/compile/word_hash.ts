// The hash services are found and backends are chosen by: MurmurHash3 (32 bits) of whole words, of
// which there are as many for all that are compared, so that their number is left out.
// assembly/table/services.ts computes the same.

import {
  SET_HASH_FIRST,
  SET_HASH_FOURTH,
  SET_HASH_SECOND,
  SET_HASH_THIRD,
} from "../../assembly/layout.ts";
import type { IpBytes } from "../config/model.ts";

/** Hash of 32-bit words, unsigned. */
export function hashWords(words: readonly number[], seed = 0): number {
  let hash = seed;
  for (const word of words) {
    const mixed = Math.imul(rotate(Math.imul(word, SET_HASH_FIRST), 15), SET_HASH_SECOND);
    hash = (Math.imul(rotate(hash ^ mixed, 13), 5) + 0xe6546b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), SET_HASH_THIRD);
  hash = Math.imul(hash ^ (hash >>> 13), SET_HASH_FOURTH);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The words of an address as they lie in memory: one for IPv4, four for IPv6. */
export function memoryWords(ip: IpBytes): number[] {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.length);
  return Array.from({ length: ip.length / 4 }, (_, word) => view.getUint32(word * 4, true));
}
