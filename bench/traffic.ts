// Seeded traffic: flows to destinations of a routing table, as captures on disk.
//
// Frame sizes are those of the wire with the frame check sequence, as benchmarks name them; the
// four bytes of it are in no capture, so a "64-byte" frame has 60 bytes here.

import { writeFileSync } from "node:fs";
import { hashWords, Random } from "./random.ts";
import { type Family, type PrefixTable, randomAddress } from "./routes.ts";

export type Mix = "64B" | "IMIX";

export interface TrafficOptions {
  readonly table: PrefixTable;
  readonly flows: number;
  readonly mix: Mix;
  /** Frames of the capture; at least one of each flow. */
  readonly packets: number;
  readonly seed: number;
  /** Six bytes each: the router's MAC on the port frames come in by, and the sender's. */
  readonly destinationMac: Uint8Array;
  readonly sourceMac: Uint8Array;
}

const FCS = 4;
/** Simple IMIX: seven small, four middle and one large frame in twelve (sizes with FCS). */
const IMIX = [64, 64, 64, 64, 64, 64, 64, 594, 594, 594, 594, 1518];
const ETHERNET = 14;
const UDP = 17;
const TCP = 6;
/** The well-known "discard" port: no tunnel that the parser would look into. */
const DISCARD = 9;
/** Sources: 198.19.0.0/16 (RFC 2544) and 2001:2:0:1::/64 (RFC 5180). */
const SOURCE4 = 0xc6130000;
const SOURCE6 = [0x20010002, 0x00000001] as const;

interface Flow {
  readonly protocol: number;
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly sourcePort: number;
}

/** The flow of a number: always the same for the same seed and table. */
function flowOf(options: TrafficOptions, number: number): Flow {
  const { table, seed } = options;
  const random = new Random(hashWords(seed, number, 1));
  const host = 2 + random.below(65000);
  return {
    protocol: random.below(2) === 0 ? UDP : TCP,
    source: table.family === 4 ? [(SOURCE4 | host) >>> 0] : [...SOURCE6, 0, host],
    destination: randomAddress(table, random),
    sourcePort: 10240 + random.below(50000),
  };
}

/** Bytes without FCS: what the mix asks for, or the least that holds the headers. */
function frameLength(options: TrafficOptions, protocol: number, random: Random): number {
  const wire = options.mix === "64B" ? 64 : IMIX[random.below(IMIX.length)]!;
  const headers = ETHERNET + (options.table.family === 4 ? 20 : 40) + (protocol === UDP ? 8 : 20);
  return Math.max(wire - FCS, headers);
}

/** Sum of big-endian words (RFC 1071), an odd last byte padded with zero. */
function sumWords(frame: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 2)
    sum += (frame[at]! << 8) | (at + 1 < to ? frame[at + 1]! : 0);
  return sum;
}

function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 65536);
  return ~folded & 0xffff;
}

function writeIp4(view: DataView, flow: Flow, total: number): void {
  view.setUint16(ETHERNET, 0x4500);
  view.setUint16(ETHERNET + 2, total);
  view.setUint16(ETHERNET + 6, 0x4000);
  view.setUint8(ETHERNET + 8, 64);
  view.setUint8(ETHERNET + 9, flow.protocol);
  view.setUint32(ETHERNET + 12, flow.source[0]!);
  view.setUint32(ETHERNET + 16, flow.destination[0]!);
  const bytes = new Uint8Array(view.buffer, view.byteOffset);
  view.setUint16(ETHERNET + 10, checksum(sumWords(bytes, ETHERNET, ETHERNET + 20)));
}

function writeIp6(view: DataView, flow: Flow, payload: number): void {
  view.setUint32(ETHERNET, 0x60000000);
  view.setUint16(ETHERNET + 4, payload);
  view.setUint8(ETHERNET + 6, flow.protocol);
  view.setUint8(ETHERNET + 7, 64);
  for (const [place, word] of flow.source.entries()) view.setUint32(ETHERNET + 8 + place * 4, word);
  for (const [place, word] of flow.destination.entries()) {
    view.setUint32(ETHERNET + 24 + place * 4, word);
  }
}

/** Transport header and checksum; `l4` is its offset and the frame ends with its payload. */
function writeTransport(view: DataView, flow: Flow, family: Family, l4: number): void {
  const length = view.byteLength - l4;
  const field = flow.protocol === UDP ? l4 + 6 : l4 + 16;
  view.setUint16(l4, flow.sourcePort);
  view.setUint16(l4 + 2, DISCARD);
  if (flow.protocol === UDP) view.setUint16(l4 + 4, length);
  else view.setUint16(l4 + 12, 0x5010);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const addresses = family === 4 ? ETHERNET + 12 : ETHERNET + 8;
  // Both pseudo headers come to the same sum (RFC 9293 3.1, RFC 8200 8.1).
  const sum = sumWords(bytes, addresses, bytes.length) + flow.protocol + length;
  const value = checksum(sum);
  view.setUint16(field, value === 0 && flow.protocol === UDP ? 0xffff : value);
}

/** One frame of a flow, `length` bytes. */
function buildFrame(options: TrafficOptions, flow: Flow, length: number, target: Uint8Array): void {
  const view = new DataView(target.buffer, target.byteOffset, length);
  target.set(options.destinationMac, 0);
  target.set(options.sourceMac, 6);
  const ip4 = options.table.family === 4;
  view.setUint16(12, ip4 ? 0x0800 : 0x86dd);
  const l4 = ETHERNET + (ip4 ? 20 : 40);
  if (ip4) writeIp4(view, flow, length - ETHERNET);
  else writeIp6(view, flow, length - l4);
  writeTransport(view, flow, options.table.family, l4);
}

export interface Traffic {
  readonly packets: number;
  /** Frame bytes in all. */
  readonly bytes: number;
}

const GLOBAL_HEADER = 24;
const RECORD_HEADER = 16;
/** Microseconds between two packets. */
const GAP = 1;

/**
 * Writes the capture (pcap, microseconds, little-endian). Every flow has equally many packets, but
 * for a rest; they are interleaved in an order that repeats nothing but itself.
 */
export function writeTraffic(file: string, options: TrafficOptions): Traffic {
  const { packets, flows } = options;
  const random = new Random(hashWords(options.seed, packets, 2));
  const order = shuffled(packets, random);
  const largest = Math.max(...(options.mix === "64B" ? [80] : IMIX));
  const bytes = Buffer.alloc(GLOBAL_HEADER + packets * (RECORD_HEADER + largest));
  writeGlobalHeader(bytes);
  let at = GLOBAL_HEADER;
  let total = 0;
  for (let packet = 0; packet < packets; packet++) {
    const flow = flowOf(options, order[packet]! % flows);
    const length = frameLength(options, flow.protocol, random);
    const microseconds = packet * GAP;
    bytes.writeUInt32LE(1_700_000_000 + Math.floor(microseconds / 1e6), at);
    bytes.writeUInt32LE(microseconds % 1e6, at + 4);
    bytes.writeUInt32LE(length, at + 8);
    bytes.writeUInt32LE(length, at + 12);
    at += RECORD_HEADER;
    buildFrame(options, flow, length, bytes.subarray(at, at + length));
    at += length;
    total += length;
  }
  writeFileSync(file, bytes.subarray(0, at));
  return { packets, bytes: total };
}

function writeGlobalHeader(bytes: Buffer): void {
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(65535, 16);
  bytes.writeUInt32LE(1, 20);
}

/** 0 to count - 1 in random order (Fisher and Yates). */
function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, place) => place);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const value = order[last]!;
    order[last] = order[other]!;
    order[other] = value;
  }
  return order;
}
