// How long frames may be that a bridge sends by a member. A bridge cuts nothing, and since no
// sender knows of it, tells nobody; but a tunnel is shorter than what it joins together, so of what
// is too long for one the sender is told, as Linux tells it (skb_tunnel_check_pmtu): in the name of
// the packet's destination, which is where the bridge would have brought it.

import { DROP_FRAME_TOO_BIG } from "../drops";
import {
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_GROUP,
  PACKET_LATER_FRAGMENT,
  PORT_TUNNEL,
  PORT_UNKNOWN,
  VERDICT_CONTINUE,
} from "../layout";
import {
  drop,
  flagsOf,
  l3LengthOf,
  l3Of,
  lengthOf,
  outPortOf,
  setOutPort,
  vlanTagsOf,
} from "../packet";
import { tooBig4, tooBig6 } from "../respond/too_big";
import { room, setRoom } from "../state/room";
import { portFlags, portMtu, portOf } from "../table/ports";
import { tunnelRoom } from "../tunnel/size";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { IP4_DONT_FRAGMENT, ip4Fragment } from "../wire/ipv4";
import { VLAN_TAG } from "../wire/vlan";

/** No frame of these is answered (RFC 1122 3.2.2, RFC 4443 2.4 e). */
const UNANSWERED: u32 = PACKET_L2_GROUP | PACKET_ICMP_ERROR | PACKET_LATER_FRAGMENT;

/**
 * Whether the frame may leave by a member (port number `port`): what is behind its tags is no
 * longer than the port's MTU; in a tunnel its tags count, too, as they are what it carries. Else it
 * is dropped, and its out-port says where it was to go.
 *
 * @param more bytes of tags it is to get before; less than 0: that are to be taken off
 */
export function fitsPort(record: usize, port: u32, more: i32): i32 {
  const entry = portOf(port);
  const length = lengthOf(record) + more;
  const isTunnel = (portFlags(entry) & PORT_TUNNEL) !== 0;
  if (isTunnel ? fitsTunnel(record, entry, length) : fitsDevice(record, entry, length, more)) {
    return VERDICT_CONTINUE;
  }
  setOutPort(record, port);
  setRoom(roomBehindTags(record, entry, more));
  return drop(DROP_FRAME_TOO_BIG);
}

function fitsDevice(record: usize, entry: usize, length: u32, more: i32): bool {
  const most = ETHERNET_HEADER + portMtu(entry);
  // Nearly all frames fit with their tags: then those are not looked at.
  return length <= most || length <= most + tagsOf(record, more);
}

function fitsTunnel(record: usize, entry: usize, length: u32): bool {
  if (length <= ETHERNET_HEADER + tunnelRoom(record, entry)) return true;
  // What is longer than the way to the remote takes, but may be cut there, goes on.
  return length <= ETHERNET_HEADER + portMtu(entry) && !isWhole(record);
}

/** Bytes of tags the frame is to leave with. */
function tagsOf(record: usize, more: i32): u32 {
  return vlanTagsOf(record) * VLAN_TAG + more;
}

/** What its sender is told of a packet that does not fit: only of a tunnel. */
function roomBehindTags(record: usize, entry: usize, more: i32): u32 {
  if ((portFlags(entry) & PORT_TUNNEL) === 0) return portMtu(entry);
  const most = tunnelRoom(record, entry);
  const tags = tagsOf(record, more);
  return most > tags ? most - tags : 0;
}

/** An IP packet that nobody on its way may cut. */
function isWhole(record: usize): bool {
  const flags = flagsOf(record);
  if ((flags & PACKET_IP6) !== 0) return true;
  if ((flags & PACKET_IP4) === 0) return false;
  return (ip4Fragment(l3Of(record)) & IP4_DONT_FRAGMENT) !== 0;
}

/** Whether the sender of a frame that fitsPort() has just dropped is told: it was for a tunnel. */
export function isTold(record: usize): bool {
  const port = outPortOf(record);
  if (port === PORT_UNKNOWN || (portFlags(portOf(port)) & PORT_TUNNEL) === 0) return false;
  const unanswered = (flagsOf(record) & UNANSWERED) !== 0;
  return isWhole(record) && !unanswered && l3LengthOf(record) > room;
}

/**
 * Builds in `reply` what tells the sender so, ready to leave by the port the frame came by. False,
 * and no reply, when no answer is due.
 */
export function tellTooBig(record: usize, reply: usize): bool {
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  return ip4 ? tooBig4(record, reply, room) : tooBig6(record, reply, room);
}
