// A small fast generator of numbers (xorshift128, Marsaglia 2003): the same on every run.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    this.#a = seed | 0 || 1;
    this.#b = 0x6c078965;
    this.#c = 0x1571a3b7;
    this.#d = 0x9908b0df;
    for (let warm = 0; warm < 16; warm++) this.next();
  }

  /** 32 random bits, unsigned. */
  next(): number {
    let mixed = this.#d;
    mixed ^= mixed << 11;
    mixed ^= mixed >>> 8;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = this.#a;
    this.#a = mixed ^ this.#a ^ (this.#a >>> 19);
    return this.#a >>> 0;
  }

  /** A whole number from 0 to limit - 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }
}
