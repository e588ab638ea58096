// Copies that wait until the packet at hand is done, which itself goes on: for the built-in path,
// or to leave by a port that is no device (their out-port says which). At most DEFERRED_SLOTS from
// one packet.

import { DEFERRED_SLOTS, WORKER_DEFERRED } from "../layout";
import { worker } from "../memory/directory";

let held: u32 = 0;

export function areDeferred(): bool {
  return held !== 0;
}

/** False when no slot is left. */
export function putDeferred(record: usize): bool {
  if (held === <u32>DEFERRED_SLOTS) return false;
  store<u32>(worker + ((<usize>held) << 2), <u32>record, WORKER_DEFERRED);
  held++;
  return true;
}

/** One that waits; 0 = none. */
export function takeDeferred(): usize {
  if (held === 0) return 0;
  held--;
  return load<u32>(worker + ((<usize>held) << 2), WORKER_DEFERRED);
}
