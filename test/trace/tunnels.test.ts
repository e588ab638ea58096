// Traces of packets that go into tunnels and come out of them.

import { describe, expect, it } from "vitest";
import { Engine, parseConfiguration } from "../../src/engine.ts";
import { ethernet } from "../support/builder.ts";
import { concat, u32 } from "../support/octets.ts";

const CONFIGURATION = `version: 1
engine: { frames: 64, frame_size: 2048, limits: { routes: 100, neighbors: 16, next_hops: 16 } }
ports:
  lan: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: [10.0.0.1/24] }
  wan: { device: "pcap:", mac: "02:00:00:00:00:02", addresses: [203.0.113.2/24] }
neighbors:
  - { port: lan, ip: 10.0.0.2, mac: "02:00:00:00:00:a2" }
  - { port: wan, ip: 203.0.113.7, mac: "02:00:00:00:00:07" }
  - { port: vx, ip: 10.99.0.2, mac: "02:00:00:00:99:02" }
tunnels:
  vx:
    { type: vxlan, vni: 100, local: 203.0.113.2, remote: 203.0.113.7, mac: "02:00:00:00:00:99",
      addresses: [10.99.0.1/24] }
`;
const UDP = { from: 1000, to: 53 };

async function steps(port: string, frame: Uint8Array) {
  const engine = await Engine.create(parseConfiguration(CONFIGURATION));
  try {
    return (await engine.traceFrame(frame, { input: port })).steps;
  } finally {
    await engine.close();
  }
}

describe("a trace", () => {
  it("names the tunnel a packet is put into, and shows the outer packet", async () => {
    const packet = ethernet("02:00:00:00:00:01", "02:00:00:00:00:a2")
      .ip4({ from: "10.0.0.2", to: "10.99.0.2" })
      .udp(UDP)
      .payload(20)
      .bytes();
    const found = (await steps("lan", packet)).find(({ step }) => step === "encapsulate");
    expect(found?.facts).toMatchObject({ port: "vx", tunnel: "vxlan" });
  });

  it("names the tunnel a packet came out of, and goes on with what was in it", async () => {
    const inner = ethernet("02:00:00:00:00:99", "02:00:00:00:99:02")
      .ip4({ from: "10.99.0.2", to: "10.0.0.2" })
      .udp(UDP)
      .payload(20)
      .bytes();
    const outer = ethernet("02:00:00:00:00:02", "02:00:00:00:00:07")
      .ip4({ from: "203.0.113.7", to: "203.0.113.2" })
      .udp({ from: 50_000, to: 4789 })
      .payload(concat([8, 0, 0, 0], u32(100 * 256), inner));
    const found = await steps("wan", outer.bytes());
    const at = found.findIndex(({ step }) => step === "decapsulate");
    expect(found[at]?.facts).toEqual({ port: "vx", length: inner.length });
    expect(found[at + 1]).toMatchObject({ step: "parse" });
    expect(found.at(-1)).toMatchObject({ step: "verdict", verdict: "transmit" });
  });
});
