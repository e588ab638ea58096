// The flow cache row by row: what it keeps when tables, sets and routes change and as time passes.
// Every outcome it knows is compared with classifying the packet once more.

import { describe, expect, it } from "vitest";
import { setFlowCacheUse } from "../../src/memory/run.ts";
import { imbalances } from "../support/accounts.ts";
import { LiveRun } from "../support/live.ts";
import { type Arrival, arrival, frameLeaks, TestRouter } from "../support/path.ts";
import {
  type CacheRow,
  CHANGES,
  query,
  ROUTE_CHANGES,
  SET_CHANGES,
  SHAPES,
  TIMES,
} from "./flow_cache.cases.ts";
import { HOST, hostToRouter, LAN, world } from "./world.ts";

const NOTHING = { hits: 0, misses: 0, unfit: 0, evicted: 0, renewed: 0, wrong: 0 };

async function check({ router, first = [query()], change, again, ...row }: CacheRow) {
  const run = await LiveRun.begin(router);
  run.send(first);
  change?.(run);
  const { cache, drops, ports } = run.send(again ?? first);
  expect({ cache, drops, ports }).toEqual({
    cache: { ...NOTHING, ...row.cache },
    drops: row.drops ?? {},
    ports: row.ports ?? [],
  });
  const statistics = run.end();
  expect(statistics.cache.wrong).toBe(0);
  expect(imbalances(statistics)).toEqual([]);
  expect(frameLeaks(run.router.region)).toEqual([]);
}

describe.each([
  ["changes of flows", CHANGES],
  ["changes of sets", SET_CHANGES],
  ["changes of routes", ROUTE_CHANGES],
  ["time passes", TIMES],
  ["what is kept", SHAPES],
])("%s", (_, rows) => {
  it.each(rows)("$what", check);
});

/** A query from each of so many ports. */
const kinds = (count: number): Arrival[] =>
  Array.from({ length: count }, (_, place) => query({ from: 1000 + place }));

describe("more kinds of packets than the cache holds", () => {
  const small = world().replace("limits: {", "limits: { cached_flows: 512,");
  const text = `${small}
tables:
  policy:
    attach: forward
    flows:
      - { id: low, match: { udp_src: 0-1999 }, actions: [accept] }
      - { id: odd, match: { udp_src: "1/1" }, actions: [drop] }`;

  it("give way to others, and the results are the same", async () => {
    const router = await TestRouter.create(text);
    const arrivals = [...kinds(1500), ...kinds(1500)];
    const results = (["use", "off"] as const).map((use) =>
      router.run(arrivals, { prepare: (region) => setFlowCacheUse(region, use) }),
    );
    const [used, off] = results as [(typeof results)[0], (typeof results)[0]];
    expect(used.departures).toEqual(off.departures);
    expect(used.statistics.drops).toEqual(off.statistics.drops);
    const { hits, misses, evicted } = used.statistics.cache;
    expect(evicted).toBeGreaterThan(1000);
    expect(hits).toBeGreaterThan(0);
    expect(hits + misses).toBe(3000);
  });
});

it("an outcome that the hash had a say in is not kept for others", async () => {
  const run = await LiveRun.begin(`${world()}
tables:
  balancing: { attach: ingress, flows: [{ match: {}, actions: [{ group: two }] }] }
  policy: { attach: prerouting,
      flows: [{ match: { eth_type: ipv4, ip_dscp: 10 }, actions: [drop] }] }
groups:
  two: { type: select,
      buckets: [{ actions: [{ set_field: { ip_dscp: 10 } }, normal] }, { actions: [normal] }] }`);
  const first = run.send(kinds(100));
  const again = run.send(kinds(100));
  const dropped = first.drops["by-flow"] as number;
  expect(dropped).toBeGreaterThan(20);
  expect(dropped).toBeLessThan(80);
  expect(again.drops).toEqual(first.drops);
  expect(again.cache).toMatchObject({ hits: 100, wrong: 0 });
});

it("logs name the point where the packet met the flow, whether it was known or not", async () => {
  const noted = (point: string) =>
    `  ${point}: { attach: ${point}, flows: [{ id: ${point}, match: {}, actions: [{ log: { prefix: x } }] }] }`;
  const points = ["ingress", "raw", "prerouting", "forward", "postrouting"];
  const log = points.slice(1).map(noted).join("\n");
  const run = await LiveRun.begin(`${world()}\ntables:
  ingress: { attach: ingress,
      flows: [{ id: ingress, match: {}, actions: [{ log: { prefix: x } }, accept] }] }
${log}`);
  const { cache } = run.send([query(), query()]);
  expect(cache.hits).toBe(1);
  const logged = run.logged().map(({ packet, point, flow }) => `${packet} ${point} ${flow}`);
  const expected = [1, 2].flatMap((packet) => points.map((point) => `${packet} ${point} ${point}`));
  expect(logged).toEqual(expected);
});

it("flows count the same, met in the cache or not", async () => {
  const router = await TestRouter.create(`${world()}
tables:
  a: { attach: raw,
      flows: [{ match: {}, actions: [] },
        { priority: 1, match: { udp_dst: 53 }, actions: [accept] }] }
  b: { attach: forward, flows: [{ match: { udp_src: 1000-1999 }, actions: [accept] }] }`);
  const { flows } = router.tables;
  const arrivals = kinds(300).flatMap((one, place) => [one, { ...one, time: place / 100 }]);
  const counts = (["use", "off"] as const).map((use) => {
    router.run(arrivals, { prepare: (region) => setFlowCacheUse(region, use) });
    const all = [...flows.everyFlow(0), ...flows.everyFlow(1), flows.miss(0), flows.miss(1)];
    return all.map(({ counter }) => flows.counters.read(counter));
  });
  expect(counts[0]!.some(({ packets }) => packets === 600)).toBe(true);
  expect(counts[0]).toEqual(counts[1]);
});

it("packets for the engine itself and packets it forwards are kept apart", async () => {
  const run = await LiveRun.begin(`${world()}
tables:
  own: { attach: input, flows: [{ match: { udp_dst: 53 }, actions: [drop] }] }
  others: { attach: forward, flows: [{ match: { udp_dst: 53 }, actions: [accept] }] }`);
  const own = arrival(
    "lan",
    hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).udp({ from: 4000, to: 53 }).payload(16),
  );
  // Of the same kind, as no flow looks at addresses; and often in the same shard.
  const arrivals = kinds(50).flatMap((one) => [one, own]);
  const { cache, drops, ports } = run.send(arrivals);
  expect(cache.wrong).toBe(0);
  expect(drops).toEqual({ "by-flow": 50 });
  expect(ports).toHaveLength(50);
});
