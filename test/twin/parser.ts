// The slow, obvious twin of the parser (assembly/stage/parse.ts): one read per field, exceptions for
// drops, no state but its result. It must give the same verdict and the same fields for any bytes.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { flowHashOf, linkHashOf } from "./flowhash.ts";

export interface ParsedPacket {
  /** Drop reason; 0 = goes on. */
  drop: number;
  flags: number;
  l3: number;
  l4: number;
  payload: number;
  etherType: number;
  protocol: number;
  vlanTags: number;
  mplsLabels: number;
  tunnel: number;
  l3Length: number;
  hash: number;
}

/** A packet being parsed: what is present, and what was on the wire. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly verifyHeader: boolean;
}

class Drop extends Error {
  constructor(readonly reason: number) {
    super(`drop ${reason}`);
  }
}

/** Bounds of a network packet: present bytes end at `end`, those on the wire at `wireEnd`. */
interface Bounds {
  end: number;
  wireEnd: number;
}

export const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
export const u32 = (bytes: Uint8Array, at: number): number =>
  u16(bytes, at) * 65536 + u16(bytes, at + 2);
const u8 = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

export function parsePacket(packet: Packet): ParsedPacket {
  const parsed: ParsedPacket = {
    drop: 0,
    flags: 0,
    l3: 0,
    l4: 0,
    payload: 0,
    etherType: 0,
    protocol: 0,
    vlanTags: 0,
    mplsLabels: 0,
    tunnel: layout.TUNNEL_NONE,
    l3Length: 0,
    hash: 0,
  };
  try {
    parseLink(packet, parsed);
    parsed.hash = flowHashOf(packet.bytes, parsed);
  } catch (error) {
    if (!(error instanceof Drop)) throw error;
    parsed.drop = error.reason;
    parsed.hash = packet.bytes.length < 14 ? 0 : linkHashOf(packet.bytes, 0);
  }
  return parsed;
}

function need(until: number, bounds: Bounds, reason: number): void {
  if (until <= bounds.end) return;
  throw new Drop(until <= bounds.wireEnd ? drops.DROP_TRUNCATED : reason);
}

function demand(condition: boolean, reason: number): void {
  if (!condition) throw new Drop(reason);
}

function parseLink(packet: Packet, parsed: ParsedPacket): void {
  const { bytes } = packet;
  const bounds = { end: bytes.length, wireEnd: Math.max(bytes.length, packet.wireLength) };
  need(14, bounds, drops.DROP_FRAME_TOO_SHORT);
  if (u8(bytes, 0) & 1) parsed.flags |= layout.PACKET_L2_GROUP;
  if (bytes.subarray(0, 6).every((byte) => byte === 255)) {
    parsed.flags |= layout.PACKET_L2_BROADCAST;
  }
  let at = 12;
  while ([0x8100, 0x88a8, 0x9100].includes(u16(bytes, at))) {
    demand(parsed.vlanTags < layout.MAX_VLAN_TAGS, drops.DROP_TOO_MANY_TAGS);
    need(at + 6, bounds, drops.DROP_FRAME_TOO_SHORT);
    at += 4;
    parsed.vlanTags += 1;
  }
  const type = u16(bytes, at);
  if (type >= 1536) {
    parseNetwork(packet, parsed, type, at + 2, bounds);
  } else {
    parseLlc(packet, parsed, type, at + 2, bounds);
  }
}

function parseLlc(
  packet: Packet,
  parsed: ParsedPacket,
  length: number,
  at: number,
  bounds: Bounds,
): void {
  const { bytes } = packet;
  demand(length >= 3 && length <= 1500, drops.DROP_BAD_LLC);
  need(at + length, bounds, drops.DROP_BAD_LLC);
  const isSnap = u16(bytes, at) === 0xaaaa && bytes[at + 2] === 3;
  if (!isSnap) return passUnknown(packet, parsed, 0, at);
  demand(length >= 8, drops.DROP_BAD_LLC);
  const organisation = u32(bytes, at + 2) & 0xffffff;
  if (organisation !== 0) return passUnknown(packet, parsed, 0, at);
  const end = at + length;
  parseNetwork(packet, parsed, u16(bytes, at + 6), at + 8, { end, wireEnd: end });
}

