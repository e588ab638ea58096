// The slow twin of packets put into tunnels: the whole outer packet, octet by octet.

import * as layout from "../../assembly/layout.ts";
import { ENCAPSULATIONS } from "../../src/compile/tunnels.ts";
import type { TunnelModel } from "../../src/config/model.ts";
import { concat, ip4, ip6, type Octets, readU16 } from "../support/octets.ts";
import { flowHashOf } from "./flowhash.ts";
import { parsePacket } from "./parser.ts";
import type { TunnelFields } from "./tunnel_header.ts";
import { writeTunnel } from "./tunnel_writing.ts";

/** What differs from packet to packet, beside the packet. */
export interface Sending {
  /** Frame as it leaves by the tunnel's port. */
  readonly frame: Uint8Array;
  readonly source: Uint8Array;
  readonly remote: Uint8Array;
  /** Number of the packet in the capture. */
  readonly number: number;
  /** Number of the GRE packet. */
  readonly sequence?: number;
  readonly id?: number;
}

/** TUNNEL_* bits, from the model. */
function flagsOf({ id, checksum, sequence, ttl, dscp }: TunnelModel): number {
  let flags = id === undefined ? 0 : layout.TUNNEL_HAS_ID;
  if (id === "flow") flags |= layout.TUNNEL_ID_BY_FLOW;
  if (checksum) flags |= layout.TUNNEL_CHECKSUM;
  if (sequence) flags |= layout.TUNNEL_SEQUENCED;
  if (ttl === "inherit") flags |= layout.TUNNEL_TTL_INHERIT;
  if (dscp === "inherit") flags |= layout.TUNNEL_DSCP_INHERIT;
  return flags;
}

function fieldsOf(tunnel: TunnelModel, sequence: number | undefined): TunnelFields {
  const { low, high } = tunnel.sourcePorts;
  return {
    type: ENCAPSULATIONS[tunnel.type],
    family: tunnel.family,
    flags: flagsOf(tunnel),
    id: typeof tunnel.id === "number" ? tunnel.id : 0,
    udpPort: tunnel.udpPort,
    sourceLow: low,
    sourceCount: high - low + 1,
    ttl: tunnel.ttl === "inherit" ? 64 : tunnel.ttl,
    dscp: tunnel.dscp === "inherit" ? 0 : tunnel.dscp,
    options: concat(
      ...tunnel.options.map(({ optionClass, type, data }) =>
        concat([optionClass >> 8, optionClass & 255, type, data.length / 4], data),
      ),
    ),
    version: tunnel.erspan?.version ?? 0,
    hardware: tunnel.erspan?.hardware ?? 0,
    direction: tunnel.erspan?.direction === "egress" ? 1 : 0,
    index: tunnel.erspan?.index ?? 0,
    ...(sequence === undefined ? {} : { sequence }),
  };
}

const TAGS = [0x8100, 0x88a8, 0x9100];

/** The IP packet in a frame, behind VLAN tags alone; undefined without one. */
function ipWithin(frame: Uint8Array): Uint8Array | undefined {
  let at = 12;
  while (at + 6 <= frame.length && TAGS.includes(readU16(frame, at))) at += 4;
  if (at + 2 > frame.length) return undefined;
  const type = readU16(frame, at);
  const packet = frame.subarray(at + 2);
  const version = (packet[0] ?? 0) >> 4;
  if (type === 0x0800 && version === 4 && packet.length >= 20) return packet;
  return type === 0x86dd && version === 6 && packet.length >= 40 ? packet : undefined;
}

/** What of a frame a tunnel without link headers carries: its IP packet without what follows. */
export function packetOf(frame: Uint8Array): Uint8Array {
  const { l3, l3Length } = parsed(frame);
  return frame.subarray(l3, l3 + l3Length);
}

function parsed(frame: Uint8Array) {
  return parsePacket({ bytes: frame, wireLength: frame.length, verifyHeader: true });
}

/** The outer IP packet. */
export function encapsulated(tunnel: TunnelModel, frames: boolean, sending: Sending): Octets {
  const { frame, source, remote, number, sequence, id } = sending;
  const fields = parsed(frame);
  const hash = flowHashOf(frame, fields);
  const payload = frames ? frame : packetOf(frame);
  const inner = frames ? ipWithin(frame) : payload;
  const isIp4 = inner !== undefined && inner[0]! >> 4 === 4;
  const service = inner === undefined ? 0 : isIp4 ? inner[1]! : (readU16(inner, 0) >> 4) & 255;
  const ttl = inner === undefined ? 0 : isIp4 ? inner[8]! : inner[7]!;
  const keeps = inner !== undefined && (!isIp4 || (inner[6]! & 0x40) !== 0);
  const dscp = tunnel.dscp === "inherit" ? service & 0xfc : tunnel.dscp * 4;
  const inherits = tunnel.ttl === "inherit" && tunnel.type !== "mpls_udp" && ttl !== 0;
  const hops = inherits ? ttl : tunnel.ttl === "inherit" ? 64 : tunnel.ttl;
  const whole = tunnel.df === "set" || (tunnel.df === "inherit" && keeps);
  const outer = { service: dscp | (service & 3), source, destination: remote };
  const head =
    tunnel.family === 4
      ? (content: Uint8Array) => {
          const identification = whole ? 0 : number & 0xffff;
          const protocol = protocolOf(tunnel, payload);
          const fragment = whole ? 0x4000 : 0;
          return ip4({ ...outer, ttl: hops, protocol, identification, fragment }, content);
        }
      : (content: Uint8Array) => {
          const next = protocolOf(tunnel, payload);
          const packet = ip6({ ...outer, next, hopLimit: hops }, content);
          packet[1] = packet[1]! | ((hash >>> 16) & 15);
          packet.set([(hash >>> 8) & 255, hash & 255], 2);
          return packet;
        };
  const carried = { bytes: payload, hash, ...(id === undefined ? {} : { id }) };
  return head(writeTunnel(fieldsOf(tunnel, sequence), carried, head(new Uint8Array())));
}

function protocolOf({ type, udpPort }: TunnelModel, payload: Uint8Array): number {
  if (udpPort !== 0) return 17;
  if (type === "ipip" || type === "sit" || type === "ip6tnl")
    return payload[0]! >> 4 === 4 ? 4 : 41;
  return 47;
}
