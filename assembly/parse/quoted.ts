// The packet that an ICMP error quotes, of which as much is there as the error's sender put in
// (RFC 792; RFC 4443 2.4 c): where its transport header begins, and how much of it there is.

import { MAX_IP6_EXTENSIONS } from "../layout";
import {
  IP4_HEADER,
  IP4_MORE_FRAGMENTS,
  IP4_OFFSET_MASK,
  ip4Fragment,
  ip4HeaderLength,
  ip4Protocol,
  ip4Version,
} from "../wire/ipv4";
import {
  extensionLength,
  extensionNext,
  fragmentIsAtomic,
  fragmentOffset,
  IP6_HEADER,
  ip6NextHeader,
  ip6Version,
  isIp6Extension,
  NEXT_FRAGMENT,
} from "../wire/ipv6";

/** Protocol of the quoted transport header. */
export let quotedProtocol: u32 = 0;
/** Offset of the quoted transport header from the quoted IP header. */
export let quotedTransport: u32 = 0;
/** Bytes of it that are there; 0 also when it is another fragment's. */
export let quotedRoom: u32 = 0;
/** A fragment of a datagram is quoted. */
export let quotedFragment: bool = false;
/** … and not the first: its transport header is not there. */
export let quotedLater: bool = false;

/** Looks at a quoted IPv4 packet of which `room` bytes are there. False: it is none. */
export function openQuoted4(ip: usize, room: u32): bool {
  if (room < IP4_HEADER || ip4Version(ip) !== 4) return false;
  const header = ip4HeaderLength(ip);
  if (header < IP4_HEADER) return false;
  const fragment = ip4Fragment(ip) & (IP4_MORE_FRAGMENTS | IP4_OFFSET_MASK);
  quotedFragment = fragment !== 0;
  quotedProtocol = ip4Protocol(ip);
  quotedTransport = header;
  quotedLater = (fragment & IP4_OFFSET_MASK) !== 0;
  quotedRoom = quotedLater || header > room ? 0 : room - header;
  return true;
}

/** The same of IPv6. */
export function openQuoted6(ip: usize, room: u32): bool {
  if (room < IP6_HEADER || ip6Version(ip) !== 6) return false;
  let protocol = ip6NextHeader(ip);
  let at: u32 = IP6_HEADER;
  quotedFragment = false;
  quotedLater = false;
  for (let count = 0; isIp6Extension(protocol) && count < MAX_IP6_EXTENSIONS; count++) {
    if (at + 8 > room || quotedLater) break;
    const extension = ip + at;
    if (protocol === NEXT_FRAGMENT && !fragmentIsAtomic(extension)) {
      quotedFragment = true;
      quotedLater = fragmentOffset(extension) !== 0;
    }
    at += extensionLength(extension, protocol);
    protocol = extensionNext(extension);
  }
  quotedProtocol = protocol;
  quotedTransport = at;
  quotedRoom = at <= room && !quotedLater ? room - at : 0;
  return true;
}
