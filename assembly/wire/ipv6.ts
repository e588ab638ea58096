// IPv6 (RFC 8200) and its extension headers. `ip` is the address of the fixed header, `extension`
// that of an extension header.
//
//   0                            4                6             7           8        24
//  | version, class, flow label | payload length | next header | hop limit | source | destination |

export const IP6_HEADER: u32 = 40;
export const IP6_FRAGMENT_HEADER: u32 = 8;

const VERSION: usize = 0;
const LENGTH: usize = 4;
const NEXT: usize = 6;
const HOP_LIMIT: usize = 7;
const SOURCE: usize = 8;
const DESTINATION: usize = 24;

export const NEXT_HOP_BY_HOP: u32 = 0;
export const NEXT_ROUTING: u32 = 43;
export const NEXT_FRAGMENT: u32 = 44;
export const NEXT_ESP: u32 = 50;
export const NEXT_AH: u32 = 51;
export const NEXT_NONE: u32 = 59;
export const NEXT_DESTINATION: u32 = 60;
export const NEXT_MOBILITY: u32 = 135;
export const NEXT_HIP: u32 = 139;
export const NEXT_SHIM6: u32 = 140;

// Options (RFC 8200 4.2, RFC 2675 2)
export const IP6_OPTION_PAD1: u32 = 0;
export const IP6_OPTION_JUMBO: u32 = 0xc2;

// Routing types
export const ROUTING_SOURCE: u32 = 0; // RFC 2460, deprecated by RFC 5095
export const ROUTING_HOME: u32 = 2; // RFC 6275
export const ROUTING_SEGMENTS: u32 = 4; // RFC 8754

export function ip6Fits(room: u32): bool {
  return room >= IP6_HEADER;
}

export function ip6Version(ip: usize): u32 {
  return load<u8>(ip, VERSION) >> 4;
}
/** The byte of DSCP and ECN. */
export function ip6Class(ip: usize): u32 {
  return (<u32>bswap<u16>(load<u16>(ip, VERSION)) >> 4) & 0xff;
}
/** Bytes after the fixed header; 0 in a jumbogram. */
export function ip6PayloadLength(ip: usize): u32 {
  return bswap<u16>(load<u16>(ip, LENGTH));
}
export function ip6NextHeader(ip: usize): u32 {
  return load<u8>(ip, NEXT);
}
export function ip6HopLimit(ip: usize): u32 {
  return load<u8>(ip, HOP_LIMIT);
}
/** Address of the source address (16 bytes). */
export function ip6Source(ip: usize): usize {
  return ip + SOURCE;
}
/** Address of the destination address (16 bytes). */
export function ip6Destination(ip: usize): usize {
  return ip + DESTINATION;
}
export function ip6Equal(a: usize, b: usize): bool {
  return load<u64>(a) === load<u64>(b) && load<u64>(a, 8) === load<u64>(b, 8);
}
export function ip6IsUnspecified(address: usize): bool {
  return (load<u64>(address) | load<u64>(address, 8)) === 0;
}

/** True for headers of the form next, length in 8 bytes past the first 8, data. */
export function isIp6Generic(protocol: u32): bool {
  return (
    protocol === NEXT_HOP_BY_HOP ||
    protocol === NEXT_ROUTING ||
    protocol === NEXT_DESTINATION ||
    protocol === NEXT_MOBILITY ||
    protocol === NEXT_HIP ||
    protocol === NEXT_SHIM6
  );
}
/** True for headers another header follows: the generic ones, Fragment and AH. */
export function isIp6Extension(protocol: u32): bool {
  return isIp6Generic(protocol) || protocol === NEXT_FRAGMENT || protocol === NEXT_AH;
}
export function extensionNext(extension: usize): u32 {
  return load<u8>(extension);
}
/** Bytes of the extension header of this protocol. Reads two bytes. */
export function extensionLength(extension: usize, protocol: u32): u32 {
  if (protocol === NEXT_FRAGMENT) return IP6_FRAGMENT_HEADER;
  const units: u32 = load<u8>(extension, 1);
  // AH counts in 4 bytes, less 2 (RFC 4302 2.2)
  return protocol === NEXT_AH ? (units + 2) << 2 : (units + 1) << 3;
}
export function routingType(extension: usize): u32 {
  return load<u8>(extension, 2);
}
export function routingSegmentsLeft(extension: usize): u32 {
  return load<u8>(extension, 3);
}
/** Whether segments left and length agree, as far as the type is one we know. */
export function routingFits(extension: usize): bool {
  const type = routingType(extension);
  const left = routingSegmentsLeft(extension);
  const addresses = <u32>load<u8>(extension, 1) >> 1;
  if (type === ROUTING_SEGMENTS) return left <= addresses;
  if (type !== ROUTING_SOURCE && type !== ROUTING_HOME) return true;
  return (load<u8>(extension, 1) & 1) === 0 && left <= addresses;
}
/** Address of the final destination in a routing header that fits; 0 where it is not whole. */
export function routingFinalDestination(extension: usize): usize {
  const type = routingType(extension);
  const addresses = <u32>load<u8>(extension, 1) >> 1;
  if (addresses === 0) return 0;
  // a segment list runs backwards: its first entry is the last segment (RFC 8754 2)
  if (type === ROUTING_SEGMENTS) return extension + 8;
  if (type !== ROUTING_SOURCE && type !== ROUTING_HOME) return 0;
  return extension + 8 + (addresses - 1) * 16;
}
/** Offset in bytes of this fragment. */
export function fragmentOffset(extension: usize): u32 {
  return bswap<u16>(load<u16>(extension, 2)) & 0xfff8;
}
export function fragmentMore(extension: usize): bool {
  return (load<u8>(extension, 3) & 1) !== 0;
}
/** On a packet that is whole nevertheless (RFC 6946). */
export function fragmentIsAtomic(extension: usize): bool {
  return fragmentOffset(extension) === 0 && !fragmentMore(extension);
}
export function fragmentIdentification(extension: usize): u32 {
  return bswap<u32>(load<u32>(extension, 4));
}

