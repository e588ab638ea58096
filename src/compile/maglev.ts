// Maglev's look-up tables (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
// Balancer", NSDI 2016, 3.4): each backend has a preference list of all places, a permutation made
// from hashes of its name, and the backends take turns in claiming the next place they prefer that
// is still free. So all have nearly equal shares, and when one comes or goes nearly all places keep
// the backend they have.
//
// A backend's name is its address and port, and turns are taken in the order of names: the same
// backends give the same table on every engine, however they are listed.

import { compareIp } from "../config/address.ts";
import type { IpBytes } from "../config/model.ts";
import { hashWords, memoryWords } from "./word_hash.ts";

/** A backend with its share. */
export interface Member {
  readonly number: number;
  readonly ip: IpBytes;
  /** 0 = the port packets came to. */
  readonly port: number;
  /** Above 0. */
  readonly weight: number;
}

/** Primes just below powers of two, and 65537. */
const SIZES = [1021, 2039, 4093, 8191, 16381, 32749, 65537];
/** The paper's choice for shares within one per cent: places per backend. */
const PLACES_PER_BACKEND = 100;
const OFFSET_SEED = 0x6f666673;
const SKIP_SEED = 0x736b6970;

/** Places of a table for so many backends: a prime. */
export function maglevSize(backends: number): number {
  const wanted = backends * PLACES_PER_BACKEND;
  return SIZES.find((size) => size >= wanted) ?? (SIZES.at(-1) as number);
}

/** Where a backend's preferences begin, and how far apart they are: coprime to the prime size. */
function preferences(member: Member, size: number): { offset: number; skip: number } {
  const words = [...memoryWords(member.ip), member.port];
  const offset = hashWords(words, OFFSET_SEED) % size;
  return { offset, skip: (hashWords(words, SKIP_SEED) % (size - 1)) + 1 };
}

/**
 * The backend's number at each place. `size` is a prime; there is a member at least. In each round
 * a backend gains its weight, and has a turn when that comes to the largest weight of all: with
 * equal weights every backend has a turn in every round, as in the paper.
 */
export function maglevTable(members: readonly Member[], size: number): Uint16Array {
  const sorted = members.toSorted(byName);
  const starts = sorted.map((member) => preferences(member, size));
  const next = Uint32Array.from(starts, ({ offset }) => offset);
  const skips = Uint32Array.from(starts, ({ skip }) => skip);
  const weights = sorted.map(({ weight }) => weight);
  const largest = Math.max(...weights);
  const gained = new Array<number>(sorted.length).fill(0);
  const table = new Uint16Array(size);
  for (let filled = 0; ; ) {
    for (let place = 0; place < sorted.length; place++) {
      const sum = (gained[place] as number) + (weights[place] as number);
      gained[place] = sum >= largest ? sum - largest : sum;
      if (sum < largest) continue;
      let at = next[place] as number;
      while (table[at] !== 0) at = stepped(at, skips[place] as number, size);
      table[at] = (sorted[place] as Member).number;
      if (++filled === size) return table;
      next[place] = stepped(at, skips[place] as number, size);
    }
  }
}

function stepped(at: number, skip: number, size: number): number {
  return at + skip >= size ? at + skip - size : at + skip;
}

/** By address and port: a backend's name says all that the order depends on. */
export function byName(a: Member, b: Member): number {
  return compareIp(a.ip, b.ip) || a.port - b.port;
}