function passUnknown(packet: Packet, parsed: ParsedPacket, type: number, at: number): void {
  parsed.etherType = type;
  parsed.l3 = at;
  parsed.l4 = at;
  parsed.payload = at;
  demand(packet.wireLength <= packet.bytes.length, drops.DROP_TRUNCATED);
}

function parseNetwork(
  packet: Packet,
  parsed: ParsedPacket,
  type: number,
  at: number,
  bounds: Bounds,
): void {
  parsed.etherType = type;
  if (type === 0x0800) parseIp4(packet, parsed, at, bounds);
  else if (type === 0x86dd) parseIp6(packet, parsed, at, bounds);
  else if (type === 0x0806) parseArp(packet, parsed, at, bounds);
  else if (type === 0x8864) parsePppoe(packet, parsed, at, bounds);
  else if (type === 0x8847 || type === 0x8848) parseMpls(packet, parsed, at, bounds);
  else passUnknown(packet, parsed, type, at);
}

function parseArp(packet: Packet, parsed: ParsedPacket, at: number, bounds: Bounds): void {
  const { bytes } = packet;
  need(at + 28, bounds, drops.DROP_BAD_ARP);
  const ethernet = u16(bytes, at) === 1 && bytes[at + 4] === 6;
  const ip4 = u16(bytes, at + 2) === 0x0800 && bytes[at + 5] === 4;
  demand(ethernet && ip4, drops.DROP_BAD_ARP);
  parsed.flags |= layout.PACKET_ARP;
  parsed.l3 = at;
  parsed.l4 = at;
  parsed.payload = at + 28;
  parsed.l3Length = 28;
}

function parsePppoe(packet: Packet, parsed: ParsedPacket, at: number, bounds: Bounds): void {
  const { bytes } = packet;
  need(at + 8, bounds, drops.DROP_BAD_PPPOE);
  const length = u16(bytes, at + 4);
  demand(bytes[at] === 0x11 && bytes[at + 1] === 0 && length >= 2, drops.DROP_BAD_PPPOE);
  const end = at + 6 + length;
  need(end, bounds, drops.DROP_BAD_PPPOE);
  parsed.flags |= layout.PACKET_PPPOE;
  const protocol = u16(bytes, at + 6);
  if (protocol === 0x0021) parseIp4(packet, parsed, at + 8, { end, wireEnd: end });
  else if (protocol === 0x0057) parseIp6(packet, parsed, at + 8, { end, wireEnd: end });
  else passUnknown(packet, parsed, 0x8864, at + 8);
}

function parseMpls(packet: Packet, parsed: ParsedPacket, start: number, bounds: Bounds): void {
  const { bytes } = packet;
  let at = start;
  for (;;) {
    demand(parsed.mplsLabels < layout.MAX_MPLS_LABELS, drops.DROP_TOO_MANY_LABELS);
    need(at + 4, bounds, drops.DROP_TOO_MANY_LABELS);
    at += 4;
    parsed.mplsLabels += 1;
    if (u8(bytes, at - 2) & 1) break;
  }
  const nibble = at < bounds.end ? u8(bytes, at) >> 4 : 0;
  if (nibble === 4) parseIp4(packet, parsed, at, bounds);
  else if (nibble === 6) parseIp6(packet, parsed, at, bounds);
  else passUnknown(packet, parsed, parsed.etherType, at);
}

/** The ones' complement sum of 16-bit words, folded. */
export function onesSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += u16(bytes, at);
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536);
  return sum;
}

const same = (bytes: Uint8Array, a: number, b: number, count: number): boolean =>
  bytes.subarray(a, a + count).every((byte, index) => byte === bytes[b + index]);

