// Frames -> fields by name: those of the configuration's matches, and more that only tests look at.

import { SYNTAX } from "../config/field_syntax.ts";
import type { FieldName } from "../config/fields.ts";
import type { FieldValue } from "../config/model.ts";
import { VLAN_PRESENT } from "../config/term_words.ts";
import { crc32c, hexOf, internetChecksum, pseudoHeader } from "./octets.ts";

export type FrameFields = ReadonlyMap<string, FieldValue | string>;
type Fields = Map<string, FieldValue | string>;

/** Fields that are none of the configuration's. */
export const TEST_FIELDS: Readonly<Record<string, string>> = {
  ip_id: "IPv4 identification, or that of an IPv6 Fragment header",
  ip_df: "1 = don't fragment",
  ip_offset: "Offset of a fragment, in bytes",
  ip_more: "1 = more fragments",
  ip_checksum: "of the IPv4 header: right or wrong",
  checksum: "of the transport: right, wrong, or none (UDP)",
  tcp_seq: "TCP sequence number",
  tcp_ack: "TCP acknowledgment number",
  tcp_window: "TCP window",
  tcp_mss: "TCP option: maximum segment size",
  tcp_wscale: "TCP option: window scale",
  tcp_sackok: "TCP option: SACK permitted, 1",
  sctp_tag: "SCTP verification tag",
  sctp_chunk: "Type of the first SCTP chunk",
  icmp_id: "Identifier of an echo",
  icmp_seq: "Sequence number of an echo",
  icmp_mtu: "MTU of 'too big'",
  payload: "Bytes behind the transport header, 0x and digits",
  payload_length: "how many those are",
};

const ETHERNET = 14;
const VLAN_TYPES: readonly number[] = [0x8100, 0x88a8, 0x9100];

/** What the frame's headers say; headers that are cut off or unknown say nothing. */
export function fieldsOfFrame(frame: Uint8Array): FrameFields {
  const fields: Fields = new Map();
  const bytes = new Bytes(frame);
  if (frame.length < ETHERNET) return fields;
  fields.set("length", frame.length);
  fields.set("eth_dst", bytes.number(0, 6));
  fields.set("eth_src", bytes.number(6, 6));
  let at = 12;
  for (const prefix of ["", "inner_"]) {
    const isTag = VLAN_TYPES.includes(bytes.u16(at)) && bytes.has(at + 4, 2);
    const control = isTag ? bytes.u16(at + 2) : 0;
    fields.set(`${prefix}vlan_vid`, isTag ? (control & 0xfff) | VLAN_PRESENT : 0);
    if (!isTag) break;
    fields.set(`${prefix}vlan_pcp`, control >> 13);
    at += 4;
  }
  const type = bytes.u16(at);
  fields.set("eth_type", type);
  if (type === 0x0806) arpFields(fields, bytes.from(at + 2));
  else addIpFields(fields, "", frame.subarray(at + 2));
  return fields;
}

/** A field's value as tests show it. */
export function fieldText(name: string, value: FieldValue | string | undefined): string {
  if (value === undefined) return "none";
  if (typeof value === "string") return value;
  const plain = name.startsWith("quote.") ? name.slice("quote.".length) : name;
  const syntax = SYNTAX.get(plain as FieldName);
  if (syntax?.wording === "vlan") return value === 0 ? "none" : `${Number(value) & 0xfff}`;
  if (syntax?.wording !== "flags") return syntax?.write(value) ?? `${value}`;
  const words = [...syntax.names].filter(([, bit]) => (Number(value) & bit) !== 0);
  return words.map(([word]) => word).join(",") || "none";
}

/** Reads network-order numbers; zero beyond the end. */
class Bytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  from(at: number, to?: number): Bytes {
    return new Bytes(this.bytes.subarray(at, to));
  }
  has(at: number, length: number): boolean {
    return at + length <= this.bytes.length;
  }
  u8(at: number): number {
    return this.bytes[at] ?? 0;
  }
  u16(at: number): number {
    return this.u8(at) * 256 + this.u8(at + 1);
  }
  u32(at: number): number {
    return this.u16(at) * 65536 + this.u16(at + 2);
  }
  number(at: number, length: number): number {
    return this.bytes.subarray(at, at + length).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  wide(at: number): bigint {
    return this.bytes.subarray(at, at + 16).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }
}

