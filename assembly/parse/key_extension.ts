// Which extension headers an IPv6 packet has, as OpenFlow asks for them.

import { MAX_IP6_EXTENSIONS } from "../layout";
import { dataOf, l3LengthOf, l3Of, l3OffsetOf, lengthOf } from "../packet";
import {
  extensionLength,
  extensionNext,
  fragmentOffset,
  IP6_HEADER,
  ip6NextHeader,
  isIp6Extension,
  NEXT_AH,
  NEXT_DESTINATION,
  NEXT_ESP,
  NEXT_FRAGMENT,
  NEXT_HOP_BY_HOP,
  NEXT_NONE,
  NEXT_ROUTING,
} from "../wire/ipv6";

// OFPIEH_* (OpenFlow 1.3.5 7.2.3.8)
const NO_NEXT: u32 = 1;
const ESP: u32 = 2;
const AUTHENTICATION: u32 = 4;
const DESTINATION: u32 = 8;
const FRAGMENT: u32 = 16;
const ROUTER: u32 = 32;
const HOP: u32 = 64;
const REPEATED: u32 = 128;
const UNORDERED: u32 = 256;

/** Places in the order RFC 8200 4.1 recommends; destination options may stand at two. */
function placeOf(protocol: u32, after: u32): u32 {
  switch (protocol) {
    case NEXT_HOP_BY_HOP:
      return 1;
    case NEXT_DESTINATION:
      return after < 2 ? 2 : 7;
    case NEXT_ROUTING:
      return 3;
    case NEXT_FRAGMENT:
      return 4;
    case NEXT_AH:
      return 5;
    case NEXT_ESP:
      return 6;
    default:
      return after;
  }
}

function bitOf(protocol: u32): u32 {
  switch (protocol) {
    case NEXT_HOP_BY_HOP:
      return HOP;
    case NEXT_DESTINATION:
      return DESTINATION;
    case NEXT_ROUTING:
      return ROUTER;
    case NEXT_FRAGMENT:
      return FRAGMENT;
    case NEXT_AH:
      return AUTHENTICATION;
    case NEXT_ESP:
      return ESP;
    case NEXT_NONE:
      return NO_NEXT;
    default:
      return 0;
  }
}

/**
 * OFPIEH_* bits of an IPv6 packet. What a later fragment holds are no headers; behind ESP nothing
 * is seen. Of headers that OpenFlow does not name (mobility, HIP, shim6) nothing is said.
 */
export function extensionBits(record: usize): u32 {
  const ip = l3Of(record);
  const end = dataOf(record) + min<u32>(l3OffsetOf(record) + l3LengthOf(record), lengthOf(record));
  let at = ip + IP6_HEADER;
  let protocol = ip6NextHeader(ip);
  let bits: u32 = 0;
  let place: u32 = 0;
  let options: u32 = 0;
  for (let count = 0; count <= MAX_IP6_EXTENSIONS; count++) {
    const bit = bitOf(protocol);
    const next = placeOf(protocol, place);
    if (bit === DESTINATION) options++;
    // two headers of destination options are as they should be
    if ((bits & bit) !== 0 && (bit !== DESTINATION || options > 2)) bits |= REPEATED;
    if (next < place) bits |= UNORDERED;
    place = max(place, next);
    bits |= bit;
    if (!isIp6Extension(protocol) || at + 8 > end) break;
    if (protocol === NEXT_FRAGMENT && fragmentOffset(at) !== 0) break;
    const length = extensionLength(at, protocol);
    protocol = extensionNext(at);
    at += length;
  }
  return bits;
}
