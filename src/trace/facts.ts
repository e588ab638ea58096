// What a packet says of itself: the fields of its headers by name, read at the offsets that the
// data path's parser found.

import { formatIp, formatMac } from "../config/address.ts";
import {
  PACKET_ARP,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_IPSEC,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
  PACKET_OPTIONS,
  PACKET_PPPOE,
  PACKET_SOURCE_ROUTED,
  SHARD_SHIFT,
  tunnelName,
} from "../memory/names.ts";
import type { TracedRecord, TraceEntry } from "../memory/traces.ts";
import { FrameBytes, hex } from "./bytes.ts";
import {
  etherTypeLabel,
  hasPorts,
  icmpLabel,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_TCP,
  protocolLabel,
} from "./protocols.ts";

/** Facts by name, in the order they are shown. */
export type Facts = Readonly<Record<string, string | number>>;

const VLAN_TYPES: readonly number[] = [0x8100, 0x88a8, 0x9100];
const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

/** Everything the headers say, and the flow they belong to. */
export function packetFacts({ record, frame }: TraceEntry): Facts {
  const bytes = new FrameBytes(frame);
  return {
    ...linkFacts(record, bytes),
    ...networkFacts(record, bytes),
    ...transportFacts(record, bytes),
    ...flowFacts(record),
  };
}

/** The headers' facts without the flow: what matters of a packet the engine made. */
export function ownPacketFacts({ record, frame }: TraceEntry): Facts {
  const bytes = new FrameBytes(frame);
  return {
    ...linkFacts(record, bytes),
    ...networkFacts(record, bytes),
    ...transportFacts(record, bytes),
  };
}

function linkFacts(record: TracedRecord, bytes: FrameBytes): Facts {
  const destination = bytes.slice(0, 6);
  const source = bytes.slice(6, 6);
  const type = bytes.u16(12);
  if (destination === undefined || source === undefined || type === undefined) return {};
  const tags = vlanTags(record, bytes);
  const labels = mplsLabels(record, bytes);
  return {
    ether_source: formatMac(source),
    ether_destination: formatMac(destination),
    ether_type: etherTypeLabel(type),
    ...(tags === "" ? {} : { vlan: tags }),
    ...((record.flags & PACKET_PPPOE) !== 0 ? { pppoe: "session" } : {}),
    ...(labels === "" ? {} : { mpls: labels }),
  };
}

/** "10, 20 priority 3": the tags that follow the addresses, outermost first. */
function vlanTags(record: TracedRecord, bytes: FrameBytes): string {
  const tags: string[] = [];
  for (let at = 12; tags.length < record.vlanTags; at += 4) {
    const control = bytes.u16(at + 2);
    if (control === undefined || !VLAN_TYPES.includes(bytes.u16(at) as number)) break;
    const priority = control >> 13;
    tags.push(`${control & 0xfff}${priority === 0 ? "" : ` priority ${priority}`}`);
  }
  return tags.join(", ");
}

/** Labels, top first: the stack ends where the network header begins. */
function mplsLabels(record: TracedRecord, bytes: FrameBytes): string {
  const first = record.l3 - record.mplsLabels * 4;
  const labels: number[] = [];
  for (let number = 0; number < record.mplsLabels; number++) {
    const entry = bytes.u32(first + number * 4);
    if (entry !== undefined && first >= 12) labels.push(entry >>> 12);
  }
  return labels.join(", ");
}

function networkFacts(record: TracedRecord, bytes: FrameBytes): Facts {
  if ((record.flags & PACKET_IP4) !== 0) return ip4Facts(record, bytes);
  if ((record.flags & PACKET_IP6) !== 0) return ip6Facts(record, bytes);
  return (record.flags & PACKET_ARP) !== 0 ? arpFacts(record, bytes) : refusedFacts(bytes);
}

/** Addresses of an untagged packet that the parser refused: no more of it can be trusted. */
function refusedFacts(bytes: FrameBytes): Facts {
  const type = bytes.u16(12);
  const version = (bytes.u8(14) ?? 0) >> 4;
  const ip4 = type === 0x0800 && version === 4;
  if (!ip4 && !(type === 0x86dd && version === 6)) return {};
  const source = ip4 ? bytes.slice(26, 4) : bytes.slice(22, 16);
  const destination = ip4 ? bytes.slice(30, 4) : bytes.slice(38, 16);
  if (source === undefined || destination === undefined) return {};
  return { source: formatIp(source), destination: formatIp(destination) };
}

