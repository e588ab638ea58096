// Frames between a wire with VLANs and ports that each have one of them to themselves: a logical
// port is a port of the engine, and its tag is taken off and put on here.

import { concat, internetChecksum, toHex, u16 } from "../support/octets.ts";
import type { LogicalPort } from "./pipeline.ts";

const ETHER_TYPE = 12;
const TAGGED = 0x8100;
const TAG_BYTES = 4;
const VLAN_BITS = 0xfff;
const IP4 = 0x0800;
const IP6 = 0x86dd;
const MPLS = 0x8847;
const LABEL_BYTES = 4;
const IP4_BYTES = 20;
const IP6_BYTES = 40;
/** 198.18.0.1, of the addresses for tests (RFC 2544). */
const SOMEBODY = [198, 18, 0, 1];
/** 2001:2::1, of those of IPv6 (RFC 5180). */
const SOMEBODY6 = [0x20, 1, 0, 2];
const IP_IN_IP = 4;
const IP6_IN_IP = 41;
const GRE = 47;
const GRE_BYTES = 4;
const GRE_RESERVED = 0x03f8;
/** Shorter frames get zeros behind them on the wire (IEEE 802.3, 4.2.3.3). */
const LEAST_DIGITS = 60 * 2;

function u16At(frame: Uint8Array, at: number): number {
  return ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
}

/** VLAN of a frame, undefined when it has no tag. */
export function vlanOf(frame: Uint8Array): number | undefined {
  if (u16At(frame, ETHER_TYPE) !== TAGGED) return undefined;
  return u16At(frame, ETHER_TYPE + 2) & VLAN_BITS;
}

/** The frame without its tag. */
export function untagged(frame: Uint8Array): Uint8Array {
  if (vlanOf(frame) === undefined) return frame;
  return concat(frame.subarray(0, ETHER_TYPE), frame.subarray(ETHER_TYPE + TAG_BYTES));
}

/** The frame as it leaves by the logical port. */
export function tagged(frame: Uint8Array, { vlan }: LogicalPort): Uint8Array {
  if (vlan === undefined) return frame;
  const tag = [...u16(TAGGED), ...u16(vlan)];
  return concat(frame.subarray(0, ETHER_TYPE), tag, frame.subarray(ETHER_TYPE));
}

/** Hexadecimal digits of a frame as the wire has it. */
export function onTheWire(frame: Uint8Array): string {
  return toHex(frame).padEnd(LEAST_DIGITS, "0");
}

/** Bytes before the IP packet: MAC addresses, tags and labels. */
export function headLength(frame: Uint8Array): number {
  let at = ETHER_TYPE;
  while (u16At(frame, at) === TAGGED) at += TAG_BYTES;
  const type = u16At(frame, at);
  at += 2;
  if (type !== MPLS) return at;
  // The lowest bit of its third byte ends the stack (RFC 3032 2.1).
  while (((frame[at + 2] ?? 1) & 1) === 0) at += LABEL_BYTES;
  return at + LABEL_BYTES;
}

/** Bytes of the first IP header, without options. */
export function outerLength(frame: Uint8Array): number {
  return (frame[headLength(frame)] ?? 0) >>> 4 === 6 ? IP6_BYTES : IP4_BYTES;
}

/** Where in an IPv6 packet at `at` that of a tunnel begins; undefined: it is none. */
function carriedAt(frame: Uint8Array, at: number): number | undefined {
  const [next, behind] = [frame[at + 6], at + IP6_BYTES];
  if (next === IP_IN_IP || next === IP6_IN_IP) return behind;
  if (next !== GRE) return undefined;
  // Checksum, key and sequence number (RFC 2784 2.1, RFC 2890 2).
  const flags = frame[behind] ?? 0;
  return behind + GRE_BYTES + [0x80, 0x20, 0x10].filter((flag) => flags & flag).length * 4;
}

/** The untagged frame with the packet that its IPv6 packet carries instead of that. */
export function opened(frame: Uint8Array): Uint8Array {
  if (u16At(frame, ETHER_TYPE) !== IP6) return frame;
  const at = carriedAt(frame, ETHER_TYPE + 2);
  if (at === undefined) return frame;
  const type = (frame[at] ?? 0) >>> 4 === 6 ? IP6 : IP4;
  return concat(frame.subarray(0, ETHER_TYPE), u16(type), frame.subarray(at));
}

