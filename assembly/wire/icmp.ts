// ICMP (RFC 792). `icmp` is the address of the header.
//
//    0      1      2          4                                    8
//   | type | code | checksum | identifier, sequence | or rest     | data or quoted packet

export const ICMP_HEADER: u32 = 8;

const TYPE: usize = 0;
const CODE: usize = 1;
const CHECKSUM: usize = 2;
const IDENTIFIER: usize = 4;
const SEQUENCE: usize = 6;
const REST: usize = 4;

export const ICMP_ECHO_REPLY: u32 = 0;
export const ICMP_UNREACHABLE: u32 = 3;
export const ICMP_SOURCE_QUENCH: u32 = 4;
export const ICMP_REDIRECT: u32 = 5;
export const ICMP_ECHO_REQUEST: u32 = 8;
export const ICMP_TIME_EXCEEDED: u32 = 11;
export const ICMP_PARAMETER_PROBLEM: u32 = 12;

// Codes of ICMP_UNREACHABLE (RFC 792, RFC 1812 5.2.7.1)
export const ICMP_CODE_NETWORK: u32 = 0;
export const ICMP_CODE_HOST: u32 = 1;
export const ICMP_CODE_PROTOCOL: u32 = 2;
export const ICMP_CODE_PORT: u32 = 3;
export const ICMP_CODE_FRAGMENTATION_NEEDED: u32 = 4;
export const ICMP_CODE_NETWORK_PROHIBITED: u32 = 9;
export const ICMP_CODE_HOST_PROHIBITED: u32 = 10;
export const ICMP_CODE_PROHIBITED: u32 = 13;

export function icmpFits(room: u32): bool {
  return room >= ICMP_HEADER;
}
/** True for the messages that quote the packet they are about. */
export function isIcmpError(type: u32): bool {
  return (
    type === ICMP_UNREACHABLE ||
    type === ICMP_SOURCE_QUENCH ||
    type === ICMP_REDIRECT ||
    type === ICMP_TIME_EXCEEDED ||
    type === ICMP_PARAMETER_PROBLEM
  );
}
export function isIcmpEcho(type: u32): bool {
  return type === ICMP_ECHO_REQUEST || type === ICMP_ECHO_REPLY;
}

export function icmpType(icmp: usize): u32 {
  return load<u8>(icmp, TYPE);
}
export function icmpCode(icmp: usize): u32 {
  return load<u8>(icmp, CODE);
}
/** Memory order. */
export function icmpChecksum(icmp: usize): u32 {
  return load<u16>(icmp, CHECKSUM);
}
/** Identifier of an echo, host order. */
export function icmpIdentifier(icmp: usize): u32 {
  return bswap<u16>(load<u16>(icmp, IDENTIFIER));
}
export function icmpSequence(icmp: usize): u32 {
  return bswap<u16>(load<u16>(icmp, SEQUENCE));
}

export function setIcmpType(icmp: usize, type: u32): void {
  store<u8>(icmp, <u8>type, TYPE);
}
export function setIcmpChecksum(icmp: usize, checksum: u32): void {
  store<u16>(icmp, <u16>checksum, CHECKSUM);
}
/** Writes a header with checksum zero; `rest` is host order (the next-hop MTU of RFC 1191). */
export function buildIcmp(icmp: usize, type: u32, code: u32, rest: u32): void {
  store<u32>(icmp, type | (code << 8));
  store<u32>(icmp, bswap<u32>(rest), REST);
}
/** The word after the checksum, host order. */
export function icmpRest(icmp: usize): u32 {
  return bswap<u32>(load<u32>(icmp, REST));
}
export function setIcmpCode(icmp: usize, code: u32): void {
  store<u8>(icmp, <u8>code, CODE);
}
/** Address of the checksum field. */
export function icmpChecksumAt(icmp: usize): usize {
  return icmp + CHECKSUM;
}
// Queries besides the echo (RFC 792, RFC 950), and the last type that has a meaning by then.
export const ICMP_TIMESTAMP_REQUEST: u32 = 13;
export const ICMP_TIMESTAMP_REPLY: u32 = 14;
export const ICMP_INFORMATION_REQUEST: u32 = 15;
export const ICMP_INFORMATION_REPLY: u32 = 16;
export const ICMP_MASK_REQUEST: u32 = 17;
export const ICMP_MASK_REPLY: u32 = 18;