/** The two addresses of an IP packet, network order. */
export interface Addresses {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** Source and destination address; undefined when the packet is not IP or they are cut off. */
export function addressesOf({ record, frame }: TraceEntry): Addresses | undefined {
  const bytes = new FrameBytes(frame);
  const ip4 = (record.flags & PACKET_IP4) !== 0;
  if (!ip4 && (record.flags & PACKET_IP6) === 0) return undefined;
  const source = ip4 ? bytes.slice(record.l3 + 12, 4) : bytes.slice(record.l3 + 8, 16);
  const destination = ip4 ? bytes.slice(record.l3 + 16, 4) : bytes.slice(record.l3 + 24, 16);
  return source === undefined || destination === undefined ? undefined : { source, destination };
}

function ip4Facts(record: TracedRecord, bytes: FrameBytes): Facts {
  const { l3 } = record;
  const source = bytes.slice(l3 + 12, 4);
  const destination = bytes.slice(l3 + 16, 4);
  const fragment = bytes.u16(l3 + 6);
  if (source === undefined || destination === undefined || fragment === undefined) return {};
  return {
    ip_version: 4,
    source: formatIp(source),
    destination: formatIp(destination),
    ttl: bytes.u8(l3 + 8) as number,
    ip_length: record.l3Length,
    ...((fragment & 0x4000) !== 0 ? { dont_fragment: "yes" } : {}),
    ...((record.flags & PACKET_OPTIONS) !== 0 ? { ip_options: "yes" } : {}),
    ...((record.flags & PACKET_FRAGMENT) !== 0 ? { fragment: fragmentLabel(fragment) } : {}),
    ...sharedIpFacts(record),
  };
}

/** RFC 791: the offset counts units of 8 bytes. */
function fragmentLabel(field: number): string {
  const offset = `offset ${(field & 0x1fff) * 8}`;
  return (field & 0x2000) !== 0 ? `${offset}, more follow` : `${offset}, the last`;
}

function ip6Facts(record: TracedRecord, bytes: FrameBytes): Facts {
  const { l3, flags } = record;
  const source = bytes.slice(l3 + 8, 16);
  const destination = bytes.slice(l3 + 24, 16);
  if (source === undefined || destination === undefined) return {};
  const later = (flags & PACKET_LATER_FRAGMENT) !== 0;
  return {
    ip_version: 6,
    source: formatIp(source),
    destination: formatIp(destination),
    hop_limit: bytes.u8(l3 + 7) as number,
    ip_length: record.l3Length,
    ...((flags & PACKET_OPTIONS) !== 0 ? { hop_by_hop: "yes" } : {}),
    ...((flags & PACKET_FRAGMENT) !== 0 ? { fragment: later ? "a later one" : "the first" } : {}),
    ...sharedIpFacts(record),
  };
}

function sharedIpFacts({ flags, protocol, tunnel }: TracedRecord): Facts {
  const carried = tunnelName(tunnel);
  return {
    ...((flags & PACKET_SOURCE_ROUTED) !== 0 ? { source_routed: "yes" } : {}),
    protocol: protocolLabel(protocol),
    ...((flags & PACKET_IPSEC) !== 0 ? { ipsec: "hides what follows" } : {}),
    ...(carried === undefined ? {} : { tunnel: carried }),
  };
}

/** RFC 826, for Ethernet and IPv4. */
function arpFacts({ l3 }: TracedRecord, bytes: FrameBytes): Facts {
  const operation = bytes.u16(l3 + 6);
  const sender = bytes.slice(l3 + 14, 4);
  const target = bytes.slice(l3 + 24, 4);
  const mac = bytes.slice(l3 + 8, 6);
  if (operation === undefined || sender === undefined || target === undefined) return {};
  return {
    arp: operation === 1 ? "request" : operation === 2 ? "reply" : `operation ${operation}`,
    arp_sender: `${formatIp(sender)} at ${formatMac(mac as Uint8Array)}`,
    arp_target: formatIp(target),
  };
}

function transportFacts(record: TracedRecord, bytes: FrameBytes): Facts {
  const { flags, protocol, l4 } = record;
  const first = bytes.u16(l4);
  if ((flags & PACKET_L4) === 0 || first === undefined) return {};
  if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMP6) {
    return { icmp: icmpLabel(protocol, first >> 8, first & 0xff) };
  }
  const second = bytes.u16(l4 + 2);
  if (!hasPorts(protocol) || second === undefined) return {};
  const ports = { source_port: first, destination_port: second };
  return protocol === PROTOCOL_TCP ? { ...ports, tcp_flags: tcpFlags(bytes.u8(l4 + 13)) } : ports;
}

function tcpFlags(bits = 0): string {
  return TCP_FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0).join(" ") || "none";
}

function flowFacts({ hash }: TracedRecord): Facts {
  return { flow_hash: hex(hash, 8), shard: hash >>> SHARD_SHIFT };
}
