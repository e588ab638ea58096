// The headers of random packets, from the network header on.

import type { FieldName } from "../../src/config/fields.ts";
import { bare, type PacketBuilder } from "../support/builder.ts";
import { extension, fragmentHeader, sctp } from "../support/layers.ts";
import { concat, type Ip4Fields, ip4, ip6, type Octets } from "../support/octets.ts";
import type { Random } from "../support/random.ts";
import { type Pool, protocolOf, type Shape, TRANSPORTS } from "./ovs_pool.ts";

/** A header of IPv6 that carries nothing to match but itself. */
const HOP_BY_HOP = 0;
const PAD = Uint8Array.of(1, 4, 0, 0, 0, 0);
const FRAGMENT_HEADER = 44;
const NO_OPERATIONS = Uint8Array.of(1, 1, 1, 1);
const EMPTY = new Uint8Array();

/** A value in network order. */
export function octets(value: bigint, count: number): Octets {
  return Uint8Array.from({ length: count }, (_, at) =>
    Number((value >> BigInt(8 * (count - 1 - at))) & 255n),
  );
}

function ip4Text(value: bigint): string {
  return octets(value, 4).join(".");
}

function ip6Text(value: bigint): string {
  return (value.toString(16).padStart(32, "0").match(/..../g) as string[]).join(":");
}

export class HeaderMaker {
  readonly #random: Random;
  readonly #pool: Pool;
  /** The value that a field of the packet at hand has. */
  readonly #value: (field: FieldName) => bigint;

  constructor(random: Random, pool: Pool, value: (field: FieldName) => bigint) {
    this.#random = random;
    this.#pool = pool;
    this.#value = value;
  }