function parseIp4(packet: Packet, parsed: ParsedPacket, l3: number, bounds: Bounds): void {
  const { bytes } = packet;
  need(l3 + 20, bounds, drops.DROP_IP4_BAD_HEADER_LENGTH);
  demand(u8(bytes, l3) >> 4 === 4, drops.DROP_IP_BAD_VERSION);
  const header = (u8(bytes, l3) & 15) * 4;
  demand(header >= 20, drops.DROP_IP4_BAD_HEADER_LENGTH);
  need(l3 + header, bounds, drops.DROP_IP4_BAD_HEADER_LENGTH);
  if (packet.verifyHeader) {
    demand(onesSum(bytes.subarray(l3, l3 + header)) === 0xffff, drops.DROP_IP4_BAD_CHECKSUM);
  }
  const total = u16(bytes, l3 + 2);
  demand(total >= header, drops.DROP_IP_BAD_LENGTH);
  need(l3 + total, bounds, drops.DROP_IP_BAD_LENGTH);
  const routed = parseOptions(bytes, l3 + 20, l3 + header);
  const unspecified = u32(bytes, l3 + 12) === 0;
  demand(unspecified || !same(bytes, l3 + 12, l3 + 16, 4), drops.DROP_LAND);
  parsed.flags |= layout.PACKET_IP4;
  if (header > 20) parsed.flags |= layout.PACKET_OPTIONS;
  if (routed) parsed.flags |= layout.PACKET_SOURCE_ROUTED;
  parsed.l3 = l3;
  parsed.l3Length = total;
  parsed.protocol = u8(bytes, l3 + 9);
  parsed.l4 = l3 + header;
  parsed.payload = parsed.l4;
  const offset = (u16(bytes, l3 + 6) & 0x1fff) * 8;
  const more = (u16(bytes, l3 + 6) & 0x2000) !== 0;
  if (offset === 0 && !more) return parseTransport(bytes, parsed, total - header);
  demand(total > header, drops.DROP_BAD_FRAGMENT);
  demand(!more || (total - header) % 8 === 0, drops.DROP_BAD_FRAGMENT);
  demand(offset + total <= 65535, drops.DROP_BAD_FRAGMENT);
  demand(offset !== 8 || parsed.protocol !== 6, drops.DROP_BAD_FRAGMENT);
  parsed.flags |= layout.PACKET_FRAGMENT;
  if (offset > 0) parsed.flags |= layout.PACKET_LATER_FRAGMENT;
  else parseTransport(bytes, parsed, total - header);
}

/** Walks IPv4 options; true when the first source route among them has hops left. */
function parseOptions(bytes: Uint8Array, from: number, to: number): boolean {
  let routed: boolean | undefined;
  for (let at = from; at < to; ) {
    const kind = u8(bytes, at);
    if (kind === 0) break;
    if (kind === 1) {
      at += 1;
      continue;
    }
    demand(to - at >= 2, drops.DROP_IP4_BAD_OPTIONS);
    const length = u8(bytes, at + 1);
    demand(length >= 2 && length <= to - at, drops.DROP_IP4_BAD_OPTIONS);
    if ((kind === 131 || kind === 137) && routed === undefined) {
      routed = length >= 7 && u8(bytes, at + 2) + 3 <= length;
    }
    at += length;
  }
  return routed ?? false;
}

