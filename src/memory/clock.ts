// What time it is in a run: the timestamp of the packet the workers have come to. A replay's clock
// is its capture, so nobody keeps it: it is found from the numbers of the packets that are done.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "./region.ts";

/** Numbers of the first packets that each worker has not finished. */
function watermarks(region: Region): bigint[] {
  return Array.from({ length: region.map.sizes.queues }, (_, worker) => {
    const at = region.worker(worker) + layout.WORKER_WATERMARK;
    return Atomics.load(region.u64, at / 8);
  });
}

/**
 * Nanoseconds since 1970 of the packet that the worker farthest ahead is at, or of the last one
 * when all are done; 0 when no packet was published in this run.
 */
export function latestTime(region: Region): bigint {
  return timeAt(
    region,
    watermarks(region).reduce((most, one) => (one > most ? one : most)),
  );
}

/** The same of the worker that is farthest behind: every worker is past the time before it. */
export function passedTime(region: Region): bigint {
  return timeAt(
    region,
    watermarks(region).reduce((least, one) => (one < least ? one : least)),
  );
}

function timeAt(region: Region, packet: bigint): bigint {
  const published = region.observe(layout.CONTROL_JOBS);
  for (let back = 1; back <= Math.min(published, layout.JOB_SLOTS); back++) {
    const slot = (published - back) & (layout.JOB_SLOTS - 1);
    const job = region.base(layout.REGION_JOBS) + slot * layout.JOB_STRIDE;
    const first = region.getU64(job + layout.JOB_SEQUENCE);
    if (first <= packet) return timeOf(region, job, Number(packet - first));
  }
  return 0n;
}

/** Time of a job's packet, or of its last one when it has fewer. */
function timeOf(region: Region, job: number, packet: number): bigint {
  const chunk = region.getU32(job + layout.JOB_CHUNK);
  const count = region.getU32(chunk + layout.CHUNK_COUNT);
  const place = Math.min(packet, Math.max(0, count - 1));
  const at = chunk + layout.CHUNK_DESCRIPTORS + place * layout.DESCRIPTOR_STRIDE;
  const seconds = BigInt(region.getU32(at + layout.DESCRIPTOR_SECONDS));
  const nanoseconds = BigInt(region.getU32(at + layout.DESCRIPTOR_NANOSECONDS));
  const shift = region.getU64(job + layout.JOB_TIME_SHIFT);
  return BigInt.asUintN(64, seconds * 1_000_000_000n + nanoseconds + shift);
}
