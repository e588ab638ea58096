// Few values for each field, so that flows and packets made of them meet.

import type { FieldName } from "../../src/config/fields.ts";
import type { Random } from "../support/random.ts";
import { addressValue, exactly, fullMask, masked, type Term, VID_PRESENT } from "./ovs_terms.ts";

export type Network = "ip4" | "ip6" | "arp" | "mpls" | "other";
export type Transport = "tcp" | "udp" | "sctp" | "icmp" | "solicitation" | "advertisement";
/** What of a packet decides which fields it has; undefined = not known, or none of these. */
export interface Shape {
  readonly network: Network | undefined;
  readonly transport: Transport | undefined;
}

export const ETHER_TYPES: Readonly<Record<Network, number>> = {
  ip4: 0x0800,
  ip6: 0x86dd,
  arp: 0x0806,
  mpls: 0x8847,
  other: 0x9999,
};
/** What flows look for, the usual more often. */
export const NETWORKS: readonly (Network | undefined)[] = [
  undefined,
  ...(["ip4", "ip4", "ip4", "ip6", "ip6", "ip6", "arp", "mpls", "mpls", "other"] as const),
];
export const TRANSPORTS: Readonly<Record<"ip4" | "ip6", readonly Transport[]>> = {
  ip4: ["tcp", "udp", "sctp", "icmp"],
  ip6: ["tcp", "udp", "sctp", "icmp", "solicitation", "advertisement"],
};

/** Fields of every frame. Tags are looked after where they are matched. */
export const FRAME_FIELDS: readonly FieldName[] = ["in_port", "eth_src", "eth_dst"];
/** What tables hand to each other. */
export const CONTEXT_FIELDS: readonly FieldName[] = ["metadata", "reg0", "reg1", "tunnel_id"];

const IP_FIELDS: readonly FieldName[] = ["ip_dscp", "ip_ecn", "ip_ttl", "ip_frag"];
export const NETWORK_FIELDS: Readonly<Record<Network, readonly FieldName[]>> = {
  ip4: ["ipv4_src", "ipv4_dst", ...IP_FIELDS],
  ip6: ["ipv6_src", "ipv6_dst", "ipv6_flabel", ...IP_FIELDS],
  arp: ["arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha"],
  mpls: ["mpls_label", "mpls_tc", "mpls_bos"],
  other: [],
};

export function transportFields({ network, transport }: Shape): readonly FieldName[] {
  switch (transport) {
    case "tcp":
      return ["tcp_src", "tcp_dst", "tcp_flags"];
    case "udp":
      return ["udp_src", "udp_dst"];
    case "sctp":
      return ["sctp_src", "sctp_dst"];
    case "icmp":
      return network === "ip4" ? ["icmpv4_type", "icmpv4_code"] : ["icmpv6_type", "icmpv6_code"];
    case "solicitation":
      return ["ipv6_nd_target", "ipv6_nd_sll"];
    case "advertisement":
      return ["ipv6_nd_target", "ipv6_nd_tll"];
    default:
      return [];
  }
}

const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132, icmp: 1, solicitation: 58, advertisement: 58 };

/** The protocol that IP says it carries. */
export function protocolOf({ network, transport }: Shape): number {
  if (transport === undefined) return 59;
  return network === "ip6" && transport === "icmp" ? 58 : PROTOCOLS[transport];
}

/** Fields that match and are not written. */
const READ_ONLY = new Set<FieldName>(["in_port", "ip_frag", "tcp_flags", "mpls_bos"]);
/** Fields that Open vSwitch matches exactly only. */
const UNMASKED = new Set<FieldName>([
  "in_port",
  "vlan_pcp",
  "ip_dscp",
  "ip_ecn",
  "ip_ttl",
  "arp_op",
  "mpls_label",
  "mpls_tc",
  "mpls_bos",
  "icmpv4_type",
  "icmpv4_code",
  "icmpv6_type",
  "icmpv6_code",
]);

/** Fields that set_field may write in a packet of the shape. */
export function writableFields(shape: Shape): FieldName[] {
  const network = shape.network === undefined ? [] : NETWORK_FIELDS[shape.network];
  const all = [...FRAME_FIELDS, ...CONTEXT_FIELDS, ...network, ...transportFields(shape)];
  return all.filter((field) => !READ_ONLY.has(field));
}

