// The compressed form of one node (layout.ts draws it): made from 256 slots, compared with the
// node in memory, written.

import {
  CACHE_LINE,
  LPM_NODE_ENTRIES,
  LPM_NODE_RANKS,
  LPM_NODE_SLOTS,
} from "../../assembly/layout.ts";

const RANKS = LPM_NODE_RANKS / 4;
const STARTS = LPM_NODE_SLOTS / 32;
const ENTRIES = LPM_NODE_ENTRIES / 4;

/** One at a time: fill `slots`, compress(), then ask or write. */
export class NodeImage {
  /** What each slot's look-up reads: a value or a reference. */
  readonly slots = new Int32Array(LPM_NODE_SLOTS);
  readonly #starts = new Int32Array(STARTS);
  readonly #entries = new Int32Array(LPM_NODE_SLOTS);
  #runs = 0;
  #ranks = 0;

  compress(): void {
    const { slots } = this;
    const entries = this.#entries;
    let previous = slots[0]!;
    let last = 0;
    let ranks = 0;
    entries[0] = previous;
    for (let word = 0; word < STARTS; word++) {
      if ((word & 1) === 0) ranks |= last << (word << 2);
      let bits = 0;
      for (let bit = 0; bit < 32; bit++) {
        const entry = slots[word * 32 + bit]!;
        // 1 where a run starts: counted, not branched on, for no processor foresees it.
        const change = entry ^ previous;
        const starts = (change | -change) >>> 31;
        bits |= starts << bit;
        last += starts;
        entries[last] = entry;
        previous = entry;
      }
      this.#starts[word] = bits;
    }
    this.#runs = last + 1;
    this.#ranks = ranks;
  }

  get lines(): number {
    return Math.ceil((LPM_NODE_ENTRIES + this.#runs * 4) / CACHE_LINE);
  }

  write(words: Int32Array, address: number): void {
    const at = address >>> 2;
    const starts = this.#starts;
    const entries = this.#entries;
    for (let word = 0; word < STARTS; word++) words[at + word] = starts[word]!;
    words[at + RANKS] = this.#ranks;
    for (let run = 0; run < this.#runs; run++) words[at + ENTRIES + run] = entries[run]!;
  }

  /**
   * Whether the node at an address can become this one by new entries alone: its runs split ours.
   */
  fits(words: Int32Array, address: number): boolean {
    const at = address >>> 2;
    for (let word = 0; word < STARTS; word++) {
      if ((this.#starts[word]! & ~words[at + word]!) !== 0) return false;
    }
    return true;
  }

  /** Appends word index and new content of each entry to change in a node that fits(). */
  differences(words: Int32Array, address: number, stores: number[]): void {
    const { slots } = this;
    const at = address >>> 2;
    let entry = at + ENTRIES;
    if (words[entry] !== slots[0]) stores.push(entry, slots[0]!);
    for (let word = 0; word < STARTS; word++) {
      for (let bits = words[at + word]!; bits !== 0; bits &= bits - 1) {
        const slot = word * 32 + 31 - Math.clz32(bits & -bits);
        if (words[++entry] !== slots[slot]) stores.push(entry, slots[slot]!);
      }
    }
  }
}
