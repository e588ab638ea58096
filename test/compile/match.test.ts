// Matches as rows and predicates: what they become, and that the kernel finds in them what the
// slow twin finds in the match.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyFieldOf } from "../../src/compile/key.ts";
import { compileMatch, MOST_ROWS } from "../../src/compile/match.ts";
import { FIELDS, type FieldName } from "../../src/config/fields.ts";
import type { FieldMatchModel, MatchModel, SetModel, TermModel } from "../../src/config/model.ts";
import { RulesRig } from "../support/rules.ts";
import { anyTerm, asValue, edgesOf, exactTerm, nearby } from "../support/terms.ts";
import { matchHolds } from "../twin/match.ts";

const bitsOf = (field: FieldName): number => FIELDS[field].bits;

function exact(value: number | bigint, bits = 16): TermModel {
  const mask = bits <= 48 ? 2 ** bits - 1 : (1n << BigInt(bits)) - 1n;
  return { kind: "masked", value, mask };
}

function wanted(field: FieldName, ...terms: TermModel[]): FieldMatchModel {
  return { kind: "field", field, negated: false, terms };
}
function unwanted(field: FieldName, ...terms: TermModel[]): FieldMatchModel {
  return { kind: "field", field, negated: true, terms };
}

/** The bytes of a mask or value that are not zero, by offset. */
function bytesOf(key: Uint8Array): Record<number, string> {
  const found: Record<number, string> = {};
  for (let at = 0; at < key.length; at++) {
    if (key[at] === 0) continue;
    const start = at;
    while (at + 1 < key.length && key[at + 1] !== 0) at++;
    found[start] = Buffer.from(key.subarray(start, at + 1)).toString("hex");
  }
  return found;
}

const shapeOf = (match: readonly MatchModel[]) =>
  compileMatch(match).map(({ key, predicates }) => ({
    mask: bytesOf(key.mask),
    value: bytesOf(key.value),
    predicates,
  }));

const types = wanted("eth_type", exact(0x0800), exact(0x86dd));

describe("matches become", () => {
  it("one row when every condition is one value or prefix", () => {
    const match: MatchModel[] = [
      wanted("eth_type", exact(0x0800)),
      wanted("ipv4_dst", { kind: "masked", value: 0x0a000000, mask: 0xff000000 }),
      wanted("ip_dscp", exact(46, 6)),
      wanted("vlan_pcp", exact(5, 3)),
      wanted("eth_src", exact(0x0200cafe0001, 48)),
      wanted("metadata", { kind: "masked", value: 0x0f00n, mask: 0xff00n }),
    ];
    expect(shapeOf(match)).toEqual([
      {
        mask: { 4: "ff", 12: "ffff", 26: "fc", 38: "ffffffffffff" + "e0", 102: "ff" },
        value: { 4: "0a", 12: "08", 26: "b8", 38: "02", 40: "cafe", 43: "01a0", 102: "0f" },
        predicates: [],
      },
    ]);
    expect(shapeOf([])).toEqual([{ mask: {}, value: {}, predicates: [] }]);
  });

  it("a row for each combination, while there are few", () => {
    const ports = wanted("tcp_dst", exact(22), exact(443));
    const rows = shapeOf([ports, wanted("ip_proto", exact(6, 8)), types]);
    const values = rows.map(({ value }) => Object.values(value).join(" ")).sort();
    expect(values).toEqual(["01bb08 06", "01bb86dd06", "1608 06", "1686dd06"]);
    expect(rows.every(({ mask }) => mask[10] === "ffffffffff")).toBe(true);
  });

  it("a predicate beside what is common, when there are many", () => {
    const ports = wanted("tcp_dst", ...Array.from({ length: 9 }, (_, n) => exact(8000 + 2 * n)));
    const rows = shapeOf([types, ports]);
    expect(rows.map(({ mask }) => mask)).toEqual([{ 10: "ffe0ffff" }, { 10: "ffe0ffff" }]);
    const ranges = Array.from({ length: 9 }, (_, n) => ({ low: 8000 + 2 * n, high: 8000 + 2 * n }));
    const predicate = { kind: "ranges", field: "tcp_dst", negated: false, ranges };
    expect(rows.map(({ predicates }) => predicates)).toEqual([[predicate], [predicate]]);
  });

  it("fewer rows where many values are a few ranges", () => {
    const ports = Array.from({ length: 256 }, (_, n) => exact(0x1f00 + n));
    expect(shapeOf([wanted("tcp_dst", ...ports)])).toEqual([
      { mask: { 10: "ff" }, value: { 10: "1f" }, predicates: [] },
    ]);
  });

  it("what the ends of a range have in common, and a predicate if that is not all", () => {
    expect(shapeOf([wanted("tcp_dst", { kind: "range", low: 1024, high: 2047 })])).toEqual([
      { mask: { 10: "fc" }, value: { 10: "04" }, predicates: [] },
    ]);
    const [row] = shapeOf([wanted("tcp_dst", { kind: "range", low: 8000, high: 8099 })]);
    expect(row?.mask).toEqual({ 10: "ff" });
    const ranges = [{ low: 8000, high: 8099 }];
    expect(row?.predicates).toEqual([{ kind: "ranges", field: "tcp_dst", negated: false, ranges }]);
    const low = (0x20010db8n << 96n) | 1n;
    const wide = shapeOf([wanted("ipv6_src", { kind: "range", low, high: low + 2n })]);
    expect(wide[0]?.mask[48]).toHaveLength(32);
    expect(wide[0]?.predicates).toHaveLength(1);
  });

  it("predicates for what is not wanted, and for sets", () => {
    const set = { kind: "set", fields: ["ipv4_src", "tcp_dst"], negated: true, set: 3 } as const;
    const rows = shapeOf([set, unwanted("ip_proto", exact(6, 8)), types]);
    const terms = [{ kind: "masked", value: 6, mask: 255 }];
    const negation = { kind: "masked", field: "ip_proto", negated: true, terms };
    expect(rows.map(({ predicates }) => predicates)).toEqual([
      [negation, set],
      [negation, set],
    ]);
  });
});

