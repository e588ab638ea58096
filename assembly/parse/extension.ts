// The chain of IPv6 extension headers (RFC 8200 4). While it is walked, the record's protocol and
// l4 name the header that comes next.

import {
  DROP_BAD_FRAGMENT,
  DROP_IP6_BAD_EXTENSION,
  DROP_IP6_TOO_MANY_EXTENSIONS,
  DROP_IP6_UNKNOWN_OPTION,
} from "../drops";
import {
  MAX_IP6_EXTENSIONS,
  PACKET_FRAGMENT,
  PACKET_IPSEC,
  PACKET_LATER_FRAGMENT,
  PACKET_OPTIONS,
  PACKET_SOURCE_ROUTED,
  VERDICT_CONTINUE,
} from "../layout";
import {
  drop,
  flagsOf,
  l3LengthOf,
  l3OffsetOf,
  l4Of,
  l4OffsetOf,
  protocolOf,
  setL4Offset,
  setProtocol,
} from "../packet";
import { AH_HEADER } from "../wire/ipsec";
import {
  extensionLength,
  extensionNext,
  fragmentIsAtomic,
  fragmentMore,
  fragmentOffset,
  IP6_FRAGMENT_HEADER,
  IP6_HEADER,
  IP6_OPTION_JUMBO,
  IP6_OPTION_PAD1,
  isIp6Extension,
  NEXT_AH,
  NEXT_FRAGMENT,
  NEXT_HOP_BY_HOP,
  NEXT_ROUTING,
  routingFits,
  routingSegmentsLeft,
} from "../wire/ipv6";
import { addFlags, roomOf } from "./fields";

/** The largest payload length, which no reassembled packet may exceed (RFC 8200 4.5). */
const LONGEST: u32 = 65535;

/** Walks from the header protocol and l4 name to the first that is no extension, or is hidden. */
export function walkExtensions(record: usize): i32 {
  for (let count = 0; isIp6Extension(protocolOf(record)); count++) {
    if (count === MAX_IP6_EXTENSIONS) return drop(DROP_IP6_TOO_MANY_EXTENSIONS);
    const protocol = protocolOf(record);
    const extension = l4Of(record);
    const room = roomOf(record);
    if (room < 8) return drop(DROP_IP6_BAD_EXTENSION);
    const length = extensionLength(extension, protocol);
    if (length > room) return drop(DROP_IP6_BAD_EXTENSION);
    const verdict = parseExtension(record, extension, protocol, length);
    if (verdict !== VERDICT_CONTINUE) return verdict;
    setProtocol(record, extensionNext(extension));
    setL4Offset(record, l4OffsetOf(record) + length);
    // what a later fragment holds is not a header but the middle of something
    if ((flagsOf(record) & PACKET_LATER_FRAGMENT) !== 0) return VERDICT_CONTINUE;
  }
  return VERDICT_CONTINUE;
}

function parseExtension(record: usize, extension: usize, protocol: u32, length: u32): i32 {
  switch (protocol) {
    case NEXT_HOP_BY_HOP:
      return parseHopByHop(record, extension, length);
    case NEXT_ROUTING:
      if (!routingFits(extension)) return drop(DROP_IP6_BAD_EXTENSION);
      if (routingSegmentsLeft(extension) > 0) addFlags(record, PACKET_SOURCE_ROUTED);
      return VERDICT_CONTINUE;
    case NEXT_FRAGMENT:
      return parseFragment(record, extension);
    case NEXT_AH:
      addFlags(record, PACKET_IPSEC);
      return length < AH_HEADER ? drop(DROP_IP6_BAD_EXTENSION) : VERDICT_CONTINUE;
    default:
      return VERDICT_CONTINUE;
  }
}

/** Only directly after the fixed header (RFC 8200 4.1); its options are for every router. */
function parseHopByHop(record: usize, extension: usize, length: u32): i32 {
  if (l4OffsetOf(record) !== l3OffsetOf(record) + IP6_HEADER) return drop(DROP_IP6_BAD_EXTENSION);
  addFlags(record, PACKET_OPTIONS);
  let at: u32 = 2;
  while (at < length) {
    const kind: u32 = load<u8>(extension + at);
    if (kind === IP6_OPTION_PAD1) {
      at += 1;
      continue;
    }
    if (length - at < 2) return drop(DROP_IP6_BAD_EXTENSION);
    const size: u32 = load<u8>(extension + at, 1);
    if (size > length - at - 2) return drop(DROP_IP6_BAD_EXTENSION);
    if (kind === IP6_OPTION_JUMBO) {
      // a second length beside an ordinary one contradicts it (RFC 2675 3)
      if (size !== 4 || !isJumbogram(record)) return drop(DROP_IP6_BAD_EXTENSION);
    } else if (kind >> 6 !== 0) {
      // the two high bits: 0 = skip an option you do not know, else drop (RFC 8200 4.2)
      return drop(DROP_IP6_UNKNOWN_OPTION);
    }
    at += size + 2;
  }
  return VERDICT_CONTINUE;
}

function isJumbogram(record: usize): bool {
  return l3LengthOf(record) > IP6_HEADER + LONGEST;
}

function parseFragment(record: usize, extension: usize): i32 {
  // one Fragment header, and none in a jumbogram (RFC 8200 4.1, RFC 2675 3)
  const again = (flagsOf(record) & PACKET_FRAGMENT) !== 0;
  if (again || isJumbogram(record)) return drop(DROP_IP6_BAD_EXTENSION);
  if (fragmentIsAtomic(extension)) return VERDICT_CONTINUE;
  const offset = fragmentOffset(extension);
  const payload = roomOf(record) - IP6_FRAGMENT_HEADER;
  const before = l4OffsetOf(record) - l3OffsetOf(record) - IP6_HEADER;
  if (payload === 0 || (fragmentMore(extension) && (payload & 7) !== 0)) {
    return drop(DROP_BAD_FRAGMENT);
  }
  if (before + offset + payload > LONGEST) return drop(DROP_BAD_FRAGMENT);
  addFlags(record, PACKET_FRAGMENT);
  if (offset !== 0) addFlags(record, PACKET_LATER_FRAGMENT);
  return VERDICT_CONTINUE;
}
