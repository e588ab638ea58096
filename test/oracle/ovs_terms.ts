// Conditions on fields in numbers, and how ovs-fields(7) and the configuration write them.

import { FIELDS, type FieldDefinition, type FieldName } from "../../src/config/fields.ts";
import { ip, toHex } from "../support/octets.ts";

/** The field's bits in `mask` are those of `value`; bits of `value` outside are zero. */
export interface Term {
  readonly field: FieldName;
  readonly value: bigint;
  readonly mask: bigint;
}

export const PORTS = ["p1", "p2", "p3", "p4"] as const;
export const VID_PRESENT = 0x1000n;

/** Names that differ from ours. */
const OVS_NAMES: Partial<Record<FieldName, string>> = {
  ip_ttl: "nw_ttl",
  ipv4_src: "ip_src",
  ipv4_dst: "ip_dst",
  ipv6_flabel: "ipv6_label",
  ipv6_nd_target: "nd_target",
  ipv6_nd_sll: "nd_sll",
  ipv6_nd_tll: "nd_tll",
  icmpv4_type: "icmp_type",
  icmpv4_code: "icmp_code",
  tunnel_id: "tun_id",
};

/** By value and mask of ip_frag as the key has it: any fragment 1, all but the first 2. */
const FRAGMENTS: Readonly<Record<string, string>> = {
  "0/3": "no",
  "1/1": "yes",
  "1/3": "first",
  "3/3": "later",
  "0/2": "not_later",
};

export function fullMask(field: FieldName): bigint {
  return (1n << BigInt(FIELDS[field].bits)) - 1n;
}

export function exactly(field: FieldName, value: bigint | number): Term {
  return { field, value: BigInt(value), mask: fullMask(field) };
}

export function masked(field: FieldName, value: bigint | number, mask: bigint): Term {
  return { field, value: BigInt(value) & mask, mask };
}

function digits(value: bigint, octets: number): string[] {
  const text = value.toString(16).padStart(octets * 2, "0");
  return text.match(/../g) as string[];
}

/** A value in the field's own form. */
function valueText(field: FieldName, value: bigint): string {
  const { format }: FieldDefinition = FIELDS[field];
  if (format === "mac") return digits(value, 6).join(":");
  if (format === "ipv4")
    return digits(value, 4)
      .map((pair) => Number.parseInt(pair, 16))
      .join(".");
  if (format === "ipv6") return (digits(value, 16).join("").match(/..../g) as string[]).join(":");
  return `0x${value.toString(16)}`;
}

/** An address as a number. */
export function addressValue(text: string): bigint {
  return BigInt(`0x${toHex(ip(text))}`);
}

function termText({ field, value, mask }: Term): string {
  if (mask === fullMask(field)) return valueText(field, value);
  return `${valueText(field, value)}/${maskText(field, mask)}`;
}

/** Prefixes of IPv6 by their length: ovs-ofctl takes the first digits of a mask for one. */
function maskText(field: FieldName, mask: bigint): string {
  const ones = mask.toString(2).replace(/0+$/, "");
  const isPrefix =
    ones.length + (mask.toString(2).length - ones.length) === 128 && !ones.includes("0");
  if (FIELDS[field].format === "ipv6" && isPrefix) return String(ones.length);
  return valueText(field, mask);
}

export function ovsName(field: FieldName): string {
  return OVS_NAMES[field] ?? field;
}

/** As ovs-ofctl matches it. */
export function ovsMatch(term: Term): string {
  const { field, value, mask } = term;
  if (field === "in_port") return `in_port=${value + 1n}`;
  if (field === "ip_frag") return `ip_frag=${FRAGMENTS[`${value}/${mask}`]}`;
  return `${ovsName(field)}=${termText(term)}`;
}

/** As the configuration's `match` has it. */
export function sluiceValue(term: Term): unknown {
  const { field, value, mask } = term;
  if (field === "in_port") return PORTS[Number(value)];
  if (field === "ip_frag") return FRAGMENTS[`${value}/${mask}`];
  if (field === "vlan_vid" && value === 0n) return "none";
  return termText(term);
}

/** As ovs-ofctl's set_field writes it. */
export function ovsSetField(term: Term): string {
  const { field, value } = term;
  const text = field === "vlan_vid" ? `0x${(value | VID_PRESENT).toString(16)}` : termText(term);
  return `set_field:${text}->${ovsName(field)}`;
}

export function sluiceSetField(term: Term): unknown {
  const text = term.field === "vlan_vid" ? Number(term.value & 0xfffn) : termText(term);
  return { set_field: { [term.field]: text } };
}
