// Packets said in words, layer by layer from the outside in: ethernet().ip4({ … }).udp({ … }).
// Lengths, types and checksums are filled in right; what a test wants wrong it changes afterwards.

import * as octets from "./octets.ts";
import { concat, hex, internetChecksum, ip, type Octets, u16, u32 } from "./octets.ts";

/** The header a layer stands behind, as far as the layer needs to know it. */
interface Addresses {
  readonly source: Octets;
  readonly destination: Octets;
}

interface Layer {
  /** Number of this layer in EtherType, IP protocol and PPP protocol fields. */
  readonly etherType?: number;
  readonly protocol?: number;
  readonly ppp?: number;
  readonly addresses?: Addresses;
  build(payload: Octets, next: Layer, ip: Addresses): Octets;
}

export interface Ip4Options {
  readonly from: string;
  readonly to: string;
  readonly ttl?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In bytes. */
  readonly offset?: number;
  readonly service?: number;
  readonly id?: number;
  readonly options?: Octets;
  /** For a payload that is no layer. */
  readonly protocol?: number;
}

export interface Ip6Options {
  readonly from: string;
  readonly to: string;
  readonly hops?: number;
  readonly service?: number;
  readonly protocol?: number;
}

export interface Ports {
  readonly from: number;
  readonly to: number;
}

const NO_ADDRESSES: Addresses = { source: new Uint8Array(), destination: new Uint8Array() };
const NOTHING: Layer = { build: (payload) => payload };
const EMPTY = new Uint8Array();

/** The pseudo header of the family (RFC 9293 3.1, RFC 8200 8.1). */
function pseudoHeader({ source, destination }: Addresses, protocol: number, length: number) {
  if (source.length === 4) return concat(source, destination, [0, protocol], u16(length));
  return concat(source, destination, u32(length), [0, 0, 0, protocol]);
}

/** A transport message with its checksum put at `place`; without an IP header around: zero. */
function summed(message: Octets, place: number, ip: Addresses, protocol: number): Octets {
  if (ip.source.length === 0) return message;
  const sum = internetChecksum(pseudoHeader(ip, protocol, message.length), message);
  // RFC 768: a sum of zero is sent as all ones, zero means "none".
  const zero = protocol === 17 && sum[0] === 0 && sum[1] === 0;
  message.set(zero ? [255, 255] : sum, place);
  return message;
}

export class PacketBuilder {
  readonly #layers: readonly Layer[];
  readonly #least: number;

  constructor(layers: readonly Layer[], least = 0) {
    this.#layers = layers;
    this.#least = least;
  }