function parseIp6(packet: Packet, parsed: ParsedPacket, l3: number, bounds: Bounds): void {
  const { bytes } = packet;
  need(l3 + 40, bounds, drops.DROP_IP_BAD_LENGTH);
  demand(u8(bytes, l3) >> 4 === 6, drops.DROP_IP_BAD_VERSION);
  let payload = u16(bytes, l3 + 4);
  if (payload === 0 && bytes[l3 + 6] === 0) {
    need(l3 + 48, bounds, drops.DROP_IP6_BAD_EXTENSION);
    need(l3 + 48 + u8(bytes, l3 + 41) * 8, bounds, drops.DROP_IP6_BAD_EXTENSION);
    payload = jumboLength(bytes, l3 + 40);
    demand(payload > 65535, drops.DROP_IP_BAD_LENGTH);
  }
  need(l3 + 40 + payload, bounds, drops.DROP_IP_BAD_LENGTH);
  const unspecified = bytes.subarray(l3 + 8, l3 + 24).every((byte) => byte === 0);
  demand(unspecified || !same(bytes, l3 + 8, l3 + 24, 16), drops.DROP_LAND);
  parsed.flags |= layout.PACKET_IP6;
  parsed.l3 = l3;
  parsed.l3Length = 40 + payload;
  parsed.protocol = u8(bytes, l3 + 6);
  parsed.l4 = l3 + 40;
  parseExtensions(bytes, parsed);
  parsed.payload = parsed.l4;
  if (parsed.flags & layout.PACKET_LATER_FRAGMENT) return;
  parseTransport(bytes, parsed, l3 + 40 + payload - parsed.l4);
}

function jumboLength(bytes: Uint8Array, extension: number): number {
  const end = extension + 8 + u8(bytes, extension + 1) * 8;
  for (let at = extension + 2; at + 2 <= end; ) {
    const kind = u8(bytes, at);
    if (kind === 0xc2) return bytes[at + 1] === 4 && at + 6 <= end ? u32(bytes, at + 2) : 0;
    at += kind === 0 ? 1 : 2 + u8(bytes, at + 1);
  }
  return 0;
}

function parseExtensions(bytes: Uint8Array, parsed: ParsedPacket): void {
  const end = parsed.l3 + parsed.l3Length;
  for (let count = 0; [0, 43, 44, 51, 60, 135, 139, 140].includes(parsed.protocol); count++) {
    demand(count < layout.MAX_IP6_EXTENSIONS, drops.DROP_IP6_TOO_MANY_EXTENSIONS);
    const at = parsed.l4;
    demand(at + 8 <= end, drops.DROP_IP6_BAD_EXTENSION);
    const length = extensionBytes(bytes, at, parsed.protocol);
    demand(at + length <= end, drops.DROP_IP6_BAD_EXTENSION);
    if (parsed.protocol === 0) parseHopByHop(bytes, parsed, at, at + length);
    if (parsed.protocol === 43) parseRouting(bytes, parsed, at);
    if (parsed.protocol === 44) parseFragment(bytes, parsed, at, end);
    if (parsed.protocol === 51) {
      demand(length >= 12, drops.DROP_IP6_BAD_EXTENSION);
      parsed.flags |= layout.PACKET_IPSEC;
    }
    parsed.protocol = u8(bytes, at);
    parsed.l4 = at + length;
    if (parsed.flags & layout.PACKET_LATER_FRAGMENT) return;
  }
}

export function extensionBytes(bytes: Uint8Array, at: number, protocol: number): number {
  if (protocol === 44) return 8;
  return protocol === 51 ? (u8(bytes, at + 1) + 2) * 4 : (u8(bytes, at + 1) + 1) * 8;
}

function parseHopByHop(bytes: Uint8Array, parsed: ParsedPacket, start: number, end: number): void {
  demand(start === parsed.l3 + 40, drops.DROP_IP6_BAD_EXTENSION);
  parsed.flags |= layout.PACKET_OPTIONS;
  for (let at = start + 2; at < end; ) {
    const kind = u8(bytes, at);
    if (kind === 0) {
      at += 1;
      continue;
    }
    demand(at + 2 <= end, drops.DROP_IP6_BAD_EXTENSION);
    const size = u8(bytes, at + 1);
    demand(at + 2 + size <= end, drops.DROP_IP6_BAD_EXTENSION);
    if (kind === 0xc2) {
      demand(size === 4 && parsed.l3Length > 65575, drops.DROP_IP6_BAD_EXTENSION);
    } else {
      demand(kind < 64, drops.DROP_IP6_UNKNOWN_OPTION);
    }
    at += 2 + size;
  }
}

