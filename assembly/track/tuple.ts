// The tuple of a packet: what names its connection in the packet's own direction (TUPLE_*).

import {
  MAX_IP6_EXTENSIONS,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  TUPLE_DST,
  TUPLE_DST_PORT,
  TUPLE_FAMILY,
  TUPLE_PROTOCOL,
  TUPLE_SRC,
  TUPLE_SRC_PORT,
  TUPLE_ZONE,
} from "../layout";
import { flagsOf, l3Of, l4Of, protocolOf } from "../packet";
import { roomOf } from "../parse/fields";
import { inversePorts } from "../state/connection_tuples";
import { ICMP_HEADER } from "../wire/icmp";
import {
  IP4_HEADER,
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
  fragmentOffset,
  IP6_HEADER,
  ip6Destination,
  ip6NextHeader,
  ip6Source,
  ip6Version,
  isIp6Extension,
  NEXT_FRAGMENT,
  NEXT_NONE,
} from "../wire/ipv6";

/**
 * Writes the tuple of a parsed packet, in zone 0. False for what belongs to no connection: packets
 * without an IP header, and fragments, because only whole datagrams have ports that can be told.
 */
export function tupleOf(record: usize, tuple: usize): bool {
  const flags = flagsOf(record);
  if ((flags & PACKET_FRAGMENT) !== 0) return false;
  const ip = l3Of(record);
  const protocol = protocolOf(record);
  if ((flags & PACKET_IP4) !== 0) setAddresses4(tuple, ip);
  else if ((flags & PACKET_IP6) !== 0) setAddresses6(tuple, ip);
  else return false;
  if ((flags & PACKET_IP6) !== 0 && protocol === NEXT_NONE) return false;
  const room = (flags & PACKET_L4) !== 0 ? roomOf(record) : 0;
  return setPorts(tuple, l4Of(record), room, protocol);
}

/**
 * Writes the tuple of the packet that an ICMP error quotes, in the direction that packet went, in
 * zone 0. False when the quotation is too short, or not of a datagram's beginning.
 */
export function quotedTuple(record: usize, tuple: usize): bool {
  const ip = l4Of(record) + ICMP_HEADER;
  const room = roomOf(record) - ICMP_HEADER;
  return (flagsOf(record) & PACKET_IP4) !== 0
    ? quotedTuple4(ip, room, tuple)
    : quotedTuple6(ip, room, tuple);
}

function quotedTuple4(ip: usize, room: u32, tuple: usize): bool {
  if (room < IP4_HEADER || ip4Version(ip) !== 4) return false;
  const header = ip4HeaderLength(ip);
  if (header < IP4_HEADER || header > room) return false;
  if ((ip4Fragment(ip) & IP4_OFFSET_MASK) !== 0) return false;
  setAddresses4(tuple, ip);
  return setPorts(tuple, ip + header, room - header, ip4Protocol(ip));
}

function quotedTuple6(ip: usize, room: u32, tuple: usize): bool {
  if (room < IP6_HEADER || ip6Version(ip) !== 6) return false;
  let protocol = ip6NextHeader(ip);
  let at: u32 = IP6_HEADER;
  for (let count = 0; isIp6Extension(protocol) && count < MAX_IP6_EXTENSIONS; count++) {
    if (at + 8 > room) return false;
    const extension = ip + at;
    if (protocol === NEXT_FRAGMENT && fragmentOffset(extension) !== 0) return false;
    at += extensionLength(extension, protocol);
    protocol = extensionNext(extension);
  }
  if (at > room || protocol === NEXT_NONE) return false;
  setAddresses6(tuple, ip);
  return setPorts(tuple, ip + at, room - at, protocol);
}

function setAddresses4(tuple: usize, ip: usize): void {
  store<u64>(tuple, ip4Source(ip), TUPLE_SRC);
  store<u64>(tuple, 0, TUPLE_SRC + 8);
  store<u64>(tuple, ip4Destination(ip), TUPLE_DST);
  store<u64>(tuple, 0, TUPLE_DST + 8);
  store<u8>(tuple, 4, TUPLE_FAMILY);
}

function setAddresses6(tuple: usize, ip: usize): void {
  v128.store(tuple, v128.load(ip6Source(ip)), TUPLE_SRC);
  v128.store(tuple, v128.load(ip6Destination(ip)), TUPLE_DST);
  store<u8>(tuple, 6, TUPLE_FAMILY);
}

/** Ports, or ICMP's type, code and identifier, of a header of which `room` bytes are there. */
function setPorts(tuple: usize, l4: usize, room: u32, protocol: u32): bool {
  store<u8>(tuple, <u8>protocol, TUPLE_PROTOCOL);
  store<u16>(tuple, 0, TUPLE_ZONE);
  store<u32>(tuple, 0, TUPLE_SRC_PORT);
  switch (protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_UDP_LITE:
    case PROTOCOL_SCTP:
    case PROTOCOL_DCCP:
      if (room < 4) return false;
      store<u32>(tuple, load<u32>(l4), TUPLE_SRC_PORT);
      return true;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMP6:
      if (room < ICMP_HEADER) return false;
      store<u16>(tuple, load<u16>(l4, 4), TUPLE_SRC_PORT);
      store<u16>(tuple, load<u16>(l4), TUPLE_DST_PORT);
      return true;
    default:
      return true;
  }
}

/** Writes the tuple of the answers. False for a message of ICMP that has no answer. */
export function invertTuple(from: usize, to: usize): bool {
  const source = v128.load(from, TUPLE_SRC);
  v128.store(to, v128.load(from, TUPLE_DST), TUPLE_SRC);
  v128.store(to, source, TUPLE_DST);
  store<u32>(to, load<u32>(from, TUPLE_PROTOCOL), TUPLE_PROTOCOL);
  const protocol: u32 = load<u8>(from, TUPLE_PROTOCOL);
  const ports = load<u32>(from, TUPLE_SRC_PORT);
  const answer = inversePorts(protocol, ports);
  store<u32>(to, answer, TUPLE_SRC_PORT);
  // The type that answers is never the same one
  return answer !== ports || (protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMP6);
}