  #with(layer: Layer): PacketBuilder {
    return new PacketBuilder([...this.#layers, layer], this.#least);
  }

  vlan(id: number, type = 0x8100): PacketBuilder {
    const build: Layer["build"] = (payload, next) =>
      concat(u16(id), u16(next.etherType ?? payload.length), payload);
    return this.#with({ etherType: type, build });
  }

  /** LLC and SNAP: the frame's type becomes a length (IEEE 802.3). */
  snap(organisation = 0): PacketBuilder {
    const build: Layer["build"] = (payload, next) =>
      concat([0xaa, 0xaa, 3, 0], u16(organisation), u16(next.etherType ?? 0), payload);
    return this.#with({ build });
  }

  mpls(label: number, bottom = true, ttl = 64): PacketBuilder {
    const build: Layer["build"] = (payload) =>
      concat(u32(label * 4096 + (bottom ? 256 : 0) + ttl), payload);
    return this.#with({ etherType: 0x8847, build });
  }

  pppoe(session = 1): PacketBuilder {
    const build: Layer["build"] = (payload, next) =>
      concat([0x11, 0], u16(session), u16(payload.length + 2), u16(next.ppp ?? 0xc021), payload);
    return this.#with({ etherType: 0x8864, build });
  }

  arp(
    operation: "request" | "reply",
    sender: { readonly mac: string; readonly ip: string },
    target: { readonly mac?: string; readonly ip: string },
  ): PacketBuilder {
    const fields = {
      operation: operation === "request" ? 1 : 2,
      senderMac: hex(sender.mac),
      senderIp: ip(sender.ip),
      targetMac: hex(target.mac ?? "00:00:00:00:00:00"),
      targetIp: ip(target.ip),
    };
    return this.#with({ etherType: 0x0806, build: () => octets.arp(fields) });
  }

  ip4(fields: Ip4Options): PacketBuilder {
    const addresses = { source: ip(fields.from), destination: ip(fields.to) };
    const flags = (fields.dontFragment ? 0x4000 : 0) + (fields.moreFragments ? 0x2000 : 0);
    const build: Layer["build"] = (payload, next) => {
      const header = {
        ...addresses,
        protocol: fields.protocol ?? next.protocol ?? 59,
        service: fields.service ?? 0,
        identification: fields.id ?? 0,
        fragment: flags + (fields.offset ?? 0) / 8,
        ttl: fields.ttl ?? 64,
        options: fields.options ?? EMPTY,
      };
      return octets.ip4(header, payload);
    };
    return this.#with({ etherType: 0x0800, protocol: 4, ppp: 0x21, addresses, build });
  }

  ip6(fields: Ip6Options): PacketBuilder {
    const addresses = { source: ip(fields.from), destination: ip(fields.to) };
    const build: Layer["build"] = (payload, next) => {
      const header = {
        ...addresses,
        next: fields.protocol ?? next.protocol ?? 59,
        service: fields.service ?? 0,
        hopLimit: fields.hops ?? 64,
      };
      return octets.ip6(header, payload);
    };
    return this.#with({ etherType: 0x86dd, protocol: 41, ppp: 0x57, addresses, build });
  }

  /** An IPv6 extension header: hop-by-hop 0, routing 43, destination 60; `body` without padding. */
  extension(protocol: number, body: Uint8Array): PacketBuilder {
    const build: Layer["build"] = (payload, next) => {
      const padded = new Uint8Array(Math.ceil((body.length + 2) / 8) * 8 - 2);
      padded.set(body);
      const units = (padded.length + 2) / 8 - 1;
      return concat([next.protocol ?? 59, units], padded, payload);
    };
    return this.#with({ protocol, build });
  }

  /** An IPv6 Fragment header (RFC 8200 4.5). */
  fragment6(offset: number, more: boolean, id = 1): PacketBuilder {
    const build: Layer["build"] = (payload, next) =>
      concat([next.protocol ?? 59, 0], u16(offset + (more ? 1 : 0)), u32(id), payload);
    return this.#with({ protocol: 44, build });
  }

  udp({ from, to }: Ports): PacketBuilder {
    const build: Layer["build"] = (payload, _next, around) => {
      const header = concat(u16(from), u16(to), u16(payload.length + 8), [0, 0]);
      return summed(concat(header, payload), 6, around, 17);
    };
    return this.#with({ protocol: 17, build });
  }

  tcp({ from, to }: Ports, flags = 0x10, sequence = 1): PacketBuilder {
    const build: Layer["build"] = (payload, _next, around) => {
      const words = concat(u16(from), u16(to), u32(sequence), u32(2), [0x50, flags], u16(8192));
      return summed(concat(words, [0, 0, 0, 0], payload), 16, around, 6);
    };
    return this.#with({ protocol: 6, build });
  }

  /** `rest` is the second word: identifier and sequence, or MTU. */
  icmp(type: number, code = 0, rest = 0): PacketBuilder {
    const build: Layer["build"] = (payload) => octets.icmp(type, code, concat(u32(rest), payload));
    return this.#with({ protocol: 1, build });
  }

  icmp6(type: number, code = 0, rest = 0): PacketBuilder {
    const build: Layer["build"] = (payload, _next, around) => {
      const body = concat(u32(rest), payload);
      return octets.icmp6(around.source, around.destination, type, code, body);
    };
    return this.#with({ protocol: 58, build });
  }

  /** So many bytes counting up, or these bytes. */
  payload(content: number | Uint8Array): PacketBuilder {
    const bytes = typeof content === "number" ? countingBytes(content) : content;
    return this.#with({ build: (rest) => concat(bytes, rest) });
  }

  /** Zeros behind, until the frame has this length. */
  padded(length: number): PacketBuilder {
    return new PacketBuilder(this.#layers, length);
  }

  bytes(): Octets {
    let built: Octets = EMPTY;
    for (let place = this.#layers.length - 1; place >= 0; place--) {
      const layer = this.#layers[place] as Layer;
      const outer = this.#layers.slice(0, place).findLast(({ addresses }) => addresses);
      built = layer.build(
        built,
        this.#layers[place + 1] ?? NOTHING,
        outer?.addresses ?? NO_ADDRESSES,
      );
    }
    return concat(built, new Uint8Array(Math.max(0, this.#least - built.length)));
  }
}

function countingBytes(length: number): Octets {
  return Uint8Array.from({ length }, (_, place) => place & 255);
}

/** A frame; `type` names what the next layer cannot. */
export function ethernet(to: string, from: string, type?: number): PacketBuilder {
  const build: Layer["build"] = (payload, next) =>
    octets.ethernet(hex(to), hex(from), type ?? next.etherType ?? payload.length, payload);
  return new PacketBuilder([{ build }]);
}

/** A packet of a capture without Ethernet. */
export function bare(): PacketBuilder {
  return new PacketBuilder([]);
}

/** A copy with some bytes replaced; negative offsets count from the end. */
export function altered(frame: Uint8Array, at: number, ...bytes: readonly number[]): Octets {
  const copy = Uint8Array.from(frame);
  copy.set(bytes, at < 0 ? frame.length + at : at);
  return copy;
}
