// A hash of whole words: MurmurHash3, 32 bits, without their number. src/compile/word_hash.ts
// computes the same.

import { SET_HASH_FIRST, SET_HASH_FOURTH, SET_HASH_SECOND, SET_HASH_THIRD } from "../layout";

/** The hash with one word more; that of nothing is 0. */
export function addWord(hash: u32, word: u32): u32 {
  const mixed = rotl<u32>(word * <u32>SET_HASH_FIRST, 15) * <u32>SET_HASH_SECOND;
  return rotl<u32>(hash ^ mixed, 13) * 5 + 0xe6546b64;
}

/** The hash with an address more: a word of IPv4, four of IPv6. */
export function addAddress(hash: u32, address: usize, family: u32): u32 {
  const first = addWord(hash, load<u32>(address));
  if (family === 4) return first;
  const second = addWord(first, load<u32>(address, 4));
  return addWord(addWord(second, load<u32>(address, 8)), load<u32>(address, 12));
}

/** The hash when all words are added: every bit of it is good. */
export function endHash(hash: u32): u32 {
  const mixed = (hash ^ (hash >> 16)) * <u32>SET_HASH_THIRD;
  const last = (mixed ^ (mixed >> 13)) * <u32>SET_HASH_FOURTH;
  return last ^ (last >> 16);
}
