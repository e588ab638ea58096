import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIp, formatMac, parseIp, parseMac } from "../../src/config/address.ts";
import { type FieldSyntax, SYNTAX } from "../../src/config/field_syntax.ts";
import {
  bitsOfBoth,
  bytesOf,
  parseIp4Value,
  parseIp6Value,
  parseMacValue,
  parseNumber,
} from "../../src/config/field_values.ts";
import type { FieldValue, TermModel } from "../../src/config/model.ts";
import { readTerm, termHolds, writeTerm } from "../../src/config/terms.ts";

const FIELDS = [...SYNTAX.values()].filter(({ format }) => format !== "port");
const FRAGMENTS = ["no", "yes", "first", "later", "not_later"];

/** A value of the field, often one with few bits. */
function someValue({ bits, full }: FieldSyntax): fc.Arbitrary<FieldValue> {
  const wide = fc.bigInt({ min: 0n, max: BigInt(full) });
  const any = fc.oneof(
    wide,
    fc.constantFrom(0n, 1n, BigInt(full)),
    wide.map((one) => one >> 7n),
  );
  return bits <= 48 ? any.map(Number) : any;
}

/** A term that people can write for the field. */
function termOf(syntax: FieldSyntax): fc.Arbitrary<TermModel> {
  const { wording } = syntax;
  if (wording === "fragment") {
    return fc.constantFrom(...FRAGMENTS).map((word) => readTerm(syntax, word)!);
  }
  const value = someValue(syntax);
  const masked = fc
    .tuple(value, value)
    .map(([one, mask]): TermModel => ({ kind: "masked", value: bitsOfBoth(one, mask), mask }));
  const exact = value.map((one): TermModel => ({ kind: "masked", value: one, mask: syntax.full }));
  if (wording === "flags") return fc.oneof(exact, masked);
  const range = fc
    .tuple(value, value)
    .filter(([low, high]) => low < high)
    .map(([low, high]): TermModel => ({ kind: "range", low, high }));
  if (wording !== "vlan") return fc.oneof(exact, masked, range);
  // Every term but "none" and masks of 0x1000 is about a VLAN that is there.
  const tagged = (one: FieldValue) => Number(one) | 0x1000;
  return fc.oneof(masked, exact, range).map((term): TermModel => {
    return term.kind === "masked"
      ? { kind: "masked", value: tagged(term.value), mask: tagged(term.mask) }
      : { kind: "range", low: tagged(term.low), high: tagged(term.high) };
  });
}

describe("terms", () => {
  it.each(FIELDS.map((syntax) => ({ name: syntax.name, syntax })))(
    "of $name are read as they are written",
    ({ syntax }) => {
      const property = fc.property(termOf(syntax), (term) => {
        fc.pre(term.kind === "masked" || term.low < term.high);
        const text = writeTerm(syntax, term);
        expect(readTerm(syntax, text), text).toEqual(term);
      });
      fc.assert(property, { seed: 51, numRuns: 200 });
    },
  );

  it("hold for the values they say", () => {
    const syntax = SYNTAX.get("tcp_dst")!;
    const value = fc.integer({ min: 0, max: 65535 });
    const slow = (text: string, one: number): boolean => {
      const [left, right] = text.split(/[-/]/).map(Number) as [number, number];
      if (text.includes("-")) return one >= left && one <= right;
      return (one & right) === (left & right);
    };
    const written = fc.tuple(value, value, fc.constantFrom("-", "/")).map(([a, b, sign]) => {
      return sign === "-" ? `${Math.min(a, b)}-${Math.max(a, b)}` : `${a}/${b}`;
    });
    const property = fc.property(written, value, (text, one) => {
      expect(termHolds(readTerm(syntax, text)!, one)).toBe(slow(text, one));
    });
    fc.assert(property, { seed: 52, numRuns: 2000 });
  });
});

describe("values", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const noise = fc.oneof(
    fc.stringMatching(/^[0-9a-fx:.-]{0,20}$/),
    bytes(4).map((ip) => formatIp(ip)),
    bytes(6).map((mac) => formatMac(mac)),
    bytes(6).map((mac) => formatMac(mac).toUpperCase().replaceAll(":", "-")),
  );
  const whole = <T>(parse: (text: string, start: number, end: number) => T, text: string) =>
    parse(`[${text}]`, 1, text.length + 1);

  it("of addresses are those of the slower parsers", () => {
    const property = fc.property(noise, bytes(16), (text, ip6) => {
      const ip = text.includes(":") ? undefined : parseIp(text);
      const value = whole(parseIp4Value, text);
      expect(value === undefined ? undefined : bytesOf(value, 4)).toEqual(ip);
      const mac = whole(parseMacValue, text);
      expect(mac === undefined ? undefined : bytesOf(mac, 6)).toEqual(parseMac(text));
      expect(bytesOf(whole(parseIp6Value, formatIp(ip6))!, 16)).toEqual(ip6);
    });
    fc.assert(property, { seed: 53, numRuns: 3000 });
  });

  it("of numbers are those of BigInt", () => {
    const form = /^(0|[1-9]\d{0,38}|0x[\da-f]{1,32})$/i;
    const number = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
    const text = fc.oneof(
      noise,
      number.map(String),
      number.map((one) => `0x${one.toString(16)}`),
      fc.nat().map((one) => `0X${one.toString(16)}`),
      fc.bigInt({ min: 2n ** 50n, max: 2n ** 55n }).map(String),
    );
    const property = fc.property(text, (written) => {
      const expected = form.test(written) ? BigInt(written) : undefined;
      const value = whole(parseNumber, written);
      expect(value === undefined ? undefined : BigInt(value)).toBe(expected);
    });
    fc.assert(property, { seed: 54, numRuns: 3000 });
  });

  it("keep the bits that two have", () => {
    const wide = fc.bigInt({ min: 0n, max: (1n << 48n) - 1n });
    const property = fc.property(wide, wide, (a, b) => {
      expect(bitsOfBoth(Number(a), Number(b))).toBe(Number(a & b));
      expect(bitsOfBoth(a, b)).toBe(a & b);
    });
    fc.assert(property, { seed: 55, numRuns: 2000 });
  });
});