  /** What is behind the EtherType. */
  network(shape: Shape, fragment: number, labels: number, payload: Octets): Octets {
    switch (shape.network) {
      case "ip4":
        return this.#ip4(shape, fragment, payload);
      case "ip6":
        return this.#ip6(shape, fragment, payload);
      case "arp":
        return concat(this.#arp(), payload);
      case "mpls":
        return this.#mpls(labels, payload);
      default:
        return payload;
    }
  }

  #service(): number {
    return Number(this.#value("ip_dscp")) * 4 + Number(this.#value("ip_ecn"));
  }

  #ip4(shape: Shape, fragment: number, payload: Octets): Octets {
    const [from, to] = [this.#value("ipv4_src"), this.#value("ipv4_dst")];
    const around = bare().ip4({ from: ip4Text(from), to: ip4Text(to) });
    // A fragment 8 bytes behind the first one overlaps TCP's flags: the parser drops it.
    const flags = fragment === 0 ? this.#pool.pick([0, 0x4000]) : 0x2000;
    const header: Ip4Fields = {
      source: octets(from, 4),
      destination: octets(to, 4),
      protocol: protocolOf(shape),
      service: this.#service(),
      identification: this.#random.below(65536),
      fragment: flags + (fragment === 3 ? 2 + this.#random.below(100) : 0),
      ttl: Number(this.#value("ip_ttl")),
      options: this.#random.oneIn(10) ? NO_OPERATIONS : EMPTY,
    };
    return ip4(header, this.#transport(around, 20, shape, fragment, payload));
  }

  #ip6(shape: Shape, fragment: number, payload: Octets): Octets {
    const [from, to] = [this.#value("ipv6_src"), this.#value("ipv6_dst")];
    const around = bare().ip6({ from: ip6Text(from), to: ip6Text(to) });
    let next = protocolOf(shape);
    let rest = this.#transport(around, 40, shape, fragment, payload);
    if (fragment !== 0) {
      rest = concat(fragmentHeader(next, fragment === 3 ? 160 : 0, true), rest);
      next = FRAGMENT_HEADER;
    }
    if (this.#random.oneIn(8)) {
      rest = concat(extension(next, PAD), rest);
      next = HOP_BY_HOP;
    }
    const hopLimit = Number(this.#value("ip_ttl"));
    const addresses = { source: octets(from, 16), destination: octets(to, 16) };
    const packet = ip6({ ...addresses, next, hopLimit, service: this.#service() }, rest);
    const label = Number(this.#value("ipv6_flabel"));
    packet.set([(packet[1]! & 0xf0) | (label >>> 16), (label >>> 8) & 255, label & 255], 1);
    return packet;
  }

  /** What is behind IP; `around` is an IP header of so many bytes, for the checksum. */
  #transport(
    around: PacketBuilder,
    bytes: number,
    shape: Shape,
    fragment: number,
    payload: Octets,
  ): Octets {
    if (fragment === 3) return padded(payload, 0);
    const before = this.#message(around, shape, payload).bytes().length - bytes;
    // Fragments but the last hold a multiple of 8 bytes.
    const rest = fragment === 0 ? payload : padded(payload, before - payload.length);
    return this.#message(around, shape, rest).bytes().slice(bytes);
  }

  #message(packet: PacketBuilder, shape: Shape, rest: Octets): PacketBuilder {
    const ports = (name: "tcp" | "udp" | "sctp") => ({
      from: Number(this.#value(`${name}_src`)),
      to: Number(this.#value(`${name}_dst`)),
    });
    switch (shape.transport) {
      case "tcp":
        return packet.tcp(ports("tcp"), Number(this.#value("tcp_flags")) & 255).payload(rest);
      case "udp":
        return packet.udp(ports("udp")).payload(rest);
      case "sctp": {
        const { from, to } = ports("sctp");
        return packet.payload(sctp({ source: from, destination: to }, rest));
      }
      case "solicitation":
      case "advertisement":
        return this.#discovery(packet, shape.transport === "solicitation", rest);
      default:
        return this.#icmp(packet, shape, rest);
    }
  }

  #icmp(packet: PacketBuilder, { network }: Shape, rest: Octets): PacketBuilder {
    const version = network === "ip4" ? "icmpv4" : "icmpv6";
    const type = Number(this.#value(`${version}_type`));
    const code = Number(this.#value(`${version}_code`));
    const message = network === "ip4" ? packet.icmp(type, code, 7) : packet.icmp6(type, code, 7);
    return message.payload(rest);
  }

  #discovery(packet: PacketBuilder, isSolicitation: boolean, rest: Octets): PacketBuilder {
    const target = octets(this.#value("ipv6_nd_target"), 16);
    const address = this.#value(isSolicitation ? "ipv6_nd_sll" : "ipv6_nd_tll");
    const option = concat([isSolicitation ? 1 : 2, 1], octets(address, 6));
    // An option of a kind nobody knows holds the packet's number.
    const unknown = new Uint8Array(8 * Math.ceil((rest.length + 2) / 8));
    unknown.set([200, unknown.length / 8]);
    unknown.set(rest, unknown.length - rest.length);
    return packet.icmp6(isSolicitation ? 135 : 136, 0).payload(concat(target, option, unknown));
  }

  #arp(): Octets {
    return concat(
      [0, 1, 8, 0, 6, 4],
      octets(this.#value("arp_op"), 2),
      octets(this.#value("arp_sha"), 6),
      octets(this.#value("arp_spa"), 4),
      octets(this.#value("arp_tha"), 6),
      octets(this.#value("arp_tpa"), 4),
    );
  }

  /** So many labels; behind the last, IPv4 if the outermost is even, else IPv6. */
  #mpls(count: number, payload: Octets): Octets {
    const label = this.#value("mpls_label");
    const entries = Array.from({ length: count }, (_, at) => {
      const number = at === 0 ? label : (this.#pool.value("mpls_label") & ~1n) | (label & 1n);
      const traffic = at === 0 ? this.#value("mpls_tc") : 0n;
      return (number << 12n) | (traffic << 9n) | (at === count - 1 ? 256n : 0n) | 64n;
    });
    const network = (label & 1n) === 0n ? "ip4" : "ip6";
    const shape: Shape = { network, transport: this.#pool.pick(TRANSPORTS[network]) };
    const inner = network === "ip4" ? this.#ip4(shape, 0, payload) : this.#ip6(shape, 0, payload);
    return concat(...entries.map((entry) => octets(entry, 4)), inner);
  }
}

function padded(payload: Octets, before: number): Octets {
  const missing = (8 - ((payload.length + before) % 8)) % 8;
  return concat(new Uint8Array(missing), payload);
}
