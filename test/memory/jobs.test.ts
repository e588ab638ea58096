// Chunks and jobs: when a chunk is free again, when the ring is full, and counters that pass 2^32.

import { beforeEach, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { JobRing } from "../../src/memory/chunks.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { world } from "../path/world.ts";
import { SMALL_SIZES } from "../support/memory_sizes.ts";
import { TestRouter } from "../support/path.ts";

const PLACE = { sequence: 0, timeShift: 0n, bytesBefore: 0 };

let region: Region;

/** Worker `number` says it is through with so many jobs. */
function finish(number: number, jobs: number): void {
  region.setU32(region.worker(number) + layout.WORKER_JOBS_DONE, jobs >>> 0);
}

beforeEach(() => {
  region = new Region(
    planMemory({
      ...SMALL_SIZES,
      queues: 2,
      framesPerWorker: 2,
      chunks: 3,
    }),
  );
});

describe("JobRing", () => {
  it("lends a chunk again once the slowest worker is through with its last job", () => {
    const ring = new JobRing(region);
    const [a, b, c] = ring.chunks;
    for (const chunk of [a, b, c, a]) ring.publish(chunk!, PLACE);
    finish(0, 4);
    expect(ring.freeChunk()).toBeUndefined();
    finish(1, 1);
    expect(ring.freeChunk()).toBeUndefined();
    finish(1, 2);
    expect(ring.freeChunk()).toBe(b);
    finish(1, 4);
    expect(ring.freeChunk()).toBe(a);
    expect(ring.finished()).toBe(4);
  });

  it("has room for JOB_SLOTS jobs beyond the slowest worker", () => {
    const ring = new JobRing(region);
    const [chunk] = ring.chunks;
    for (let job = 0; job < layout.JOB_SLOTS; job++) {
      expect(ring.hasRoom).toBe(true);
      ring.publish(chunk!, PLACE);
    }
    expect(ring.hasRoom).toBe(false);
    finish(0, 1);
    expect(ring.hasRoom).toBe(false);
    finish(1, 1);
    expect(ring.hasRoom).toBe(true);
  });

  it("continues where the memory's counters stand, also past 2^32", () => {
    const start = 2 ** 32 - 3;
    region.publish(layout.CONTROL_JOBS, start | 0);
    finish(0, start);
    finish(1, start);
    const ring = new JobRing(region);
    const [a, b] = ring.chunks;
    for (let job = 0; job < 6; job++) ring.publish(job % 2 ? b! : a!, PLACE);
    expect(region.observe(layout.CONTROL_JOBS)).toBe(3);
    finish(0, start + 6);
    finish(1, start + 5);
    expect(ring.finished()).toBe(start + 5);
    expect(b!.lastJob).toBe(start + 5);
    expect([undefined, a, ring.chunks[2]]).toContain(ring.freeChunk());
    expect(ring.freeChunk()).not.toBe(b);
  });

  it("writes what a job adds to its chunk", () => {
    const ring = new JobRing(region);
    const place = { sequence: 2 ** 40, timeShift: -5n, bytesBefore: 1e15 };
    ring.publish(ring.chunks[1]!, place);
    const job = region.base(layout.REGION_JOBS);
    expect(region.getU32(job + layout.JOB_CHUNK)).toBe(ring.chunks[1]!.address);
    expect(region.getU64(job + layout.JOB_SEQUENCE)).toBe(2n ** 40n);
    expect(BigInt.asIntN(64, region.getU64(job + layout.JOB_TIME_SHIFT))).toBe(-5n);
    expect(region.f64[(job + layout.JOB_BYTES_BEFORE) / 8]).toBe(1e15);
  });
});

describe("Chunk", () => {
  it("describes packets, and gives interfaces beyond the list its last port", () => {
    const [chunk] = new JobRing(region).chunks;
    chunk!.reset([7, 9]);
    for (const interfaceId of [0, 1, 2]) chunk!.add(interfaceId, 60, 64, 17, 999, 2, interfaceId);
    const view = new DataView(region.buffer, chunk!.address + layout.CHUNK_DESCRIPTORS);
    const ports = [0, 1, 2].map((n) =>
      view.getUint16(n * layout.DESCRIPTOR_STRIDE + layout.DESCRIPTOR_PORT, true),
    );
    expect(ports).toEqual([7, 9, 9]);
    expect(view.getUint8(layout.DESCRIPTOR_LINK)).toBe(2);
    const before = 2 * layout.DESCRIPTOR_STRIDE + layout.DESCRIPTOR_BYTES_BEFORE;
    expect(view.getUint32(before, true)).toBe(128);
    expect(chunk!.wireBytes).toBe(192);
    expect(chunk!.timestamp(1)).toBe(17_000_000_999n);
  });
});

describe("kernels", () => {
  it.each([0, 2 ** 32 - 700])("run more jobs than there are slots, from job %d", async (first) => {
    const router = await TestRouter.create(world({ engine: "queues: 2" }));
    const start = (memory: Region) => {
      memory.publish(layout.CONTROL_JOBS, first | 0);
      for (const worker of [0, 1]) {
        memory.setU32(memory.worker(worker) + layout.WORKER_JOBS_DONE, first);
      }
    };
    const run = router.begin({ prepare: start });
    const nothing = () => {};
    const jobs = layout.JOB_SLOTS + 500;
    for (let job = 0; job < jobs; job++) {
      const chunk = run.takeChunk(nothing);
      chunk.data.fill(0, 0, 60);
      chunk.add(0, 60, 60, 1, job, 0, 0);
      run.publish(chunk);
    }
    expect(run.finish(nothing).packets.received).toBe(jobs);
  });
});
