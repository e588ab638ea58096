// Random packets that flows of the same pool are likely to match.

import type { FieldName } from "../../src/config/fields.ts";
import { concat, type Octets, u16, u32 } from "../support/octets.ts";
import type { Random } from "../support/random.ts";
import type { Flow } from "./ovs_flows.ts";
import { HeaderMaker, octets } from "./ovs_headers.ts";
import { ETHER_TYPES, type Network, type Pool, type Shape, TRANSPORTS } from "./ovs_pool.ts";
import { PORTS, VID_PRESENT } from "./ovs_terms.ts";

export interface RandomPacket {
  readonly shape: Shape;
  /** Name of the port it comes in by. */
  readonly port: string;
  readonly tags: number;
  /** ip_frag: 0 = none, 1 = the first, 3 = a later one. */
  readonly fragment: number;
  readonly bytes: Octets;
}

const TRAILER = 4;

/** The number that is in the last bytes of every frame, whatever is put before or taken away. */
export function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset + frame.length - TRAILER).getUint32(0);
}

export class PacketMaker {
  readonly #random: Random;
  readonly #pool: Pool;
  readonly #mostTags: number;
  readonly #headers: HeaderMaker;
  /** What a flow wants of the packet at hand. */
  #wanted: Flow | undefined;

  /** @param mostTags VLAN tags that packets have at most */
  constructor(random: Random, pool: Pool, mostTags: number) {
    this.#random = random;
    this.#pool = pool;
    this.#mostTags = mostTags;
    this.#headers = new HeaderMaker(random, pool, (field) => this.#value(field));
  }

  /** A packet with a number, which meets the flow's match as far as that can be. */
  packet(number: number, wanted: Flow | undefined): RandomPacket {
    this.#wanted = wanted;
    const shape = this.#shape();
    const tags = this.#tags();
    const fragment = this.#fragment(shape);
    const payload = concat(this.#bytes(8 + this.#random.below(24)), u32(number));
    const types = tags.map(({ type }) => type);
    const body = this.#headers.network(shape, fragment, this.#labels(), payload);
    const network = shape.network as Network;
    const etherType = [...types, ETHER_TYPES[network]];
    const head = concat(octets(this.#value("eth_dst"), 6), octets(this.#value("eth_src"), 6));
    const stack = tags.map(({ tci }, at) => concat(u16(tci), u16(etherType[at + 1] as number)));
    const bytes = concat(head, u16(etherType[0] as number), ...stack, body);
    const port = PORTS[Number(this.#value("in_port"))] as string;
    return { shape, port, tags: tags.length, fragment, bytes };
  }

  #value(field: FieldName): bigint {
    const value = this.#pool.value(field);
    const term = this.#wanted?.match.find((candidate) => candidate.field === field);
    return term === undefined ? value : (value & ~term.mask) | term.value;
  }

  #wants(field: FieldName): bigint | undefined {
    return this.#wanted?.match.find((term) => term.field === field)?.value;
  }

  #bytes(count: number): Octets {
    return Uint8Array.from({ length: count }, () => this.#random.next() & 255);
  }

  #shape(): Shape {
    const networks = Object.entries(ETHER_TYPES) as [Network, number][];
    const type = this.#wants("eth_type");
    const matched = networks.find(([, number]) => BigInt(number) === type)?.[0];
    const network =
      matched ?? this.#pool.pick(["ip4", "ip4", "ip6", "ip6", "arp", "mpls", "other"]);
    if (network !== "ip4" && network !== "ip6") return { network, transport: undefined };
    const protocol = this.#wants("ip_proto");
    const kind = this.#wants("icmpv6_type");
    if (kind === 135n) return { network, transport: "solicitation" };
    if (kind === 136n) return { network, transport: "advertisement" };
    if (protocol === 6n) return { network, transport: "tcp" };
    if (protocol === 17n) return { network, transport: "udp" };
    if (protocol === 132n) return { network, transport: "sctp" };
    if (protocol !== undefined) return { network, transport: "icmp" };
    return { network, transport: this.#pool.pick(TRANSPORTS[network]) };
  }

  #tags(): { type: number; tci: number }[] {
    const vid = this.#wanted?.match.find(({ field }) => field === "vlan_vid");
    const some = vid === undefined ? this.#random.oneIn(2) : (vid.value & VID_PRESENT) !== 0n;
    const count = some ? Math.min(this.#mostTags, this.#random.oneIn(3) ? 2 : 1) : 0;
    return Array.from({ length: count }, (_, at) => {
      const type = count === 2 && at === 0 && this.#random.oneIn(2) ? 0x88a8 : 0x8100;
      const priority = Number(at === 0 ? this.#value("vlan_pcp") : this.#pool.value("vlan_pcp"));
      const vlan = Number(at === 0 ? this.#value("vlan_vid") : this.#pool.value("vlan_vid"));
      return { type, tci: priority * 0x2000 + (vlan & 0xfff) };
    });
  }

  #fragment({ transport }: Shape): number {
    // The checksum of SCTP covers what a first fragment has not: nobody can update it.
    const kinds = transport === "sctp" ? [0, 3] : [0, 1, 3];
    const term = this.#wanted?.match.find(({ field }) => field === "ip_frag");
    if (term === undefined) return this.#random.oneIn(6) ? this.#pool.pick(kinds) : 0;
    const fitting = kinds.filter((value) => (BigInt(value) & term.mask) === term.value);
    return fitting.length > 0 ? this.#pool.pick(fitting) : 0;
  }

  #labels(): number {
    const bottom = this.#wants("mpls_bos");
    const usual = this.#random.oneIn(3) ? 2 : 1;
    return bottom === undefined ? usual : 2 - Number(bottom);
  }
}
