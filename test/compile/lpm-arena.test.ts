// Memory of longest-prefix-match tables: handed out, exhausted, reused only when nobody reads it.

import { describe, expect, it } from "vitest";
import { LPM_ROOT_BYTES } from "../../assembly/layout.ts";
import { estimateLpmBytes, LpmArena, LpmTable } from "../../src/compile/lpm.ts";
import { SluiceError } from "../../src/errors.ts";
import { newMemory } from "../support/compile.ts";
import { BASE, LINE, Rig } from "./lpm_rig.ts";
import { Random } from "./lpm_twin.ts";

describe("memory", () => {
  it("that runs out leaves the table as it was; staged changes can wait or be taken back", () => {
    const rig = new Rig(40);
    const { table, arena } = rig;
    for (let net = 0; net < 10; net++) rig.insert(`10.${net}.0.1/32`, net + 1);
    table.commit();
    const used = arena.used;
    // 40 lines are free at first: 10 hosts took 20, so that 11 more do not fit
    for (let net = 10; net < 21; net++) rig.insert(`10.${net}.0.1/32`, net + 1);
    rig.insert("10.0.0.1/32", 77);
    rig.insert("0.0.0.0/0", 78);
    rig.delete("10.1.0.1/32");
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => table.commit()).toThrow(SluiceError);
      expect(() => table.commit()).toThrow(/engine\.limits\.routes/);
      expect(arena.used).toBe(used);
      expect(rig.look("10.0.0.1")).toBe(1);
      expect(rig.look("10.1.0.1")).toBe(2);
      expect(rig.look("10.10.0.1")).toBe(0);
    }
    rig.delete("10.20.0.1/32");
    table.commit();
    expect(["10.0.0.1", "10.1.0.1", "10.19.0.1", "10.20.0.1"].map((a) => rig.look(a))).toEqual([
      77, 78, 20, 78,
    ]);
    rig.insert("10.30.0.1/32", 1);
    rig.insert("10.31.0.1/32", 1);
    expect(() => table.commit()).toThrow(SluiceError);
    table.rollback();
    table.commit();
    expect(table.size).toBe(20);
    // The two lines of the host that was deleted are free once nobody reads them any more.
    arena.reclaim();
    rig.insert("10.30.0.1/32", 31);
    table.commit();
    expect(rig.look("10.30.0.1")).toBe(31);
  });

  it("for a root that is not there is a clear error", () => {
    const memory = newMemory(1);
    const arena = new LpmArena(memory.buffer, 0, 65536);
    expect(() => new LpmTable(arena, 6)).toThrow(/engine\.limits\.routes/);
    expect(arena.used).toBe(0);
  });

  it("that a worker may still read is not handed out before reclaim()", () => {
    const rig = new Rig(4096);
    const { table, arena, memory, kernel } = rig;
    const random = new Random(3);
    const all = new Uint32Array(memory.buffer);
    // A reader in the middle of a burst may hold any old entry: a copy of the root keeps them all.
    const held = BASE + LPM_ROOT_BYTES + 4096 * LINE;
    const asked = Array.from({ length: 400 }, () => 0x0a000000 + random.below(1 << 18));
    const now = () => asked.map((address) => kernel.lookup4(table.root, address));
    for (let round = 0; round < 20; round++) {
      all.copyWithin(held / 4, table.root / 4, (table.root + LPM_ROOT_BYTES) / 4);
      const right = now().map((value) => new Set([value]));
      for (let commit = 0; commit < 8; commit++) {
        for (let change = 0; change < 12; change++) {
          const address = asked[random.below(asked.length)]!;
          const length = 14 + random.below(19);
          if (random.below(2) === 0) table.delete(length, address);
          else table.insert(length, 1 + random.below(1 << 20), address);
        }
        table.commit();
        for (const [at, value] of now().entries()) right[at]!.add(value);
        const wrong = asked.filter((address, at) => !right[at]!.has(kernel.lookup4(held, address)));
        expect(wrong).toEqual([]);
      }
      const { ticket, waiting } = arena;
      table.delete(24, asked[0]!);
      table.insert(24, 1 + round, asked[0]!);
      table.insert(32, 1 + round, asked[1]!);
      table.commit();
      const later = arena.waiting - waiting;
      arena.reclaim(ticket);
      expect(arena.waiting).toBe(later);
    }
    arena.reclaim();
    expect(rig.reachableLines() * LINE).toBe(arena.used - LPM_ROOT_BYTES);
  });

  it("in small pieces is joined when a large one is wanted", () => {
    const memory = newMemory(1);
    const arena = new LpmArena(memory.buffer, 0, 64 * LINE);
    const blocks = Array.from({ length: 64 }, () => arena.allocate(1));
    expect(new Set(blocks).size).toBe(64);
    expect(() => arena.allocate(1)).toThrow(SluiceError);
    // all but every twentieth
    for (const [at, block] of blocks.entries()) if (at % 20 !== 0) arena.free(block, 1);
    const large = [arena.allocate(17), arena.allocate(17), arena.allocate(17)];
    expect(large.toSorted((a, b) => a - b).map((address) => address % (20 * LINE))).toEqual([
      64, 64, 64,
    ]);
    expect(arena.used).toBe((51 + 4) * LINE);
    expect(() => arena.allocate(4)).toThrow(SluiceError);
    expect(arena.allocate(3) % LINE).toBe(0);
  });

  it("estimated for routes has room for them", () => {
    expect(estimateLpmBytes(0, 0, 1)).toBeGreaterThanOrEqual(LPM_ROOT_BYTES);
    expect(estimateLpmBytes(902_000, 160_000)).toBeLessThan(24 << 20);
    const random = new Random(1);
    const rig = new Rig((estimateLpmBytes(1000, 0, 0) / LINE) | 0);
    for (let host = 0; host < 1000; host++) rig.table.insert(32, 1, random.u32());
    rig.table.commit();
    expect(rig.table.size).toBe(1000);
  });
});
