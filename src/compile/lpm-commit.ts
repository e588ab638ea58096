// Brings staged changes of a longest-prefix-match table to the shared memory, changed nodes only.
//
// Three steps. Spread, downwards: a changed prefix changes what the nodes below it inherit. Stage,
// upwards: each changed node gets its new form, in a new block that nobody reads yet, or as a list
// of entries to overwrite. Publish: the entries that lead to new blocks are stored, one aligned
// word each. For any one address exactly one of these words decides, so a look-up that runs
// meanwhile sees the table as before the commit or as after it. Only staging can fail.

import { LPM_DEFAULT, LPM_LINE_SHIFT, LPM_ROOT_ENTRIES } from "../../assembly/layout.ts";
import type { LpmArena } from "./lpm-arena.ts";
import { NodeImage } from "./lpm-image.ts";
import { firstRootSlot, type LpmNodes, lastRootSlot, ROOT } from "./lpm-nodes.ts";

const NODE_TAG = 0x80000000;
/** The index of the empty prefix, in the root. */
const DEFAULT_ROUTE = 1;
const LAST_SLOT = 255;

export class LpmCommit {
  readonly #nodes: LpmNodes;
  readonly #arena: LpmArena;
  readonly #root: number;
  readonly #image = new NodeImage();
  /** Nodes to look at, by depth; the root (depth 0) is not among them. */
  readonly #dirty: number[][] = [];
  /** Changed prefixes of the root, by index. */
  #rootIndexes: number[] = [];
  /** Value of each slot of the root, whether or not a node covers it. */
  readonly #rootValues = new Int32Array(LPM_ROOT_ENTRIES);
  /** Slots of the root whose node moved, came or went. */
  #rootSlots: number[] = [];
  /** Word index and content of entries to overwrite in nodes that stay where they are. */
  #stores: number[] = [];

  constructor(nodes: LpmNodes, arena: LpmArena, root: number) {
    this.#nodes = nodes;
    this.#arena = arena;
    this.#root = root;
  }

  get bytes(): number {
    return this.#rootValues.byteLength;
  }

  /** Notes that a prefix came, went or has another value. */
  touch(node: number, index: number): void {
    if (node === ROOT) this.#rootIndexes.push(index);
    else this.#mark(node);
  }

  /** Notes that a node is new. */
  adopt(node: number): void {
    const nodes = this.#nodes;
    const parent = nodes.parent[node]!;
    // The parent, if not the root, tells its children what they inherit when it is dirty.
    if (parent === ROOT) nodes.inherited[node] = this.#rootValues[nodes.slot[node]!]!;
    else this.#mark(parent);
    this.#mark(node);
  }

  /** @throws SluiceError LIMIT_EXCEEDED, with nothing published and all changes still staged */
  run(): void {
    this.#spread();
    try {
      this.#stage();
    } catch (error) {
      this.#abandon();
      throw error;
    }
    this.#publish();
    this.#finish();
  }

  #mark(node: number): void {
    const nodes = this.#nodes;
    if (nodes.dirty[node] === 1) return;
    nodes.dirty[node] = 1;
    const depth = nodes.depth[node]!;
    while (this.#dirty.length <= depth) this.#dirty.push([]);
    this.#dirty[depth]!.push(node);
  }

  // ---- spread ----

  #spread(): void {
    const nodes = this.#nodes;
    const values = this.#image.slots;
    for (const index of this.#rootIndexes) this.#spreadRoot(index);
    for (let depth = 1; depth < this.#dirty.length; depth++) {
      for (const node of this.#dirty[depth]!) {
        if (nodes.children[node] === 0) continue;
        nodes.paintNode(node, values);
        this.#inherit(node, values, 0, LAST_SLOT);
      }
    }
  }

