// What a fragment says of itself: which datagram it is of, and which part of it it brings.

import {
  DATAGRAM_KEY_BYTES,
  DATAGRAM_KEY_DESTINATION,
  DATAGRAM_KEY_FAMILY,
  DATAGRAM_KEY_PORT,
  DATAGRAM_KEY_PROTOCOL,
  DATAGRAM_KEY_SOURCE,
  DATAGRAM_KEY_VRF,
  PACKET_IP4,
} from "../layout";
import { dataOf, flagsOf, inPortOf, l3LengthOf, l3Of, vrfOf } from "../packet";
import {
  IP4_DONT_FRAGMENT,
  IP4_MORE_FRAGMENTS,
  IP4_OFFSET_MASK,
  ip4Destination,
  ip4Fragment,
  ip4HeaderLength,
  ip4Identification,
  ip4Protocol,
  ip4Service,
  ip4Source,
} from "../wire/ipv4";
import {
  copyIp6,
  fragmentIdentification,
  fragmentMore,
  fragmentOffset,
  IP6_FRAGMENT_HEADER,
  ip6Class,
  ip6Destination,
  ip6FragmentHeader,
  ip6IsLinkLocal,
  ip6IsMulticast,
  ip6Source,
} from "../wire/ipv6";

/** Of the fragment at hand: where its part begins in what was cut, how long it is, is it last? */
export let partOffset: u32 = 0;
export let partLength: u32 = 0;
export let hasMore: bool = false;
/** Bytes of its frame before the part: link and IP header, of IPv6 with the Fragment header. */
export let partHead: u32 = 0;
/** Its ECN, and whether it must not be fragmented further. */
export let partEcn: u32 = 0;
export let isUnfragmentable: bool = false;

/** Reads a fragment that parse has let pass. */
export function readFragment(record: usize): void {
  const ip = l3Of(record);
  let part: usize = 0;
  if ((flagsOf(record) & PACKET_IP4) !== 0) {
    const field = ip4Fragment(ip);
    part = ip + ip4HeaderLength(ip);
    partOffset = (field & IP4_OFFSET_MASK) << 3;
    hasMore = (field & IP4_MORE_FRAGMENTS) !== 0;
    partEcn = ip4Service(ip) & 3;
    isUnfragmentable = (field & IP4_DONT_FRAGMENT) !== 0;
  } else {
    const extension = ip6FragmentHeader(ip);
    part = extension + IP6_FRAGMENT_HEADER;
    partOffset = fragmentOffset(extension);
    hasMore = fragmentMore(extension);
    partEcn = ip6Class(ip) & 3;
    isUnfragmentable = true;
  }
  partHead = <u32>(part - dataOf(record));
  partLength = <u32>(ip + l3LengthOf(record) - part);
}

/** Writes DATAGRAM_KEY_*: what all fragments of the datagram have in common, and no others. */
export function datagramKey(record: usize, key: usize): void {
  const ip = l3Of(record);
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  memory.fill(key, 0, DATAGRAM_KEY_BYTES);
  store<u16>(key, <u16>vrfOf(record), DATAGRAM_KEY_VRF);
  store<u8>(key, ip4 ? 4 : 6, DATAGRAM_KEY_FAMILY);
  if (ip4) {
    store<u32>(key, ip4Identification(ip));
    store<u8>(key, <u8>ip4Protocol(ip), DATAGRAM_KEY_PROTOCOL);
    store<u32>(key, ip4Source(ip), DATAGRAM_KEY_SOURCE);
    store<u32>(key, ip4Destination(ip), DATAGRAM_KEY_DESTINATION);
    return;
  }
  store<u32>(key, fragmentIdentification(ip6FragmentHeader(ip)));
  copyIp6(key + DATAGRAM_KEY_SOURCE, ip6Source(ip));
  const destination = ip6Destination(ip);
  copyIp6(key + DATAGRAM_KEY_DESTINATION, destination);
  // Such an address means another host on each link.
  if (ip6IsLinkLocal(destination) || ip6IsMulticast(destination)) {
    store<u32>(key, inPortOf(record) + 1, DATAGRAM_KEY_PORT);
  }
}
