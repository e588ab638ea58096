// Putting a packet into another one on its way to its backend: IP in IPv4 (RFC 2003, RFC 4213) or
// in IPv6 (RFC 2473).

import { openGap } from "../action/frame";
import { DROP_NO_HEADROOM, DROP_NO_ROUTE, DROP_TOO_BIG } from "../drops";
import {
  PACKET_IP4,
  PACKET_IP6,
  PACKET_KEPT,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PORT_HAS_IP4,
  PORT_HAS_IP6,
  PORT_IP4,
  PORT_IP6,
  TUNNEL_IP6,
  TUNNEL_IPIP,
  VERDICT_CONTINUE,
} from "../layout";
import {
  drop,
  flagsOf,
  hashOf,
  l3LengthOf,
  l3Of,
  l3OffsetOf,
  outPortOf,
  setEtherType,
  setFlags,
  setL3Length,
  setL3Offset,
  setL4Offset,
  setPayloadOffset,
  setProtocol,
  setTunnel,
} from "../packet";
import { fragmentSize } from "../state/reassembled";
import { setRoom } from "../state/room";
import { portFlags, portMtu, portOf } from "../table/ports";
import { backendFamily, backendIp } from "../table/services";
import { checksumOf, sumBytes } from "../wire/checksum";
import { ETHERTYPE_IP4, ETHERTYPE_IP6 } from "../wire/ethernet";
import {
  buildIp4,
  IP4_DESTINATION,
  IP4_DONT_FRAGMENT,
  IP4_HEADER,
  ip4Fragment,
  ip4Identification,
  ip4Service,
  PROTOCOL_IP4,
  PROTOCOL_IP6,
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
  ip6Source,
  setIp6Class,
  setIp6FlowLabel,
} from "../wire/ipv6";

const TTL: u32 = 64;
/** Least MTU of IPv6 (RFC 8200 5): nobody can be asked to send smaller packets. */
const LEAST_MTU6: u32 = 1280;
const LONGEST: u32 = 65535;

function outerHeader(backend: usize): u32 {
  return backendFamily(backend) === 4 ? IP4_HEADER : IP6_HEADER;
}

/**
 * Whether the packet fits, put into another, through the port it leaves by, or may be cut: IPv4
 * before it is put into the other one; IPv6 that no sender can make shorter, with the other one
 * (RFC 2473 7.1). Else dropped as too big, to be told the tunnel's MTU (RFC 2003 5.1). Changes no
 * byte.
 */
export function fitTunnel(record: usize, backend: usize): i32 {
  const mtu = portMtu(portOf(outPortOf(record)));
  const header = outerHeader(backend);
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  const least: u32 = ip4 ? 0 : LEAST_MTU6;
  const room = max<u32>(min<u32>(mtu, LONGEST) - header, least);
  setRoom(room);
  // What came in fragments goes in fragments, each of them in the tunnel.
  const length = fragmentSize !== 0 ? fragmentSize : l3LengthOf(record);
  if (length <= room) return VERDICT_CONTINUE;
  const mayCut = ip4 && (ip4Fragment(l3Of(record)) & IP4_DONT_FRAGMENT) === 0;
  return mayCut ? VERDICT_CONTINUE : drop(DROP_TOO_BIG);
}

/**
 * Puts the packet, which fits, into one from the out-port's address to the backend's. What follows
 * is an IP packet that has yet to find its neighbor on the record's route.
 */
export function encapsulate(record: usize, backend: usize): i32 {
  const inner = flagsOf(record);
  const length = l3LengthOf(record);
  const header = outerHeader(backend);
  const port = portOf(outPortOf(record));
  const source = sourceFor(record, port, backendFamily(backend));
  if (source === 0) return drop(DROP_NO_ROUTE);
  const offset = l3OffsetOf(record);
  if (!openGap(record, offset, header)) return drop(DROP_NO_HEADROOM);
  setL3Offset(record, offset);
  setL4Offset(record, offset + header);
  setPayloadOffset(record, offset + header);
  setL3Length(record, length + header);
  const inner4 = (inner & PACKET_IP4) !== 0;
  const protocol: u32 = inner4 ? PROTOCOL_IP4 : PROTOCOL_IP6;
  setProtocol(record, protocol);
  setTunnel(record, inner4 ? TUNNEL_IPIP : TUNNEL_IP6);
  const outer4 = backendFamily(backend) === 4;
  const link = inner & (PACKET_L2_GROUP | PACKET_L2_BROADCAST | PACKET_KEPT);
  setFlags(record, link | (outer4 ? PACKET_IP4 : PACKET_IP6));
  setEtherType(record, outer4 ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
  // The source may be the inner destination, which the gap has left where it was.
  if (outer4) writeOuter4(record, inner4, source, backendIp(backend));
  else writeOuter6(record, inner4, source, backendIp(backend));
  return VERDICT_CONTINUE;
}

/**
 * Address of the source: the port's, or, of one that has none of the family, the service's own,
 * which is an address of ours too; 0 = there is none.
 */
function sourceFor(record: usize, port: usize, family: u32): usize {
  const flags = portFlags(port);
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  if (family === 4) {
    if ((flags & PORT_HAS_IP4) !== 0) return port + PORT_IP4;
    return ip4 ? l3Of(record) + IP4_DESTINATION : 0;
  }
  if ((flags & PORT_HAS_IP6) !== 0) return port + PORT_IP6;
  return ip4 ? 0 : ip6Destination(l3Of(record));
}

/** The byte of DSCP and ECN of the packet within (RFC 6040 4.1 copies both). */
function innerService(inner: usize, inner4: bool): u32 {
  return inner4 ? ip4Service(inner) : ip6Class(inner);
}

function writeOuter4(record: usize, inner4: bool, source: usize, destination: usize): void {
  const ip = l3Of(record);
  const inner = ip + IP4_HEADER;
  buildIp4(ip, l3LengthOf(record), inner4 ? PROTOCOL_IP4 : PROTOCOL_IP6, TTL);
  setIp4Service(ip, innerService(inner, inner4));
  // RFC 2003 3.1: DF of the packet within. What may be fragmented needs an identification, of
  // which the packets of one flow have different ones.
  if (inner4 && (ip4Fragment(inner) & IP4_DONT_FRAGMENT) === 0) {
    setIp4Fragment(ip, 0);
    setIp4Identification(ip, ip4Identification(inner) + hashOf(record));
  }
  setIp4Source(ip, load<u32>(source));
  setIp4Destination(ip, load<u32>(destination));
  setIp4Checksum(ip, checksumOf(sumBytes(ip, IP4_HEADER)));
}

function writeOuter6(record: usize, inner4: bool, source: usize, destination: usize): void {
  const ip = l3Of(record);
  const payload = l3LengthOf(record) - IP6_HEADER;
  buildIp6(ip, payload, inner4 ? PROTOCOL_IP4 : PROTOCOL_IP6, TTL);
  setIp6Class(ip, innerService(ip + IP6_HEADER, inner4));
  // RFC 6438: routers between share flows out by the label.
  setIp6FlowLabel(ip, hashOf(record) & 0xfffff);
  copyIp6(ip6Source(ip), source);
  copyIp6(ip6Destination(ip), destination);
}
