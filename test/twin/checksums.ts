// Checksums of a packet computed whole, from its bytes as they are: what the incremental updates of
// assembly/action must amount to.

import {
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_L4,
  PACKET_SOURCE_ROUTED,
} from "../../assembly/layout.ts";
import { crc32cSlowly } from "../support/layers.ts";
import { onesSum, type ParsedPacket, u16, u32 } from "./fields.ts";

/** Where in the transport header the checksum is that covers a pseudo header, by protocol. */
const PSEUDO: Readonly<Record<number, number>> = { 6: 16, 17: 6, 33: 6, 58: 2, 136: 6 };
const CHECKSUM_OF_ICMP = 2;
const SCTP = 132;

/** Sums of all that is under a checksum, and where the checksum stands; -1 = there is none. */
interface Sums {
  readonly header: number;
  readonly transport: number;
  readonly transportAt: number;
}

/** Place of the 16-bit transport checksum; -1 for a packet without one. */
function transportPlace(parsed: ParsedPacket): number {
  const ip4 = (parsed.flags & PACKET_IP4) !== 0;
  if ((parsed.flags & PACKET_L4) === 0) return -1;
  if (parsed.protocol === 1) return ip4 ? parsed.l4 + CHECKSUM_OF_ICMP : -1;
  if (parsed.protocol === 58 && ip4) return -1;
  const offset = PSEUDO[parsed.protocol];
  return offset === undefined ? -1 : parsed.l4 + offset;
}

/** Addresses and protocol; of a destination that is not the final one nothing. */
function pseudoSum(frame: Uint8Array, parsed: ParsedPacket, protocol: number): number {
  const [size, from] = (parsed.flags & PACKET_IP4) !== 0 ? [4, 12] : [16, 8];
  const start = parsed.l3 + from;
  const routed = (parsed.flags & PACKET_SOURCE_ROUTED) !== 0;
  const addresses = frame.subarray(start, start + (routed ? size : 2 * size));
  return onesSum(addresses) + protocol;
}

/** `parsed` says where things are, `protocol` which one the pseudo header names. */
function sumsOf(frame: Uint8Array, parsed: ParsedPacket, protocol: number): Sums {
  const at = transportPlace(parsed);
  const header = Uint8Array.from(frame.subarray(parsed.l3, parsed.l3 + 20));
  header.fill(0, 10, 12);
  const segment = Uint8Array.from(frame.subarray(parsed.l4, parsed.l3 + parsed.l3Length));
  if (at >= 0) segment.fill(0, at - parsed.l4, at - parsed.l4 + 2);
  const pseudo = parsed.protocol === 1 ? 0 : pseudoSum(frame, parsed, protocol);
  return { header: onesSum(header), transport: onesSum(segment) + pseudo, transportAt: at };
}

/** What is added under a checksum is taken from it: both modulo 2^16 - 1 (RFC 1624). */
function adjust(frame: Uint8Array, at: number, before: number, after: number): void {
  const sum = (u16(frame, at) + before - after + 3 * 0xffff) % 0xffff;
  frame.set([sum >> 8, sum & 255], at);
}

function crcOf(frame: Uint8Array, parsed: ParsedPacket): number {
  const packet = Uint8Array.from(frame.subarray(parsed.l4, parsed.l3 + parsed.l3Length));
  packet.fill(0, 8, 12);
  return crc32cSlowly(packet);
}

function adjustCrc(frame: Uint8Array, parsed: ParsedPacket, before: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const crc = view.getUint32(parsed.l4 + 8, true) ^ before ^ crcOf(frame, parsed);
  view.setUint32(parsed.l4 + 8, crc, true);
}

/**
 * A copy of the frame with something changed by `edit`, every checksum over it as right, or as
 * wrong by as much, as it was. `protocol` is the packet's afterwards.
 */
export function edited(
  frame: Uint8Array,
  parsed: ParsedPacket,
  edit: (copy: Uint8Array) => void,
  protocol = parsed.protocol,
): Uint8Array {
  const copy = Uint8Array.from(frame);
  const before = sumsOf(frame, parsed, parsed.protocol);
  const whole = (parsed.flags & (PACKET_L4 | PACKET_FRAGMENT)) === PACKET_L4;
  const crc = whole && parsed.protocol === SCTP ? crcOf(frame, parsed) : undefined;
  edit(copy);
  const after = sumsOf(copy, parsed, protocol);
  const header = before.header % 0xffff !== after.header % 0xffff;
  if ((parsed.flags & PACKET_IP4) !== 0 && header) {
    adjust(copy, parsed.l3 + 10, before.header, after.header);
  }
  const at = before.transportAt;
  const udp = parsed.protocol === 17 || parsed.protocol === 136;
  if (at >= 0 && !(udp && u16(copy, at) === 0)) {
    adjust(copy, at, before.transport, after.transport);
    if (udp && u16(copy, at) === 0) copy.set([255, 255], at);
  }
  const ports = u32(copy, parsed.l4) !== u32(frame, parsed.l4);
  if (crc !== undefined && ports) adjustCrc(copy, parsed, crc);
  return copy;
}

const CHECKSUM_BYTES = 2;

/**
 * The frame with each checksum that is all ones written as zero, which is the same number: where
 * neither means "none", which of both stands there hangs on how it was computed.
 */
export function canonical(frame: Uint8Array, parsed: ParsedPacket): Uint8Array {
  const copy = Uint8Array.from(frame);
  const places = (parsed.flags & PACKET_IP4) !== 0 ? [parsed.l3 + 10] : [];
  const at = transportPlace(parsed);
  if (at >= 0 && parsed.protocol !== 17 && parsed.protocol !== 136) places.push(at);
  for (const place of places) {
    if (u16(copy, place) === 0xffff) copy.fill(0, place, place + CHECKSUM_BYTES);
  }
  return copy;
}
