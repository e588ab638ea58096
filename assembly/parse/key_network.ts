// Blocks 0 and 1 of the key, of any packet: IPv4, ARP, the transport header, service and TTL.
//
// What stands behind MPLS labels or a PPPoE header, which parse looks through, is not the packet's
// network layer to flows: OpenFlow sees it when the headers before it are popped.

import {
  KEY_FRAGMENT_ANY,
  KEY_FRAGMENT_LATER,
  PACKET_ARP,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
} from "../layout";
import { etherTypeOf, flagsOf, l3Of, l4Of, protocolOf } from "../packet";
import { arpOperation, arpSenderIp, arpTargetIp } from "../wire/arp";
import { ETHERTYPE_ARP, ETHERTYPE_FIRST, ETHERTYPE_IP4, ETHERTYPE_IP6 } from "../wire/ethernet";
import { icmpCode, icmpType } from "../wire/icmp";
import {
  ip4Destination,
  ip4Service,
  ip4Source,
  ip4Ttl,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "../wire/ipv4";
import { ip6Class, ip6HopLimit } from "../wire/ipv6";

/** What a frame without an EtherType (802.3) has instead, as Open vSwitch says it. */
const NO_ETHER_TYPE: u32 = 0x05ff;

/** PACKET_IP4, PACKET_IP6 or PACKET_ARP, where that is what the EtherType names; else 0. */
export function networkOf(record: usize): u32 {
  switch (etherTypeOf(record)) {
    case ETHERTYPE_IP4:
      return flagsOf(record) & PACKET_IP4;
    case ETHERTYPE_IP6:
      return flagsOf(record) & PACKET_IP6;
    case ETHERTYPE_ARP:
      return flagsOf(record) & PACKET_ARP;
    default:
      return 0;
  }
}

/** Block 0: IPv4 or ARP addresses, ports, EtherType, protocol, fragment. */
export function firstBlock(record: usize): v128 {
  const network = networkOf(record);
  const header = l3Of(record);
  const type = etherTypeOf(record);
  const shown = type < ETHERTYPE_FIRST ? NO_ETHER_TYPE : type;
  let source: u32 = 0;
  let destination: u32 = 0;
  let ports: u32 = 0;
  let rest = <u32>bswap<u16>(<u16>shown);
  if (network === PACKET_ARP) {
    source = arpSenderIp(header);
    destination = arpTargetIp(header);
    ports = bswap<u16>(<u16>arpOperation(header));
  } else if (network !== 0) {
    if (network === PACKET_IP4) {
      source = ip4Source(header);
      destination = ip4Destination(header);
    }
    ports = transportWord(record);
    rest |= (protocolOf(record) << 16) | (fragmentBits(record) << 24);
  }
  const low = i32x4.replace_lane(i32x4.splat(source), 1, destination);
  return i32x4.replace_lane(i32x4.replace_lane(low, 2, ports), 3, rest);
}

/** The third word of block 1: TCP flags, service, TTL. */
export function headerWord(record: usize): u32 {
  const network = networkOf(record);
  if (network !== PACKET_IP4 && network !== PACKET_IP6) return 0;
  const ip = l3Of(record);
  const is4 = network === PACKET_IP4;
  const service = is4 ? ip4Service(ip) : ip6Class(ip);
  const ttl = is4 ? ip4Ttl(ip) : ip6HopLimit(ip);
  const whole = (flagsOf(record) & PACKET_L4) !== 0;
  const flags = whole ? tcpFlagsOf(l4Of(record), protocolOf(record)) : 0;
  return flags | (service << 16) | (ttl << 24);
}

/** The twelve bits behind the data offset, in memory order; 0 where the protocol is not TCP. */
export function tcpFlagsOf(l4: usize, protocol: u32): u32 {
  // no branch: of other protocols the first two bytes are read, and masked
  const tcp = protocol === PROTOCOL_TCP;
  const word = <u32>load<u16>(select<usize>(l4 + 12, l4, tcp));
  return word & select<u32>(0xff0f, 0, tcp);
}

/** Both ports in memory order; of ICMP, type and code in the low bytes of where they would be. */
function transportWord(record: usize): u32 {
  if ((flagsOf(record) & PACKET_L4) === 0) return 0;
  const l4 = l4Of(record);
  switch (protocolOf(record)) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_SCTP:
      return load<u32>(l4);
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMP6:
      return (icmpType(l4) << 8) | (icmpCode(l4) << 24);
    default:
      return 0;
  }
}

function fragmentBits(record: usize): u32 {
  const flags = flagsOf(record);
  const any: u32 = (flags & PACKET_FRAGMENT) !== 0 ? KEY_FRAGMENT_ANY : 0;
  const later: u32 = (flags & PACKET_LATER_FRAGMENT) !== 0 ? KEY_FRAGMENT_LATER : 0;
  return any | later;
}
