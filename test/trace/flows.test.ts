// What traces say of look-ups in flow tables.
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { ActionModel } from "../../src/config/model.ts";
import { ActionSet } from "../../src/trace/action_set.ts";
import { inlineText } from "../../src/trace/document.ts";
import { formatTrace } from "../../src/trace/text.ts";
import { RULESETS } from "../oracle/nftables.ts";
import { ORACLE_PACKETS } from "../oracle/nftables_packets.cases.ts";
import { world } from "../path/world.ts";
import { FLOW_TRACES } from "./flows.cases.ts";
import { traceIn } from "./rig.ts";

/** The lines under "flow", "miss" and "verdict", with single blanks. */
function linesOf(text: string): string[] {
  let isShown = false;
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith(" ")) isShown = /^(flow|miss|verdict)\b/.test(line);
    return isShown ? [line.trim().replace(/ {2,}/g, " ")] : [];
  });
}

describe("a trace through flow tables shows", () => {
  it.each(FLOW_TRACES)("$what", async ({ tables, port, frame, lines }) => {
    const trace = await traceIn(`${world()}\n${tables}`, port ?? "lan", frame);
    expect(linesOf(formatTrace(trace))).toEqual(lines);
  });

  it("the same as data", async () => {
    const [{ tables = "", frame = new Uint8Array() } = {}] = FLOW_TRACES;
    const { steps } = await traceIn(`${world()}\n${tables}`, "lan", frame);
    const { lookUp } = steps.find(({ step }) => step === "flow") ?? {};
    expect(lookUp).toMatchObject({
      point: "forward",
      table: "policy",
      flow: { id: "plain", priority: 300, actions: ["accept"] },
      changes: [],
      furtherMisses: 0,
    });
    expect(lookUp?.nearMisses[2]).toMatchObject({
      id: "web",
      priority: 500,
      match: { tcp_dst: [22, 443, "8000-8099"] },
      actions: ["accept"],
      failures: [{ field: "tcp_dst", expected: "[22, 443, 8000-8099]", packet: "80" }],
    });
  });
});

describe("what a trace reckons agrees with what the data path did", () => {
  // Had the bounds, the values or the sets been read wrong, a flow would seem to match unheeded.
  it.each(RULESETS.map((ruleset, number) => ({ ...ruleset, number })))("$name", async (ruleset) => {
    const unheeded: string[] = [];
    const { configuration, number } = ruleset;
    // Every eighth packet, others for each ruleset.
    const packets = ORACLE_PACKETS.filter((_, place) => place % 8 === number % 8);
    for (const { what, port, bytes } of packets) {
      const { steps } = await traceIn(configuration, port, bytes);
      for (const { lookUp } of steps) {
        for (const { id, failures } of lookUp?.nearMisses ?? []) {
          if (failures.length === 0) unheeded.push(`${what}: ${id}`);
        }
      }
    }
    expect(unheeded).toEqual([]);
  });
});

describe("parts of the configuration on one line", () => {
  it.each<[unknown, string]>([
    [{}, "{}"],
    [{ in_port: "lan", tcp_dst: [22, "8000-8099"] }, "{ in_port: lan, tcp_dst: [22, 8000-8099] }"],
    [{ eth_dst: "02:00:00:00:00:01" }, '{ eth_dst: "02:00:00:00:00:01" }'],
    [{ ipv4_src: "@office" }, '{ ipv4_src: "@office" }'],
    [{ "ipv4_src . tcp_dst": { not: "@a" } }, '{ ipv4_src . tcp_dst: { not: "@a" } }'],
    [
      { vlan_vid: "!any", ct_state: "+new-invalid" },
      '{ vlan_vid: "!any", ct_state: +new-invalid }',
    ],
    [
      [{ log: { prefix: 'say "no", {x}' } }, "accept"],
      '[{ log: { prefix: "say \\"no\\", {x}" } }, accept]',
    ],
    [{ prefix: "yes", id: "off" }, '{ prefix: "yes", id: "off" }'],
  ])("%j", (value, text) => {
    expect(inlineText(value)).toBe(text);
    expect(parse(text)).toEqual(value);
  });

  it("a flow that is shown can be written again", async () => {
    const [{ tables = "", frame = new Uint8Array() } = {}] = FLOW_TRACES;
    const { steps } = await traceIn(`${world()}\n${tables}`, "lan", frame);
    const { match, actions } = steps.find(({ step }) => step === "flow")?.facts ?? {};
    const flow = `{ match: ${match}, actions: ${actions} }`;
    const again = `tables: { again: { attach: forward, flows: [${flow}] } }`;
    const given = parseConfiguration(`${world()}\n${tables}`).tables[0]?.flows[4];
    const read = parseConfiguration(`${world()}\n${again}`).tables[0]?.flows[0];
    expect(read?.match).toEqual(given?.match);
    expect(read?.actions).toEqual(given?.actions);
  });
});

describe("the action set", () => {
  const output = (port: number): ActionModel => ({ type: "output", port });
  const group: ActionModel = { type: "group", group: 1 };

  it.each<[string, ActionModel[], ActionModel[]]>([
    ["nothing but what is written counts", [output(1), { type: "pop_vlan" }], []],
    [
      "is done in OpenFlow's order",
      [{ type: "write", actions: [output(1), { type: "dec_ttl" }, { type: "pop_vlan" }] }],
      [{ type: "pop_vlan" }, { type: "dec_ttl" }, output(1)],
    ],
    [
      "has one of a kind, the last",
      [
        { type: "write", actions: [output(1)] },
        { type: "write", actions: [{ type: "flood" }] },
      ],
      [{ type: "flood" }],
    ],
    ["a group takes the output's place", [{ type: "write", actions: [group, output(1)] }], [group]],
    ["is emptied", [{ type: "write", actions: [output(1)] }, { type: "clear" }], []],
  ])("%s", (_, actions, expected) => {
    const set = new ActionSet();
    set.heed(actions);
    expect(set.actions).toEqual(expected);
  });
});
