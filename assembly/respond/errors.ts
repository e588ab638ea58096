// ICMP and ICMPv6 errors, where RFC 1812 4.3.2, RFC 1122 3.2.2 and RFC 4443 2.4 want one, and never
// where they forbid it.

import {
  COUNT_ICMP_LIMITED,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_GROUP,
  PACKET_L4,
  PORT_HAS_IP4,
  PORT_HAS_IP6,
  PORT_IP4,
  PORT_IP6,
  PORT_IP6_LINK_LOCAL,
  PORT_MAC,
  ROUTE_BROADCAST,
  ROUTE_LOCAL,
} from "../layout";
import { countEvent } from "../memory/counters";
import { frameCapacity } from "../memory/frames";
import {
  dataOf,
  flagsOf,
  hashOf,
  inPortOf,
  l3LengthOf,
  l3Of,
  l3OffsetOf,
  l4Of,
  lengthOf,
  protocolOf,
  timestampOf,
} from "../packet";
import { advanceShard, shardOf, takeIcmpToken } from "../state/shards";
import { forwardingOf, forwardingType, route4, route6 } from "../table/forwarding";
import { portFlags, portMtu, portOf, portVrf } from "../table/ports";
import { checksumOf, pseudoSum6, sumBytes } from "../wire/checksum";
import { ETHERNET_HEADER, ethernetSource, macIsGroup } from "../wire/ethernet";
import {
  buildIcmp,
  ICMP_CODE_FRAGMENTATION_NEEDED,
  ICMP_HEADER,
  ICMP_UNREACHABLE,
  icmpType,
  isIcmpError,
  setIcmpChecksum,
} from "../wire/icmp";
import {
  buildIcmp6,
  ICMP6_CODE_SCOPE,
  ICMP6_HEADER,
  ICMP6_PACKET_TOO_BIG,
  ICMP6_PARAMETER_PROBLEM,
  ICMP6_UNREACHABLE,
  setIcmp6Checksum,
} from "../wire/icmp6";
import {
  buildIp4,
  IP4_HEADER,
  ip4Destination,
  ip4IsHost,
  ip4Source,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  setIp4Checksum,
  setIp4Destination,
  setIp4Service,
  setIp4Source,
} from "../wire/ipv4";
import {
  buildIp6,
  copyIp6,
  IP6_HEADER,
  ip6Destination,
  ip6IsHost,
  ip6IsLinkLocal,
  ip6IsMulticast,
  ip6MayBeIcmpError,
  ip6OptionToReport,
  ip6Source,
} from "../wire/ipv6";

import { kind, NONE } from "./kinds";
import { closeReply, noteTransport, replyPacket, returnReply } from "./reply";

const TTL: u32 = 64;
/** Precedence "internetwork control" (RFC 1812 4.3.2.5). */
export const CONTROL_SERVICE: u32 = 0xc0;
/**
 * Longest error, IP header included: RFC 1812 4.3.2.3, RFC 4443 2.4 c (the minimum MTU of IPv6).
 */
export const LONGEST4: u32 = 576;
export const LONGEST6: u32 = 1280;
/** The top two bits of an option that wants an error even if the packet was multicast. */
const REPORT_ALWAYS: u32 = 2;
/** Destinations from here on (first octet) are no single host: multicast, class E, broadcast. */
const FIRST_GROUP_NET: u32 = 224;

/** The rate limit, asked last: only errors that would be sent take a token. */
export function withinLimit(record: usize): bool {
  const shard = shardOf(hashOf(record));
  if (takeIcmpToken(shard, advanceShard(shard, timestampOf(record)))) return true;
  countEvent(COUNT_ICMP_LIMITED);
  return false;
}

/**
 * Bytes of the packet to quote behind `headers` bytes: what is there of it and fits, an IP packet
 * of `longest` bytes and the frame (engine.frame_size may be small) being the bounds.
 */
export function quoteLength(record: usize, longest: u32, headers: u32): u32 {
  const present = lengthOf(record) - l3OffsetOf(record);
  const room = min<u32>(longest, frameCapacity() - ETHERNET_HEADER) - headers;
  return min<u32>(min<u32>(present, l3LengthOf(record)), room);
}

/** Parse flags whole ICMP errors only, since of fragments it sees none of the quoted packet. */
export function mayBeIcmpError(record: usize): bool {
  if (protocolOf(record) !== PROTOCOL_ICMP) return false;
  return (flagsOf(record) & PACKET_L4) === 0 || isIcmpError(icmpType(l4Of(record)));
}

/**
 * Builds in `reply` the ICMP error of this kind (respond/kinds.ts) for a packet, its bytes as
 * received. False, and no reply, when none is due, or more were sent of late than the shard may.
 *
 * @param mtu to report, where the kind is "too big"
 */
