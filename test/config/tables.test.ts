import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { writeMatch } from "../../src/config/match_text.ts";
import { failure } from "./failure.ts";
import { BASE } from "./problems.cases.ts";
import { TABLE_PROBLEMS } from "./tables.cases.ts";

describe("wrong tables and what flows refer to", () => {
  it.each(TABLE_PROBLEMS)("$problems.0", ({ code, tail, problems }) => {
    const error = failure(BASE + tail, "router.yaml");
    const expected = problems.map((problem) => `router.yaml:${problem}`);
    expect(error.message.split("\n")).toEqual(expected);
    expect(error.code).toBe(code ?? "CONFIG_INVALID");
  });
});

describe("right ones", () => {
  it("have their defaults", () => {
    const { tables, groups, meters, mirrors } = parseConfiguration(`${BASE}tables:
  a: { attach: ingress }
  b: { attach: raw, priority: -7 }
  c: {}
  d: { attach: input, miss: { goto: c } }
groups: { g: { type: select, buckets: [{ actions: [] }, { weight: 3, actions: [flood] }] } }
meters: { m: { rate: 10mbit } }
mirrors:
  - { name: span, to: wan }
  - { name: tap, to: wan, ports: [lan], direction: in, vlans: [0, 12-14, "13", 10] }
`);
    expect(tables).toEqual([
      { name: "a", attach: "ingress", priority: 0, miss: { type: "normal" }, flows: [] },
      { name: "b", attach: "raw", priority: -7, miss: { type: "accept" }, flows: [] },
      { name: "c", attach: undefined, priority: 0, miss: { type: "return" }, flows: [] },
      { name: "d", attach: "input", priority: 0, miss: { type: "goto", table: 2 }, flows: [] },
    ]);
    expect(groups[0]!.buckets).toEqual([
      { weight: 1, watchPort: undefined, actions: [] },
      { weight: 3, watchPort: undefined, actions: [{ type: "flood" }] },
    ]);
    expect(meters).toEqual([
      {
        name: "m",
        unit: "bits",
        bands: [{ perSecond: 1e7, burst: 1e7, exceed: { type: "drop" } }],
      },
    ]);
    const plain = { to: 1, snaplen: 0, sample: 1 };
    expect(mirrors).toEqual([
      { ...plain, name: "span", ports: [], direction: "both", vlans: [] },
      { ...plain, name: "tap", ports: [0], direction: "in", vlans: [0, 10, 12, 13, 14] },
    ]);
  });

  it("give meters a burst that large frames fit in and that is soon over", () => {
    const { meters } = parseConfiguration(`${BASE}meters:
  slow: { rate: 8kbit }
  fast: { rate: 10gbit }
  few: { bands: [{ rate: 0.5pps }, { rate: 1mpps, exceed: { dscp_remark: 2 } }] }
  own: { rate: 1mbit, burst: 64KiB, exceed: { dscp: 0 } }
  packets: { rate: 5pps, burst: "7", exceed: drop }
`);
    const shown = meters.map(({ unit, bands }) => [unit, ...bands.map(({ burst }) => burst)]);
    expect(shown).toEqual([
      ["bits", 16 * 1024 * 8],
      ["bits", 16 * 1024 * 1024 * 8],
      ["packets", 1, 65536],
      ["bits", 64 * 1024 * 8],
      ["packets", 7],
    ]);
    expect(meters[2]!.bands[1]!.exceed).toEqual({ type: "dscp_remark", levels: 2 });
    expect(meters[3]!.bands[0]!.exceed).toEqual({ type: "dscp", dscp: 0 });
  });

  it("name ports to watch, groups in groups and counters", () => {
    const { groups, counters, tables } = parseConfiguration(`${BASE}groups:
  f: { type: fast_failover, buckets: [{ watch_port: wan, actions: [{ group: i }] }] }
  i: { type: indirect, buckets: [{ actions: [{ count: sent }, { output: lan }] }] }
tables:
  pipeline:
    attach: ingress
    flows:
      - { match: { tcp_dst: [22, 443] }, actions: [{ count: in }, { group: f }, { count: sent }] }
      - { actions: [{ count: rest }] }
`);
    expect(groups[0]!.buckets[0]).toEqual({
      weight: 1,
      watchPort: 1,
      actions: [{ type: "group", group: 1 }],
    });
    expect(counters).toEqual(["sent", "in", "rest"]);
    expect(tables[0]!.flows.map(({ match }) => writeMatch(match))).toEqual([
      "tcp_dst [22, 443], eth_type [ipv4, ipv6], ip_proto tcp",
      "every packet",
    ]);
  });
});
