// Small things every part of the parser shares: the record's fields several at a time, and what to
// say of bytes that are not there.

import { DROP_TRUNCATED } from "../drops";
import { RECORD_FLAGS, RECORD_HASH, RECORD_L3, RECORD_PROTOCOL } from "../layout";
import { drop, flagsOf, l3LengthOf, l3OffsetOf, l4OffsetOf, setFlags } from "../packet";

/** Clears everything parse fills. */
export function clearFields(record: usize): void {
  store<u16>(record, 0, RECORD_FLAGS);
  store<u64>(record, 0, RECORD_L3);
  store<u64>(record, 0, RECORD_PROTOCOL);
  store<u32>(record, 0, RECORD_HASH);
}

/** Sets l3, l4, payload and etherType, which lie side by side. */
export function setOffsets(record: usize, l3: u32, l4: u32, payload: u32, etherType: u32): void {
  const low = l3 | (l4 << 16);
  const high = payload | (etherType << 16);
  store<u64>(record, <u64>low | ((<u64>high) << 32), RECORD_L3);
}

/** Sets protocol, tunnel and l3Length, and says that there are neither tags nor labels. */
export function setUntagged(record: usize, protocol: u32, tunnel: u32, l3Length: u32): void {
  const low = protocol | (tunnel << 24);
  store<u64>(record, <u64>low | ((<u64>l3Length) << 32), RECORD_PROTOCOL);
}

export function addFlags(record: usize, flags: u32): void {
  setFlags(record, flagsOf(record) | flags);
}

/** Bytes of the IP packet from l4 on. */
export function roomOf(record: usize): u32 {
  return l3OffsetOf(record) + l3LengthOf(record) - l4OffsetOf(record);
}

/**
 * The verdict on a packet that should reach to the offset `needed` and does not: the capture's
 * fault when the wire had that many bytes, else the packet's, for the given reason.
 */
export function missing(needed: u64, wireEnd: u32, reason: i32): i32 {
  return drop(needed <= wireEnd ? DROP_TRUNCATED : reason);
}