function parseRouting(bytes: Uint8Array, parsed: ParsedPacket, at: number): void {
  const units = u8(bytes, at + 1);
  const type = u8(bytes, at + 2);
  const left = u8(bytes, at + 3);
  if (type === 0 || type === 2) demand(units % 2 === 0, drops.DROP_IP6_BAD_EXTENSION);
  if (type === 0 || type === 2 || type === 4) {
    demand(left <= Math.floor(units / 2), drops.DROP_IP6_BAD_EXTENSION);
  }
  if (left > 0) parsed.flags |= layout.PACKET_SOURCE_ROUTED;
}

function parseFragment(bytes: Uint8Array, parsed: ParsedPacket, at: number, end: number): void {
  demand(!(parsed.flags & layout.PACKET_FRAGMENT), drops.DROP_IP6_BAD_EXTENSION);
  demand(parsed.l3Length <= 65575, drops.DROP_IP6_BAD_EXTENSION);
  const offset = u16(bytes, at + 2) & 0xfff8;
  const more = (u16(bytes, at + 2) & 1) !== 0;
  if (offset === 0 && !more) return;
  const payload = end - at - 8;
  demand(payload > 0 && (!more || payload % 8 === 0), drops.DROP_BAD_FRAGMENT);
  demand(at - parsed.l3 - 40 + offset + payload <= 65535, drops.DROP_BAD_FRAGMENT);
  parsed.flags |= layout.PACKET_FRAGMENT;
  if (offset > 0) parsed.flags |= layout.PACKET_LATER_FRAGMENT;
}

function parseTransport(bytes: Uint8Array, parsed: ParsedPacket, room: number): void {
  const isFragment = (parsed.flags & layout.PACKET_FRAGMENT) !== 0;
  const isIp6 = (parsed.flags & layout.PACKET_IP6) !== 0;
  let header: number;
  try {
    header = transportHeader(bytes, parsed, room, isFragment);
  } catch (error) {
    if (!(error instanceof Drop) || !isFragment) throw error;
    demand(!isIp6 && parsed.protocol !== 6, drops.DROP_BAD_FRAGMENT);
    if (error.reason === drops.DROP_L4_TOO_SHORT) return;
    throw error;
  }
  parsed.payload = parsed.l4 + header;
  if (parsed.protocol === 50 || parsed.protocol === 51) parsed.flags |= layout.PACKET_IPSEC;
  if (header > 0) parsed.flags |= layout.PACKET_L4;
  if (isFragment) return;
  parsed.tunnel = tunnelOf(bytes, parsed);
  const type = u8(bytes, parsed.l4);
  const icmpError = !isIp6 && parsed.protocol === 1 && [3, 4, 5, 11, 12].includes(type);
  const icmp6Error = isIp6 && parsed.protocol === 58 && [1, 2, 3, 4].includes(type);
  if (icmpError || icmp6Error) parsed.flags |= layout.PACKET_ICMP_ERROR;
}

/** Shortest header of each transport protocol we know, by family. */
function shortestHeader(protocol: number, isIp6: boolean): number {
  if (protocol === 6) return 20;
  if (protocol === 17 || protocol === 136) return 8;
  if (protocol === 132 || protocol === 33) return 12;
  if (protocol === 47) return 4;
  if (protocol === 50) return 8;
  if (protocol === 51) return 12;
  if (isIp6) return protocol === 58 ? 8 : 0;
  return protocol === 1 || protocol === 2 ? 8 : 0;
}

