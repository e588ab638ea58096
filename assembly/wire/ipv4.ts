// IPv4 (RFC 791). `ip` is the address of the header; addresses and checksums stay in memory order.
//
//    0             1         2              4                6
//   | version,ihl | service | total length | identification | flags, fragment offset |
//    8     9          10         12       16            20
//   | TTL | protocol | checksum | source | destination | options …

import { checksumOf, sumBytes, updateChecksum } from "./checksum";

export const IP4_HEADER: u32 = 20;

const VERSION: usize = 0;
const SERVICE: usize = 1;
const LENGTH: usize = 2;
const IDENTIFICATION: usize = 4;
const FRAGMENT: usize = 6;
const TTL: usize = 8;
const PROTOCOL: usize = 9;
const CHECKSUM: usize = 10;
export const IP4_SOURCE: usize = 12;
/** Offset of the destination, for what wants its address rather than its value. */
export const IP4_DESTINATION: usize = 16;

export const IP4_DONT_FRAGMENT: u32 = 0x4000;
export const IP4_MORE_FRAGMENTS: u32 = 0x2000;
/** Mask of the fragment offset, in units of 8 bytes. */
export const IP4_OFFSET_MASK: u32 = 0x1fff;

export const PROTOCOL_ICMP: u32 = 1;
export const PROTOCOL_IGMP: u32 = 2;
export const PROTOCOL_IP4: u32 = 4;
export const PROTOCOL_TCP: u32 = 6;
export const PROTOCOL_UDP: u32 = 17;
export const PROTOCOL_DCCP: u32 = 33;
export const PROTOCOL_IP6: u32 = 41;
export const PROTOCOL_GRE: u32 = 47;
export const PROTOCOL_ESP: u32 = 50;
export const PROTOCOL_AH: u32 = 51;
export const PROTOCOL_ICMP6: u32 = 58;
export const PROTOCOL_IPIP: u32 = 94;
export const PROTOCOL_SCTP: u32 = 132;
export const PROTOCOL_UDP_LITE: u32 = 136;

// Options (RFC 791 3.1)
export const IP4_OPTION_END: u32 = 0;
export const IP4_OPTION_NOP: u32 = 1;
/** Bit of options that belong into every fragment. */
export const IP4_OPTION_COPIED: u32 = 128;
export const IP4_OPTION_LOOSE_ROUTE: u32 = 131;
export const IP4_OPTION_STRICT_ROUTE: u32 = 137;

export function ip4Fits(room: u32): bool {
  return room >= IP4_HEADER;
}

export function ip4Version(ip: usize): u32 {
  return load<u8>(ip, VERSION) >> 4;
}
/** Bytes of the header, options included. */
export function ip4HeaderLength(ip: usize): u32 {
  return (<u32>load<u8>(ip, VERSION) & 15) << 2;
}
/** The byte of DSCP and ECN (RFC 2474, RFC 3168). */
export function ip4Service(ip: usize): u32 {
  return load<u8>(ip, SERVICE);
}
export function ip4TotalLength(ip: usize): u32 {
  return bswap<u16>(load<u16>(ip, LENGTH));
}
export function ip4Identification(ip: usize): u32 {
  return bswap<u16>(load<u16>(ip, IDENTIFICATION));
}
/** IP4_DONT_FRAGMENT, IP4_MORE_FRAGMENTS and the offset (IP4_OFFSET_MASK), host order. */
export function ip4Fragment(ip: usize): u32 {
  return bswap<u16>(load<u16>(ip, FRAGMENT));
}
export function ip4Ttl(ip: usize): u32 {
  return load<u8>(ip, TTL);
}
export function ip4Protocol(ip: usize): u32 {
  return load<u8>(ip, PROTOCOL);
}
export function ip4Checksum(ip: usize): u32 {
  return load<u16>(ip, CHECKSUM);
}
export function ip4Source(ip: usize): u32 {
  return load<u32>(ip, IP4_SOURCE);
}
export function ip4Destination(ip: usize): u32 {
  return load<u32>(ip, IP4_DESTINATION);
}
/** Both, the source in the lower half. */
export function ip4Addresses(ip: usize): u64 {
  return <u64>ip4Source(ip) | ((<u64>ip4Destination(ip)) << 32);
}

export function setIp4Service(ip: usize, service: u32): void {
  store<u8>(ip, <u8>service, SERVICE);
}
export function setIp4TotalLength(ip: usize, length: u32): void {
  store<u16>(ip, bswap<u16>(<u16>length), LENGTH);
}
export function setIp4Fragment(ip: usize, fragment: u32): void {
  store<u16>(ip, bswap<u16>(<u16>fragment), FRAGMENT);
}
export function setIp4Ttl(ip: usize, ttl: u32): void {
  store<u8>(ip, <u8>ttl, TTL);
}
export function setIp4Protocol(ip: usize, protocol: u32): void {
  store<u8>(ip, <u8>protocol, PROTOCOL);
}
/** `checksum` as wire/checksum.ts gives it: memory order. */
export function setIp4Checksum(ip: usize, checksum: u32): void {
  store<u16>(ip, <u16>checksum, CHECKSUM);
}
export function setIp4Source(ip: usize, address: u32): void {
  store<u32>(ip, address, IP4_SOURCE);
}
export function setIp4Destination(ip: usize, address: u32): void {
  store<u32>(ip, address, IP4_DESTINATION);
}
/**
 * Writes a header without options, not to be fragmented, identification and checksum zero
 * (RFC 6864 4.1 permits the former); addresses and checksum are left to the caller.
 */
