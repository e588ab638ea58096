// Flooding: a frame to all members of its VLAN. It changes in place from one member to the next:
// what differs is its tag alone. Only tunnels, and ports that clamp the MSS, get a copy of their
// own. Copies for members it is too long for are lost; where there are no others, it is dropped.

import { sendCopy } from "./action/output";
import { fitsPort } from "./bridge/size";
import { NOT_CARRIED, priorityOf, retag, tagBytes, tagFor } from "./bridge/tags";
import { DROP_NO_HEADROOM, DROP_NO_MEMBER } from "./drops";
import {
  COUNT_COPIES_LOST,
  COUNT_FLOODED,
  MEMBER_FLOOD,
  MEMBER_HAIRPIN,
  PACKET_TUNNELED,
  PORT_CLAMP_MSS,
  PORT_UNKNOWN,
  PORT_UP,
  PORT_VIRTUAL,
  VERDICT_CONTINUE,
  VERDICT_TRANSMIT,
} from "./layout";
import { leaveAsCopy } from "./leaving";
import { countEvent } from "./memory/counters";
import { drop, flagsOf, setOutPort } from "./packet";
import { copyFrame } from "./respond/copies";
import { setRemoteHint } from "./state/tunnel_metadata";
import { endOfMembers, firstMember, memberFlags, memberGroup } from "./table/bridges";
import { portFlags, portOf } from "./table/ports";

/**
 * Sends a frame that came by a member (entry at `port`; 0 = by the bridge's own interface) to all
 * others of the bridge (entry at `bridge`) that carry the VLAN: the last gets the frame itself, the
 * others copies. Where there is a `listener`, an interface (else PORT_UNKNOWN), all are copies, and
 * the frame is the listener's, untagged: VERDICT_CONTINUE. Else VERDICT_TRANSMIT, or dropped.
 *
 * @param tag the tag the frame has
 * @param isUnknown the destination is one station, which no one has heard of
 */
export function spread(
  record: usize,
  bridge: usize,
  port: usize,
  vlan: u32,
  tag: u32,
  listener: u32,
  isUnknown: bool,
): i32 {
  if ((flagsOf(record) & PACKET_TUNNELED) !== 0) setRemoteHint(record, 0, 0);
  const priority = priorityOf(tag);
  const end = endOfMembers(bridge);
  let there = tag;
  let last: u32 = PORT_UNKNOWN;
  let wanted: u32 = 0;
  let tooLong = VERDICT_CONTINUE;
  for (let at = firstMember(bridge); at < end; at += 2) {
    const member: u32 = load<u16>(at);
    if (!hears(port, member, isUnknown)) continue;
    const next = tagFor(portOf(member), vlan, tag, priority);
    if (next === NOT_CARRIED) continue;
    const fits = fitsPort(record, member, tagBytes(next) - tagBytes(there));
    if (fits !== VERDICT_CONTINUE) {
      if (tooLong !== VERDICT_CONTINUE) countEvent(COUNT_COPIES_LOST);
      tooLong = fits;
      continue;
    }
    if (last !== PORT_UNKNOWN) there = copyTo(record, last, there, wanted);
    last = member;
    wanted = next;
  }
  if (last === PORT_UNKNOWN && listener === PORT_UNKNOWN) {
    return tooLong !== VERDICT_CONTINUE ? tooLong : drop(DROP_NO_MEMBER);
  }
  if (tooLong !== VERDICT_CONTINUE) countEvent(COUNT_COPIES_LOST);
  if (last !== PORT_UNKNOWN) countEvent(COUNT_FLOODED);
  if (listener !== PORT_UNKNOWN) {
    if (last !== PORT_UNKNOWN) there = copyTo(record, last, there, wanted);
    retag(record, there, 0);
    // Not where a frame of this length could not go.
    setOutPort(record, PORT_UNKNOWN);
    return VERDICT_CONTINUE;
  }
  if (!retag(record, there, wanted)) return drop(DROP_NO_HEADROOM);
  setOutPort(record, last);
  return VERDICT_TRANSMIT;
}

/** Whether a member may get what came by the port (entry; 0 = the bridge's interface). */
function hears(port: usize, member: u32, isUnknown: bool): bool {
  const target = portOf(member);
  if ((portFlags(target) & PORT_UP) === 0) return false;
  if (isUnknown && (memberFlags(target) & MEMBER_FLOOD) === 0) return false;
  if (port === 0) return true;
  if (target === port) return (memberFlags(port) & MEMBER_HAIRPIN) !== 0;
  const group = memberGroup(port);
  return group === 0 || group !== memberGroup(target);
}

/** Sends a copy by the member with the tag wanted. Returns the tag the frame has then. */
function copyTo(record: usize, member: u32, tag: u32, wanted: u32): u32 {
  if (!retag(record, tag, wanted)) {
    countEvent(COUNT_COPIES_LOST);
    return tag;
  }
  // What changes for one member, a SYN whose MSS is clamped, is a copy of its own, too.
  if ((portFlags(portOf(member)) & (PORT_VIRTUAL | PORT_CLAMP_MSS)) === 0) {
    sendCopy(record, member);
    return wanted;
  }
  const copy = copyFrame(record);
  if (copy === 0) {
    countEvent(COUNT_COPIES_LOST);
    return wanted;
  }
  setOutPort(copy, member);
  leaveAsCopy(copy);
  return wanted;
}
