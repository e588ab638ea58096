// Random conversations between a host at p1 and one at p2, as either of them sees the other behind
// what NAT makes of both.

import {
  concat,
  ethernet,
  hex,
  icmp,
  icmp6,
  internetChecksum,
  ip,
  ip4,
  ip6,
  type Octets,
  u16,
  u32,
} from "../support/octets.ts";
import type { Random } from "../support/random.ts";
import { flagBits } from "../support/segments.ts";
import type { Family } from "./ovs_ct_flows.ts";
import type { Pipeline } from "./ovs_ct_pipelines.ts";

export interface CtPacket {
  /** Of the run; written where NAT leaves it alone. */
  readonly number: number;
  readonly conversation: number;
  readonly port: "p1" | "p2";
  readonly bytes: Uint8Array;
  readonly family: Family;
  readonly protocol: "tcp" | "udp" | "icmp";
  /** TCP flags, "request", "reply", "error" or "". */
  readonly what: string;
  /** What is strange about it. */
  readonly odd: "" | "sequence" | "checksum" | "flags";
}

interface End {
  readonly address: string;
  readonly port: number;
}

interface Ends {
  readonly from: End;
  readonly to: End;
}

const PROTOCOLS = { tcp: 6, udp: 17 };
const ID_AT = 18;
const LABEL_AT = 16;
const QUOTED = 48;

/** The number that the packet was given. */
export function numberOf(frame: Uint8Array): number {
  const at = frame[12] === 8 ? ID_AT : LABEL_AT;
  return frame[at]! * 256 + frame[at + 1]!;
}

function transport(protocol: 6 | 17, { from, to }: Ends, head: Octets, sumAt: number): Octets {
  const body = concat(u16(from.port), u16(to.port), head);
  const [source, destination] = [ip(from.address), ip(to.address)];
  const pseudo = concat(source, destination, [0, protocol], u16(body.length));
  body.set(internetChecksum(pseudo, body), sumAt);
  return body;
}

function frameOf({ from, to }: Ends, protocol: number, body: Octets, number: number): Octets {
  const [source, destination] = [ip(from.address), ip(to.address)];
  const macs = [hex("0200000000fe"), hex("0200000000fd")] as const;
  if (source.length === 4) {
    const fields = { source, destination, protocol, identification: number };
    return ethernet(...macs, 0x0800, ip4(fields, body));
  }
  const packet = ip6({ source, destination, next: protocol }, body);
  packet.set(u16(number), 2);
  return ethernet(...macs, 0x86dd, packet);
}

export class CtConversation {
  readonly packets: readonly CtPacket[];
  readonly #made: CtPacket[] = [];
  readonly #random: Random;
  readonly #number: number;
  readonly #family: Family;
  #protocol: CtPacket["protocol"];
  /** Under NAT Open vSwitch finds its own mapping of before in the way of a second one. */
  readonly #reopens: boolean;
  /** What either side sends, as it leaves it: that of p1, that of p2. */
  readonly #ends: readonly [Ends, Ends];
  readonly #next: [number, number];
  readonly #numbers: () => number;

