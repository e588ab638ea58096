// Neighbor discovery (RFC 4861) at a routed port: answers solicitations of the port's own
// addresses, and of those it is a proxy of, and learns from solicitations and advertisements.

import { DROP_BAD_ND, DROP_MARTIAN_SOURCE, DROP_ND_NOT_OURS } from "../drops";
import {
  NEIGHBOR_MACS,
  NEIGHBOR_REACHABLE,
  PACKET_IP6,
  PACKET_L4,
  PORT_MAC,
  ROUTE_ON_LINK,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
} from "../layout";
import {
  dataOf,
  drop,
  flagsOf,
  inPortOf,
  l3LengthOf,
  l3Of,
  l4Of,
  protocolOf,
  timestampOf,
  vrfOf,
} from "../packet";
import { isPortIp6 } from "../respond/addresses";
import { isProxied6 } from "../respond/proxy";
import { closeReply, noteTransport, replyPacket, returnReply } from "../respond/reply";
import { findNeighbor, learnNeighbor, neighborEntry, neighborState } from "../state/neighbors";
import { forwardingOf, forwardingPort, forwardingType, route6 } from "../table/forwarding";
import { portOf } from "../table/ports";
import { checksumOf, pseudoSum6, sumBytes } from "../wire/checksum";
import {
  ethernetDestination,
  ethernetSource,
  macAt,
  macIsGroup,
  setIp6MulticastMac,
} from "../wire/ethernet";
import {
  buildIcmp6,
  buildNdMac,
  ICMP6_HEADER,
  ICMP6_NEIGHBOR_ADVERTISEMENT,
  ICMP6_NEIGHBOR_SOLICITATION,
  icmp6Code,
  icmp6Rest,
  icmp6Type,
  ND_HEADER,
  ND_HOP_LIMIT,
  ND_MAC_OPTION,
  ND_OPTION_SOURCE_MAC,
  ND_OPTION_TARGET_MAC,
  ND_OVERRIDE,
  ND_ROUTER,
  ND_SOLICITED,
  ndHeaderLength,
  ndMac,
  ndOptionsFit,
  ndTarget,
  setIcmp6Checksum,
} from "../wire/icmp6";
import { PROTOCOL_ICMP6 } from "../wire/ipv4";
import {
  buildIp6,
  copyIp6,
  IP6_HEADER,
  ip6Destination,
  ip6HasFragmentHeader,
  ip6HopLimit,
  ip6IsLinkLocal,
  ip6IsMulticast,
  ip6IsSolicitedNode,
  ip6IsUnspecified,
  ip6Source,
  setIp6AllNodes,
} from "../wire/ipv6";

/**
 * Takes an IPv6 packet that the route said is for here, its checksum verified. Goes on with what is
 * no neighbor discovery, and with the messages of router discovery, which a router has no use for.
 * `reply` then holds the answer to a solicitation.
 */
export function nd(record: usize, reply: usize): i32 {
  const flags = flagsOf(record);
  if ((flags & (PACKET_IP6 | PACKET_L4)) !== (PACKET_IP6 | PACKET_L4)) return VERDICT_CONTINUE;
  if (protocolOf(record) !== PROTOCOL_ICMP6) return VERDICT_CONTINUE;
  const type = icmp6Type(l4Of(record));
  const header = ndHeaderLength(type);
  if (header === 0) return VERDICT_CONTINUE;
  if (!isValid(record, header)) return drop(DROP_BAD_ND);
  if (type === ICMP6_NEIGHBOR_SOLICITATION) return solicited(record, reply);
  if (type === ICMP6_NEIGHBOR_ADVERTISEMENT) return advertised(record);
  return VERDICT_CONTINUE;
}

/** Bytes of the ICMPv6 message. */
function messageLength(record: usize): u32 {
  return l3LengthOf(record) - <u32>(l4Of(record) - l3Of(record));
}

/** What RFC 4861 6.1 and 7.1 ask of every message, and RFC 6980 5: no Fragment header. */
function isValid(record: usize, header: u32): bool {
  const message = l4Of(record);
  const length = messageLength(record);
  return (
    ip6HopLimit(l3Of(record)) === ND_HOP_LIMIT &&
    !ip6HasFragmentHeader(l3Of(record), message) &&
    icmp6Code(message) === 0 &&
    length >= header &&
    ndOptionsFit(message, header, length)
  );
}

