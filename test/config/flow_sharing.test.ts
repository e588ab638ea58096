// Flows share what they have in common: what was read before must not show in what is read next.

import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { FlowReader } from "../../src/config/flow_reader.ts";
import { matchNames, writeMatch } from "../../src/config/match_text.ts";
import { ACTION_CASES, BAD_ACTIONS, MATCH_CASES, WORLD } from "./flows.cases.ts";

const MODEL = parseConfiguration(WORLD);
const NAMES = matchNames(MODEL);

/** Matches of the same fields, some of which decide what else is needed. */
const ALIKE = [
  { ipv4_src: "10.0.0.1", tcp_dst: 80 },
  { ipv4_src: "10.0.0.2", tcp_dst: 81 },
  { tcp_dst: 80, ipv4_src: "10.0.0.2" },
  { ipv4_src: "10.0.0.1", tcp_dst: "@numbers" },
  { ip_proto: "tcp", tcp_dst: 80 },
  { ip_proto: [6, 17], tcp_dst: 80 },
  { ip_proto: { in: [6, 17], not: 17 }, tcp_dst: 80 },
  { ip_proto: { in: [6, 17], not: 17 }, tcp_dst: 81 },
  { eth_type: ["ipv4", "arp"], ip_proto: "udp" },
  { eth_type: "ipv6", ip_proto: "udp" },
  { vlan_vid: ["none", 7], vlan_pcp: 3 },
  { vlan_vid: [8, 9], vlan_pcp: 3 },
  { vlan_vid: "!7", vlan_pcp: 4 },
  { vlan_vid: "!7", vlan_pcp: 3 },
];

describe("a match", () => {
  it("is the same after any other", () => {
    const reader = new FlowReader(MODEL);
    const matches = [...ALIKE, ...MATCH_CASES.map(({ match }) => match)];
    const read = (match: unknown) => writeMatch(reader.match(match), NAMES);
    const alone = matches.map((match) => {
      // nothing is like a match without conditions
      reader.match({});
      return writeMatch(new FlowReader(MODEL).match(match), NAMES);
    });
    for (const before of matches) {
      for (const [place, match] of matches.entries()) {
        reader.match(before);
        const text = read(match);
        if (text !== alone[place]) expect([before, match, text]).toEqual(alone[place]);
      }
    }
    expect(alone).toContain("ip_proto tcp, tcp_dst 81, eth_type [ipv4, ipv6]");
  });

  it("shares conditions that come again, but on no field of many values", () => {
    const reader = new FlowReader(MODEL);
    const one = reader.match(ALIKE[0]);
    const other = reader.match(ALIKE[0]);
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
    expect(one.map((condition, place) => condition === other[place])).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe("a list of actions", () => {
  it("is the same when it comes again, right or wrong", () => {
    const reader = new FlowReader(MODEL);
    const first = ACTION_CASES.map(({ table = "policy", actions }) =>
      reader.actions(table, actions),
    );
    for (const { table = "policy", wrong } of [...BAD_ACTIONS, ...BAD_ACTIONS]) {
      expect(() => reader.actions(table, wrong)).toThrow();
    }
    const again = ACTION_CASES.map(({ table = "policy", actions }) =>
      reader.actions(table, actions),
    );
    expect(again).toEqual(first);
  });

  it("is no other that looks alike", () => {
    const reader = new FlowReader(MODEL);
    reader.actions(undefined, ["accept"]);
    reader.actions(undefined, [{ output: "wan" }]);
    reader.actions(undefined, [{ set_ttl: 7 }]);
    for (const wrong of [
      [{ accept: undefined }],
      [{ output: "wan", drop: 1 }],
      [{ output: ["wan"] }],
      ["output"],
      ["set_ttl"],
      ["accept", { output: "wan" }],
    ]) {
      expect(() => reader.actions(undefined, wrong)).toThrow();
    }
    expect(reader.actions(undefined, [{ set_ttl: "7" }])).toEqual([{ type: "set_ttl", ttl: 7 }]);
    expect(reader.actions(undefined, [{ write: [{ output: "wan" }] }])).toEqual([
      { type: "write", actions: [{ type: "output", port: 1 }] },
    ]);
  });
});
