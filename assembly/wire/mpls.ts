// One entry of an MPLS label stack (RFC 3032 2.1). `entry` is its address.
//
//    20 bits   3 bits          1 bit             8 bits
//   | label   | traffic class | bottom of stack | TTL |

export const MPLS_ENTRY: u32 = 4;

/** Explicit null of IPv4 and IPv6: says nothing but "pop me" (RFC 3032 2.1, RFC 4182). */
export const MPLS_NULL4: u32 = 0;
export const MPLS_NULL6: u32 = 2;

export function mplsFits(room: u32): bool {
  return room >= MPLS_ENTRY;
}

export function mplsLabel(entry: usize): u32 {
  return bswap<u32>(load<u32>(entry)) >> 12;
}
export function mplsClass(entry: usize): u32 {
  return (<u32>load<u8>(entry, 2) >> 1) & 7;
}
export function mplsIsBottom(entry: usize): bool {
  return (load<u8>(entry, 2) & 1) !== 0;
}
export function mplsTtl(entry: usize): u32 {
  return load<u8>(entry, 3);
}

export function buildMpls(
  entry: usize,
  label: u32,
  trafficClass: u32,
  bottom: bool,
  ttl: u32,
): void {
  store<u32>(entry, bswap<u32>((label << 12) | (trafficClass << 9) | ((<u32>bottom) << 8) | ttl));
}
/** The whole entry, host order, and where its parts begin. */
export function mplsEntry(entry: usize): u32 {
  return bswap<u32>(load<u32>(entry));
}
export function setMplsEntry(entry: usize, word: u32): void {
  store<u32>(entry, bswap<u32>(word));
}
export const MPLS_LABEL_SHIFT: u32 = 12;
export const MPLS_CLASS_SHIFT: u32 = 9;
export const MPLS_BOTTOM_SHIFT: u32 = 8;

export function setMplsTtl(entry: usize, ttl: u32): void {
  store<u8>(entry, <u8>ttl, 3);
}
/** The label is an explicit null. */
export function mplsIsNull(label: u32): bool {
  return label === MPLS_NULL4 || label === MPLS_NULL6;
}
