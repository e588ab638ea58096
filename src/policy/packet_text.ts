// Packets in text: "tcp 10.0.0.9:1234 > 203.0.113.10:80 syn seq 1 ttl 64". docs/testing.md has the
// language; this reads it into what it says, packet_frame.ts makes bytes of that.

import { formatIp, parseIp, parseMac } from "../config/address.ts";
import { unknownName } from "../config/wording.ts";
import { parseHex } from "./octets.ts";
import {
  ICMP_TYPES,
  KINDS,
  type Kind,
  OPTIONAL_NUMBER,
  SCTP_CHUNKS,
  TCP_BITS,
  WORDS,
  type Word,
} from "./packet_words.ts";
import { type Token, tokensOf } from "./tokens.ts";

export interface Endpoint {
  readonly ip: Uint8Array;
  /** Of TCP, UDP and SCTP. */
  readonly port: number;
}

export type Sum = "bad" | "none" | number;
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** What a text says. What it leaves out is up to packet_frame.ts. */
export interface PacketText {
  readonly kind: Kind;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** By word. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly sums: ReadonlyMap<string, Sum>;
  readonly macs: ReadonlyMap<string, Uint8Array>;
  readonly vlans: readonly { readonly id: number; readonly priority: number }[];
  readonly marks: ReadonlySet<string>;
  readonly payload: Uint8Array | undefined;
  readonly piece: Piece | undefined;
  readonly quote: PacketText | undefined;
  /** Fields of frame_fields.ts that the text says something about. */
  readonly said: ReadonlySet<string>;
}

/** What is wrong with a packet's text, and where: the message says which character (from 1). */
export class PacketTextError extends Error {}

const ADDRESSED: readonly string[] = ["ipv4_src", "ipv4_dst", "ipv6_src", "ipv6_dst", "ip_proto"];
const PORTED: readonly Kind[] = ["tcp", "udp", "sctp"];

/** Reads a packet's text. Throws PacketTextError. */
export function parsePacketText(text: string): PacketText {
  const tokens = tokensOf(text, (at, message) => wrong(at, message));
  return new Reader(tokens, text.length).packet(false);
}

