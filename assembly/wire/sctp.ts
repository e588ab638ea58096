// SCTP common header (RFC 9260 3.1). `sctp` is the address of the header.
//
//    0        2             4                  8                     12
//   | source | destination | verification tag | checksum (CRC32c)  | chunks

import { crc32c, crc32cZeros } from "./crc32c";

export const SCTP_HEADER: u32 = 12;

const SOURCE: usize = 0;
const DESTINATION: usize = 2;
const TAG: usize = 4;
const CHECKSUM: usize = 8;

export function sctpFits(room: u32): bool {
  return room >= SCTP_HEADER;
}

export function sctpSource(sctp: usize): u32 {
  return bswap<u16>(load<u16>(sctp, SOURCE));
}
export function sctpDestination(sctp: usize): u32 {
  return bswap<u16>(load<u16>(sctp, DESTINATION));
}
export function sctpTag(sctp: usize): u32 {
  return bswap<u32>(load<u32>(sctp, TAG));
}
/** As crc32c() gives it: the field is little-endian (RFC 9260 appendix A). */
export function sctpChecksum(sctp: usize): u32 {
  return load<u32>(sctp, CHECKSUM);
}

export function setSctpSource(sctp: usize, port: u32): void {
  store<u16>(sctp, bswap<u16>(<u16>port), SOURCE);
}
export function setSctpDestination(sctp: usize, port: u32): void {
  store<u16>(sctp, bswap<u16>(<u16>port), DESTINATION);
}
export function setSctpChecksum(sctp: usize, checksum: u32): void {
  store<u32>(sctp, checksum, CHECKSUM);
}
/** The checksum over `length` bytes with zeros for the field itself (RFC 9260 6.8). */
export function sctpSum(sctp: usize, length: u32): u32 {
  const before = crc32cZeros(crc32c(sctp, SCTP_HEADER - 4, 0));
  return crc32c(sctp + SCTP_HEADER, length - SCTP_HEADER, before);
}
