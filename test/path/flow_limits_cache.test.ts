// A million flows of packets in the flow cache: they fit into what is documented, and are found.

import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { temporaryFolder } from "../replay/sources.ts";
import { hostToRouter, world } from "./world.ts";

const FLOWS = 1_000_000;
const ENTRY_BYTES = 128;
/** Where source address and source port are in the frame. */
const SOURCE = 26;
const SOURCE_PORT = 34;

/** One datagram of each of so many flows: other hosts, other ports. */
async function writeFlows(file: string, flows: number): Promise<void> {
  const writer = createCaptureWriter(file, {
    interfaces: [{ name: "lan", linkType: LINKTYPE_ETHERNET }],
  });
  const frame = hostToRouter()
    .ip4({ from: "10.0.0.0", to: "198.51.100.7" })
    .udp({ from: 0, to: 53 })
    .bytes();
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  for (let flow = 0; flow < flows; flow++) {
    view.setUint16(SOURCE + 2, 256 + (flow >>> 5));
    view.setUint16(SOURCE_PORT, 1024 + (flow & 31));
    writer.packet(0, frame, 0, frame.length, frame.length, 1_700_000_000, flow * 100);
  }
  await writer.close();
}

const configuration = (cachedFlows: number) => `
${world().replace("limits: {", `verify_checksums: none, limits: { cached_flows: ${cachedFlows},`)}
tables:
  policy:
    attach: forward
    miss: drop
    flows:
      - { priority: 2, match: { udp_src: 1024, udp_dst: 53, ipv4_dst: 198.51.0.0/16 }, actions: [drop] }
      - { priority: 1, match: { ipv4_src: 10.0.0.0/8, udp_dst: 53 }, actions: [accept] }`;

const capture = join(temporaryFolder(), "flows.pcap");
beforeAll(() => writeFlows(capture, FLOWS));

async function withEngine<T>(cachedFlows: number, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await Engine.create(parseConfiguration(configuration(cachedFlows)));
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

// The second loop meets the flows in the order of the first, which is the worst for a cache that
// is full: what gave way is missed, and in its turn makes something else give way.
it.each([
  [1_048_576, 0.7],
  [2_097_152, 0.95],
])(
  "a million flows in %i entries, of which this share is found again: %f",
  async (entries, share) => {
    const without = await withEngine(0, async ({ memoryBytes }) => memoryBytes);
    await withEngine(entries, async (engine) => {
      const added = engine.memoryBytes - without;
      expect(added).toBeGreaterThanOrEqual(entries * ENTRY_BYTES);
      expect(added).toBeLessThan(entries * ENTRY_BYTES + 2 ** 16);
      const { statistics } = await engine.replay({ captures: [capture], loops: 2 });
      const { packets, cache, drops } = statistics;
      expect(packets.transmitted).toBe((2 * FLOWS * 31) / 32);
      expect(drops).toEqual({ "by-flow": (2 * FLOWS) / 32 });
      expect(cache.hits).toBeGreaterThan(share * FLOWS);
      expect(cache.hits + cache.misses).toBe(2 * FLOWS);
    });
  },
);
