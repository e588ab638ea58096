// Workers take turns where the order of packets decides (assembly/state/turn.ts): what meters and
// idle timeouts decide is the same for any number of workers, with more of them than processors,
// jobs of a few packets, files being written; and a run that is stopped ends.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine, type ReplayOptions } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { ethernet } from "../support/builder.ts";
import { Random } from "../support/random.ts";
import { replayFlows } from "./flow_fingerprint.ts";
import { routedConfiguration, temporaryFolder, writeLargeCapture } from "./sources.ts";

const QUEUES = [1, 2, 3, 8] as const;
const folder = temporaryFolder();
const large = join(folder, "large.pcap");
const idling = join(folder, "idling.pcap");
const few = fileURLToPath(new URL("../../pcaps/router-demo.pcap", import.meta.url));

/** Every packet that is forwarded goes through one of the meters, or all of them. */
const METERED = `
tables:
  policing:
    attach: forward
    flows:
      - { id: all, priority: 9, match: {}, actions: [{ meter: bits }] }
      - { id: udp, priority: 8, match: { ip_proto: udp }, actions: [{ meter: packets }, accept] }
      - { id: rest, priority: 1, match: {}, actions: [{ meter: remarking }, accept] }
  marked:
    attach: postrouting
    flows: [{ id: marked, match: { eth_type: ipv4, ip_dscp: 10 },
        actions: [{ mirror: copies }, accept] }]
meters:
  bits: { rate: 200mbit, burst: 20kB, exceed: drop }
  packets: { rate: 100kpps, burst: 20, exceed: drop }
  remarking: { rate: 80kpps, burst: 9, exceed: { dscp: 10 } }
mirrors: [{ name: copies, to: lan }]
`;

/** Flows that live as long as packets come often enough, and one flow for what is left. */
const IDLING = `
tables:
  policy:
    attach: forward
    miss: drop
    flows:
${[0, 1, 2, 3]
  .map(
    (bits) =>
      `      - { id: f${bits}, priority: 5, match: { eth_type: ipv4, ip_dscp: ${bits} }, ` +
      `idle_timeout: 100ms, actions: [accept] }`,
  )
  .join("\n")}
      - { id: back, priority: 2, match: { eth_type: ipv4, ip_dscp: 0 }, idle_timeout: 60ms, hard_timeout: 2s, actions: [accept] }
`;

/** Packets of many hosts that meet few flows, with gaps close to what those may idle. */
async function writeIdling(file: string): Promise<void> {
  const random = new Random(7);
  const writer = createCaptureWriter(file, {
    interfaces: [{ name: "lan", linkType: LINKTYPE_ETHERNET }],
  });
  let time = 0;
  for (let packet = 0; packet < 4000; packet++) {
    // Rarely a gap that ends one flow or the other, and now and then a step back in time.
    time += random.oneIn(60) ? random.below(90) : random.below(2);
    const shown = Math.max(0, time - (random.oneIn(9) ? random.below(20) : 0));
    const service = random.oneIn(40) ? 12 : random.below(3) * 4;
    const addresses = { from: `10.0.0.${2 + random.below(200)}`, to: "198.51.100.7" };
    const frame = ethernet("02:00:00:00:00:01", "02:00:00:00:00:a2")
      .ip4({ ...addresses, service })
      .udp({ from: 1000 + random.below(5000), to: 53 })
      .payload(16)
      .bytes();
    const seconds = 1_700_000_000 + Math.floor(shown / 1000);
    writer.packet(0, frame, 0, frame.length, frame.length, seconds, (shown % 1000) * 1e6);
  }
  await writer.close();
}

beforeAll(async () => {
  await writeLargeCapture(large, 10_000);
  await writeIdling(idling);
});

async function withEngine(tables: string, queues: number, use: (engine: Engine) => Promise<void>) {
  const model = parseConfiguration(`${routedConfiguration(queues)}${tables}`);
  const engine = await Engine.create(model);
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

async function compareQueues(tables: string, options: ReplayOptions): Promise<void> {
  const found: object[] = [];
  for (const queues of QUEUES) {
    await withEngine(tables, queues, async (engine) => {
      for (const flowCache of ["use", "off"] as const) {
        const { fingerprint } = await replayFlows(engine, { ...options, flowCache });
        found.push(fingerprint);
      }
    });
  }
  expect(new Set(found.map((one) => JSON.stringify(one))).size).toBe(1);
}

describe("1, 2, 3 and 8 queues decide the same", () => {
  it("every packet metered", async () => {
    await compareQueues(METERED, { captures: [large], loops: 2 });
  });

  it("jobs of a few packets each", async () => {
    const captures = Array.from({ length: 60 }, () => few.replace("router-demo", "gre"));
    await compareQueues(METERED, { captures: [...captures, few, ...captures], loops: 2 });
  });

  it("flows that idle until they are gone", async () => {
    await compareQueues(IDLING, { captures: [idling], loops: 2 });
  });
});

it("flows that idle are found idle, and not at once", async () => {
  await withEngine(IDLING, 3, async (engine) => {
    const { result } = await replayFlows(engine, { captures: [idling] });
    const { policy } = result.tables;
    expect(policy!.flows).toBeLessThan(5);
    expect(policy!.packets).toBeGreaterThan(300);
    expect(result.statistics.drops["table-miss"]).toBeGreaterThan(300);
  });
});

it("the captures written are the same to the byte", async () => {
  const hashes: string[] = [];
  for (const queues of [1, 8]) {
    const outputs = {
      lan: join(folder, `lan${queues}.pcap`),
      wan: join(folder, `wan${queues}.pcapng`),
    };
    await withEngine(METERED, queues, async (engine) => {
      await engine.replay({ captures: [large], outputs });
    });
    const hash = createHash("sha256");
    for (const file of Object.values(outputs)) hash.update(readFileSync(file));
    hashes.push(hash.digest("hex"));
  }
  expect(hashes[0]).toBe(hashes[1]);
});

describe("a run that is stopped ends, and the next one is whole", () => {
  it.each([0, 1, 5, 20, 60])("after %i ms", async (milliseconds) => {
    await withEngine(METERED, 8, async (engine) => {
      const whole = await replayFlows(engine, { captures: [large] });
      const signal = AbortSignal.timeout(milliseconds);
      const stopped = await engine.replay({ captures: [large], loops: 1000, signal, digest: true });
      expect(stopped.interrupted).toBe(true);
      const again = await replayFlows(engine, { captures: [large] });
      expect(again.fingerprint).toEqual(whole.fingerprint);
    });
  });

  it("while packets wait for their time", async () => {
    await withEngine(METERED, 4, async (engine) => {
      const signal = AbortSignal.timeout(30);
      const pace = { kind: "packets", perSecond: 2000 } as const;
      const { interrupted } = await engine.replay({ captures: [large], pace, signal });
      expect(interrupted).toBe(true);
    });
  });
});

it("a run at a pace decides the same", async () => {
  await withEngine(METERED, 3, async (engine) => {
    const fast = await replayFlows(engine, { captures: [large] });
    const pace = { kind: "packets", perSecond: 20_000 } as const;
    const paced = await replayFlows(engine, { captures: [large], pace });
    expect(paced.fingerprint).toEqual(fast.fingerprint);
  });
});