/** Fields of every width, none of which shares its place with another. */
const NAMES = [
  "in_port",
  "eth_src",
  "eth_type",
  "vlan_vid",
  "vlan_pcp",
  "mpls_label",
  "mpls_tc",
  "mpls_bos",
  "pbb_isid",
  "ip_proto",
  "ip_dscp",
  "ip_ecn",
  "ipv4_src",
  "ipv6_dst",
  "tcp_src",
  "tcp_dst",
  "tcp_flags",
  "length",
  "metadata",
  "tunnel_id",
  "reg3",
  "ct_label",
] as const satisfies readonly FieldName[];

const condition: fc.Arbitrary<FieldMatchModel> = fc
  .tuple(fc.constantFrom(...NAMES), fc.oneof(fc.constant(false), fc.boolean()))
  .chain(([field, negated]) => {
    const bits = bitsOf(field);
    const terms = fc.oneof(
      fc.array(exactTerm(bits), { minLength: 1, maxLength: 24 }),
      fc.array(anyTerm(bits), { minLength: 1, maxLength: 4 }),
    );
    return terms.map((list) => ({ kind: "field", field, negated, terms: list }));
  });

const conditions = fc.uniqueArray(condition, {
  minLength: 1,
  maxLength: 4,
  selector: ({ field, negated }) => `${field} ${negated}`,
});

/** A way to choose, for each field, one of the values at which its terms begin or end to hold. */
const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 24, maxLength: 24 });

function valuesNear(match: readonly FieldMatchModel[], chosen: readonly number[]) {
  const values = new Map<FieldName, bigint>();
  for (const [n, field] of NAMES.entries()) {
    const terms = match.filter((one) => one.field === field).flatMap((one) => one.terms);
    const near = [0n, ...edgesOf(terms, bitsOf(field))];
    values.set(field, near[(chosen[n] as number) % near.length] as bigint);
  }
  return values;
}

/** Whether a key matches one of the rows, as the classifier and the kernel would say. */
function rowsHold(rig: RulesRig, key: Uint8Array, match: readonly MatchModel[]): boolean {
  const rows = compileMatch(match);
  if (rows.length > MOST_ROWS) throw new Error(`${rows.length} rows`);
  return rows.some(({ key: { mask, value }, predicates }) => {
    for (let at = 0; at < key.length; at++) {
      if (((value[at] as number) & ~(mask[at] as number)) !== 0) throw new Error("stray bits");
      if (((key[at] as number) & (mask[at] as number)) !== value[at]) return false;
    }
    return rig.hold(predicates);
  });
}