export function buildIp4(ip: usize, totalLength: u32, protocol: u32, ttl: u32): void {
  store<u32>(ip, 0x45);
  setIp4TotalLength(ip, totalLength);
  store<u16>(ip, 0, IDENTIFICATION);
  setIp4Fragment(ip, IP4_DONT_FRAGMENT);
  store<u32>(ip, 0, TTL);
  setIp4Ttl(ip, ttl);
  setIp4Protocol(ip, protocol);
}

/** True when the options area has a plausible length at every option (RFC 791 3.1). */
export function ip4OptionsFit(ip: usize): bool {
  const end = ip + ip4HeaderLength(ip);
  let at = ip + IP4_HEADER;
  while (at < end) {
    const kind: u32 = load<u8>(at);
    if (kind === IP4_OPTION_END) return true;
    if (kind === IP4_OPTION_NOP) {
      at += 1;
      continue;
    }
    if (end - at < 2) return false;
    const length: usize = load<u8>(at, 1);
    if (length < 2 || length > end - at) return false;
    at += length;
  }
  return true;
}

/**
 * Address of the last hop of a loose or strict source route that is not yet used up, which is the
 * packet's final destination; 0 when there is none. The options must have passed ip4OptionsFit().
 */
export function ip4FinalDestination(ip: usize): usize {
  const end = ip + ip4HeaderLength(ip);
  let at = ip + IP4_HEADER;
  while (at < end) {
    const kind: u32 = load<u8>(at);
    if (kind === IP4_OPTION_END) return 0;
    const length: usize = kind === IP4_OPTION_NOP ? 1 : load<u8>(at, 1);
    if (kind === IP4_OPTION_LOOSE_ROUTE || kind === IP4_OPTION_STRICT_ROUTE) {
      // type, length, pointer (from 1) to the next address, addresses
      if (length < 7 || <usize>load<u8>(at, 2) + 3 > length) return 0;
      return at + 3 + (((length - 3) >> 2) - 1) * 4;
    }
    at += length;
  }
  return 0;
}

export function setIp4Identification(ip: usize, identification: u32): void {
  store<u16>(ip, bswap<u16>(<u16>identification), IDENTIFICATION);
}
/** True for an address one host may have: not 0/8, 127/8, multicast or class E (RFC 1812 5.3.7). */
export function ip4IsHost(address: u32): bool {
  const network = address & 0xff;
  return network - 1 < 223 && network !== 127;
}
/** 169.254.0.0/16 (RFC 3927); the address in memory order. */
export function ip4IsLinkLocal(address: u32): bool {
  return (address & 0xffff) === 0xfea9;
}
/**
 * Takes one from a TTL above one, with the checksum (RFC 1624). As one store of the header's first
 * 16 bytes, because a copy of it as a vector follows, which would wait for smaller stores.
 */
export function ip4DecrementTtl(ip: usize): void {
  const header = v128.load(ip);
  // Lane 4 holds TTL and protocol, lane 5 the checksum. RFC 1624 (3) for a difference of one in the
  // low byte of a word in memory order; 0xffff, which the sum never gives, becomes zero.
  const checksum = <u32>i16x8.extract_lane_u(header, 5) + 1;
  const ttl = i16x8.replace_lane(header, 4, i16x8.extract_lane_s(header, 4) - 1);
  v128.store(ip, i16x8.replace_lane(ttl, 5, <i16>(checksum + (checksum >= 0xffff ? 1 : 0))));
}
/** Replaces one byte of the header, and mends the checksum (RFC 1624). */
function rewrite(ip: usize, place: usize, byte: u32): void {
  const word = ip + (place & ~1);
  const before = load<u16>(word);
  store<u8>(ip + place, <u8>byte);
  setIp4Checksum(ip, updateChecksum(ip4Checksum(ip), before, load<u16>(word)));
}
export function rewriteIp4Service(ip: usize, service: u32): void {
  rewrite(ip, SERVICE, service);
}
export function rewriteIp4Ttl(ip: usize, ttl: u32): void {
  rewrite(ip, TTL, ttl);
}
export function rewriteIp4Protocol(ip: usize, protocol: u32): void {
  rewrite(ip, PROTOCOL, protocol);
}
/** Writes the right checksum of a header, whatever it had. */
export function sumIp4(ip: usize): void {
  setIp4Checksum(ip, 0);
  setIp4Checksum(ip, checksumOf(sumBytes(ip, ip4HeaderLength(ip))));
}
/**
 * Makes no-operations of the options that only the first fragment carries: those without the copied
 * bit (RFC 791 3.1). The options must have passed ip4OptionsFit().
 */
export function clearUncopiedIp4Options(ip: usize): void {
  const end = ip + ip4HeaderLength(ip);
  let at = ip + IP4_HEADER;
  while (at < end) {
    const kind: u32 = load<u8>(at);
    if (kind === IP4_OPTION_END) return;
    const length: usize = kind === IP4_OPTION_NOP ? 1 : load<u8>(at, 1);
    if ((kind & IP4_OPTION_COPIED) === 0) memory.fill(at, <u8>IP4_OPTION_NOP, length);
    at += length;
  }
}
