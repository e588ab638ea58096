// UDP (RFC 768) and UDP-Lite (RFC 3828), which differ in the third field. `udp` is the header.
//
//    0        2             4                       6
//   | source | destination | length or coverage    | checksum | data

export const UDP_HEADER: u32 = 8;

const SOURCE: usize = 0;
const DESTINATION: usize = 2;
const LENGTH: usize = 4;
const CHECKSUM: usize = 6;

// Destination ports of tunnels
export const PORT_GTP_U: u32 = 2152;
export const PORT_TEREDO: u32 = 3544;
export const PORT_VXLAN: u32 = 4789;
export const PORT_GENEVE: u32 = 6081;
export const PORT_MPLS_UDP: u32 = 6635;
/** VXLAN before it had a number of its own; the Linux default still. */
export const PORT_OLD_VXLAN: u32 = 8472;

export function udpFits(room: u32): bool {
  return room >= UDP_HEADER;
}

export function udpSource(udp: usize): u32 {
  return bswap<u16>(load<u16>(udp, SOURCE));
}
export function udpDestination(udp: usize): u32 {
  return bswap<u16>(load<u16>(udp, DESTINATION));
}
/** Bytes of header and data; in UDP-Lite those the checksum covers, 0 = all. */
export function udpLength(udp: usize): u32 {
  return bswap<u16>(load<u16>(udp, LENGTH));
}
/** Memory order; 0 = none. */
export function udpChecksum(udp: usize): u32 {
  return load<u16>(udp, CHECKSUM);
}

export function setUdpSource(udp: usize, port: u32): void {
  store<u16>(udp, bswap<u16>(<u16>port), SOURCE);
}
export function setUdpDestination(udp: usize, port: u32): void {
  store<u16>(udp, bswap<u16>(<u16>port), DESTINATION);
}
export function setUdpLength(udp: usize, length: u32): void {
  store<u16>(udp, bswap<u16>(<u16>length), LENGTH);
}
export function setUdpChecksum(udp: usize, checksum: u32): void {
  store<u16>(udp, <u16>checksum, CHECKSUM);
}
/** Writes a header whose checksum is zero. */
export function buildUdp(udp: usize, source: u32, destination: u32, length: u32): void {
  setUdpSource(udp, source);
  setUdpDestination(udp, destination);
  setUdpLength(udp, length);
  setUdpChecksum(udp, 0);
}
/**
 * Bytes of the datagram in `room` bytes of an IP packet: what the length field says, or all of them
 * where it says zero (jumbograms, RFC 2675 4); 0 = it says what cannot be.
 */
export function udpExtent(udp: usize, room: u32): u32 {
  if (!udpFits(room)) return 0;
  const length = udpLength(udp);
  if (length === 0) return room;
  return length >= UDP_HEADER && length <= room ? length : 0;
}
/** Address of the checksum field. */
export function udpChecksumAt(udp: usize): usize {
  return udp + CHECKSUM;
}
