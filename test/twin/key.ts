// The slow twin of the key (assembly/parse/key.ts): every field read on its own, from the bytes,
// and written to its place with one call.

import * as layout from "../../assembly/layout.ts";
import { extensionBytes, type ParsedPacket, u8, u16, u32 } from "./fields.ts";

export interface KeyedPacket {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly inPort: number;
  readonly outPort: number;
}

const IP4 = 0x0800;
const IP6 = 0x86dd;
const ARP = 0x0806;

/** The key of a packet that parsePacket() let pass. */
export function keyOf(packet: KeyedPacket, parsed: ParsedPacket): Uint8Array {
  const key = new Uint8Array(layout.KEY_BYTES);
  const view = new DataView(key.buffer);
  view.setUint16(layout.KEY_IN_PORT, packet.inPort);
  view.setUint16(layout.KEY_OUT_PORT, packet.outPort);
  view.setUint32(layout.KEY_LENGTH, packet.wireLength);
  const link = writeLink(packet.bytes, key, view);
  if (link.type === ARP) writeArp(packet.bytes, key, view, link.at);
  if (link.type === IP4) writeIp4(packet.bytes, key, view, link.at, parsed);
  if (link.type === IP6) writeIp6(packet.bytes, key, view, link.at, parsed);
  return key;
}

/** The link layer; returns the type behind it and the place of what it names. */
function writeLink(bytes: Uint8Array, key: Uint8Array, view: DataView) {
  key.set(bytes.subarray(0, 6), layout.KEY_ETH_DST);
  key.set(bytes.subarray(6, 12), layout.KEY_ETH_SRC);
  let at = 12;
  const tags: number[] = [];
  while ([0x8100, 0x88a8, 0x9100].includes(u16(bytes, at))) {
    tags.push(u16(bytes, at + 2));
    at += 4;
  }
  if (tags.length > 0) view.setUint16(layout.KEY_VLAN_TPID, u16(bytes, 12));
  for (const [place, tag] of tags.slice(0, 2).entries()) {
    const offset = [layout.KEY_VLAN_TCI, layout.KEY_INNER_VLAN_TCI][place]!;
    view.setUint16(offset, (tag & 0xefff) + 0x1000);
  }
  let type = u16(bytes, at);
  at += 2;
  if (type < 0x600) {
    const isSnap = u16(bytes, at) === 0xaaaa && u32(bytes, at + 2) === 0x03000000;
    type = isSnap && u16(bytes, at + 6) >= 0x600 ? u16(bytes, at + 6) : 0x05ff;
    at += 8;
  }
  view.setUint16(layout.KEY_ETH_TYPE, type);
  const room = bytes.length - at >= 4;
  if (type === 0x8847 || type === 0x8848) view.setUint32(layout.KEY_MPLS, u32(bytes, at));
  if (type === 0x88e7 && room) view.setUint32(layout.KEY_PBB, u32(bytes, at));
  return { type, at };
}

function writeArp(bytes: Uint8Array, key: Uint8Array, view: DataView, at: number): void {
  view.setUint16(layout.KEY_TP_SRC, u16(bytes, at + 6));
  key.set(bytes.subarray(at + 8, at + 14), layout.KEY_ARP_SHA);
  key.set(bytes.subarray(at + 14, at + 18), layout.KEY_IP4_SRC);
  key.set(bytes.subarray(at + 18, at + 24), layout.KEY_ARP_THA);
  key.set(bytes.subarray(at + 24, at + 28), layout.KEY_IP4_DST);
}

function writeIp4(
  bytes: Uint8Array,
  key: Uint8Array,
  view: DataView,
  at: number,
  parsed: ParsedPacket,
): void {
  key.set(bytes.subarray(at + 12, at + 16), layout.KEY_IP4_SRC);
  key.set(bytes.subarray(at + 16, at + 20), layout.KEY_IP4_DST);
  key[layout.KEY_TOS] = u8(bytes, at + 1);
  key[layout.KEY_TTL] = u8(bytes, at + 8);
  writeTransport(bytes, key, view, parsed);
}

function writeIp6(
  bytes: Uint8Array,
  key: Uint8Array,
  view: DataView,
  at: number,
  parsed: ParsedPacket,
): void {
  key.set(bytes.subarray(at + 8, at + 24), layout.KEY_IP6_SRC);
  key.set(bytes.subarray(at + 24, at + 40), layout.KEY_IP6_DST);
  key[layout.KEY_TOS] = (u16(bytes, at) >> 4) & 255;
  key[layout.KEY_TTL] = u8(bytes, at + 7);
  view.setUint32(layout.KEY_IP6_FLABEL, u32(bytes, at) & 0xfffff);
  const end = at + parsed.l3Length;
  view.setUint16(layout.KEY_IP6_EXTHDR, extensionBits(headersOf(bytes, at, end)));
  writeTransport(bytes, key, view, parsed);
  writeDiscovery(bytes, key, end, parsed);
}

