// The slow twin of the headers of tunnels: reads them octet by octet, from the RFCs.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { toHex } from "../support/octets.ts";
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
  readonly wireLength?: number | undefined;
  readonly timestamp?: bigint;
  /** MPLS labels it begins with. */
  readonly labels?: number;
  /** What a flow says of the tunnel's identifier. */
  readonly id?: number | undefined;
  /** What a flow says of tun_metadata0 … */
  readonly words?: readonly (number | undefined)[];
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

/** The first label that is no explicit null names the tunnel, or the last one if all are. */
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
