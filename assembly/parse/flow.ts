// Which flow a parsed packet belongs to, as a hash.
//
// Ports count when the packet has them; an echo's identifier stands for both. Fragments are hashed
// without ports, so that all fragments of a datagram meet, those of IPv6 as protocol 44, because
// only the first names the true one. An ICMP error is hashed as the packet it quotes; where
// datagrams are put together before they are tracked, a first fragment quoted stands for the whole
// one.

import {
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  TRACK_REASSEMBLE,
} from "../layout";
import { track } from "../memory/directory";
import { dataOf, etherTypeOf, flagsOf, l3Of, l4Of, lengthOf, protocolOf } from "../packet";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { ICMP_HEADER, icmpType, isIcmpEcho } from "../wire/icmp";
import { isIcmp6Echo } from "../wire/icmp6";
import {
  ip4Destination,
  ip4Source,
  PROTOCOL_DCCP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from "../wire/ipv4";
import { ip6Destination, ip6Source, NEXT_FRAGMENT } from "../wire/ipv6";
import { roomOf } from "./fields";
import { hashIp4, hashIp6, hashLink } from "./hash";
import {
  openQuoted4,
  openQuoted6,
  quotedFragment,
  quotedLater,
  quotedProtocol,
  quotedRoom,
  quotedTransport,
} from "./quoted";

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
      if (openQuoted4(quoted, room - ICMP_HEADER)) return hashQuoted4(quoted);
    }
    return hashIp4(ip4Source(ip), ip4Destination(ip), ports, protocol);
  }
  if ((flags & PACKET_IP6) !== 0) {
    if ((flags & PACKET_ICMP_ERROR) !== 0) {
      const quoted = l4Of(record) + ICMP_HEADER;
      if (openQuoted6(quoted, room - ICMP_HEADER)) return hashQuoted6(quoted);
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

/** Whether what is quoted is hashed as a fragment: without ports. */
function isPart(): bool {
  return (track & TRACK_REASSEMBLE) !== 0 ? quotedLater : quotedFragment;
}

/** Hash of the packet quoted. */
function hashQuoted4(ip: usize): u32 {
  const ports = quotedPorts(ip);
  return hashIp4(ip4Source(ip), ip4Destination(ip), ports, quotedProtocol);
}

function hashQuoted6(ip: usize): u32 {
  const protocol = isPart() ? NEXT_FRAGMENT : quotedProtocol;
  return hashIp6(ip6Source(ip), ip6Destination(ip), quotedPorts(ip), protocol);
}

function quotedPorts(ip: usize): u32 {
  return isPart() ? 0 : portsAt(ip + quotedTransport, quotedRoom, quotedProtocol);
}
