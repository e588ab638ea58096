// The slow twin of the headers of tunnels: reads and writes them octet by octet, from the RFCs.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import {
  concat,
  u32 as four,
  internetChecksum,
  type Octets,
  toHex,
  u16 as two,
} from "../support/octets.ts";
import { Drop, demand, onesSum, u8, u16, u32 } from "./fields.ts";

/** A tunnel's entry, as far as headers go; what is left out is zero. */
export interface TunnelFields {
  readonly type: number;
  readonly family?: 4 | 6;
  /** TUNNEL_* bits. */
  readonly flags?: number;
  readonly id?: number;
  readonly udpPort?: number;
  readonly sourceLow?: number;
  readonly sourceCount?: number;
  readonly ttl?: number;
  readonly dscp?: number;
  readonly options?: Uint8Array;
  /** ERSPAN: 1 = type II, 2 = type III. */
  readonly version?: number;
  readonly hardware?: number;
  readonly direction?: number;
  readonly index?: number;
  /** Number of the next GRE packet. */
  readonly sequence?: number;
}

/** A packet or frame that a tunnel carries. */
export interface Carried {
  readonly bytes: Uint8Array;
  readonly hash: number;
  /** Bytes it had before it was cut. */
  readonly wireLength?: number;
  readonly timestamp?: bigint;
  /** What a flow says of the tunnel's identifier. */
  readonly id?: number;
}

export type Reading =
  | { readonly drop: number }
  | {
      /** Bytes of the header; from its start on, bytes up to where what is carried ends. */
      readonly header: number;
      readonly bytes: number;
      readonly etherType: number;
      readonly id: number | undefined;
      readonly hasChecksum: boolean;
      readonly sequence: number | undefined;
      readonly ttl: number;
      readonly options: string | undefined;
    };

const BAD = drops.DROP_TUNNEL_BAD_HEADER;
const PAYLOAD = drops.DROP_TUNNEL_PAYLOAD;
const ETHERNET = 0x6558;

// What every header may leave as it is
const NOTHING = {
  id: undefined,
  hasChecksum: false,
  sequence: undefined,
  ttl: 0,
  options: undefined,
};

/** Reads a header of what lies behind the outer IP header. */
export function readTunnel(type: number, bytes: Uint8Array): Reading {
  try {
    return readerOf(type)(type, bytes);
  } catch (error) {
    if (error instanceof Drop) return { drop: error.reason };
    throw error;
  }
}

function readerOf(type: number): (type: number, bytes: Uint8Array) => Reading {
  if (type === layout.ENCAPSULATION_VXLAN) return readVxlan;
  if (type === layout.ENCAPSULATION_GENEVE) return readGeneve;
  if (type === layout.ENCAPSULATION_MPLS_UDP) return readMpls;
  if (type === layout.ENCAPSULATION_ERSPAN) return readErspan;
  return type >= layout.ENCAPSULATION_IPIP ? readIp : readGre;
}

/** The datagram, of the length it says. */
function datagramOf(bytes: Uint8Array): Uint8Array {
  demand(bytes.length >= 8, BAD);
  const length = u16(bytes, 4) || bytes.length;
  demand(length >= 8 && length <= bytes.length, BAD);
  return bytes.subarray(0, length);
}

function readVxlan(_type: number, bytes: Uint8Array): Reading {
  const datagram = datagramOf(bytes);
  demand(datagram.length >= 16 && (u8(datagram, 8) & 8) !== 0, BAD);
  const common = { bytes: datagram.length, hasChecksum: u16(datagram, 6) !== 0 };
  const id = u32(datagram, 12) >>> 8;
  return { ...NOTHING, ...common, header: 16, id, etherType: ETHERNET };
}

interface Option {
  readonly type: number;
}

/** RFC 8926 3.5: options fill their room exactly. */
function optionsOf(area: Uint8Array): Option[] {
  const options: Option[] = [];
  let at = 0;
  while (at < area.length) {
    demand(at + 4 <= area.length, BAD);
    options.push({ type: u8(area, at + 2) });
    at += 4 + (u8(area, at + 3) % 32) * 4;
  }
  demand(at === area.length, BAD);
  return options;
}

