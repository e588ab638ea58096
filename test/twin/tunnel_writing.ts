// The slow twin of the headers tunnels put in front of packets: octet by octet, from the RFCs.

import * as layout from "../../assembly/layout.ts";
import {
  concat,
  u32 as four,
  internetChecksum,
  type Octets,
  u16 as two,
} from "../support/octets.ts";
import { u8, u16 } from "./fields.ts";
import type { Carried, TunnelFields } from "./tunnel_header.ts";

const ETHERNET = 0x6558;

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

function hasCritical(options: Uint8Array): boolean {
  for (let at = 0; at < options.length; at += 4 + (u8(options, at + 3) % 32) * 4) {
    if (u8(options, at + 2) >= 128) return true;
  }
  return false;
}

function geneve(tunnel: TunnelFields, carried: Carried): Octets {
  const options = tunnel.options ?? new Uint8Array();
  const critical = hasCritical(options);
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
  const packet = carried.labels ? 0x8847 : ip;
  const type = tunnel.type === layout.ENCAPSULATION_GRETAP ? ETHERNET : packet;
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
  const details = 0x8000 + ((tunnel.hardware ?? 0) & 63) * 16 + (tunnel.direction ?? 0) * 8;
  const rest = isThird
    ? [...four(time), 0, 0, ...two(details)]
    : four((tunnel.index ?? 0) % 2 ** 20);
  const protocol = isThird ? 0x22eb : 0x88be;
  const sequence = four(tunnel.sequence ?? 0);
  return concat([0x10, 0], two(protocol), sequence, first, two(second), rest, bytes);
}
