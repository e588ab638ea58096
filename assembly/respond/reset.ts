// TCP resets in answer to a segment, as from its destination (RFC 9293 3.10.7.1).

import {
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_GROUP,
  PACKET_L4,
  PORT_MAC,
  ROUTE_LOCAL,
} from "../layout";
import { dataOf, flagsOf, inPortOf, l3LengthOf, l3Of, l4Of, protocolOf } from "../packet";
import { forwardingOf, forwardingType, route6 } from "../table/forwarding";
import { portOf, portVrf } from "../table/ports";
import { checksumOf, pseudoSum4, pseudoSum6, sumBytes } from "../wire/checksum";
import { ethernetSource, macIsGroup } from "../wire/ethernet";
import {
  buildIp4,
  IP4_HEADER,
  ip4Destination,
  ip4IsHost,
  ip4Source,
  PROTOCOL_TCP,
  setIp4Checksum,
  setIp4Destination,
  setIp4Source,
} from "../wire/ipv4";
import {
  buildIp6,
  copyIp6,
  IP6_HEADER,
  ip6Destination,
  ip6IsHost,
  ip6IsLinkLocal,
  ip6Source,
} from "../wire/ipv6";
import {
  buildTcp,
  setTcpChecksum,
  TCP_ACK,
  TCP_FIN,
  TCP_HEADER,
  TCP_RST,
  TCP_SYN,
  tcpAcknowledgement,
  tcpDestination,
  tcpFlags,
  tcpHeaderLength,
  tcpSequence,
  tcpSource,
} from "../wire/tcp";
import { isBetweenHosts4 } from "./errors";
import { closeReply, noteTransport, replyPacket, returnReply } from "./reply";

const TTL: u32 = 64;

/**
 * Builds in `reply` the reset of the connection a segment belongs to; false when it is none, not
 * whole, itself a reset, or not from one host to one other. `reply` is to be routed, but to a
 * link-local address.
 */
export function reset(record: usize, reply: usize): bool {
  const flags = flagsOf(record);
  if ((flags & PACKET_L4) === 0 || protocolOf(record) !== PROTOCOL_TCP) return false;
  if ((flags & (PACKET_FRAGMENT | PACKET_L2_GROUP)) !== 0) return false;
  if ((tcpFlags(l4Of(record)) & TCP_RST) !== 0) return false;
  if ((flags & PACKET_IP4) !== 0) return reset4(record, reply);
  return (flags & PACKET_IP6) !== 0 && reset6(record, reply);
}

function reset4(record: usize, reply: usize): bool {
  const vrf = portVrf(portOf(inPortOf(record)));
  const original = l3Of(record);
  // The reset speaks as the segment's destination, which must be able to (RFC 1122 3.2.1.3).
  if (!isBetweenHosts4(vrf, original) || !ip4IsHost(ip4Destination(original))) return false;
  const ip = replyPacket(reply);
  buildIp4(ip, IP4_HEADER + TCP_HEADER, PROTOCOL_TCP, TTL);
  setIp4Source(ip, ip4Destination(original));
  setIp4Destination(ip, ip4Source(original));
  setIp4Checksum(ip, checksumOf(sumBytes(ip, IP4_HEADER)));
  const tcp = ip + IP4_HEADER;
  buildReset(record, tcp);
  const sum = pseudoSum4(ip4Source(ip), ip4Destination(ip), PROTOCOL_TCP, TCP_HEADER);
  setTcpChecksum(tcp, checksumOf(sum + sumBytes(tcp, TCP_HEADER)));
  closeReply(record, reply, vrf, PACKET_IP4, IP4_HEADER + TCP_HEADER);
  noteTransport(reply, PROTOCOL_TCP, IP4_HEADER, TCP_HEADER);
  return true;
}

function reset6(record: usize, reply: usize): bool {
  const port = portOf(inPortOf(record));
  const original = l3Of(record);
  const source = ip6Source(original);
  if (!ip6IsHost(source) || !ip6IsHost(ip6Destination(original))) return false;
  if (macIsGroup(ethernetSource(dataOf(record)))) return false;
  if (forwardingType(forwardingOf(route6(portVrf(port), source))) === ROUTE_LOCAL) return false;
  const ip = replyPacket(reply);
  buildIp6(ip, TCP_HEADER, PROTOCOL_TCP, TTL);
  copyIp6(ip6Source(ip), ip6Destination(original));
  copyIp6(ip6Destination(ip), source);
  const tcp = ip + IP6_HEADER;
  buildReset(record, tcp);
  const sum = pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_TCP, TCP_HEADER);
  setTcpChecksum(tcp, checksumOf(sum + sumBytes(tcp, TCP_HEADER)));
  closeReply(record, reply, portVrf(port), PACKET_IP6, IP6_HEADER + TCP_HEADER);
  noteTransport(reply, PROTOCOL_TCP, IP6_HEADER, TCP_HEADER);
  // No route leads to a link-local address but the link the packet came by (RFC 4007 9).
  if (ip6IsLinkLocal(source)) returnReply(reply, ethernetSource(dataOf(record)), port + PORT_MAC);
  return true;
}

/** What the sender expects next, or, if it acknowledges nothing, that its segment has arrived. */
function buildReset(record: usize, tcp: usize): void {
  const segment = l4Of(record);
  const flags = tcpFlags(segment);
  const source = tcpDestination(segment);
  const destination = tcpSource(segment);
  if ((flags & TCP_ACK) !== 0) {
    buildTcp(tcp, source, destination, tcpAcknowledgement(segment), 0, TCP_RST);
    return;
  }
  const header = <u32>(segment - l3Of(record)) + tcpHeaderLength(segment);
  const data = l3LengthOf(record) - header;
  const marks: u32 = ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0);
  const next = tcpSequence(segment) + data + marks;
  buildTcp(tcp, source, destination, 0, next, TCP_RST | TCP_ACK);
}
