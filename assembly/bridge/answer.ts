// The bridge's answer for a station: what the station itself would have sent, by the port and with
// the tags the question came with.

import { BINDING_IS_ROUTER, BINDING_MAC, PACKET_ARP, PACKET_IP6 } from "../layout";
import {
  dataOf,
  flagsOf,
  l3Of,
  l3OffsetOf,
  l4Of,
  l4OffsetOf,
  lengthOf,
  payloadOffsetOf,
  setData,
  setL3Offset,
  setL4Offset,
  setLength,
  setPayloadOffset,
  setVlanTags,
  setWireLength,
} from "../packet";
import { closeReply, noteTransport, replyPacket, returnReply } from "../respond/reply";
import {
  ARP_HEADER,
  ARP_REPLY,
  arpSenderIp,
  arpSenderMac,
  arpTargetIp,
  arpTargetMac,
  buildArp,
} from "../wire/arp";
import { checksumOf, pseudoSum6, sumBytes } from "../wire/checksum";
import { copyMac, ETHERNET_HEADER } from "../wire/ethernet";
import {
  buildIcmp6,
  buildNdMac,
  ICMP6_HEADER,
  ICMP6_NEIGHBOR_ADVERTISEMENT,
  ND_HEADER,
  ND_HOP_LIMIT,
  ND_MAC_OPTION,
  ND_OPTION_TARGET_MAC,
  ND_OVERRIDE,
  ND_ROUTER,
  ND_SOLICITED,
  ndTarget,
  setIcmp6Checksum,
} from "../wire/icmp6";
import { PROTOCOL_ICMP6 } from "../wire/ipv4";
import { buildIp6, copyIp6, IP6_HEADER, ip6Destination, ip6Source } from "../wire/ipv6";
import { VLAN_TAG } from "../wire/vlan";
import { askerOf } from "./suppression";

/** Of a frame's header, MACs apart, where tags begin. */
const MACS: u32 = 12;

/**
 * Makes `reply`, an empty frame, the answer to the question that answerTo() found the binding for.
 */
export function answerFor(record: usize, reply: usize, binding: usize): void {
  if ((flagsOf(record) & PACKET_ARP) !== 0) replyArp(record, reply, binding + BINDING_MAC);
  else advertise(record, reply, binding);
  insertTags(record, reply);
}

/** Sender and target change places (RFC 826). */
function replyArp(record: usize, reply: usize, mac: usize): void {
  const request = l3Of(record);
  const packet = replyPacket(reply);
  buildArp(packet, ARP_REPLY, arpTargetIp(request), arpSenderIp(request));
  copyMac(arpSenderMac(packet), mac);
  copyMac(arpTargetMac(packet), arpSenderMac(request));
  closeReply(record, reply, 0, PACKET_ARP, ARP_HEADER);
  returnReply(reply, arpSenderMac(request), mac);
}

/** RFC 4861 7.2.4, with the flags that RFC 9161 3.2 has such an answer carry. */
function advertise(record: usize, reply: usize, binding: usize): void {
  const mac = binding + BINDING_MAC;
  const length = ND_HEADER + ND_MAC_OPTION;
  const ip = replyPacket(reply);
  buildIp6(ip, length, PROTOCOL_ICMP6, ND_HOP_LIMIT);
  copyIp6(ip6Source(ip), ndTarget(l4Of(record)));
  copyIp6(ip6Destination(ip), ip6Source(l3Of(record)));
  const message = ip + IP6_HEADER;
  const router = load<u8>(binding, BINDING_IS_ROUTER) !== 0 ? ND_ROUTER : 0;
  buildIcmp6(message, ICMP6_NEIGHBOR_ADVERTISEMENT, 0, router | ND_SOLICITED | ND_OVERRIDE);
  copyIp6(ndTarget(message), ip6Source(ip));
  buildNdMac(message + ND_HEADER, ND_OPTION_TARGET_MAC, mac);
  const sum = pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_ICMP6, length);
  setIcmp6Checksum(message, checksumOf(sum + sumBytes(message, length)));
  closeReply(record, reply, 0, PACKET_IP6, IP6_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP6, IP6_HEADER, ICMP6_HEADER);
  returnReply(reply, askerOf(record), mac);
}

/** Puts the question's tags into the answer, whose MACs move to the front for them. */
function insertTags(record: usize, reply: usize): void {
  const bytes = l3OffsetOf(record) - ETHERNET_HEADER;
  if (bytes === 0) return;
  const frame = dataOf(reply) - bytes;
  memory.copy(frame, dataOf(reply), MACS);
  memory.copy(frame + MACS, dataOf(record) + MACS, bytes);
  setData(reply, frame);
  setLength(reply, lengthOf(reply) + bytes);
  setWireLength(reply, lengthOf(reply));
  setVlanTags(reply, bytes / VLAN_TAG);
  setL3Offset(reply, l3OffsetOf(reply) + bytes);
  if (l4OffsetOf(reply) === 0) return;
  setL4Offset(reply, l4OffsetOf(reply) + bytes);
  setPayloadOffset(reply, payloadOffsetOf(reply) + bytes);
}
