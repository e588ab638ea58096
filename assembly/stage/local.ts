// Packets to the router itself: echo requests are answered, everything else is delivered, that is
// counted as arrived, since there is no stack behind.

import {
  FORWARDING_HERE,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_GROUP,
  PACKET_L4,
  PACKET_SOURCE_ROUTED,
  PORT_MAC,
  ROUTE_LOCAL,
  VERDICT_CONSUME,
  VERDICT_DELIVER,
} from "../layout";
import {
  dataOf,
  flagsOf,
  inPortOf,
  l3LengthOf,
  l3Of,
  l4Of,
  protocolOf,
  routeOf,
  vrfOf,
} from "../packet";
import { closeReply, noteTransport, replyPacket, returnReply } from "../respond/reply";
import { forwardingOf, forwardingType } from "../table/forwarding";
import { portOf } from "../table/ports";
import { checksumOf, pseudoSum6, sumBytes } from "../wire/checksum";
import { ethernetSource, macIsGroup } from "../wire/ethernet";
import {
  buildIcmp,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_HEADER,
  icmpRest,
  icmpType,
  setIcmpChecksum,
} from "../wire/icmp";
import {
  buildIcmp6,
  ICMP6_ECHO_REPLY,
  ICMP6_ECHO_REQUEST,
  icmp6Rest,
  icmp6Type,
  setIcmp6Checksum,
} from "../wire/icmp6";
import {
  buildIp4,
  IP4_DONT_FRAGMENT,
  IP4_HEADER,
  ip4Destination,
  ip4Fragment,
  ip4Identification,
  ip4IsHost,
  ip4Service,
  ip4Source,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  setIp4Checksum,
  setIp4Destination,
  setIp4Fragment,
  setIp4Identification,
  setIp4Service,
  setIp4Source,
} from "../wire/ipv4";
import {
  buildIp6,
  copyIp6,
  IP6_HEADER,
  ip6Class,
  ip6Destination,
  ip6IsHost,
  ip6IsLinkLocal,
  ip6Source,
  setIp6Class,
} from "../wire/ipv6";

const TTL: u32 = 64;
/** DSCP of the service byte; ECN is not copied, an echo reply is no part of a controlled flow. */
const DSCP: u32 = 0xfc;
/**
 * Bytes an echo may have so that its reply's length field can say so: jumbograms are not answered.
 */
const LONGEST: u32 = 65535 - IP4_HEADER;

/**
 * Takes an IP packet that the route said is for here: an address of ours, link-scope multicast or
 * broadcast. Consumes an answered echo request, `reply` being the answer; delivers the rest.
 * The packet's transport checksum has been verified.
 */
export function local(record: usize, reply: usize): i32 {
  if (!isEchoRequest(record) || !mayAnswer(record)) return VERDICT_DELIVER;
  if ((flagsOf(record) & PACKET_IP4) !== 0) echo4(record, reply);
  else echo6(record, reply);
  return VERDICT_CONSUME;
}

/** A whole echo request: fragments are delivered, for there is nothing here to reassemble them. */
function isEchoRequest(record: usize): bool {
  const flags = flagsOf(record);
  if ((flags & (PACKET_L4 | PACKET_FRAGMENT)) !== PACKET_L4) return false;
  if ((flags & PACKET_IP4) !== 0) {
    return protocolOf(record) === PROTOCOL_ICMP && icmpType(l4Of(record)) === ICMP_ECHO_REQUEST;
  }
  return protocolOf(record) === PROTOCOL_ICMP6 && icmp6Type(l4Of(record)) === ICMP6_ECHO_REQUEST;
}

/**
 * Only one host that asked one of our addresses is answered: RFC 1122 3.2.2.6 lets us leave
 * broadcast and multicast requests alone, and an answer to them would amplify ("smurf"). One with
 * segments left has not reached its destination yet.
 */
function mayAnswer(record: usize): bool {
  const flags = flagsOf(record);
  if ((flags & (PACKET_L2_GROUP | PACKET_SOURCE_ROUTED)) !== 0) return false;
  const route = routeOf(record);
  if (route === FORWARDING_HERE || forwardingType(forwardingOf(route)) !== ROUTE_LOCAL)
    return false;
  if (messageLength(record) > LONGEST) return false;
  const ip = l3Of(record);
  return (flags & PACKET_IP4) !== 0 ? ip4IsHost(ip4Source(ip)) : ip6IsHost(ip6Source(ip));
}

/** Bytes of the ICMP message. */
function messageLength(record: usize): u32 {
  return l3LengthOf(record) - <u32>(l4Of(record) - l3Of(record));
}

/**
 * RFC 1122 3.2.2.6: source and destination change places, the data comes back; options do not.
 * Identification and DF are the request's: as unique as the sender made them (RFC 6864 4).
 */
function echo4(record: usize, reply: usize): void {
  const request = l3Of(record);
  const length = messageLength(record);
  const ip = replyPacket(reply);
  buildIp4(ip, IP4_HEADER + length, PROTOCOL_ICMP, TTL);
  setIp4Service(ip, ip4Service(request) & DSCP);
  setIp4Identification(ip, ip4Identification(request));
  setIp4Fragment(ip, ip4Fragment(request) & IP4_DONT_FRAGMENT);
  setIp4Source(ip, ip4Destination(request));
  setIp4Destination(ip, ip4Source(request));
  setIp4Checksum(ip, checksumOf(sumBytes(ip, IP4_HEADER)));
  const icmp = ip + IP4_HEADER;
  memory.copy(icmp, l4Of(record), length);
  buildIcmp(icmp, ICMP_ECHO_REPLY, 0, icmpRest(icmp));
  setIcmpChecksum(icmp, checksumOf(sumBytes(icmp, length)));
  closeReply(record, reply, vrfOf(record), PACKET_IP4, IP4_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP, IP4_HEADER, ICMP_HEADER);
}

/** RFC 4443 4.2, without the extension headers of the request. */
function echo6(record: usize, reply: usize): void {
  const request = l3Of(record);
  const length = messageLength(record);
  const ip = replyPacket(reply);
  buildIp6(ip, length, PROTOCOL_ICMP6, TTL);
  setIp6Class(ip, ip6Class(request) & DSCP);
  copyIp6(ip6Source(ip), ip6Destination(request));
  copyIp6(ip6Destination(ip), ip6Source(request));
  const icmp = ip + IP6_HEADER;
  memory.copy(icmp, l4Of(record), length);
  buildIcmp6(icmp, ICMP6_ECHO_REPLY, 0, icmp6Rest(icmp));
  const sum = pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_ICMP6, length);
  setIcmp6Checksum(icmp, checksumOf(sum + sumBytes(icmp, length)));
  closeReply(record, reply, vrfOf(record), PACKET_IP6, IP6_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP6, IP6_HEADER, ICMP_HEADER);
  // A link-local address means nothing off its link (RFC 4007): no route leads there but back.
  const mac = ethernetSource(dataOf(record));
  if (ip6IsLinkLocal(ip6Source(request)) && !macIsGroup(mac)) {
    returnReply(reply, mac, portOf(inPortOf(record)) + PORT_MAC);
  }
}
