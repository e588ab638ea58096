// The memory map: regions in order, apart, aligned; and a limit that is told.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../../src/errors.ts";
import {
  freeListStride,
  type MemorySizes,
  neighborSlots,
  planMemory,
} from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { SMALL_SIZES } from "../support/memory_sizes.ts";

const SMALL: MemorySizes = {
  ...SMALL_SIZES,
  queues: 2,
  framesPerWorker: 16,
  frameSize: 2048,
  ports: 3,
  forwardingEntries: 10,
  buckets: 160,
  neighbors: 9,
  lpmBytes: 1 << 20,
  chunks: 2,
};

const sizes = fc.record({
  queues: fc.integer({ min: 1, max: layout.MAX_WORKERS }),
  framesPerWorker: fc.integer({ min: 1, max: 2000 }),
  frameSize: fc.integer({ min: 8, max: 64 }).map((lines) => lines * 64),
  ports: fc.integer({ min: 1, max: layout.MAX_PORTS }),
  vrfs: fc.integer({ min: 1, max: layout.MAX_VRFS }),
  forwardingEntries: fc.integer({ min: 2, max: 100_000 }),
  buckets: fc.integer({ min: 1, max: 1_000_000 }),
  neighbors: fc.integer({ min: 1, max: 100_000 }),
  lpmBytes: fc.integer({ min: 1, max: 1 << 28 }),
  chunks: fc.integer({ min: 1, max: 40 }),
  flows: fc.integer({ min: 1, max: 100_000 }),
  flowCounters: fc.integer({ min: 1, max: 10_000 }),
  ruleBytes: fc.integer({ min: 1, max: 1 << 26 }),
  groups: fc.integer({ min: 1, max: 1000 }),
  meters: fc.integer({ min: 1, max: 10_000 }),
  mirrors: fc.integer({ min: 1, max: 100 }),
  cacheEntries: fc.constantFrom(0, 16, 1024),
  connections: fc.integer({ min: 0, max: 9000 }),
  connectionBuckets: fc.constantFrom(0, 16, 4096),
  extensions: fc.integer({ min: 0, max: 1000 }),
  expectations: fc.integer({ min: 0, max: 1000 }),
  datagrams: fc.integer({ min: 0, max: 100 }),
  fragmentBytes: fc.integer({ min: 0, max: 1 << 16 }),
  serviceBytes: fc.integer({ min: 0, max: 1 << 20 }),
  ownerSlots: fc.constantFrom(0, 1, 4096),
  portMirrorBytes: fc.integer({ min: 0, max: 10_000 }),
  tunnelBytes: fc.integer({ min: 0, max: 1 << 16 }),
  tunnelSlots: fc.constantFrom(0, 2, 512),
  bindingBytes: fc.integer({ min: 0, max: 1 << 20 }),
  bridgeBytes: fc.integer({ min: 0, max: 1 << 16 }),
  vlanMaps: fc.integer({ min: 0, max: 256 }),
  fdbSlots: fc.constantFrom(0, 4, 1 << 18),
  tunnelMetadata: fc.boolean(),
});

