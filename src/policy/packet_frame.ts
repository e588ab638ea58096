// Frames of what packets' texts say. Lengths, types and checksums are right unless told otherwise.

import { concat, crc32c, internetChecksum, type Octets, pseudoHeader, u16, u32 } from "./octets.ts";
import type { PacketText, Sum } from "./packet_text.ts";
import { ICMP_TYPES, KINDS, SCTP_CHUNKS, TCP_BITS } from "./packet_words.ts";

/** MACs of a frame whose text gives none. */
export interface Link {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

const DEFAULT_TTL = 64;
const DEFAULT_WINDOW = 65535;
const EMPTY = new Uint8Array();
const NO_MAC = new Uint8Array(6);

/** The Ethernet frame, without FCS. Throws a RangeError when its packet exceeds 65535 bytes. */
export function buildFrame(text: PacketText, link: Link): Octets {
  const destination = text.macs.get("eth_dst") ?? link.destination;
  const source = text.macs.get("eth_src") ?? link.source;
  const isArp = text.kind === "arp";
  const four = text.source.ip.length === 4;
  const type = isArp ? 0x0806 : four ? 0x0800 : 0x86dd;
  const tags = text.vlans.flatMap(({ id, priority }, place) => {
    const next = place === text.vlans.length - 1 ? type : 0x8100;
    return [...u16((priority << 13) | id), ...u16(next)];
  });
  const first = tags.length === 0 ? type : 0x8100;
  const payload = isArp ? arpOf(text, source) : buildIp(text);
  return concat(destination, source, u16(first), tags, payload);
}

/** The packet from its IP header on. */
export function buildIp(text: PacketText): Octets {
  const whole = transportOf(text);
  const { piece } = text;
  const from = piece?.from ?? 0;
  const to = Math.min(piece?.to ?? whole.length, whole.length);
  const part = whole.subarray(from, to);
  const fragment = piece && { offset: from, more: to < whole.length };
  const packet =
    text.source.ip.length === 4 ? ip4(text, part, fragment) : ip6(text, part, fragment);
  if (packet.length > 65535) throw new RangeError(`a packet of ${packet.length} bytes`);
  return packet;
}

interface Fragment {
  readonly offset: number;
  readonly more: boolean;
}

function protocolOf({ kind, numbers }: PacketText): number {
  return kind === "ip" ? (numbers.get("proto") ?? 255) : KINDS[kind];
}

/** DSCP and ECN (RFC 2474, RFC 3168). */
function serviceOf({ numbers }: PacketText): number {
  return ((numbers.get("dscp") ?? 0) << 2) | (numbers.get("ecn") ?? 0);
}

function ip4(text: PacketText, payload: Octets, fragment: Fragment | undefined): Octets {
  const { numbers, source, destination } = text;
  const place = fragment === undefined ? 0 : fragment.offset / 8 + (fragment.more ? 0x2000 : 0);
  const flags = (text.marks.has("df") ? 0x4000 : 0) | place;
  const header = concat(
    [0x45, serviceOf(text)],
    u16(20 + payload.length),
    u16((numbers.get("ipid") ?? 0) & 0xffff),
    u16(flags),
    [numbers.get("ttl") ?? DEFAULT_TTL, protocolOf(text), 0, 0],
    source.ip,
    destination.ip,
  );
  header.set(summed(internetChecksum(header), text.sums.get("ipsum")), 10);
  return concat(header, payload);
}

function ip6(text: PacketText, payload: Octets, fragment: Fragment | undefined): Octets {
  const { numbers, source, destination } = text;
  const extension =
    fragment === undefined
      ? EMPTY
      : concat(
          [protocolOf(text), 0],
          u16(fragment.offset | (fragment.more ? 1 : 0)),
          u32(numbers.get("ipid") ?? 0),
        );
  return concat(
    u32((6 << 28) | (serviceOf(text) << 20) | (numbers.get("flabel") ?? 0)),
    u16(extension.length + payload.length),
    [fragment === undefined ? protocolOf(text) : 44, numbers.get("ttl") ?? DEFAULT_TTL],
    source.ip,
    destination.ip,
    extension,
    payload,
  );
}

/** A checksum as it is to be: right, wrong, zero or a number. */
function summed(right: number, wanted: Sum | undefined): number[] {
  if (wanted === undefined) return u16(right);
  if (wanted === "bad") return u16(right ^ 0x0101);
  return u16(wanted === "none" ? 0 : wanted);
}

function transportOf(text: PacketText): Octets {
  const payload = payloadOf(text);
  switch (text.kind) {
    case "tcp":
      return withSum(text, concat(tcpHeader(text), payload), 16);
    case "udp": {
      const ports = [...u16(text.source.port), ...u16(text.destination.port)];
      return withSum(text, concat(ports, u16(8 + payload.length), [0, 0], payload), 6);
    }
    case "sctp":
      return sctp(text, payload);
    case "icmp":
    case "icmp6":
      return icmp(text, text.kind, payload);
    default:
      return payload;
  }
}

/** Bytes counting up where only their number is given. */
function payloadOf({ payload, numbers }: PacketText): Octets {
  const length = numbers.get("len");
  if (length === undefined) return payload ?? EMPTY;
  const bytes = Uint8Array.from({ length }, (_, place) => place & 255);
  bytes.set((payload ?? EMPTY).subarray(0, length));
  return bytes;
}

function withSum(text: PacketText, message: Octets, at: number): Octets {
  const { source, destination, sums } = text;
  const four = source.ip.length === 4;
  const protocol = protocolOf(text);
  const pseudo =
    protocol === 1 && four
      ? EMPTY
      : pseudoHeader(source.ip, destination.ip, protocol, message.length);
  const sum = internetChecksum(pseudo, message);
  // RFC 768: a sum of zero is sent as all ones, zero means "none".
  message.set(summed(protocol === 17 && sum === 0 ? 0xffff : sum, sums.get("checksum")), at);
  return message;
}

/** TCP without any flag's word is a SYN: what trace is asked about most. */
function tcpHeader({ source, destination, numbers, marks }: PacketText): Octets {
  const words = Object.entries(TCP_BITS).filter(([word]) => marks.has(word));
  const given = words.reduce((bits, [, bit]) => bits | bit, 0);
  const flags = given === 0 && !marks.has("noflags") ? (TCP_BITS.syn as number) : given;
  const options = tcpOptions(numbers, marks);
  return concat(
    u16(source.port),
    u16(destination.port),
    u32(numbers.get("seq") ?? 0),
    u32(numbers.get("ack") ?? 0),
    [(5 + options.length / 4) << 4, flags],
    u16(numbers.get("win") ?? DEFAULT_WINDOW),
    [0, 0, 0, 0],
    options,
  );
}

/** RFC 9293 3.2, RFC 7323 2.2, RFC 2018 2. */
function tcpOptions(numbers: ReadonlyMap<string, number>, marks: ReadonlySet<string>): Octets {
  const mss = numbers.get("mss");
  const scale = numbers.get("wscale");
  const bytes = [
    ...(mss === undefined ? [] : [2, 4, ...u16(mss)]),
    ...(scale === undefined ? [] : [3, 3, scale]),
    ...(marks.has("sackok") ? [4, 2] : []),
  ];
  while (bytes.length % 4 !== 0) bytes.push(1);
  return Uint8Array.from(bytes);
}

/** One chunk (DATA by default); INIT and INIT ACK with what they must have (RFC 9260 3.3). */
function sctp({ source, destination, numbers, marks, sums }: PacketText, payload: Octets): Octets {
  const [, type] = Object.entries(SCTP_CHUNKS).find(([word]) => marks.has(word)) ?? ["data", 0];
  const fixed =
    type === 0
      ? [...u32(1), ...u32(0), ...u32(0)]
      : type === 1 || type === 2
        ? [...u32(numbers.get("tag") || 1), ...u32(65535), ...u16(1), ...u16(1), ...u32(1)]
        : [];
  const content = concat(fixed, payload);
  const padding = new Uint8Array((4 - (content.length % 4)) % 4);
  const tag = type === 1 ? 0 : (numbers.get("tag") ?? 0);
  const ports = [...u16(source.port), ...u16(destination.port)];
  const chunk = concat([type, type === 0 ? 3 : 0], u16(4 + content.length), content, padding);
  const packet = concat(ports, u32(tag), [0, 0, 0, 0], chunk);
  const wanted = sums.get("checksum");
  const sum = crc32c(packet);
  if (wanted === "bad") sum[0] = (sum[0] as number) ^ 1;
  packet.set(wanted === "none" ? [0, 0, 0, 0] : typeof wanted === "number" ? u32(wanted) : sum, 8);
  return packet;
}

function icmp(text: PacketText, kind: "icmp" | "icmp6", payload: Octets): Octets {
  const { numbers, quote } = text;
  const type = numbers.get("type") ?? ICMP_TYPES[kind].echo!.type;
  const isEcho = numbers.has("id") || numbers.has("seq") || quote === undefined;
  const wide = kind === "icmp6" ? u32(numbers.get("mtu") ?? 0) : u16v(numbers.get("mtu") ?? 0);
  const rest = isEcho ? [...u16(numbers.get("id") ?? 0), ...u16(numbers.get("seq") ?? 0)] : wide;
  const quoted = quote === undefined ? EMPTY : buildIp(quote);
  const head = [type, numbers.get("code") ?? 0, 0, 0, ...(numbers.has("mtu") ? wide : rest)];
  return withSum(text, concat(head, quoted, payload), 2);
}

/** RFC 1191 4: the MTU is the lower half of the second word. */
function u16v(mtu: number): number[] {
  return [0, 0, ...u16(mtu & 0xffff)];
}

/** RFC 826, for Ethernet and IPv4. */
function arpOf(text: PacketText, mac: Uint8Array): Octets {
  const operation = text.marks.has("reply") ? 2 : 1;
  return concat(
    [0, 1, 8, 0, 6, 4],
    u16(operation),
    text.macs.get("sha") ?? mac,
    text.source.ip,
    text.macs.get("tha") ?? NO_MAC,
    text.destination.ip,
  );
}
