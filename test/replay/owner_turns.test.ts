// Limits of zones and sources with any number of workers: a source's connections are of all shards,
// and yet each is allowed or refused as one worker would.

import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { FAR, hostToRouter, world } from "../path/world.ts";
import { Random } from "../support/random.ts";
import { replayFlows } from "./flow_fingerprint.ts";
import { temporaryFolder } from "./sources.ts";

const QUEUES = [1, 2, 5] as const;
const PACKETS = 12_000;
const folder = temporaryFolder();
const file = join(folder, "sources.pcap");

const configuration = (queues: number) => `
${world({ engine: `queues: ${queues}` }).replace("frames: 256", `frames: ${queues * 128}`)}
conntrack: { max_per_source: 8, zone_limits: { 0: 150 } }
`;

/** Connections come and go: UDP's last half a minute, and the capture a few minutes. */
async function writeQueries(): Promise<void> {
  const random = new Random(4);
  const interfaces = [{ name: "lan", linkType: LINKTYPE_ETHERNET }];
  const writer = createCaptureWriter(file, { interfaces });
  for (let packet = 0; packet < PACKETS; packet++) {
    const from = `10.0.0.${2 + random.below(packet % 3000 < 1500 ? 30 : 10)}`;
    const ports = { from: 1000 + random.below(40), to: 53 };
    const bytes = hostToRouter().ip4({ from, to: FAR.ip4 }).udp(ports).bytes();
    const time = packet * 20;
    const seconds = 1_700_000_000 + Math.floor(time / 1000);
    writer.packet(0, bytes, 0, bytes.length, bytes.length, seconds, (time % 1000) * 1_000_000);
  }
  await writer.close();
}

beforeAll(writeQueries);

it(`${QUEUES.join(", ")} queues refuse the same connections`, async () => {
  const found: object[] = [];
  for (const queues of QUEUES) {
    const engine = await Engine.create(parseConfiguration(configuration(queues)));
    try {
      const options = { captures: [file], input: ["lan"] };
      const { result, fingerprint } = await replayFlows(engine, options);
      const { drops, connections } = result.statistics;
      expect(drops["source-limit"]).toBeGreaterThan(100);
      expect(drops["zone-limit"]).toBeGreaterThan(100);
      expect(connections.expired).toBeGreaterThan(100);
      found.push({ ...fingerprint, drops });
    } finally {
      await engine.close();
    }
  }
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
});
