import { describe, expect, it } from "vitest";
import { type Member, maglevSize, maglevTable } from "../../src/compile/maglev.ts";
import { hashWords, memoryWords } from "../../src/compile/word_hash.ts";
import { ip } from "../support/octets.ts";
import { Random } from "../support/random.ts";
import { maglevTwin, murmur3 } from "../twin/maglev.ts";

function member(number: number, weight = 1, port = 80): Member {
  return { number, ip: ip(`10.0.${number >> 8}.${number & 255}`), port, weight };
}

function members(count: number, weightOf: (place: number) => number = () => 1): Member[] {
  return Array.from({ length: count }, (_, place) => member(place + 1, weightOf(place)));
}

/** Places of each backend, by number. */
function sharesOf(table: Uint16Array): Map<number, number> {
  const shares = new Map<number, number>();
  for (const number of table) shares.set(number, (shares.get(number) ?? 0) + 1);
  return shares;
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const order = [...list];
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}

describe("the hash of words", () => {
  it("is MurmurHash3 but for the length", () => {
    const random = new Random(1);
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from({ length: random.oneIn(2) ? 4 : 16 }, () => random.below(256));
      const seed = random.next();
      expect(hashWords(memoryWords(bytes), seed)).toBe(murmur3(bytes, seed));
    }
  });
});

describe("Maglev's table", () => {
  it("is that of the paper's pseudocode, whatever the backends and their weights", () => {
    const random = new Random(2);
    for (let round = 0; round < 60; round++) {
      const backends = Array.from({ length: 1 + random.below(20) }, (_, place) => ({
        number: place + 1,
        ip: Uint8Array.from({ length: random.oneIn(2) ? 4 : 16 }, () => random.below(256)),
        port: random.below(65536),
        weight: round % 2 === 0 ? 1 : 1 + random.below(9),
      }));
      const size = [251, 1021][random.below(2)]!;
      expect([...maglevTable(backends, size)]).toEqual(maglevTwin(backends, size));
    }
  });

  it("is the same in whatever order the backends are listed", () => {
    const random = new Random(3);
    const backends = members(30, (place) => 1 + (place % 4));
    const table = maglevTable(backends, 4093);
    for (let round = 0; round < 5; round++) {
      expect(maglevTable(shuffled(backends, random), 4093)).toEqual(table);
    }
  });

  it("knows backends of one address apart by their ports", () => {
    const table = maglevTable([member(1, 1, 80), { ...member(1, 1, 81), number: 2 }], 1021);
    expect(Math.abs(sharesOf(table).get(1)! - sharesOf(table).get(2)!)).toBeLessThanOrEqual(1);
  });

  it.each([1, 2, 3, 10, 11, 100, 500])("gives %i backends equal shares", (count) => {
    const shares = [...sharesOf(maglevTable(members(count), maglevSize(count))).values()];
    expect(shares).toHaveLength(count);
    // Everybody has a turn in every round, so all have as many places but for the last round.
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
  });

  it("gives shares by weight, within a place of what is due for each round", () => {
    const weights = [1, 2, 3, 10, 100];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const size = 8191;
    const shares = sharesOf(
      maglevTable(
        members(5, (place) => weights[place]!),
        size,
      ),
    );
    for (const [place, weight] of weights.entries()) {
      expect(Math.abs(shares.get(place + 1)! - (size * weight) / total)).toBeLessThanOrEqual(2);
    }
  });

  it("moves hardly more places than it must when a backend goes", () => {
    const backends = members(50);
    const size = maglevSize(50);
    const before = maglevTable(backends, size);
    for (const gone of [1, 17, 50]) {
      const after = maglevTable(
        backends.filter(({ number }) => number !== gone),
        size,
      );
      const moved = before.filter((number, place) => number !== gone && number !== after[place]);
      // The backend that went had a fiftieth.
      expect(moved.length / size).toBeLessThan(0.03);
      expect(after).not.toContain(gone);
    }
  });

  it("moves hardly more places than it must when a backend comes", () => {
    const size = maglevSize(51);
    const before = maglevTable(members(50), size);
    const after = maglevTable(members(51), size);
    const moved = before.filter((number, at) => after[at] !== 51 && number !== after[at]);
    expect(moved.length / size).toBeLessThan(0.03);
  });

  it("has a prime number of places, a hundred per backend as far as there are so many", () => {
    for (const count of [1, 10, 11, 80, 300, 655, 656, 60_000]) {
      const size = maglevSize(count);
      expect(size).toBeGreaterThanOrEqual(Math.min(count * 100, 65537));
      for (let divisor = 2; divisor * divisor <= size; divisor++) {
        expect(size % divisor).not.toBe(0);
      }
    }
  });
});
