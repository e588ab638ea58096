// What the key has of IPv6: addresses (blocks 3 and 4) and neighbor discovery (block 9), whose
// link-layer options share block 10 with ARP's addresses.

import {
  KEY_ARP_SHA,
  KEY_BLOCK,
  KEY_IP6_DST,
  KEY_IP6_SRC,
  KEY_ND_TARGET,
  PACKET_ARP,
  PACKET_IP6,
  PACKET_L4,
} from "../layout";
import { flagsOf, l3Of, l4Of, protocolOf } from "../packet";
import { arpSenderMac, arpTargetMac } from "../wire/arp";
import { macAt } from "../wire/ethernet";
import {
  ICMP6_NEIGHBOR_ADVERTISEMENT,
  ICMP6_NEIGHBOR_SOLICITATION,
  icmp6Code,
  icmp6Type,
  ND_HEADER,
  ND_OPTION_SOURCE_MAC,
  ND_OPTION_TARGET_MAC,
  ndMac,
  ndTarget,
} from "../wire/icmp6";
import { PROTOCOL_ICMP6 } from "../wire/ipv4";
import { ip6Destination, ip6Source } from "../wire/ipv6";
import { roomOf } from "./fields";
import { backboneTag } from "./key_link";
import { networkOf } from "./key_network";

/** Blocks 3 and 4: the addresses. */
export function extractAddresses6(record: usize, key: usize, blocks: u32): void {
  const ip6 = networkOf(record) === PACKET_IP6;
  const ip = l3Of(record);
  const zero = i64x2.splat(0);
  if ((blocks & (1 << (KEY_IP6_SRC / KEY_BLOCK))) !== 0) {
    v128.store(key, ip6 ? v128.load(ip6Source(ip)) : zero, KEY_IP6_SRC);
  }
  if ((blocks & (1 << (KEY_IP6_DST / KEY_BLOCK))) !== 0) {
    v128.store(key, ip6 ? v128.load(ip6Destination(ip)) : zero, KEY_IP6_DST);
  }
}

/**
 * Blocks 9 and 10: the target of neighbor discovery, the MACs in it or in ARP, the I-TAG.
 * A solicitation tells its sender's MAC, an advertisement its target's (RFC 4861 4.3, 4.4).
 */
export function extractDiscovery(record: usize, key: usize, blocks: u32): void {
  const icmp = discoveryOf(record);
  if ((blocks & (1 << (KEY_ND_TARGET / KEY_BLOCK))) !== 0) {
    const target = icmp !== 0 ? v128.load(ndTarget(icmp)) : i64x2.splat(0);
    v128.store(key, target, KEY_ND_TARGET);
  }
  if ((blocks & (1 << (KEY_ARP_SHA / KEY_BLOCK))) === 0) return;
  let sender: u64 = 0;
  let target: u64 = 0;
  if (networkOf(record) === PACKET_ARP) {
    sender = macAt(arpSenderMac(l3Of(record)));
    target = macAt(arpTargetMac(l3Of(record)));
  } else if (icmp !== 0) {
    const solicitation = icmp6Type(icmp) === ICMP6_NEIGHBOR_SOLICITATION;
    const kind = solicitation ? ND_OPTION_SOURCE_MAC : ND_OPTION_TARGET_MAC;
    const option = ndMac(icmp, roomOf(record), kind);
    const mac: u64 = option !== 0 ? macAt(option) : 0;
    if (solicitation) sender = mac;
    else target = mac;
  }
  const last = (target >> 16) | ((<u64>backboneTag(record)) << 32);
  const first = i64x2.splat(sender | (target << 48));
  v128.store(key, i64x2.replace_lane(first, 1, last), KEY_ARP_SHA);
}

/** Address of a neighbor solicitation or advertisement; 0 where there is none (whole, code 0). */
function discoveryOf(record: usize): usize {
  if (networkOf(record) !== PACKET_IP6 || (flagsOf(record) & PACKET_L4) === 0) return 0;
  if (protocolOf(record) !== PROTOCOL_ICMP6 || roomOf(record) < ND_HEADER) return 0;
  const icmp = l4Of(record);
  const type = icmp6Type(icmp);
  if (type !== ICMP6_NEIGHBOR_SOLICITATION && type !== ICMP6_NEIGHBOR_ADVERTISEMENT) return 0;
  return icmp6Code(icmp) === 0 ? icmp : 0;
}
