// The classifier for its tests: look-ups one by one and many in a call, under the version of the
// tables that this instance has read.

import { KEY_BYTES } from "../../assembly/layout";
import { lookup } from "../../assembly/table/classifier";
import { flowNumber } from "../../assembly/table/flows";

export { openDirectory, readModes } from "../../assembly/memory/directory";

/** Number of the flow that matches, 0 = none; see assembly/table/classifier.ts. */
export function match(table: usize, key: usize, below: u64, now: u64): u32 {
  const flow = lookup(table, key, below, now);
  return flow === 0 ? 0 : flowNumber(flow);
}

/** For `count` keys from `keys` on the numbers of their flows, u32 each. */
export function matchMany(table: usize, keys: usize, numbers: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const flow = lookup(table, keys + <usize>i * KEY_BYTES, u64.MAX_VALUE, 0);
    store<u32>(numbers + ((<usize>i) << 2), flow === 0 ? 0 : flowNumber(flow));
  }
}
