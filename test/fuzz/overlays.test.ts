// Hostile packets at bridges and tunnels: no trap, no lost frame, balanced books, copies within
// bounds, nothing the flow cache says wrong, tables unchanged; and the same from several queues.
//
// SLUICE_FUZZ_PACKETS says how many packets there are in all; by default as many as are quick.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import type { FrameSink } from "../../src/memory/outputs.ts";
import type { Region } from "../../src/memory/region.ts";
import { setFlowCacheUse } from "../../src/memory/run.ts";
import type { Statistics } from "../../src/memory/statistics.ts";
import { imbalances } from "../support/accounts.ts";
import { frameLeaks, type RunOptions, TestRouter } from "../support/path.ts";
import { Attack } from "./overlay_attack.ts";
import { overlayWorld } from "./overlay_world.ts";

const PACKETS = Number(process.env.SLUICE_FUZZ_PACKETS ?? 120_000);
const TRACKED = `
conntrack: { fragment_timeout: 1s, max_per_source: 3000 }
`;

/**
 * Frames that one packet may become: the members of a bridge, for a tunnel among them its remotes,
 * once more for each mirror; all that again in each tunnel that is opened, and in fragments.
 */
const MOST_FRAMES = 200;

interface Campaign {
  readonly what: string;
  readonly configuration: string;
  readonly seed: number;
  /** Of all packets. */
  readonly share: number;
  /** Nanoseconds between packets. */
  readonly gap: number;
  readonly options?: RunOptions;
}

const CAMPAIGNS: readonly Campaign[] = [
  {
    what: "IPv4 header checksums verified",
    configuration: overlayWorld({}),
    seed: 1,
    share: 0.3,
    gap: 20_000,
  },
  {
    what: "nothing verified, neighbors resolved",
    configuration: overlayWorld({ engine: "verify_checksums: none", strangers: true }),
    seed: 2,
    share: 0.2,
    gap: 300_000,
    options: { resolve: true },
  },
  {
    what: "connections tracked",
    configuration: overlayWorld({ more: TRACKED }),
    seed: 3,
    share: 0.2,
    gap: 20_000,
  },
  {
    what: "small frames, few of them, connections tracked, nothing verified",
    configuration: overlayWorld({ engine: "verify_checksums: none", more: TRACKED })
      .replace("frame_size: 4096", "frame_size: 1024")
      .replace("frames: 2048", "frames: 300"),
    seed: 4,
    share: 0.2,
    gap: 100_000,
  },
  {
    what: "probe build, all checksums verified",
    configuration: overlayWorld({ engine: "verify_checksums: all" }),
    seed: 5,
    share: 0.1,
    gap: 20_000,
    options: { build: "probe" },
  },
];

/** Regions that only the host writes: a stray store of a kernel would show here. */
const READ_ONLY = [
  layout.REGION_PORTS,
  layout.REGION_VRFS,
  layout.REGION_FORWARDING,
  layout.REGION_BUCKETS,
  layout.REGION_LPM,
];

function tablesOf(region: Region): Buffer[] {
  return READ_ONLY.map((slot) =>
    Buffer.from(region.bytes(region.base(slot), Math.min(region.map.bytes[slot]!, 1 << 20))),
  );
}

interface Outcome {
  readonly statistics: Statistics;
  readonly frames: number;
  readonly broken: number;
  readonly returned: number;
  readonly tablesKept: boolean;
}

function attack(router: TestRouter, campaign: Campaign, packets: number): Outcome {
  const { seed, gap, options = {} } = campaign;
  const attacker = new Attack({ seed, gap, portNumber: (name) => router.portNumber(name) });
  const { frameSize } = router.region.map.sizes;
  const span = router.portNumber("span");
  let frames = 0;
  let broken = 0;
  const sink: FrameSink = (frame, memory) => {
    frames++;
    const { port, length, wireLength } = frame;
    const isDevice = router.model.ports[port]?.kind === "device";
    // Mirrors show what came, however short.
    const least = port === span ? 0 : 14;
    if (!isDevice || length < least || length > wireLength || length > frameSize) broken++;
    attacker.sink(frame, memory);
  };
  const prepare = (region: Region) => setFlowCacheUse(region, "compare");
  const run = router.begin({ ...options, prepare });
  const tables = tablesOf(router.region);
  for (let done = 0; done < packets; ) {
    const chunk = run.takeChunk(sink);
    attacker.fill(chunk, Math.min(256, packets - done));
    run.publish(chunk);
    done += chunk.count;
    run.step(sink);
  }
  const statistics = run.finish(sink);
  const now = tablesOf(router.region);
  const tablesKept = now.every((table, slot) => table.equals(tables[slot]!));
  return { statistics, frames, broken, returned: attacker.returned, tablesKept };
}

describe("bridges and tunnels under attack", () => {
  it.each(CAMPAIGNS)(
    "$what",
    async (campaign) => {
      const count = Math.round(PACKETS * campaign.share);
      const router = await TestRouter.create(campaign.configuration);
      const { statistics, frames, broken, returned, tablesKept } = attack(router, campaign, count);
      const { packets, originated, copied, cache, tunnels, bridges } = statistics;
      expect(packets.received).toBe(count);
      expect(imbalances(statistics)).toEqual([]);
      expect(frameLeaks(router.region)).toEqual([]);
      expect(broken).toBe(0);
      expect(frames).toBe(packets.transmitted + originated.packets + copied.packets);
      expect(tablesKept).toBe(true);
      expect(cache.wrong).toBe(0);
      // An attack that gets nowhere would prove nothing.
      expect(packets.transmitted).toBeGreaterThan(count / 20);
      expect(tunnels.decapsulated.packets).toBeGreaterThan(count / 20);
      expect(tunnels.encapsulated.packets).toBeGreaterThan(count / 4);
      expect(bridges.flooded).toBeGreaterThan(count / 20);
      expect(returned).toBeGreaterThan(count / 20);
      expect(Object.keys(statistics.drops).length).toBeGreaterThan(40);
    },
    3_600_000,
  );

  it("send no more for one packet than there are ports, remotes and mirrors for it", async () => {
    const router = await TestRouter.create(overlayWorld({ more: TRACKED }));
    const attacker = new Attack({ seed: 7, gap: 20_000, portNumber: (n) => router.portNumber(n) });
    let frames = 0;
    let most = 0;
    const sink: FrameSink = (frame, memory) => {
      frames++;
      attacker.sink(frame, memory);
    };
    const run = router.begin();
    for (let done = 0; done < 4000; done++) {
      const chunk = run.takeChunk(sink);
      attacker.fill(chunk, 1);
      run.publish(chunk);
      frames = 0;
      run.step(sink);
      most = Math.max(most, frames);
    }
    expect(imbalances(run.finish(sink))).toEqual([]);
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThan(MOST_FRAMES);
  });
});
