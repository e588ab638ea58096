// What a row of the path tests says, and how it is put to the test.

import { expect } from "vitest";
import type { VerdictCounts } from "../../src/memory/statistics.ts";
import type { Build } from "../../src/worker/kernel.ts";
import { imbalances } from "../support/accounts.ts";
import { PacketBuilder } from "../support/builder.ts";
import { toHex } from "../support/octets.ts";
import {
  type Arrival,
  frameLeaks,
  type PathResult,
  type RunOptions,
  TestRouter,
} from "../support/path.ts";
import { WORLD } from "./world.ts";

/** A frame expected at a port. */
export type Expectation = readonly [port: string, frame: PacketBuilder | Uint8Array];

/** Packets in, configuration; verdicts and packets out. What is not named must not occur. */
export interface PathRow {
  readonly what: string;
  /** YAML; WORLD unless given. */
  readonly router?: string;
  readonly send: readonly Arrival[];
  /** Frames that leave, in order. */
  readonly out?: readonly Expectation[];
  /** Packets by drop reason. */
  readonly drops?: Readonly<Record<string, number>>;
  readonly delivered?: number;
  readonly consumed?: number;
  readonly inFlight?: number;
  /** Of the frames that leave, those the engine made itself. */
  readonly originated?: number;
  /** Frames that left beside the one their packet ended as. */
  readonly copied?: number;
  /** ICMP errors held back by the rate limit, and own packets that found no way. */
  readonly limited?: number;
  readonly lost?: number;
  readonly run?: Omit<RunOptions, "build">;
}

const routers = new Map<string, Promise<TestRouter>>();

/** The router of a configuration, made once. */
export function routerOf(configuration: string): Promise<TestRouter> {
  const router = routers.get(configuration) ?? TestRouter.create(configuration);
  routers.set(configuration, router);
  return router;
}

function described(port: string, bytes: Uint8Array): string {
  return `${port}: ${toHex(bytes)}`;
}

function expectedFrames(row: PathRow): string[] {
  return (row.out ?? []).map(([port, frame]) =>
    described(port, frame instanceof PacketBuilder ? frame.bytes() : frame),
  );
}

/** What happened, in the terms of a row. */
function outcome({ departures, statistics }: PathResult): object {
  const { packets, drops, originated, copied, inFlight } = statistics;
  const { delivered, consumed } = packets satisfies VerdictCounts;
  const { limited, lost } = originated;
  return {
    frames: departures.map(({ port, bytes }) => described(port, bytes)),
    drops,
    delivered,
    consumed,
    inFlight,
    originated: originated.packets,
    copied: copied.packets,
    limited,
    lost,
  };
}

/** Runs the row on one of the builds; returns the drop reasons it has met. */
export async function checkRow(row: PathRow, build: Build): Promise<string[]> {
  const router = await routerOf(row.router ?? WORLD);
  const result = router.run(row.send, { ...row.run, build });
  expect(outcome(result)).toEqual({
    frames: expectedFrames(row),
    drops: row.drops ?? {},
    delivered: row.delivered ?? 0,
    consumed: row.consumed ?? 0,
    inFlight: row.inFlight ?? 0,
    originated: row.originated ?? 0,
    copied: row.copied ?? 0,
    limited: row.limited ?? 0,
    lost: row.lost ?? 0,
  });
  expect(imbalances(result.statistics, router.model)).toEqual([]);
  // A row that empties the pool itself says so by its preparation.
  if (row.run?.prepare === undefined) expect(frameLeaks(router.region)).toEqual([]);
  return Object.keys(result.statistics.drops);
}
