// The fields of a packet out of its frame, where no key tells them: behind the last look-up.

import type { FieldName } from "../config/fields.ts";
import type { FieldValue } from "../config/model.ts";
import { VLAN_PRESENT } from "../config/term_words.ts";
import { PACKET_ARP, PACKET_IP4, PACKET_IP6, PACKET_L4 } from "../memory/names.ts";
import type { TracedRecord, TraceEntry } from "../memory/traces.ts";
import { FrameBytes } from "./bytes.ts";
import type { FieldReader } from "./fields.ts";

type Entries = readonly (readonly [FieldName, FieldValue | undefined])[];

/** By IP protocol: fields of the first two u16 of the transport header. */
const PORT_FIELDS: ReadonlyMap<number, readonly [FieldName, FieldName]> = new Map([
  [6, ["tcp_src", "tcp_dst"]],
  [17, ["udp_src", "udp_dst"]],
  [132, ["sctp_src", "sctp_dst"]],
]);
/** By IP protocol: fields of the first two bytes. */
const ICMP_FIELDS: ReadonlyMap<number, readonly [FieldName, FieldName]> = new Map([
  [1, ["icmpv4_type", "icmpv4_code"]],
  [58, ["icmpv6_type", "icmpv6_code"]],
]);

/** What the headers say that the parser went through; fields that flows can set, and length. */
export function headerFields({ record, frame }: TraceEntry): FieldReader {
  const bytes = new FrameBytes(frame);
  const fields = new Map<FieldName, FieldValue | undefined>([
    ...linkFields(record, bytes),
    ...labelFields(record, bytes),
    ...networkFields(record, bytes),
    ...transportFields(record, bytes),
  ]);
  return (field) => fields.get(field);
}

function linkFields({ vlanTags, wireLength }: TracedRecord, bytes: FrameBytes): Entries {
  const tag = (number: number) => (vlanTags > number ? bytes.u16(14 + number * 4) : undefined);
  const [outer, inner] = [tag(0), tag(1)];
  return [
    ["eth_dst", numberOf(bytes.slice(0, 6))],
    ["eth_src", numberOf(bytes.slice(6, 6))],
    ["eth_type", bytes.u16(12 + vlanTags * 4)],
    ["vlan_vid", vlanOf(outer)],
    ["vlan_pcp", outer === undefined ? undefined : outer >> 13],
    ["inner_vlan_vid", vlanOf(inner)],
    ["inner_vlan_pcp", inner === undefined ? undefined : inner >> 13],
    ["length", wireLength],
  ];
}

/** As the key has it: 0 without a tag. */
function vlanOf(control: number | undefined): number {
  return control === undefined ? 0 : (control & 0xfff) | VLAN_PRESENT;
}

/** RFC 3032: label 20 bits, traffic class 3, bottom of stack 1, TTL 8. */
function labelFields({ mplsLabels, vlanTags }: TracedRecord, bytes: FrameBytes): Entries {
  const entry = mplsLabels === 0 ? undefined : bytes.u32(14 + vlanTags * 4);
  if (entry === undefined) return [];
  return [
    ["mpls_label", entry >>> 12],
    ["mpls_tc", (entry >>> 9) & 7],
    ["mpls_bos", (entry >>> 8) & 1],
  ];
}

function networkFields(record: TracedRecord, bytes: FrameBytes): Entries {
  const { flags, l3, protocol } = record;
  if ((flags & PACKET_ARP) !== 0) return arpFields(l3, bytes);
  if ((flags & PACKET_IP4) !== 0) {
    return [
      ["ip_proto", protocol],
      ...serviceFields(bytes.u8(l3 + 1)),
      ["ip_ttl", bytes.u8(l3 + 8)],
      ["ipv4_src", bytes.u32(l3 + 12)],
      ["ipv4_dst", bytes.u32(l3 + 16)],
    ];
  }
  const first = bytes.u32(l3);
  if ((flags & PACKET_IP6) === 0 || first === undefined) return [];
  return [
    ["ip_proto", protocol],
    ...serviceFields((first >>> 20) & 0xff),
    ["ip_ttl", bytes.u8(l3 + 7)],
    ["ipv6_src", wideOf(bytes.slice(l3 + 8, 16))],
    ["ipv6_dst", wideOf(bytes.slice(l3 + 24, 16))],
    ["ipv6_flabel", first & 0xfffff],
  ];
}

/** RFC 2474, RFC 3168. */
function serviceFields(service: number | undefined): Entries {
  if (service === undefined) return [];
  return [
    ["ip_dscp", service >> 2],
    ["ip_ecn", service & 3],
  ];
}

/** RFC 826, for Ethernet and IPv4. */
function arpFields(l3: number, bytes: FrameBytes): Entries {
  return [
    ["arp_op", bytes.u16(l3 + 6)],
    ["arp_sha", numberOf(bytes.slice(l3 + 8, 6))],
    ["arp_spa", bytes.u32(l3 + 14)],
    ["arp_tha", numberOf(bytes.slice(l3 + 18, 6))],
    ["arp_tpa", bytes.u32(l3 + 24)],
  ];
}

function transportFields({ flags, l4, protocol }: TracedRecord, bytes: FrameBytes): Entries {
  if ((flags & PACKET_L4) === 0) return [];
  const [source, destination] = PORT_FIELDS.get(protocol) ?? [];
  if (source !== undefined && destination !== undefined) {
    return [
      [source, bytes.u16(l4)],
      [destination, bytes.u16(l4 + 2)],
    ];
  }
  const [type, code] = ICMP_FIELDS.get(protocol) ?? [];
  if (type === undefined || code === undefined) return [];
  return [
    [type, bytes.u8(l4)],
    [code, bytes.u8(l4 + 1)],
  ];
}

function numberOf(bytes: Uint8Array | undefined): number | undefined {
  return bytes?.reduce((value, byte) => value * 256 + byte, 0);
}

function wideOf(bytes: Uint8Array | undefined): bigint | undefined {
  return bytes?.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