export function setIp6PayloadLength(ip: usize, length: u32): void {
  store<u16>(ip, bswap<u16>(<u16>length), LENGTH);
}
export function setIp6NextHeader(ip: usize, protocol: u32): void {
  store<u8>(ip, <u8>protocol, NEXT);
}
export function setIp6HopLimit(ip: usize, limit: u32): void {
  store<u8>(ip, <u8>limit, HOP_LIMIT);
}
export function copyIp6(to: usize, from: usize): void {
  const high = load<u64>(from);
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, high);
}
/** Writes the header but for the addresses, class and flow label zero. */
export function buildIp6(ip: usize, payloadLength: u32, protocol: u32, hopLimit: u32): void {
  store<u32>(ip, 0x60);
  setIp6PayloadLength(ip, payloadLength);
  setIp6NextHeader(ip, protocol);
  setIp6HopLimit(ip, hopLimit);
}

/** ff00::/8. */
export function ip6IsMulticast(address: usize): bool {
  return load<u8>(address) === 0xff;
}
/** fe80::/10: the first byte is fe, the second's top two bits are 10. */
export function ip6IsLinkLocal(address: usize): bool {
  return (load<u16>(address) & 0xc0ff) === 0x80fe;
}
/** True for an address one host may have: not multicast, :: or ::1 (RFC 4291 2.5). */
export function ip6IsHost(address: usize): bool {
  const unspecifiedOrLoopback = load<u64>(address) === 0 && load<u64>(address, 8) << 8 === 0;
  return !ip6IsMulticast(address) && !(unspecifiedOrLoopback && load<u8>(address, 15) <= 1);
}

/** Sets the byte of DSCP and ECN of a header whose flow label is zero. */
export function setIp6Class(ip: usize, service: u32): void {
  store<u16>(ip, bswap<u16>(<u16>(0x6000 | (service << 4))), VERSION);
}
/** ff02::1:ff00:0/104: nodes that share an address's last 24 bits (RFC 4291 2.7.1). */
export function ip6IsSolicitedNode(address: usize): bool {
  return load<u64>(address) === 0x02ff && (load<u64>(address, 8) & 0xffffffffff) === 0xff01000000;
}
/** Writes ff02::1, the group of all nodes of the link. */
export function setIp6AllNodes(address: usize): void {
  store<u64>(address, 0x02ff);
  store<u64>(address, 0x0100000000000000, 8);
}

/**
 * Address of the first option of a leading hop-by-hop header that demands an ICMPv6 error when it
 * is not known (top bits 10 or 11, RFC 8200 4.2); 0 when there is none. Reads within the header,
 * whose options must have a plausible length each.
 */