function arpFields(fields: Fields, arp: Bytes): void {
  if (!arp.has(0, 28)) return;
  fields.set("arp_op", arp.u16(6));
  fields.set("arp_sha", arp.number(8, 6));
  fields.set("arp_spa", arp.u32(14));
  fields.set("arp_tha", arp.number(18, 6));
  fields.set("arp_tpa", arp.u32(24));
}

/** What the headers before the transport's say of it. */
interface Carried {
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly isLater: boolean;
  /** The datagram is not whole: a fragment, or a quotation that was cut. */
  readonly isPart: boolean;
}

function addIpFields(fields: Fields, prefix: string, packet: Uint8Array): void {
  const bytes = new Bytes(packet);
  const version = bytes.u8(0) >> 4;
  if (version === 4 && bytes.has(0, 20)) ip4Fields(fields, prefix, bytes);
  else if (version === 6 && bytes.has(0, 40)) ip6Fields(fields, prefix, bytes);
}

function ip4Fields(fields: Fields, prefix: string, ip: Bytes): void {
  const header = (ip.u8(0) & 15) * 4;
  const total = ip.u16(2);
  const place = ip.u16(6);
  const set = (name: string, value: FieldValue | string) => fields.set(prefix + name, value);
  set("ip_dscp", ip.u8(1) >> 2);
  set("ip_ecn", ip.u8(1) & 3);
  set("ip_id", ip.u16(4));
  set("ip_df", (place >> 14) & 1);
  set("ip_more", (place >> 13) & 1);
  set("ip_offset", (place & 0x1fff) * 8);
  set("ip_ttl", ip.u8(8));
  set("ip_proto", ip.u8(9));
  set("ipv4_src", ip.u32(12));
  set("ipv4_dst", ip.u32(16));
  const isRight = internetChecksum(ip.bytes.subarray(0, header)) === 0;
  set("ip_checksum", isRight ? "right" : "wrong");
  const carried: Carried = {
    protocol: ip.u8(9),
    source: ip.bytes.subarray(12, 16),
    destination: ip.bytes.subarray(16, 20),
    isLater: (place & 0x1fff) !== 0,
    isPart: (place & 0x3fff) !== 0 || total > ip.bytes.length,
  };
  transportFields(fields, prefix, ip.from(header, Math.min(total, ip.bytes.length)), carried);
}

/** Extension headers that are passed over: hop-by-hop, routing, destination options. */
const PASSED: readonly number[] = [0, 43, 60];

function ip6Fields(fields: Fields, prefix: string, ip: Bytes): void {
  const set = (name: string, value: FieldValue | string) => fields.set(prefix + name, value);
  const first = ip.u32(0);
  set("ip_dscp", (first >>> 22) & 63);
  set("ip_ecn", (first >>> 20) & 3);
  set("ipv6_flabel", first & 0xfffff);
  set("ip_ttl", ip.u8(7));
  set("ipv6_src", ip.wide(8));
  set("ipv6_dst", ip.wide(24));
  const end = 40 + ip.u16(4);
  let protocol = ip.u8(6);
  let at = 40;
  let place = 0;
  for (; ip.has(at, 8) && (PASSED.includes(protocol) || protocol === 44); ) {
    const isFragment = protocol === 44;
    protocol = ip.u8(at);
    if (isFragment) {
      place = ip.u16(at + 2);
      set("ip_id", ip.u32(at + 4));
    }
    at += isFragment ? 8 : (ip.u8(at + 1) + 1) * 8;
  }
  set("ip_more", place & 1);
  set("ip_offset", place & 0xfff8);
  set("ip_proto", protocol);
  const carried: Carried = {
    protocol,
    source: ip.bytes.subarray(8, 24),
    destination: ip.bytes.subarray(24, 40),
    isLater: (place & 0xfff8) !== 0,
    isPart: place !== 0 || end > ip.bytes.length,
  };
  transportFields(fields, prefix, ip.from(at, Math.min(end, ip.bytes.length)), carried);
}

