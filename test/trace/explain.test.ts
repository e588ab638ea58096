// Traces of single packets, through the production data path of a whole engine.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { passThroughModel } from "../../src/config/passthrough.ts";
import { Engine, loadConfiguration, type Model, parseConfiguration } from "../../src/engine.ts";
import type { Trace, TraceStep } from "../../src/trace/explain.ts";
import { formatTrace } from "../../src/trace/text.ts";
import { collect } from "../io/collect.ts";

const DEMO = fileURLToPath(new URL("../../pcaps/router-demo.pcap", import.meta.url));
const ROUTER = fileURLToPath(new URL("../../examples/router.yaml", import.meta.url));

/** Where fields of an untagged IPv4 packet are in its hex. */
const DESTINATION4 = [60, 68] as const;
const TTL4 = [44, 46] as const;

type Match = (hex: string) => boolean;

let packets: readonly string[];
beforeAll(async () => {
  packets = (await collect(DEMO)).packets.map(({ hex }) => hex);
});

/** Number, from 1, of the first packet of the demo capture that matches. */
function numberOf(match: Match): number {
  const place = packets.findIndex(match);
  if (place < 0) throw new Error("the demo capture has no such packet");
  return place + 1;
}

const to =
  (address: string): Match =>
  (hex) =>
    hex.slice(24, 28) === "0800" && hex.slice(...DESTINATION4) === address;

function namesOf({ steps }: Trace): string[] {
  return steps.map(({ step }) => step);
}

function stepOf({ steps }: Trace, name: string): TraceStep {
  const found = steps.find(({ step }) => step === name);
  if (found === undefined) throw new Error(`no step '${name}'`);
  return found;
}

const engines: Engine[] = [];
async function engineOf(model: Model): Promise<Engine> {
  const engine = await Engine.create(model);
  engines.push(engine);
  return engine;
}
afterAll(async () => {
  for (const engine of engines) await engine.close();
});

