// Real packets through random tables: the same with the flow cache, without it, and with each
// outcome compared.

import { afterAll, describe, expect, it } from "vitest";
import { Engine, type ReplayOptions } from "../../src/engine.ts";
import { OWN, replayFlows, SHARED } from "../replay/flow_fingerprint.ts";
import { captureModel } from "../support/capture_models.ts";

const SEEDS = Array.from({ length: 24 }, (_, place) => 100 + place);
const QUEUES = 2;

const totals = { hits: 0, unfit: 0, evicted: 0, met: 0, metered: 0, expired: 0 };

async function compareUses(seed: number, options: ReplayOptions): Promise<void> {
  const engine = await Engine.create(captureModel(seed, QUEUES));
  try {
    const off = await replayFlows(engine, { ...options, flowCache: "off" });
    for (const flowCache of ["use", "compare"] as const) {
      const { fingerprint, log, result } = await replayFlows(engine, { ...options, flowCache });
      expect(fingerprint, flowCache).toEqual(off.fingerprint);
      if (log !== undefined && off.log !== undefined) expect(log, flowCache).toEqual(off.log);
      const { cache, drops } = result.statistics;
      totals.hits += cache.hits;
      totals.unfit += cache.unfit;
      totals.evicted += cache.evicted;
      totals.metered += drops.meter ?? 0;
      totals.met += Object.values(result.tables).reduce((sum, { packets }) => sum + packets, 0);
    }
    totals.expired += engine.tables.size - engine.tables.flows().length;
  } finally {
    await engine.close();
  }
}

describe("with the flow cache, without it, and compared", () => {
  it.each(SEEDS)("the captures, three times, through tables %i", async (seed) => {
    await compareUses(seed, { captures: OWN, loops: 3, input: ["port0", "port1", "port2"] });
  });

  it.skipIf(SHARED.length === 0)(
    "all captures of ../shared (skipped when they are not there)",
    async () => {
      for (const seed of [201, 202]) await compareUses(seed, { captures: SHARED, loops: 2 });
    },
    120_000,
  );

  afterAll(() => {
    // The comparison is worth something only if all of this has happened.
    for (const [what, count] of Object.entries(totals)) expect(count, what).toBeGreaterThan(200);
  });
});
