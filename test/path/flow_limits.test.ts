// Limits of flow tables: one flow or element more is refused with the limit's name, a mistake in
// the middle refuses all of a rule set, and whatever is refused changes nothing.

import { describe, expect, it } from "vitest";
import type { FlowText } from "../../src/control/flow_text.ts";
import type { FlowInput } from "../../src/control/flows.ts";
import { SluiceError } from "../../src/errors.ts";
import { LiveRun } from "../support/live.ts";
import { TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import { query } from "./flow_cache.cases.ts";
import { FAR, world } from "./world.ts";

const RULES = 65_536;

const limited = (limits: string) => world().replace("limits: {", `limits: { ${limits},`);
const POLICY = `
tables:
  policy: { attach: forward, miss: drop }
sets:
  far: { type: ipv4, elements: [] }
`;

/** The error that is thrown; fails when there is none. */
function refusal(action: () => unknown): SluiceError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    return error as SluiceError;
  }
  throw new Error("not refused");
}

/** A rule of a firewall: prefixes of both sides, protocol, destination ports. */
function rule(random: Random, number: number): FlowInput {
  const prefix = () => {
    const [a, b, c] = [random.below(256), random.below(256), random.below(256)];
    return `${a}.${b}.${c}.0/${pickLength(random)}`;
  };
  const low = random.below(60_000);
  const ports = random.oneIn(3) ? `${low}-${low + random.below(5000)}` : low;
  const match = {
    ipv4_src: prefix(),
    ipv4_dst: prefix(),
    [random.oneIn(2) ? "tcp_dst" : "udp_dst"]: ports,
  };
  const priority = 65_535 - (number % 60_000);
  return { id: `r${number}`, priority, match, actions: [random.oneIn(2) ? "accept" : "drop"] };
}

/** Whole bytes, so that no host bits are set. */
function pickLength(random: Random): number {
  return random.oneIn(4) ? 32 : 24;
}

const additions = (flows: readonly FlowInput[]) =>
  flows.map((flow) => ({ type: "add" as const, table: "policy", flow }));

describe(`${RULES} rules`, () => {
  const random = new Random(3);
  const rules = Array.from({ length: RULES - 1 }, (_, number) => rule(random, number));
  const way = { id: "way", priority: 0, match: {}, actions: ["accept"] };

  it("fit, and the next one is refused; all may be replaced at once, and deleted", async () => {
    const run = await LiveRun.begin(`${world()}${POLICY}`);
    const { memory } = run.tables;
    run.tables.bundle(additions([...rules, way]));
    expect(run.tables.size).toBe(RULES);
    expect(run.send([query()]).ports).toEqual(["wan"]);
    const { used } = run.tables.memory;

    const extra = { match: { udp_dst: 53 }, priority: 9, actions: ["drop"] };
    const { code, message } = refusal(() => run.tables.add("policy", extra));
    expect(code).toBe("LIMIT_EXCEEDED");
    expect(message).toContain("engine.limits.rules");
    expect(run.tables.size).toBe(RULES);
    expect(run.tables.memory.used).toBe(used);
    expect(run.send([query()]).ports).toEqual(["wan"]);

    expect(run.tables.modify({ table: "policy" }, [{ mark: 1 }, "accept"])).toBe(RULES);
    expect(run.send([query()]).ports).toEqual(["wan"]);
    expect(run.tables.delete({ table: "policy" })).toBe(RULES);
    expect(run.send([query()]).drops).toEqual({ "table-miss": 1 });
    run.end();
    expect(run.tables.memory).toEqual(memory);
    expect(run.router.tables.flows.waiting).toBe(0);
  });
});

describe("flows that need more memory than is set aside", () => {
  const ports = Array.from({ length: 1000 }, (_, place) => 2 * place + 1);
  const wide = (number: number) => ({
    id: `w${number}`,
    match: { ipv4_src: `10.${number >> 8}.${number & 255}.0/24`, udp_dst: { not: ports } },
    actions: ["accept"],
  });

  it("are refused with the limit to raise, alone and in a bundle", async () => {
    const run = await LiveRun.begin(`${limited("rules: 1000, set_elements: 1")}${POLICY}`);
    const { used } = run.tables.memory;
    let flows = 0;
    const add = () => {
      for (; flows < 1000; flows++) run.tables.add("policy", wide(flows));
    };
    const { code, message } = refusal(add);
    expect(code).toBe("LIMIT_EXCEEDED");
    expect(message).toContain("engine.limits.rules");
    expect(flows).toBeGreaterThan(50);
    expect(run.tables.size).toBe(flows);
    const more = Array.from({ length: 100 }, (_, place) => wide(flows + place));
    const small = { id: "small", match: { udp_dst: 53 }, actions: ["accept"] };
    expect(refusal(() => run.tables.bundle(additions([small, ...more]))).code).toBe(code);
    expect(run.tables.size).toBe(flows);
    expect(run.tables.get("policy", "small")).toBeUndefined();
    expect(run.tables.delete({ table: "policy" })).toBe(flows);
    run.end();
    expect(run.tables.memory.used).toBe(used);
  });
});

