// A hash map from numbers to numbers: what a Map does, in an eighth of its memory and without
// an object per entry.

const FIRST_SLOTS = 256;
/** Multiplicative hashing: 2^32 divided by the golden ratio spreads consecutive keys evenly. */
const MULTIPLIER = 0x9e3779b1;
/** Keys that differ in these low bits only share a cache line of 8 pairs. */
const GROUP_SHIFT = 3;
const GROUP = 1 << GROUP_SHIFT;

/** Keys are i32, values i32 but 0, which means "not there". Open addressing, linear probing. */
export class NumberMap {
  /** Key and value beside each other, so that a probe touches one cache line. */
  #pairs = new Int32Array(FIRST_SLOTS * 2);
  #mask = FIRST_SLOTS - 1;
  #shift = 32 - Math.log2(FIRST_SLOTS / GROUP);
  #size = 0;

  get bytes(): number {
    return this.#pairs.byteLength;
  }

  get(key: number): number {
    return this.#pairs[this.#find(key) * 2 + 1]!;
  }

  /** @returns the value before, 0 for none */
  set(key: number, value: number): number {
    const at = this.#find(key) * 2;
    const before = this.#pairs[at + 1]!;
    this.#pairs[at] = key;
    this.#pairs[at + 1] = value;
    if (before === 0) {
      this.#size++;
      if (this.#size * 4 > (this.#mask + 1) * 3) this.#grow();
    }
    return before;
  }

  /** @returns the value before, 0 for none */
  delete(key: number): number {
    const pairs = this.#pairs;
    let hole = this.#find(key);
    const before = pairs[hole * 2 + 1]!;
    if (before === 0) return 0;
    this.#size--;
    // Entries that were pushed past the hole move back, so that no tombstone is needed.
    for (let at = (hole + 1) & this.#mask; pairs[at * 2 + 1] !== 0; at = (at + 1) & this.#mask) {
      const home = this.#home(pairs[at * 2]!);
      if (((at - home) & this.#mask) < ((at - hole) & this.#mask)) continue;
      pairs[hole * 2] = pairs[at * 2]!;
      pairs[hole * 2 + 1] = pairs[at * 2 + 1]!;
      hole = at;
    }
    pairs[hole * 2 + 1] = 0;
    return before;
  }

  #home(key: number): number {
    const line = Math.imul(key >> GROUP_SHIFT, MULTIPLIER) >>> this.#shift;
    return (line << GROUP_SHIFT) | (key & (GROUP - 1));
  }

  /** The slot of a key, or the empty slot where it would go. */
  #find(key: number): number {
    const pairs = this.#pairs;
    let at = this.#home(key);
    while (pairs[at * 2 + 1] !== 0 && pairs[at * 2] !== key) at = (at + 1) & this.#mask;
    return at;
  }

  #grow(): void {
    const old = this.#pairs;
    this.#pairs = new Int32Array(old.length * 2);
    this.#mask = old.length - 1;
    this.#shift--;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] === 0) continue;
      const slot = this.#find(old[at]!) * 2;
      this.#pairs[slot] = old[at]!;
      this.#pairs[slot + 1] = old[at + 1]!;
    }
  }
}