  #spreadRoot(index: number): void {
    // The default route is no entry's value: kernels read it where they found none.
    if (index === DEFAULT_ROUTE) return;
    this.#nodes.paintRoot(index, this.#rootValues);
    this.#inherit(ROOT, this.#rootValues, firstRootSlot(index), lastRootSlot(index));
  }

  #inherit(node: number, values: Int32Array, first: number, last: number): void {
    const nodes = this.#nodes;
    let slot = nodes.nextChild(node, first, last);
    for (; slot >= 0; slot = nodes.nextChild(node, slot + 1, last)) {
      const child = nodes.child(node, slot);
      if (nodes.inherited[child] === values[slot]) continue;
      nodes.inherited[child] = values[slot]!;
      this.#mark(child);
    }
  }

  // ---- stage ----

  #stage(): void {
    const nodes = this.#nodes;
    for (let depth = this.#dirty.length - 1; depth > 0; depth--) {
      for (const node of this.#dirty[depth]!) {
        this.#stageNode(node);
        if (nodes.nextBlock[node] === nodes.block[node]) continue;
        const parent = nodes.parent[node]!;
        if (parent === ROOT) this.#rootSlots.push(nodes.slot[node]!);
        else this.#mark(parent);
      }
    }
  }

  #stageNode(node: number): void {
    const nodes = this.#nodes;
    const image = this.#image;
    const living = this.#compose(node);
    if (nodes.prefixes[node] === 0 && living === 0) {
      nodes.nextBlock[node] = 0;
      nodes.nextLines[node] = 0;
      return;
    }
    image.compress();
    const { words } = this.#arena;
    const block = nodes.block[node]!;
    const lines = image.lines;
    if (block !== 0 && lines === nodes.lines[node] && image.fits(words, block)) {
      image.differences(words, block, this.#stores);
      return;
    }
    const next = this.#arena.allocate(lines);
    image.write(words, next);
    nodes.nextBlock[node] = next;
    nodes.nextLines[node] = lines;
  }

  /** Fills the image's slots. @returns how many children the node will have */
  #compose(node: number): number {
    const nodes = this.#nodes;
    const { slots } = this.#image;
    nodes.paintNode(node, slots);
    if (nodes.children[node] === 0) return 0;
    let living = 0;
    let slot = nodes.nextChild(node, 0, LAST_SLOT);
    for (; slot >= 0; slot = nodes.nextChild(node, slot + 1, LAST_SLOT)) {
      const block = nodes.nextBlock[nodes.child(node, slot)]!;
      if (block === 0) continue;
      slots[slot] = referenceTo(block);
      living++;
    }
    return living;
  }

  /** Undoes staging. Nodes stay dirty, so that the next commit tries again. */
  #abandon(): void {
    const nodes = this.#nodes;
    for (const level of this.#dirty) {
      for (const node of level) {
        const next = nodes.nextBlock[node]!;
        if (next !== 0 && next !== nodes.block[node]) {
          this.#arena.free(next, nodes.nextLines[node]!);
        }
        nodes.nextBlock[node] = nodes.block[node]!;
        nodes.nextLines[node] = nodes.lines[node]!;
      }
    }
    this.#stores = [];
    this.#rootSlots = [];
  }

  // ---- publish ----

  #publish(): void {
    const { words } = this.#arena;
    const stores = this.#stores;
    for (let at = 0; at < stores.length; at += 2) {
      Atomics.store(words, stores[at]!, stores[at + 1]!);
    }
    for (const slot of this.#rootSlots) this.#publishSlot(slot);
    for (const index of this.#rootIndexes) {
      if (index === DEFAULT_ROUTE) {
        Atomics.store(words, (this.#root + LPM_DEFAULT) >>> 2, this.#nodes.value(index));
        continue;
      }
      const last = lastRootSlot(index);
      for (let slot = firstRootSlot(index); slot <= last; slot++) this.#publishSlot(slot);
    }
  }

  #publishSlot(slot: number): void {
    const { words } = this.#arena;
    const nodes = this.#nodes;
    const child = nodes.nextChild(ROOT, slot, slot) < 0 ? 0 : nodes.child(ROOT, slot);
    const block = child === 0 ? 0 : nodes.nextBlock[child]!;
    const entry = block === 0 ? this.#rootValues[slot]! : referenceTo(block);
    const at = (this.#root >>> 2) + slot;
    if (words[at] !== entry) Atomics.store(words, at, entry);
  }

  /** Retires what was replaced and forgets what was staged. */
  #finish(): void {
    const nodes = this.#nodes;
    // Children first: a node to remove must not have any.
    for (let depth = this.#dirty.length - 1; depth > 0; depth--) {
      for (const node of this.#dirty[depth]!) {
        nodes.dirty[node] = 0;
        const block = nodes.block[node]!;
        const next = nodes.nextBlock[node]!;
        if (block !== 0 && block !== next) this.#arena.retire(block, nodes.lines[node]!);
        nodes.block[node] = next;
        nodes.lines[node] = nodes.nextLines[node]!;
        if (next === 0) nodes.remove(node);
      }
      this.#dirty[depth] = [];
    }
    this.#stores = [];
    this.#rootIndexes = [];
    this.#rootSlots = [];
  }
}

function referenceTo(block: number): number {
  return NODE_TAG | (block >>> LPM_LINE_SHIFT);
}