const FRAGMENT_TERMS: readonly Term[] = [
  masked("ip_frag", 0, 3n),
  masked("ip_frag", 1, 1n),
  masked("ip_frag", 1, 3n),
  masked("ip_frag", 3, 3n),
  masked("ip_frag", 0, 2n),
];

/** ovs-ofctl reads no mask of IPv6 that begins with a decimal digit. */
const IP6_MASK = 0xfn << 124n;

export class Pool {
  readonly #random: Random;
  readonly #values = new Map<FieldName, readonly bigint[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)] as Item;
  }

  /** A value of the field that others will have too. */
  value(field: FieldName): bigint {
    let values = this.#values.get(field);
    if (values === undefined) {
      values = Array.from({ length: 3 }, () => this.#fresh(field));
      this.#values.set(field, values);
    }
    return this.pick(values);
  }

  /** A condition that packets with values of the pool are likely to meet. */
  condition(field: FieldName): Term {
    if (field === "ip_frag") return this.pick(FRAGMENT_TERMS);
    const value = this.value(field);
    if (UNMASKED.has(field) || !this.#random.oneIn(3)) return exactly(field, value);
    const mask = this.#mask(field);
    // With the bit that says that there is a tag: without one, the two languages differ.
    return masked(field, value, field === "vlan_vid" ? mask | VID_PRESENT : mask);
  }

  /** What set_field writes. */
  assignment(field: FieldName): Term {
    const value = this.#random.oneIn(3) ? this.#fresh(field) : this.value(field);
    if (field === "vlan_vid" || UNMASKED.has(field) || !this.#random.oneIn(4)) {
      return exactly(field, value);
    }
    return masked(field, value, this.#mask(field));
  }

  #bits(count: number): bigint {
    let value = 0n;
    for (let bits = 0; bits < count; bits += 32)
      value = (value << 32n) | BigInt(this.#random.next());
    return value & ((1n << BigInt(count)) - 1n);
  }

  /** A prefix, or any bits; never none. */
  #mask(field: FieldName): bigint {
    const full = fullMask(field);
    const bits = full.toString(2).length;
    const low = BigInt(this.#random.below(bits));
    if (this.#random.oneIn(2)) return (full >> low) << low;
    const any = this.#bits(bits) | (this.#random.oneIn(2) ? this.#bits(bits) : 0n);
    if (bits === 128) return any | IP6_MASK;
    return any === 0n ? full : any;
  }

  #fresh(field: FieldName): bigint {
    const bits = fullMask(field).toString(2).length;
    switch (field) {
      case "in_port":
        return BigInt(this.#random.below(4));
      case "eth_src":
      case "arp_sha":
        return 0x020000000000n | (this.#bits(bits) & 0xffffffffn);
      case "vlan_vid":
        return VID_PRESENT | BigInt(1 + this.#random.below(4094));
      // No packet may be from an address to itself: the parser drops those.
      case "ipv4_src":
        return 0x0a000000n | this.#bits(24);
      case "ipv4_dst":
        return 0xac100000n | this.#bits(20);
      case "ipv6_src":
        return addressValue("2001:db8:1::") | this.#bits(80);
      case "ipv6_dst":
        return addressValue("2001:db8:2::") | this.#bits(80);
      case "ip_ttl":
        // None that all actions on the way could bring to an end.
        return this.pick([64n, 255n, 128n, 33n]);
      case "arp_op":
        return BigInt(1 + this.#random.below(2));
      case "icmpv4_type":
        return this.pick([8n, 0n, 13n]);
      case "icmpv6_type":
        return this.pick([128n, 129n, 138n]);
      case "icmpv4_code":
      case "icmpv6_code":
        return BigInt(this.#random.below(3));
      case "tcp_flags":
        return this.#bits(9);
      case "mpls_label":
        return 16n + this.#bits(19);
      case "tcp_src":
      case "tcp_dst":
      case "udp_src":
      case "udp_dst":
      case "sctp_src":
      case "sctp_dst":
        // Open vSwitch takes two ports of zero for a packet without ports.
        return 1n + (this.#bits(bits) % 0xfffen);
      case "reg0":
      case "reg1":
      case "metadata":
      case "tunnel_id":
        return this.#random.oneIn(3) ? 0n : this.#bits(bits);
      default:
        return this.#bits(bits);
    }
  }
}
