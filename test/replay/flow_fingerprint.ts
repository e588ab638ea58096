// What must be the same of two replays through the same flow tables.

import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Engine, LogEntry, ReplayOptions, ReplayResult } from "../../src/engine.ts";
import { imbalances } from "../support/accounts.ts";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";

/** Of link types that are refused. */
const REFUSED = /netlink|80211/;

function files(captures: readonly CaptureFile[]): string[] {
  return captures.filter(({ name }) => !REFUSED.test(name)).map(({ url }) => fileURLToPath(url));
}

/** The captures of the repository, and those of ../shared, none when it is not there. */
export const OWN = files(ownCaptures());
export const SHARED = files(sharedCaptures());

export interface FlowRun {
  readonly result: ReplayResult;
  /** Frames, verdicts, drops, and what flows, groups and meters have counted. */
  readonly fingerprint: object;
  /** What was logged; undefined when not all of it could be read in time. */
  readonly log: readonly string[] | undefined;
}

/** Replays, checks the books, and sums up. */
export async function replayFlows(engine: Engine, options: ReplayOptions): Promise<FlowRun> {
  const log: string[] = [];
  const onLog = ({ packet, point, table, flow, text, output }: LogEntry) => {
    log.push(`${packet} ${point} ${table} ${flow} ${text} ${output}`);
  };
  const result = await engine.replay({ digest: true, ...options, onLog });
  const { digest, statistics, tables, groups, meters, counters } = result;
  expect(imbalances(statistics)).toEqual([]);
  expect(statistics.drops["no-frame"]).toBeUndefined();
  const { cache, log: logged, ...rest } = statistics;
  expect(cache.wrong).toBe(0);
  const flows = engine.tables.flows().map(({ flow, packets, bytes, lastHit }) => {
    return `${flow.id} ${packets} ${bytes} ${lastHit}`;
  });
  const fingerprint = {
    digest,
    statistics: { ...rest, logged: logged.entries + logged.lost, limited: logged.limited },
    counts: { tables, groups, meters, counters },
    flows,
  };
  return { result, fingerprint, log: logged.lost === 0 ? log : undefined };
}
