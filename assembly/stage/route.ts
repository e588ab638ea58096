// Route look-up: where the destination leads, in the packet's VRF.

import {
  DROP_BLACKHOLE,
  DROP_L2_BROADCAST,
  DROP_LINK_LOCAL_SCOPE,
  DROP_MARTIAN_DESTINATION,
  DROP_MARTIAN_SOURCE,
  DROP_MULTICAST_NOT_ROUTED,
  DROP_NO_ROUTE,
  DROP_PROHIBITED,
  DROP_UNREACHABLE,
} from "../drops";
import {
  FORWARDING_HERE,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_GROUP,
  ROUTE_BLACKHOLE,
  ROUTE_BROADCAST,
  ROUTE_LOCAL,
  ROUTE_NONE,
  ROUTE_ON_LINK,
  ROUTE_PROHIBIT,
  ROUTE_UNICAST,
  ROUTE_UNREACHABLE,
  VERDICT_CONTINUE,
} from "../layout";
import { drop, flagsOf, hashOf, l3Of, routeOf, setRoute, vrfOf } from "../packet";
import { chooseMember, forwardingOf, forwardingType, route4, route6 } from "../table/forwarding";
import { ip4Destination, ip4IsLinkLocal, ip4Source } from "../wire/ipv4";
import { ip6Destination, ip6IsLinkLocal, ip6Source } from "../wire/ipv6";

/**
 * Sets the record's route, or takes the one that looking ahead has found. Goes on for packets to
 * forward and for packets to this router (isForHere); everything else ends here, with the reason
 * the route gives.
 */
export function route(record: usize): i32 {
  return (flagsOf(record) & PACKET_IP4) !== 0 ? routeIp4(record) : routeIp6(record);
}

/** Whether the route found says that the packet is for this router itself. */
export function isForHere(record: usize): bool {
  const type = forwardingType(forwardingOf(routeOf(record)));
  return type === ROUTE_LOCAL || type === ROUTE_BROADCAST;
}

function routeIp4(record: usize): i32 {
  const header = l3Of(record);
  const destination = ip4Destination(header);
  // First octets are the low bytes: addresses stay in network order.
  const sourceNet = ip4Source(header) & 0xff;
  const destinationNet = destination & 0xff;
  if (
    sourceNet - 1 >= 223 ||
    sourceNet === 127 ||
    destinationNet - 1 >= 223 ||
    destinationNet === 127
  ) {
    const verdict = special4(record, sourceNet, ip4Source(header), destination);
    if (verdict !== VERDICT_CONTINUE || routeOf(record) !== 0) return verdict;
  }
  const ahead = routeOf(record);
  return follow(record, ahead !== 0 ? ahead : route4(vrfOf(record), destination));
}

/**
 * Addresses outside unicast space (RFC 1812 5.3.7, RFC 6890): 0/8, 127/8, multicast, class E.
 * Goes on with a route set for what this router hears itself.
 */
function special4(record: usize, sourceNet: u32, source: u32, destination: u32): i32 {
  setRoute(record, 0);
  const destinationNet = destination & 0xff;
  // 0.0.0.0 is a host that has no address yet (RFC 1122 3.2.1.3): it may speak to the link only.
  const unspecified = source === 0 && (destination === 0xffffffff || destinationNet - 224 < 16);
  if (!unspecified && (sourceNet - 1 >= 223 || sourceNet === 127)) return drop(DROP_MARTIAN_SOURCE);
  if (destination === 0xffffffff || (destination & 0x00ffffff) === 0x000000e0) {
    setRoute(record, FORWARDING_HERE);
    return VERDICT_CONTINUE;
  }
  if (destinationNet - 224 < 16) return drop(DROP_MULTICAST_NOT_ROUTED);
  if (destinationNet - 1 >= 223 || destinationNet === 127) return drop(DROP_MARTIAN_DESTINATION);
  return VERDICT_CONTINUE;
}

function routeIp6(record: usize): i32 {
  const header = l3Of(record);
  const verdict = special6(record, ip6Source(header), ip6Destination(header));
  if (verdict !== VERDICT_CONTINUE || routeOf(record) !== 0) return verdict;
  return follow(record, route6(vrfOf(record), ip6Destination(header)));
}

/** The lowest bit of an address's last byte, in a little-endian load of its second half. */
const LAST_BIT: u64 = 1 << 56;

/** Whether the 16 bytes are ::1 or ::, which never are on a wire (RFC 4291 2.5.2, 2.5.3). */
function isUnspecifiedOrLoopback(address: usize): bool {
  return load<u64>(address) === 0 && (load<u64>(address, 8) & ~LAST_BIT) === 0;
}

function special6(record: usize, source: usize, destination: usize): i32 {
  setRoute(record, 0);
  if (load<u8>(source) === 0xff) return drop(DROP_MARTIAN_SOURCE);
  // Duplicate address detection and router discovery speak from :: (RFC 4862 5.4).
  const multicast = load<u8>(destination) === 0xff;
  if (isUnspecifiedOrLoopback(source)) {
    const unspecified = load<u64>(source, 8) === 0;
    if (!unspecified || !multicast) return drop(DROP_MARTIAN_SOURCE);
  }
  if (multicast) {
    // Scopes up to link-local end here; wider groups would need multicast routing (RFC 7346).
    const scope = load<u8>(destination, 1) & 15;
    if (scope === 0) return drop(DROP_MARTIAN_DESTINATION);
    if (scope > 2) return drop(DROP_MULTICAST_NOT_ROUTED);
    setRoute(record, FORWARDING_HERE);
    return VERDICT_CONTINUE;
  }
  return isUnspecifiedOrLoopback(destination) ? drop(DROP_MARTIAN_DESTINATION) : VERDICT_CONTINUE;
}

/**
 * Routes a packet that route() has let pass to another address than its destination: that of its
 * backend (direct server return, tunnels). Goes on and ends as route() does.
 */
export function routeTo(record: usize, family: u32, address: usize): i32 {
  const vrf = vrfOf(record);
  return follow(record, family === 4 ? route4(vrf, load<u32>(address)) : route6(vrf, address));
}

/** Takes a route found by look-up: chooses the ECMP member, or ends with the route's reason. */
function follow(record: usize, found: u32): i32 {
  const chosen = chooseMember(found, hashOf(record));
  setRoute(record, chosen);
  const type = forwardingType(forwardingOf(chosen));
  if (type === ROUTE_UNICAST || type === ROUTE_ON_LINK) {
    // RFC 1812 5.3.4: what came as a link-layer broadcast is not forwarded.
    if ((flagsOf(record) & PACKET_L2_GROUP) !== 0) return drop(DROP_L2_BROADCAST);
    return VERDICT_CONTINUE;
  }
  switch (type) {
    case ROUTE_NONE:
      // Link-local destinations are in no table but as our own; nobody is told (RFC 4291 2.5.6).
      return drop(isToLinkLocal(record) ? DROP_LINK_LOCAL_SCOPE : DROP_NO_ROUTE);
    case ROUTE_BLACKHOLE:
      return drop(DROP_BLACKHOLE);
    case ROUTE_UNREACHABLE:
      return drop(DROP_UNREACHABLE);
    case ROUTE_PROHIBIT:
      return drop(DROP_PROHIBITED);
    default:
      return VERDICT_CONTINUE;
  }
}

function isToLinkLocal(record: usize): bool {
  const header = l3Of(record);
  const flags = flagsOf(record);
  if ((flags & PACKET_IP4) !== 0) return ip4IsLinkLocal(ip4Destination(header));
  return (flags & PACKET_IP6) !== 0 && ip6IsLinkLocal(ip6Destination(header));
}
