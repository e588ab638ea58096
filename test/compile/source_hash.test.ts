import { describe, expect, it } from "vitest";
import { commonDivisor, sourceHashSize, sourceHashTable } from "../../src/compile/source_hash.ts";
import { ip } from "../support/octets.ts";

function members(...weights: readonly number[]) {
  return weights.map((weight, place) => ({
    number: place + 1,
    ip: ip(`10.0.0.${place + 1}`),
    port: 0,
    weight,
  }));
}

describe("the table of source hashing", () => {
  it("gives each backend as many places in a row as it has weight, round after round", () => {
    const table = sourceHashTable(members(1, 3, 2), 1024);
    expect([...table.subarray(0, 14)]).toEqual([1, 2, 2, 2, 3, 3, 1, 2, 2, 2, 3, 3, 1, 2]);
  });

  it("leaves the weights' common divisor out", () => {
    expect(sourceHashTable(members(20, 60, 40), 1024)).toEqual(
      sourceHashTable(members(1, 3, 2), 1024),
    );
    expect([commonDivisor([12, 18, 30]), commonDivisor([7]), commonDivisor([])]).toEqual([6, 7, 1]);
  });

  it("does not depend on the order of the list", () => {
    const list = members(5, 1, 4, 2);
    expect(sourceHashTable(list.toReversed(), 1024)).toEqual(sourceHashTable(list, 1024));
  });

  it("keeps shares near the weights, also of weights that do not fit", () => {
    const list = members(65_535, 30_000, 1);
    const table = sourceHashTable(list, 1024);
    const first = table.filter((number) => number === 1).length;
    expect(first / 1024).toBeGreaterThan(0.65);
    expect(first / 1024).toBeLessThan(0.72);
    expect(table).toContain(3);
  });

  it("has places for all backends there may be", () => {
    for (const count of [1, 16, 17, 1000, 65_535]) {
      const size = sourceHashSize(count);
      expect(Number.isInteger(Math.log2(size))).toBe(true);
      expect(size).toBeGreaterThanOrEqual(count);
    }
  });
});
