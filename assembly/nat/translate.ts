// Translating packets of connections that NAT has changed: what either direction looks like on the
// other side (RFC 3022). An end becomes what the tuple of the opposite direction says of it; the
// destination behind the tables of prerouting, the source behind those of postrouting.

import {
  CONNECTION_PROTOCOL,
  CONNECTION_REPLY4,
  CONNECTION_SRC,
  CONNECTION_STATUS,
  CT_DNAT,
  CT_SNAT,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  PACKET_SOURCE_ROUTED,
  VERDICT_CONTINUE,
} from "../layout";
import { flagsOf, l3Of, l4Of, protocolOf, setRoute, setTunnel } from "../packet";
import { crcOf, mendCrc } from "../parse/checksum";
import { roomOf } from "../parse/fields";
import { tunnelAt } from "../parse/tunnel";
import { destinationAt, portsOf, sourceAt } from "../state/connection_tuples";
import {
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "../wire/ipv4";
import {
  exchangeCommonPort,
  ignoreAddress,
  rewriteAddress4,
  rewriteAddress6,
  rewritePort,
} from "./rewrite";
import { translateError } from "./translate_icmp";

const COMMON: u32 = PACKET_IP4 | PACKET_L4;
const DECISIVE: u32 = COMMON | PACKET_FRAGMENT | PACKET_ICMP_ERROR | PACKET_SOURCE_ROUTED;

/** Where the new end is: its address in memory; its port, in memory order. */
let address: usize = 0;
let port: u32 = 0;

/**
 * Translates the destination of a packet of `entry`, in its original or its reply direction, as far
 * as NAT has changed it. VERDICT_CONTINUE, or a drop.
 */
export function translateDestination(record: usize, entry: usize, reply: bool): i32 {
  const changed = reply ? CT_SNAT : CT_DNAT;
  if ((load<u32>(entry, CONNECTION_STATUS) & changed) === 0) return VERDICT_CONTINUE;
  // The route that was looked up ahead is that of the destination before.
  setRoute(record, 0);
  return translate(record, entry, reply, false);
}

/** The same of the source. */
export function translateSource(record: usize, entry: usize, reply: bool): i32 {
  const changed = reply ? CT_DNAT : CT_SNAT;
  if ((load<u32>(entry, CONNECTION_STATUS) & changed) === 0) return VERDICT_CONTINUE;
  return translate(record, entry, reply, true);
}

function translate(record: usize, entry: usize, reply: bool, source: bool): i32 {
  const flags = flagsOf(record);
  if ((flags & DECISIVE) === COMMON && translateCommon(record, entry, reply, source)) {
    return VERDICT_CONTINUE;
  }
  if ((flags & (PACKET_IP4 | PACKET_IP6)) === 0) return VERDICT_CONTINUE;
  const protocol: u32 = load<u8>(entry, CONNECTION_PROTOCOL);
  const ports = portsOf(entry, !reply);
  // An identifier is in the place of the source port in both directions.
  const isIcmp = protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMP6;
  port = source && !isIcmp ? ports >> 16 : ports & 0xffff;
  address = source ? destinationAt(entry, !reply) : sourceAt(entry, !reply);
  if ((flags & PACKET_ICMP_ERROR) !== 0) {
    return translateError(record, protocol, source, address, port);
  }
  rewrite(record, source);
  return VERDICT_CONTINUE;
}

/**
 * The common packet in a straight line: TCP or UDP over IPv4, all of it. False, with nothing done:
 * it is another, and for rewrite(), which does the same.
 */
function translateCommon(record: usize, entry: usize, reply: bool, source: bool): bool {
  const protocol = protocolOf(record);
  const tcp = protocol === PROTOCOL_TCP;
  if (!tcp && protocol !== PROTOCOL_UDP) return false;
  // Of the opposite direction: source, destination, ports
  const opposite = entry + (reply ? <usize>CONNECTION_SRC : <usize>CONNECTION_REPLY4);
  const ports = load<u32>(opposite, 8);
  const ip = l3Of(record);
  const l4 = l4Of(record);
  rewriteAddress4(ip, source, opposite + (source ? <usize>4 : 0));
  exchangeCommonPort(l4, tcp, source, source ? ports >> 16 : ports & 0xffff);
  // The port may say which tunnel the packet is of.
  if (!tcp) setTunnel(record, tunnelAt(l4, protocol));
  return true;
}

function rewrite(record: usize, source: bool): void {
  const flags = flagsOf(record);
  const protocol = protocolOf(record);
  const hasTransport = (flags & PACKET_L4) !== 0;
  const isSctp = hasTransport && protocol === PROTOCOL_SCTP;
  const crc = isSctp ? crcOf(record) : 0;
  const ip = l3Of(record);
  if ((flags & PACKET_IP4) !== 0) rewriteAddress4(ip, source, address);
  else rewriteAddress6(ip, source, address);
  if (!hasTransport) return;
  if (!source && (flags & PACKET_SOURCE_ROUTED) !== 0) ignoreAddress();
  const l4 = l4Of(record);
  rewritePort(l4, roomOf(record), protocol, source, port);
  if (isSctp) mendCrc(record, crc);
  // The port may say which tunnel the packet is of.
  const isWhole = (flags & PACKET_FRAGMENT) === 0;
  if (protocol === PROTOCOL_UDP && isWhole) setTunnel(record, tunnelAt(l4, protocol));
}