describe("in the example router", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await engineOf(await loadConfiguration(ROUTER));
  });
  const trace = (match: Match) => engine.trace({ captures: [DEMO], input: "lan" }, numberOf(match));

  it("a forwarded packet shows route, neighbor and rewriting", async () => {
    const found = await trace(to("c6336401"));
    expect(namesOf(found)).toEqual(
      "receive parse admit route forward neighbor rewrite verdict".split(" "),
    );
    expect(stepOf(found, "receive").facts).toEqual({
      port: "lan",
      length: 60,
      time: "2026-01-01T00:00:00.000000000Z",
    });
    expect(stepOf(found, "parse").facts).toMatchObject({
      ether_source: "02:00:00:00:00:a2",
      ether_type: "IPv4 (0x0800)",
      source: "10.0.0.2",
      destination: "198.51.100.1",
      protocol: "TCP (6)",
      ttl: 64,
      source_port: 40000,
      destination_port: 80,
      tcp_flags: "SYN",
    });
    expect(stepOf(found, "route").facts).toEqual({
      vrf: "main",
      destination: "198.51.100.1",
      prefix: "0.0.0.0/0",
      type: "unicast",
      gateway: "203.0.113.1",
      port: "wan",
    });
    expect(stepOf(found, "neighbor").facts).toMatchObject({ mac: "02:00:00:00:00:fe" });
    expect(stepOf(found, "rewrite").facts).toEqual({
      ether_source: "02:00:00:00:00:a2 -> 02:00:00:00:00:02",
      ether_destination: "02:00:00:00:00:01 -> 02:00:00:00:00:fe",
      ttl: "64 -> 63",
      header_checksum: "0x4699 -> 0x4799",
    });
    expect(stepOf(found, "verdict").facts.result).toBe("transmitted by wan");
  });

  it("shard and flow hash agree", async () => {
    const { flow_hash, shard } = stepOf(await trace(to("c6336401")), "parse").facts;
    expect(Number(flow_hash) >>> 25).toBe(shard);
  });

  it("an ECMP route names the member chosen", async () => {
    const found = await trace(to("0a010709"));
    const { ecmp, gateway, prefix } = stepOf(found, "route").facts;
    expect(prefix).toBe("10.1.0.0/16");
    expect(ecmp).toMatch(/^member [12] of 2, bucket \d+ of 128 \((85|43) are its own\)$/);
    expect(gateway).toMatch(/^10\.0\.0\.[23]$/);
    expect(stepOf(found, "neighbor").facts.ip).toBe(gateway);
  });

  it("TTL exceeded shows the ICMP error that is sent", async () => {
    const found = await trace((hex) => hex.slice(24, 28) === "0800" && hex.slice(...TTL4) === "01");
    expect(stepOf(found, "forward")).toMatchObject({
      verdict: "drop: ttl-exceeded",
      facts: { ttl: 1, reason: expect.stringMatching(/ran out/) },
    });
    expect(namesOf(found).slice(-2)).toEqual(["verdict", "respond"]);
    expect(stepOf(found, "respond")).toMatchObject({
      verdict: "transmit",
      facts: {
        port: "lan",
        source: "10.0.0.1",
        destination: "10.0.0.2",
        icmp: "time exceeded (11/0)",
      },
    });
  });

  it("an echo to the router is answered", async () => {
    const found = await trace((hex) => to("0a000001")(hex) && hex.slice(46, 48) === "01");
    expect(stepOf(found, "route").facts).toMatchObject({ prefix: "10.0.0.1/32", type: "local" });
    expect(stepOf(found, "checksum").facts).toEqual({ transport_checksum: "right" });
    expect(stepOf(found, "local")).toMatchObject({
      verdict: "consume",
      facts: { result: "echo request (8/0): answered" },
    });
    expect(stepOf(found, "respond").facts.icmp).toBe("echo reply (0/0)");
  });

  it("ARP for the router is answered", async () => {
    const found = await trace((hex) => hex.slice(24, 28) === "0806");
    expect(stepOf(found, "parse").facts).toMatchObject({
      arp: "request",
      arp_sender: "10.0.0.2 at 02:00:00:00:00:a2",
      arp_target: "10.0.0.1",
    });
    expect(stepOf(found, "local").facts.result).toBe("ARP: answered");
    expect(stepOf(found, "respond").facts).toMatchObject({
      arp: "reply",
      arp_sender: "10.0.0.1 at 02:00:00:00:00:01",
    });
  });

  it("IPv6 shows the hop limit and a link-local gateway", async () => {
    const found = await trace((hex) => hex.slice(24, 28) === "86dd");
    expect(stepOf(found, "parse").facts).toMatchObject({ ip_version: 6, hop_limit: 64 });
    expect(stepOf(found, "route").facts).toMatchObject({ prefix: "::/0", gateway: "fe80::1" });
    expect(stepOf(found, "rewrite").facts.hop_limit).toBe("64 -> 63");
  });

  it.each<[string, Match, string, string, object]>([
    ["a blackhole", to("c0000250"), "route", "blackhole", { prefix: "192.0.2.0/24" }],
    ["a martian", (hex) => hex.slice(52, 60) === "7f000001", "route", "martian-source", {}],
    ["an unknown neighbor", to("cb00714d"), "neighbor", "no-neighbor", { mac: "unknown" }],
    ["a VLAN tag", (hex) => hex.slice(24, 28) === "8100", "admit", "vlan-unknown", {}],
    [
      "a wrong checksum",
      (hex) => to("c6336404")(hex) && hex.slice(68, 72) === "0458",
      "parse",
      "ip4-bad-checksum",
      { source: "10.0.0.2", destination: "198.51.100.4" },
    ],
    ["a cut frame", (hex) => hex.length === 60, "parse", "ip4-bad-header-length", {}],
  ])("%s ends where it is dropped, with the reason", async (_, match, step, reason, facts) => {
    const found = await trace(match);
    expect(stepOf(found, step)).toMatchObject({ verdict: `drop: ${reason}`, facts });
    expect(stepOf(found, "verdict").facts).toMatchObject({
      result: `dropped: ${reason}`,
      reason: expect.stringMatching(/\.$/),
    });
  });

  it("tags and fragments are shown", async () => {
    const tagged = await trace((hex) => hex.slice(24, 28) === "8100");
    expect(stepOf(tagged, "parse").facts).toMatchObject({
      vlan: "20",
      ether_type: "802.1Q (0x8100)",
    });
    const first = await trace((hex) => hex.slice(40, 44) === "2000");
    expect(stepOf(first, "parse").facts.fragment).toBe("offset 0, more follow");
    const last = await trace((hex) => hex.slice(40, 44) === "0021");
    expect(stepOf(last, "parse").facts.fragment).toBe("offset 264, the last");
  });

  it("the text has a line for each step and aligned facts below it", async () => {
    const lines = formatTrace(await trace(to("c0000250"))).split("\n");
    const heads = lines.filter((line) => !line.startsWith(" "));
    expect(heads).toEqual([
      "receive  continue",
      "parse    continue",
      "admit    continue",
      "route    drop: blackhole",
      "verdict  drop: blackhole",
    ]);
    expect(lines).toContain("         prefix       192.0.2.0/24");
    expect(lines.at(-1)).toBe("         reason  The route is a blackhole: dropped in silence.");
  });

  it("a frame given as bytes takes the way of the same frame in a capture", async () => {
    const match = to("c6336401");
    const frame = Buffer.from(packets[numberOf(match) - 1] ?? "", "hex");
    const given = await engine.traceFrame(frame, { input: "lan" });
    const captured = await trace(match);
    expect(given.steps.slice(1)).toEqual(captured.steps.slice(1));
    expect(stepOf(given, "receive").facts.time).toBe("1970-01-01T00:00:00.000000000Z");
  });

  it("a packet beyond the capture's end is refused", async () => {
    await expect(engine.trace({ captures: [DEMO] }, 100_000)).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});

describe("elsewhere", () => {
  it("no route: nothing matches, and the sender is told", async () => {
    const engine = await engineOf(
      parseConfiguration(`
version: 1
engine: { limits: { routes: 100 } }
ports:
  lan: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: [10.0.0.1/24] }
neighbors:
  - { port: lan, ip: 10.0.0.2, mac: "02:00:00:00:00:a2" }
`),
    );
    const found = await engine.trace({ captures: [DEMO] }, 1);
    expect(stepOf(found, "route")).toMatchObject({
      verdict: "drop: no-route",
      facts: { prefix: "none matches" },
    });
    expect(stepOf(found, "respond").facts.icmp).toBe("network unreachable (3/0)");
  });

  it("a cross-connect hands the frame to the other port", async () => {
    const engine = await engineOf(passThroughModel());
    const found = await engine.trace({ captures: [DEMO] }, 5);
    expect(namesOf(found)).toEqual(["receive", "parse", "track", "cross-connect", "verdict"]);
    expect(stepOf(found, "cross-connect").facts).toEqual({ port: "output" });
  });

  it("every packet of the demo capture can be explained, on several queues", async () => {
    const model = await loadConfiguration(ROUTER);
    const engine = await engineOf({ ...model, engine: { ...model.engine, queues: 2 } });
    for (let number = 1; number <= packets.length; number += 29) {
      const { steps } = await engine.trace({ captures: [DEMO], input: "lan" }, number);
      expect(steps[0]?.step).toBe("receive");
      expect(steps.map(({ step }) => step)).toContain("verdict");
    }
  });
});
