// Answering for others: a port with PORT_PROXY says of addresses that its VRF routes to another
// port that they are at its own MAC (RFC 1027; for IPv6 RFC 4389 4.1.3.3).

import { PORT_PROXY, ROUTE_LOCAL, ROUTE_ON_LINK, ROUTE_UNICAST } from "../layout";
import {
  chooseMember,
  forwardingOf,
  forwardingPort,
  forwardingType,
  route4,
  route6,
} from "../table/forwarding";
import { portFlags, portOf, portVrf } from "../table/ports";
import { ip4IsHost, ip4IsLinkLocal } from "../wire/ipv4";
import { ip6IsHost, ip6IsLinkLocal } from "../wire/ipv6";

/** Whether the port answers for the IPv4 address (network order). */
export function isProxied4(port: u32, address: u32): bool {
  const entry = portOf(port);
  if ((portFlags(entry) & PORT_PROXY) === 0) return false;
  // An address of one link is at no other (RFC 3927 7, RFC 4291 2.5.6).
  if (!ip4IsHost(address) || ip4IsLinkLocal(address)) return false;
  return isElsewhere(port, route4(portVrf(entry), address));
}

/** Whether the port answers for the IPv6 address (of 16 bytes). */
export function isProxied6(port: u32, address: usize): bool {
  const entry = portOf(port);
  if ((portFlags(entry) & PORT_PROXY) === 0) return false;
  if (!ip6IsHost(address) || ip6IsLinkLocal(address)) return false;
  return isElsewhere(port, route6(portVrf(entry), address));
}

/** Of several ways the first decides, as flows of any hash may come. */
function isElsewhere(port: u32, route: u32): bool {
  const entry = forwardingOf(chooseMember(route, 0));
  const type = forwardingType(entry);
  const leads = type === ROUTE_UNICAST || type === ROUTE_ON_LINK || type === ROUTE_LOCAL;
  return leads && forwardingPort(entry) !== port;
}
