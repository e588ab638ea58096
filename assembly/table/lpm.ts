// Longest-prefix match: the look-up. layout.ts draws the table, src/compile/lpm.ts writes it.
//
// Readers take no lock. The host completes a node before it stores the one word that makes it
// reachable, and reuses an unreachable node only after every worker has passed a burst boundary:
// so whatever entry is read here leads to a whole node, and a look-up sees the table as it was
// either before or after a change.

import { LPM_DEFAULT, LPM_LINE_SHIFT, LPM_NODE_ENTRIES, LPM_NODE_RANKS } from "../layout";

/**
 * Value of the longest prefix that contains an IPv4 address; 0 = no route.
 * @param address host order: 10.0.0.1 is 0x0a000001
 */
export function lookup4(root: usize, address: u32): u32 {
  return continue4(root, begin4(root, address), address);
}

/** The first half of lookup4(): what the first 16 bits lead to, for continue4(). */
export function begin4(root: usize, address: u32): u32 {
  return load<u32>(root + <usize>((address >> 16) << 2));
}

/** The second half of lookup4(). */
export function continue4(root: usize, entry: u32, address: u32): u32 {
  if (isNode(entry)) {
    entry = entryOf(entry, (address >> 8) & 255);
    if (isNode(entry)) entry = entryOf(entry, address & 255);
  }
  return entry !== 0 ? entry : load<u32>(root, LPM_DEFAULT);
}

/**
 * Value of the longest prefix that contains an IPv6 address; 0 = no route.
 * @param high first 64 bits of the address, host order
 * @param low last 64 bits, host order
 */
export function lookup6(root: usize, high: u64, low: u64): u32 {
  let entry = load<u32>(root + <usize>((high >> 48) << 2));
  // Eight levels' worth of bits after the root's; the last six levels (beyond /80) are rare.
  let key = (high << 16) | (low >> 48);
  let levels = 8;
  while (isNode(entry)) {
    if (levels === 0) key = low << 16;
    entry = entryOf(entry, <u32>(key >> 56));
    key <<= 8;
    --levels;
  }
  return entry !== 0 ? entry : load<u32>(root, LPM_DEFAULT);
}

function isNode(entry: u32): bool {
  return <i32>entry < 0;
}

/** The entry of one slot of a node. The shift drops the reference's top bit. */
function entryOf(reference: u32, slot: u32): u32 {
  const node = <usize>(reference << LPM_LINE_SHIFT);
  const word = slot >> 6;
  // Shift counts are taken modulo 64: the mask keeps the bits at or below the slot.
  const starts = load<u64>(node + (word << 3)) & (<u64>-1 >> <u64>~slot);
  const run = <u32>load<u8>(node + word, LPM_NODE_RANKS) + <u32>popcnt(starts);
  return load<u32>(node + (run << 2), LPM_NODE_ENTRIES);
}