export function error4(record: usize, error: u32, reply: usize, mtu: u32): bool {
  const port = portOf(inPortOf(record));
  const original = l3Of(record);
  if (error === NONE || (portFlags(port) & PORT_HAS_IP4) === 0) return false;
  if ((flagsOf(record) & PACKET_L2_GROUP) !== 0 || mayBeIcmpError(record)) return false;
  if (!isBetweenHosts4(portVrf(port), original)) return false;
  if (!withinLimit(record)) return false;
  const longest = min<u32>(LONGEST4, portMtu(port));
  const length = ICMP_HEADER + quoteLength(record, longest, IP4_HEADER + ICMP_HEADER);
  const ip = replyPacket(reply);
  buildIp4(ip, IP4_HEADER + length, PROTOCOL_ICMP, TTL);
  setIp4Service(ip, CONTROL_SERVICE);
  setIp4Source(ip, load<u32>(port, PORT_IP4));
  setIp4Destination(ip, ip4Source(original));
  setIp4Checksum(ip, checksumOf(sumBytes(ip, IP4_HEADER)));
  const icmp = ip + IP4_HEADER;
  const tooBig = error === kind(ICMP_UNREACHABLE, ICMP_CODE_FRAGMENTATION_NEEDED);
  // RFC 1191 4: the next hop's MTU in the low half of the word.
  buildIcmp(icmp, error >> 8, error & 255, tooBig ? min<u32>(mtu, 65535) : 0);
  memory.copy(icmp + ICMP_HEADER, original, length - ICMP_HEADER);
  setIcmpChecksum(icmp, checksumOf(sumBytes(icmp, length)));
  closeReply(record, reply, portVrf(port), PACKET_IP4 | PACKET_ICMP_ERROR, IP4_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP, IP4_HEADER, ICMP_HEADER);
  return true;
}

/**
 * RFC 1812 4.3.2.7: the source is a single host, and not ourselves; the destination no group.
 */
export function isBetweenHosts4(vrf: u32, ip: usize): bool {
  if (!ip4IsHost(ip4Source(ip)) || (ip4Destination(ip) & 0xff) >= FIRST_GROUP_NET) return false;
  const back = forwardingType(forwardingOf(route4(vrf, ip4Source(ip))));
  if (back === ROUTE_LOCAL || back === ROUTE_BROADCAST) return false;
  return forwardingType(forwardingOf(route4(vrf, ip4Destination(ip)))) !== ROUTE_BROADCAST;
}

/** The same for IPv6. */
export function error6(record: usize, error: u32, reply: usize, mtu: u32): bool {
  const port = portOf(inPortOf(record));
  const original = l3Of(record);
  if (error === NONE || (portFlags(port) & PORT_HAS_IP6) === 0) return false;
  const option = error >> 8 === ICMP6_PARAMETER_PROBLEM ? ip6OptionToReport(original) : 0;
  if (!isDue6(record, portVrf(port), error, option)) return false;
  if (!withinLimit(record)) return false;
  const linkLocal = ip6IsLinkLocal(ip6Source(original));
  const length = ICMP6_HEADER + quoteLength(record, LONGEST6, IP6_HEADER + ICMP6_HEADER);
  const ip = replyPacket(reply);
  buildIp6(ip, length, PROTOCOL_ICMP6, TTL);
  copyIp6(ip6Source(ip), port + (linkLocal ? PORT_IP6_LINK_LOCAL : PORT_IP6));
  copyIp6(ip6Destination(ip), ip6Source(original));
  const icmp = ip + IP6_HEADER;
  const tooBig = error >> 8 === ICMP6_PACKET_TOO_BIG;
  const pointer = option !== 0 ? <u32>(option - original) : 0;
  buildIcmp6(icmp, error >> 8, error & 255, tooBig ? mtu : pointer);
  memory.copy(icmp + ICMP6_HEADER, original, length - ICMP6_HEADER);
  const sum = pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_ICMP6, length);
  setIcmp6Checksum(icmp, checksumOf(sum + sumBytes(icmp, length)));
  closeReply(record, reply, portVrf(port), PACKET_IP6 | PACKET_ICMP_ERROR, IP6_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP6, IP6_HEADER, ICMP6_HEADER);
  // No route leads to a link-local address but the link the packet came by (RFC 4007 9).
  if (linkLocal) returnReply(reply, ethernetSource(dataOf(record)), port + PORT_MAC);
  return true;
}

/**
 * RFC 4443 2.4 e. Two kinds may answer even what was sent to a group: packet too big, and the
 * parameter problem of an option that asks for it. `option` is that option's address, or 0.
 */
function isDue6(record: usize, vrf: u32, error: u32, option: usize): bool {
  const ip = l3Of(record);
  const source = ip6Source(ip);
  if (!ip6IsHost(source) || macIsGroup(ethernetSource(dataOf(record)))) return false;
  if (forwardingType(forwardingOf(route6(vrf, source))) === ROUTE_LOCAL) return false;
  if (ip6MayBeIcmpError(ip, dataOf(record) + lengthOf(record))) return false;
  const toGroup = (flagsOf(record) & PACKET_L2_GROUP) !== 0 || ip6IsMulticast(ip6Destination(ip));
  switch (error >> 8) {
    case ICMP6_PACKET_TOO_BIG:
      return true;
    case ICMP6_PARAMETER_PROBLEM:
      return option !== 0 && (!toGroup || load<u8>(option) >> 6 === REPORT_ALWAYS);
    default:
      // Beyond scope (RFC 4443 3.1) is about the source's scope, not the destination's.
      if (error === kind(ICMP6_UNREACHABLE, ICMP6_CODE_SCOPE) && !ip6IsLinkLocal(source)) {
        return false;
      }
      return !toGroup;
  }
}