describe("planMemory", () => {
  it("lays regions out in order, apart by TAILROOM at least, behind the control page", () => {
    const property = fc.property(sizes, (of) => {
      const { regions, bytes, pages } = planMemory(of);
      let end = layout.CONTROL + layout.PAGE;
      regions.forEach((base, slot) => {
        expect(base).toBeGreaterThanOrEqual(end);
        expect(base % 4096).toBe(0);
        end = base + bytes[slot]! + layout.TAILROOM;
      });
      expect(regions.length).toBe(layout.REGIONS);
      expect(end).toBeLessThanOrEqual(pages * layout.PAGE);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("refuses what does not fit into 4 GiB, naming what to lower", () => {
    const plan = () => planMemory({ ...SMALL, lpmBytes: 2 ** 32 });
    expect(plan).toThrowError(SluiceError);
    expect(plan).toThrowError(/4096 MiB.*engine\.limits/);
    try {
      plan();
    } catch (error) {
      expect((error as SluiceError).code).toBe("LIMIT_EXCEEDED");
    }
  });

  it("keeps the neighbor index at most half full, its slots a power of two", () => {
    for (const neighbors of [1, 2, 3, 4, 5, 1000, 4096, 4097, 1_000_000]) {
      const slots = neighborSlots(neighbors);
      expect(Math.log2(slots) % 1).toBe(0);
      expect(slots).toBeGreaterThanOrEqual(2 * neighbors);
    }
  });
});

describe("Region", () => {
  const region = new Region(planMemory(SMALL));

  it("writes the directory for the kernels", () => {
    expect(region.getU32(layout.CONTROL_MAGIC)).toBe(layout.LAYOUT_MAGIC);
    expect(region.getU32(layout.CONTROL_VERSION)).toBe(layout.LAYOUT_VERSION);
    expect(region.getU32(layout.CONTROL_QUEUES)).toBe(2);
    for (let slot = 0; slot < layout.REGIONS; slot++) {
      expect(region.getU32(layout.CONTROL_REGIONS + slot * 4)).toBe(region.base(slot));
    }
  });

  it("gives every shard an owner, and every worker a fair number of them", () => {
    const owners = region.bytes(layout.CONTROL_SHARD_OWNER, layout.SHARDS);
    expect(owners.filter((owner) => owner === 0).length).toBe(64);
    expect(owners.filter((owner) => owner === 1).length).toBe(64);
  });

  it("hands out each frame once", () => {
    const base = region.base(layout.REGION_FREE_FRAMES) / 4;
    const stride = freeListStride(16) / 4;
    const lists = [0, 1].map((worker) =>
      region.u32.subarray(base + worker * stride, base + worker * stride + 17),
    );
    expect(lists.map(([count]) => count)).toEqual([16, 16]);
    const frames = lists.flatMap((list) => [...list.subarray(1)]);
    expect(frames.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, n) => n));
  });

  it("reads 64-bit counts", () => {
    const at = region.worker(1) + layout.WORKER_COUNTERS;
    region.setU64(at, 2n ** 40n + 7n);
    expect(region.getCount(at)).toBe(2 ** 40 + 7);
    expect(region.getU64(at)).toBe(2n ** 40n + 7n);
  });
});

describe("layout", () => {
  it("keeps words of different writers on different cache lines", () => {
    const lines = [layout.WORKER_JOBS_DONE, layout.WORKER_OUTPUT_HEAD, layout.WORKER_OUTPUT_TAIL];
    expect(new Set(lines.map((offset) => Math.floor(offset / layout.CACHE_LINE))).size).toBe(3);
  });

  it("has room in the worker block for all it names", () => {
    const { WORKER_DROPS, WORKER_PORTS, WORKER_TRACE_BUFFER } = layout;
    expect(layout.WORKER_COUNTERS + layout.COUNT_ORIGINATED_LOST).toBeLessThan(WORKER_DROPS);
    expect(WORKER_DROPS + 192 * 8).toBeLessThanOrEqual(WORKER_PORTS);
    const ports = layout.MAX_PORTS * layout.WORKER_PORT_STRIDE;
    expect(WORKER_PORTS + ports).toBeLessThanOrEqual(WORKER_TRACE_BUFFER);
    const trace = layout.TRACE_SLOTS * layout.TRACE_STRIDE;
    expect(WORKER_TRACE_BUFFER + trace).toBeLessThanOrEqual(layout.WORKER_STRIDE);
    const { TRACE_FRAME, TRACE_FRAME_BYTES, TRACE_STRIDE } = layout;
    expect(TRACE_FRAME + TRACE_FRAME_BYTES).toBeLessThanOrEqual(TRACE_STRIDE);
  });
});
