// What reads flows quickly, and what keeps the graph of tables, beside slow obvious twins.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTACH_POINTS } from "../../src/config/attach_points.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { FIELDS, type FieldName, type Prerequisite } from "../../src/config/fields.ts";
import { isFlowDocument } from "../../src/config/flow_parser.ts";
import { FlowReader } from "../../src/config/flow_reader.ts";
import type { MatchModel } from "../../src/config/model.ts";
import { conditionHolds } from "../../src/config/prerequisites.ts";
import { TableGraph } from "../../src/config/table_graph.ts";
import { FlowSchema } from "../../src/config/table_schema.ts";
import { NO_USE, type TableUse, useOf } from "../../src/config/table_use.ts";
import { validate } from "../../src/config/validator.ts";
import { WORLD } from "./flows.cases.ts";

const READER = new FlowReader(parseConfiguration(WORLD));

describe("the form of a flow", () => {
  it("is that of the schema", () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(0, 65535, 65536, -1, 1.5, 2 ** 60, "", "a", "x".repeat(65), "0x2a"),
      fc.constantFrom<unknown>("30s", "30", "99999999d", null, true, [], {}, ["drop"], { a: 1 }),
      fc.constantFrom<unknown>("0x1ffffffffffffffff", "18446744073709551615", 7, "5m", [1]),
    );
    const key = fc.constantFrom(
      ...["id", "priority", "cookie", "idle_timeout", "hard_timeout", "match", "actions", "x"],
    );
    const flow = fc
      .dictionary(key, value, { maxKeys: 4, noNullPrototype: true })
      .chain((one) => fc.constantFrom<unknown>(one, { actions: [], ...one }));
    const counts = [0, 0];
    const property = fc.property(fc.oneof({ weight: 20, arbitrary: flow }, value), (document) => {
      let findings = 0;
      validate(FlowSchema, document, () => findings++);
      counts[findings === 0 ? 1 : 0]!++;
      expect(isFlowDocument(document)).toBe(findings === 0);
    });
    fc.assert(property, { seed: 61, numRuns: 5000 });
    expect(Math.min(...counts)).toBeGreaterThan(300);
  });
});

/** What of a packet prerequisites are about. */
type Packet = Readonly<Partial<Record<FieldName, number>>>;

const PACKETS: Packet[] = [0x0800, 0x86dd, 0x0806, 0x8847, 0x8848, 0x88e7, 0x88cc].flatMap((type) =>
  [1, 6, 17, 58, 132, 99].flatMap((proto) =>
    [135, 136, 1].flatMap((icmp) =>
      [
        [0, 0],
        [0x1007, 0],
        [0x1008, 0x1009],
      ].map(([vid, inner]) => ({
        eth_type: type,
        ip_proto: proto,
        icmpv6_type: icmp,
        vlan_vid: vid!,
        inner_vlan_vid: inner!,
      })),
    ),
  ),
);

/** Conditions on fields the packets do not have are taken for true. */
function holds(match: readonly MatchModel[], packet: Packet): boolean {
  return match.every((one) => {
    if (one.kind === "set") return true;
    const value = packet[one.field];
    return value === undefined || conditionHolds(one, value);
  });
}

function meets(needs: Prerequisite, packet: Packet): boolean {
  const { vlan, inner_vlan: inner, ...lists } = needs;
  if (vlan && (packet.vlan_vid! & 0x1000) === 0) return false;
  if (inner && (packet.inner_vlan_vid! & 0x1000) === 0) return false;
  return Object.entries(lists).every(([field, values]) => {
    return (values as readonly number[]).includes(packet[field as FieldName]!);
  });
}

describe("prerequisites", () => {
  it("hold for the packets that have the fields and meet the conditions", () => {
    const conditions: Readonly<Record<string, readonly unknown[]>> = {
      eth_type: ["ipv4", "ipv6", ["ipv4", "arp"], "!ipv6", "0x8800/0xff00", { not: ["arp"] }],
      ip_proto: ["tcp", "udp", ["tcp", "udp"], "!tcp", "0-20", "icmpv6"],
      icmpv6_type: [135, "135-136", "!136", 1],
      vlan_vid: [7, "none", "any", "!none", "!7", ["none", 8]],
      inner_vlan_vid: ["none", "any", 9, "!9"],
      vlan_pcp: [1],
      inner_vlan_pcp: [1],
      mpls_label: [16],
      arp_op: [1],
      ipv4_src: ["10.0.0.1"],
      ipv6_dst: ["::1"],
      ipv6_nd_target: ["::1"],
      ipv6_nd_sll: ["02:00:00:00:00:01"],
      tcp_dst: [22],
      udp_src: ["!5"],
      icmpv4_code: [0],
      pbb_uca: [1],
      in_port: ["lan"],
    };
    const pair = fc
      .constantFrom(...Object.keys(conditions))
      .chain((field) =>
        fc.constantFrom(...conditions[field]!).map((condition) => [field, condition] as const),
      );
    const counts = [0, 0];
    const property = fc.property(fc.array(pair, { maxLength: 4 }), (pairs) => {
      const document = Object.fromEntries(pairs);
      const alone = Object.entries(document).flatMap(([field, condition]) =>
        READER.match({ [field]: condition }).filter(
          (one) => one.kind === "field" && one.field === field,
        ),
      );
      const expected = PACKETS.filter(
        (packet) =>
          holds(alone, packet) &&
          Object.keys(document).every((field) => meets(FIELDS[field as FieldName].needs, packet)),
      );
      let match: MatchModel[];
      try {
        match = READER.match(document);
      } catch {
        counts[0]!++;
        expect(expected).toEqual([]);
        return;
      }
      counts[1]!++;
      expect(PACKETS.filter((packet) => holds(match, packet))).toEqual(expected);
    });
    fc.assert(property, { seed: 62, numRuns: 1500 });
    expect(Math.min(...counts)).toBeGreaterThan(200);
  });
});

