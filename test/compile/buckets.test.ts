// Buckets of ECMP groups: fair shares, and flows that stay where they are.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignBuckets, type BucketMember, bucketCount } from "../../src/compile/buckets.ts";

const members = fc
  .array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 20 })
  .map((weights): BucketMember[] => weights.map((weight, place) => ({ entry: place + 2, weight })));

function shares(buckets: Uint32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const entry of buckets) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return counts;
}

function total(group: readonly BucketMember[]): number {
  return group.reduce((sum, { weight }) => sum + weight, 0);
}

function moved(before: Uint32Array, after: Uint32Array): number {
  return before.filter((entry, bucket) => after[bucket] !== entry).length;
}

describe("bucketCount", () => {
  it("is a power of two from 128 to 4096", () => {
    for (const weight of [1, 2, 3, 8, 9, 100, 256, 65_536]) {
      const count = bucketCount(weight);
      expect(Math.log2(count) % 1).toBe(0);
      expect(count).toBeGreaterThanOrEqual(128);
      expect(count).toBeLessThanOrEqual(4096);
    }
  });
});

describe("assignBuckets", () => {
  it("gives every member its share, to the bucket", () => {
    const property = fc.property(members, (group) => {
      const count = bucketCount(total(group));
      const found = shares(assignBuckets(group, count));
      for (const { entry, weight } of group) {
        const exact = (count * weight) / total(group);
        expect(Math.abs((found.get(entry) ?? 0) - exact)).toBeLessThan(1);
      }
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("moves only the buckets of a member that leaves", () => {
    const property = fc.property(members, fc.nat(), (group, choice) => {
      fc.pre(group.length > 1);
      const count = bucketCount(total(group));
      const before = assignBuckets(group, count);
      const gone = group[choice % group.length] as BucketMember;
      const after = assignBuckets(
        group.filter((member) => member !== gone),
        count,
        before,
      );
      const strayed = before.filter((entry, bucket) =>
        entry === gone.entry ? after[bucket] === entry : after[bucket] !== entry,
      );
      expect(strayed.length).toBe(0);
    });
    fc.assert(property, { seed: 2, numRuns: 300 });
  });

  it("moves no more buckets than a new member is due", () => {
    const property = fc.property(members, fc.integer({ min: 1, max: 256 }), (group, weight) => {
      const count = bucketCount(total(group));
      const before = assignBuckets(group, count);
      const grown = [...group, { entry: 1000, weight }];
      const after = assignBuckets(grown, count, before);
      const due = (count * weight) / total(grown);
      // Rounding may shift a bucket between two of the others.
      expect(moved(before, after)).toBeLessThanOrEqual(Math.ceil(due) + group.length);
      const wanted = shares(after).get(1000) ?? 0;
      expect(Math.abs(wanted - due)).toBeLessThan(1);
    });
    fc.assert(property, { seed: 3, numRuns: 300 });
  });

  it("changes nothing when nothing changes", () => {
    const property = fc.property(members, (group) => {
      const count = bucketCount(total(group));
      const before = assignBuckets(group, count);
      expect(moved(before, assignBuckets(group, count, before))).toBe(0);
    });
    fc.assert(property, { seed: 4, numRuns: 100 });
  });
});
