import { describe, expect, it } from "vitest";
import { openFlows, portMasks } from "../../bench/open_flow.ts";

const ROUTER = { tracked: true, translated: true, rules: 0, queues: 1, connections: 1 };

function matched(masks: readonly string[]): number[] {
  const pairs = masks.map((mask) => mask.split("/").map(Number));
  const ports = Array.from({ length: 65536 }, (_, port) => port);
  return ports.filter((port) => pairs.some(([value = 0, mask = 0]) => (port & mask) === value));
}

describe("rules as Open vSwitch's flows", () => {
  it.each([
    [80, 80],
    [0, 1023],
    [1024, 65535],
    [5, 4099],
  ])("ports from %i to %i match masks, and no others do", (low, high) => {
    const masks = portMasks(low === high ? `${low}` : `${low}-${high}`);
    const expected = Array.from({ length: high - low + 1 }, (_, place) => low + place);
    expect(matched(masks)).toEqual(expected);
  });

  it("lets nothing untranslated out where it translates", () => {
    const outward = (flows: string[]) => flows.filter((flow) => flow.endsWith("output:2"));
    const translated = outward(openFlows("/", ROUTER));
    expect(translated).toHaveLength(1);
    expect(translated[0]).toContain("nw_src=203.0.113.2");
    const tracked = outward(openFlows("/", { ...ROUTER, translated: false }));
    expect(tracked[0]).not.toContain("nw_src");
  });

  it("tracks nothing where nothing is to be tracked", () => {
    const flows = openFlows("/", { ...ROUTER, tracked: false, translated: false });
    expect(flows.filter((flow) => flow.includes("actions=ct("))).toEqual([]);
  });
});
