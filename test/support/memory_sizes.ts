// Sizes of a memory in which there is hardly anything: what a test needs more of, it says.

import type { MemorySizes } from "../../src/memory/map.ts";

export const SMALL_SIZES: MemorySizes = {
  queues: 1,
  framesPerWorker: 1,
  frameSize: 512,
  ports: 1,
  vrfs: 1,
  forwardingEntries: 2,
  buckets: 1,
  neighbors: 1,
  lpmBytes: 64,
  chunks: 1,
  flows: 4,
  flowCounters: 4,
  ruleBytes: 4096,
  groups: 1,
  meters: 1,
  mirrors: 1,
  portMirrorBytes: 0,
  cacheEntries: 0,
  connections: 0,
  connectionBuckets: 0,
  extensions: 0,
  expectations: 0,
  datagrams: 0,
  fragmentBytes: 0,
  serviceBytes: 0,
  ownerSlots: 0,
};
