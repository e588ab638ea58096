// ARP for Ethernet and IPv4 (RFC 826). `arp` is the address of the header.
//
//    0          2          4      5      6           8            14           18           24
//   | hardware | protocol | hlen | plen | operation | sender MAC | sender IP4 | target MAC | IP4 |

export const ARP_HEADER: u32 = 28;
export const ARP_REQUEST: u32 = 1;
export const ARP_REPLY: u32 = 2;

const HARDWARE: usize = 0;
const PROTOCOL: usize = 2;
const OPERATION: usize = 6;
const SENDER_MAC: usize = 8;
const SENDER_IP: usize = 14;
const TARGET_MAC: usize = 18;
const TARGET_IP: usize = 24;

/** Hardware 1, protocol 0x0800, lengths 6 and 4, as the first six bytes read little-endian. */
const ETHERNET_AND_IP4: u32 = 0x00080100;
const LENGTHS: u16 = 0x0406;

export function arpFits(room: u32): bool {
  return room >= ARP_HEADER;
}

/** True when the header is about Ethernet and IPv4 addresses. */
export function arpIsEthernetIp4(arp: usize): bool {
  return load<u32>(arp, HARDWARE) === ETHERNET_AND_IP4 && load<u16>(arp, 4) === LENGTHS;
}
export function arpOperation(arp: usize): u32 {
  return bswap<u16>(load<u16>(arp, OPERATION));
}
/** Address of the sender's MAC. */
export function arpSenderMac(arp: usize): usize {
  return arp + SENDER_MAC;
}
/** IPv4 address in memory (network) order. */
export function arpSenderIp(arp: usize): u32 {
  return load<u32>(arp, SENDER_IP);
}
/** Address of the target's MAC. */
export function arpTargetMac(arp: usize): usize {
  return arp + TARGET_MAC;
}
/** IPv4 address in memory (network) order. */
export function arpTargetIp(arp: usize): u32 {
  return load<u32>(arp, TARGET_IP);
}

export function setArpOperation(arp: usize, operation: u32): void {
  store<u16>(arp, bswap<u16>(<u16>operation), OPERATION);
}
export function setArpSenderIp(arp: usize, ip: u32): void {
  store<u32>(arp, ip, SENDER_IP);
}
export function setArpTargetIp(arp: usize, ip: u32): void {
  store<u32>(arp, ip, TARGET_IP);
}
/** Writes the fixed part; the caller fills both MACs (arpSenderMac, arpTargetMac). */
export function buildArp(arp: usize, operation: u32, senderIp: u32, targetIp: u32): void {
  store<u32>(arp, ETHERNET_AND_IP4, HARDWARE);
  store<u16>(arp, LENGTHS, PROTOCOL + 2);
  setArpOperation(arp, operation);
  setArpSenderIp(arp, senderIp);
  setArpTargetIp(arp, targetIp);
}
/** Address of the sender's IPv4 address. */
export function arpSenderIpAt(arp: usize): usize {
  return arp + SENDER_IP;
}
/** Address of the target's IPv4 address. */
export function arpTargetIpAt(arp: usize): usize {
  return arp + TARGET_IP;
}
/** Address of the operation. */
export function arpOperationAt(arp: usize): usize {
  return arp + OPERATION;
}
