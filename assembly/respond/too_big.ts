// What a bridge tells the sender of a packet that is too big for a tunnel: ICMP "fragmentation
// needed" (RFC 1191 4) or ICMPv6 "packet too big" (RFC 4443 3.2), from the packet's destination to
// its source, with the MACs and the tags of its frame, out of the port it came by.

import { PACKET_ICMP_ERROR, PACKET_IP4, PACKET_IP6 } from "../layout";
import {
  dataOf,
  l3Of,
  l3OffsetOf,
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
import { checksumOf, pseudoSum6, sumBytes } from "../wire/checksum";
import { ETHERNET_HEADER, ethernetDestination, ethernetSource } from "../wire/ethernet";
import {
  buildIcmp,
  ICMP_CODE_FRAGMENTATION_NEEDED,
  ICMP_HEADER,
  ICMP_UNREACHABLE,
  setIcmpChecksum,
} from "../wire/icmp";
import { buildIcmp6, ICMP6_HEADER, ICMP6_PACKET_TOO_BIG, setIcmp6Checksum } from "../wire/icmp6";
import {
  buildIp4,
  IP4_HEADER,
  ip4Destination,
  ip4IsHost,
  ip4Source,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  setIp4Checksum,
  setIp4Destination,
  setIp4Service,
  setIp4Source,
} from "../wire/ipv4";
import {
  buildIp6,
  copyIp6,
  IP6_HEADER,
  ip6Destination,
  ip6IsHost,
  ip6IsMulticast,
  ip6MayBeIcmpError,
  ip6Source,
} from "../wire/ipv6";
import { VLAN_TAG } from "../wire/vlan";
import {
  CONTROL_SERVICE,
  LONGEST4,
  LONGEST6,
  mayBeIcmpError,
  quoteLength,
  withinLimit,
} from "./errors";
import { closeReply, noteTransport, replyPacket, returnReply } from "./reply";

const TTL: u32 = 64;
/** Of a frame's header, where tags begin. */
const MACS: u32 = 12;

/** False, and no reply, when none is due, or more were sent of late than the shard may send. */
export function tooBig4(record: usize, reply: usize, mtu: u32): bool {
  const original = l3Of(record);
  if (!ip4IsHost(ip4Source(original)) || !ip4IsHost(ip4Destination(original))) return false;
  if (mayBeIcmpError(record) || !withinLimit(record)) return false;
  const length = ICMP_HEADER + quoteLength(record, LONGEST4, IP4_HEADER + ICMP_HEADER);
  const ip = replyPacket(reply);
  buildIp4(ip, IP4_HEADER + length, PROTOCOL_ICMP, TTL);
  setIp4Service(ip, CONTROL_SERVICE);
  setIp4Source(ip, ip4Destination(original));
  setIp4Destination(ip, ip4Source(original));
  setIp4Checksum(ip, checksumOf(sumBytes(ip, IP4_HEADER)));
  const icmp = ip + IP4_HEADER;
  buildIcmp(icmp, ICMP_UNREACHABLE, ICMP_CODE_FRAGMENTATION_NEEDED, min<u32>(mtu, 65535));
  memory.copy(icmp + ICMP_HEADER, original, length - ICMP_HEADER);
  setIcmpChecksum(icmp, checksumOf(sumBytes(icmp, length)));
  closeReply(record, reply, 0, PACKET_IP4 | PACKET_ICMP_ERROR, IP4_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP, IP4_HEADER, ICMP_HEADER);
  turnBack(record, reply);
  return true;
}

/** The same of IPv6. */
export function tooBig6(record: usize, reply: usize, mtu: u32): bool {
  const original = l3Of(record);
  if (!ip6IsHost(ip6Source(original)) || ip6IsMulticast(ip6Destination(original))) return false;
  if (ip6MayBeIcmpError(original, dataOf(record) + lengthOf(record))) return false;
  if (!withinLimit(record)) return false;
  const length = ICMP6_HEADER + quoteLength(record, LONGEST6, IP6_HEADER + ICMP6_HEADER);
  const ip = replyPacket(reply);
  buildIp6(ip, length, PROTOCOL_ICMP6, TTL);
  copyIp6(ip6Source(ip), ip6Destination(original));
  copyIp6(ip6Destination(ip), ip6Source(original));
  const icmp = ip + IP6_HEADER;
  buildIcmp6(icmp, ICMP6_PACKET_TOO_BIG, 0, mtu);
  memory.copy(icmp + ICMP6_HEADER, original, length - ICMP6_HEADER);
  const sum = pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_ICMP6, length);
  setIcmp6Checksum(icmp, checksumOf(sum + sumBytes(icmp, length)));
  closeReply(record, reply, 0, PACKET_IP6 | PACKET_ICMP_ERROR, IP6_HEADER + length);
  noteTransport(reply, PROTOCOL_ICMP6, IP6_HEADER, ICMP6_HEADER);
  turnBack(record, reply);
  return true;
}

/** The frame's MACs change places, and its tags go into the reply. */
function turnBack(record: usize, reply: usize): void {
  const frame = dataOf(record);
  returnReply(reply, ethernetSource(frame), ethernetDestination(frame));
  const bytes = l3OffsetOf(record) - ETHERNET_HEADER;
  if (bytes === 0) return;
  const data = dataOf(reply) - bytes;
  memory.copy(data, dataOf(reply), MACS);
  memory.copy(data + MACS, frame + MACS, bytes);
  setData(reply, data);
  setLength(reply, lengthOf(reply) + bytes);
  setWireLength(reply, lengthOf(reply));
  setVlanTags(reply, bytes / VLAN_TAG);
  setL3Offset(reply, l3OffsetOf(reply) + bytes);
  setL4Offset(reply, l4OffsetOf(reply) + bytes);
  setPayloadOffset(reply, payloadOffsetOf(reply) + bytes);
}
