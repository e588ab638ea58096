// engine.flows with the whole engine: what a run leaves in the table, what it told on the way, what
// its packets were traced to have met.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import {
  type ConnectionEvent,
  Engine,
  formatConnection,
  parseConfiguration,
} from "../../src/engine.ts";
import { linkOf } from "../../src/policy/link.ts";
import { buildFrame } from "../../src/policy/packet_frame.ts";
import { parsePacketText } from "../../src/policy/packet_text.ts";

const NAT = (queues: number) => `version: 1
engine: { queues: ${queues}, frames: 256, limits: { routes: 64, neighbors: 16, flows: 4096 } }
ports:
  lan: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: [10.0.0.1/24] }
  wan: { device: "pcap:", mac: "02:00:00:00:00:02", addresses: [203.0.113.2/24] }
neighbors:
  - { port: lan, ip: 10.0.0.2, mac: "02:00:00:00:00:a2" }
  - { port: wan, ip: 203.0.113.1, mac: "02:00:00:00:00:fe" }
routes: [{ to: 0.0.0.0/0, via: 203.0.113.1 }]
tables:
  nat:
    attach: postrouting
    flows: [{ id: masq, priority: 1, match: { out_port: wan }, actions: [masquerade] }]
`;
const START = 1_000_000_000n;
const PACKETS: readonly (readonly [seconds: number, port: string, text: string])[] = [
  [0, "lan", "udp 10.0.0.2:5000 > 198.51.100.1:53 len 10"],
  [0, "wan", "udp 198.51.100.1:53 > 203.0.113.2:5000 len 90"],
  [1, "lan", "tcp 10.0.0.2:1234 > 198.51.100.1:80 syn seq 1"],
  [2, "lan", "icmp 10.0.0.2 > 198.51.100.1 echo id 7 seq 1"],
  [40, "lan", "tcp 10.0.0.2:1235 > 198.51.100.1:80 syn seq 1"],
];

async function runAll(queues: number) {
  const model = parseConfiguration(NAT(queues));
  const engine = await Engine.create(model);
  try {
    const events: ConnectionEvent[] = [];
    engine.flows.follow((event) => events.push(event));
    const frames = PACKETS.map(([seconds, port, text]) => {
      const packet = parsePacketText(text);
      const number = model.ports.findIndex(({ name }) => name === port);
      const bytes = buildFrame(packet, linkOf(packet, number, model));
      return { bytes, port, time: (START + BigInt(seconds)) * 1_000_000_000n };
    });
    const outcomes = await engine.traceFrames(frames);
    const lines = engine.flows.list().map(formatConnection).sort();
    const udp = engine.flows.list({ protocol: "udp" })[0];
    const deleted = await engine.flows.delete({ protocol: "udp" });
    const left = engine.flows.count();
    return { events, outcomes, lines, udp, deleted, left };
  } finally {
    await engine.close();
  }
}

it("lists, follows, traces and deletes what a run has made", async () => {
  const { events, outcomes, lines, udp, deleted, left } = await runAll(1);
  // The echo's 30 seconds are over by the last packet; the datagrams' stream is not two-way long.
  expect(lines.filter((line) => line.startsWith("tcp"))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith("icmp"))).toEqual([]);
  const made = events.filter(({ event }) => event === "new");
  expect(made.map(({ connection }) => connection.protocol)).toEqual(["udp", "tcp", "icmp", "tcp"]);
  expect(made[0]?.connection.nat).toEqual({ source: "10.0.0.2:5000 -> 203.0.113.2:5000" });
  const states = outcomes.map(({ trace }) => {
    return trace.steps.find(({ step }) => step === "track")?.facts.ct_state;
  });
  expect(states[0]).toBe("new,tracked");
  expect(states[1]).toMatch(/^established,reply,.*tracked$/);
  const [first, second] = outcomes;
  const snat = first?.trace.steps.find(({ step }) => step === "snat");
  expect(snat?.facts).toEqual({ ipv4_src: "10.0.0.2 -> 203.0.113.2" });
  expect(first?.sent.map(({ port }) => port)).toEqual(["wan"]);
  expect(second?.sent.map(({ port }) => port)).toEqual(["lan"]);
  expect(deleted).toBe(udp === undefined ? 0 : 1);
  expect(left).toBe(2);
});

it("tells the same for any number of queues", async () => {
  const [one, two] = [await runAll(1), await runAll(2)];
  expect(two.lines).toEqual(one.lines);
  expect(two.events).toEqual(one.events);
  expect(two.outcomes.map(({ sent }) => sent)).toEqual(one.outcomes.map(({ sent }) => sent));
});

it("a replay's result adds up", async () => {
  const text = NAT(2).replace("version: 1", "version: 1\nconntrack: { timeouts: { udp: 1s } }");
  const engine = await Engine.create(parseConfiguration(text));
  try {
    const capture = fileURLToPath(new URL("../../pcaps/router-demo.pcap", import.meta.url));
    const { connections } = await engine.replay({ captures: [capture], input: "lan" });
    const { active = 0, created, expired = 0, evicted = 0, deleted = 0 } = connections ?? {};
    expect(created).toBeGreaterThan(10);
    expect(active + expired + evicted + deleted).toBe(created);
    expect(engine.flows.count()).toBe(active);
  } finally {
    await engine.close();
  }
});
