// The slow twin of the flow hash (assembly/parse/hash.ts, assembly/parse/flow.ts), in BigInt.

import * as layout from "../../assembly/layout.ts";
import { extensionBytes, type ParsedPacket, u16 } from "./fields.ts";

const MASK = 0xffff_ffff_ffff_ffffn;
const FIRST = 0x6a09e667f3bcc909n;
const SECOND = 0xbb67ae8584caa73bn;
const THIRD = 0x3c6ef372fe94f82bn;
const FOURTH = 0xa54ff53a5f1d36f1n;

const WITH_PORTS = [6, 17, 33, 132, 136];
const EXTENSIONS = [0, 43, 44, 51, 60, 135, 139, 140];

/** A little-endian number of `count` bytes, as the kernels load them. */
function little(bytes: Uint8Array, at: number, count: number): bigint {
  let value = 0n;
  for (let index = count - 1; index >= 0; index--) {
    value = (value << 8n) | BigInt(bytes[at + index] ?? 0);
  }
  return value;
}

function mixPair(a: bigint, b: bigint, kind: number): number {
  const [smaller, larger] = a < b ? [a, b] : [b, a];
  const low = (smaller * FIRST) & MASK;
  const high = (larger * SECOND) & MASK;
  const exchanged = ((high << 32n) & MASK) | (high >> 32n);
  let mixed = ((((low ^ (low >> 32n)) + exchanged + BigInt(kind)) & MASK) * THIRD) & MASK;
  mixed ^= mixed >> 32n;
  return Number(((mixed * FOURTH) & MASK) >> 32n);
}

/** Hash of a frame's MACs and a type. */
export function linkHashOf(bytes: Uint8Array, etherType: number): number {
  return mixPair(little(bytes, 0, 6), little(bytes, 6, 6), etherType);
}

interface Ports {
  readonly source: bigint;
  readonly destination: bigint;
}
const NO_PORTS: Ports = { source: 0n, destination: 0n };

function hash4(bytes: Uint8Array, ip: number, ports: Ports, protocol: number): number {
  const source = (little(bytes, ip + 12, 4) << 16n) | ports.source;
  const destination = (little(bytes, ip + 16, 4) << 16n) | ports.destination;
  return mixPair(source, destination, protocol);
}

function endpoint6(bytes: Uint8Array, address: number, port: bigint): bigint {
  let mixed = (little(bytes, address, 8) * SECOND) & MASK;
  mixed ^= mixed >> 32n;
  mixed = (((mixed + little(bytes, address + 8, 8)) & MASK) * THIRD) & MASK;
  return ((mixed ^ (mixed >> 32n)) + port) & MASK;
}

function hash6(bytes: Uint8Array, ip: number, ports: Ports, protocol: number): number {
  const source = endpoint6(bytes, ip + 8, ports.source);
  return mixPair(source, endpoint6(bytes, ip + 24, ports.destination), protocol);
}

function portsOf(bytes: Uint8Array, l4: number, end: number, protocol: number): Ports {
  if (WITH_PORTS.includes(protocol)) {
    if (l4 + 4 > end) return NO_PORTS;
    return { source: little(bytes, l4, 2), destination: little(bytes, l4 + 2, 2) };
  }
  const type = bytes[l4] ?? 0;
  const echo = protocol === 1 ? type === 0 || type === 8 : type === 128 || type === 129;
  if ((protocol !== 1 && protocol !== 58) || !echo || l4 + 6 > end) return NO_PORTS;
  const identifier = little(bytes, l4 + 4, 2);
  return { source: identifier, destination: identifier };
}

/**
 * Flow hash of a packet the twin has parsed.
 * @param reassembled datagrams are put together: a first fragment quoted stands for all of its
 */
export function flowHashOf(bytes: Uint8Array, parsed: ParsedPacket, reassembled = false): number {
  const { flags, l3, l4, protocol } = parsed;
  const end = l3 + parsed.l3Length;
  const isFragment = (flags & layout.PACKET_FRAGMENT) !== 0;
  const usesPorts = (flags & layout.PACKET_L4) !== 0 && !isFragment;
  const ports = usesPorts ? portsOf(bytes, l4, end, protocol) : NO_PORTS;
  const isError = (flags & layout.PACKET_ICMP_ERROR) !== 0;
  if (flags & layout.PACKET_IP4) {
    const quoted = isError ? quotedHash4(bytes, l4 + 8, end, reassembled) : undefined;
    return quoted ?? hash4(bytes, l3, ports, protocol);
  }
  if (flags & layout.PACKET_IP6) {
    const quoted = isError ? quotedHash6(bytes, l4 + 8, end, reassembled) : undefined;
    return quoted ?? hash6(bytes, l3, ports, isFragment ? 44 : protocol);
  }
  return linkHashOf(bytes, parsed.etherType);
}

function quotedHash4(
  bytes: Uint8Array,
  ip: number,
  end: number,
  reassembled: boolean,
): number | undefined {
  const header = ((bytes[ip] ?? 0) & 15) * 4;
  if (ip + 20 > end || (bytes[ip] ?? 0) >> 4 !== 4 || header < 20) return undefined;
  const protocol = bytes[ip + 9] ?? 0;
  const isFragment = (u16(bytes, ip + 6) & (reassembled ? 0x1fff : 0x3fff)) !== 0;
  const ports = isFragment ? NO_PORTS : portsOf(bytes, ip + header, end, protocol);
  return hash4(bytes, ip, ports, protocol);
}

function quotedHash6(
  bytes: Uint8Array,
  ip: number,
  end: number,
  reassembled: boolean,
): number | undefined {
  if (ip + 40 > end || (bytes[ip] ?? 0) >> 4 !== 6) return undefined;
  let protocol = bytes[ip + 6] ?? 0;
  let at = ip + 40;
  for (let count = 0; EXTENSIONS.includes(protocol); count++) {
    if (count === layout.MAX_IP6_EXTENSIONS || at + 8 > end) break;
    // without its first bit, "more", the field is the offset
    const isWhole = (u16(bytes, at + 2) & (reassembled ? 0xfff8 : 0xfff9)) === 0;
    if (protocol === 44 && !isWhole) break;
    const next = bytes[at] ?? 0;
    at += extensionBytes(bytes, at, protocol);
    protocol = next;
  }
  return hash6(bytes, ip, portsOf(bytes, at, end, protocol), protocol);
}
