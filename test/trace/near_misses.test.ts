// Reading keys and judging matches on the host, compared with the slow twin.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEY_BYTES, PORT_LOCAL } from "../../assembly/layout.ts";
import { keyFieldOf, MaskedKey } from "../../src/compile/key.ts";
import { readKeyField } from "../../src/compile/key_reader.ts";
import { FIELDS, type FieldName } from "../../src/config/fields.ts";
import type { FieldValue, MatchModel } from "../../src/config/model.ts";
import { valueText } from "../../src/trace/fields.ts";
import { Evaluation, nearMisses } from "../../src/trace/near_misses.ts";
import { type FlowsDescription, rankOf, type TracedFlow } from "../../src/trace/tables.ts";
import { fieldOf, matches } from "../twin/flow_match.ts";

const NAMES = Object.keys(FIELDS) as FieldName[];
const RUNS = { seed: 20_260_303, numRuns: 300 };
const keys = fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES });
/** ICMP fields the twin reads with the byte before them, which is zero in keys of packets. */
const fields = fc.constantFrom(...NAMES.filter((name) => !name.startsWith("icmp")));

/** Values of a key of few different bytes, so that some match and some do not. */
const fewKeys = fc.array(fc.constantFrom(0, 1), { minLength: KEY_BYTES, maxLength: KEY_BYTES });

function describing(flows: readonly TracedFlow[]): FlowsDescription {
  return {
    flow: (number) => flows.find((one) => one.number === number),
    flows: () => flows,
    point: () => "forward",
    value: readKeyField,
    isInSet: () => false,
    document: () => ({ match: {}, actions: [] }),
    bucket: () => undefined,
  };
}

const asValue = (field: FieldName, number: bigint): FieldValue =>
  FIELDS[field].bits <= 48 ? Number(number) : number;

const condition: fc.Arbitrary<MatchModel> = fc
  .record({ field: fields, negated: fc.boolean(), low: fc.nat(3), more: fc.nat(300) })
  .map(({ field, negated, low, more }) => {
    const full = (1n << BigInt(FIELDS[field].bits)) - 1n;
    const [from, to] = [BigInt(low) & full, BigInt(low + more) & full].sort() as [bigint, bigint];
    const range = { kind: "range" as const, low: asValue(field, from), high: asValue(field, to) };
    const mask = asValue(field, 1n);
    const masked = { kind: "masked" as const, value: asValue(field, BigInt(low & 1)), mask };
    return { kind: "field", field, negated, terms: [more % 2 === 0 ? masked : range] };
  });

const flow = fc.record({ priority: fc.nat(3), match: fc.array(condition, { maxLength: 3 }) }).map(
  (made, number = 0): Omit<TracedFlow, "order" | "number"> => ({
    ...made,
    ...{ id: undefined, cookie: 0n, actions: [], idleTimeout: 0, hardTimeout: 0 },
    ...{ table: number, expired: undefined },
  }),
);

describe("keys", () => {
  it("are read as the twin reads them", () => {
    const read = fc.property(keys, fields, (key, field) => {
      expect(BigInt(readKeyField(key, field))).toBe(fieldOf(key, field));
    });
    fc.assert(read, RUNS);
  });

  it.each(NAMES)("%s is read as it is written", (field) => {
    const key = new MaskedKey();
    const full = asValue(field, (1n << BigInt(FIELDS[field].bits)) - 1n);
    key.write(keyFieldOf(field), full, full);
    expect(readKeyField(key.value, field)).toBe(full);
  });
});

describe("near misses", () => {
  it("are the flows above that do not match, the nearest first", () => {
    const check = fc.property(
      fc.array(flow, { maxLength: 12 }),
      fewKeys,
      fc.nat(3),
      (made, bytes, at) => {
        const key = Uint8Array.from(bytes);
        const flows = made.map((one, place) => ({
          ...one,
          number: place + 1,
          order: 1000 - place,
        }));
        const tables = describing(flows);
        const evaluation = new Evaluation(key, tables, { ports: [], sets: [] });
        for (const { match } of flows) {
          expect(evaluation.failing(match).length === 0).toBe(matches(match, key, []));
        }
        const above = rankOf({ priority: at, order: 995 });
        const { nearest, further } = nearMisses(
          tables,
          evaluation,
          0,
          above,
          Number.POSITIVE_INFINITY,
        );
        const counts = nearest.map(({ failures }) => failures.length);
        expect(counts).toEqual(counts.toSorted((a, b) => a - b));
        expect(nearest.length).toBeLessThanOrEqual(5);
        const eligible = flows.filter((one) => rankOf(one) > above).length;
        expect(nearest.length + further).toBe(eligible);
      },
    );
    fc.assert(check, RUNS);
  });
});

describe("values", () => {
  it.each<[FieldName, FieldValue | undefined, string]>([
    ["in_port", 1, "wan"],
    ["out_port", PORT_LOCAL, "the engine"],
    ["out_port", 0xffff, "none"],
    ["vlan_vid", 0, "none"],
    ["vlan_vid", 0x1000, "0"],
    ["vlan_vid", 0x100a, "10"],
    ["ip_frag", 0, "no"],
    ["ip_frag", 1, "first"],
    ["ip_frag", 3, "later"],
    ["tcp_flags", 0x12, "syn,ack"],
    ["tcp_flags", 0, "none"],
    ["tcp_flags", 0xe00, "0xe00"],
    ["eth_type", 0x0800, "ipv4"],
    ["eth_type", 0x1234, "0x1234"],
    ["ip_proto", 6, "tcp"],
    ["eth_src", 0x0200000000a2, "02:00:00:00:00:a2"],
    ["ipv6_dst", 1n, "::1"],
    ["metadata", 7n, "7"],
    ["tcp_dst", undefined, "none"],
  ])("%s %s is %s", (field, value, text) => {
    expect(valueText(field, value, ["lan", "wan"])).toBe(text);
  });
});
