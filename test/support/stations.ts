// Messages between stations around the router of test/path/world.ts, of the kinds that connection
// tracking tells apart: everything of a header that it looks at can be said.

import { DMZ, LAN, WAN } from "../path/world.ts";
import { ethernet, type Ip4Options } from "./builder.ts";
import { crc32cSlowly } from "./layers.ts";
import { concat, internetChecksum, ip, type Octets, readU16, u16, u32 } from "./octets.ts";

export type PortName = "lan" | "wan" | "dmz";

/** One end of a conversation, as the other one, or the router, sees it. */
export interface Station {
  /** Where its frames come in. */
  readonly port: PortName;
  readonly mac: string;
  readonly ip: string;
  /** Its TCP, UDP or SCTP port, or the identifier of its echo requests. */
  readonly number: number;
}

export interface SegmentFields {
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly options?: readonly number[];
  /** So many bytes, or these, or this text. */
  readonly data?: number | Uint8Array | string;
}

/** Of the IP header; of IPv6 only the first is meant. */
export type Envelope = Pick<Ip4Options, "ttl" | "id" | "dontFragment" | "service" | "options">;

const ROUTER_MACS = { lan: LAN.mac, wan: WAN.mac, dmz: DMZ.mac } as const;
const ETHERNET_HEADER = 14;
const FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128 } as const;

/** RFC 9293 3.1. */
export const MSS = [2, 4, 0x05, 0xb4] as const;
/** RFC 2018 2, padded. */
export const SACK_PERMITTED = [4, 2, 1, 1] as const;

/** RFC 7323 2.2, padded. */
export function windowScale(shift: number): readonly number[] {
  return [3, 3, shift, 1];
}

/** RFC 2018 3, padded. */
export function sackBlock(left: number, right: number): readonly number[] {
  return [1, 1, 5, 10, ...u32(left), ...u32(right)];
}

function bytesOf(content: number | Uint8Array | string): Uint8Array {
  if (typeof content === "string") return new TextEncoder().encode(content);
  if (content instanceof Uint8Array) return content;
  return Uint8Array.from({ length: content }, (_, place) => place & 255);
}

/** A frame of the station to the router, with an IP packet of the protocol in it. */
export function packet(
  from: Station,
  to: Station,
  protocol: number,
  payload: Uint8Array,
  envelope: Envelope = {},
): Octets {
  const frame = ethernet(ROUTER_MACS[from.port], from.mac);
  if (from.ip.includes(":")) {
    const hops = envelope.ttl ?? 64;
    return frame.ip6({ from: from.ip, to: to.ip, protocol, hops }).payload(payload).bytes();
  }
  return frame
    .ip4({ from: from.ip, to: to.ip, protocol, ...envelope })
    .payload(payload)
    .bytes();
}

/** Puts the checksum over the message and the pseudo header of the addresses at `place`. */
function summed(message: Octets, place: number, from: Station, to: Station, protocol: number) {
  const length = u32(message.length);
  const pseudo = concat(ip(from.ip), ip(to.ip), length, u32(protocol));
  const sum = internetChecksum(pseudo, message);
  message.set(protocol === 17 && readU16(concat(sum), 0) === 0 ? [255, 255] : sum, place);
  return message;
}

/** A TCP segment; flags by their first letters: "SA" is SYN and ACK. */
export function tcp(
  from: Station,
  to: Station,
  flags: string,
  fields: SegmentFields = {},
  envelope: Envelope = {},
): Octets {
  const { seq = 0, ack = 0, window = 8192, options = [], data = 0 } = fields;
  const bits = [...flags].reduce((sum, letter) => sum | FLAGS[letter as keyof typeof FLAGS], 0);
  const header = concat(
    u16(from.number),
    u16(to.number),
    u32(seq),
    u32(ack),
    [(20 + options.length) << 2, bits],
    u16(window),
    [0, 0, 0, 0],
    options,
  );
  const message = summed(concat(header, bytesOf(data)), 16, from, to, 6);
  return packet(from, to, 6, message, envelope);
}

export function udp(
  from: Station,
  to: Station,
  data: number | Uint8Array | string = 12,
  envelope: Envelope = {},
): Octets {
  const bytes = bytesOf(data);
  const header = concat(u16(from.number), u16(to.number), u16(bytes.length + 8), [0, 0]);
  return packet(from, to, 17, summed(concat(header, bytes), 6, from, to, 17), envelope);
}

