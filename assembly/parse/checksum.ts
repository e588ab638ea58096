// Keeping transport checksums right, or as wrong as they were, while something under them changes
// (RFC 1624): what arrived damaged must not leave as if it were whole.

import { PACKET_FRAGMENT, PACKET_IP6, PACKET_L4, PACKET_SOURCE_ROUTED } from "../layout";
import { flagsOf, l3LengthOf, l3Of, l4Of, protocolOf } from "../packet";
import { updateChecksum } from "../wire/checksum";
import { dccpChecksumAt } from "../wire/dccp";
import { icmp6ChecksumAt } from "../wire/icmp6";
import {
  PROTOCOL_DCCP,
  PROTOCOL_ICMP6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from "../wire/ipv4";
import { sctpChecksum, sctpSum, setSctpChecksum } from "../wire/sctp";
import { tcpChecksumAt } from "../wire/tcp";
import { udpChecksumAt } from "../wire/udp";

/** Updates a checksum for a word, or a folded area, that changed. Its field is in memory order. */
export function mend(checksum: usize, before: u32, after: u32): void {
  store<u16>(checksum, <u16>updateChecksum(load<u16>(checksum), before, after));
}

/** The same of UDP: zero stays "none", and a sum of zero is sent as all ones (RFC 768). */
export function mendUdp(checksum: usize, before: u32, after: u32): void {
  if (load<u16>(checksum) === 0) return;
  mend(checksum, before, after);
  if (load<u16>(checksum) === 0) store<u16>(checksum, 0xffff);
}

/**
 * After a word of the pseudo header changed. A first fragment holds the checksum of all of them, a
 * later one has no transport header.
 */
export function mendPseudo(record: usize, before: u32, after: u32): void {
  if ((flagsOf(record) & PACKET_L4) === 0) return;
  const l4 = l4Of(record);
  switch (protocolOf(record)) {
    case PROTOCOL_TCP:
      mend(tcpChecksumAt(l4), before, after);
      return;
    case PROTOCOL_UDP:
    case PROTOCOL_UDP_LITE:
      mendUdp(udpChecksumAt(l4), before, after);
      return;
    case PROTOCOL_DCCP:
      mend(dccpChecksumAt(l4), before, after);
      return;
    case PROTOCOL_ICMP6:
      if ((flagsOf(record) & PACKET_IP6) !== 0) mend(icmp6ChecksumAt(l4), before, after);
      return;
    default:
      return;
  }
}

/** The same of the destination, which under a routing header or option is not the final one. */
export function mendDestination(record: usize, before: u32, after: u32): void {
  if ((flagsOf(record) & PACKET_SOURCE_ROUTED) === 0) mendPseudo(record, before, after);
}

/** The CRC of SCTP as it should be now. Of a fragment nobody knows: 0. */
export function crcOf(record: usize): u32 {
  if ((flagsOf(record) & PACKET_FRAGMENT) !== 0) return 0;
  const l4 = l4Of(record);
  return sctpSum(l4, <u32>(l3Of(record) + l3LengthOf(record) - l4));
}

/** After what should have been `before` changed: the difference of two CRCs is that of the data. */
export function mendCrc(record: usize, before: u32): void {
  const sctp = l4Of(record);
  setSctpChecksum(sctp, sctpChecksum(sctp) ^ before ^ crcOf(record));
}
