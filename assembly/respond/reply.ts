// Frames the engine itself makes in answer to a packet: their records and Ethernet headers.

import {
  PACKET_ARP,
  PACKET_IP4,
  PACKET_L4,
  PACKET_TUNNELED,
  PORT_UNKNOWN,
  RECORD_LENGTH,
  RECORD_STRIDE,
} from "../layout";
import {
  dataOf,
  flagsOf,
  hashOf,
  inPortOf,
  l3OffsetOf,
  sequenceOf,
  setEtherType,
  setFlags,
  setHash,
  setInPort,
  setL3Length,
  setL3Offset,
  setL4Offset,
  setLength,
  setOutPort,
  setPayloadOffset,
  setProtocol,
  setSequence,
  setTimestamp,
  setVrf,
  setWireLength,
  timestampOf,
} from "../packet";
import { answerMetadata, hintBack } from "../state/tunnel_metadata";
import {
  copyMac,
  ETHERNET_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_IP4,
  ETHERTYPE_IP6,
  ethernetDestination,
  ethernetSource,
  setEthernetType,
} from "../wire/ethernet";

/** Where the network packet of an answer is built. */
export function replyPacket(reply: usize): usize {
  return dataOf(reply) + ETHERNET_HEADER;
}

/**
 * Makes `reply` the record of the answer to `record`, of which `l3Length` bytes of network packet
 * stand at replyPacket(): to be routed in `vrf`, its MACs zero until then. Clock, number and hash
 * are the packet's own, so that the answer keeps its place in the output and stays in the shard.
 * Whatever the frame's earlier use left in the record is cleared.
 *
 * @param flags PACKET_IP4, PACKET_IP6 or PACKET_ARP, and what else holds
 */
export function closeReply(record: usize, reply: usize, vrf: u32, flags: u32, l3Length: u32): void {
  memory.fill(reply + RECORD_LENGTH, 0, RECORD_STRIDE - RECORD_LENGTH);
  setLength(reply, ETHERNET_HEADER + l3Length);
  setWireLength(reply, ETHERNET_HEADER + l3Length);
  setInPort(reply, inPortOf(record));
  setOutPort(reply, PORT_UNKNOWN);
  setVrf(reply, vrf);
  setFlags(reply, flags);
  if ((flagsOf(record) & PACKET_TUNNELED) !== 0) answerMetadata(record, reply);
  setL3Offset(reply, ETHERNET_HEADER);
  setL3Length(reply, l3Length);
  setHash(reply, hashOf(record));
  setTimestamp(reply, timestampOf(record));
  setSequence(reply, sequenceOf(record));
  const etherType = etherTypeFor(flags);
  setEtherType(reply, etherType);
  memory.fill(dataOf(reply), 0, ETHERNET_HEADER);
  setEthernetType(dataOf(reply), etherType);
}

function etherTypeFor(flags: u32): u32 {
  if ((flags & PACKET_ARP) !== 0) return ETHERTYPE_ARP;
  return (flags & PACKET_IP4) !== 0 ? ETHERTYPE_IP4 : ETHERTYPE_IP6;
}

/**
 * Notes the transport header of a closed reply: `protocol`, after `l3Header` bytes, `header` long.
 */
export function noteTransport(reply: usize, protocol: u32, l3Header: u32, header: u32): void {
  const l4 = l3OffsetOf(reply) + l3Header;
  setFlags(reply, flagsOf(reply) | PACKET_L4);
  setProtocol(reply, protocol);
  setL4Offset(reply, l4);
  setPayloadOffset(reply, l4 + header);
}

/**
 * Sends a closed reply out of the port its cause came in by, with these MACs, without routing it:
 * where that is a tunnel with several remotes, to the one it came from.
 */
export function returnReply(reply: usize, destinationMac: usize, sourceMac: usize): void {
  copyMac(ethernetDestination(dataOf(reply)), destinationMac);
  copyMac(ethernetSource(dataOf(reply)), sourceMac);
  setOutPort(reply, inPortOf(reply));
  if ((flagsOf(reply) & PACKET_TUNNELED) !== 0) hintBack(reply);
}