function transportFields(fields: Fields, prefix: string, bytes: Bytes, carried: Carried): void {
  const set = (name: string, value: FieldValue | string) => fields.set(prefix + name, value);
  const header = carried.isLater ? 0 : headerFields(set, bytes, carried);
  const isError = fields.get(`${prefix}isError`) === 1;
  fields.delete(`${prefix}isError`);
  if (isError) addIpFields(fields, "quote.", bytes.bytes.subarray(header));
  set("payload", `0x${hexOf(bytes.bytes.subarray(header))}`);
  set("payload_length", bytes.bytes.length - header);
  if (carried.isPart || header === 0) return;
  const sum = checksumOf(bytes.bytes, carried);
  if (sum !== undefined) set("checksum", sum);
}

type Set = (name: string, value: FieldValue | string) => void;

/** Sets the fields of a transport header and gives its length; 0 when it is cut off or unknown. */
function headerFields(set: Set, bytes: Bytes, { protocol, source }: Carried): number {
  switch (protocol) {
    case 6:
      return bytes.has(0, 8) ? tcpFields(set, bytes) : 0;
    case 17:
      if (!bytes.has(0, 8)) return 0;
      ports(set, "udp", bytes);
      return 8;
    case 132:
      if (!bytes.has(0, 12)) return 0;
      ports(set, "sctp", bytes);
      set("sctp_tag", bytes.u32(4));
      if (bytes.has(12, 4)) set("sctp_chunk", bytes.u8(12));
      return 12;
    case 1:
    case 58:
      if (!bytes.has(0, 8) || (protocol === 1) !== (source.length === 4)) return 0;
      return icmpFields(set, bytes, protocol === 1);
    default:
      return 0;
  }
}

function ports(set: Set, protocol: string, bytes: Bytes): void {
  set(`${protocol}_src`, bytes.u16(0));
  set(`${protocol}_dst`, bytes.u16(2));
}

/** A quotation may end behind the sequence number (RFC 792). */
function tcpFields(set: Set, bytes: Bytes): number {
  ports(set, "tcp", bytes);
  set("tcp_seq", bytes.u32(4));
  if (!bytes.has(0, 20)) return 8;
  set("tcp_ack", bytes.u32(8));
  set("tcp_flags", bytes.u16(12) & 0xfff);
  set("tcp_window", bytes.u16(14));
  const end = Math.min((bytes.u8(12) >> 4) * 4, bytes.bytes.length);
  for (let at = 20; at < end && bytes.u8(at) !== 0; ) {
    const kind = bytes.u8(at);
    if (kind === 2) set("tcp_mss", bytes.u16(at + 2));
    if (kind === 3) set("tcp_wscale", bytes.u8(at + 2));
    if (kind === 4) set("tcp_sackok", 1);
    at += kind === 1 ? 1 : Math.max(2, bytes.u8(at + 1));
  }
  return end;
}

const ERRORS4: readonly number[] = [3, 4, 5, 11, 12];

function icmpFields(set: Set, bytes: Bytes, four: boolean): number {
  const version = four ? "v4" : "v6";
  const type = bytes.u8(0);
  set(`icmp${version}_type`, type);
  set(`icmp${version}_code`, bytes.u8(1));
  const isError = four ? ERRORS4.includes(type) : type < 128;
  if (!isError) {
    set("icmp_id", bytes.u16(4));
    set("icmp_seq", bytes.u16(6));
    return 8;
  }
  set("icmp_mtu", four ? bytes.u16(6) : bytes.u32(4));
  set("isError", 1);
  return 8;
}

/** Undefined where there is none. */
function checksumOf(
  message: Uint8Array,
  { protocol, source, destination }: Carried,
): string | undefined {
  const bytes = new Bytes(message);
  if (protocol === 132) {
    const zeroed = Uint8Array.from(message);
    zeroed.fill(0, 8, 12);
    const sum = crc32c(zeroed);
    return sum.every((byte, place) => byte === bytes.u8(8 + place)) ? "right" : "wrong";
  }
  if (![1, 6, 17, 58].includes(protocol)) return undefined;
  if (protocol === 17 && bytes.u16(6) === 0) return "none";
  const covered = protocol === 1 ? [] : pseudoHeader(source, destination, protocol, message.length);
  return internetChecksum(covered, message) === 0 ? "right" : "wrong";
}