function readGeneve(_type: number, bytes: Uint8Array): Reading {
  const datagram = datagramOf(bytes);
  demand(datagram.length >= 16 && u8(datagram, 8) < 64, BAD);
  const header = 16 + (u8(datagram, 8) % 64) * 4;
  demand(header <= datagram.length, BAD);
  const options = optionsOf(datagram.subarray(16, header));
  demand((u8(datagram, 9) & 0x80) === 0, PAYLOAD);
  const critical = (u8(datagram, 9) & 0x40) !== 0;
  const unknown = options.some(({ type }) => type >= 128);
  demand(!(critical && unknown), drops.DROP_TUNNEL_CRITICAL_OPTION);
  return {
    ...NOTHING,
    header,
    bytes: datagram.length,
    hasChecksum: u16(datagram, 6) !== 0,
    id: u32(datagram, 12) >>> 8,
    etherType: u16(datagram, 10),
    options: header > 16 ? toHex(datagram.subarray(16, header)) : undefined,
  };
}

/** EtherType of an IP packet from its version. */
function versionType(bytes: Uint8Array, at: number): number {
  const version = at < bytes.length ? u8(bytes, at) >> 4 : 0;
  demand(version === 4 || version === 6, PAYLOAD);
  return version === 4 ? 0x0800 : 0x86dd;
}

/** The first label that is no explicit null names the tunnel, or the last one of a stack of them. */
function readMpls(_type: number, bytes: Uint8Array): Reading {
  const datagram = datagramOf(bytes);
  const base = { ...NOTHING, bytes: datagram.length, hasChecksum: u16(datagram, 6) !== 0 };
  let named: { id: number; ttl: number } | undefined;
  const isNull = (label: number) => label === 0 || label === 2;
  for (let at = 8; at < 8 + 16 * 4; at += 4) {
    demand(at + 4 <= datagram.length, BAD);
    const entry = { id: u32(datagram, at) >>> 12, ttl: u8(datagram, at + 3) };
    if (named !== undefined && !isNull(named.id) && !isNull(entry.id)) {
      return { ...base, ...named, header: at, etherType: 0x8847 };
    }
    demand(entry.ttl > 1, drops.DROP_MPLS_TTL_EXCEEDED);
    if (named === undefined || isNull(named.id)) named = entry;
    if ((u8(datagram, at + 2) & 1) !== 0) {
      return { ...base, ...named, header: at + 4, etherType: versionType(datagram, at + 4) };
    }
  }
  throw new Drop(BAD);
}

function readIp(type: number, bytes: Uint8Array): Reading {
  const etherType = versionType(bytes, 0);
  const isIp4 = etherType === 0x0800;
  demand(isIp4 ? type !== layout.ENCAPSULATION_SIT : type !== layout.ENCAPSULATION_IPIP, PAYLOAD);
  demand(bytes.length >= (isIp4 ? 20 : 40), BAD);
  return { ...NOTHING, header: 0, bytes: bytes.length, etherType };
}

/** The fields of GRE in their order, each if its bit is set (RFC 2784, RFC 2890). */
function greFields(bytes: Uint8Array): {
  header: number;
  key: number | undefined;
  sequence: number | undefined;
  hasChecksum: boolean;
} {
  demand(bytes.length >= 4, BAD);
  // routing, strict source route, the first bit of recursion control; version
  demand((u16(bytes, 0) & 0x4c07) === 0, BAD);
  const flags = u8(bytes, 0);
  let header = 4;
  const hasChecksum = (flags & 0x80) !== 0;
  if (hasChecksum) header += 4;
  const keyAt = header;
  if (flags & 0x20) header += 4;
  const sequenceAt = header;
  if (flags & 0x10) header += 4;
  demand(header <= bytes.length, BAD);
  if (hasChecksum) demand(onesSum(bytes) === 0xffff, drops.DROP_TUNNEL_BAD_CHECKSUM);
  const key = flags & 0x20 ? u32(bytes, keyAt) : undefined;
  return { header, key, sequence: flags & 0x10 ? u32(bytes, sequenceAt) : undefined, hasChecksum };
}

function readGre(type: number, bytes: Uint8Array): Reading {
  const { key, ...fields } = greFields(bytes);
  const etherType = u16(bytes, 2);
  const reading = { ...NOTHING, ...fields, bytes: bytes.length, etherType };
  if (type !== layout.ENCAPSULATION_NVGRE) return { ...reading, id: key };
  demand(key !== undefined && etherType === ETHERNET, BAD);
  demand(!fields.hasChecksum && fields.sequence === undefined, BAD);
  return { ...reading, id: Math.floor((key ?? 0) / 256) };
}

