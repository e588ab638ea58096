// The host's own copy of a longest-prefix-match table: which prefixes and which child nodes each
// node has, uncompressed, about 120 bytes a node plus 16 a prefix. Kernels never see it.
//
// A node of 2^bits slots holds prefixes that end within it. A prefix of n of its bits, p, has the
// index 2^n + p: 1 is the empty prefix, 2 and 3 are one bit long, and so on. The root decides 16
// bits and so has the indexes and slots of 256 ordinary nodes; it takes their numbers, 0 to 255.

import { NumberMap } from "./lpm-map.ts";

export const ROOT = 0;
export const ROOT_BITS = 16;
export const NODE_BITS = 8;
const FIRST_NODE = 1 << (ROOT_BITS - NODE_BITS);
const PREFIX_WORDS = 16;
const CHILD_WORDS = 8;
/** Key of a prefix: node << 9 | index. Key of a child: node << 8 | slot. */
const PREFIX_SHIFT = 9;
const CHILD_SHIFT = 8;

export class LpmNodes {
  prefixBits = new Int32Array(FIRST_NODE * PREFIX_WORDS);
  childBits = new Int32Array(FIRST_NODE * CHILD_WORDS);
  parent = new Uint32Array(FIRST_NODE);
  /** The parent's slot that leads here. */
  slot = new Uint16Array(FIRST_NODE);
  depth = new Uint8Array(FIRST_NODE);
  /** Value of the longest prefix above the node that covers it; 0 = none but the default route. */
  inherited = new Int32Array(FIRST_NODE);
  /** Address and lines of the node in shared memory; 0 = not there. */
  block = new Uint32Array(FIRST_NODE);
  lines = new Uint8Array(FIRST_NODE);
  /** The same, as the commit under way will leave them. */
  nextBlock = new Uint32Array(FIRST_NODE);
  nextLines = new Uint8Array(FIRST_NODE);
  /** 1 = among the nodes the next commit looks at. */
  dirty = new Uint8Array(FIRST_NODE);
  /** Prefixes that end in the node, and children. */
  prefixes = new Uint16Array(FIRST_NODE);
  children = new Uint16Array(FIRST_NODE);

  readonly #values = new NumberMap();
  readonly #childNumbers = new NumberMap();
  #count = FIRST_NODE;
  /** Unused nodes, linked by `parent`; 0 ends the list. */
  #unused = 0;

  get bytes(): number {
    const arrays = [this.prefixBits, this.childBits, this.parent, this.slot, this.depth];
    arrays.push(this.inherited, this.block, this.lines, this.nextBlock, this.nextLines);
    arrays.push(this.dirty, this.prefixes, this.children);
    const nodes = arrays.reduce((sum, array) => sum + array.byteLength, 0);
    return nodes + this.#values.bytes + this.#childNumbers.bytes;
  }

  /** The child node at a slot; 0 = none. */
  child(node: number, slot: number): number {
    return this.#childNumbers.get((node << CHILD_SHIFT) + slot);
  }

  addChild(parent: number, slot: number): number {
    const node = this.#newNumber();
    this.parent[node] = parent;
    this.slot[node] = slot;
    this.depth[node] = this.depth[parent]! + 1;
    this.children[parent]!++;
    this.#childNumbers.set((parent << CHILD_SHIFT) + slot, node);
    this.childBits[parent * CHILD_WORDS + (slot >> 5)]! |= 1 << (slot & 31);
    return node;
  }

  /** Removes a node that has neither prefixes nor children. */
  remove(node: number): void {
    const parent = this.parent[node]!;
    const slot = this.slot[node]!;
    this.children[parent]!--;
    this.#childNumbers.delete((parent << CHILD_SHIFT) + slot);
    this.childBits[parent * CHILD_WORDS + (slot >> 5)]! &= ~(1 << (slot & 31));
    this.inherited[node] = 0;
    this.parent[node] = this.#unused;
    this.#unused = node;
  }

  /** Next slot at or after `from` and up to `to` that has a child; -1 = none. */
  nextChild(node: number, from: number, to: number): number {
    return nextBit(this.childBits, node * CHILD_WORDS, from, to);
  }

  /** The key that value() and setValue() take. */
  key(node: number, index: number): number {
    return (node << PREFIX_SHIFT) + index;
  }

  nodeOf(key: number): number {
    const node = key >>> PREFIX_SHIFT;
    return node < FIRST_NODE ? ROOT : node;
  }

  /** Value of a prefix; 0 = no such prefix. */
  value(key: number): number {
    return this.#values.get(key);
  }