function writeTransport(
  bytes: Uint8Array,
  key: Uint8Array,
  view: DataView,
  parsed: ParsedPacket,
): void {
  const { protocol, l4, flags } = parsed;
  key[layout.KEY_IP_PROTO] = protocol;
  key[layout.KEY_IP_FRAG] =
    (flags & layout.PACKET_FRAGMENT ? layout.KEY_FRAGMENT_ANY : 0) +
    (flags & layout.PACKET_LATER_FRAGMENT ? layout.KEY_FRAGMENT_LATER : 0);
  if (!(flags & layout.PACKET_L4)) return;
  if (protocol === 1 || protocol === 58) {
    view.setUint16(layout.KEY_TP_SRC, u8(bytes, l4));
    view.setUint16(layout.KEY_TP_DST, u8(bytes, l4 + 1));
  }
  if ([6, 17, 132].includes(protocol)) {
    view.setUint16(layout.KEY_TP_SRC, u16(bytes, l4));
    view.setUint16(layout.KEY_TP_DST, u16(bytes, l4 + 2));
  }
  if (protocol === 6) view.setUint16(layout.KEY_TCP_FLAGS, u16(bytes, l4 + 12) & 0xfff);
}

/** Protocol numbers of the headers behind the fixed one, in their order, the last one too. */
function headersOf(bytes: Uint8Array, ip: number, end: number): number[] {
  const headers = [u8(bytes, ip + 6)];
  for (let at = ip + 40; at + 8 <= end && headers.length <= layout.MAX_IP6_EXTENSIONS; ) {
    const protocol = headers.at(-1)!;
    if (![0, 43, 44, 51, 60, 135, 139, 140].includes(protocol)) break;
    if (protocol === 44 && u16(bytes, at + 2) >= 8) break;
    headers.push(u8(bytes, at));
    at += extensionBytes(bytes, at, protocol);
  }
  return headers;
}

/** The bits in the order of OFPIEH_*; UNREP and UNSEQ follow from the whole list. */
export function extensionBits(headers: readonly number[]): number {
  const numbers = [59, 50, 51, 60, 44, 43, 0];
  let bits = 0;
  for (const [bit, number] of numbers.entries()) {
    const times = headers.filter((header) => header === number).length;
    if (times > 0) bits |= 1 << bit;
    if (times > (number === 60 ? 2 : 1)) bits |= 128;
  }
  const named = headers.filter((header) => [0, 60, 43, 44, 51, 50].includes(header));
  return isOrdered(named) ? bits : bits | 256;
}

/** Whether the headers, repetitions aside, stand as RFC 8200 4.1 recommends. */
function isOrdered(headers: readonly number[]): boolean {
  const order = "0* 60? 43* 44* 51* 50* 60*".replaceAll(" ", "");
  const letters: Record<number, string> = { 0: "h", 60: "d", 43: "r", 44: "f", 51: "a", 50: "e" };
  const pattern = order.replaceAll(/\d+/g, (number) => letters[Number(number)]!);
  return new RegExp(`^${pattern}$`).test(headers.map((header) => letters[header]).join(""));
}

function writeDiscovery(
  bytes: Uint8Array,
  key: Uint8Array,
  end: number,
  { protocol, l4, flags }: ParsedPacket,
): void {
  if (!(flags & layout.PACKET_L4) || protocol !== 58 || end - l4 < 24) return;
  const type = u8(bytes, l4);
  if (![135, 136].includes(type) || u8(bytes, l4 + 1) !== 0) return;
  key.set(bytes.subarray(l4 + 8, l4 + 24), layout.KEY_ND_TARGET);
  const wanted = type === 135 ? 1 : 2;
  for (let at = l4 + 24; at + 8 <= end; at += u8(bytes, at + 1) * 8) {
    if (u8(bytes, at + 1) === 0 || at + u8(bytes, at + 1) * 8 > end) return;
    if (u8(bytes, at) !== wanted) continue;
    key.set(bytes.subarray(at + 2, at + 8), type === 135 ? layout.KEY_ARP_SHA : layout.KEY_ARP_THA);
    return;
  }
}
