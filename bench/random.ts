// Seeded random numbers: the same seed gives the same traffic on every machine.

/** Spreads every bit over all: the finalizer of MurmurHash3. */
function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A well spread number of 32 bits that depends on the words given, and on nothing else. */
export function hashWords(...words: readonly number[]): number {
  let hash = 0;
  for (const word of words) hash = mix((hash + word + 0x9e3779b9) >>> 0);
  return hash;
}

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 2^32 - 1. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return mix(this.#state);
  }

  /** 0 to limit - 1. */
  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit);
  }
}
