// The neighbor a packet leaves to, and what happens while its MAC is not known.

import { DROP_NEIGHBOR_FAILED, DROP_NEIGHBOR_QUEUE_FULL, DROP_NO_NEIGHBOR } from "../drops";
import {
  MODE_RESOLVE,
  NEIGHBOR_FAILED,
  PACKET_IP4,
  ROUTE_UNICAST,
  VERDICT_CONTINUE,
  VERDICT_HOLD,
} from "../layout";
import { mode } from "../memory/directory";
import { drop, flagsOf, l3Of, outPortOf, routeOf, setNeighbor, timestampOf } from "../packet";
import {
  ensureNeighbor,
  findNeighbor,
  isKnown,
  neighborEntry,
  neighborState,
  retryFailed,
} from "../state/neighbors";
import { holdPacket } from "../state/pending";
import { forwardingOf, forwardingTarget, forwardingType } from "../table/forwarding";
import { IP4_DESTINATION } from "../wire/ipv4";
import { ip6Destination } from "../wire/ipv6";

/**
 * Sets the record's neighbor. Goes on when its MAC is known; otherwise drops the packet, or, while
 * neighbors are resolved, holds it until the neighbor has answered.
 */
export function resolve(record: usize): i32 {
  const entry = forwardingOf(routeOf(record));
  if (forwardingType(entry) === ROUTE_UNICAST && isKnown(neighborEntry(forwardingTarget(entry)))) {
    setNeighbor(record, forwardingTarget(entry));
    return VERDICT_CONTINUE;
  }
  const header = l3Of(record);
  return (flagsOf(record) & PACKET_IP4) !== 0
    ? resolveTo(record, 4, header + IP4_DESTINATION)
    : resolveTo(record, 6, ip6Destination(header));
}

/**
 * The same for a packet that goes to another address on its route than its destination: that of
 * its backend (direct server return).
 */
export function resolveTo(record: usize, family: u32, address: usize): i32 {
  const entry = forwardingOf(routeOf(record));
  const gateway = forwardingType(entry) === ROUTE_UNICAST;
  const number = gateway
    ? forwardingTarget(entry)
    : findNeighbor(outPortOf(record), family, address);
  setNeighbor(record, number);
  if (number !== 0 && isKnown(neighborEntry(number))) return VERDICT_CONTINUE;
  return unknown(record, number, family, address);
}

function unknown(record: usize, known: u32, family: u32, address: usize): i32 {
  if ((mode & MODE_RESOLVE) === 0) return drop(DROP_NO_NEIGHBOR);
  let number = known;
  if (number === 0) {
    number = ensureNeighbor(outPortOf(record), family, address);
    if (number === 0) return drop(DROP_NEIGHBOR_QUEUE_FULL);
    setNeighbor(record, number);
  }
  const entry = neighborEntry(number);
  if (neighborState(entry) === NEIGHBOR_FAILED && !retryFailed(entry, timestampOf(record))) {
    return drop(DROP_NEIGHBOR_FAILED);
  }
  return holdPacket(record) ? VERDICT_HOLD : drop(DROP_NEIGHBOR_QUEUE_FULL);
}
