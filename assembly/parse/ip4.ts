// The IPv4 header (RFC 791), its options and fragments.

import {
  DROP_BAD_FRAGMENT,
  DROP_IP_BAD_LENGTH,
  DROP_IP_BAD_VERSION,
  DROP_IP4_BAD_CHECKSUM,
  DROP_IP4_BAD_HEADER_LENGTH,
  DROP_IP4_BAD_OPTIONS,
  DROP_LAND,
} from "../drops";
import {
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_LATER_FRAGMENT,
  PACKET_OPTIONS,
  PACKET_SOURCE_ROUTED,
  VERDICT_CONTINUE,
} from "../layout";
import {
  dataOf,
  drop,
  l3LengthOf,
  protocolOf,
  setL3Length,
  setL3Offset,
  setL4Offset,
  setPayloadOffset,
  setProtocol,
} from "../packet";
import { foldSum, sumBytes } from "../wire/checksum";
import {
  IP4_HEADER,
  IP4_MORE_FRAGMENTS,
  IP4_OFFSET_MASK,
  ip4Destination,
  ip4FinalDestination,
  ip4Fits,
  ip4Fragment,
  ip4HeaderLength,
  ip4OptionsFit,
  ip4Protocol,
  ip4Source,
  ip4TotalLength,
  ip4Version,
  PROTOCOL_TCP,
} from "../wire/ipv4";
import { addFlags, missing } from "./fields";
import { parseTransport } from "./transport";

/** The largest total length, which no reassembled datagram may exceed. */
const LONGEST: u32 = 65535;

/**
 * Parses the packet at offset l3 of a frame whose network layer has its last present byte before
 * offset `end`, and its last on the wire before `wireEnd`.
 *
 * A total length of 0, as captures of segmentation offload show it, is refused like every other
 * that is shorter than the header: no such packet can be on a wire.
 */
export function parseIp4(record: usize, l3: u32, end: u32, wireEnd: u32, verify: bool): i32 {
  const ip = dataOf(record) + l3;
  if (!ip4Fits(end - l3)) return missing(l3 + IP4_HEADER, wireEnd, DROP_IP4_BAD_HEADER_LENGTH);
  if (ip4Version(ip) !== 4) return drop(DROP_IP_BAD_VERSION);
  const header = ip4HeaderLength(ip);
  if (header < IP4_HEADER) return drop(DROP_IP4_BAD_HEADER_LENGTH);
  if (l3 + header > end) return missing(l3 + header, wireEnd, DROP_IP4_BAD_HEADER_LENGTH);
  if (verify && foldSum(sumBytes(ip, header)) !== 0xffff) return drop(DROP_IP4_BAD_CHECKSUM);
  const total = ip4TotalLength(ip);
  if (total < header) return drop(DROP_IP_BAD_LENGTH);
  if (l3 + total > end) return missing(l3 + total, wireEnd, DROP_IP_BAD_LENGTH);
  if (header > IP4_HEADER && !ip4OptionsFit(ip)) return drop(DROP_IP4_BAD_OPTIONS);
  if (ip4Source(ip) === ip4Destination(ip) && ip4Source(ip) !== 0) return drop(DROP_LAND);
  setL3Offset(record, l3);
  setL3Length(record, total);
  setL4Offset(record, l3 + header);
  setPayloadOffset(record, l3 + header);
  setProtocol(record, ip4Protocol(ip));
  addFlags(record, PACKET_IP4);
  if (header > IP4_HEADER) noteOptions(record, ip);
  const fragment = ip4Fragment(ip) & (IP4_MORE_FRAGMENTS | IP4_OFFSET_MASK);
  if (fragment !== 0) return parseFragment(record, fragment, total - header);
  return parseTransport(record);
}

function noteOptions(record: usize, ip: usize): void {
  addFlags(record, PACKET_OPTIONS);
  if (ip4FinalDestination(ip) !== 0) addFlags(record, PACKET_SOURCE_ROUTED);
}

function parseFragment(record: usize, fragment: u32, payload: u32): i32 {
  const offset = (fragment & IP4_OFFSET_MASK) << 3;
  const more = (fragment & IP4_MORE_FRAGMENTS) !== 0;
  if (payload === 0 || (more && (payload & 7) !== 0)) return drop(DROP_BAD_FRAGMENT);
  if (offset + l3LengthOf(record) > LONGEST) return drop(DROP_BAD_FRAGMENT);
  // a second fragment at 8 would overwrite TCP's flags (RFC 1858 3.2.1, RFC 3128)
  if (offset === 8 && protocolOf(record) === PROTOCOL_TCP) return drop(DROP_BAD_FRAGMENT);
  addFlags(record, PACKET_FRAGMENT);
  if (offset === 0) return parseTransport(record);
  addFlags(record, PACKET_LATER_FRAGMENT);
  return VERDICT_CONTINUE;
}
