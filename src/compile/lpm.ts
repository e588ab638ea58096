// Longest-prefix-match tables, host side: prefixes in, tables for assembly/table/lpm.ts out.
// layout.ts draws what kernels read; lpm-nodes.ts is the host's copy, lpm-commit.ts the way over.

import { CACHE_LINE, LPM_ROOT_BYTES } from "../../assembly/layout.ts";
import type { LpmArena } from "./lpm-arena.ts";
import { LpmCommit } from "./lpm-commit.ts";
import { LpmNodes, lengthOf, NODE_BITS, ROOT, ROOT_BITS } from "./lpm-nodes.ts";

export { LpmArena } from "./lpm-arena.ts";

/** Values are below this: the top bit of an entry marks references. */
const VALUE_LIMIT = 2 ** 31;
/** Entries of the undo log that are kept allocated between commits. */
const LOG_KEPT = 4096;

export interface LpmMatch {
  readonly value: number;
  readonly length: number;
}

/**
 * One table of one family. Addresses are u32 words, most significant first: one for IPv4 (10.0.0.1
 * is 0x0a000001), four for IPv6. Bits of an address beyond a prefix's length do not matter.
 * Changes are staged, visible to get() and match() at once, to kernels after commit().
 */
export class LpmTable {
  /** Address of the table, for lookup4() or lookup6(). */
  readonly root: number;
  readonly #bits: number;
  readonly #nodes = new LpmNodes();
  readonly #commit: LpmCommit;
  #size = 0;
  /** Key and former value of each prefix changed since the last commit. */
  #log = new Uint32Array(LOG_KEPT * 2);
  #logged = 0;

  /** @throws SluiceError LIMIT_EXCEEDED if the arena has no room for the root (256 KiB) */
  constructor(arena: LpmArena, family: 4 | 6) {
    this.#bits = family === 4 ? 32 : 128;
    this.root = arena.allocate(LPM_ROOT_BYTES / CACHE_LINE);
    arena.words.fill(0, this.root >>> 2, (this.root + LPM_ROOT_BYTES) >>> 2);
    this.#commit = new LpmCommit(this.#nodes, arena, this.root);
  }

  /** Prefixes in the table. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of the host's copy, none of them in shared memory. */
  get shadowBytes(): number {
    return this.#nodes.bytes + this.#commit.bytes + this.#log.byteLength;
  }

  /**
   * Adds a prefix, or gives it another value.
   * @param value 1 to 2^31 - 1
   */
  insert(length: number, value: number, w0: number, w1 = 0, w2 = 0, w3 = 0): void {
    if (!(value > 0 && value < VALUE_LIMIT)) throw new RangeError(`LPM value ${value}`);
    this.#checkLength(length);
    const node = this.#nodeFor(length, w0, w1, w2, w3, true);
    this.#change(node, indexIn(length, w0, w1, w2, w3), value);
  }

