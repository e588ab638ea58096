// The common packet in a straight line: TCP or UDP over IPv4, of a connection that is assured and
// has nothing special about it; of TCP a plain acknowledgement within the window. What it is not
// sure of it leaves, without a trace, to the rest of track(), which alone knows reasons. Both agree
// on all that is kept.

import { connectionState, isOver, statusOf, udpSince } from "../connection";
import {
  CT_ASSURED,
  CT_CONFIRMED,
  CT_DYING,
  CT_FIXED_TIMEOUT,
  CT_ONE_WAY,
  CT_SEEN_REPLY,
  CT_SEQ_ADJUST,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_L4,
  PACKET_SOURCE_ROUTED,
  TCP_ESTABLISHED,
  TIMEOUT_UDP_STREAM,
  TRACK_CHECKSUM,
} from "../layout";
import { track as modes } from "../memory/directory";
import { flagsOf, hashOf, l3LengthOf, l3Of, l4Of, protocolOf } from "../packet";
import { findAtHome4 } from "../state/connection_index";
import { foundReply } from "../state/connection_tuples";
import { useConnection } from "../state/evictable";
import { foldSum, pseudoSum4, sumBytes } from "../wire/checksum";
import { ip4Addresses, ip4Destination, ip4Source, PROTOCOL_TCP, PROTOCOL_UDP } from "../wire/ipv4";
import { isPlainAck } from "../wire/tcp";
import { udpChecksum, udpLength } from "../wire/udp";
import { refresh, timeoutOf } from "./outcome";
import { timeoutFor } from "./tcp";
import { setLast } from "./tcp_memory";
import { KIND_ACK } from "./tcp_states";
import { takePlainAck } from "./tcp_window";
import { isLasting } from "./udp";

const COMMON: u32 = PACKET_IP4 | PACKET_L4;
const DECISIVE: u32 = COMMON | PACKET_FRAGMENT | PACKET_SOURCE_ROUTED;
const SETTLED: u32 = CT_CONFIRMED | CT_SEEN_REPLY | CT_ASSURED;
const SPECIAL: u32 = CT_DYING | CT_FIXED_TIMEOUT | CT_ONE_WAY | CT_SEQ_ADJUST;

/**
 * Follows a received packet of such a connection, whose direction foundReply says. 0, with nothing
 * changed: it is none, or needs a closer look.
 */
export function followEstablished(record: usize, zone: u32, now: u32): usize {
  if ((flagsOf(record) & DECISIVE) !== COMMON) return 0;
  const ip = l3Of(record);
  const l4 = l4Of(record);
  const length = <u32>(ip + l3LengthOf(record) - l4);
  const protocol = protocolOf(record);
  const tcp = protocol === PROTOCOL_TCP;
  if (tcp ? !isPlainAck(l4) : protocol !== PROTOCOL_UDP) return 0;
  if ((modes & TRACK_CHECKSUM) !== 0) {
    if (tcp ? !isSumRight(ip, l4, protocol, length) : !isUdpSumRight(ip, l4)) return 0;
  }
  const entry = findAtHome4(hashOf(record), protocol, zone, ip4Addresses(ip), load<u32>(l4));
  if (entry === 0 || (statusOf(entry) & (SETTLED | SPECIAL)) !== SETTLED) return 0;
  if (isOver(entry, now)) return 0;
  const ticks = tcp ? ticksOfTcp(entry, l4, length) : ticksOfUdp(entry, now);
  if (ticks === 0) return 0;
  useConnection(entry);
  refresh(record, entry, foundReply, ticks, now);
  return entry;
}

function isUdpSumRight(ip: usize, udp: usize): bool {
  return udpChecksum(udp) === 0 || isSumRight(ip, udp, PROTOCOL_UDP, udpLength(udp));
}

function isSumRight(ip: usize, l4: usize, protocol: u32, length: u32): bool {
  const pseudo = pseudoSum4(ip4Source(ip), ip4Destination(ip), protocol, length);
  return foldSum(pseudo + sumBytes(l4, length)) === 0xffff;
}

/** Ticks the connection lasts from now on; 0, with nothing changed: to be looked at closer. */
function ticksOfTcp(entry: usize, tcp: usize, length: u32): u32 {
  if (connectionState(entry) !== <u32>TCP_ESTABLISHED) return 0;
  if (!takePlainAck(entry, foundReply, tcp, length)) return 0;
  setLast(entry, foundReply, KIND_ACK);
  return timeoutFor(entry, TCP_ESTABLISHED, KIND_ACK);
}

function ticksOfUdp(entry: usize, now: u32): u32 {
  return isLasting(udpSince(entry), now) ? timeoutOf(TIMEOUT_UDP_STREAM) : 0;
}
