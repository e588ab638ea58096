// What the engine remembers does not depend on the number of queues, nor on the flow cache: NAT,
// services, fragments and connections tracked at ingress, replayed by one worker and by many.

import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine, type ReplayOptions, type Statistics } from "../../src/engine.ts";
import { Random } from "../support/random.ts";
import { OWN, replayFlows } from "./flow_fingerprint.ts";
import { temporaryFolder } from "./sources.ts";
import { INTERFACES, writeConversations } from "./stateful_captures.ts";
import { SETUPS } from "./stateful_setups.ts";

const QUEUES = [1, 2, 3, 4, 8] as const;
const CACHES = ["use", "off", "compare"] as const;
const CONVERSATIONS = 900;

const folder = temporaryFolder();
const conversations = join(folder, "conversations.pcapng");

beforeAll(() => writeConversations(conversations, CONVERSATIONS, new Random(41)));

interface Outcome {
  readonly fingerprint: string;
  readonly statistics: Statistics;
}

async function outcomes(engine: Engine, runs: readonly ReplayOptions[]): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (const options of runs) {
    const { result, fingerprint } = await replayFlows(engine, options);
    found.push({
      fingerprint: JSON.stringify(fingerprint, undefined, 1),
      statistics: result.statistics,
    });
  }
  return found;
}

/** The same replays with each number of queues and each use of the flow cache. */
async function compare(setup: string, runs: readonly ReplayOptions[]): Promise<Statistics[]> {
  const write = SETUPS[setup] as (queues: number) => string;
  let first: Outcome[] | undefined;
  for (const queues of QUEUES) {
    const engine = await Engine.create(parseConfiguration(write(queues)));
    try {
      for (const flowCache of CACHES) {
        const options = runs.map((run) => ({ ...run, flowCache }));
        const found = await outcomes(engine, options);
        first ??= found;
        for (const [number, outcome] of found.entries()) {
          const about = `${queues} queues, cache "${flowCache}", replay ${number}`;
          expect(outcome.fingerprint, about).toBe(first[number]?.fingerprint);
        }
      }
    } finally {
      await engine.close();
    }
  }
  return (first as Outcome[]).map(({ statistics }) => statistics);
}

const INPUT = [...INTERFACES];

describe.each(Object.keys(SETUPS))("%s: 1, 2, 3, 4 and 8 queues remember the same", (setup) => {
  it("of interleaved conversations with fragments and errors", async () => {
    const [once] = await compare(setup, [{ captures: [conversations], input: INPUT, loops: 2 }]);
    const { ct, connections, fragments } = once as Statistics;
    expect(Math.min(ct.new, ct.established, ct.related)).toBeGreaterThan(100);
    expect(Math.min(connections.created, connections.expired)).toBeGreaterThan(100);
    expect(fragments.reassembled).toBeGreaterThan(100);
  });

  it("of all captures of the repository", async () => {
    await compare(setup, [{ captures: OWN, input: INPUT, loops: 2 }]);
  });
});