  constructor(random: Random, number: number, { nat }: Pipeline, numbers: () => number) {
    this.#random = random;
    this.#number = number;
    this.#numbers = numbers;
    this.#family = random.oneIn(3) ? 6 : 4;
    this.#protocol = (["tcp", "tcp", "udp", "icmp"] as const)[random.below(4)] ?? "tcp";
    const { src, dst } = nat[this.#family];
    // Of ICMP Linux takes a port that flows name for the identifier
    if (dst?.port !== undefined && this.#protocol === "icmp") this.#protocol = "udp";
    this.#reopens = src === undefined && dst === undefined;
    const four = this.#family === 4;
    const client = { address: four ? "10.0.0.9" : "2001:db8:1::9", port: 2000 + number };
    const server = { address: four ? "172.16.0.80" : "2001:db8:2::80", port: 80 };
    const shown = { ...client, ...(src ? { address: src.address } : {}) };
    const reached = {
      address: dst?.address ?? server.address,
      port: dst?.port ?? server.port,
    };
    this.#ends = [
      { from: client, to: server },
      { from: reached, to: shown },
    ];
    this.#next = [random.next(), random.next()];
    this.#play();
    this.packets = this.#made;
  }

  #keep(side: number, bytes: Uint8Array, what: string, odd: CtPacket["odd"] = ""): void {
    this.#made.push({
      number: numberOf(bytes),
      conversation: this.#number,
      port: side === 0 ? "p1" : "p2",
      bytes,
      family: this.#family,
      protocol: this.#protocol,
      what,
      odd,
    });
  }

  #play(): void {
    const random = this.#random;
    if (this.#protocol === "tcp") this.#begin();
    const count = 2 + random.below(8);
    for (let step = 0; step < count; step++) {
      if (this.#made.length > 0 && random.oneIn(8)) this.#error();
      else if (this.#protocol === "tcp") this.#segment();
      else if (this.#protocol === "udp") this.#datagram(step === 0 ? 0 : random.below(2));
      else this.#echo(step === 0 ? 0 : random.below(2));
    }
    if (this.#protocol !== "tcp" || random.oneIn(2)) return;
    const closer = random.below(2);
    this.#send(closer, "FA");
    this.#send(1 - closer, "A");
    this.#send(1 - closer, "FA");
    this.#send(closer, "A");
    if (!this.#reopens || random.oneIn(2)) return;
    this.#next[0] = random.next();
    this.#next[1] = random.next();
    this.#begin();
  }

  #begin(): void {
    const random = this.#random;
    if (random.oneIn(8)) return;
    this.#send(0, "S");
    if (random.oneIn(6)) this.#repeat();
    if (random.oneIn(12)) {
      this.#send(1, "RA");
      return;
    }
    this.#send(1, "SA");
    if (random.oneIn(6)) this.#repeat();
    this.#send(0, "A");
  }

  #segment(): void {
    const random = this.#random;
    const side = random.below(2);
    if (random.oneIn(12)) {
      this.#repeat();
      return;
    }
    const strange: readonly (readonly [string, CtPacket["odd"]])[] = [
      ["RA", ""],
      ["R", ""],
      ["FA", ""],
      ["S", ""],
      [["SF", "", "SR", "F", "U"][random.below(5)] as string, "flags"],
      ["A", "sequence"],
      ["PA", "checksum"],
    ];
    const [flags, odd] = strange[random.below(24)] ?? ["PA", ""];
    this.#send(side, flags, odd);
  }

  /** The last packet once more, with a number of its own. */
  #repeat(): void {
    const last = this.#made.at(-1);
    if (last === undefined) return;
    const bytes = Uint8Array.from(last.bytes);
    const number = u16(this.#numbers());
    if (this.#family === 6) {
      bytes.set(number, LABEL_AT);
    } else {
      bytes.set([...number], ID_AT);
      bytes.set([0, 0], 24);
      bytes.set(internetChecksum(bytes.subarray(14, 34)), 24);
    }
    this.#keep(last.port === "p1" ? 0 : 1, bytes, last.what, last.odd);
  }

  #send(side: number, flags: string, odd: CtPacket["odd"] = ""): void {
    const random = this.#random;
    const ends = this.#ends[side] as Ends;
    const [own, other] = [this.#next[side] as number, this.#next[1 - side] as number];
    const sequence = (odd === "sequence" ? own + 0x40000000 : own) >>> 0;
    const data = flags.includes("P") ? 1 + random.below(40) : 0;
    const ack = flags.includes("A") ? other >>> 0 : 0;
    const head = concat(
      u32(sequence),
      u32(ack),
      [0x50, flagBits(flags)],
      u16(8192),
      [0, 0, 0, 0],
      new Uint8Array(data).fill(0x61),
    );
    const body = transport(6, ends, head, 16);
    if (odd === "checksum") body[17]! ^= 1;
    if (odd === "") {
      const counted = [...flags].filter((flag) => flag === "S" || flag === "F").length;
      this.#next[side] = (own + data + counted) >>> 0;
    }
    this.#keep(side, frameOf(ends, PROTOCOLS.tcp, body, this.#numbers()), flags, odd);
  }

  #datagram(side: number): void {
    const ends = this.#ends[side] as Ends;
    const data = new Uint8Array(this.#random.below(30)).fill(0x62);
    const head = concat(u16(8 + data.length), [0, 0], data);
    const body = transport(17, ends, head, 6);
    const bad = this.#random.oneIn(12);
    if (bad) body[7]! ^= 1;
    this.#keep(side, frameOf(ends, 17, body, this.#numbers()), "", bad ? "checksum" : "");
  }

  #echoOf(side: number, ends: Ends): readonly [number, Octets] {
    const rest = concat(u16(2000 + this.#number), u16(this.#made.length), new Uint8Array(9));
    if (this.#family === 4) return [1, icmp(side === 0 ? 8 : 0, 0, rest)];
    const [source, destination] = [ip(ends.from.address), ip(ends.to.address)];
    return [58, icmp6(source, destination, side === 0 ? 128 : 129, 0, rest)];
  }

  #echo(side: number): void {
    const ends = this.#ends[side] as Ends;
    const [protocol, body] = this.#echoOf(side, ends);
    const bytes = frameOf(ends, protocol, body, this.#numbers());
    this.#keep(side, bytes, side === 0 ? "request" : "reply");
  }

  /** Of one side's packets, as the other side, or a router before it, has seen them. */
  #error(): void {
    const random = this.#random;
    const side = random.below(2);
    const { from, to } = this.#ends[side] as Ends;
    const seen: Ends = { from: to, to: from };
    const quoted = this.#quoted(1 - side, seen);
    const router = { address: this.#family === 4 ? "192.0.2.254" : "2001:db8:f::1", port: 0 };
    const ends: Ends = { from: random.oneIn(2) ? from : router, to };
    const rest = concat([0, 0, 0, 0], quoted);
    const number = this.#numbers();
    if (this.#family === 4) {
      const type = random.oneIn(2) ? 3 : 11;
      this.#keep(side, frameOf(ends, 1, icmp(type, type === 3 ? 1 : 0, rest), number), "error");
      return;
    }
    const [source, destination] = [ip(ends.from.address), ip(ends.to.address)];
    const body = icmp6(source, destination, random.oneIn(2) ? 1 : 3, 0, rest);
    this.#keep(side, frameOf(ends, 58, body, number), "error");
  }

  #quoted(side: number, ends: Ends): Uint8Array {
    if (this.#protocol === "icmp") {
      const [protocol, body] = this.#echoOf(side, ends);
      return frameOf(ends, protocol, body, 0).subarray(14);
    }
    const head = concat(u32(this.#next[side] as number), new Uint8Array(12).fill(0x50));
    const protocol = PROTOCOLS[this.#protocol] as 6 | 17;
    const udp = concat(u16(20), [0, 0], new Uint8Array(12));
    const body = protocol === 6 ? transport(6, ends, head, 16) : transport(17, ends, udp, 6);
    return frameOf(ends, protocol, body, 0).subarray(14, 14 + (this.#family === 4 ? QUOTED : 68));
  }
}
