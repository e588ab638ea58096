// Tables, sets and routes that change while packets go through them: every cached outcome is
// compared with classifying, no packet is lost count of, no frame is lost, bundles appear whole.

import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine, type ReplayOptions, type ReplayResult } from "../../src/engine.ts";
import { imbalances } from "../support/accounts.ts";
import { Random } from "../support/random.ts";
import { change, changingConfiguration, empty } from "./flow_changes.ts";
import { OWN } from "./flow_fingerprint.ts";
import { routedConfiguration } from "./sources.ts";

async function withEngine(text: string, use: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await Engine.create(parseConfiguration(text));
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

/** Replays, and calls `between` again and again until the replay is over. */
async function replayWhile(
  engine: Engine,
  options: ReplayOptions,
  between: () => void,
): Promise<ReplayResult> {
  let running = true;
  const replay = engine.replay(options).finally(() => {
    running = false;
  });
  while (running) {
    between();
    await setImmediate();
  }
  return replay;
}

describe.each([1, 2, 4])("%i queues", (queues) => {
  it("random changes", async () => {
    await withEngine(changingConfiguration(queues), async (engine) => {
      const random = new Random(queues);
      const { used } = engine.tables.memory;
      let changes = 0;
      const options = { captures: OWN, loops: 30, flowCache: "compare" } as const;
      const { statistics } = await replayWhile(engine, options, () => {
        for (let count = random.below(6); count > 0; count--) {
          if (!change(random, engine)) changes++;
        }
      });
      expect(imbalances(statistics)).toEqual([]);
      expect(statistics.cache.wrong).toBe(0);
      expect(statistics.drops["no-frame"]).toBeUndefined();
      expect(statistics.copied.lost).toBe(0);
      expect(statistics.cache.hits).toBeGreaterThan(10_000);
      expect(statistics.cache.renewed).toBeGreaterThan(100);
      expect(changes).toBeGreaterThan(50);
      empty(engine);
      expect(engine.tables.size).toBe(0);
      // Less than at first: the flow and the elements of the configuration are gone, too.
      expect(engine.tables.memory.used).toBeLessThan(used);
    });
  });
});

describe("a bundle", () => {
  const text = (queues: number) => `${routedConfiguration(queues)}
tables:
  policy:
    attach: forward
    miss: drop
    flows: [{ id: a0, priority: 5, match: {}, actions: [accept] }]`;

  it.each([1, 3])("appears at once to every packet, %i queues", async (queues) => {
    await withEngine(text(queues), async (engine) => {
      let turn = 0;
      const captures = [fileURLToPath(new URL("../../pcaps/router-demo.pcap", import.meta.url))];
      const options = { captures, loops: 300, flowCache: "compare" } as const;
      const { statistics } = await replayWhile(engine, options, () => {
        // In between, after the first change alone, every packet would be dropped.
        const flow = {
          id: `a${turn + 1}`,
          priority: 5 + (turn % 3),
          match: {},
          actions: ["accept"],
        };
        engine.tables.bundle([
          { type: "delete", table: "policy", id: `a${turn}` },
          { type: "add", table: "policy", flow },
        ]);
        turn++;
      });
      expect(turn).toBeGreaterThan(20);
      expect(statistics.drops["table-miss"]).toBeUndefined();
      expect(statistics.cache.wrong).toBe(0);
      expect(imbalances(statistics)).toEqual([]);
    });
  });
});