/** A packet in a tunnel of IPv6 without the flow label of the outer header. */
export function withoutLabel(frame: Uint8Array): Uint8Array {
  const at = headLength(frame);
  if ((frame[at] ?? 0) >>> 4 !== 6 || carriedAt(frame, at) === undefined) return frame;
  const copy = frame.slice();
  copy.set([(frame[at + 1] ?? 0) & 0xf0, 0, 0], at + 1);
  return copy;
}

/** The frame with another source where that was 0.0.0.0, or ::, also in a tunnel of IPv6. */
export function fromSomebody(frame: Uint8Array): Uint8Array {
  const at = headLength(frame);
  if ((frame[at] ?? 0) >>> 4 !== 6) return from4Somebody(frame, at);
  const carried = carriedAt(frame, at);
  if (carried === undefined) return frame;
  const inside = from4Somebody(frame, carried);
  if (frame.subarray(at + 8, at + 24).some((octet) => octet !== 0)) return inside;
  const copy = inside.slice();
  copy.set(SOMEBODY6, at + 8);
  return copy;
}

/** Whether it is GRE over IPv6 with bits set that are reserved, and ignored (RFC 2784 2.2). */
export function hasReservedBits(frame: Uint8Array): boolean {
  const at = headLength(frame);
  if ((frame[at] ?? 0) >>> 4 !== 6 || frame[at + 6] !== GRE) return false;
  return (u16At(frame, at + IP6_BYTES) & GRE_RESERVED) !== 0;
}

/** The checksum of GRE stays right: an IPv4 header's words add up to zero. */
function from4Somebody(frame: Uint8Array, at: number): Uint8Array {
  const isIp4 = (frame[at] ?? 0) >>> 4 === 4;
  if (!isIp4 || frame.subarray(at + 12, at + 16).some((octet) => octet !== 0)) return frame;
  const copy = frame.slice();
  copy.set(SOMEBODY, at + 12);
  copy.set([0, 0], at + 10);
  copy.set(internetChecksum(copy.subarray(at, at + IP4_BYTES)), at + 10);
  return copy;
}

/** The IP packet with its TTL and header checksum, or its hop limit, at zero. */
export function withoutHops(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  if ((copy[0] ?? 0) >>> 4 === 6) copy.fill(0, 7, 8);
  else {
    copy.fill(0, 8, 9);
    copy.fill(0, 10, 12);
  }
  return copy;
}

/** What is looked at of the IP packet in an untagged frame. */
export interface PacketFacts {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** TTL or hop limit. */
  readonly hops: number;
  /** Protocol, or the first next header. */
  readonly protocol: number;
  /** First byte behind an IP header without options. */
  readonly first: number;
  /** Destination port, of protocols that have one. */
  readonly port: number;
}

/** Undefined: the frame has no IP packet. */
export function packetOf(frame: Uint8Array): PacketFacts | undefined {
  const type = u16At(frame, ETHER_TYPE);
  const at = (place: number) => frame[place] ?? 0;
  if (type === IP4) {
    const [source, destination] = [frame.subarray(26, 30), frame.subarray(30, 34)];
    return {
      source,
      destination,
      hops: at(22),
      protocol: at(23),
      first: at(34),
      port: u16At(frame, 36),
    };
  }
  if (type !== IP6) return undefined;
  const [source, destination] = [frame.subarray(22, 38), frame.subarray(38, 54)];
  return {
    source,
    destination,
    hops: at(21),
    protocol: at(20),
    first: at(54),
    port: u16At(frame, 56),
  };
}

/** Whether it is an ICMP error that tells of a hop limit that was used up. */
export function isTimeExceeded({ protocol, first }: PacketFacts): boolean {
  return (protocol === 1 && first === 11) || (protocol === 58 && first === 3);
}

/** The frame to another MAC address. */
export function addressedTo(mac: readonly number[], frame: Uint8Array): Uint8Array {
  return concat(mac, frame.subarray(mac.length));
}
