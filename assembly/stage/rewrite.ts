// Rewriting a packet that leaves: one hop less to live, and the neighbor's Ethernet header.

import { NEIGHBOR_MACS, PACKET_IP4 } from "../layout";
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
import {
  ETHERNET_HEADER,
  ETHERTYPE_IP4,
  ETHERTYPE_IP6,
  setEthernetMacs,
  setEthernetType,
} from "../wire/ethernet";
import { ip4Checksum, ip4Ttl, setIp4Checksum, setIp4Ttl } from "../wire/ipv4";
import { ip6HopLimit, setIp6HopLimit } from "../wire/ipv6";

/** Takes one from TTL or hop limit; forward() has checked that more than one is left. */
export function decrementTtl(record: usize): void {
  const header = l3Of(record);
  if ((flagsOf(record) & PACKET_IP4) === 0) {
    setIp6HopLimit(header, ip6HopLimit(header) - 1);
    return;
  }
  setIp4Ttl(header, ip4Ttl(header) - 1);
  // RFC 1624 (3) for a difference of one in the low byte of a word in memory order. 0xffff, which
  // the sum never gives, becomes zero.
  const checksum = ip4Checksum(header) + 1;
  setIp4Checksum(header, checksum + (checksum >= 0xffff ? 1 : 0));
}

/**
 * Puts the neighbor's header in front of the IP packet and cuts off what followed it (padding of
 * short frames). Whatever stood before, LLC/SNAP for example, leaves as Ethernet II.
 */
export function rewriteLink(record: usize): void {
  const l3 = l3Of(record);
  const data = l3 - ETHERNET_HEADER;
  setEthernetMacs(data, neighborEntry(neighborOf(record)) + NEIGHBOR_MACS);
  setEthernetType(data, (flagsOf(record) & PACKET_IP4) !== 0 ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
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
