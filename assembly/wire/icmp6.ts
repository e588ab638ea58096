// ICMPv6 (RFC 4443) and neighbor discovery (RFC 4861 4). `icmp` is the address of the header.
//
//    0      1      2          4                        8
//   | type | code | checksum | MTU, pointer, flags … | target address (ND) or quoted packet
//
// ND options follow the target address:   | type | length in 8 bytes | data |

export const ICMP6_HEADER: u32 = 8;
/** Neighbor solicitation and advertisement without options. */
export const ND_HEADER: u32 = 24;
/** A link-layer address option for Ethernet. */
export const ND_MAC_OPTION: u32 = 8;

const TYPE: usize = 0;
const CODE: usize = 1;
const CHECKSUM: usize = 2;
const REST: usize = 4;
const TARGET: usize = 8;

export const ICMP6_UNREACHABLE: u32 = 1;
export const ICMP6_PACKET_TOO_BIG: u32 = 2;
export const ICMP6_TIME_EXCEEDED: u32 = 3;
export const ICMP6_PARAMETER_PROBLEM: u32 = 4;
export const ICMP6_ECHO_REQUEST: u32 = 128;
export const ICMP6_ECHO_REPLY: u32 = 129;
export const ICMP6_ROUTER_SOLICITATION: u32 = 133;
export const ICMP6_ROUTER_ADVERTISEMENT: u32 = 134;
export const ICMP6_NEIGHBOR_SOLICITATION: u32 = 135;
export const ICMP6_NEIGHBOR_ADVERTISEMENT: u32 = 136;
export const ICMP6_REDIRECT: u32 = 137;

// Codes of ICMP6_UNREACHABLE (RFC 4443 3.1)
export const ICMP6_CODE_NO_ROUTE: u32 = 0;
export const ICMP6_CODE_PROHIBITED: u32 = 1;
export const ICMP6_CODE_SCOPE: u32 = 2;
export const ICMP6_CODE_ADDRESS: u32 = 3;
export const ICMP6_CODE_PORT: u32 = 4;
/** The source address failed the policy; the route says "reject". */
export const ICMP6_CODE_POLICY: u32 = 5;
export const ICMP6_CODE_REJECT: u32 = 6;
/** Code of ICMP6_PARAMETER_PROBLEM (RFC 4443 3.4). */
export const ICMP6_CODE_UNKNOWN_OPTION: u32 = 2;

export const ND_ROUTER: u32 = 0x80000000;
export const ND_SOLICITED: u32 = 0x40000000;
export const ND_OVERRIDE: u32 = 0x20000000;
export const ND_OPTION_SOURCE_MAC: u32 = 1;
export const ND_OPTION_TARGET_MAC: u32 = 2;

export function icmp6Fits(room: u32): bool {
  return room >= ICMP6_HEADER;
}
/** Types below 128 are errors (RFC 4443 2.1); these are the ones that quote a packet. */
export function isIcmp6Error(type: u32): bool {
  return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER_PROBLEM;
}
export function isIcmp6Echo(type: u32): bool {
  return type === ICMP6_ECHO_REQUEST || type === ICMP6_ECHO_REPLY;
}

export function icmp6Type(icmp: usize): u32 {
  return load<u8>(icmp, TYPE);
}
export function icmp6Code(icmp: usize): u32 {
  return load<u8>(icmp, CODE);
}
/** Memory order. */
export function icmp6Checksum(icmp: usize): u32 {
  return load<u16>(icmp, CHECKSUM);
}
/** The word after the checksum, host order: MTU, pointer, ND flags. */
export function icmp6Rest(icmp: usize): u32 {
  return bswap<u32>(load<u32>(icmp, REST));
}
/** Identifier of an echo, host order. */
export function icmp6Identifier(icmp: usize): u32 {
  return bswap<u16>(load<u16>(icmp, REST));
}
/** Address of the target address of neighbor discovery (16 bytes); needs ND_HEADER bytes. */
export function ndTarget(icmp: usize): usize {
  return icmp + TARGET;
}
/**
 * Address of the MAC in the first whole option of this kind among the `length` bytes of the
 * message; 0 when there is none or an option's length is zero or too long (RFC 4861 4.6).
 */
export function ndMac(icmp: usize, length: u32, kind: u32): usize {
  let at: u32 = ND_HEADER;
  while (at + ND_MAC_OPTION <= length) {
    const size = (<u32>load<u8>(icmp + at, 1)) << 3;
    if (size === 0 || size > length - at) return 0;
    if (load<u8>(icmp + at) === kind) return icmp + at + 2;
    at += size;
  }
  return 0;
}

export function setIcmp6Type(icmp: usize, type: u32): void {
  store<u8>(icmp, <u8>type, TYPE);
}
export function setIcmp6Checksum(icmp: usize, checksum: u32): void {
  store<u16>(icmp, <u16>checksum, CHECKSUM);
}
/** Writes a header with checksum zero; `rest` is host order. */
export function buildIcmp6(icmp: usize, type: u32, code: u32, rest: u32): void {
  store<u32>(icmp, type | (code << 8));
  store<u32>(icmp, bswap<u32>(rest), REST);
}
/** Writes a link-layer address option; the MAC is six bytes elsewhere. */
export function buildNdMac(option: usize, kind: u32, mac: usize): void {
  store<u16>(option, <u16>(kind | (1 << 8)));
  store<u32>(option, load<u32>(mac), 2);
  store<u16>(option, load<u16>(mac, 4), 6);
}

/** Every other hop limit says that the message has crossed a router (RFC 4861 3.1). */
export const ND_HOP_LIMIT: u32 = 255;

/** Bytes before the options of a neighbor discovery message; 0 for a type that is none. */
export function ndHeaderLength(type: u32): u32 {
  switch (type) {
    case ICMP6_ROUTER_SOLICITATION:
      return 8;
    case ICMP6_ROUTER_ADVERTISEMENT:
      return 16;
    case ICMP6_NEIGHBOR_SOLICITATION:
    case ICMP6_NEIGHBOR_ADVERTISEMENT:
      return ND_HEADER;
    case ICMP6_REDIRECT:
      return 40;
    default:
      return 0;
  }
}
/** True when each option from offset `at` on has a length and the last ends with the message. */
export function ndOptionsFit(icmp: usize, at: u32, length: u32): bool {
  while (at + 2 <= length) {
    const size = (<u32>load<u8>(icmp + at, 1)) << 3;
    if (size === 0 || size > length - at) return false;
    at += size;
  }
  return at === length;
}
export function setIcmp6Code(icmp: usize, code: u32): void {
  store<u8>(icmp, <u8>code, CODE);
}
/** Address of the checksum field. */
export function icmp6ChecksumAt(icmp: usize): usize {
  return icmp + CHECKSUM;
}
// Multicast listener discovery (RFC 2710, RFC 3810) and node information (RFC 4620)
export const ICMP6_LISTENER_QUERY: u32 = 130;
export const ICMP6_LISTENER_DONE: u32 = 132;
export const ICMP6_NODE_QUERY: u32 = 139;
export const ICMP6_NODE_REPLY: u32 = 140;
export const ICMP6_LISTENER_REPORT_2: u32 = 143;
