// The slow, obvious twin of the parser (assembly/stage/parse.ts): one read per field, exceptions
// for drops, no state but its result. It must give the same verdict and fields for any bytes.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import {
  Drop,
  demand,
  extensionBytes,
  onesSum,
  type ParsedPacket,
  u8,
  u16,
  u32,
} from "./fields.ts";
import { flowHashOf, linkHashOf } from "./flowhash.ts";
import { parseTransport } from "./transport.ts";

/** A packet being parsed: what is present, and what was on the wire. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly verifyHeader: boolean;
  /** Datagrams are put together before they are tracked. */
  readonly reassembles?: boolean;
}

/** Bounds of a network packet: present bytes end at `end`, those on the wire at `wireEnd`. */
interface Bounds {
  end: number;
  wireEnd: number;
}

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
    parsed.hash = flowHashOf(packet.bytes, parsed, packet.reassembles);
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
  if (!isSnap) {
    passUnknown(packet, parsed, 0, at);
    return;
  }
  demand(length >= 8, drops.DROP_BAD_LLC);
  const organisation = u32(bytes, at + 2) & 0xffffff;
  if (organisation !== 0) {
    passUnknown(packet, parsed, 0, at);
    return;
  }
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
  if (offset === 0 && !more) {
    parseTransport(bytes, parsed, total - header);
    return;
  }
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
