// Random matches for the router of traffic.ts, in the model's terms: on what its packets carry, so
// that several flows of a table match most of them.

import { FIELDS, type FieldName, FRAGMENT_TERMS } from "../../src/config/fields.ts";
import type {
  FieldMatchModel,
  FieldValue,
  MatchModel,
  SetModel,
  TermModel,
} from "../../src/config/model.ts";
import { ip } from "./octets.ts";
import type { Random } from "./random.ts";

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)] as T;
}

export function numberOf(address: string): FieldValue {
  const bytes = ip(address);
  const number = bytes.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  return bytes.length === 4 ? Number(number) : number;
}

const ADDRESSES4 = [
  "10.0.0.2",
  "10.0.0.9",
  "203.0.113.1",
  "203.0.113.7",
  "192.168.3.2",
  "10.0.0.1",
  "198.51.100.70",
  "198.51.100.77",
  "8.8.8.8",
].map(numberOf);
const ADDRESSES6 = [
  "fd00:a::2",
  "fd00:a::9",
  "2001:db8:1::1",
  "fd00:a::1",
  "2001:db8:f::7",
  "2001:db8:f::8",
  "2a00::1",
].map(numberOf);

/** Values worth looking for, and worth writing. */
export const VALUES: Partial<Record<FieldName, readonly FieldValue[]>> = {
  in_port: [0, 1, 2],
  out_port: [0, 1, 2],
  eth_dst: [0x020000000001, 0x020000000002, 0x020000000003, 0x020000007777, 0xffffffffffff],
  eth_src: [0x02000000aa00, 0x02000000aa01],
  vlan_vid: [0x1005, 0x1006],
  vlan_pcp: [0, 5],
  mpls_label: [77, 78],
  mpls_tc: [0, 3],
  arp_op: [1, 2],
  arp_spa: ADDRESSES4,
  arp_tpa: ADDRESSES4,
  ip_dscp: [0, 46, 10],
  ip_ecn: [0, 3],
  ip_ttl: [1, 2, 63, 64, 255],
  ip_frag: [0, 1, 3],
  ipv4_src: ADDRESSES4,
  ipv4_dst: ADDRESSES4,
  ipv6_src: ADDRESSES6,
  ipv6_dst: ADDRESSES6,
  ipv6_flabel: [0, 7],
  ipv6_exthdr: [8, 16, 32, 0],
  ipv6_nd_target: ADDRESSES6,
  tcp_src: [53, 1000, 4789],
  tcp_dst: [53, 80, 2000],
  tcp_flags: [16],
  udp_src: [53, 1000, 4789],
  udp_dst: [53, 80, 2000],
  icmpv4_type: [0, 3, 8, 11, 13],
  icmpv6_type: [1, 3, 128, 129, 135],
  length: [60, 64, 142, 1000, 1300],
  metadata: [0n, 1n, 2n, 0xffffffff00000000n],
  reg0: [0, 1, 0x80000000],
  mark: [0, 1, 2],
};

function full(field: FieldName): FieldValue {
  const { bits } = FIELDS[field];
  return bits > 48 ? 2n ** BigInt(bits) - 1n : 2 ** bits - 1;
}

export function exact(field: FieldName, value: FieldValue): TermModel {
  return { kind: "masked", value, mask: full(field) };
}

/** Some leading bits of the field, or any bits. */
function mask(random: Random, field: FieldName): bigint {
  const all = BigInt(full(field));
  if (random.oneIn(4)) return (BigInt(random.next()) * BigInt(random.next() + 1)) & all;
  const low = BigInt(random.below(FIELDS[field].bits + 1));
  return all & ~(2n ** low - 1n);
}

function term(random: Random, field: FieldName): TermModel {
  if (field === "ip_frag") {
    return { kind: "masked", ...pick(random, Object.values(FRAGMENT_TERMS)) };
  }
  const value = pick(random, VALUES[field] ?? [0]);
  const like = (number: bigint): FieldValue =>
    typeof full(field) === "bigint" ? number : Number(number);
  const isPlain = FIELDS[field].format === "port" || field === "vlan_vid";
  if (isPlain || random.oneIn(2)) return exact(field, value);
  if (random.oneIn(2)) {
    const bits = mask(random, field);
    return { kind: "masked", value: like(BigInt(value) & bits), mask: like(bits) };
  }
  const other = pick(random, VALUES[field] ?? [0]);
  return value <= other
    ? { kind: "range", low: value, high: other }
    : { kind: "range", low: other, high: value };
}

function condition(random: Random, field: FieldName): FieldMatchModel {
  const count = random.oneIn(3) ? 1 + random.below(4) : 1;
  const terms = Array.from({ length: count }, () => term(random, field));
  return { kind: "field", field, negated: random.oneIn(5), terms };
}

