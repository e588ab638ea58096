// An IPv4 table, the memory it is in and a kernel to ask: what tests of the host's tables start
// from.

import {
  LPM_LINE_SHIFT,
  LPM_NODE_ENTRIES,
  LPM_ROOT_BYTES,
  LPM_ROOT_ENTRIES,
} from "../../assembly/layout.ts";
import { LpmArena, LpmTable } from "../../src/compile/lpm.ts";
import { compileKernel, instantiate, newMemory } from "../support/compile.ts";
import { words } from "./lpm_twin.ts";

export interface Kernel {
  lookup4(root: number, address: number): number;
  lookup6(root: number, high: bigint, low: bigint): number;
}

export const LINE = 64;
/** Where the arena of a rig starts. */
export const BASE = 4096;

export const kernelModule = await compileKernel("test/assembly/lpm_entry.ts");

/** An IPv4 table with room for the root and some lines, and a kernel to ask. */
export class Rig {
  readonly memory: WebAssembly.Memory;
  readonly arena: LpmArena;
  readonly table: LpmTable;
  readonly kernel: Kernel;

  constructor(lines = 1024) {
    const bytes = LPM_ROOT_BYTES + lines * LINE;
    this.memory = newMemory(Math.max(16, Math.ceil((BASE + bytes + LPM_ROOT_BYTES) / 65536)));
    this.arena = new LpmArena(this.memory.buffer, BASE, bytes);
    this.table = new LpmTable(this.arena, 4);
    this.kernel = instantiate<Kernel>(kernelModule, this.memory);
  }

  insert(prefix: string, value: number): void {
    const [length, word] = parsed(prefix);
    this.table.insert(length, value, word);
  }

  delete(prefix: string): boolean {
    const [length, word] = parsed(prefix);
    return this.table.delete(length, word);
  }

  look(address: string): number {
    return this.kernel.lookup4(this.table.root, words(address)[0]);
  }

  /** Lines of all nodes reachable from the root; throws when two share one. */
  reachableLines(): number {
    const memory = new Int32Array(this.memory.buffer);
    const seen = new Set<number>();
    const visit = (entry: number): void => {
      if (entry >= 0) return;
      const node = (entry << LPM_LINE_SHIFT) >>> 0;
      let runs = 1;
      for (let word = 0; word < 8; word++) runs += ones(memory[node / 4 + word]!);
      const lines = Math.ceil((LPM_NODE_ENTRIES + runs * 4) / LINE);
      for (let line = node / LINE; line < node / LINE + lines; line++) {
        if (seen.has(line)) throw new Error(`line ${line} belongs to two nodes`);
        seen.add(line);
      }
      for (let run = 0; run < runs; run++) visit(memory[(node + LPM_NODE_ENTRIES) / 4 + run]!);
    };
    const root = this.table.root / 4;
    for (let slot = 0; slot < LPM_ROOT_ENTRIES; slot++) visit(memory[root + slot]!);
    return seen.size;
  }
}

export function parsed(prefix: string): [number, number] {
  const [address = "", length] = prefix.split("/");
  return [Number(length), words(address)[0]];
}

function ones(word: number): number {
  let count = 0;
  for (let bits = word; bits !== 0; bits &= bits - 1) count++;
  return count;
}
