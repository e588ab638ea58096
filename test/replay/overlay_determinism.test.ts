// Random bridges, tunnels and mirrors: the books balance, the flow cache is right, and any number
// of queues sends what one sends.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { Engine, parseConfiguration } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { imbalances } from "../support/accounts.ts";
import { randomArrivals, randomOverlay } from "../support/overlay_traffic.ts";
import { type Arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import { temporaryFolder } from "./sources.ts";

const INPUT = ["p1", "p2", "p3", "wan"];
const folder = temporaryFolder();

async function write(file: string, arrivals: readonly Arrival[]): Promise<void> {
  const interfaces = INPUT.map((name) => ({ name, linkType: LINKTYPE_ETHERNET }));
  const writer = createCaptureWriter(file, { interfaces });
  for (const { bytes, port, time = 0 } of arrivals) {
    const nanoseconds = Math.round(time * 1e9);
    const seconds = 1_700_000_000 + Math.floor(nanoseconds / 1e9);
    const { length } = bytes;
    writer.packet(INPUT.indexOf(port), bytes, 0, length, length, seconds, nanoseconds % 1e9);
  }
  await writer.close();
}

async function replay(seed: number, queues: number, file: string) {
  const model = parseConfiguration(randomOverlay(new Random(seed), queues));
  const engine = await Engine.create(model);
  try {
    const { digest, statistics, failure } = await engine.replay({
      captures: [file],
      input: INPUT,
      digest: true,
    });
    expect(failure).toBeUndefined();
    expect(imbalances(statistics)).toEqual([]);
    const { packets, drops, copied, originated, mirrored, bridges, tunnels } = statistics;
    const counts = { packets, drops, copied, originated, mirrored, bridges, tunnels };
    return { digest, counts, stations: engine.fdb() };
  } finally {
    await engine.close();
  }
}

const seeds = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe("random bridges, tunnels and mirrors", () => {
  it.each(seeds(1, 24))("balance the books and lose no frame: %i", async (seed) => {
    const router = await TestRouter.create(randomOverlay(new Random(seed), 1));
    const arrivals = randomArrivals(new Random(seed + 1000), 400);
    const { region } = router;
    const prepare = () => {
      const mode = region.getU32(layout.CONTROL_MODE) | layout.MODE_CHECK_CACHE;
      region.setU32(layout.CONTROL_MODE, mode);
    };
    const resolve = seed % 2 === 0;
    const { statistics } = router.run(arrivals, { prepare, resolve, stepwise: seed % 3 === 0 });
    expect(imbalances(statistics)).toEqual([]);
    expect(frameLeaks(region)).toEqual([]);
    expect(statistics.cache.wrong).toBe(0);
    expect(statistics.packets.transmitted).toBeGreaterThan(20);
  });

  it.each(seeds(101, 5))("send the same for 1, 2 and 3 queues: %i", async (seed) => {
    const file = join(folder, `${seed}.pcapng`);
    await write(file, randomArrivals(new Random(seed + 1000), 1500));
    const one = await replay(seed, 1, file);
    expect(await replay(seed, 2, file)).toEqual(one);
    expect(await replay(seed, 3, file)).toEqual(one);
    expect(one.counts.tunnels.encapsulated.packets).toBeGreaterThan(100);
  });
});
