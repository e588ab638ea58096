// The arena against a plain account of who has which bytes.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../../src/errors.ts";
import { Arena } from "../../src/memory/arena.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { SMALL_SIZES } from "../support/memory_sizes.ts";

const LIMIT = "engine.limits.rules";
const SIZES = {
  ...SMALL_SIZES,
  flows: 1,
  flowCounters: 1,
};

function newArena(bytes: number): { arena: Arena; region: Region } {
  const region = new Region(planMemory({ ...SIZES, ruleBytes: bytes }));
  return { region, arena: new Arena(region, layout.REGION_RULES, "the flow tables", LIMIT) };
}

interface Block {
  readonly address: number;
  readonly bytes: number;
}

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 300, max: 9000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 9000, max: 60_000 }) },
);
/** Allocate so many bytes, or release the block at a place of the list of those that are there. */
const steps = fc.array(
  fc.oneof(
    sizes,
    fc.nat({ max: 50 }).map((place) => -place),
  ),
  {
    minLength: 1,
    maxLength: 300,
  },
);

describe("blocks", () => {
  it("are apart, aligned, zero and inside, and all comes back", () => {
    const property = fc.property(steps, (list) => {
      const { arena, region } = newArena(200_000);
      const blocks: Block[] = [];
      for (const step of list) {
        if (step <= 0) {
          const [block] = blocks.splice(-step % (blocks.length || 1), 1);
          if (block) arena.release(block.address, block.bytes);
          continue;
        }
        const before = arena.used;
        try {
          const address = arena.allocate(step);
          expect(region.bytes(address, step).every((byte) => byte === 0)).toBe(true);
          region.bytes(address, step).fill(0xee);
          blocks.push({ address, bytes: step });
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError);
          expect(arena.used).toBe(before);
        }
      }
      check(arena, blocks);
      for (const { address, bytes } of blocks) arena.release(address, bytes);
      expect(arena.used).toBe(0);
      // All of it can be had in one piece again (but for what rounding takes).
      expect(() => arena.allocate(180_000)).not.toThrow();
    });
    fc.assert(property, { seed: 11, numRuns: 150 });
  });
});

function check(arena: Arena, blocks: readonly Block[]): void {
  let end = arena.base;
  for (const { address, bytes } of blocks.toSorted((a, b) => a.address - b.address)) {
    expect(address).toBeGreaterThanOrEqual(end);
    expect(address % layout.CACHE_LINE).toBe(0);
    end = address + bytes;
  }
  expect(end).toBeLessThanOrEqual(arena.base + arena.reserved);
  const asked = blocks.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 64) * 64, 0);
  expect(arena.used).toBeGreaterThanOrEqual(asked);
  expect(arena.used).toBeLessThanOrEqual(asked * 1.25);
}

describe("a full arena", () => {
  it("says which limit to raise, and for what", () => {
    const { arena } = newArena(4096);
    for (let block = 0; block < 64; block++) arena.allocate(64);
    expect(arena.used).toBe(arena.reserved);
    const refusal = () => arena.allocate(1);
    expect(refusal).toThrow(SluiceError);
    expect(refusal).toThrow(/the flow tables need 64 bytes more .* of the 4096 .*limits\.rules/);
  });

  it("joins small blocks that were released into a large one, and cuts large ones up", () => {
    const { arena } = newArena(64 * 100);
    const blocks = Array.from({ length: 100 }, () => arena.allocate(64));
    for (const address of blocks) if (address !== blocks[50]) arena.release(address, 64);
    const large = [48, 50].map((lines) => [arena.allocate(64 * lines), 64 * lines] as const);
    for (const [address, bytes] of large) arena.release(address, bytes);
    const again = Array.from({ length: 99 }, () => arena.allocate(64));
    expect(new Set([...again, blocks[50]]).size).toBe(100);
  });

  it("refuses to take back what it has not given", () => {
    const { arena } = newArena(4096);
    const [first, second] = [arena.allocate(64), arena.allocate(64)];
    arena.release(first, 64);
    expect(() => arena.release(first, 64)).toThrow(RangeError);
    arena.release(second, 64);
    expect(() => arena.release(second, 64)).toThrow(RangeError);
  });
});
