// A small memory for flow tables, without the rest of an engine.

import { type MemorySizes, planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { SMALL_SIZES } from "./memory_sizes.ts";

const SMALL: MemorySizes = {
  ...SMALL_SIZES,
  queues: 2,
  framesPerWorker: 4,
  ports: 4,
  forwardingEntries: 4,
  buckets: 16,
  neighbors: 2,
  lpmBytes: 4096,
  flows: 64,
  flowCounters: 64,
  ruleBytes: 1 << 20,
  groups: 8,
  meters: 8,
  mirrors: 4,
};

export function flowMemory(sizes: Partial<MemorySizes> = {}): Region {
  return new Region(planMemory({ ...SMALL, ...sizes }));
}