describe("a mistake in the middle", () => {
  const flow = (number: number, udp: unknown = 1000 + number) => ({
    id: `f${number}`,
    match: { udp_dst: udp },
    actions: ["accept"],
  });
  const mistakes: [what: string, flow: FlowInput, reason: RegExp][] = [
    ["a value", flow(500, 70_000), /udp_dst/],
    ["a field", { ...flow(500), match: { udp_dts: 5 } }, /udp_dts/],
    ["a contradiction", { ...flow(500), match: { udp_dst: 5, ip_proto: 6 } }, /udp_dst|ip_proto/],
    ["an action", { ...flow(500), actions: ["pass"] }, /pass/],
    ["an output outside of ingress", { ...flow(500), actions: [{ output: "wan" }] }, /output/],
    ["a table that is not there", { ...flow(500), actions: [{ goto: "nowhere" }] }, /nowhere/],
  ];
  const all = (wrong: FlowInput) =>
    Array.from({ length: 1000 }, (_, number) => (number === 500 ? wrong : flow(number)));

  it.each(mistakes)("%s: a bundle is refused whole", async (_, wrong, reason) => {
    const run = await LiveRun.begin(`${world()}${POLICY}`);
    const { used } = run.tables.memory;
    const dns = { id: "dns", match: { udp_dst: 53 }, actions: ["accept"] };
    run.tables.add("policy", dns);
    run.send([query()]);
    const flows = flowsOf(run);
    const changes = [{ type: "delete" as const, table: "policy" }, ...additions(all(wrong))];
    const { code, message, place } = refusal(() => run.tables.bundle(changes));
    expect(code).toBe("FLOW_INVALID");
    expect(message).toMatch(reason);
    expect(message).toContain("f500");
    expect(place.pointer).toMatch(/^\/501/);
    expect(flowsOf(run)).toEqual(flows);
    const { cache, ports } = run.send([query()]);
    expect(ports).toEqual(["wan"]);
    expect(cache.hits).toBe(1);
    run.tables.delete({});
    run.end();
    expect(run.tables.memory.used).toBe(used);
  });

  it("again and again, while packets go on: what was staged is given back", async () => {
    const run = await LiveRun.begin(`${world()}${POLICY}`);
    const changes = additions(all({ ...flow(500), actions: ["pass"] }));
    const used = Array.from({ length: 6 }, () => {
      refusal(() => run.tables.bundle(changes));
      run.send([query()]);
      return run.tables.memory.used;
    });
    expect(Math.max(...used)).toBeLessThanOrEqual((used[0] as number) * 2);
    run.end();
  });

  it.each(mistakes)("%s: a configuration is refused whole", async (_, wrong, reason) => {
    const flows = JSON.stringify(all(wrong));
    const text = `${world()}\ntables: { policy: { attach: forward, flows: ${flows} } }`;
    const error = await TestRouter.create(text).then(
      () => undefined,
      (thrown: unknown) => thrown as SluiceError,
    );
    expect(error?.code).toBe("CONFIG_INVALID");
    expect(error?.message).toMatch(reason);
    expect(error?.message).toContain("f500");
    expect(error?.message).toContain("/tables/policy/flows/500");
  });
});

function flowsOf(run: LiveRun): FlowText[] {
  return run.tables.flows().map(({ flow }) => flow);
}

describe("elements of sets", () => {
  const text = `${limited("set_elements: 100")}${POLICY}`;
  const elements = (count: number, network = 0) =>
    Array.from({ length: count }, (_, place) => `10.0.${network}.${place}`);

  it("one more than the limit is refused, and the set is as it was", async () => {
    const run = await LiveRun.begin(text);
    run.tables.add("policy", { match: { ipv4_dst: "@far" }, actions: ["accept"] });
    const { used } = run.tables.memory;
    expect(run.sets.add("far", [FAR.ip4, ...elements(99)])).toBe(100);
    expect(run.send([query()]).ports).toEqual(["wan"]);
    for (const more of [["10.1.1.1"], elements(50, 1)]) {
      const { code, message } = refusal(() => run.sets.add("far", more));
      expect(code).toBe("LIMIT_EXCEEDED");
      expect(message).toContain("engine.limits.set_elements");
      expect(run.sets.size("far")).toBe(100);
      expect(run.sets.has("far", "10.1.1.1")).toBe(false);
    }
    expect(run.sets.add("far", [FAR.ip4])).toBe(0);
    expect(run.send([query()]).ports).toEqual(["wan"]);
    expect(run.sets.delete("far", [FAR.ip4, ...elements(99)])).toBe(100);
    expect(run.send([query()]).drops).toEqual({ "table-miss": 1 });
    run.end();
    expect(run.sets.add("far", elements(100, 2))).toBe(100);
    expect(run.sets.delete("far", elements(100, 2))).toBe(100);
    expect(run.tables.memory.used - used).toBeLessThan(32 * 1024);
  });
});
