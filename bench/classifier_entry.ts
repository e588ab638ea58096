// The classifier for its benchmark: many look-ups in a call.

import { KEY_BLOCK } from "../assembly/layout";
import { lookup } from "../assembly/table/classifier";
import { flowNumber } from "../assembly/table/flows";

export { openDirectory } from "../assembly/memory/directory";

/**
 * Looks `count` keys up, `rounds` times. Of each key there is block 0, which is put into one whole
 * key, as if it had just been taken from a packet.
 * @returns the sum of the flows' numbers
 */
export function matchAll(table: usize, key: usize, blocks: usize, count: u32, rounds: u32): u64 {
  let sum: u64 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < count; i++) {
      v128.store(key, v128.load(blocks + <usize>i * KEY_BLOCK));
      const flow = lookup(table, key, u64.MAX_VALUE, 0);
      if (flow !== 0) sum += flowNumber(flow);
    }
  }
  return sum;
}
