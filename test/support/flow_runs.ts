// Runs of a router with flow tables: what came out for each packet, and what the flows counted.

import * as layout from "../../assembly/layout.ts";
import type { Statistics } from "../../src/memory/statistics.ts";
import { toHex } from "./octets.ts";
import type { Arrival, Departure, TestRouter } from "./path.ts";

/** How outcomes are found: in the cache where it has them, never, or both and compared. */
export const CACHE_MODES = {
  cached: 0,
  uncached: layout.MODE_NO_CACHE,
  checked: layout.MODE_CHECK_CACHE,
} as const;
export type CacheMode = keyof typeof CACHE_MODES;

export interface FlowRun {
  /** What left because of each packet, in order. */
  readonly outcomes: readonly (readonly Departure[])[];
  readonly statistics: Statistics;
  /** Packets by the flow's id. */
  readonly flows: ReadonlyMap<string, number>;
  /** Packets that no flow matched, by the table's name. */
  readonly misses: ReadonlyMap<string, number>;
}

/** Seconds between packets: what tells afterwards which one a frame belongs to. */
const APART = 0.001;

/** Sends the packets in, a millisecond apart; their own times are not looked at. */
export function runFlows(
  router: TestRouter,
  arrivals: readonly Arrival[],
  mode: CacheMode,
): FlowRun {
  const timed = arrivals.map((arrival, place) => ({ ...arrival, time: place * APART }));
  const { flows } = router.tables;
  flows.beginRun();
  const { departures, statistics } = router.run(timed, {
    prepare: ({ i32 }) => {
      const word = layout.CONTROL_MODE >>> 2;
      const others = layout.MODE_NO_CACHE | layout.MODE_CHECK_CACHE;
      i32[word] = (i32[word]! & ~others) | CACHE_MODES[mode];
    },
  });
  flows.endRun();
  const outcomes = arrivals.map((): Departure[] => []);
  for (const departure of departures) {
    outcomes[Math.round(departure.time / APART)]?.push(departure);
  }
  return { outcomes, statistics, ...counted(router) };
}

function counted({ model, tables }: TestRouter): Pick<FlowRun, "flows" | "misses"> {
  const packets = (counter: number) => tables.flows.counters.read(counter).packets;
  const flows = new Map<string, number>();
  const misses = new Map<string, number>();
  model.tables.forEach(({ name }, number) => {
    misses.set(name, packets(tables.flows.miss(number).counter));
    for (const { id, counter } of tables.flows.everyFlow(number)) {
      if (id !== undefined) flows.set(id, packets(counter));
    }
  });
  return { flows, misses };
}

/** "port: octets" of each frame. */
export function framesOf(departures: readonly Departure[]): string[] {
  return departures.map(({ port, bytes }) => `${port}: ${toHex(bytes)}`);
}
