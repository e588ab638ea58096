// Numbers of flows, found by a hash: open addressing with linear probing. Each slot is two words of
// one typed array, so that finding, adding and removing a flow touch one cache line and make no
// object, and nothing has to be collected later.

const LEAST_BITS = 4;
/** Fibonacci hashing (Knuth 6.4): the upper bits of the product tell like hashes apart. */
const SPREAD = 0x9e3779b1;

export class FlowSlots {
  /** Hash and number of each slot; number 0 is none. At most half of the slots are used. */
  #words = new Int32Array(2 << LEAST_BITS);
  /** Number of the last slot, all ones; and how far a hash is shifted to become a slot's. */
  #last = (1 << LEAST_BITS) - 1;
  #shift = 32 - LEAST_BITS;
  #count = 0;

  /** How many numbers there are. */
  get count(): number {
    return this.#count;
  }

  /** @param number above 0, and not there yet */
  add(hash: number, number: number): void {
    if (this.#count * 2 > this.#last) this.#grow();
    this.#count++;
    this.#put(hash | 0, number);
  }

  /** Takes a number away that is there under this hash. */
  remove(hash: number, number: number): void {
    let slot = this.first(hash);
    while (this.numberAt(slot) !== number) slot = this.next(slot, hash);
    this.#count--;
    this.#close(slot);
  }

  /** The first slot with this hash; -1 when there is none. */
  first(hash: number): number {
    return this.#from(this.#home(hash), hash);
  }

  /** The next slot with this hash; -1 when there is none. */
  next(slot: number, hash: number): number {
    return this.#from((slot + 1) & this.#last, hash);
  }

  numberAt(slot: number): number {
    return this.#words[slot * 2 + 1] as number;
  }

  /** All numbers, in no order. */
  numbers(): number[] {
    const numbers: number[] = [];
    for (let slot = 0; slot <= this.#last; slot++) {
      const number = this.numberAt(slot);
      if (number !== 0) numbers.push(number);
    }
    return numbers;
  }

  #home(hash: number): number {
    return Math.imul(hash, SPREAD) >>> this.#shift;
  }

  #from(start: number, hash: number): number {
    const words = this.#words;
    for (let slot = start; ; slot = (slot + 1) & this.#last) {
      if (words[slot * 2 + 1] === 0) return -1;
      if (words[slot * 2] === (hash | 0)) return slot;
    }
  }

  #put(hash: number, number: number): void {
    let slot = this.#home(hash);
    while (this.numberAt(slot) !== 0) slot = (slot + 1) & this.#last;
    this.#words[slot * 2] = hash;
    this.#words[slot * 2 + 1] = number;
  }

  /** Frees a slot, and moves what was put behind it for want of room (Knuth 6.4, algorithm R). */
  #close(start: number): void {
    const words = this.#words;
    let free = start;
    for (let slot = (free + 1) & this.#last; ; slot = (slot + 1) & this.#last) {
      const number = words[slot * 2 + 1] as number;
      if (number === 0) break;
      const hash = words[slot * 2] as number;
      const distance = (slot - this.#home(hash)) & this.#last;
      if (distance < ((slot - free) & this.#last)) continue;
      words[free * 2] = hash;
      words[free * 2 + 1] = number;
      free = slot;
    }
    words[free * 2 + 1] = 0;
  }

  #grow(): void {
    const before = this.#words;
    this.#last = this.#last * 2 + 1;
    this.#shift--;
    this.#words = new Int32Array(before.length * 2);
    for (let at = 0; at < before.length; at += 2) {
      const number = before[at + 1] as number;
      if (number !== 0) this.#put(before[at] as number, number);
    }
  }
}