const needs = (field: FieldName, ...values: readonly number[]): FieldMatchModel => ({
  kind: "field",
  field,
  negated: false,
  terms: values.map((value) => exact(field, value)),
});
const IP4 = needs("eth_type", 0x0800);
const IP6 = needs("eth_type", 0x86dd);
const BOTH = needs("eth_type", 0x0800, 0x86dd);

/** A set, and the fields it is for, with what they need. */
interface SetUse {
  readonly set: SetModel;
  readonly needs: readonly MatchModel[];
  readonly fields: readonly FieldName[];
}

const prefix = (value: FieldValue, length: number): TermModel => {
  const bits = Number((2n ** 32n - 2n ** BigInt(32 - length)) & 0xffffffffn);
  return { kind: "masked", value: Number(BigInt(value) & BigInt(bits)), mask: bits };
};
const [near, , gateway, , server, , , far] = ADDRESSES4 as readonly number[];
const port = (value: number) => exact("udp_dst", value);

const SET_USES: readonly SetUse[] = [
  {
    set: {
      name: "networks",
      types: ["ipv4"],
      elements: [[prefix(near!, 29)], [exact("ipv4_src", gateway!)], [prefix(far!, 24)]],
    },
    needs: [IP4],
    fields: ["ipv4_dst"],
  },
  {
    set: {
      name: "services",
      types: ["port"],
      elements: [[port(53)], [{ kind: "range", low: 70, high: 1999 }]],
    },
    needs: [BOTH, needs("ip_proto", 17)],
    fields: ["udp_dst"],
  },
  {
    set: {
      name: "pairs",
      types: ["ipv4", "port"],
      elements: [
        [exact("ipv4_src", near!), port(53)],
        [exact("ipv4_src", server!), port(80)],
        [prefix(far!, 25), { kind: "range", low: 1, high: 1024 }],
      ],
    },
    needs: [IP4, needs("ip_proto", 17)],
    fields: ["ipv4_src", "udp_dst"],
  },
];
export const SETS: readonly SetModel[] = SET_USES.map(({ set }) => set);

/** Fields that may be matched together, and what they all need. */
type Shape = readonly [needs: readonly MatchModel[], fields: readonly FieldName[]];

const ANYWHERE: readonly FieldName[] = ["in_port", "length", "metadata", "reg0", "mark"];
const NETWORK: readonly FieldName[] = ["ip_dscp", "ip_ecn", "ip_ttl", "ip_frag"];

const IP_SHAPES: readonly Shape[] = [
  [[], []],
  [[IP4], ["ipv4_src", "ipv4_dst", ...NETWORK]],
  [[IP6], ["ipv6_src", "ipv6_dst", "ipv6_flabel", "ipv6_exthdr", ...NETWORK]],
  [
    [BOTH, needs("ip_proto", 6)],
    ["tcp_src", "tcp_dst", "tcp_flags", ...NETWORK],
  ],
  [
    [BOTH, needs("ip_proto", 17)],
    ["udp_src", "udp_dst", ...NETWORK],
  ],
  [
    [IP4, needs("ip_proto", 17)],
    ["ipv4_src", "ipv4_dst", "udp_dst", "ip_ttl"],
  ],
  [[IP4, needs("ip_proto", 1)], ["icmpv4_type"]],
  [[IP6, needs("ip_proto", 58)], ["icmpv6_type"]],
  [[IP6, needs("ip_proto", 58), needs("icmpv6_type", 135)], ["ipv6_nd_target"]],
];
const LINK_SHAPES: readonly Shape[] = [
  [[], ["eth_dst", "eth_src", "vlan_vid"]],
  [[needs("eth_type", 0x0806)], ["arp_op", "arp_spa", "arp_tpa"]],
  [[needs("eth_type", 0x8847)], ["mpls_label", "mpls_tc"]],
];

/** Conditions that packets at the place can fulfil; `known`: routing has chosen a port. */
export function randomMatch(random: Random, atIngress: boolean, known: boolean): MatchModel[] {
  if (random.oneIn(8)) {
    const place = random.below(SET_USES.length);
    const { needs: needed, fields } = SET_USES[place]!;
    return [...needed, { kind: "set", fields, negated: random.oneIn(4), set: place }];
  }
  const shapes = atIngress ? [...IP_SHAPES, ...LINK_SHAPES] : IP_SHAPES;
  const [needed, fields] = pick(random, shapes);
  const all: FieldName[] = [...fields, ...ANYWHERE, ...(known ? (["out_port"] as const) : [])];
  const chosen = new Set(Array.from({ length: random.below(4) }, () => pick(random, all)));
  return [...needed, ...[...chosen].map((field) => condition(random, field))];
}
