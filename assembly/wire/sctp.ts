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

// Chunks (RFC 9260 3.2): `chunk` is the address of a chunk's header.
//
//    0      1       2        4
//   | type | flags | length | value, padded to 4 bytes
export const SCTP_CHUNK_HEADER: u32 = 4;
/** The fixed part of INIT and INIT ACK, behind the chunk's header. */
export const SCTP_INIT_VALUE: u32 = 16;

export const SCTP_CHUNK_DATA: u32 = 0;
export const SCTP_CHUNK_INIT: u32 = 1;
export const SCTP_CHUNK_INIT_ACK: u32 = 2;
export const SCTP_CHUNK_HEARTBEAT: u32 = 4;
export const SCTP_CHUNK_HEARTBEAT_ACK: u32 = 5;
export const SCTP_CHUNK_ABORT: u32 = 6;
export const SCTP_CHUNK_SHUTDOWN: u32 = 7;
export const SCTP_CHUNK_SHUTDOWN_ACK: u32 = 8;
export const SCTP_CHUNK_ERROR: u32 = 9;
export const SCTP_CHUNK_COOKIE_ECHO: u32 = 10;
export const SCTP_CHUNK_COOKIE_ACK: u32 = 11;
export const SCTP_CHUNK_SHUTDOWN_COMPLETE: u32 = 14;

export function chunkType(chunk: usize): u32 {
  return load<u8>(chunk);
}
/** The T bit of ABORT and SHUTDOWN COMPLETE: the tag is the receiver's own (RFC 9260 8.5.1). */
export function chunkTagIsReflected(chunk: usize): bool {
  return (load<u8>(chunk, 1) & 1) !== 0;
}
/** As the field says: header included, padding not. */
export function chunkLength(chunk: usize): u32 {
  return bswap<u16>(load<u16>(chunk, 2));
}
/** Bytes to the next chunk. */
export function chunkStep(chunk: usize): u32 {
  return (chunkLength(chunk) + 3) & ~3;
}
/** The initiate tag of INIT and INIT ACK, host order. */
export function initiateTag(chunk: usize): u32 {
  return bswap<u32>(load<u32>(chunk, 4));
}