export function ip6OptionToReport(ip: usize): usize {
  if (ip6NextHeader(ip) !== NEXT_HOP_BY_HOP) return 0;
  const header = ip + IP6_HEADER;
  const end = header + extensionLength(header, NEXT_HOP_BY_HOP);
  let option = header + 2;
  while (option < end) {
    const type: u32 = load<u8>(option);
    const demand = type === IP6_OPTION_JUMBO ? 0 : type >> 6;
    if (demand >= 2) return option;
    // An earlier one with 01 was the reason of the drop, and wants silence.
    if (demand === 1) return 0;
    option += type === IP6_OPTION_PAD1 ? 1 : <u32>load<u8>(option, 1) + 2;
  }
  return 0;
}
/**
 * False when the packet, present up to `end`, is certainly no ICMPv6 error or redirect, to which no
 * error may answer (RFC 4443 2.4 e). Types below 128 are errors, the unknown ones too.
 */
export function ip6MayBeIcmpError(ip: usize, end: usize): bool {
  let protocol = ip6NextHeader(ip);
  let at = ip + IP6_HEADER;
  while (isIp6Extension(protocol)) {
    if (at + IP6_FRAGMENT_HEADER > end) return true;
    if (protocol === NEXT_FRAGMENT && fragmentOffset(at) !== 0) return true;
    const length = extensionLength(at, protocol);
    protocol = extensionNext(at);
    at += length;
  }
  // 58 is ICMPv6, its type 137 the redirect.
  if (protocol !== 58) return false;
  return at >= end || load<u8>(at) < 128 || load<u8>(at) === 137;
}
/** Whether an extension header before `l4` is a Fragment header, be it of a whole packet. */
export function ip6HasFragmentHeader(ip: usize, l4: usize): bool {
  let protocol = ip6NextHeader(ip);
  let at = ip + IP6_HEADER;
  while (at < l4 && protocol !== NEXT_FRAGMENT) {
    const length = extensionLength(at, protocol);
    protocol = extensionNext(at);
    at += length;
  }
  return at < l4;
}
/** Takes one from a hop limit above one; as one store, for the reason of ip4DecrementTtl(). */
export function ip6DecrementHopLimit(ip: usize): void {
  const header = v128.load(ip);
  v128.store(ip, i8x16.replace_lane(header, 7, i8x16.extract_lane_s(header, 7) - 1));
}
/** Sets the byte of DSCP and ECN, and leaves the flow label as it is. */
export function rewriteIp6Class(ip: usize, service: u32): void {
  const word = bswap<u32>(load<u32>(ip, VERSION));
  store<u32>(ip, bswap<u32>((word & 0xf00fffff) | (service << 20)), VERSION);
}
/** Flow label, 20 bits (RFC 6437). */
export function ip6FlowLabel(ip: usize): u32 {
  return bswap<u32>(load<u32>(ip, VERSION)) & 0xfffff;
}
export function setIp6FlowLabel(ip: usize, label: u32): void {
  const word = bswap<u32>(load<u32>(ip, VERSION));
  store<u32>(ip, bswap<u32>((word & 0xfff00000) | label), VERSION);
}
/** Address of the byte that names the header at `l4`: in the fixed header or in an extension. */
export function ip6NextHeaderAt(ip: usize, l4: usize): usize {
  let place = ip + NEXT;
  let extension = ip + IP6_HEADER;
  while (extension < l4) {
    const length = extensionLength(extension, load<u8>(place));
    place = extension;
    extension += length;
  }
  return place;
}
/** Address of the Fragment header. There must be one, behind extension headers that are whole. */
export function ip6FragmentHeader(ip: usize): usize {
  let protocol = ip6NextHeader(ip);
  let at = ip + IP6_HEADER;
  while (protocol !== NEXT_FRAGMENT) {
    const length = extensionLength(at, protocol);
    protocol = extensionNext(at);
    at += length;
  }
  return at;
}
/**
 * Address behind what every fragment of a packet begins with: hop-by-hop options, destination
 * options of a routing header, and that header (RFC 8200 4.5). Headers up to `l4` are whole.
 */
export function ip6FragmentablePart(ip: usize, l4: usize): usize {
  let protocol = ip6NextHeader(ip);
  let at = ip + IP6_HEADER;
  let routed = false;
  while (at < l4) {
    if (protocol === NEXT_ROUTING) routed = true;
    else if (protocol !== NEXT_HOP_BY_HOP && (protocol !== NEXT_DESTINATION || routed)) return at;
    const length = extensionLength(at, protocol);
    protocol = extensionNext(at);
    at += length;
  }
  return at;
}
/** Writes a Fragment header; the identification is in memory order. */
export function buildFragment(
  extension: usize,
  next: u32,
  offset: u32,
  more: bool,
  identification: u32,
): void {
  store<u16>(extension, <u16>next);
  store<u16>(extension, bswap<u16>(<u16>(offset | (more ? 1 : 0))), 2);
  store<u32>(extension, identification, 4);
}
