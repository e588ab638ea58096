// Tunnels with several queues: what leaves is the same for any number of them.

import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Engine, parseConfiguration } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { ethernet } from "../support/builder.ts";
import { Random } from "../support/random.ts";
import { temporaryFolder } from "./sources.ts";

const PACKETS = 4000;

const configuration = (queues: number, more: string) => `version: 1
engine: { queues: ${queues}, frames: 3072, limits: { routes: 100, neighbors: 16, next_hops: 16 } }
ports:
  lan: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: [10.0.0.1/24] }
  wan: { device: "pcap:", mac: "02:00:00:00:00:02", addresses: [203.0.113.2/24] }
neighbors:
  - { port: wan, ip: 203.0.113.7, mac: "02:00:00:00:00:07" }
  - { port: vx, ip: 10.99.0.2, mac: "02:00:00:00:99:02" }
routes: [{ to: 10.98.0.0/16, port: numbered }]
tunnels:
  vx: { type: vxlan, vni: 1, local: 203.0.113.2, remote: 203.0.113.7, addresses: [10.99.0.1/24] }
  numbered: { type: gre, remote: 203.0.113.7, sequence: ${more === ""}, df: false }
${more}`;

const folder = temporaryFolder();
const file = join(folder, "inner.pcap");

beforeAll(async () => {
  const random = new Random(5);
  const interfaces = [{ name: "lan", linkType: LINKTYPE_ETHERNET }];
  const writer = createCaptureWriter(file, { interfaces });
  for (let number = 0; number < PACKETS; number++) {
    const from = `10.0.0.${2 + random.below(50)}`;
    const to = random.oneIn(2) ? "10.99.0.2" : `10.98.0.${random.below(200)}`;
    const bytes = ethernet("02:00:00:00:00:01", "02:00:00:00:00:a2")
      .ip4({ from, to })
      .udp({ from: 1000 + random.below(100), to: 53 })
      .payload(20 + random.below(30))
      .bytes();
    writer.packet(0, bytes, 0, bytes.length, bytes.length, 1_700_000_000, number * 1000);
  }
  await writer.close();
});

async function digest(queues: number, more: string): Promise<string | undefined> {
  const engine = await Engine.create(parseConfiguration(configuration(queues, more)));
  try {
    const result = await engine.replay({ captures: [file], input: ["lan"], digest: true });
    expect(result.statistics.tunnels.encapsulated.packets).toBe(PACKETS);
    expect(result.statistics.packets.transmitted).toBe(PACKETS);
    return result.digest;
  } finally {
    await engine.close();
  }
}

describe("several queues", () => {
  it.each(["", "conntrack: {}\n"])("send what one sends: %j", async (more) => {
    const one = await digest(1, more);
    expect(one).toBeTypeOf("string");
    expect(await digest(2, more)).toBe(one);
    expect(await digest(3, more)).toBe(one);
  });
});