describe("the twin agrees", () => {
  const SETS: SetModel[] = [
    { name: "hosts", types: ["ipv4"], elements: [[exact(0xffff, 32)], [exact(1, 32)]] },
    {
      name: "pairs",
      types: ["mac", "port"],
      elements: [
        [exact(0xdeadbeefcafe, 48), exact(0x8000)],
        [
          { kind: "masked", value: 0, mask: 0xff },
          { kind: "range", low: 1, high: 70 },
        ],
      ],
    },
  ];

  it("on random matches and keys at their edges", () => {
    const rig = new RulesRig({ sets: SETS });
    const { used } = rig.arena;
    const inSet = fc.constantFrom<MatchModel[]>(
      [],
      [],
      [{ kind: "set", fields: ["ipv4_src"], negated: false, set: 0 }],
      [{ kind: "set", fields: ["eth_src", "tcp_src"], negated: true, set: 1 }],
      [{ kind: "set", fields: ["eth_src", "tcp_src"], negated: false, set: 1 }],
    );
    let held = 0;
    fc.assert(
      fc.property(
        conditions,
        inSet,
        fc.array(choices, { minLength: 6, maxLength: 10 }),
        (fields, sets, keys) => {
          const match = [...fields, ...sets];
          for (const chosen of keys) {
            const values = valuesNear(fields, chosen);
            const places = [...values].map(
              ([field, value]) => [keyFieldOf(field), asValue(value, bitsOf(field))] as const,
            );
            const key = rig.setKey(places).slice();
            const expected = matchHolds(
              match,
              (field) => values.get(field) as bigint,
              SETS.map(({ elements }) => elements),
            );
            expect(rowsHold(rig, key, match)).toBe(expected);
            if (expected) held++;
          }
        },
      ),
      { seed: 21, numRuns: 500 },
    );
    expect(held).toBeGreaterThan(500);
    expect(rig.arena.used).toBe(used);
  });

  it("on lists of thousands of values", () => {
    const rig = new RulesRig();
    const values = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 65536);
    for (const negated of [false, true]) {
      const match: MatchModel[] = [
        { kind: "field", field: "udp_src", negated, terms: values.map((value) => exact(value)) },
      ];
      const rows = compileMatch(match);
      const address = rig.predicates.write(rows[0]?.predicates ?? []);
      const known = new Set(values);
      const wrong: number[] = [];
      for (let port = 0; port < 65536; port += 3) {
        rig.setKey([[keyFieldOf("udp_src"), port]]);
        if (rig.holds(address) !== (known.has(port) !== negated)) wrong.push(port);
      }
      expect(wrong).toEqual([]);
    }
  });
});

describe("a range of prefixes", () => {
  it("is what it was", () => {
    fc.assert(
      fc.property(fc.constantFrom(8, 32, 48, 128), fc.nat(), (bits, seed) => {
        const [a, b] = fc.sample(nearby(bits), { seed, numRuns: 2 }) as [bigint, bigint];
        const [low, high] = a < b ? [a, b] : [b, a];
        const term: TermModel = {
          kind: "range",
          low: asValue(low, bits),
          high: asValue(high, bits),
        };
        const field = { 8: "ip_ttl", 32: "mark", 48: "eth_dst", 128: "ipv6_src" }[
          bits
        ] as FieldName;
        // beside a mask with a hole, ranges of a list are written as prefixes
        const hole: TermModel = {
          kind: "masked",
          value: asValue(5n, bits),
          mask: asValue(5n, bits),
        };
        const match: MatchModel[] = [{ kind: "field", field, negated: true, terms: [term, hole] }];
        const rig = RIG;
        for (const value of [...edgesOf([term], bits), 0n, 5n, 7n]) {
          const key = rig.setKey([[keyFieldOf(field), asValue(value, bits)]]);
          expect(rowsHold(rig, key, match)).toBe(matchHolds(match, () => value));
        }
      }),
      { seed: 22, numRuns: 200 },
    );
  });
});

const RIG = new RulesRig();
