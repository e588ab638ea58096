import { describe, expect, it } from "vitest";
import { Random } from "../../bench/random.ts";
import {
  addressText,
  prefixText,
  randomAddress,
  sampleTable,
  syntheticTable,
} from "../../bench/routes.ts";
import { GATEWAYS, gatewayOf } from "../../bench/world.ts";
import { parsePrefix } from "../../src/config/address.ts";

const FAMILIES = [4, 6] as const;

describe.each(FAMILIES)("synthetic table of IPv%i", (family) => {
  const table = syntheticTable(family, 7, 0.01);

  it("is the same for the same seed, and another for another", () => {
    expect(syntheticTable(family, 7, 0.01).words).toEqual(table.words);
    expect(syntheticTable(family, 8, 0.01).words).not.toEqual(table.words);
  });

  it("has each prefix once, without host bits", () => {
    const texts = Array.from(table.lengths, (_, place) => prefixText(table, place));
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts.slice(0, 500)) {
      const prefix = parsePrefix(text);
      expect(prefix, text).toBeDefined();
      for (let bit = prefix!.length; bit < prefix!.address.length * 8; bit++) {
        expect(prefix!.address[bit >> 3]! & (128 >> (bit & 7)), text).toBe(0);
      }
    }
  });

  it("has mostly prefixes of the length that is most frequent in real tables", () => {
    const usual = family === 4 ? 24 : 48;
    const share = table.lengths.filter((length) => length === usual).length / table.lengths.length;
    expect(share).toBeGreaterThan(0.4);
  });

  it("gives addresses that lie in one of its prefixes", () => {
    const small = sampleTable(table, 40, 1);
    const random = new Random(3);
    for (let tries = 0; tries < 200; tries++) {
      const address = randomAddress(small, random);
      const bits = (words: ArrayLike<number>) =>
        Array.from(words, (word) => word.toString(2).padStart(32, "0")).join("");
      const each = address.length;
      const inside = Array.from(small.lengths).some((length, place) =>
        bits(address).startsWith(
          bits(small.words.subarray(place * each, (place + 1) * each)).slice(0, length),
        ),
      );
      expect(inside, addressText(address)).toBe(true);
    }
  });

  it("spreads its prefixes evenly over the gateways", () => {
    const counts = new Array<number>(GATEWAYS).fill(0);
    for (let place = 0; place < table.lengths.length; place++) counts[gatewayOf(table, place)]!++;
    const mean = table.lengths.length / GATEWAYS;
    expect(Math.min(...counts)).toBeGreaterThan(mean / 2);
    expect(Math.max(...counts)).toBeLessThan(mean * 2);
  });

  it("is sampled without repetition, and one prefix alone is the default route", () => {
    const sample = sampleTable(table, 100, 1);
    const texts = Array.from(sample.lengths, (_, place) => prefixText(sample, place));
    expect(new Set(texts).size).toBe(100);
    expect(sampleTable(table, 1, 1).lengths).toEqual(Uint8Array.of(0));
    expect(sampleTable(table, 1e9, 1)).toBe(table);
  });
});
