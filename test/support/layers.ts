// Transport headers and link layers for tests of the parser; octets.ts has the rest.

import { concat, internetChecksum, ip, type Octets, u16, u32 } from "./octets.ts";

export type Part = Uint8Array | readonly number[];

/** Source and destination address of a packet, of the same family. */
export interface Pair {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

export const PAIR4: Pair = { source: ip("10.0.0.1"), destination: ip("10.0.1.2") };
export const PAIR6: Pair = { source: ip("2001:db8::1"), destination: ip("2001:db8:1::2") };

export function zeros(count: number): Octets {
  return new Uint8Array(count);
}

/** The pseudo header of either family (RFC 9293 3.1, RFC 8200 8.1). */
export function pseudo(pair: Pair, protocol: number, length: number): Octets {
  return pair.source.length === 4
    ? concat(pair.source, pair.destination, [0, protocol], u16(length))
    : concat(pair.source, pair.destination, u32(length), [0, 0, 0, protocol]);
}

/** The packet with a checksum at `at` over the pseudo header and its first `covered` octets. */
export function checksummed(
  packet: Octets,
  at: number,
  pair?: Pair,
  protocol = 0,
  covered = packet.length,
): Octets {
  const done = packet.slice();
  const head = pair ? pseudo(pair, protocol, packet.length) : zeros(0);
  done.set(internetChecksum(head, done.subarray(0, covered)), at);
  return done;
}

export interface Ports {
  readonly source: number;
  readonly destination: number;
}

export function tcp(pair: Pair, ports: Ports, data: Part = [], offset = 5): Octets {
  const options = zeros(Math.max(0, offset * 4 - 20));
  const header = [...u16(ports.source), ...u16(ports.destination), ...u32(1), ...u32(2)];
  header.push(offset << 4, 0x10, 16, 0, 0, 0, 0, 0);
  return checksummed(concat(header, options, data), 16, pair, 6);
}

export function udp(pair: Pair, ports: Ports, data: Part = [], length?: number): Octets {
  const size = u16(length ?? 8 + data.length);
  const header = [...u16(ports.source), ...u16(ports.destination), ...size, 0, 0];
  return checksummed(concat(header, data), 6, pair, 17);
}

export function udpLite(pair: Pair, ports: Ports, coverage: number, data: Part): Octets {
  const header = [...u16(ports.source), ...u16(ports.destination), ...u16(coverage), 0, 0];
  const packet = concat(header, data);
  return checksummed(packet, 6, pair, 136, coverage === 0 ? packet.length : coverage);
}

/** CRC32c, bit by bit (RFC 9260 appendix A). */
export function crc32cSlowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

export function sctp(ports: Ports, data: Part): Octets {
  const header = [...u16(ports.source), ...u16(ports.destination), ...u32(7), ...u32(0)];
  const packet = concat(header, data);
  new DataView(packet.buffer).setUint32(8, crc32cSlowly(packet), true);
  return packet;
}

/** A DCCP-Data packet with short sequence numbers. */
export function dccp(pair: Pair, ports: Ports, coverage: number, data: Part): Octets {
  const header = [...u16(ports.source), ...u16(ports.destination), 3, coverage, 0, 0];
  header.push(2 << 1, 0, 0, 9);
  const packet = concat(header, data);
  const covered = coverage === 0 ? packet.length : 12 + (coverage - 1) * 4;
  return checksummed(packet, 6, pair, 33, covered);
}

/** A GRE header with these flags, its optional fields filled with fives, before the data. */
export function gre(flags: number, protocol: number, data: Part): Octets {
  const count = [0x8000, 0x2000, 0x1000].filter((bit) => flags & bit).length;
  const optional = zeros(4 * count).fill(5);
  if (flags & 0x8000) optional.fill(0, 0, 4);
  const packet = concat(u16(flags), u16(protocol), optional, data);
  return flags & 0x8000 ? checksummed(packet, 4) : packet;
}

/** An extension header of IPv6: next header, length, and a body padded to a multiple of 8. */
export function extension(next: number, body: Part): Octets {
  const size = Math.ceil((2 + body.length) / 8) * 8;
  return concat([next, size / 8 - 1], body, zeros(size - 2 - body.length));
}

/** A Fragment header. The offset counts bytes. */
export function fragmentHeader(next: number, offset: number, more: boolean): Octets {
  return concat([next, 0], u16(offset | (more ? 1 : 0)), u32(0x1234));
}

const MACS = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

/** An Ethernet frame between two fixed stations. */
export function frame(type: number, payload: Part): Octets {
  return concat(MACS, u16(type), payload);
}

/** VLAN tags, the payload's type last: tags([0x8100, 0x88a8], 0x0800, …) begins with 0x8100. */
export function tagged(types: readonly number[], type: number, payload: Part): Octets {
  const [outer = type, ...inner] = types;
  const rest = [...inner, type].slice(0, types.length);
  return frame(outer, concat(...rest.map((next, id) => [0, id + 1, ...u16(next)]), payload));
}

/** A stack of labels over the payload. */
export function labelled(count: number, payload: Part, bottom = true): Octets {
  const entries = Array.from({ length: count }, (_, index) => {
    const last = bottom && index === count - 1;
    return [0, 1, last ? 0x01 : 0x00, 64];
  });
  return frame(0x8847, concat(...entries, payload));
}

export function pppoe(protocol: number, payload: Part, length?: number): Octets {
  const size = u16(length ?? payload.length + 2);
  return frame(0x8864, concat([0x11, 0, 0, 7, ...size, ...u16(protocol)], payload));
}

/** An 802.3 frame with LLC; the length field can be made to lie. */
export function logicalLink(llc: Part, payload: Part, length?: number): Octets {
  return frame(length ?? llc.length + payload.length, concat(llc, payload));
}

export const SNAP = [0xaa, 0xaa, 3, 0, 0, 0];
