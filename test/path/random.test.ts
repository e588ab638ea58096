// Random routers, random packets: the engine and its slow twin (test/twin/router.ts) agree on what
// becomes of each, and on every byte that leaves.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../../src/config/model.ts";
import { DROP_REASONS } from "../../src/memory/statistics.ts";
import { toHex } from "../support/octets.ts";
import { type PathResult, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import { models, randomPacket } from "../support/traffic.ts";
import { withoutIdentification } from "../twin/fragmentation.ts";
import { type Outcome, runTwin } from "../twin/router.ts";
import { type TwinRouter, twinOf } from "../twin/router_model.ts";

const PACKETS = 300;
/** Most members of a group: all are tried until one fits. */
const MEMBERS = 4;

const names = new Map(DROP_REASONS.map(({ number, name }) => [number, name]));

/** A frame; the router's own fragments have an identification of its choice. */
function shown(verdict: string, frame: Uint8Array): string {
  return toHex(verdict === "transmitted" ? frame : withoutIdentification(frame));
}

/** What both say of a packet, in the same words. */
function ofTwin({ verdict, reason, sent, lost }: Outcome): string {
  const frames = sent.map(({ port, frame }) => `port${port}: ${shown(verdict, frame)}`);
  return [verdict, names.get(reason) ?? "", ...frames, `lost ${lost}`].join("\n");
}

function ofEngine({ statistics, departures }: PathResult): string {
  const { transmitted, delivered, consumed, dropped } = statistics.packets;
  const counts = { transmitted, delivered, consumed, dropped };
  const [verdict] = Object.entries(counts).find(([, count]) => count === 1) ?? ["none"];
  const [reason = ""] = Object.keys(statistics.drops);
  const frames = departures.map(({ port, bytes }) => `${port}: ${shown(verdict, bytes)}`);
  return [verdict, reason, ...frames, `lost ${statistics.originated.lost}`].join("\n");
}

/** Compares packet by packet; returns how often each verdict and reason was met. */
function compare(
  router: TestRouter,
  twin: TwinRouter,
  seed: number,
  met: Map<string, number>,
): void {
  const random = new Random(seed);
  for (let number = 0; number < PACKETS; number++) {
    const port = random.below(3);
    const { bytes, wireLength } = randomPacket(random, port);
    const found = ofEngine(router.run([{ port: `port${port}`, bytes, wireLength }]));
    const expected = Array.from({ length: MEMBERS }, (_, member) =>
      ofTwin(runTwin(twin, port, bytes, wireLength, member)),
    );
    const what = found.split("\n").slice(0, 2).join(" ").trim();
    met.set(what, (met.get(what) ?? 0) + 1);
    if (expected.includes(found)) continue;
    const packet = `port${port}: ${toHex(bytes)}${wireLength > bytes.length ? " …" : ""}`;
    throw new Error(`${packet}\nthe engine: ${found}\nthe twin: ${expected[0]}`);
  }
}

describe("the engine and its twin agree", () => {
  it("on random configurations", async () => {
    const met = new Map<string, number>();
    const property = fc.asyncProperty(models, fc.integer(), async (model: Model, seed) => {
      const router = await TestRouter.create(model);
      compare(router, twinOf(model), seed, met);
    });
    await fc.assert(property, { seed: 11, numRuns: 40, endOnFailure: true });
    // The comparison is worth something only if it goes everywhere.
    for (const what of ["transmitted", "delivered", "consumed", "dropped ttl-exceeded"]) {
      expect(met.get(what), what).toBeGreaterThan(50);
    }
    expect(met.size).toBeGreaterThan(25);
  });
});
