// Tables of the host: what prefixes mean, how changes come and go. What kernels see is asked of
// the kernel.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LPM_ROOT_BYTES } from "../../assembly/layout.ts";
import { LpmArena, LpmTable } from "../../src/compile/lpm.ts";
import { instantiate, newMemory } from "../support/compile.ts";
import { BASE, type Kernel, kernelModule, LINE, parsed, Rig } from "./lpm_rig.ts";
import { SlowTable, words } from "./lpm_twin.ts";

describe("prefixes", () => {
  const cases: [string, [string, number][], [string, number][]][] = [
    ["none", [], [["10.0.0.1", 0]]],
    [
      "the default route alone",
      [["0.0.0.0/0", 5]],
      [
        ["0.0.0.0", 5],
        ["255.255.255.255", 5],
      ],
    ],
    [
      "both halves",
      [
        ["0.0.0.0/1", 1],
        ["128.0.0.0/1", 2],
      ],
      [
        ["127.255.255.255", 1],
        ["128.0.0.0", 2],
      ],
    ],
    [
      "a host and the default route",
      [
        ["0.0.0.0/0", 1],
        ["10.1.2.3/32", 2],
      ],
      [
        ["10.1.2.2", 1],
        ["10.1.2.3", 2],
        ["10.1.2.4", 1],
      ],
    ],
    [
      "one in the other, at every level",
      [8, 12, 16, 17, 24, 25, 31, 32].map((length) => [`10.170.85.51/${length}`, length]),
      [
        ["10.170.85.51", 32],
        ["10.170.85.50", 31],
        ["10.170.85.0", 25],
        ["10.170.85.128", 24],
        ["10.170.0.0", 17],
        ["10.170.128.0", 16],
        ["10.171.0.0", 12],
        ["10.0.0.0", 8],
        ["11.0.0.0", 0],
      ],
    ],
    [
      "the first and the last address",
      [
        ["0.0.0.0/32", 1],
        ["255.255.255.255/32", 2],
      ],
      [
        ["0.0.0.0", 1],
        ["0.0.0.1", 0],
        ["255.255.255.254", 0],
        ["255.255.255.255", 2],
      ],
    ],
    ["host bits", [["10.1.2.255/24", 3]], [["10.1.2.7", 3]]],
    ["the largest value", [["10.0.0.0/8", 2 ** 31 - 1]], [["10.0.0.0", 2 ** 31 - 1]]],
  ];
  it.each(cases)("%s", (_name, inserts, expected) => {
    const rig = new Rig();
    for (const [prefix, value] of inserts) rig.insert(prefix, value);
    rig.table.commit();
    for (const [address, value] of expected) {
      expect(rig.look(address), address).toBe(value);
      expect(rig.table.match(words(address)[0])?.value ?? 0, address).toBe(value);
    }
    for (const [prefix, value] of inserts) expect(rig.table.get(...parsed(prefix))).toBe(value);
    // and in the other order, away again
    for (const [prefix] of inserts.toReversed()) expect(rig.delete(prefix)).toBe(true);
    rig.table.commit();
    for (const [address] of expected) expect(rig.look(address), address).toBe(0);
    expect(rig.table.size).toBe(0);
    expect(rig.reachableLines()).toBe(0);
  });

  it("of IPv6 at every length", () => {
    const memory = newMemory(16);
    const table = new LpmTable(new LpmArena(memory.buffer, BASE, 15 * 65536), 6);
    const { lookup6 } = instantiate<Kernel>(kernelModule, memory);
    const look = (high: bigint, low: bigint) => lookup6(table.root, high, low);
    const [high, low] = [0x20010db8a5a5a5a5n, 0x5a5a5a5a5a5a5a5an];
    const address = words("2001:db8:a5a5:a5a5:5a5a:5a5a:5a5a:5a5a");
    for (let length = 0; length <= 128; length++) table.insert(length, length + 1, ...address);
    table.commit();
    for (let length = 128; length > 0; length--) {
      expect(look(high, low)).toBe(length + 1);
      expect(table.match(...address)).toEqual({ value: length + 1, length });
      const flipped = ((high << 64n) | low) ^ (1n << BigInt(128 - length));
      expect(look(flipped >> 64n, BigInt.asUintN(64, flipped))).toBe(length);
      expect(table.delete(length, ...address)).toBe(true);
      table.commit();
    }
    expect(look(high, low)).toBe(1);
    expect(table.size).toBe(1);
  });
});

