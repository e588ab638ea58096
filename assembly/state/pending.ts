// Packets of this worker that wait for a neighbor's MAC: a short list, oldest first, looked
// through once a burst. Few can wait, so the list is an array and not something cleverer.

import { PENDING_PER_NEIGHBOR, PENDING_SLOTS, RECORD_STRIDE, WORKER_PENDING } from "../layout";
import { pending, records, worker } from "../memory/directory";
import { framesLeft } from "../memory/frames";
import { neighborOf } from "../packet";

/** A place whose packet was taken during the walk at hand. */
const EMPTY: u32 = 0xffffffff;
/** Frames that waiting packets leave for the next packet and its answer. */
const RESERVED_FRAMES: u32 = 2;

/** Packets waiting now. */
export function pendingCount(): u32 {
  return load<u32>(worker, WORKER_PENDING);
}

function frameAt(place: u32): u32 {
  return load<u32>(pending + ((<usize>place) << 2));
}
function setFrameAt(place: u32, frame: u32): void {
  store<u32>(pending + ((<usize>place) << 2), frame);
}
function recordOf(frame: u32): usize {
  return records + <usize>frame * RECORD_STRIDE;
}

/** Keeps the packet until its neighbor answers; false when too many wait, here or for that one. */
export function holdPacket(record: usize): bool {
  const count = pendingCount();
  if (count >= <u32>PENDING_SLOTS || framesLeft() < RESERVED_FRAMES) return false;
  let same: u32 = 0;
  for (let place: u32 = 0; place < count; place++) {
    const frame = frameAt(place);
    if (frame === EMPTY) continue;
    if (neighborOf(recordOf(frame)) === neighborOf(record)) same++;
  }
  if (same >= <u32>PENDING_PER_NEIGHBOR) return false;
  putPending(count, record);
  store<u32>(worker, count + 1, WORKER_PENDING);
  return true;
}

/** Record of the waiting packet at a place in the list, which it leaves: put it back or end it. */
export function takePending(place: u32): usize {
  const record = recordOf(frameAt(place));
  setFrameAt(place, EMPTY);
  return record;
}

export function putPending(place: u32, record: usize): void {
  setFrameAt(place, <u32>((record - records) / RECORD_STRIDE));
}

/**
 * Ends a walk over the first `walked` places, of which the first `kept` stay: what was appended
 * during the walk moves up behind them.
 */
export function compactPending(kept: u32, walked: u32): void {
  const count = pendingCount();
  for (let place = walked; place < count; place++) setFrameAt(kept++, frameAt(place));
  store<u32>(worker, kept, WORKER_PENDING);
}