function readErspan(_type: number, bytes: Uint8Array): Reading {
  const { key: _, ...fields } = greFields(bytes);
  const protocol = u16(bytes, 2);
  demand(protocol === 0x88be || protocol === 0x22eb, BAD);
  const reading = { ...NOTHING, ...fields, bytes: bytes.length, etherType: ETHERNET };
  const { header } = fields;
  if (protocol === 0x88be && fields.sequence === undefined) return reading;
  const isThird = protocol === 0x22eb;
  const own = isThird ? 12 : 8;
  demand(bytes.length >= header + own, BAD);
  demand(u8(bytes, header) >> 4 === (isThird ? 2 : 1), BAD);
  const more = isThird && (u8(bytes, header + 11) & 1) !== 0 ? 8 : 0;
  demand(bytes.length >= header + own + more, BAD);
  if (isThird) demand((u8(bytes, header + 10) & 0x7c) === 0, PAYLOAD);
  return { ...reading, header: header + own + more, id: u16(bytes, header + 2) & 0x3ff };
}

// ---- writing -----------------------------------------------------------------------------------

/** What is carried with its header before it, behind the outer IP header `ip`. */
export function writeTunnel(tunnel: TunnelFields, carried: Carried, ip: Uint8Array): Octets {
  switch (tunnel.type) {
    case layout.ENCAPSULATION_VXLAN:
      return inUdp(tunnel, carried, ip, concat([8, 0, 0, 0], four(idOf(tunnel, carried) * 256)));
    case layout.ENCAPSULATION_GENEVE:
      return inUdp(tunnel, carried, ip, geneve(tunnel, carried));
    case layout.ENCAPSULATION_MPLS_UDP:
      return inUdp(tunnel, carried, ip, label(tunnel, carried));
    case layout.ENCAPSULATION_ERSPAN:
      return erspan(tunnel, carried);
    case layout.ENCAPSULATION_NVGRE:
      return concat([0x20, 0, 0x65, 0x58], nvgreKey(tunnel, carried), carried.bytes);
    case layout.ENCAPSULATION_GRE:
    case layout.ENCAPSULATION_GRETAP:
      return gre(tunnel, carried);
    default:
      return concat(carried.bytes);
  }
}

const has = (tunnel: TunnelFields, bit: number): boolean => ((tunnel.flags ?? 0) & bit) !== 0;

function idOf(tunnel: TunnelFields, carried: Carried): number {
  return (has(tunnel, layout.TUNNEL_ID_BY_FLOW) ? carried.id : tunnel.id) ?? 0;
}

/** In the tunnel's range, the same for the same hash. */
export function portOf(tunnel: TunnelFields, hash: number): number {
  const mixed = BigInt((hash ^ (hash << 16)) >>> 0);
  return (tunnel.sourceLow ?? 0) + Number((mixed * BigInt(tunnel.sourceCount ?? 0)) >> 32n);
}

function inUdp(tunnel: TunnelFields, carried: Carried, ip: Uint8Array, own: Uint8Array): Octets {
  const length = 8 + own.length + carried.bytes.length;
  const ports = [...two(portOf(tunnel, carried.hash)), ...two(tunnel.udpPort ?? 0)];
  const whole = concat(ports, two(length), [0, 0], own, carried.bytes);
  if (!has(tunnel, layout.TUNNEL_CHECKSUM)) return whole;
  const pseudo =
    tunnel.family === 6
      ? concat(ip.subarray(8, 40), four(length), [0, 0, 0, 17])
      : concat(ip.subarray(12, 20), [0, 17], two(length));
  const checksum = internetChecksum(pseudo, whole);
  whole.set(u16(Uint8Array.from(checksum), 0) === 0 ? [255, 255] : checksum, 6);
  return whole;
}

function geneve(tunnel: TunnelFields, carried: Carried): Octets {
  const options = tunnel.options ?? new Uint8Array();
  const critical = optionsOf(options).some(({ type }) => type >= 128);
  const flags = critical ? 0x40 : 0;
  const id = four(idOf(tunnel, carried) * 256);
  return concat([options.length / 4, flags, 0x65, 0x58], id, options);
}

