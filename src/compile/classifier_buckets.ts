// One hash table of rows in shared memory: buckets of four chains. Readers need no lock: a row is
// complete before a word that leads to it is stored, and a larger table is filled before it
// replaces the old one.

import * as layout from "../../assembly/layout.ts";
import type { Rows } from "./classifier_rows.ts";

const { BUCKET_BYTES, BUCKET_GONE, BUCKET_SHIFT, BUCKET_TAGS, BUCKETS_SPILLED } = layout;
const ENTRIES = BUCKET_BYTES / 4;
const ADDRESS = -64;
const LEAST_BITS = 2;
/** Chains for each bucket, on average, that make the table grow: one in 50 is then over-full. */
const MOST_CHAINS = 1.5;
/** Buckets for each chain that make it shrink. */
const FEW_CHAINS = 8;

export class Buckets {
  readonly #rows: Rows;
  /** Where SUBTABLE_BUCKETS of the subtable is; 0 before it is in a list. */
  #descriptor = 0;
  #base: number;
  #bits: number;
  #spilled = false;
  #chains = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
    this.#bits = LEAST_BITS;
    this.#base = rows.arena.allocate(BUCKET_BYTES << LEAST_BITS);
  }

  /** The word that tells workers where the buckets are. */
  get word(): number {
    return this.#base + (BUCKET_SHIFT - this.#bits) + (this.#spilled ? BUCKETS_SPILLED : 0);
  }

  /** From now on changes of the word are published here. */
  set descriptor(address: number) {
    this.#descriptor = address;
  }

  /** Address of the entry whose chain has this hash; 0 when there is none. */
  find(hash: number): number {
    const { words } = this.#rows;
    const place = hash >>> (BUCKET_SHIFT - this.#bits);
    const tag = tagOf(place);
    const buckets = 2 ** this.#bits;
    for (let step = 0, bucket = place >>> 6; step < buckets; step++) {
      const at = (this.#base + bucket * BUCKET_BYTES) >>> 2;
      let full = true;
      for (let entry = at; entry < at + ENTRIES; entry++) {
        const word = words[entry]!;
        if (word === 0) full = false;
        if ((word & BUCKET_TAGS) !== tag) continue;
        if (this.#rows.hashOf((word & ADDRESS) >>> 0) === hash) return entry * 4;
      }
      if (!full || !this.#spilled) return 0;
      bucket = (bucket + 1) & (buckets - 1);
    }
    return 0;
  }

  /** First row of the chain of this entry, 0 for entry 0. */
  chainAt(entry: number): number {
    return entry === 0 ? 0 : (this.#rows.words[entry >>> 2]! & ADDRESS) >>> 0;
  }

  /**
   * Puts a row into the chain of its hash, behind those of higher rank. Its hash and place are set.
   * @param entry what find() says for its hash
   * @param version to keep the old buckets for, when the table grows
   */
  insert(row: number, entry: number, version: number): void {
    const rows = this.#rows;
    if (entry === 0) {
      this.#insertChain(row, version);
      return;
    }
    const rank = rows.rankOf(row);
    let before = 0;
    let next = this.chainAt(entry);
    while (next !== 0 && rows.rankOf(next) >= rank) {
      before = next;
      next = rows.nextOf(next);
    }
    rows.words[row >>> 2] = next;
    if (before !== 0) rows.publish(before, row);
    else rows.publish(entry, row + (rows.words[entry >>> 2]! & BUCKET_TAGS));
  }

  /** Takes a row out of its chain. Workers may still stand on it. */
  unlink(row: number): void {
    const rows = this.#rows;
    const entry = this.find(rows.hashOf(row));
    const next = rows.nextOf(row);
    const first = this.chainAt(entry);
    if (first !== row) {
      let before = first;
      while (rows.nextOf(before) !== row) before = rows.nextOf(before);
      rows.publish(before, next);
    } else if (next !== 0) {
      rows.publish(entry, next + (rows.words[entry >>> 2]! & BUCKET_TAGS));
    } else {
      // In a full bucket: what did not fit may be in the next one.
      rows.publish(entry, this.#spilled ? BUCKET_GONE : 0);
      this.#chains--;
    }
  }

  /** Visits all rows, those that are removed but still linked included. */
  forEachRow(visit: (row: number) => void): void {
    this.#forEachChain((first) => {
      for (let row = first; row !== 0; row = this.#rows.nextOf(row)) visit(row);
    });
  }

  /** The highest rank of its rows; -1 when there is none. */
  highestRank(): number {
    let highest = -1;
    this.#forEachChain((row) => {
      highest = Math.max(highest, this.#rows.rankOf(row));
    });
    return highest;
  }

  /** Takes smaller buckets, if few chains are left. */
  shrink(version: number): void {
    let bits = this.#bits;
    while (bits > LEAST_BITS && this.#chains * FEW_CHAINS < 2 ** bits) bits--;
    if (bits < this.#bits) this.#resize(bits, version);
  }

  /** Gives up its memory, which workers may still be reading. */
  retire(version: number): void {
    this.#rows.limbo.add(this.#base, BUCKET_BYTES << this.#bits, version);
  }

  /** Gives up its memory, which no worker has been told of. */
  discard(): void {
    this.#rows.arena.release(this.#base, BUCKET_BYTES << this.#bits);
  }

  #insertChain(row: number, version: number): void {
    if (this.#chains + 1 > MOST_CHAINS * 2 ** this.#bits) this.#resize(this.#bits + 1, version);
    const rows = this.#rows;
    const place = rows.hashOf(row) >>> (BUCKET_SHIFT - this.#bits);
    const entry = this.#freeEntry(place >>> 6);
    this.#chains++;
    rows.publish(entry, row + tagOf(place));
  }

  /** The first free entry from a bucket on; says so to readers when it is not in that bucket. */
  #freeEntry(start: number): number {
    const { words } = this.#rows;
    for (let bucket = start; ; bucket = (bucket + 1) & (2 ** this.#bits - 1)) {
      const at = (this.#base + bucket * BUCKET_BYTES) >>> 2;
      for (let entry = at; entry < at + ENTRIES; entry++) {
        if (words[entry]! <= BUCKET_GONE) return entry * 4;
      }
      if (!this.#spilled) {
        this.#spilled = true;
        this.#publishWord();
      }
    }
  }

  #resize(bits: number, version: number): void {
    const base = this.#rows.arena.allocate(BUCKET_BYTES << bits);
    const chains: number[] = [];
    this.#forEachChain((row) => {
      chains.push(row);
    });
    this.retire(version);
    // Until the word is published, readers use the old buckets.
    const descriptor = this.#descriptor;
    this.#descriptor = 0;
    this.#base = base;
    this.#bits = bits;
    this.#spilled = false;
    for (const row of chains) {
      const place = this.#rows.hashOf(row) >>> (BUCKET_SHIFT - bits);
      this.#rows.words[this.#freeEntry(place >>> 6) >>> 2] = row + tagOf(place);
    }
    this.#descriptor = descriptor;
    this.#publishWord();
  }

  #publishWord(): void {
    if (this.#descriptor !== 0) this.#rows.publish(this.#descriptor, this.word);
  }

  #forEachChain(visit: (row: number) => void): void {
    const { words } = this.#rows;
    const at = this.#base >>> 2;
    const end = at + (ENTRIES << this.#bits);
    for (let entry = at; entry < end; entry++) {
      const word = words[entry]!;
      if (word > BUCKET_GONE) visit((word & ADDRESS) >>> 0);
    }
  }
}

function tagOf(place: number): number {
  const tag = place & BUCKET_TAGS;
  return tag === 0 ? 1 : tag;
}
