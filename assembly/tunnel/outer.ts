// Putting what findPayload() has found behind outer headers.

import {
  COPY_LEAD,
  COUNT_ENCAPSULATED,
  ENCAPSULATION_IP6TNL,
  ENCAPSULATION_IPIP,
  ENCAPSULATION_MPLS,
  ENCAPSULATION_SIT,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_KEPT,
  PACKET_L4,
  PACKET_TUNNELED,
  PORT_HAS_IP4,
  PORT_HAS_IP6,
  PORT_IP4,
  PORT_IP6,
  TUNNEL_HAS_LOCAL,
} from "../layout";
import { count } from "../memory/counters";
import { frameStart } from "../memory/frames";
import {
  flagsOf,
  hashOf,
  l3LengthOf,
  l3Of,
  l4Of,
  outPortOf,
  sequenceOf,
  setData,
  setFlags,
  setLength,
  setWireLength,
} from "../packet";
import { setOffsets, setUntagged } from "../parse/fields";
import { tunnelAt as carrierAt } from "../parse/tunnel";
import { portFlags, portOf } from "../table/ports";
import { tunnelFamily, tunnelFlags, tunnelLocal, tunnelType } from "../table/tunnels";
import { ETHERNET_HEADER, ETHERTYPE_IP4, ETHERTYPE_IP6 } from "../wire/ethernet";
import { greFlags, greHeaderLength, greProtocol } from "../wire/gre";
import {
  buildIp4,
  IP4_HEADER,
  PROTOCOL_GRE,
  PROTOCOL_IP4,
  PROTOCOL_IP6,
  PROTOCOL_UDP,
  setIp4Destination,
  setIp4Fragment,
  setIp4Identification,
  setIp4Service,
  setIp4Source,
  sumIp4,
} from "../wire/ipv4";
import {
  buildIp6,
  copyIp6,
  IP6_HEADER,
  ip6Destination,
  ip6Source,
  setIp6Class,
  setIp6FlowLabel,
} from "../wire/ipv6";
import { UDP_HEADER } from "../wire/udp";
import { finishChecksum, isUdp } from "./checksum";
import { headerLength, writeHeader } from "./header";
import { innerService } from "./inner";
import { payloadAt, payloadEnd, payloadType } from "./payload";
import { outerService } from "./service";
import { outerKeepsWhole, outerTtl } from "./ttl";

/** What fitted() says of a packet. */
export const FITS: u32 = 0;
export const NO_HEADROOM: u32 = 1;
export const TOO_LONG: u32 = 2;

/** Longest IP packet. */
const LONGEST: u32 = 65535;

function ipHeader(tunnel: usize): u32 {
  if (tunnelType(tunnel) === ENCAPSULATION_MPLS) return 0;
  return tunnelFamily(tunnel) === 4 ? IP4_HEADER : IP6_HEADER;
}

/** Whether outer headers can be put in front of the payload found: FITS, or why not. */
export function fitted(record: usize, tunnel: usize): u32 {
  const bytes = ipHeader(tunnel) + headerLength(tunnel, record);
  const first = payloadAt - bytes - ETHERNET_HEADER - COPY_LEAD;
  if (first < frameStart(record)) return NO_HEADROOM;
  return <u32>(payloadEnd - payloadAt) + bytes > LONGEST ? TOO_LONG : FITS;
}

/**
 * Puts the outer headers, which fit, in front of the payload found; the packet goes to `remote`.
 * Its source and checksums are missing until finishOuter().
 */
export function putOuter(record: usize, tunnel: usize, remote: usize): void {
  const at = payloadAt;
  const end = payloadEnd;
  const bytes = <u32>(end - at);
  const header = headerLength(tunnel, record);
  const l4 = at - header;
  const ip = l4 - ipHeader(tunnel);
  const service = outerService(tunnel, innerService(payloadType, at, end));
  const ttl = outerTtl(tunnel, payloadType, at, end);
  const whole = outerKeepsWhole(tunnel, payloadType, at, end);
  const protocol = protocolFor(tunnel);
  writeHeader(tunnel, l4, record, hashOf(record), bytes);
  if (tunnelFamily(tunnel) === 4) {
    buildIp4(ip, <u32>(end - ip), protocol, ttl);
    setIp4Service(ip, service);
    if (!whole) identify(record, ip);
    setIp4Destination(ip, load<u32>(remote));
  } else {
    buildIp6(ip, <u32>(end - l4), protocol, ttl);
    setIp6Class(ip, service);
    // RFC 6438: routers between share flows out by the label.
    setIp6FlowLabel(ip, hashOf(record) & 0xfffff);
    copyIp6(ip6Destination(ip), remote);
  }
  describe(record, tunnel, ip, l4, end, protocol);
  count(COUNT_ENCAPSULATED, bytes);
}

