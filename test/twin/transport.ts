// The slow twin of assembly/parse/transport.ts and tunnel.ts.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { Drop, demand, type ParsedPacket, u8, u16 } from "./fields.ts";

/** Parses what l4 and protocol point to, `room` bytes of it; not for later fragments. */
export function parseTransport(bytes: Uint8Array, parsed: ParsedPacket, room: number): void {
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
