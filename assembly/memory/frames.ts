// The frame pool. Each worker has frames of its own, on a last-in first-out list, so that the few
// frames in use at a time stay in the cache. A frame is known by the address of its record.
//
//   free list of one worker: | count | frame number … |      (REGION_FREE_FRAMES)

import { FREE_LIST_ALIGN, HEADROOM, META_STRIDE, RECORD_STRIDE, TAILROOM } from "../layout";
import { setData, setLength } from "../packet";
import { frameSize, frames, freeFrames, records, tunnelMetadata } from "./directory";

/** This worker's free list; its capacity is fixed by the host, which fills it before the start. */
let list: usize = 0;

/** Finds this worker's list: each holds `perWorker` frames, count word included in the stride. */
export function openFrames(number: u32, perWorker: u32): void {
  const bytes = (<usize>perWorker + 1) << 2;
  const stride = (bytes + FREE_LIST_ALIGN - 1) & ~(FREE_LIST_ALIGN - 1);
  list = freeFrames + <usize>number * stride;
}

/**
 * A frame's record, its data pointing behind the headroom and its length 0; 0 when none is left.
 */
export function takeFrame(): usize {
  const left = load<u32>(list);
  if (left === 0) return 0;
  store<u32>(list, left - 1);
  const number: usize = load<u32>(list + ((<usize>left) << 2));
  const record = records + number * RECORD_STRIDE;
  setData(record, frames + number * frameSize + HEADROOM);
  setLength(record, 0);
  return record;
}

/** Gives a frame back. */
export function releaseFrame(record: usize): void {
  const left = load<u32>(list) + 1;
  store<u32>(list, left);
  store<u32>(list + ((<usize>left) << 2), <u32>((record - records) / RECORD_STRIDE));
}

/** Where the record's frame begins. */
export function frameStart(record: usize): usize {
  return frames + ((record - records) / RECORD_STRIDE) * frameSize;
}

/** The META_STRIDE bytes beside the record's frame (state/tunnel_metadata.ts). */
export function frameMetadata(record: usize): usize {
  return tunnelMetadata + ((record - records) / RECORD_STRIDE) * META_STRIDE;
}

export function framesLeft(): u32 {
  return load<u32>(list);
}

/** Longest packet a frame holds. */
export function frameCapacity(): u32 {
  return frameSize - HEADROOM - TAILROOM;
}