/**
 * What may be fragmented needs an identification of its own among the packets on their way to one
 * address (RFC 6864 4.2): the packet's number, which does not depend on who handles it.
 */
function identify(record: usize, ip: usize): void {
  setIp4Fragment(ip, 0);
  setIp4Identification(ip, <u32>sequenceOf(record) & 0xffff);
}

function protocolFor(tunnel: usize): u32 {
  const type = tunnelType(tunnel);
  if (isUdp(type)) return PROTOCOL_UDP;
  const bare = type === ENCAPSULATION_IPIP || type === ENCAPSULATION_SIT;
  if (!bare && type !== ENCAPSULATION_IP6TNL) return PROTOCOL_GRE;
  return payloadType === ETHERTYPE_IP4 ? PROTOCOL_IP4 : PROTOCOL_IP6;
}

/** The record becomes that of the outer packet, but for what routing sets. */
function describe(
  record: usize,
  tunnel: usize,
  ip: usize,
  l4: usize,
  end: usize,
  protocol: u32,
): void {
  const data = ip - ETHERNET_HEADER;
  const ip4 = tunnelFamily(tunnel) === 4;
  const length = <u32>(end - data);
  setData(record, data);
  setLength(record, length);
  setWireLength(record, length);
  const hasHeader = protocol === PROTOCOL_UDP || protocol === PROTOCOL_GRE;
  const kept = flagsOf(record) & (PACKET_KEPT & ~PACKET_TUNNELED);
  const flags: u32 = (ip4 ? PACKET_IP4 : PACKET_IP6) | (hasHeader ? PACKET_L4 : 0);
  setFlags(record, kept | flags);
  const offset = <u32>(l4 - data);
  const payload = offset + transportBytes(l4, protocol);
  setOffsets(record, ETHERNET_HEADER, offset, payload, ip4 ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
  setUntagged(record, protocol, carrierAt(l4, protocol), <u32>(end - ip));
}

/** Bytes of the transport header as parse knows it. */
function transportBytes(l4: usize, protocol: u32): u32 {
  if (protocol === PROTOCOL_UDP) return UDP_HEADER;
  return protocol === PROTOCOL_GRE ? greHeaderLength(greFlags(l4), greProtocol(l4)) : 0;
}

/** Completes the packet, whose out-port is known now; false: that port has no address. */
export function finishOuter(record: usize, tunnel: usize): bool {
  const ip = l3Of(record);
  const ip4 = tunnelFamily(tunnel) === 4;
  const source = sourceFor(record, tunnel, ip4);
  if (source === 0) return false;
  if (ip4) {
    setIp4Source(ip, load<u32>(source));
    sumIp4(ip);
  } else {
    copyIp6(ip6Source(ip), source);
  }
  const l4 = l4Of(record);
  finishChecksum(tunnel, ip, l4, <u32>(ip + l3LengthOf(record) - l4));
  return true;
}

/** The tunnel's own address, else that of the port the packet leaves by; 0 = there is none. */
function sourceFor(record: usize, tunnel: usize, ip4: bool): usize {
  if ((tunnelFlags(tunnel) & TUNNEL_HAS_LOCAL) !== 0) return tunnelLocal(tunnel);
  const port = portOf(outPortOf(record));
  const flags = portFlags(port);
  if (ip4) return (flags & PORT_HAS_IP4) !== 0 ? port + PORT_IP4 : 0;
  return (flags & PORT_HAS_IP6) !== 0 ? port + PORT_IP6 : 0;
}
