// Packets of this worker that wait for a neighbor's MAC: a short list, oldest first, looked
// through once a burst. Few can wait, so the list is an array and not something cleverer.

import { PENDING_PER_NEIGHBOR, PENDING_SLOTS, RECORD_STRIDE, WORKER_PENDING } from "../layout";
import { pending, records, worker } from "../memory/directory";
import { neighborOf } from "../packet";

/** Packets waiting now. */
export function pendingCount(): u32 {
  return load<u32>(worker, WORKER_PENDING);
}

/** Record of the waiting packet at a place in the list. */
export function pendingRecord(place: u32): usize {
  return records + <usize>load<u32>(pending + ((<usize>place) << 2)) * RECORD_STRIDE;
}

/** Keeps the packet until its neighbor answers; false when too many wait, here or for that one. */
export function holdPacket(record: usize): bool {
  const count = pendingCount();
  if (count >= <u32>PENDING_SLOTS) return false;
  let same: u32 = 0;
  for (let place: u32 = 0; place < count; place++) {
    if (neighborOf(pendingRecord(place)) === neighborOf(record)) same++;
  }
  if (same >= <u32>PENDING_PER_NEIGHBOR) return false;
  setPendingRecord(count, record);
  store<u32>(worker, count + 1, WORKER_PENDING);
  return true;
}

export function setPendingRecord(place: u32, record: usize): void {
  store<u32>(pending + ((<usize>place) << 2), <u32>((record - records) / RECORD_STRIDE));
}

/**
 * Ends a walk over the first `walked` places, of which the first `kept` stay: what was appended
 * during the walk moves up behind them.
 */
export function compactPending(kept: u32, walked: u32): void {
  const count = pendingCount();
  for (let place = walked; place < count; place++) setPendingRecord(kept++, pendingRecord(place));
  store<u32>(worker, kept, WORKER_PENDING);
}
