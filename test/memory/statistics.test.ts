// Statistics: sums over workers, drop reasons by name, and the list of reasons against the
// document.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { resetRun } from "../../src/memory/run.ts";
import { DROP_REASONS, readStatistics } from "../../src/memory/statistics.ts";
import { SMALL_SIZES } from "../support/memory_sizes.ts";

const region = new Region(
  planMemory({
    ...SMALL_SIZES,
    queues: 3,
    framesPerWorker: 4,
    ports: 2,
  }),
);

function put(worker: number, offset: number, value: bigint): void {
  region.setU64(region.worker(worker) + offset, value);
}

describe("readStatistics", () => {
  it("adds up the workers, exactly beyond 2^32", () => {
    resetRun(region);
    for (const worker of [0, 1, 2]) {
      put(worker, layout.WORKER_COUNTERS + layout.COUNT_ICMP_LIMITED, 5n);
      const port = layout.WORKER_PORTS + layout.WORKER_PORT_STRIDE;
      put(worker, port + layout.PORT_RX_PACKETS, 2n ** 33n + BigInt(worker));
      put(worker, port + layout.PORT_RX_BYTES, 1000n);
      put(worker, port + layout.PORT_TX_BYTES, 7n);
    }
    const all = readStatistics(region);
    expect(all.packets.received).toBe(3 * 2 ** 33 + 3);
    expect(all.bytes.received).toBe(3000);
    expect(all.originated.limited).toBe(15);
    expect(all.ports.map(({ tx }) => tx.bytes)).toEqual([0, 21]);
    expect(readStatistics(region, 2).packets.received).toBe(2 ** 33 + 2);
  });

  it("names the drops that occurred, in the order of their numbers", () => {
    resetRun(region);
    put(2, layout.WORKER_DROPS + drops.DROP_NO_ROUTE * 8, 2n);
    put(0, layout.WORKER_DROPS + drops.DROP_TRUNCATED * 8, 1n);
    put(1, layout.WORKER_DROPS + drops.DROP_NO_ROUTE * 8, 3n);
    expect(Object.entries(readStatistics(region).drops)).toEqual([
      ["truncated", 1],
      ["no-route", 5],
    ]);
  });

  it("counts waiting packets as in flight, but not the engine's own", () => {
    resetRun(region);
    const worker = 1;
    region.setU32(region.worker(worker) + layout.WORKER_PENDING, 3);
    const list =
      region.base(layout.REGION_PENDING) + worker * layout.PENDING_SLOTS * layout.PENDING_STRIDE;
    [4, 5, 6].forEach((frame, place) => {
      region.setU32(list + place * 4, frame);
      const record = region.base(layout.REGION_RECORDS) + frame * layout.RECORD_STRIDE;
      region.setU16(record + layout.RECORD_FLAGS, frame === 5 ? layout.PACKET_OWN : 0);
    });
    expect(readStatistics(region).inFlight).toBe(2);
    resetRun(region);
    expect(readStatistics(region).inFlight).toBe(0);
  });
});

describe("drop reasons", () => {
  it("have a number of their own below DROP_SLOTS, a name and a sentence", () => {
    expect(new Set(DROP_REASONS.map(({ number }) => number)).size).toBe(DROP_REASONS.length);
    for (const { number, name, sentence } of DROP_REASONS) {
      expect(number).toBeGreaterThan(0);
      expect(number).toBeLessThan(drops.DROP_SLOTS);
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
    expect(drops.DROP_SLOTS * 8).toBeLessThanOrEqual(layout.WORKER_PORTS - layout.WORKER_DROPS);
  });

  it("are what docs/drop-reasons.md says", () => {
    const text = readFileSync(new URL("../../docs/drop-reasons.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| `([a-z0-9-]+)` \| (\d+) \| (.*) \|$/gm)];
    expect(
      rows.map(([, name, number, sentence]) => ({ number: Number(number), name, sentence })),
    ).toEqual(DROP_REASONS);
  });
});
