// How long what goes into a tunnel may be: as its port says, and no longer than is known of the way
// to its remote.

import {
  ENCAPSULATION_MPLS,
  PACKET_IP6,
  PORT_POINT_TO_POINT,
  PORT_TUNNEL_NUMBER,
  TUNNEL_LEAST_MTU6,
  TUNNEL_REMOTE_BY_FLOW,
} from "../layout";
import { flagsOf, timestampOf } from "../packet";
import { arePathMtus, pathMtu } from "../state/path_mtu";
import { portFlags, portMtu } from "../table/ports";
import {
  tunnelAt,
  tunnelFamily,
  tunnelFlags,
  tunnelRemote,
  tunnelRemotes,
  tunnelType,
  tunnelVrf,
} from "../table/tunnels";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { IP4_HEADER } from "../wire/ipv4";
import { IP6_HEADER } from "../wire/ipv6";
import { headerLength } from "./header";

/** Least MTU of a link of IPv4 (RFC 791 3.2). */
const LEAST_MTU4: u32 = 68;

/**
 * Bytes that the IP packet of a record may have to leave by a tunnel's port (entry at `port`). Of
 * IPv6 never less than 1280, of which nobody can send less: the packet around it is cut instead
 * (RFC 2473 7.1).
 */
export function tunnelRoom(record: usize, port: usize): u32 {
  let room = portMtu(port);
  if (arePathMtus()) room = min<u32>(room, pathRoom(record, port));
  return (flagsOf(record) & PACKET_IP6) !== 0 ? max<u32>(room, TUNNEL_LEAST_MTU6) : room;
}

/** What the way to the only remote leaves; no bound where there are several, or none is known. */
function pathRoom(record: usize, port: usize): u32 {
  const tunnel = tunnelAt(load<u16>(port, PORT_TUNNEL_NUMBER));
  const byFlow = (tunnelFlags(tunnel) & TUNNEL_REMOTE_BY_FLOW) !== 0;
  if (byFlow || tunnelRemotes(tunnel) !== 1) return u32.MAX_VALUE;
  // The next router is all the way there is.
  if (tunnelType(tunnel) === ENCAPSULATION_MPLS) return u32.MAX_VALUE;
  const remote = tunnelRemote(tunnel, 0);
  const family = tunnelFamily(tunnel);
  const known = pathMtu(tunnelVrf(tunnel), family, remote, timestampOf(record));
  if (known === 0) return u32.MAX_VALUE;
  const ip = family === 4 ? IP4_HEADER : IP6_HEADER;
  const link = (portFlags(port) & PORT_POINT_TO_POINT) !== 0 ? 0 : ETHERNET_HEADER;
  const overhead = ip + headerLength(tunnel, record) + link;
  return known > overhead + LEAST_MTU4 ? known - overhead : LEAST_MTU4;
}