function wrong(at: number, message: string): never {
  throw new PacketTextError(`${message} (at character ${at + 1})`);
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #place = 0;
  #kind: Kind = "ip";
  #numbers = new Map<string, number>();
  #sums = new Map<string, Sum>();
  #macs = new Map<string, Uint8Array>();
  #vlans: { id: number; priority: number }[] = [];
  #marks = new Set<string>();
  #said = new Set<string>();
  #payload: Uint8Array | undefined;
  #piece: Piece | undefined;
  #quote: PacketText | undefined;

  constructor(tokens: readonly Token[], length: number, place = 0) {
    this.#tokens = tokens;
    this.#length = length;
    this.#place = place;
  }

  get place(): number {
    return this.#place;
  }

  /** @param isQuoted it ends at a closing parenthesis, which is left */
  packet(isQuoted: boolean): PacketText {
    const kind = this.#take("a protocol");
    if (!Object.hasOwn(KINDS, kind.text)) {
      wrong(kind.at, `expected one of ${Object.keys(KINDS).join(", ")}, found "${kind.text}"`);
    }
    this.#kind = kind.text as Kind;
    const source = this.#endpoint("the source");
    const arrow = this.#take("'>'");
    if (arrow.text !== ">") wrong(arrow.at, `expected '>', found "${arrow.text}"`);
    const destination = this.#endpoint("the destination");
    if (source.ip.length !== destination.ip.length) {
      wrong(arrow.at, "expected two addresses of one family");
    }
    this.#checkFamily(source.ip, kind.at);
    const names = this.#kind === "arp" ? ["arp_spa", "arp_tpa"] : ADDRESSED;
    for (const name of names) this.#said.add(name);
    while (this.#peek() !== undefined && !(isQuoted && this.#peek()?.text === ")")) this.#word();
    return {
      ...{ kind: this.#kind, source, destination, numbers: this.#numbers, sums: this.#sums },
      ...{ macs: this.#macs, vlans: this.#vlans, marks: this.#marks, said: this.#said },
      ...{ payload: this.#payload, piece: this.#piece, quote: this.#quote },
    };
  }

  #checkFamily(ip: Uint8Array, at: number): void {
    const four = ip.length === 4;
    if ((this.#kind === "icmp" || this.#kind === "arp") && !four) {
      wrong(at, `${this.#kind} has IPv4 addresses, found ${formatIp(ip)}`);
    }
    if (this.#kind === "icmp6" && four)
      wrong(at, `icmp6 has IPv6 addresses, found ${formatIp(ip)}`);
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#place];
  }

  #take(expected: string): Token {
    const token = this.#tokens[this.#place++];
    return token ?? wrong(this.#length, `expected ${expected}, found the end`);
  }

  /** "10.0.0.9:1234", "[fd00::1]:80", "fd00::1". */
  #endpoint(what: string): Endpoint {
    const { text, at } = this.#take(what);
    const ported = PORTED.includes(this.#kind);
    const parts = ported ? /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) : [text, text];
    const ip = parseIp(parts?.[1] ?? parts?.[2] ?? "");
    const port = Number(parts?.[3] ?? 0);
    if (ip !== undefined && port <= 65535) {
      if (ported) for (const end of ["src", "dst"]) this.#said.add(`${this.#kind}_${end}`);
      return { ip, port };
    }
    const example = ported ? "10.0.0.9:1234 or [fd00::9]:1234" : "10.0.0.9 or fd00::9";
    return wrong(at, `expected ${what} such as ${example}, found "${text}"`);
  }

  #word(): void {
    const token = this.#take("a word");
    if (this.#special(token.text)) return;
    const known = Object.hasOwn(WORDS, token.text) ? WORDS[token.text] : undefined;
    if (known?.kinds.includes(this.#kind) !== true) {
      wrong(token.at, unknownName(`word of ${this.#kind}`, token.text, this.#words()));
    }
    for (const field of known.says) this.#said.add(field);
    this.#argument(token, known);
  }

  #words(): string[] {
    const words = Object.entries(WORDS).filter(([, { kinds }]) => kinds.includes(this.#kind));
    return [...words.map(([name]) => name), ...Object.keys(this.#specials())];
  }

  /** Words that are a value by themselves: flags, chunks, types of ICMP. */
  #specials(): Readonly<Record<string, unknown>> {
    if (this.#kind === "tcp") return TCP_BITS;
    if (this.#kind === "sctp") return SCTP_CHUNKS;
    return this.#kind === "icmp" || this.#kind === "icmp6" ? ICMP_TYPES[this.#kind] : {};
  }

  #special(text: string): boolean {
    if (!Object.hasOwn(this.#specials(), text) || text === "ack") return false;
    this.#marks.add(text);
    if (this.#kind === "tcp") this.#said.add("tcp_flags");
    if (this.#kind === "sctp") this.#said.add("sctp_chunk");
    if (this.#kind === "icmp" || this.#kind === "icmp6") this.#icmpType(this.#kind, text);
    return true;
  }

  /** "unreachable host": the code may follow by its name. */
  #icmpType(kind: "icmp" | "icmp6", text: string): void {
    const { type, codes } = ICMP_TYPES[kind][text]!;
    const version = kind === "icmp" ? "v4" : "v6";
    this.#numbers.set("type", type);
    this.#said.add(`icmp${version}_type`);
    const next = this.#peek()?.text ?? "";
    const code = Object.hasOwn(codes, next) ? next : "";
    if (code !== "") this.#place++;
    if (!Object.hasOwn(codes, code)) return;
    this.#numbers.set("code", codes[code]!);
    this.#said.add(`icmp${version}_code`);
  }

  #argument({ text, at }: Token, { argument, most }: Word): void {
    switch (argument) {
      case "none":
        this.#marks.add(text);
        break;
      case "number":
        this.#number(text, most);
        break;
      case "sum":
        this.#sums.set(text, this.#sum(most));
        break;
      case "mac":
        this.#mac(text);
        break;
      case "bytes":
        this.#payload = this.#bytes();
        break;
      case "range":
        this.#piece = this.#range(most);
        break;
      case "quote":
        this.#quoted(at);
        break;
    }
  }

  #number(text: string, most: number): void {
    const found = this.#peek();
    const value = numberOf(found?.text);
    if (text === "ack") this.#marks.add("ack");
    if (value === undefined && OPTIONAL_NUMBER.includes(text)) {
      this.#said.delete("tcp_ack");
      return;
    }
    const token = this.#take(`a number behind '${text}'`);
    if (value === undefined || value > most) {
      wrong(token.at, `${text}: expected a number from 0 to ${most}, found "${token.text}"`);
    }
    if (text === "vlan") this.#vlans.push({ id: value, priority: 0 });
    else if (text === "pcp") this.#priority(value, token.at);
    else this.#numbers.set(text, value);
  }

  #priority(priority: number, at: number): void {
    const last = this.#vlans.pop() ?? wrong(at, "expected 'vlan' before 'pcp'");
    this.#vlans.push({ id: last.id, priority });
  }

  #sum(most: number): Sum {
    const { text, at } = this.#take("bad, none or a number");
    if (text === "bad" || text === "none") return text;
    const value = numberOf(text);
    if (value !== undefined && value <= most) return value;
    return wrong(at, `expected bad, none or a number to ${most}, found "${text}"`);
  }

  #mac(text: string): void {
    this.#macs.set(text === "eth" ? "eth_src" : text, this.#oneMac());
    if (text !== "eth") return;
    const arrow = this.#take("'>'");
    if (arrow.text !== ">") wrong(arrow.at, `expected '>', found "${arrow.text}"`);
    this.#macs.set("eth_dst", this.#oneMac());
  }

  #oneMac(): Uint8Array {
    const { text, at } = this.#take("a MAC");
    return parseMac(text) ?? wrong(at, `expected a MAC such as 02:00:00:00:00:01, found "${text}"`);
  }

  #bytes(): Uint8Array {
    const { text, at, isQuoted } = this.#take('a text in "" or bytes such as 0x0102');
    if (isQuoted) return new TextEncoder().encode(text);
    const bytes = text.startsWith("0x") ? parseHex(text) : undefined;
    return bytes ?? wrong(at, `expected a text in "" or bytes such as 0x0102, found "${text}"`);
  }

  /** "0-1480", "1480-": bytes of what follows the IP header. */
  #range(most: number): Piece {
    const { text, at } = this.#take("a range of bytes");
    const match = /^(\d{1,5})-(\d{0,5})$/.exec(text);
    const from = Number(match?.[1] ?? 1);
    const to = match?.[2] === "" ? most : Number(match?.[2] ?? 0);
    if (from % 8 === 0 && from < to) return { from, to };
    const expected = "expected bytes of the datagram such as 0-1480 or 1480-, from a multiple of 8";
    return wrong(at, `${expected}, found "${text}"`);
  }

  #quoted(at: number): void {
    const open = this.#take("'('");
    if (open.text !== "(" || open.isQuoted) wrong(open.at, "expected a packet in parentheses");
    const inner = new Reader(this.#tokens, this.#length, this.#place);
    this.#quote = inner.packet(true);
    this.#place = inner.place;
    const close = this.#take("')'");
    if (close.text !== ")") wrong(close.at, "expected ')'");
    if (this.#quote.kind === "arp") wrong(at, "ARP is not quoted in ICMP errors");
    for (const field of this.#quote.said) this.#said.add(`quote.${field}`);
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^(0x[\da-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : undefined;
}
