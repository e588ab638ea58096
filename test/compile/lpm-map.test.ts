import { expect, it } from "vitest";
import { NumberMap } from "../../src/compile/lpm-map.ts";
import { Random } from "./lpm_twin.ts";

it("NumberMap agrees with Map", () => {
  const random = new Random(11);
  const map = new NumberMap();
  const twin = new Map<number, number>();
  const wrong: number[] = [];
  for (let step = 0; step < 50_000; step++) {
    const key = random.below(step < 25_000 ? 5000 : 700) * (random.below(2) === 0 ? 1 : 4096);
    const before = twin.get(key) ?? 0;
    if (map.get(key) !== before) wrong.push(step);
    if (random.below(2) === 0) {
      const value = 1 + random.below(1000);
      if (map.set(key, value) !== before) wrong.push(step);
      twin.set(key, value);
    } else {
      if (map.delete(key) !== before) wrong.push(step);
      twin.delete(key);
    }
  }
  expect(wrong).toEqual([]);
  for (const [key, value] of twin) expect(map.get(key)).toBe(value);
});
