// The table of slots against a map of lists.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlowSlots } from "../../src/compile/flow_slots.ts";

function found(slots: FlowSlots, hash: number): number[] {
  const numbers: number[] = [];
  for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash)) {
    numbers.push(slots.numberAt(slot));
  }
  return numbers.sort((a, b) => a - b);
}

/** Few hashes, so that many numbers share one; some whose slots are next to one another. */
const hashes = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0x7fffffff, -0x80000000),
  fc.integer(),
);

describe("FlowSlots", () => {
  it("has what was added and not removed", () => {
    const steps = fc.array(fc.tuple(fc.boolean(), hashes, fc.nat()), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (all) => {
        const slots = new FlowSlots();
        const twin: { hash: number; number: number }[] = [];
        for (const [place, [isAdded, hash, choice]] of all.entries()) {
          const gone = isAdded ? undefined : twin.splice(choice % (twin.length || 1), 1)[0];
          if (gone !== undefined) {
            slots.remove(gone.hash, gone.number);
          } else {
            slots.add(hash, place + 1);
            twin.push({ hash, number: place + 1 });
          }
        }
        for (const { hash } of [...twin, { hash: 12345 }]) {
          const expected = twin.filter((one) => one.hash === hash).map(({ number }) => number);
          expect(found(slots, hash)).toEqual(expected.sort((a, b) => a - b));
        }
        expect(slots.count).toBe(twin.length);
        expect(slots.numbers().sort((a, b) => a - b)).toEqual(
          twin.map(({ number }) => number).sort((a, b) => a - b),
        );
      }),
      { seed: 9, numRuns: 300 },
    );
  });
});