  /** @returns whether the prefix was there */
  delete(length: number, w0: number, w1 = 0, w2 = 0, w3 = 0): boolean {
    this.#checkLength(length);
    const node = this.#nodeFor(length, w0, w1, w2, w3, false);
    const index = indexIn(length, w0, w1, w2, w3);
    if (node < 0 || this.#nodes.value(this.#nodes.key(node, index)) === 0) return false;
    this.#change(node, index, 0);
    return true;
  }

  /** Value of exactly this prefix; 0 = not in the table. */
  get(length: number, w0: number, w1 = 0, w2 = 0, w3 = 0): number {
    this.#checkLength(length);
    const node = this.#nodeFor(length, w0, w1, w2, w3, false);
    if (node < 0) return 0;
    return this.#nodes.value(this.#nodes.key(node, indexIn(length, w0, w1, w2, w3)));
  }

  /** The longest prefix that contains an address. */
  match(w0: number, w1 = 0, w2 = 0, w3 = 0): LpmMatch | undefined {
    const nodes = this.#nodes;
    let key = nodes.value(1) === 0 ? 0 : 1;
    let length = 0;
    let node = ROOT;
    let bits = ROOT_BITS;
    for (let depth = 0; ; depth++) {
      const slot = slotAt(depth, w0, w1, w2, w3);
      const index = nodes.longest(node, bits, slot);
      if (index !== 0) {
        key = nodes.key(node, index);
        length = lengthOf(index) + bitsAbove(depth);
      }
      node = nodes.child(node, slot);
      bits = NODE_BITS;
      if (node === 0) return key === 0 ? undefined : { value: nodes.value(key), length };
    }
  }

  /**
   * Publishes what is staged. For each address a concurrent look-up sees the change as a whole or
   * not at all. Replaced nodes wait in the arena for LpmArena.reclaim().
   * @throws SluiceError LIMIT_EXCEEDED: kernels see the table as before, the changes stay staged;
   * commit again after a reclaim(), or rollback()
   */
  commit(): void {
    this.#commit.run();
    this.#forget();
  }

  /** Takes back everything staged since the last commit that succeeded. */
  rollback(): void {
    for (let at = (this.#logged - 1) * 2; at >= 0; at -= 2) {
      const key = this.#log[at]!;
      const node = this.#nodes.nodeOf(key);
      this.#set(node, node === ROOT ? key : key & 511, this.#log[at + 1]!);
    }
    this.#forget();
  }

  #checkLength(length: number): void {
    if (!(length >= 0 && length <= this.#bits)) throw new RangeError(`prefix length ${length}`);
  }

  /** The node a prefix ends in; -1 if it does not exist and is not to be made. */
  #nodeFor(length: number, w0: number, w1: number, w2: number, w3: number, make: boolean): number {
    const nodes = this.#nodes;
    const last = depthOf(length);
    let node = ROOT;
    for (let depth = 0; depth < last; depth++) {
      const slot = slotAt(depth, w0, w1, w2, w3);
      let child = nodes.child(node, slot);
      if (child === 0) {
        if (!make) return -1;
        child = nodes.addChild(node, slot);
        this.#commit.adopt(child);
      }
      node = child;
    }
    return node;
  }

  #change(node: number, index: number, value: number): void {
    const before = this.#set(node, index, value);
    if (before === value) return;
    if (this.#logged * 2 === this.#log.length) {
      const longer = new Uint32Array(this.#log.length * 2);
      longer.set(this.#log);
      this.#log = longer;
    }
    this.#log[this.#logged * 2] = this.#nodes.key(node, index);
    this.#log[this.#logged * 2 + 1] = before;
    this.#logged++;
  }

  #set(node: number, index: number, value: number): number {
    const before = this.#nodes.setValue(this.#nodes.key(node, index), value);
    if (before === 0) this.#size++;
    if (value === 0) this.#size--;
    if (before !== value) this.#commit.touch(node, index);
    return before;
  }

  #forget(): void {
    this.#logged = 0;
    if (this.#log.length > LOG_KEPT * 2) this.#log = new Uint32Array(LOG_KEPT * 2);
  }
}

/**
 * Bytes of LPM memory to reserve: enough for the full tables of the internet and a commit that
 * changes all of them at once. Prefixes far more scattered than those may need more.
 * @param tables how many tables there are, of either family
 */
export function estimateLpmBytes(routes4: number, routes6: number, tables = 2): number {
  // A lone IPv4 prefix needs up to 2 nodes, a lone IPv6 /64 needs 6; a crowd shares them.
  const bytes4 = Math.min(routes4, 16384) * 128 + routes4 * 12;
  const bytes6 = Math.min(routes6, 8192) * 448 + routes6 * 28;
  const bytes = tables * LPM_ROOT_BYTES + bytes4 + bytes6;
  return Math.ceil(bytes / CACHE_LINE) * CACHE_LINE;
}

/** Bits that the levels above a depth decide. */
function bitsAbove(depth: number): number {
  return depth === 0 ? 0 : ROOT_BITS + (depth - 1) * NODE_BITS;
}

/** Depth of the node that a prefix ends in. */
function depthOf(length: number): number {
  return length <= ROOT_BITS ? 0 : (length - ROOT_BITS + NODE_BITS - 1) >> 3;
}

/** The address's slot in its node at a depth. */
function slotAt(depth: number, w0: number, w1: number, w2: number, w3: number): number {
  if (depth === 0) return w0 >>> 16;
  const byte = depth + 1;
  const word = byte < 4 ? w0 : byte < 8 ? w1 : byte < 12 ? w2 : w3;
  return (word >>> (24 - (byte & 3) * 8)) & 255;
}

/** Index of a prefix within the node it ends in. */
function indexIn(length: number, w0: number, w1: number, w2: number, w3: number): number {
  const depth = depthOf(length);
  const free = bitsAbove(depth + 1) - length;
  return (1 << (length - bitsAbove(depth))) + (slotAt(depth, w0, w1, w2, w3) >> free);
}
