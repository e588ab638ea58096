// Parsing: what is this packet, are its headers whole, and which flow is it of?
//
// The common packet, an untagged IPv4 packet without options that is no fragment and carries TCP or
// UDP, is recognised in a straight line. Whatever it is not sure of it leaves, without a trace, to
// the general parser (assembly/parse), which alone gives reasons to drop. Both agree on all fields.
// The straight line is parse() itself: a call more costs as much as the header checksum.

import {
  PACKET_IP4,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PACKET_L4,
  TUNNEL_NONE,
  VERDICT_CONTINUE,
} from "../layout";
import { dataOf, lengthOf, setFlags, setHash } from "../packet";
import { clearFields, setOffsets, setUntagged } from "../parse/fields";
import { droppedHash, flowHash } from "../parse/flow";
import { hashIp4 } from "../parse/hash";
import { parseFrame } from "../parse/link";
import { tunnelOfUdp } from "../parse/tunnel";
import { ETHERNET_HEADER, ETHERTYPE_IP4 } from "../wire/ethernet";
import { IP4_HEADER, PROTOCOL_TCP, PROTOCOL_UDP } from "../wire/ipv4";
import { TCP_HEADER, tcpHeaderLength } from "../wire/tcp";
import { UDP_HEADER, udpLength } from "../wire/udp";

const L3: u32 = ETHERNET_HEADER;
const L4: u32 = ETHERNET_HEADER + IP4_HEADER;
const SHORTEST: u32 = L4 + UDP_HEADER;

/** EtherType 0x0800 in memory order; version 4 and header length 5. */
const TYPE_IP4: u32 = 0x0008;
const PLAIN_HEADER: u64 = 0x45;
/** Fragment offset and "more fragments" in the last 16 bits of the header's first 8 bytes. */
const FRAGMENTED: u64 = 0xff3f << 48;

/**
 * Fills the fields of the record that describe the packet (flags, offsets, etherType, protocol,
 * tags, labels, tunnel, l3Length, hash) from `length` bytes at `data`; no byte beyond is read.
 * Returns VERDICT_CONTINUE when every header the flags announce is whole, else a drop. Frames that
 * are not IP pass without PACKET_IP4 and PACKET_IP6. A dropped frame's hash is that of its MACs.
 * `hash` is the flow hash the packet has if it is the common one; 0 = not known.
 */
export function parse(record: usize, verifyHeader: bool, hash: u32): i32 {
  const frame = dataOf(record);
  const length = lengthOf(record);
  // No load reaches over the border between the Ethernet and the IP header: see memory/copy.ts.
  if (length < SHORTEST || <u32>load<u16>(frame, 12) !== TYPE_IP4) {
    return parseAny(record, verifyHeader);
  }
  // version, service, length, identification, fragment | TTL, protocol, checksum, source
  const first = load<u64>(frame, 14);
  if ((first & 0xff) !== PLAIN_HEADER) return parseAny(record, verifyHeader);
  const second = load<u64>(frame, 22);
  const destination = load<u32>(frame, 30);
  const source = <u32>(second >> 32);
  const total: u32 = bswap<u16>(<u16>(first >> 16));
  if ((first & FRAGMENTED) !== 0 || total + L3 > length || source === destination) {
    return parseAny(record, verifyHeader);
  }
  if (verifyHeader && !isSumRight(first, second, destination)) return parseAny(record, true);
  const protocol = <u32>(second >> 8) & 0xff;
  let header: u32 = 0;
  let tunnel: u32 = TUNNEL_NONE;
  if (protocol === PROTOCOL_TCP) {
    header = commonTcp(frame + L4, total - IP4_HEADER);
  } else if (protocol === PROTOCOL_UDP) {
    header = commonUdp(frame + L4, total - IP4_HEADER);
    tunnel = tunnelOfUdp(frame + L4);
  }
  if (header === 0) return parseAny(record, verifyHeader);
  setFlags(record, PACKET_IP4 | PACKET_L4 | groupFlags(load<u64>(frame)));
  setOffsets(record, L3, L4, L4 + header, ETHERTYPE_IP4);
  setUntagged(record, protocol, tunnel, total);
  const known = hash !== 0 ? hash : hashIp4(source, destination, load<u32>(frame, L4), protocol);
  setHash(record, known);
  return VERDICT_CONTINUE;
}

function parseAny(record: usize, verifyHeader: bool): i32 {
  clearFields(record);
  const verdict = parseFrame(record, verifyHeader);
  setHash(record, verdict === VERDICT_CONTINUE ? flowHash(record) : droppedHash(record));
  return verdict;
}

/** Bytes of the TCP header; 0 when it is not right. */
function commonTcp(tcp: usize, room: i32): u32 {
  if (room < <i32>TCP_HEADER) return 0;
  const header = tcpHeaderLength(tcp);
  return header < TCP_HEADER || header > <u32>room ? 0 : header;
}

/** Bytes of the UDP header; 0 when it is not right. */
function commonUdp(udp: usize, room: i32): u32 {
  const datagram = udpLength(udp);
  return datagram < UDP_HEADER || <i32>datagram > room ? 0 : UDP_HEADER;
}

/** The header checksum of IPv4 (RFC 1071): all words together fold to 0xffff. */
function isSumRight(first: u64, second: u64, third: u32): bool {
  const low = (first & 0xffffffff) + (second & 0xffffffff);
  const sum = low + (first >> 32) + (second >> 32) + third;
  const folded = <u32>((sum + rotl<u64>(sum, 32)) >> 32);
  return (folded + rotl<u32>(folded, 16)) >> 16 === 0xffff;
}

/** The PACKET_L2_* bits of a destination MAC, which is the low 48 bits of `macs`. */
function groupFlags(macs: u64): u32 {
  const group = (<u32>macs & 1) * PACKET_L2_GROUP;
  const broadcast = <u32>(<u32>(macs << 16 === ~0xffff)) * PACKET_L2_BROADCAST;
  return group | broadcast;
}