/** An ICMP or ICMPv6 message, as the addresses demand; `rest` is the header's second word. */
export function icmp(
  from: Station,
  to: Station,
  kind: readonly [type: number, code: number],
  rest = 0,
  data: number | Uint8Array = 0,
  envelope: Envelope = {},
): Octets {
  const message = concat(kind, [0, 0], u32(rest), bytesOf(data));
  if (from.ip.includes(":")) {
    return packet(from, to, 58, summed(message, 2, from, to, 58), envelope);
  }
  message.set(internetChecksum(message), 2);
  return packet(from, to, 1, message, envelope);
}

/** An echo request of the station with its number as the identifier, or the reply to one. */
export function echo(from: Station, to: Station, kind: "request" | "reply", sequence = 1): Octets {
  const isSix = from.ip.includes(":");
  const type = kind === "request" ? (isSix ? 128 : 8) : isSix ? 129 : 0;
  const identifier = kind === "request" ? from.number : to.number;
  return icmp(from, to, [type, 0], identifier * 65536 + sequence, 16);
}

/**
 * An ICMP error of `from`, who need not be an end of the conversation, about this frame's packet.
 */
export function icmpError(
  from: Station,
  to: Station,
  kind: readonly [type: number, code: number],
  about: Uint8Array,
  fields: { readonly rest?: number; readonly quoted?: number } = {},
): Octets {
  const quote = about.subarray(ETHERNET_HEADER).slice(0, fields.quoted);
  return icmp(from, to, kind, fields.rest ?? 0, quote);
}

/** An SCTP packet (RFC 9260 3) of these chunks. */
export function sctp(
  from: Station,
  to: Station,
  tag: number,
  ...chunks: readonly Octets[]
): Octets {
  const message = concat(u16(from.number), u16(to.number), u32(tag), u32(0), ...chunks);
  new DataView(message.buffer).setUint32(8, crc32cSlowly(message), true);
  return packet(from, to, 132, message);
}

/** An SCTP chunk, padded. */
export function chunk(type: number, flags = 0, value: readonly number[] = []): Octets {
  const padding = new Uint8Array((4 - (value.length % 4)) % 4);
  return concat([type, flags], u16(value.length + 4), value, padding);
}

/**
 * The packet in fragments that begin at these bytes of its payload, multiples of 8 (RFC 791 3.2).
 */
export function fragments4(frame: Uint8Array, id: number, ...starts: readonly number[]): Octets[] {
  const payload = frame.subarray(34);
  return starts.map((start, place) => {
    const end = starts[place + 1] ?? payload.length;
    return fragment4(frame, id, start, payload.subarray(start, end), end < payload.length);
  });
}

/** One fragment of the frame's packet with content of its own. */
export function fragment4(
  frame: Uint8Array,
  id: number,
  offset: number,
  content: Uint8Array,
  more: boolean,
): Octets {
  const header = concat(frame.subarray(14, 34));
  header.set([...u16(20 + content.length), ...u16(id)], 2);
  header.set([...u16(offset / 8 + (more ? 0x2000 : 0)), header[8]!, header[9]!, 0, 0], 6);
  header.set(internetChecksum(header), 10);
  return concat(frame.subarray(0, 14), header, content);
}

/** The same of IPv6 (RFC 8200 4.5). */
export function fragments6(frame: Uint8Array, id: number, ...starts: readonly number[]): Octets[] {
  const payload = frame.subarray(54);
  return starts.map((start, place) => {
    const end = starts[place + 1] ?? payload.length;
    return fragment6(frame, id, start, payload.subarray(start, end), end < payload.length);
  });
}

export function fragment6(
  frame: Uint8Array,
  id: number,
  offset: number,
  content: Uint8Array,
  more: boolean,
): Octets {
  const header = concat(frame.subarray(14, 54));
  const protocol = header[6]!;
  header.set([...u16(8 + content.length), 44], 4);
  const extension = concat([protocol, 0], u16(offset + (more ? 1 : 0)), u32(id));
  return concat(frame.subarray(0, 14), header, extension, content);
}