/** RFC 4861 7.1.1 and 7.2.3. */
function solicited(record: usize, reply: usize): i32 {
  const ip = l3Of(record);
  const message = l4Of(record);
  const target = ndTarget(message);
  if (ip6IsMulticast(target)) return drop(DROP_BAD_ND);
  const option = ndMac(message, messageLength(record), ND_OPTION_SOURCE_MAC);
  // From :: asks a host that looks for duplicates of an address that is not its own yet (RFC 4862
  // 5.4.2).
  const probe = ip6IsUnspecified(ip6Source(ip));
  if (probe && (option !== 0 || !ip6IsSolicitedNode(ip6Destination(ip)))) return drop(DROP_BAD_ND);
  const mac = option !== 0 ? option : ethernetSource(dataOf(record));
  if (macIsGroup(mac)) return drop(DROP_BAD_ND);
  const port = inPortOf(record);
  if (!probe && isPortIp6(port, ip6Source(ip))) return drop(DROP_MARTIAN_SOURCE);
  const ours = isPortIp6(port, target);
  // A proxy says nothing of whether an address is taken.
  if (!ours && (probe || !isProxied6(port, target))) return drop(DROP_ND_NOT_OURS);
  if (option !== 0) {
    const create = isOnLink(record, ip6Source(ip));
    learnNeighbor(port, 6, ip6Source(ip), option, timestampOf(record), create);
  }
  // What a proxy says is not to replace what its owner says (RFC 4861 7.2.8).
  advertise(record, reply, probe, mac, ours ? ND_OVERRIDE : 0);
  return VERDICT_CONSUME;
}

/**
 * Whether a packet to the address would leave by the in-port: only such neighbors are noted, so
 * that a solicitation cannot plant an entry for an address elsewhere (RFC 5942 4).
 */
function isOnLink(record: usize, address: usize): bool {
  if (ip6IsLinkLocal(address)) return true;
  const entry = forwardingOf(route6(vrfOf(record), address));
  return forwardingType(entry) === ROUTE_ON_LINK && forwardingPort(entry) === inPortOf(record);
}

/** RFC 4861 7.2.4: to the one who asked, or to all nodes when that one has no address yet. */
function advertise(record: usize, reply: usize, probe: bool, mac: usize, flag: u32): void {
  const ownMac = portOf(inPortOf(record)) + PORT_MAC;
  const target = ndTarget(l4Of(record));
  const length = ND_HEADER + ND_MAC_OPTION;
  const ip = replyPacket(reply);
  buildIp6(ip, length, PROTOCOL_ICMP6, ND_HOP_LIMIT);
  copyIp6(ip6Source(ip), target);
  if (probe) setIp6AllNodes(ip6Destination(ip));
  else copyIp6(ip6Destination(ip), ip6Source(l3Of(record)));
  const message = ip + IP6_HEADER;
  const flags = ND_ROUTER | flag | (probe ? 0 : ND_SOLICITED);
  buildIcmp6(message, ICMP6_NEIGHBOR_ADVERTISEMENT, 0, flags);
  copyIp6(ndTarget(message), target);
  buildNdMac(message + ND_HEADER, ND_OPTION_TARGET_MAC, ownMac);
  const sum = pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_ICMP6, length);
  setIcmp6Checksum(message, checksumOf(sum + sumBytes(message, length)));
  closeReply(record, reply, vrfOf(record), PACKET_IP6, IP6_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP6, IP6_HEADER, ICMP6_HEADER);
  returnReply(reply, mac, ownMac);
  if (probe) setIp6MulticastMac(ethernetDestination(dataOf(reply)), ip6Destination(ip));
}

/** RFC 4861 7.1.2 and 7.2.5: nothing is learned of a neighbor nobody has asked for. */
function advertised(record: usize): i32 {
  const message = l4Of(record);
  const target = ndTarget(message);
  const flags = icmp6Rest(message);
  if (ip6IsMulticast(target)) return drop(DROP_BAD_ND);
  const solicited = (flags & ND_SOLICITED) !== 0;
  if (solicited && ip6IsMulticast(ip6Destination(l3Of(record)))) return drop(DROP_BAD_ND);
  const option = ndMac(message, messageLength(record), ND_OPTION_TARGET_MAC);
  if (option !== 0 && macIsGroup(option)) return drop(DROP_BAD_ND);
  update(record, target, option, flags);
  return VERDICT_CONSUME;
}

/**
 * Notes what an advertisement with these flags says of a neighbor that is known (RFC 4861 7.2.5).
 */
function update(record: usize, target: usize, option: usize, flags: u32): void {
  const port = inPortOf(record);
  const number = findNeighbor(port, 6, target);
  if (number === 0) return;
  const entry = neighborEntry(number);
  const known = entry + NEIGHBOR_MACS;
  const reachable = neighborState(entry) === NEIGHBOR_REACHABLE;
  let mac = option;
  if (option === 0) {
    // Without the option, a solicited answer still confirms the MAC that is known.
    if (!reachable || (flags & ND_SOLICITED) === 0) return;
    mac = known;
  }
  const differs = reachable && macAt(mac) !== macAt(known);
  if (differs && (flags & ND_OVERRIDE) === 0) return;
  learnNeighbor(port, 6, target, mac, timestampOf(record), false);
}
