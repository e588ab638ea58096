// Memory that workers may still be reading although nothing leads to it any more: kept until each
// of them has begun another burst, then given back to the arena.

import type { Arena } from "../memory/arena.ts";

/** Blocks taken out at one version: address and bytes of each, in turn. */
interface Batch {
  readonly version: number;
  readonly blocks: number[];
}

export class Limbo {
  readonly #arena: Arena;
  readonly #batches: Batch[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /**
   * Takes a block that nothing leads to any more.
   * @param version the last one given out: who begins a burst under a later one has not seen it
   */
  add(address: number, bytes: number, version: number): void {
    let batch = this.#batches.at(-1);
    if (batch?.version !== version) {
      batch = { version, blocks: [] };
      this.#batches.push(batch);
    }
    batch.blocks.push(address, bytes);
  }

  /** Releases what no worker reads: what was added before `version`, or, when idle, everything. */
  settle(version: number, idle: boolean): void {
    let done = 0;
    for (const batch of this.#batches) {
      if (!idle && ((version - batch.version) | 0) <= 0) break;
      for (let at = 0; at < batch.blocks.length; at += 2) {
        this.#arena.release(batch.blocks[at] as number, batch.blocks[at + 1] as number);
      }
      done++;
    }
    this.#batches.splice(0, done);
  }
}