  /** Sets a prefix's value, 0 removes the prefix. @returns the value before */
  setValue(key: number, value: number): number {
    const before = value === 0 ? this.#values.delete(key) : this.#values.set(key, value);
    if ((before === 0) === (value === 0)) return before;
    this.prefixBits[key >>> 5]! ^= 1 << (key & 31);
    this.prefixes[this.nodeOf(key)]! += value === 0 ? -1 : 1;
    return before;
  }

  /** Index of the node's longest prefix, of at least one bit, that covers a slot; 0 = none. */
  longest(node: number, bits: number, slot: number): number {
    for (let index = (1 << bits) + slot; index > 1; index >>>= 1) {
      const word = this.prefixBits[node * PREFIX_WORDS + (index >>> 5)]!;
      if (((word >>> (index & 31)) & 1) === 1) return index;
    }
    return 0;
  }

  /** Writes the values of the prefixes with the indexes `from` to `to` to the slots they cover. */
  paint(node: number, bits: number, from: number, to: number, slots: Int32Array): void {
    const base = node * PREFIX_WORDS;
    let index = nextBit(this.prefixBits, base, from, to);
    for (; index >= 0; index = nextBit(this.prefixBits, base, index + 1, to)) {
      const free = bits - lengthOf(index);
      const first = (index << free) & ((1 << bits) - 1);
      const value = this.value(this.key(node, index));
      for (let slot = first; slot < first + (1 << free); slot++) slots[slot] = value;
    }
  }

  /** Own and inherited values of all slots of a node that is not the root. */
  paintNode(node: number, slots: Int32Array): void {
    slots.fill(this.inherited[node]!);
    // Indexes ascend with lengths, so that longer prefixes overwrite shorter ones.
    this.paint(node, NODE_BITS, 2, (2 << NODE_BITS) - 1, slots);
  }

  /**
   * Own values of the slots of the root that one of its prefixes covers.
   * @param index of the prefix, which need not exist (any more); not the empty one
   */
  paintRoot(index: number, slots: Int32Array): void {
    const first = firstRootSlot(index);
    const last = lastRootSlot(index);
    const length = lengthOf(index);
    const cover = this.longest(ROOT, length - 1, (index % (1 << length)) >> 1);
    slots.fill(cover === 0 ? 0 : this.value(cover), first, last + 1);
    for (let deeper = length; deeper <= ROOT_BITS; deeper++) {
      const free = ROOT_BITS - deeper;
      const base = 1 << deeper;
      this.paint(ROOT, ROOT_BITS, base + (first >> free), base + (last >> free), slots);
    }
  }

  #newNumber(): number {
    const node = this.#unused;
    if (node !== 0) {
      this.#unused = this.parent[node]!;
      return node;
    }
    if (this.#count === this.parent.length) this.#grow();
    return this.#count++;
  }

  #grow(): void {
    this.prefixBits = doubled(this.prefixBits);
    this.childBits = doubled(this.childBits);
    this.parent = doubled(this.parent);
    this.slot = doubled(this.slot);
    this.depth = doubled(this.depth);
    this.inherited = doubled(this.inherited);
    this.block = doubled(this.block);
    this.lines = doubled(this.lines);
    this.nextBlock = doubled(this.nextBlock);
    this.nextLines = doubled(this.nextLines);
    this.dirty = doubled(this.dirty);
    this.prefixes = doubled(this.prefixes);
    this.children = doubled(this.children);
  }
}

/** Bits of a prefix within its node. */
export function lengthOf(index: number): number {
  return 31 - Math.clz32(index);
}

/** First slot of the root that one of its prefixes covers. */
export function firstRootSlot(index: number): number {
  return (index << (ROOT_BITS - lengthOf(index))) & ((1 << ROOT_BITS) - 1);
}

export function lastRootSlot(index: number): number {
  return firstRootSlot(index) + (1 << (ROOT_BITS - lengthOf(index))) - 1;
}

/** Next set bit at or after `from` and up to `to`, in the words from `base` on; -1 = none. */
function nextBit(words: Int32Array, base: number, from: number, to: number): number {
  for (let bit = from; bit <= to; bit = (bit | 31) + 1) {
    const word = words[base + (bit >>> 5)]! >>> (bit & 31);
    if (word === 0) continue;
    const found = bit + 31 - Math.clz32(word & -word);
    return found <= to ? found : -1;
  }
  return -1;
}

function doubled<A extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(array: A): A {
  const larger = new (array.constructor as new (length: number) => A)(array.length * 2);
  larger.set(array);
  return larger;
}
