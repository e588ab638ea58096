// Refusing a packet in words (OP_REJECT): an ICMP error, or the reset of a TCP connection.

import { DROP_BACKEND_GONE } from "../drops";
import {
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_LATER_FRAGMENT,
  REJECT_TCP_RESET,
} from "../layout";
import { flagsOf, protocolOf, vlanTagsOf } from "../packet";
import { networkOf } from "../parse/key_network";
import { error4, error6 } from "../respond/errors";
import { rejectKind4, rejectKind6 } from "../respond/kinds";
import { reset } from "../respond/reset";
import { PROTOCOL_TCP } from "../wire/ipv4";

/** Whether a packet dropped for this reason is answered by the reset of its connection. */
export function wantsReset(record: usize, reason: i32): bool {
  return reason === DROP_BACKEND_GONE && protocolOf(record) === PROTOCOL_TCP;
}

/**
 * Builds in `reply` what tells the sender that its packet is refused, as `kind` (REJECT_*) says;
 * the transport checksum of the packet has been verified. False, and no reply, when the standards
 * forbid one, or the rate limit of ICMP errors, which resets have not. Tagged and labelled packets
 * are not answered: the answer would go out without what they came in.
 */
export function reject(record: usize, kind: u32, reply: usize): bool {
  const network = networkOf(record);
  if ((network & (PACKET_IP4 | PACKET_IP6)) === 0 || vlanTagsOf(record) !== 0) return false;
  if (kind === REJECT_TCP_RESET) return reset(record, reply);
  // Of a later fragment nobody can see whether it is part of an ICMP error.
  if ((flagsOf(record) & (PACKET_ICMP_ERROR | PACKET_LATER_FRAGMENT)) !== 0) return false;
  if (network === PACKET_IP4) return error4(record, rejectKind4(kind), reply, 0);
  return error6(record, rejectKind6(kind), reply, 0);
}