describe("changes", () => {
  it("are seen by kernels at commit(), by match() and get() at once", () => {
    const rig = new Rig();
    rig.insert("10.0.0.0/8", 1);
    expect(rig.look("10.0.0.1")).toBe(0);
    expect(rig.table.match(0x0a000001)).toEqual({ value: 1, length: 8 });
    expect(rig.table.get(8, 0x0a000000)).toBe(1);
    expect(rig.table.get(9, 0x0a000000)).toBe(0);
    rig.table.commit();
    expect(rig.look("10.0.0.1")).toBe(1);
  });

  it("replace a value and count the prefix once", () => {
    const rig = new Rig();
    for (const value of [1, 2, 2]) rig.insert("10.9.8.0/24", value);
    rig.table.commit();
    const used = rig.arena.used;
    rig.insert("10.9.8.0/24", 3);
    rig.table.commit();
    expect(rig.look("10.9.8.7")).toBe(3);
    expect(rig.table.size).toBe(1);
    // one word was overwritten, no node replaced
    expect(rig.arena.used).toBe(used);
    expect(rig.arena.waiting).toBe(0);
  });

  it("of a covering prefix reach everything below that nothing longer covers", () => {
    const rig = new Rig();
    rig.insert("10.1.2.128/25", 7);
    rig.insert("10.1.0.0/16", 1);
    rig.table.commit();
    rig.insert("10.0.0.0/8", 2);
    rig.delete("10.1.0.0/16");
    rig.table.commit();
    expect(["10.1.2.0", "10.1.2.200", "10.1.3.0", "10.2.0.0"].map((a) => rig.look(a))).toEqual([
      2, 7, 2, 2,
    ]);
  });

  it("of the default route cost no memory, however many nodes there are", () => {
    const rig = new Rig();
    for (let net = 0; net < 256; net++) rig.insert(`10.${net}.1.0/24`, net + 1);
    rig.table.commit();
    const used = rig.arena.used;
    rig.insert("0.0.0.0/0", 999);
    rig.table.commit();
    expect(rig.look("10.7.2.0")).toBe(999);
    expect(rig.arena.used).toBe(used);
  });

  it("can be taken back", () => {
    const rig = new Rig();
    rig.insert("10.0.0.0/8", 1);
    rig.insert("10.1.2.0/24", 2);
    rig.table.commit();
    rig.insert("10.1.2.0/24", 3);
    rig.insert("10.1.2.0/25", 4);
    rig.insert("0.0.0.0/0", 5);
    rig.delete("10.0.0.0/8");
    rig.table.rollback();
    expect(rig.table.size).toBe(2);
    expect(rig.table.match(0x0a010203)).toEqual({ value: 2, length: 24 });
    rig.table.commit();
    expect(["10.1.2.3", "10.1.3.3", "11.0.0.0"].map((a) => rig.look(a))).toEqual([2, 1, 0]);
    rig.table.rollback();
    expect(rig.table.size).toBe(2);
  });

  it("say when a prefix is not there, and refuse what cannot be", () => {
    const { table } = new Rig();
    expect(table.delete(24, 0x0a000000)).toBe(false);
    expect(table.delete(8, 0x0a000000)).toBe(false);
    expect(() => table.insert(33, 1, 0)).toThrow(RangeError);
    expect(() => table.insert(-1, 1, 0)).toThrow(RangeError);
    expect(() => table.insert(8, 0, 0)).toThrow(RangeError);
    expect(() => table.insert(8, 2 ** 31, 0)).toThrow(RangeError);
  });
});

/** Few enough places that prefixes nest, touch and collide. */
const prefix = fc.record({
  length: fc.integer({ min: 0, max: 32 }),
  bytes: fc.tuple(
    fc.constantFrom(10, 11),
    fc.constantFrom(0, 1, 255),
    fc.constantFrom(0, 1, 63, 64, 128, 255),
    fc.constantFrom(0, 1, 127, 128, 254, 255),
  ),
});
const change = fc.record({
  prefix,
  value: fc.integer({ min: 0, max: 3 }),
  // what follows it
  after: fc.constantFrom("nothing", "nothing", "commit", "commit", "reclaim"),
});

it("random changes: kernel, host and twin agree, memory adds up", () => {
  const rig = new Rig();
  const { table, arena } = rig;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
      const twin = new SlowTable(4);
      const touched: number[] = [];
      for (const { prefix, value, after } of changes) {
        const word = prefix.bytes.reduce((sum, byte) => sum * 256 + byte);
        touched.push(word);
        if (value !== 0) {
          table.insert(prefix.length, value, word);
          twin.set(prefix.length, value, [word, 0, 0, 0]);
        } else {
          const there = twin.delete(prefix.length, [word, 0, 0, 0]);
          expect(table.delete(prefix.length, word)).toBe(there);
        }
        if (after !== "nothing") table.commit();
        if (after === "reclaim") arena.reclaim();
      }
      table.commit();
      for (const word of touched.flatMap((word) => [word - 1, word, word + 1])) {
        const expected = twin.match([word >>> 0, 0, 0, 0]);
        expect(table.match(word >>> 0)).toEqual(expected);
        expect(rig.kernel.lookup4(table.root, word)).toBe(expected?.value ?? 0);
      }
      expect(table.size).toBe(twin.size);
      const held = arena.used - arena.waiting - LPM_ROOT_BYTES;
      expect(rig.reachableLines() * LINE).toBe(held);
      for (const { prefix } of changes) {
        table.delete(
          prefix.length,
          prefix.bytes.reduce((sum, byte) => sum * 256 + byte),
        );
      }
    }),
    { seed: 7, numRuns: 100 },
  );
});
