// Random flow tables, random packets: the engine and its slow twin (test/twin/flow_tables.ts) agree
// on every frame that leaves, every verdict, and what each flow counts; with the flow cache,
// without it, and with both compared.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../../src/config/model.ts";
import { DROP_REASONS } from "../../src/memory/statistics.ts";
import { imbalances } from "../support/accounts.ts";
import {
  CACHE_MODES,
  type CacheMode,
  type FlowRun,
  framesOf,
  runFlows,
} from "../support/flow_runs.ts";
import { withTables } from "../support/flow_table_models.ts";
import { hex, toHex } from "../support/octets.ts";
import { type Arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import { models, randomPacket } from "../support/traffic.ts";
import { TableTwin } from "../twin/flow_tables.ts";
import { withoutIdentification } from "../twin/fragmentation.ts";
import { type Outcome, runTwin } from "../twin/router.ts";
import { twinOf } from "../twin/router_model.ts";

const PACKETS = 100;
const RUNS = 60;
const MODES = Object.keys(CACHE_MODES) as CacheMode[];

const names = new Map(DROP_REASONS.map(({ number, name }) => [number, name]));

/** Each packet twice, the second time when the flow cache knows it. */
function randomPackets(random: Random): Arrival[] {
  const packets = Array.from({ length: PACKETS }, () => {
    const port = random.below(3);
    return { port: `port${port}`, ...randomPacket(random, port) };
  });
  // What a capture has cut, the twins of the actions do not know.
  const whole = packets.filter(({ bytes, wireLength }) => bytes.length === wireLength);
  return [...whole, ...whole];
}

interface TwinRun {
  readonly outcomes: readonly Outcome[];
  readonly flows: ReadonlyMap<string, number>;
  readonly misses: ReadonlyMap<string, number>;
}

function runOfTwin(model: Model, packets: readonly Arrival[]): TwinRun {
  const tables = new TableTwin(model);
  const router = twinOf(model);
  const outcomes = packets.map(({ bytes, port }) => {
    const number = model.ports.findIndex(({ name }) => name === port);
    return runTwin(router, number, bytes, bytes.length, 0, tables);
  });
  const flows = new Map<string, number>();
  const misses = new Map<string, number>();
  for (const table of model.tables) {
    misses.set(table.name, tables.met.get(table) ?? 0);
    for (const flow of table.flows) flows.set(flow.id!, tables.met.get(flow) ?? 0);
  }
  return { outcomes, flows, misses };
}

function twinsFrames({ sent }: Outcome): string[] {
  return sent.map(({ port, frame }) => `port${port}: ${toHex(frame)}`);
}

/** The lines of frames; the router's own fragments have an identification of its choice. */
function comparable(lines: string[], { verdict }: Outcome): string[] {
  if (verdict === "transmitted") return lines;
  return lines.map((line) => {
    const [port, octets] = line.split(": ");
    return `${port}: ${toHex(withoutIdentification(hex(octets!)))}`;
  });
}

/** Verdicts, reasons and lost packets, summed up. */
function twinsTotals(outcomes: readonly Outcome[], reasons: readonly string[]) {
  const packets = { transmitted: 0, delivered: 0, consumed: 0, dropped: 0 };
  const drops: Record<string, number> = Object.fromEntries(reasons.map((reason) => [reason, 0]));
  let lost = 0;
  for (const outcome of outcomes) {
    packets[outcome.verdict] += 1;
    lost += outcome.lost;
    if (outcome.verdict !== "dropped") continue;
    const name = names.get(outcome.reason) ?? `${outcome.reason}`;
    drops[name] = (drops[name] ?? 0) + 1;
  }
  return { packets, drops, lost };
}

function enginesTotals({ packets, drops, originated }: FlowRun["statistics"]) {
  const { transmitted, delivered, consumed, dropped } = packets;
  return { packets: { transmitted, delivered, consumed, dropped }, drops, lost: originated.lost };
}

/** Where two counts differ: "flow: the engine's for the twin's". */
function countsApart(found: ReadonlyMap<string, number>, twin: ReadonlyMap<string, number>) {
  return [...twin]
    .filter(([name, count]) => found.get(name) !== count)
    .map(([name, count]) => `${name} counted ${found.get(name)} for ${count}`);
}

/** What the engine did otherwise than its twin; nothing, if all is well. */
function differences(twin: TwinRun, found: FlowRun, packets: readonly Arrival[]): string[] {
  const frames = packets.flatMap(({ bytes, port }, place) => {
    const outcome = twin.outcomes[place]!;
    const shown = (lines: string[]) => comparable(lines, outcome).sort().join("\n  ");
    const left = shown(framesOf(found.outcomes[place]!));
    const expected = shown(twinsFrames(outcome));
    if (left === expected) return [];
    const told = `${outcome.verdict} ${names.get(outcome.reason) ?? ""}`;
    const packet = `packet ${place}, ${port}: ${toHex(bytes)}`;
    return [`${packet}\n  ${left}\nthe twin: ${told}\n  ${expected}`];
  });
  const totals = JSON.stringify(enginesTotals(found.statistics));
  const expected = JSON.stringify(twinsTotals(twin.outcomes, Object.keys(found.statistics.drops)));
  return [
    ...frames,
    ...(totals === expected ? [] : [`${totals}\nthe twin: ${expected}`]),
    ...countsApart(found.flows, twin.flows),
    ...countsApart(found.misses, twin.misses),
    ...(found.statistics.cache.wrong === 0 ? [] : ["the cache knew outcomes that were wrong"]),
    ...imbalances(found.statistics),
  ];
}

/** Without the payloads. */
function shortened(lines: readonly string[]): string {
  return lines.join("\n").replaceAll(/[0-9a-f]{150,}/g, (octets) => `${octets.slice(0, 150)}…`);
}

describe("flow tables and their twin agree", () => {
  it("on random tables", async () => {
    let hits = 0;
    let met = 0;
    const property = fc.asyncProperty(models, fc.integer(), async (base: Model, seed) => {
      const random = new Random(seed);
      const model = withTables(base, random);
      const packets = randomPackets(random);
      const twin = runOfTwin(model, packets);
      const router = await TestRouter.create(model);
      for (const mode of MODES) {
        const found = runFlows(router, packets, mode);
        const problems = [...differences(twin, found, packets), ...frameLeaks(router.region)];
        if (problems.length > 0) throw new Error(shortened([`${mode}:`, ...problems.slice(0, 5)]));
        hits += found.statistics.cache.hits;
      }
      for (const count of twin.flows.values()) met += Math.min(1, count);
    });
    await fc.assert(property, { seed: 17, numRuns: RUNS, endOnFailure: true });
    // The comparison is worth something only if flows are met, and met again.
    expect(met).toBeGreaterThan(RUNS * 5);
    expect(hits).toBeGreaterThan(RUNS * 30);
  });
});
