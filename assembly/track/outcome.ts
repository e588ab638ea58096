// What a protocol says of a packet, and what every connection has done to it by one.

import { addStatus, countInConnection, hasStatus } from "../connection";
import { CONTROL_TIMEOUTS, CT_DYING, CT_FIXED_TIMEOUT } from "../layout";
import { l3LengthOf } from "../packet";
import { setDeadline } from "../state/connections";

export const TRACKED_OK: i32 = 0;
/** The packet fits nothing its connection, or any, could expect. */
export const TRACKED_INVALID: i32 = 1;
/** It opens anew what is closed: the connection is to be removed, and another one begun. */
export const TRACKED_REPEAT: i32 = 2;

/** Ticks a connection lasts beyond its last packet, by TIMEOUT_*. */
export function timeoutOf(timeout: u32): u32 {
  return load<u32>(<usize>CONTROL_TIMEOUTS + ((<usize>timeout) << 2));
}

/** Counts the packet, and lets the connection last for `ticks` from now on. */
export function refresh(record: usize, entry: usize, reply: bool, ticks: u32, now: u32): void {
  if (!hasStatus(entry, CT_FIXED_TIMEOUT)) setDeadline(entry, now + ticks, now);
  account(record, entry, reply);
}

/** Counts the packet and the bytes of its IP packet. */
export function account(record: usize, entry: usize, reply: bool): void {
  countInConnection(entry, reply, 1, l3LengthOf(record));
}

/**
 * Ends a connection with the packet at hand. The entry stays until the timer wheel comes to it, so
 * that this packet can still be translated; no other one will find it.
 */
export function endConnection(entry: usize, now: u32): void {
  addStatus(entry, CT_DYING);
  setDeadline(entry, now, now);
}
