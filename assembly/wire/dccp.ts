// DCCP generic header (RFC 4340 5.1). `dccp` is the address of the header.
//
//    0        2             4             5             6          8
//   | source | destination | data offset | CCVal,CsCov | checksum | reserved,type,X | sequence …

/** With 24-bit sequence numbers; X = 1 makes it 16. */
export const DCCP_HEADER: u32 = 12;
export const DCCP_LONG_HEADER: u32 = 16;

const SOURCE: usize = 0;
const DESTINATION: usize = 2;
const OFFSET: usize = 4;
const COVERAGE: usize = 5;
const CHECKSUM: usize = 6;
const TYPE: usize = 8;

export const DCCP_REQUEST: u32 = 0;
export const DCCP_RESPONSE: u32 = 1;
export const DCCP_DATA: u32 = 2;
export const DCCP_RESET: u32 = 7;

export function dccpFits(room: u32): bool {
  return room >= DCCP_HEADER;
}

export function dccpSource(dccp: usize): u32 {
  return bswap<u16>(load<u16>(dccp, SOURCE));
}
export function dccpDestination(dccp: usize): u32 {
  return bswap<u16>(load<u16>(dccp, DESTINATION));
}
/** Bytes of the header, options included. */
export function dccpHeaderLength(dccp: usize): u32 {
  return (<u32>load<u8>(dccp, OFFSET)) << 2;
}
/** 0 = the checksum covers everything; n = the header and (n - 1) * 4 bytes of data. */
export function dccpCoverage(dccp: usize): u32 {
  return load<u8>(dccp, COVERAGE) & 15;
}
export function dccpType(dccp: usize): u32 {
  return (load<u8>(dccp, TYPE) >> 1) & 15;
}
export function dccpIsLong(dccp: usize): bool {
  return (load<u8>(dccp, TYPE) & 1) !== 0;
}
/**
 * Bytes the fixed part of this packet type takes (RFC 4340 5.1 to 5.6), DCCP_HEADER at least:
 * acknowledgement number, service code, reset code and data.
 */
export function dccpFixedLength(dccp: usize): u32 {
  const type = dccpType(dccp);
  const long = dccpIsLong(dccp);
  const generic = long ? DCCP_LONG_HEADER : DCCP_HEADER;
  if (type === DCCP_DATA) return generic;
  if (type === DCCP_REQUEST) return generic + 4;
  const acknowledgement: u32 = long ? 8 : 4;
  const more: u32 = type === DCCP_RESPONSE || type === DCCP_RESET ? 4 : 0;
  return generic + acknowledgement + more;
}

export function setDccpSource(dccp: usize, port: u32): void {
  store<u16>(dccp, bswap<u16>(<u16>port), SOURCE);
}
export function setDccpDestination(dccp: usize, port: u32): void {
  store<u16>(dccp, bswap<u16>(<u16>port), DESTINATION);
}
export function setDccpChecksum(dccp: usize, checksum: u32): void {
  store<u16>(dccp, <u16>checksum, CHECKSUM);
}
/** Address of the checksum field. */
export function dccpChecksumAt(dccp: usize): usize {
  return dccp + CHECKSUM;
}
