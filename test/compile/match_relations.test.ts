// How matches relate, compared with looking at every packet there is: fields of few bits.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canOverlap,
  hashOfMatch,
  isSameMatch,
  isWithin,
} from "../../src/compile/match_relations.ts";
import type { FieldMatchModel, MatchModel, TermModel } from "../../src/config/model.ts";

const FIELDS = ["ip_ecn", "vlan_pcp", "mpls_tc"] as const;
const BITS = { ip_ecn: 2, vlan_pcp: 3, mpls_tc: 3 } as const;
type Field = (typeof FIELDS)[number];

function term(field: Field): fc.Arbitrary<TermModel> {
  const most = 2 ** BITS[field] - 1;
  const value = fc.integer({ min: 0, max: most });
  return fc.oneof(
    fc
      .tuple(value, value)
      .map(([of, mask]): TermModel => ({ kind: "masked", value: of & mask, mask })),
    fc.tuple(value, value).map(([a, b]): TermModel => {
      return { kind: "range", low: Math.min(a, b), high: Math.max(a, b) };
    }),
  );
}

const condition = (field: Field): fc.Arbitrary<FieldMatchModel> =>
  fc.record({
    kind: fc.constant("field" as const),
    field: fc.constant(field),
    negated: fc.boolean(),
    terms: fc.array(term(field), { minLength: 1, maxLength: 3 }),
  });

const match: fc.Arbitrary<FieldMatchModel[]> = fc
  .subarray([...FIELDS])
  .chain((fields) => fc.tuple(...fields.map(condition)));

type Packet = Readonly<Record<Field, number>>;

function* packets(): Generator<Packet> {
  for (let ecn = 0; ecn < 4; ecn++) {
    for (let pcp = 0; pcp < 8; pcp++) {
      for (let tc = 0; tc < 8; tc++) yield { ip_ecn: ecn, vlan_pcp: pcp, mpls_tc: tc };
    }
  }
}
const ALL = [...packets()];

function holds(packet: Packet, conditions: readonly FieldMatchModel[]): boolean {
  return conditions.every(({ field, negated, terms }) => {
    const value = packet[field as Field];
    const isAny = terms.some((one) =>
      one.kind === "masked"
        ? (value & Number(one.mask)) === one.value
        : value >= one.low && value <= one.high,
    );
    return isAny !== negated;
  });
}

const RUNS = { seed: 7, numRuns: 2000 };

describe("matches", () => {
  it("within others match nothing that the others do not", () => {
    const property = fc.property(match, match, (one, other) => {
      if (!isWithin(one, other)) return;
      expect(ALL.find((packet) => holds(packet, one) && !holds(packet, other))).toBeUndefined();
    });
    fc.assert(property, RUNS);
  });

  it("that cannot overlap have no packet in common", () => {
    const property = fc.property(match, match, (one, other) => {
      expect(canOverlap(one, other)).toBe(canOverlap(other, one));
      if (canOverlap(one, other)) return;
      expect(ALL.find((packet) => holds(packet, one) && holds(packet, other))).toBeUndefined();
    });
    fc.assert(property, RUNS);
  });

  it("of one masked term each are decided exactly, as OpenFlow's are", () => {
    const simple = fc.subarray([...FIELDS]).chain((fields) =>
      fc.tuple(
        ...fields.map((field) => {
          const most = 2 ** BITS[field] - 1;
          const value = fc.integer({ min: 0, max: most });
          return fc.tuple(value, value).map(([of, mask]): FieldMatchModel => {
            const only: TermModel = { kind: "masked", value: of & (mask | 1), mask: mask | 1 };
            return { kind: "field", field, negated: false, terms: [only] };
          });
        }),
      ),
    );
    const property = fc.property(simple, simple, (one, other) => {
      const first = ALL.filter((packet) => holds(packet, one));
      expect(isWithin(one, other)).toBe(first.every((packet) => holds(packet, other)));
      expect(canOverlap(one, other)).toBe(first.some((packet) => holds(packet, other)));
    });
    fc.assert(property, RUNS);
  });

  it("are the same in any order, and hash alike", () => {
    const shuffled = match.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc
          .shuffledSubarray(one, { minLength: one.length })
          .map((all) => all.map((of) => ({ ...of, terms: of.terms.toReversed() }))),
      ),
    );
    const property = fc.property(shuffled, ([one, other]) => {
      expect(isSameMatch(one, other)).toBe(true);
      expect(hashOfMatch(one, 5)).toBe(hashOfMatch(other, 5));
      expect(hashOfMatch(one, 5)).not.toBe(hashOfMatch(one, 6));
    });
    fc.assert(property, RUNS);
  });
});

describe("sets in matches", () => {
  const set = (number: number, negated = false): MatchModel => {
    return { kind: "set", fields: ["ipv4_src"], negated, set: number };
  };
  it("are within themselves only, and exclude their opposite", () => {
    expect(isWithin([set(1)], [set(1)])).toBe(true);
    expect(isWithin([set(1)], [set(2)])).toBe(false);
    expect(isWithin([set(1)], [])).toBe(true);
    expect(canOverlap([set(1)], [set(1, true)])).toBe(false);
    expect(canOverlap([set(1)], [set(2, true)])).toBe(true);
    expect(isSameMatch([set(1)], [set(1, true)])).toBe(false);
    expect(hashOfMatch([set(1)], 0)).not.toBe(hashOfMatch([set(2)], 0));
  });
});

describe("wide values", () => {
  it("are told apart", () => {
    const source = (value: bigint, mask: bigint): MatchModel[] => [
      {
        kind: "field",
        field: "ipv6_src",
        negated: false,
        terms: [{ kind: "masked", value, mask }],
      },
    ];
    const net = source(0x20010db8n << 96n, 0xffffffffn << 96n);
    const host = source((0x20010db8n << 96n) | 1n, 2n ** 128n - 1n);
    expect(isWithin(host, net)).toBe(true);
    expect(isWithin(net, host)).toBe(false);
    expect(canOverlap(host, net)).toBe(true);
    expect(hashOfMatch(host, 1)).not.toBe(hashOfMatch(net, 1));
    expect(isSameMatch(host, source((0x20010db8n << 96n) | 1n, 2n ** 128n - 1n))).toBe(true);
  });
});