function transportHeader(
  bytes: Uint8Array,
  parsed: ParsedPacket,
  room: number,
  isFragment: boolean,
): number {
  const { protocol, l4 } = parsed;
  const shortest = shortestHeader(protocol, (parsed.flags & layout.PACKET_IP6) !== 0);
  demand(room >= shortest, drops.DROP_L4_TOO_SHORT);
  if (protocol === 6) {
    const header = (u8(bytes, l4 + 12) >> 4) * 4;
    demand(header >= 20 && header <= room, drops.DROP_TCP_BAD_OFFSET);
    return header;
  }
  if (protocol === 17 || protocol === 136) {
    const length = u16(bytes, l4 + 4);
    if (length === 0 && (protocol === 136 || room > 65535)) return 8;
    demand(length >= 8 && (isFragment || length <= room), drops.DROP_UDP_BAD_LENGTH);
    return 8;
  }
  if (protocol === 33) return dccpHeader(bytes, l4, room);
  if (protocol === 47) return greHeader(bytes, l4, room, isFragment);
  if (protocol === 50) return 0;
  if (protocol === 51) {
    const length = (u8(bytes, l4 + 1) + 2) * 4;
    demand(length >= 12 && length <= room, drops.DROP_L4_TOO_SHORT);
    return 0;
  }
  return shortest;
}

function dccpHeader(bytes: Uint8Array, l4: number, room: number): number {
  const header = u8(bytes, l4 + 4) * 4;
  const type = (u8(bytes, l4 + 8) >> 1) & 15;
  const long = u8(bytes, l4 + 8) & 1;
  let fixed = long ? 16 : 12;
  if (type === 0) fixed += 4;
  else if (type !== 2) fixed += long ? 8 : 4;
  if (type === 1 || type === 7) fixed += 4;
  demand(header >= fixed && header <= room, drops.DROP_DCCP_BAD_OFFSET);
  return header;
}

function greHeader(bytes: Uint8Array, l4: number, room: number, isFragment: boolean): number {
  const flags = u16(bytes, l4);
  const has = (bit: number) => ((flags & bit) !== 0 ? 4 : 0);
  demand(!has(0x4000) && (flags & 7) <= 1, drops.DROP_GRE_BAD_HEADER);
  if ((flags & 7) === 0) {
    const header = 4 + has(0x8000) + has(0x2000) + has(0x1000);
    demand(header <= room, drops.DROP_GRE_BAD_HEADER);
    return header;
  }
  const isPptp = !has(0x8000) && has(0x2000) && u16(bytes, l4 + 2) === 0x880b;
  demand(Boolean(isPptp), drops.DROP_GRE_BAD_HEADER);
  const header = 8 + has(0x1000) + has(0x0080);
  demand(header <= room, drops.DROP_GRE_BAD_HEADER);
  demand(isFragment || u16(bytes, l4 + 4) <= room - header, drops.DROP_GRE_BAD_HEADER);
  return header;
}

const UDP_TUNNELS: Record<number, number> = {
  2152: layout.TUNNEL_GTP_U,
  3544: layout.TUNNEL_TEREDO,
  4789: layout.TUNNEL_VXLAN,
  6081: layout.TUNNEL_GENEVE,
  6635: layout.TUNNEL_MPLS_UDP,
  8472: layout.TUNNEL_VXLAN,
};

function tunnelOf(bytes: Uint8Array, parsed: ParsedPacket): number {
  const { protocol, l4 } = parsed;
  if (protocol === 4 || protocol === 94) return layout.TUNNEL_IPIP;
  if (protocol === 41) return layout.TUNNEL_IP6;
  if (protocol === 17) {
    const named = UDP_TUNNELS[u16(bytes, l4 + 2)];
    if (named !== undefined) return named;
    return u16(bytes, l4) === 3544 ? layout.TUNNEL_TEREDO : layout.TUNNEL_NONE;
  }
  if (protocol !== 47) return layout.TUNNEL_NONE;
  const carried = u16(bytes, l4 + 2);
  if (carried === 0x88be || carried === 0x22eb) return layout.TUNNEL_ERSPAN;
  const keyed = (u16(bytes, l4) & 0x2000) !== 0;
  return carried === 0x6558 && keyed ? layout.TUNNEL_NVGRE : layout.TUNNEL_GRE;
}