function label(tunnel: TunnelFields, carried: Carried): Octets {
  const { bytes } = carried;
  const isIp4 = u8(bytes, 0) >> 4 === 4 && bytes.length >= 20;
  const isIp6 = u8(bytes, 0) >> 4 === 6 && bytes.length >= 40;
  const own = isIp4 ? u8(bytes, 8) : isIp6 ? u8(bytes, 7) : 0;
  const service = isIp4 ? u8(bytes, 1) : isIp6 ? (u16(bytes, 0) >> 4) & 255 : 0;
  const dscp = has(tunnel, layout.TUNNEL_DSCP_INHERIT) ? service >> 2 : (tunnel.dscp ?? 0);
  const fixed = tunnel.ttl || 64;
  const ttl = has(tunnel, layout.TUNNEL_TTL_INHERIT) && own !== 0 ? own : fixed;
  return concat(four(idOf(tunnel, carried) * 4096 + (dscp >> 3) * 512 + 256 + ttl));
}

function nvgreKey(tunnel: TunnelFields, { hash, ...carried }: Carried): number[] {
  const flow = two(hash >>> 16)
    .concat(two(hash & 0xffff))
    .reduce((mix, byte) => mix ^ byte, 0);
  return four(idOf(tunnel, { hash, ...carried }) * 256 + flow);
}

function gre(tunnel: TunnelFields, carried: Carried): Octets {
  const keyed = has(tunnel, layout.TUNNEL_HAS_ID | layout.TUNNEL_ID_BY_FLOW);
  const summed = has(tunnel, layout.TUNNEL_CHECKSUM);
  const counted = has(tunnel, layout.TUNNEL_SEQUENCED);
  const version = u8(carried.bytes, 0) >> 4;
  const ip = version === 4 ? 0x0800 : version === 6 ? 0x86dd : 0;
  const type = tunnel.type === layout.ENCAPSULATION_GRETAP ? ETHERNET : ip;
  const whole = concat(
    [(summed ? 0x80 : 0) + (keyed ? 0x20 : 0) + (counted ? 0x10 : 0), 0],
    two(type),
    summed ? four(0) : [],
    keyed ? four(idOf(tunnel, carried)) : [],
    counted ? four(tunnel.sequence ?? 0) : [],
    carried.bytes,
  );
  if (summed) whole.set(internetChecksum(whole), 4);
  return whole;
}

/** DSCP class of a frame's IP header, behind up to 8 tags; that of its first tag comes before. */
function classOf(frame: Uint8Array): { vlan: number; cos: number; tagged: boolean } {
  const isTag = (type: number) => [0x8100, 0x88a8, 0x9100].includes(type);
  if (frame.length >= 18 && isTag(u16(frame, 12))) {
    return { vlan: u16(frame, 14) & 0xfff, cos: u8(frame, 14) >> 5, tagged: true };
  }
  const type = frame.length >= 14 ? u16(frame, 12) : 0;
  const version = u8(frame, 14) >> 4;
  const is4 = type === 0x0800 && version === 4 && frame.length >= 34;
  const is6 = type === 0x86dd && version === 6 && frame.length >= 54;
  const service = is4 ? u8(frame, 15) : is6 ? (u16(frame, 14) >> 4) & 255 : 0;
  return { vlan: 0, cos: service >> 5, tagged: false };
}

function erspan(tunnel: TunnelFields, carried: Carried): Octets {
  const { bytes } = carried;
  const isThird = tunnel.version === 2;
  const { vlan, cos, tagged } = classOf(bytes);
  const wire = Math.max(carried.wireLength ?? 0, bytes.length);
  const size = wire < 60 ? 1 : wire > 1514 ? 2 : 0;
  const state = isThird ? size : tagged ? 3 : 0;
  const cut = wire > bytes.length ? 1 << 10 : 0;
  const second = cos * 8192 + state * 2048 + cut + (idOf(tunnel, carried) & 0x3ff);
  const first = two((isThird ? 0x2000 : 0x1000) + vlan);
  const time = Number(((carried.timestamp ?? 0n) / 100000n) & 0xffffffffn);
  const details = ((tunnel.hardware ?? 0) & 63) * 16 + (tunnel.direction ?? 0) * 8;
  const rest = isThird
    ? [...four(time), 0, 0, ...two(details)]
    : four((tunnel.index ?? 0) % 2 ** 20);
  const protocol = isThird ? 0x22eb : 0x88be;
  const sequence = four(tunnel.sequence ?? 0);
  return concat([0x10, 0], two(protocol), sequence, first, two(second), rest, bytes);
}
