// The IP header within what a tunnel carries: in an Ethernet frame, perhaps behind VLAN tags, or
// alone.

import { MAX_VLAN_TAGS } from "../layout";
import {
  ETHERNET_HEADER,
  ETHERTYPE_IP4,
  ETHERTYPE_IP6,
  ETHERTYPE_TEB,
  ethernetFits,
  ethernetType,
} from "../wire/ethernet";
import {
  IP4_DONT_FRAGMENT,
  ip4Fits,
  ip4Fragment,
  ip4Service,
  ip4Ttl,
  ip4Version,
  rewriteIp4Ttl,
} from "../wire/ipv4";
import { ip6Class, ip6Fits, ip6HopLimit, ip6Version, setIp6HopLimit } from "../wire/ipv6";
import { isVlanType, VLAN_TAG, vlanFits, vlanType } from "../wire/vlan";

/** EtherType of an IP packet from its first byte; 0 = it is none. */
export function etherTypeAt(at: usize, end: usize): u32 {
  if (at >= end) return 0;
  const version = ip4Version(at);
  if (version === 4) return ETHERTYPE_IP4;
  return version === 6 ? ETHERTYPE_IP6 : 0;
}

/**
 * Address of the IP header in what lies from `at` to `end`, of this EtherType (0x6558 = a frame):
 * its fixed part is whole and of the version its EtherType says; 0 = there is none.
 */
export function innerIp(etherType: u32, at: usize, end: usize): usize {
  if (etherType === ETHERTYPE_TEB) {
    if (at > end || !ethernetFits(<u32>(end - at))) return 0;
    etherType = ethernetType(at);
    at += ETHERNET_HEADER;
    for (let tags = 0; tags < MAX_VLAN_TAGS && isVlanType(etherType); tags++) {
      if (!vlanFits(<u32>(end - at))) return 0;
      etherType = vlanType(at);
      at += VLAN_TAG;
    }
  }
  return isIpAt(etherType, at, end) ? at : 0;
}

function isIpAt(etherType: u32, at: usize, end: usize): bool {
  if (at > end) return false;
  const room = <u32>(end - at);
  if (etherType === ETHERTYPE_IP4) return ip4Fits(room) && ip4Version(at) === 4;
  return etherType === ETHERTYPE_IP6 && ip6Fits(room) && ip6Version(at) === 6;
}

/** DSCP and ECN of the IP header in it; 0 where there is none. */
export function innerService(etherType: u32, at: usize, end: usize): u32 {
  const ip = innerIp(etherType, at, end);
  if (ip === 0) return 0;
  return ip4Version(ip) === 4 ? ip4Service(ip) : ip6Class(ip);
}

/** TTL or hop limit of the IP header in it; 0 where there is none. */
export function innerTtl(etherType: u32, at: usize, end: usize): u32 {
  const ip = innerIp(etherType, at, end);
  if (ip === 0) return 0;
  return ip4Version(ip) === 4 ? ip4Ttl(ip) : ip6HopLimit(ip);
}
/** Sets it in an IP header, with the checksum (RFC 1624). */
export function setInnerTtl(ip: usize, ttl: u32): void {
  if (ip4Version(ip) === 4) rewriteIp4Ttl(ip, ttl);
  else setIp6HopLimit(ip, ttl);
}

/** The packet in it must not be fragmented: it says so, or is of IPv6, which routers never cut. */
export function innerKeepsWhole(etherType: u32, at: usize, end: usize): bool {
  const ip = innerIp(etherType, at, end);
  if (ip === 0) return false;
  return ip4Version(ip) === 6 || (ip4Fragment(ip) & IP4_DONT_FRAGMENT) !== 0;
}