interface Placed {
  readonly table: number;
  readonly use: TableUse;
}

/** Whether all of it may be, found out from nothing. */
function isAllowed(points: readonly (number | undefined)[], flows: readonly Placed[]): boolean {
  const reached = points.map((point) => new Set(point === undefined ? [] : [point]));
  const leads = points.map((_, table) => new Set([table]));
  for (let round = 0; round < points.length; round++) {
    for (const { table, use } of flows) {
      for (const target of use.targets) {
        for (const point of reached[table]!) reached[target]!.add(point);
        for (const further of leads[target]!) {
          if (further === table) return false;
          leads[table]!.add(further);
        }
      }
    }
  }
  return flows.every(({ table, use }) => {
    const from = [...reached[table]!];
    return use.needs.every(({ points }) => from.every((point) => (points & (1 << point)) !== 0));
  });
}

const OUTPUT = useOf({ match: [], actions: [{ type: "output", port: 0 }] });
const FLOOD = useOf({ match: [], actions: [{ type: "flood" }] });
const OUT_PORT = useOf({
  match: [{ kind: "field", field: "out_port", negated: false, terms: [] }],
  actions: [],
});

describe("the graph of tables", () => {
  it("allows what a look at everything allows", () => {
    const points = [0, 4, 2, undefined, undefined, undefined];
    const place = fc.nat(points.length - 1);
    const use = fc.oneof(
      place.map((target) => ({ ...NO_USE, targets: [target] })),
      fc
        .record({
          targets: fc.array(place, { maxLength: 1 }),
          needs: fc.subarray([...OUTPUT.needs, ...FLOOD.needs, ...OUT_PORT.needs]),
        })
        .map((use) => ({ ...NO_USE, ...use })),
    );
    const step = fc.record({ table: place, use, removed: fc.option(fc.nat(20)) });
    const counts = [0, 0];
    const property = fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const graph = new TableGraph(
        points.map((point, i) => ({
          name: `t${i}`,
          attach: point === undefined ? undefined : ATTACH_POINTS[point],
          miss: { type: "drop" },
        })),
      );
      const flows: Placed[] = [];
      for (const { removed, ...flow } of steps) {
        if (removed !== null && removed < flows.length) {
          const [gone] = flows.splice(removed, 1) as [Placed];
          graph.remove(gone.table, gone.use);
          continue;
        }
        const reason = graph.add(flow.table, flow.use);
        const allowed = isAllowed(points, [...flows, flow]);
        counts[allowed ? 1 : 0]!++;
        expect(reason === undefined, reason).toBe(allowed);
        if (allowed) flows.push(flow);
      }
    });
    fc.assert(property, { seed: 63, numRuns: 1000 });
    expect(Math.min(...counts)).toBeGreaterThan(1000);
  });

  it("names the way", () => {
    const table = (name: string, attach?: "forward" | "ingress") => {
      return { name, attach, miss: { type: "drop" } } as const;
    };
    const graph = new TableGraph([
      table("a", "forward"),
      table("b"),
      table("c"),
      table("i", "ingress"),
    ]);
    const leadTo = (target: number) => ({ ...NO_USE, targets: [target] });
    const output = OUTPUT;
    expect(graph.add(1, leadTo(2))).toBeUndefined();
    expect(graph.addMiss(3, { type: "goto", table: 1 })).toBeUndefined();
    expect(graph.add(2, output)).toBeUndefined();
    expect(graph.add(0, leadTo(1))).toBe(
      "table 'c' cannot be reached from here: output works only in tables reached from ingress " +
        "alone, and packets come from forward (a)",
    );
    graph.remove(2, output);
    expect(graph.add(0, leadTo(1))).toBeUndefined();
    expect(graph.add(2, output)).toBe(
      "output works only in tables reached from ingress alone, and packets come from " +
        "forward (a -> b -> c)",
    );
    expect(graph.addMiss(2, { type: "goto", table: 0 })).toBe(
      "tables must not lead in a circle: c -> a -> b -> c",
    );
  });
});
