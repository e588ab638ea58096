// Copies that flows at ingress handed to the built-in path, while the packet itself went on: they
// take that path when the packet is done. At most DEFERRED_SLOTS from one packet.

import { DEFERRED_SLOTS, WORKER_DEFERRED } from "../layout";
import { worker } from "../memory/directory";

let held: u32 = 0;

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
