// Addresses of the router itself: those whose route is local.

import { PORT_HAS_IP6, PORT_IP6_LINK_LOCAL, ROUTE_LOCAL } from "../layout";
import { forwardingOf, forwardingPort, forwardingType, route4, route6 } from "../table/forwarding";
import { portFlags, portOf, portVrf } from "../table/ports";
import { ip6Equal } from "../wire/ipv6";

/** Whether the IPv4 address (network order) is one of the port's own. */
export function isPortIp4(port: u32, address: u32): bool {
  return isLocalAt(port, route4(portVrf(portOf(port)), address));
}

/**
 * Whether the IPv6 address (of 16 bytes) is one of the port's own. Ports may share a link-local
 * address, of which a look-up table of the VRF has room for one only: so the port itself is asked.
 */
export function isPortIp6(port: u32, address: usize): bool {
  const entry = portOf(port);
  if ((portFlags(entry) & PORT_HAS_IP6) !== 0 && ip6Equal(address, entry + PORT_IP6_LINK_LOCAL)) {
    return true;
  }
  return isLocalAt(port, route6(portVrf(entry), address));
}

function isLocalAt(port: u32, route: u32): bool {
  const entry = forwardingOf(route);
  return forwardingType(entry) === ROUTE_LOCAL && forwardingPort(entry) === port;
}
