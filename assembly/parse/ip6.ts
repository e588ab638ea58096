// The fixed header of IPv6 (RFC 8200 3) and jumbograms (RFC 2675).

import {
  DROP_IP_BAD_LENGTH,
  DROP_IP_BAD_VERSION,
  DROP_IP6_BAD_EXTENSION,
  DROP_LAND,
} from "../drops";
import { PACKET_IP6, PACKET_LATER_FRAGMENT, VERDICT_CONTINUE } from "../layout";
import {
  dataOf,
  drop,
  flagsOf,
  l4OffsetOf,
  setL3Length,
  setL3Offset,
  setL4Offset,
  setPayloadOffset,
  setProtocol,
} from "../packet";
import {
  extensionLength,
  IP6_HEADER,
  IP6_OPTION_JUMBO,
  IP6_OPTION_PAD1,
  ip6Destination,
  ip6Equal,
  ip6Fits,
  ip6IsUnspecified,
  ip6NextHeader,
  ip6PayloadLength,
  ip6Source,
  ip6Version,
  NEXT_HOP_BY_HOP,
} from "../wire/ipv6";
import { walkExtensions } from "./extension";
import { addFlags, missing } from "./fields";
import { parseTransport } from "./transport";

/** A jumbo payload length at or below this should have been an ordinary one (RFC 2675 3). */
const LONGEST: u32 = 65535;

/**
 * Parses the packet at offset l3 of a frame whose network layer has its last present byte before
 * offset `end`, and its last on the wire before `wireEnd`.
 */
export function parseIp6(record: usize, l3: u32, end: u32, wireEnd: u32): i32 {
  const ip = dataOf(record) + l3;
  if (!ip6Fits(end - l3)) return missing(l3 + IP6_HEADER, wireEnd, DROP_IP_BAD_LENGTH);
  if (ip6Version(ip) !== 6) return drop(DROP_IP_BAD_VERSION);
  let payload = ip6PayloadLength(ip);
  if (payload === 0 && ip6NextHeader(ip) === NEXT_HOP_BY_HOP) {
    const needed = jumboHeader(ip, end - l3);
    if (needed > end - l3) return missing(l3 + needed, wireEnd, DROP_IP6_BAD_EXTENSION);
    payload = jumboPayload(ip + IP6_HEADER);
    if (payload <= LONGEST) return drop(DROP_IP_BAD_LENGTH);
  }
  const after = <u64>l3 + IP6_HEADER + payload;
  if (after > end) return missing(after, wireEnd, DROP_IP_BAD_LENGTH);
  if (ip6Equal(ip6Source(ip), ip6Destination(ip)) && !ip6IsUnspecified(ip6Source(ip))) {
    return drop(DROP_LAND);
  }
  setL3Offset(record, l3);
  setL3Length(record, IP6_HEADER + payload);
  setL4Offset(record, l3 + IP6_HEADER);
  setProtocol(record, ip6NextHeader(ip));
  addFlags(record, PACKET_IP6);
  const verdict = walkExtensions(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  setPayloadOffset(record, l4OffsetOf(record));
  if ((flagsOf(record) & PACKET_LATER_FRAGMENT) !== 0) return VERDICT_CONTINUE;
  return parseTransport(record);
}

/** Bytes of the fixed and the hop-by-hop header, or of what must be there to know. */
function jumboHeader(ip: usize, room: u32): u32 {
  if (room < IP6_HEADER + 8) return IP6_HEADER + 8;
  return IP6_HEADER + extensionLength(ip + IP6_HEADER, NEXT_HOP_BY_HOP);
}

/** The jumbo payload length in a hop-by-hop header; 0 when there is none. */
function jumboPayload(extension: usize): u32 {
  const length = extensionLength(extension, NEXT_HOP_BY_HOP);
  let at: u32 = 2;
  while (at + 2 <= length) {
    const kind: u32 = load<u8>(extension + at);
    const size: u32 = load<u8>(extension + at, 1);
    if (kind === IP6_OPTION_JUMBO) {
      return size === 4 && at + 6 <= length ? bswap<u32>(load<u32>(extension + at, 2)) : 0;
    }
    at += kind === IP6_OPTION_PAD1 ? 1 : size + 2;
  }
  return 0;
}
