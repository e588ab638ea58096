// Which flow a parsed packet belongs to, as a hash.
//
// Ports count when the packet has them; an echo's identifier stands for both. Fragments are hashed
// without ports, so that all fragments of a datagram meet, those of IPv6 as protocol 44, because
// only the first names the true one. An ICMP error is hashed as the packet it quotes.

import {
  MAX_IP6_EXTENSIONS,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
} from "../layout";
import { dataOf, etherTypeOf, flagsOf, l3Of, l4Of, lengthOf, protocolOf } from "../packet";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { ICMP_HEADER, icmpType, isIcmpEcho } from "../wire/icmp";
import { isIcmp6Echo } from "../wire/icmp6";
import {
  IP4_HEADER,
  IP4_MORE_FRAGMENTS,
  IP4_OFFSET_MASK,
  ip4Destination,
  ip4Fragment,
  ip4HeaderLength,
  ip4Protocol,
  ip4Source,
  ip4Version,
  PROTOCOL_DCCP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from "../wire/ipv4";
import {
  extensionLength,
  extensionNext,
  fragmentIsAtomic,
  IP6_HEADER,
  ip6Destination,
  ip6NextHeader,
  ip6Source,
  ip6Version,
  isIp6Extension,
  NEXT_FRAGMENT,
} from "../wire/ipv6";
import { roomOf } from "./fields";
import { hashIp4, hashIp6, hashLink } from "./hash";

/** Hash of a packet whose other fields are filled. */
export function flowHash(record: usize): u32 {
  const flags = flagsOf(record);
  const ip = l3Of(record);
  const room = roomOf(record);
  const protocol = protocolOf(record);
  const fragment = (flags & PACKET_FRAGMENT) !== 0;
  const ports = (flags & PACKET_L4) !== 0 && !fragment ? portsAt(l4Of(record), room, protocol) : 0;
  if ((flags & PACKET_IP4) !== 0) {
    if ((flags & PACKET_ICMP_ERROR) !== 0) {
      const quoted = l4Of(record) + ICMP_HEADER;
      if (quotes4(quoted, room - ICMP_HEADER)) return hashQuoted4(quoted, room - ICMP_HEADER);
    }
    return hashIp4(ip4Source(ip), ip4Destination(ip), ports, protocol);
  }
  if ((flags & PACKET_IP6) !== 0) {
    if ((flags & PACKET_ICMP_ERROR) !== 0) {
      const quoted = l4Of(record) + ICMP_HEADER;
      if (quotes6(quoted, room - ICMP_HEADER)) return hashQuoted6(quoted, room - ICMP_HEADER);
    }
    return hashIp6(ip6Source(ip), ip6Destination(ip), ports, fragment ? NEXT_FRAGMENT : protocol);
  }
  return hashLink(dataOf(record), etherTypeOf(record));
}

/** Hash of a frame parse drops: by its MACs alone; 0 when it has not even them. */
export function droppedHash(record: usize): u32 {
  return lengthOf(record) < ETHERNET_HEADER ? 0 : hashLink(dataOf(record), 0);
}

/** Both ports as they lie in memory, of a header of which `room` bytes are there; 0 when none. */
function portsAt(l4: usize, room: u32, protocol: u32): u32 {
  if (
    protocol === PROTOCOL_TCP ||
    protocol === PROTOCOL_UDP ||
    protocol === PROTOCOL_UDP_LITE ||
    protocol === PROTOCOL_SCTP ||
    protocol === PROTOCOL_DCCP
  ) {
    return room >= 4 ? load<u32>(l4) : 0;
  }
  if (room < 6) return 0;
  const echo =
    (protocol === PROTOCOL_ICMP && isIcmpEcho(icmpType(l4))) ||
    (protocol === PROTOCOL_ICMP6 && isIcmp6Echo(icmpType(l4)));
  return echo ? <u32>load<u16>(l4, 4) * 0x10001 : 0;
}

function quotes4(ip: usize, room: u32): bool {
  return room >= IP4_HEADER && ip4Version(ip) === 4 && ip4HeaderLength(ip) >= IP4_HEADER;
}

function hashQuoted4(ip: usize, room: u32): u32 {
  const protocol = ip4Protocol(ip);
  const header = ip4HeaderLength(ip);
  const fragment = (ip4Fragment(ip) & (IP4_MORE_FRAGMENTS | IP4_OFFSET_MASK)) !== 0;
  const ports = fragment || header > room ? 0 : portsAt(ip + header, room - header, protocol);
  return hashIp4(ip4Source(ip), ip4Destination(ip), ports, protocol);
}

function quotes6(ip: usize, room: u32): bool {
  return room >= IP6_HEADER && ip6Version(ip) === 6;
}

function hashQuoted6(ip: usize, room: u32): u32 {
  let protocol = ip6NextHeader(ip);
  let at: u32 = IP6_HEADER;
  let count = 0;
  while (isIp6Extension(protocol) && count < MAX_IP6_EXTENSIONS && at + 8 <= room) {
    const extension = ip + at;
    if (protocol === NEXT_FRAGMENT && !fragmentIsAtomic(extension)) break;
    at += extensionLength(extension, protocol);
    protocol = extensionNext(extension);
    count += 1;
  }
  const ports = at <= room ? portsAt(ip + at, room - at, protocol) : 0;
  return hashIp6(ip6Source(ip), ip6Destination(ip), ports, protocol);
}
