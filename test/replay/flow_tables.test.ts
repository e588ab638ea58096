// Flow tables do the same with any number of queues, run after run and loop after loop: meters,
// timeouts, groups, sets, rejections, logs and mirrors included.

import { describe, expect, it } from "vitest";
import { Engine } from "../../src/engine.ts";
import { captureModel } from "../support/capture_models.ts";
import { type FlowRun, OWN, replayFlows } from "./flow_fingerprint.ts";

const QUEUES = [2, 3, 4, 8] as const;
const SEEDS = [1, 2, 3, 4, 5];

/** The captures twice through the tables; and once more, which changes nothing. */
async function replayTwice(seed: number, queues: number): Promise<FlowRun> {
  const engine = await Engine.create(captureModel(seed, queues));
  try {
    const options = { captures: OWN, loops: 2 };
    const first = await replayFlows(engine, options);
    const again = await replayFlows(engine, options);
    expect(again.fingerprint, `${queues} queues, again`).toEqual(first.fingerprint);
    expect(again.result.statistics.cache).toEqual(first.result.statistics.cache);
    return first;
  } finally {
    await engine.close();
  }
}

describe("1, 2, 3, 4 and 8 queues", () => {
  it.each(SEEDS)("do the same with tables %i", async (seed) => {
    const alone = await replayTwice(seed, 1);
    for (const queues of QUEUES) {
      const { fingerprint, log, result } = await replayTwice(seed, queues);
      expect(fingerprint, `${queues} queues`).toEqual(alone.fingerprint);
      // What the cache finds depends on shards, and those are the same.
      expect(result.statistics.cache, `${queues} queues`).toEqual(alone.result.statistics.cache);
      if (log !== undefined && alone.log !== undefined) expect(log).toEqual(alone.log);
    }
    expect(alone.result.statistics.cache.hits).toBeGreaterThan(500);
  });
});
