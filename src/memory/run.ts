// The control words of one run: reset, pace, start, stop.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "./region.ts";

/** How packets are paced; see PACE_* in the layout. */
export type Pace =
  | { readonly kind: "top" }
  /** By capture time: 2 is twice as fast as captured. */
  | { readonly kind: "multiple"; readonly factor: number }
  | { readonly kind: "packets"; readonly perSecond: number }
  | { readonly kind: "bits"; readonly perSecond: number };

/**
 * What becomes of sent frames: only counted, read by the host, or copied and overwritten unread.
 */
export type OutputMode = "count" | "keep" | "overwrite";

const OUTPUT_CODES: Readonly<Record<OutputMode, number>> = {
  count: layout.OUTPUT_NONE,
  keep: layout.OUTPUT_KEEP,
  overwrite: layout.OUTPUT_OVERWRITE,
};

/**
 * Forgets the last run: counters, progress, shard state, packets that still waited for a neighbor.
 * No worker may be running.
 */
export function resetRun(region: Region): void {
  const { queues } = region.map.sizes;
  region.bytes(region.worker(0), queues * layout.WORKER_STRIDE).fill(0);
  const shards = region.base(layout.REGION_SHARD_STATE);
  region.bytes(shards, layout.SHARDS * layout.SHARD_STRIDE).fill(0);
  region.freeFrames();
  for (const word of [layout.CONTROL_STOP, layout.CONTROL_JOBS, layout.CONTROL_LAST]) {
    region.publish(word, 0);
  }
}

/** Sets how fast packets go and what becomes of sent frames. */
export function prepareRun(region: Region, pace: Pace, output: OutputMode): void {
  const [code, factor] = paceWords(pace);
  region.setU32(layout.CONTROL_PACE, code);
  region.setF64(layout.CONTROL_PACE_FACTOR, factor);
  region.setU32(layout.CONTROL_OUTPUT_MODE, OUTPUT_CODES[output]);
}

function paceWords(pace: Pace): [code: number, nanosecondsPerUnit: number] {
  switch (pace.kind) {
    case "top":
      return [layout.PACE_TOP, 0];
    case "multiple":
      return [layout.PACE_TIME, 1 / pace.factor];
    case "packets":
      return [layout.PACE_PACKETS, 1e9 / pace.perSecond];
    case "bits":
      return [layout.PACE_BYTES, 8e9 / pace.perSecond];
  }
}

/** The clocks' anchors, set just before the first job: capture time and real time. */
export function anchorRun(region: Region, firstTimestamp: bigint): bigint {
  const start = process.hrtime.bigint();
  region.setU64(layout.CONTROL_FIRST_TIME, BigInt.asUintN(64, firstTimestamp));
  region.setU64(layout.CONTROL_START, start);
  return start;
}

/** Tells the workers to finish the burst at hand and return. */
export function stopRun(region: Region): void {
  region.publish(layout.CONTROL_STOP, 1);
  Atomics.notify(region.i32, layout.CONTROL_JOBS >>> 2);
}

/** Marks the ports whose sent frames the host wants to read; undefined = all of them. */
export function keepFrames(region: Region, ports: readonly number[] | undefined): void {
  for (let port = 0; port < region.map.sizes.ports; port++) {
    const wanted = ports === undefined || ports.includes(port);
    const at = region.base(layout.REGION_PORTS) + port * layout.PORT_STRIDE + layout.PORT_FLAGS;
    region.setBits(at, layout.PORT_KEEP, wanted);
  }
}

/** Whether packets to unknown neighbors wait while these are asked, or are dropped. */
export function setNeighborResolution(region: Region, on: boolean): void {
  region.setBits(layout.CONTROL_MODE, layout.MODE_RESOLVE, on);
}

/**
 * What the flow cache is for: used; used, and each outcome found in it compared with classifying;
 * or not used, so that every packet is classified.
 */
export type FlowCacheUse = "use" | "compare" | "off";

export function setFlowCacheUse(region: Region, use: FlowCacheUse): void {
  region.setBits(layout.CONTROL_MODE, layout.MODE_CHECK_CACHE, use === "compare");
  region.setBits(layout.CONTROL_MODE, layout.MODE_NO_CACHE, use === "off");
}

/**
 * The oldest version of the tables that a worker may be using in the run that is going on; 0 when
 * one has not begun its first burst.
 */
export function oldestTablesVersion(region: Region): number {
  const published = region.observe(layout.CONTROL_TABLES_VERSION);
  let behind = 0;
  for (let worker = 0; worker < region.map.sizes.queues; worker++) {
    const version = region.observe(region.worker(worker) + layout.WORKER_TABLES_VERSION);
    if (version === 0) return 0;
    // Versions count modulo 2^32; a worker is never 2^31 changes behind.
    behind = Math.max(behind, (published - version) >>> 0);
  }
  return (published - behind) >>> 0;
}

/** Empties the flow cache. No worker may be running. */
export function clearFlowCache(region: Region): void {
  const { cacheEntries } = region.map.sizes;
  const bytes = layout.SHARDS * cacheEntries * layout.CACHE_STRIDE;
  region.bytes(region.base(layout.REGION_FLOW_CACHE), bytes).fill(0);
}
