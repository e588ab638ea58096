// Connections counted by zone and source, beside a twin that counts them anew each time.

import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { DROP_SOURCE_LIMIT, DROP_ZONE_LIMIT } from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { CONTINUE, Connections, compileConnections, type Tuple } from "../support/connections.ts";
import { hashOf } from "../support/tuples.ts";
import { countOwners, type OwnerCounts, sourceKey } from "../twin/owners.ts";

beforeAll(compileConnections);

const SHARDS = 8;
const CAPACITY = 4;
const SIZES = { connections: CAPACITY + 1, connectionBuckets: 4, extensions: 1, ownerSlots: 64 };
const MOST = 3;
const ZONE_LIMITS: ReadonlyMap<number, number> = new Map([
  [1, 5],
  [2, 0],
]);
/** Ticks of a slot of the timer wheel. */
const UNIT = 1024;

const steps = fc.record({
  wait: fc.oneof(
    { weight: 40, arbitrary: fc.nat({ max: 100 }) },
    { weight: 1, arbitrary: fc.nat({ max: 60_000 }) },
  ),
  ip6: fc.boolean(),
  source: fc.nat({ max: 11 }),
  port: fc.nat({ max: 20 }),
  zone: fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2),
  lasts: fc.nat({ max: 60_000 }),
  assured: fc.boolean(),
  act: fc.constantFrom("remove", "deadline", "nothing", "nothing"),
});
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

function tupleOf({ ip6, source, port, zone }: Step): Tuple {
  const address = (host: number) =>
    ip6 ? [0x20, 1, ...new Array(13).fill(0), host] : [10, 0, 0, host];
  return {
    protocol: 17,
    zone,
    from: { address: address(source), port: 1000 + port },
    to: { address: address(200), port: 53 },
  };
}

class Run {
  readonly outcomes = new Set<string>();
  readonly #table: Connections;
  #tick = 0;
  #steps = 0;

  constructor(table: Connections) {
    this.#table = table;
    table.reset();
  }

  step(step: Step): void {
    const table = this.#table;
    const { exports } = table;
    const tuple = tupleOf(step);
    const shard = hashOf(tuple, 0) % SHARDS;
    const hash = hashOf(tuple, shard);
    this.#tick += step.wait;
    const now = table.begin(hash, this.#tick);
    const entry = table.find(hash, tuple);
    if (entry === 0) this.#make(tuple, hash, now, step);
    else if (step.act === "remove") {
      exports.removeConnection(entry, layout.COUNT_CONNECTIONS_DELETED);
    } else if (step.act === "deadline") exports.setDeadline(entry, now + step.lasts + 1, now);
    if (++this.#steps % 4 === 0) this.#compare();
  }

  #make(tuple: Tuple, hash: number, now: number, { lasts, assured }: Step): void {
    const { exports } = this.#table;
    const before = countOwners(this.#table, SHARDS);
    const entry = exports.beginConnection(this.#table.put(tuple));
    if (assured) exports.markAssured(entry);
    exports.setDeadline(entry, now + lasts + 1, now);
    const verdict = exports.confirmConnection(entry, hash, hash, now);
    const after = countOwners(this.#table, SHARDS);
    const limit = ZONE_LIMITS.get(tuple.zone);
    const inZone = (counts: OwnerCounts) => counts.zones.get(tuple.zone) ?? 0;
    const ofSource = (counts: OwnerCounts) => counts.sources.get(sourceKey(tuple)) ?? 0;
    if (verdict === layout.VERDICT_DROP + DROP_ZONE_LIMIT) {
      expect(inZone(after)).toBeGreaterThanOrEqual(limit ?? Number.POSITIVE_INFINITY);
      this.#expectSwept(after);
    } else if (verdict === layout.VERDICT_DROP + DROP_SOURCE_LIMIT) {
      expect(ofSource(after)).toBeGreaterThanOrEqual(MOST);
      this.#expectSwept(after);
    } else {
      const made = verdict === CONTINUE ? 1 : 0;
      expect(inZone(after)).toBeLessThanOrEqual(limit ?? Number.POSITIVE_INFINITY);
      expect(ofSource(after)).toBeLessThanOrEqual(MOST);
      if (inZone(before) >= (limit ?? Number.POSITIVE_INFINITY)) this.outcomes.add("swept");
      expect(ofSource(after)).toBeLessThanOrEqual(ofSource(before) + made);
    }
    this.outcomes.add(verdict === CONTINUE ? "made" : `dropped ${verdict - layout.VERDICT_DROP}`);
  }

  /** What has been over for long does not count against anybody. */
  #expectSwept({ earliest }: OwnerCounts): void {
    expect(earliest).toBeGreaterThan(this.#tick - 2 * UNIT);
  }

  #compare(): void {
    const { zones, sources } = countOwners(this.#table, SHARDS);
    const { region } = this.#table;
    const owners = region.base(layout.REGION_OWNERS);
    for (const zone of [0, 1, 2, 3]) {
      const counted = region.getU32(owners + layout.OWNERS_ZONES + zone * 4);
      expect(counted).toBe(zones.get(zone) ?? 0);
    }
    const kept = new Map<string, number>();
    for (let slot = 0; slot < SIZES.ownerSlots; slot++) {
      const at = owners + layout.OWNERS_SOURCES + slot * layout.OWNER_STRIDE;
      const count = region.getU32(at + layout.OWNER_CONNECTIONS);
      if (count === 0) continue;
      const length = region.getU32(at + layout.OWNER_FAMILY) === 4 ? 4 : 16;
      kept.set(region.u8.slice(at, at + length).join("."), count);
    }
    expect(kept).toEqual(sources);
  }
}

it("are counted exactly, and refused at the limits when what is over has been ended", () => {
  const table = new Connections(SIZES);
  const { region, exports } = table;
  region.setU32(layout.CONTROL_OWNER_SLOTS, SIZES.ownerSlots);
  region.setU32(layout.CONTROL_MAX_PER_SOURCE, MOST);
  for (const [zone, limit] of ZONE_LIMITS) {
    const limits = region.base(layout.REGION_OWNERS) + layout.OWNERS_LIMITS;
    region.setU32(limits + zone * 4, limit + 1);
  }
  exports.attach(0);
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(fc.array(steps, { minLength: 50, maxLength: 200, size: "max" }), (all) => {
      const run = new Run(table);
      for (const step of all) run.step(step);
      for (const outcome of run.outcomes) outcomes.add(outcome);
    }),
    { seed: 31, numRuns: 40, endOnFailure: true },
  );
  expect([...outcomes].sort()).toEqual([
    "dropped 100",
    `dropped ${DROP_ZONE_LIMIT}`,
    `dropped ${DROP_SOURCE_LIMIT}`,
    "made",
    "swept",
  ]);
});
