// Exchanging an end of a packet: its address, and its port or identifier, with the checksums that
// cover them (RFC 1624). What came with a wrong checksum leaves with one as wrong.

import { mend, mendUdp } from "../parse/checksum";
import { foldWord, updateChecksum, wordOf } from "../wire/checksum";
import { dccpChecksumAt } from "../wire/dccp";
import { icmpChecksumAt, icmpType } from "../wire/icmp";
import { icmp6ChecksumAt, isIcmp6Echo } from "../wire/icmp6";
import {
  IP4_DESTINATION,
  IP4_SOURCE,
  ip4Checksum,
  PROTOCOL_DCCP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
  setIp4Checksum,
} from "../wire/ipv4";
import { copyIp6, ip6Destination, ip6Source } from "../wire/ipv6";
import { tcpChecksumAt } from "../wire/tcp";
import { udpChecksumAt } from "../wire/udp";

const PORTS: u32 = 4;
const IDENTIFIER: usize = 4;
const IDENTIFIER_END: u32 = 6;

/**
 * What changed of the address, each folded to a word as checksums see it. Of the packet at hand,
 * set by rewriteAddress4() and rewriteAddress6().
 */
let before: u32 = 0;
let after: u32 = 0;

/** Exchanges the source or destination of an IPv4 header. The address is 4 bytes elsewhere. */
export function rewriteAddress4(ip: usize, source: bool, address: usize): void {
  const at = ip + (source ? IP4_SOURCE : IP4_DESTINATION);
  before = foldWord(load<u32>(at));
  after = foldWord(load<u32>(address));
  store<u32>(at, load<u32>(address));
  setIp4Checksum(ip, updateChecksum(ip4Checksum(ip), before, after));
}

/** The same of IPv6, of 16 bytes. */
export function rewriteAddress6(ip: usize, source: bool, address: usize): void {
  const at = source ? ip6Source(ip) : ip6Destination(ip);
  before = wordOf(at, 16);
  after = wordOf(address, 16);
  copyIp6(at, address);
}

/** The address exchanged is not the one that transport checksums cover (RFC 8200 8.1). */
export function ignoreAddress(): void {
  before = after = 0;
}

/** The ICMPv6 checksum covers the address exchanged last. */
export function mendIcmp6(icmp: usize): void {
  mend(icmp6ChecksumAt(icmp), before, after);
}

/**
 * Exchanges the port (memory order) of a transport header of which `room` bytes are there, or an
 * identifier, and mends the checksum for it and for the address exchanged before. The CRC of SCTP,
 * which covers the whole packet, is the caller's.
 */
export function rewritePort(l4: usize, room: u32, protocol: u32, source: bool, port: u32): void {
  switch (protocol) {
    case PROTOCOL_TCP:
      exchangePort(l4, room, source, port, tcpChecksumAt(l4), false);
      return;
    case PROTOCOL_UDP:
    case PROTOCOL_UDP_LITE:
      exchangePort(l4, room, source, port, udpChecksumAt(l4), true);
      return;
    case PROTOCOL_DCCP:
      exchangePort(l4, room, source, port, dccpChecksumAt(l4), false);
      return;
    case PROTOCOL_SCTP:
      if (room >= PORTS) storePort(l4, source, port);
      return;
    case PROTOCOL_ICMP:
      if (room < IDENTIFIER_END || !hasIdentifier(icmpType(l4))) return;
      ignoreAddress();
      exchangeIdentifier(l4, port, icmpChecksumAt(l4));
      return;
    case PROTOCOL_ICMP6:
      if (room < IDENTIFIER_END) return;
      if (isIcmp6Echo(icmpType(l4))) exchangeIdentifier(l4, port, icmp6ChecksumAt(l4));
      else mendIcmp6(l4);
      return;
    default:
      return;
  }
}

/** The same of a whole header of TCP, or else of UDP. */
export function exchangeCommonPort(l4: usize, tcp: bool, source: bool, port: u32): void {
  const former = storePort(l4, source, port);
  if (tcp) mend(tcpChecksumAt(l4), foldPair(before, former), foldPair(after, port));
  else mendUdp(udpChecksumAt(l4), foldPair(before, former), foldPair(after, port));
}

/** Queries and answers with an identifier: RFC 792; address masks: RFC 950. */
export function hasIdentifier(type: u32): bool {
  return type === 0 || type === 8 || (type >= 13 && type <= 18);
}

function exchangePort(
  l4: usize,
  room: u32,
  source: bool,
  port: u32,
  checksum: usize,
  optional: bool,
): void {
  if (room < PORTS) return;
  const former = storePort(l4, source, port);
  if (<usize>room < checksum + 2 - l4) return;
  if (optional) mendUdp(checksum, foldPair(before, former), foldPair(after, port));
  else mend(checksum, foldPair(before, former), foldPair(after, port));
}

/** Returns the one before. */
function storePort(l4: usize, source: bool, port: u32): u32 {
  const at = source ? l4 : l4 + 2;
  const former: u32 = load<u16>(at);
  store<u16>(at, <u16>port);
  return former;
}

function exchangeIdentifier(icmp: usize, identifier: u32, checksum: usize): void {
  const former: u32 = load<u16>(icmp, IDENTIFIER);
  store<u16>(icmp, <u16>identifier, IDENTIFIER);
  mend(checksum, foldPair(before, former), foldPair(after, identifier));
}

/** Two words as one, with end-around carry. */
function foldPair(a: u32, b: u32): u32 {
  const sum = a + b;
  return (sum & 0xffff) + (sum >> 16);
}
