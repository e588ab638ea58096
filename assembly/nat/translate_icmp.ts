// Translating ICMP errors (RFC 5508 4): the packet an error quotes went the other way, so the end
// that is the error's destination is the quoted packet's source, and the other way round. Both are
// changed, with the checksums of the quoted headers as far as these are there.

import { DROP_NAT_FAILED } from "../drops";
import { PACKET_IP4, PACKET_SOURCE_ROUTED, VERDICT_CONTINUE } from "../layout";
import { drop, flagsOf, l3Of, l4Of } from "../packet";
import { mend } from "../parse/checksum";
import { roomOf } from "../parse/fields";
import {
  openQuoted4,
  openQuoted6,
  quotedFragment,
  quotedProtocol,
  quotedRoom,
  quotedTransport,
} from "../parse/quoted";
import { wordOf } from "../wire/checksum";
import { ICMP_HEADER, ICMP_REDIRECT, icmpChecksumAt, icmpType } from "../wire/icmp";
import { ip4TotalLength, PROTOCOL_SCTP } from "../wire/ipv4";
import { IP6_HEADER, ip6PayloadLength } from "../wire/ipv6";
import { SCTP_HEADER, sctpChecksum, sctpSum, setSctpChecksum } from "../wire/sctp";
import { ignoreAddress, mendIcmp6, rewriteAddress4, rewriteAddress6, rewritePort } from "./rewrite";

/** Bytes of a transport header up to the end of its checksum, whichever it is (TCP's is last). */
const CHECKSUM_END: u32 = 18;

/**
 * Exchanges the error's source or destination, and the quoted packet's opposite end, for `address`
 * and `port` (both in memory order). `protocol` is that of the connection.
 */
export function translateError(
  record: usize,
  protocol: u32,
  source: bool,
  address: usize,
  port: u32,
): i32 {
  const icmp = l4Of(record);
  const four = (flagsOf(record) & PACKET_IP4) !== 0;
  // A redirect would make both ends talk to each other without NAT between them.
  if (four && icmpType(icmp) === ICMP_REDIRECT) return drop(DROP_NAT_FAILED);
  const quoted = icmp + ICMP_HEADER;
  const room = roomOf(record) - ICMP_HEADER;
  if (!(four ? openQuoted4(quoted, room) : openQuoted6(quoted, room))) return drop(DROP_NAT_FAILED);
  if (quotedProtocol !== protocol) return drop(DROP_NAT_FAILED);
  const touched = min<u32>(room, quotedTransport + CHECKSUM_END);
  const before = wordOf(quoted, touched);
  rewriteQuoted(quoted, room, four, !source, address, port);
  mend(icmpChecksumAt(icmp), before, wordOf(quoted, touched));
  rewriteOuter(record, icmp, four, source, address);
  return VERDICT_CONTINUE;
}

function rewriteOuter(record: usize, icmp: usize, four: bool, source: bool, address: usize): void {
  const ip = l3Of(record);
  if (four) {
    rewriteAddress4(ip, source, address);
    return;
  }
  rewriteAddress6(ip, source, address);
  if (!source && (flagsOf(record) & PACKET_SOURCE_ROUTED) !== 0) ignoreAddress();
  mendIcmp6(icmp);
}

function rewriteQuoted(
  ip: usize,
  room: u32,
  four: bool,
  source: bool,
  address: usize,
  port: u32,
): void {
  const l4 = ip + quotedTransport;
  const length = four ? ip4TotalLength(ip) : IP6_HEADER + ip6PayloadLength(ip);
  // A CRC can only be made anew where all of the packet is quoted.
  const isWhole = !quotedFragment && quotedRoom >= SCTP_HEADER && room >= length;
  const hasCrc = quotedProtocol === PROTOCOL_SCTP && isWhole && length > quotedTransport;
  const covered = length - quotedTransport;
  const crc = hasCrc ? sctpSum(l4, covered) : 0;
  if (four) rewriteAddress4(ip, source, address);
  else rewriteAddress6(ip, source, address);
  rewritePort(l4, quotedRoom, quotedProtocol, source, port);
  if (hasCrc) setSctpChecksum(l4, sctpChecksum(l4) ^ crc ^ sctpSum(l4, covered));
}
