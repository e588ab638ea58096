// Forwarding: may the packet leave, and by which neighbor (RFC 1812 5.3, RFC 8200 3).

import { DROP_LINK_LOCAL_SCOPE, DROP_PORT_DOWN, DROP_TOO_BIG, DROP_TTL_EXCEEDED } from "../drops";
import { PACKET_IP4, PORT_TUNNEL, VERDICT_CONTINUE } from "../layout";
import { drop, flagsOf, l3LengthOf, l3Of, outPortOf, routeOf, setOutPort } from "../packet";
import { fragmentSize } from "../state/reassembled";
import { setRoom } from "../state/room";
import { forwardingOf, forwardingPort } from "../table/forwarding";
import { isUp, portFlags, portMtu, portOf } from "../table/ports";
import { tunnelRoom } from "../tunnel/size";
import {
  IP4_DONT_FRAGMENT,
  ip4Destination,
  ip4Fragment,
  ip4IsLinkLocal,
  ip4Source,
  ip4Ttl,
} from "../wire/ipv4";
import { ip6Destination, ip6HopLimit, ip6IsLinkLocal, ip6Source } from "../wire/ipv6";

/** Sets the port the route names; a port that is down takes nothing. */
export function choosePort(record: usize): i32 {
  const port = forwardingPort(forwardingOf(routeOf(record)));
  setOutPort(record, port);
  return isUp(port) ? VERDICT_CONTINUE : drop(DROP_PORT_DOWN);
}

/** Bytes that the IP packet may have to leave by its port. */
export function roomAtPort(record: usize): u32 {
  const port = portOf(outPortOf(record));
  return (portFlags(port) & PORT_TUNNEL) === 0 ? portMtu(port) : tunnelRoom(record, port);
}

/** Chooses the port and checks TTL, scope and port state. Changes no byte of the packet. */
export function forward(record: usize): i32 {
  const header = l3Of(record);
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  const ttl = ip4 ? ip4Ttl(header) : ip6HopLimit(header);
  if (ttl <= 1) return drop(DROP_TTL_EXCEEDED);
  if (ip4 ? isLinkLocal4(header) : isLinkLocal6(header)) return drop(DROP_LINK_LOCAL_SCOPE);
  return choosePort(record);
}

/**
 * Whether the packet is no longer than `most` bytes, which roomAtPort() says. What is and may be
 * cut (RFC 791 2.3, RFC 1812 5.2.6) goes on, to be cut where it leaves.
 */
export function fitRoom(record: usize, most: u32): i32 {
  setRoom(most);
  // What came in fragments leaves in fragments, and only they have to fit.
  const size = fragmentSize !== 0 ? fragmentSize : l3LengthOf(record);
  if (size <= most) return VERDICT_CONTINUE;
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  const whole = !ip4 || (ip4Fragment(l3Of(record)) & IP4_DONT_FRAGMENT) !== 0;
  return whole ? drop(DROP_TOO_BIG) : VERDICT_CONTINUE;
}

function isLinkLocal4(header: usize): bool {
  return ip4IsLinkLocal(ip4Source(header)) || ip4IsLinkLocal(ip4Destination(header));
}

function isLinkLocal6(header: usize): bool {
  return ip6IsLinkLocal(ip6Source(header)) || ip6IsLinkLocal(ip6Destination(header));
}
