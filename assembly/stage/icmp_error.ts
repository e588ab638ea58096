// Telling the sender why its packet was dropped.

import { PACKET_ICMP_ERROR, PACKET_IP4, PACKET_IP6, PACKET_LATER_FRAGMENT } from "../layout";
import { flagsOf } from "../packet";
import { error4, error6 } from "../respond/errors";
import { kind4, kind6, NONE } from "../respond/kinds";

/** Whether a packet dropped for this reason may have a sender who wants to know. */
export function wantsIcmpError(reason: i32): bool {
  return kind4(reason) !== NONE || kind6(reason) !== NONE;
}

/**
 * Builds in `reply` the error for a packet dropped for `reason`, its bytes still as received.
 * False, and no reply, when none is due, or more were sent of late than the shard may send.
 *
 * @param mtu of the port the packet was too big for, with DROP_TOO_BIG; otherwise not looked at
 */
export function icmpError(record: usize, reason: i32, reply: usize, mtu: u32): bool {
  const flags = flagsOf(record);
  // Of a later fragment nobody can see whether it is part of an ICMP error.
  if ((flags & (PACKET_ICMP_ERROR | PACKET_LATER_FRAGMENT)) !== 0) return false;
  if ((flags & PACKET_IP4) !== 0) return error4(record, kind4(reason), reply, mtu);
  if ((flags & PACKET_IP6) !== 0) return error6(record, kind6(reason), reply, mtu);
  return false;
}
