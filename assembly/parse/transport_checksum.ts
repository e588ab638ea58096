// Transport checksums, verified on demand: for the path, and for connection tracking.

import {
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_L4,
  PACKET_SOURCE_ROUTED,
  TUNNEL_NONE,
} from "../layout";
import { flagsOf, l3LengthOf, l3Of, l4Of, protocolOf, tunnelOf } from "../packet";
import { foldSum, pseudoSum4, pseudoSum6, sumBytes } from "../wire/checksum";
import { dccpCoverage, dccpHeaderLength } from "../wire/dccp";
import { GRE_CHECKSUM, greFlags } from "../wire/gre";
import {
  ip4Destination,
  ip4FinalDestination,
  ip4Source,
  PROTOCOL_DCCP,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_IGMP,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from "../wire/ipv4";
import {
  extensionLength,
  extensionNext,
  IP6_HEADER,
  ip6Destination,
  ip6NextHeader,
  ip6Source,
  NEXT_ROUTING,
  routingFinalDestination,
  routingSegmentsLeft,
} from "../wire/ipv6";
import { sctpChecksum, sctpSum } from "../wire/sctp";
import { udpChecksum, udpLength } from "../wire/udp";

/** What a correct area sums up to, its checksum field included. */
const RIGHT: u32 = 0xffff;

/**
 * True when the transport checksum of a packet that parse let pass is right, or cannot be known:
 * of fragments, unknown protocols, and packets whose final destination the headers do not show.
 */
export function verifyTransport(record: usize): bool {
  const flags = flagsOf(record);
  if ((flags & (PACKET_L4 | PACKET_FRAGMENT)) !== PACKET_L4) return true;
  const l4 = l4Of(record);
  const length = <u32>(l3Of(record) + l3LengthOf(record) - l4);
  switch (protocolOf(record)) {
    case PROTOCOL_TCP:
    case PROTOCOL_ICMP6:
      return verifyCovered(record, l4, length, length);
    case PROTOCOL_UDP:
      return verifyUdp(record, l4, length);
    case PROTOCOL_UDP_LITE:
      return verifyUdpLite(record, l4, length);
    case PROTOCOL_DCCP:
      return verifyDccp(record, l4, length);
    case PROTOCOL_ICMP:
    case PROTOCOL_IGMP:
      return foldSum(sumBytes(l4, length)) === RIGHT;
    case PROTOCOL_GRE:
      if ((greFlags(l4) & GRE_CHECKSUM) === 0) return true;
      return foldSum(sumBytes(l4, length)) === RIGHT;
    case PROTOCOL_SCTP:
      return sctpSum(l4, length) === sctpChecksum(l4);
    default:
      return true;
  }
}

/** Pseudo header for `length` bytes, and a sum over the first `covered` of them. */
function verifyCovered(record: usize, l4: usize, length: u32, covered: u32): bool {
  const ip = l3Of(record);
  const routed = (flagsOf(record) & PACKET_SOURCE_ROUTED) !== 0;
  const protocol = protocolOf(record);
  if ((flagsOf(record) & PACKET_IP4) !== 0) {
    const destination = routed ? load<u32>(ip4FinalDestination(ip)) : ip4Destination(ip);
    const pseudo = pseudoSum4(ip4Source(ip), destination, protocol, length);
    return foldSum(pseudo + sumBytes(l4, covered)) === RIGHT;
  }
  const destination = routed ? ip6FinalDestination(ip) : ip6Destination(ip);
  if (destination === 0) return true;
  const pseudo = pseudoSum6(ip6Source(ip), destination, protocol, length);
  return foldSum(pseudo + sumBytes(l4, covered)) === RIGHT;
}

/** Zero means "none" in IPv4, and in IPv6 only for tunnels (RFC 8200 8.1, RFC 6935). */
function verifyUdp(record: usize, l4: usize, length: u32): bool {
  if (udpChecksum(l4) === 0) {
    return (flagsOf(record) & PACKET_IP4) !== 0 || tunnelOf(record) !== TUNNEL_NONE;
  }
  const datagram = udpLength(l4);
  const whole = datagram === 0 ? length : datagram;
  return verifyCovered(record, l4, whole, whole);
}

/** A checksum is obligatory; a coverage of zero means all (RFC 3828 3.1). */
function verifyUdpLite(record: usize, l4: usize, length: u32): bool {
  if (udpChecksum(l4) === 0) return false;
  const coverage = udpLength(l4);
  return verifyCovered(record, l4, length, coverage === 0 ? length : coverage);
}

/** RFC 4340 9.2: CsCov 0 covers all, n the header and (n - 1) * 4 bytes of data. */
function verifyDccp(record: usize, l4: usize, length: u32): bool {
  const coverage = dccpCoverage(l4);
  if (coverage === 0) return verifyCovered(record, l4, length, length);
  const covered = dccpHeaderLength(l4) + (coverage - 1) * 4;
  return covered <= length && verifyCovered(record, l4, length, covered);
}

/** Address of the last destination the packet will have; 0 when its routing header hides it. */
function ip6FinalDestination(ip: usize): usize {
  let protocol = ip6NextHeader(ip);
  let extension = ip + IP6_HEADER;
  // parse has vouched for the chain up to l4, and PACKET_SOURCE_ROUTED says that this is in it
  while (protocol !== NEXT_ROUTING || routingSegmentsLeft(extension) === 0) {
    const length = extensionLength(extension, protocol);
    protocol = extensionNext(extension);
    extension += length;
  }
  return routingFinalDestination(extension);
}
