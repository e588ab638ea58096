// Random mirrors on random routers: the copies are those a slow twin expects, and all else is as
// without mirrors, whatever the number of queues.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MirrorModel, Model, PortModel } from "../../src/config/model.ts";
import { imbalances } from "../support/accounts.ts";
import { withTables } from "../support/flow_table_models.ts";
import { toHex } from "../support/octets.ts";
import {
  type Arrival,
  type Departure,
  frameLeaks,
  type PathResult,
  TestRouter,
} from "../support/path.ts";
import { Random } from "../support/random.ts";
import { models, randomPacket } from "../support/traffic.ts";
import { copiesOf } from "../twin/mirrors.ts";

const PACKETS = 120;
const RUNS = 25;
const PORTS = 3;
/** Port of the copies: nothing else is sent there. */
const SPAN = "span";

/** What tells packets apart in what leaves: the time they came at. */
const STEP = 0.001;

/** The model with a fourth port, which copies go to. */
function withSpan(model: Model): Model {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 9);
  const span: PortModel = { ...model.ports[0]!, name: SPAN, mac, addresses: [] };
  return { ...model, ports: [...model.ports, span] };
}

const mirrors: fc.Arbitrary<readonly MirrorModel[]> = fc
  .array(
    fc.record({
      ports: fc.subarray([0, 1, 2]),
      direction: fc.constantFrom("in" as const, "out" as const, "both" as const),
      vlans: fc.subarray([0, 5, 7, 10, 100]),
      snaplen: fc.constantFrom(0, 10, 60, 1000),
      sample: fc.constantFrom(1, 1, 2, 3),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) => list.map((mirror, i) => ({ ...mirror, name: `m${i}`, to: PORTS })));

function randomPackets(random: Random): Arrival[] {
  return Array.from({ length: PACKETS }, (_, i) => {
    const port = random.below(PORTS);
    const packet = randomPacket(random, port);
    const tagged = random.below(4) === 0 && packet.bytes.length > 14;
    return {
      port: `port${port}`,
      ...packet,
      ...(tagged ? tag(packet, random) : {}),
      time: i * STEP,
    };
  });
}

function tag({ bytes, wireLength }: { bytes: Uint8Array; wireLength: number }, random: Random) {
  const vlan = [5, 7, 8, 10, 0][random.below(5)]!;
  const header = [0x81, 0, random.below(8) << 5, vlan];
  const tagged = Uint8Array.of(...bytes.subarray(0, 12), ...header, ...bytes.subarray(12));
  return { bytes: tagged, wireLength: wireLength + 4 };
}

async function runWith(model: Model, packets: readonly Arrival[]): Promise<PathResult> {
  const router = await TestRouter.create(model);
  const result = router.run(packets);
  expect(imbalances(result.statistics)).toEqual([]);
  expect(frameLeaks(router.region)).toEqual([]);
  return result;
}

function described({ port, bytes, wireLength, time }: Departure): string {
  return `${Math.round(time / STEP)} ${port} ${wireLength}: ${toHex(bytes)}`;
}

/** All but the copies and what is counted of them. */
function originals({ departures, statistics }: PathResult) {
  const { copied, mirrored, ports, ...rest } = statistics;
  const tx = ports.slice(0, PORTS);
  const lost = copied.packets - mirrored.packets;
  const left = departures.filter(({ port }) => port !== SPAN).map(described);
  return { left: left.sort(), rest, tx, lost };
}

const copiesIn = ({ departures }: PathResult) =>
  departures.filter(({ port }) => port === SPAN).map(described);

describe("mirrors", () => {
  it("make the copies the twin expects, and change nothing else", async () => {
    let copies = 0;
    const property = fc.asyncProperty(models, mirrors, fc.integer(), async (base, list, seed) => {
      const model = withSpan(base);
      const packets = randomPackets(new Random(seed));
      const without = await runWith(model, packets);
      for (const queues of [1, 2, 3]) {
        const engine = { ...model.engine, queues };
        const found = await runWith({ ...model, engine, mirrors: list }, packets);
        expect(originals(found), `${queues} queues`).toEqual(originals(without));
        const expected = copiesOf(list, model, packets, without.departures, STEP);
        expect(copiesIn(found).sort(), `${queues} queues`).toEqual(expected.sort());
        expect(found.statistics.mirrored.packets).toBe(expected.length);
        copies += expected.length;
      }
    });
    await fc.assert(property, { seed: 21, numRuns: RUNS });
    expect(copies).toBeGreaterThan(1000);
  });

  it("change nothing where flows send, copy and rewrite", async () => {
    const property = fc.asyncProperty(models, mirrors, fc.integer(), async (base, list, seed) => {
      const random = new Random(seed);
      const model = withSpan(withTables(base, random));
      const packets = randomPackets(random);
      const flood = await runWith(model, packets);
      const all = [...model.mirrors, ...list];
      const found = await runWith({ ...model, mirrors: all }, packets);
      const left = ({ departures }: PathResult) =>
        departures.filter(({ port }) => port !== SPAN).map(described);
      expect(left(found)).toEqual(left(flood));
      expect(found.statistics.packets).toEqual(flood.statistics.packets);
      expect(found.statistics.drops).toEqual(flood.statistics.drops);
      expect(found.statistics.cache).toEqual(flood.statistics.cache);
      expect(found.statistics.copied.packets).toBe(
        flood.statistics.copied.packets + found.statistics.mirrored.packets,
      );
    });
    await fc.assert(property, { seed: 22, numRuns: RUNS });
  });
});
