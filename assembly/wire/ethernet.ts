// Ethernet II (RFC 894) and the 802.3 length form. `frame` is the address of the header.
//
//    0             6        12         14
//   | destination | source | type      | payload
//                           or length

export const ETHERNET_HEADER: u32 = 14;

const DESTINATION: usize = 0;
const SOURCE: usize = 6;
const TYPE: usize = 12;

/** Values of the type field from here on are EtherTypes; up to 1500 they are 802.3 lengths. */
export const ETHERTYPE_FIRST: u32 = 1536;
export const ETHERTYPE_IP4: u32 = 0x0800;
export const ETHERTYPE_ARP: u32 = 0x0806;
export const ETHERTYPE_TEB: u32 = 0x6558;
export const ETHERTYPE_VLAN: u32 = 0x8100;
export const ETHERTYPE_IP6: u32 = 0x86dd;
export const ETHERTYPE_MPLS: u32 = 0x8847;
export const ETHERTYPE_MPLS_MULTICAST: u32 = 0x8848;
export const ETHERTYPE_PPPOE_SESSION: u32 = 0x8864;
export const ETHERTYPE_PROVIDER_VLAN: u32 = 0x88a8;
/** The tag of 802.1ad's forerunners, still met in captures. */
export const ETHERTYPE_OLD_PROVIDER_VLAN: u32 = 0x9100;

const MAC_MASK: u64 = 0xffffffffffff;

/** True when `room` bytes hold a header. */
export function ethernetFits(room: u32): bool {
  return room >= ETHERNET_HEADER;
}

/** The type or length field, host order. */
export function ethernetType(frame: usize): u32 {
  return bswap<u16>(load<u16>(frame, TYPE));
}
/** Address of the destination MAC. */
export function ethernetDestination(frame: usize): usize {
  return frame + DESTINATION;
}
/** Address of the source MAC. */
export function ethernetSource(frame: usize): usize {
  return frame + SOURCE;
}
/** A MAC as 48 bits in memory order, to compare and hash. Reads six bytes. */
export function macAt(mac: usize): u64 {
  return <u64>load<u32>(mac) | ((<u64>load<u16>(mac, 4)) << 32);
}
/** The I/G bit: multicast or broadcast (IEEE 802 8.2). */
export function macIsGroup(mac: usize): bool {
  return (load<u8>(mac) & 1) !== 0;
}
export function macIsBroadcast(mac: usize): bool {
  return macAt(mac) === MAC_MASK;
}

export function setEthernetType(frame: usize, type: u32): void {
  store<u16>(frame, bswap<u16>(<u16>type), TYPE);
}
export function copyMac(to: usize, from: usize): void {
  store<u32>(to, load<u32>(from));
  store<u16>(to, load<u16>(from, 4), 4);
}
/** Sets destination and source from twelve bytes that lie in that order. */
export function setEthernetMacs(frame: usize, macs: usize): void {
  store<u64>(frame, load<u64>(macs));
  store<u32>(frame, load<u32>(macs, 8), 8);
}
/** Turns the frame round: the sender becomes the receiver. */
export function swapEthernetMacs(frame: usize): void {
  const destination = macAt(frame + DESTINATION);
  copyMac(frame + DESTINATION, frame + SOURCE);
  store<u32>(frame, <u32>destination, SOURCE);
  store<u16>(frame, <u16>(destination >> 32), SOURCE + 4);
}
/** Writes a whole header; the MACs are addresses of six bytes outside of it. */
export function buildEthernet(frame: usize, destination: usize, source: usize, type: u32): void {
  copyMac(frame + DESTINATION, destination);
  copyMac(frame + SOURCE, source);
  setEthernetType(frame, type);
}
/** Writes the group MAC of an IPv6 multicast address: 33:33, its last four bytes (RFC 2464 7). */
export function setIp6MulticastMac(mac: usize, address: usize): void {
  store<u16>(mac, 0x3333);
  store<u32>(mac, load<u32>(address, 12), 2);
}
