// Rewriting a packet that leaves: one hop less to live, and the neighbor's Ethernet header.

import { COPY_LEAD, NEIGHBOR_MACS, PACKET_IP4, PACKET_IP6 } from "../layout";
import {
  flagsOf,
  l3LengthOf,
  l3Of,
  l3OffsetOf,
  l4OffsetOf,
  neighborOf,
  payloadOffsetOf,
  setData,
  setL3Offset,
  setL4Offset,
  setLength,
  setPayloadOffset,
  setWireLength,
} from "../packet";
import { neighborEntry } from "../state/neighbors";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { ip4DecrementTtl } from "../wire/ipv4";
import { ip6DecrementHopLimit } from "../wire/ipv6";

/** EtherTypes in memory order, as lanes of a vector. */
const TYPE_IP4: i16 = 0x0008;
const TYPE_IP6: i16 = <i16>0xdd86;
const TYPE_MPLS: i16 = 0x4788;

/** Takes one from TTL or hop limit; forward() has checked that more than one is left. */
export function decrementTtl(record: usize): void {
  if ((flagsOf(record) & PACKET_IP4) !== 0) ip4DecrementTtl(l3Of(record));
  else ip6DecrementHopLimit(l3Of(record));
}

/** What is no IP has labels in front. */
function otherType(record: usize): i16 {
  return (flagsOf(record) & PACKET_IP6) !== 0 ? TYPE_IP6 : TYPE_MPLS;
}

/**
 * Puts the neighbor's header in front of the IP or labelled packet and cuts off what followed it (padding of
 * short frames). Whatever stood before, LLC/SNAP for example, leaves as Ethernet II.
 */
export function rewriteLink(record: usize): void {
  const l3 = l3Of(record);
  const data = l3 - ETHERNET_HEADER;
  // One store of the whole header, with the two bytes before it: see memory/copy.ts.
  const macs = v128.load(neighborEntry(neighborOf(record)) + NEIGHBOR_MACS - COPY_LEAD);
  const type = (flagsOf(record) & PACKET_IP4) !== 0 ? TYPE_IP4 : otherType(record);
  v128.store(data - COPY_LEAD, i16x8.replace_lane(macs, 7, type));
  const length = l3LengthOf(record) + ETHERNET_HEADER;
  const moved = l3OffsetOf(record) - ETHERNET_HEADER;
  if (moved !== 0) {
    setL3Offset(record, ETHERNET_HEADER);
    setL4Offset(record, l4OffsetOf(record) - moved);
    setPayloadOffset(record, payloadOffsetOf(record) - moved);
    setData(record, data);
  }
  setLength(record, length);
  setWireLength(record, length);
}
