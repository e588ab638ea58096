// Where things are: addresses of the regions, read once from the control page into module globals.
// A module global belongs to one instance, so it is also the place for "which worker am I".

import {
  CONTROL_FRAME_SIZE,
  CONTROL_MAGIC,
  CONTROL_MODE,
  CONTROL_OUTPUT_MODE,
  CONTROL_QUEUES,
  CONTROL_REGIONS,
  CONTROL_VERSION,
  LAYOUT_MAGIC,
  LAYOUT_VERSION,
  MODE_VERIFY_HEADER,
  OUTPUT_NONE,
  OUTPUT_RING_BYTES,
  PENDING_SLOTS,
  PENDING_STRIDE,
  REGION_BUCKETS,
  REGION_FORWARDING,
  REGION_FRAMES,
  REGION_FREE_FRAMES,
  REGION_JOBS,
  REGION_NEIGHBOR_INDEX,
  REGION_NEIGHBORS,
  REGION_OUTPUT,
  REGION_PENDING,
  REGION_PORTS,
  REGION_RECORDS,
  REGION_SHARD_STATE,
  REGION_VRFS,
  REGION_WORKERS,
  WORKER_STRIDE,
} from "../layout";

export let workerNumber: u32 = 0;
export let queueCount: u32 = 1;
/** This worker's block. */
export let worker: usize = 0;
export let frames: usize = 0;
export let frameSize: u32 = 0;
export let records: usize = 0;
export let freeFrames: usize = 0;
export let jobs: usize = 0;
/** This worker's output ring. */
export let output: usize = 0;
export let ports: usize = 0;
export let vrfs: usize = 0;
export let forwarding: usize = 0;
export let buckets: usize = 0;
export let neighbors: usize = 0;
export let neighborIndex: usize = 0;
export let shardStates: usize = 0;
/** This worker's pending queue. */
export let pending: usize = 0;

/** MODE_* bits, as of the start of the burst. */
export let mode: u32 = MODE_VERIFY_HEADER;
/** OUTPUT_*, as of the start of the burst. */
export let outputMode: u32 = OUTPUT_NONE;

function region(slot: usize): usize {
  return load<u32>(<usize>CONTROL_REGIONS + slot * 4);
}

/** Takes the addresses from the control page. False when the memory is of another layout. */
export function openDirectory(number: u32): bool {
  if (load<u32>(CONTROL_MAGIC) !== LAYOUT_MAGIC || load<u32>(CONTROL_VERSION) !== LAYOUT_VERSION) {
    return false;
  }
  workerNumber = number;
  queueCount = load<u32>(CONTROL_QUEUES);
  worker = region(REGION_WORKERS) + number * WORKER_STRIDE;
  frames = region(REGION_FRAMES);
  frameSize = load<u32>(CONTROL_FRAME_SIZE);
  records = region(REGION_RECORDS);
  freeFrames = region(REGION_FREE_FRAMES);
  jobs = region(REGION_JOBS);
  output = region(REGION_OUTPUT) + number * OUTPUT_RING_BYTES;
  ports = region(REGION_PORTS);
  vrfs = region(REGION_VRFS);
  forwarding = region(REGION_FORWARDING);
  buckets = region(REGION_BUCKETS);
  neighbors = region(REGION_NEIGHBORS);
  neighborIndex = region(REGION_NEIGHBOR_INDEX);
  shardStates = region(REGION_SHARD_STATE);
  pending = region(REGION_PENDING) + number * PENDING_SLOTS * PENDING_STRIDE;
  readModes();
  return true;
}

/** Once per burst: what the control side may change while workers run. */
export function readModes(): void {
  mode = load<u32>(CONTROL_MODE);
  outputMode = load<u32>(CONTROL_OUTPUT_MODE);
}
