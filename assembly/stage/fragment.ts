// Fragmentation (RFC 791 2.3, RFC 8200 4.5): a packet is cut so that no piece is longer than the
// link takes, nor, as Linux does it, than the fragments it came in; if those all fit, it leaves in
// exactly them. A caller goes on like this:
//
//   const size = cutSize(record, mtu)             0 = the packet leaves as it is
//   beginCut(record, size)
//   while (hasNextFragment()) nextFragment(record, target)       each into a frame of its own
//                                (what is done between two that may cut others: see resumeCut)
//   lastFragment(record)                          the packet's own frame holds the last one
//
// Every piece is a whole frame with the link header of the packet, and the packet's record but for
// what describes its headers.

import {
  COUNT_FRAGMENTED,
  COUNT_FRAGMENTS_MADE,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
  PACKET_OWN,
  PACKET_TUNNELED,
  RECORD_LENGTH,
  RECORD_STRIDE,
  TUNNEL_OURS,
} from "../layout";
import { countEvent } from "../memory/counters";
import {
  dataOf,
  flagsOf,
  hashOf,
  l3LengthOf,
  l3Of,
  l3OffsetOf,
  l4Of,
  l4OffsetOf,
  payloadOffsetOf,
  sequenceOf,
  setData,
  setFlags,
  setL3Length,
  setL4Offset,
  setLength,
  setPayloadOffset,
  setProtocol,
  setTunnel,
  setWireLength,
  tunnelOf,
} from "../packet";
import {
  fragmentCount,
  fragmentEnd,
  fragmentIdentification,
  fragmentPart,
  fragmentSize,
} from "../state/reassembled";
import { copyMetadata } from "../state/tunnel_metadata";
import {
  clearUncopiedIp4Options,
  IP4_DONT_FRAGMENT,
  IP4_MORE_FRAGMENTS,
  IP4_OFFSET_MASK,
  ip4Fragment,
  ip4HeaderLength,
  setIp4Fragment,
  setIp4Identification,
  setIp4TotalLength,
  sumIp4,
} from "../wire/ipv4";
import {
  buildFragment,
  IP6_FRAGMENT_HEADER,
  IP6_HEADER,
  ip6FragmentablePart,
  ip6NextHeaderAt,
  NEXT_FRAGMENT,
  setIp6PayloadLength,
} from "../wire/ipv6";

/** Smallest MTU of a link that carries IPv6 (RFC 8200 5). */
const LEAST_MTU6: u32 = 1280;
/** An odd constant without structure: the fraction of the square root of 2. */
const SPREAD: u32 = 0x6a09e667;

// Of the packet being cut
let isIp4: bool = false;
/** It is of the engine's own making: it has no identification yet, and DF for want of one. */
let isFresh: bool = false;
/** What is known of fragments is of this packet: not of another that it was made of. */
let isKnown: bool = false;
/** Bytes of the IP packet that every fragment begins with; the Fragment header behind them. */
let part: u32 = 0;
let extra: u32 = 0;
/** Bytes to cut, how many have been, and how many a fragment has room for. */
let total: u32 = 0;
export let done: u32 = 0;
let room: u32 = 0;
/** How often a packet was begun to be cut: another one, since, when it differs. */
export let cuts: u32 = 0;
/** The packet leaves in the pieces it came in; number of the next. */
let keepsEnds: bool = false;
export let piece: u32 = 0;
/** IPv6: protocol of what is cut, and where a header names it. */
let next: u32 = 0;
let nextPlace: u32 = 0;
/** Of IPv6, memory order; of IPv4 packets of the engine's own, which have none while whole. */
let identification: u32 = 0;
/** IPv4: the fragment field of the packet, which may be a fragment itself. */
let field: u32 = 0;

/**
 * Length that the fragments of a packet may have as IP packets, on a link that takes `mtu` bytes; 0
 * when the packet leaves as it is. Of what came whole, only IPv4 is cut (RFC 8200 5).
 */
export function cutSize(record: usize, mtu: u32): u32 {
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  const cameWhole = fragmentSize === 0 || (flagsOf(record) & PACKET_OWN) !== 0;
  if (cameWhole) return ip4 && l3LengthOf(record) > mtu ? mtu : 0;
  if (ip4) return min<u32>(mtu, fragmentSize);
  if (l3LengthOf(record) <= fragmentSize) return 0;
  return min<u32>(mtu, max<u32>(fragmentSize, LEAST_MTU6));
}

/** Whether its sender forbids to cut the packet (RFC 791 2.3). */
export function mustBeWhole(record: usize): bool {
  const flags = flagsOf(record);
  if ((flags & PACKET_IP4) === 0) return (flags & PACKET_IP6) === 0;
  return (ip4Fragment(l3Of(record)) & IP4_DONT_FRAGMENT) !== 0;
}

/**
 * Begins to cut the packet into fragments no longer than `size` as IP packets. False when that
 * leaves no room for 8 bytes of data.
 *
 * @param fresh the engine made the packet: it is given an identification
 */
export function beginCut(record: usize, size: u32, fresh: bool): bool {
  const ip = l3Of(record);
  isIp4 = (flagsOf(record) & PACKET_IP4) !== 0;
  cuts++;
  isFresh = fresh;
  isKnown = fragmentSize !== 0 && !fresh && (flagsOf(record) & PACKET_OWN) === 0;
  // Different for each packet, the same in every run (RFC 7739 5.1).
  identification = (<u32>sequenceOf(record) * SPREAD) ^ hashOf(record);
  if (isIp4) begin4(ip);
  else begin6(record, ip);
  if (size < part + extra + 8) return false;
  room = size - part - extra;
  total = l3LengthOf(record) - part;
  done = 0;
  piece = 0;
  keepsEnds = areEndsGood();
  return true;
}

/** Goes on with a packet that was begun like this, and of which so much is cut off already. */
export function resumeCut(record: usize, size: u32, fresh: bool, bytes: u32, pieces: u32): void {
  beginCut(record, size, fresh);
  done = bytes;
  piece = pieces;
}

function begin4(ip: usize): void {
  part = ip4HeaderLength(ip);
  extra = 0;
  // Own packets have DF because they have no identification (RFC 6864 4.1): now they get one.
  field = isFresh ? 0 : ip4Fragment(ip);
}

function begin6(record: usize, ip: usize): void {
  extra = IP6_FRAGMENT_HEADER;
  part = <u32>(ip6FragmentablePart(ip, l4Of(record)) - ip);
  if (isKnown) {
    part = fragmentPart;
    identification = fragmentIdentification;
  }
  const place = ip6NextHeaderAt(ip, ip + part);
  nextPlace = <u32>(place - ip);
  next = load<u8>(place);
}

/** Whether the fragments that came are still those of this packet, and fit. */
function areEndsGood(): bool {
  if (!isKnown || fragmentCount === 0 || fragmentPart !== part) return false;
  let from: u32 = 0;
  for (let number: u32 = 0; number < fragmentCount; number++) {
    const end = fragmentEnd(number);
    if (end - from > room) return false;
    from = end;
  }
  return from === total;
}

/** Bytes the next fragment takes of what is left: all, or a multiple of 8. */
function nextBytes(): u32 {
  const left = total - done;
  if (keepsEnds) return fragmentEnd(piece) - done;
  return left <= room ? left : room & ~7;
}

/** Whether more than the last fragment is left. */
export function hasNextFragment(): bool {
  return done + nextBytes() < total;
}

/** Makes the next fragment of the packet in the frame of `target`, which is empty. */
export function nextFragment(record: usize, target: usize): void {
  const bytes = nextBytes();
  const data = dataOf(target);
  const head = l3OffsetOf(record) + part;
  memory.copy(target + RECORD_LENGTH, record + RECORD_LENGTH, RECORD_STRIDE - RECORD_LENGTH);
  if ((flagsOf(record) & PACKET_TUNNELED) !== 0) copyMetadata(record, target);
  memory.copy(data, dataOf(record), head);
  memory.copy(data + head + extra, dataOf(record) + head + done, bytes);
  finishFragment(target, bytes);
  done += bytes;
  piece++;
}

/** Makes the last fragment in the packet's own frame; a packet that was not cut is left alone. */
export function lastFragment(record: usize): void {
  if (done === 0) return;
  const head = l3OffsetOf(record) + part;
  const data = dataOf(record) + done - extra;
  memory.copy(data, dataOf(record), head);
  setData(record, data);
  finishFragment(record, total - done);
  countEvent(COUNT_FRAGMENTED);
}

/** Headers and record of a fragment whose frame has the packet's head and its own bytes. */
function finishFragment(record: usize, bytes: u32): void {
  const ip = l3Of(record);
  const more = done + bytes < total;
  const length = part + extra + bytes;
  if (isIp4) finish4(ip, length, more);
  else finish6(ip, length, more);
  setL3Length(record, length);
  setLength(record, l3OffsetOf(record) + length);
  setWireLength(record, l3OffsetOf(record) + length);
  setTunnel(record, tunnelOf(record) & TUNNEL_OURS);
  if (done === 0) noteFirst(record);
  else noteLater(record);
  countEvent(COUNT_FRAGMENTS_MADE);
}

/** A fragment that is cut again stays where it is in its datagram. */
function finish4(ip: usize, length: u32, more: bool): void {
  const offset = (field & IP4_OFFSET_MASK) + (done >> 3);
  const flags =
    (field & (IP4_DONT_FRAGMENT | IP4_MORE_FRAGMENTS)) | (more ? IP4_MORE_FRAGMENTS : 0);
  if (done !== 0) clearUncopiedIp4Options(ip);
  if (isFresh) setIp4Identification(ip, identification);
  setIp4TotalLength(ip, length);
  setIp4Fragment(ip, flags | offset);
  sumIp4(ip);
}

function finish6(ip: usize, length: u32, more: bool): void {
  store<u8>(ip + nextPlace, <u8>NEXT_FRAGMENT);
  setIp6PayloadLength(ip, length - IP6_HEADER);
  buildFragment(ip + part, next, done, more, identification);
}

function noteFirst(record: usize): void {
  setFlags(record, (flagsOf(record) | PACKET_FRAGMENT) & ~(<u32>PACKET_ICMP_ERROR));
  setL4Offset(record, l4OffsetOf(record) + extra);
  setPayloadOffset(record, payloadOffsetOf(record) + extra);
}

function noteLater(record: usize): void {
  const gone = <u32>(PACKET_L4 | PACKET_ICMP_ERROR);
  setFlags(record, (flagsOf(record) | PACKET_FRAGMENT | PACKET_LATER_FRAGMENT) & ~gone);
  const offset = l3OffsetOf(record) + part + extra;
  setL4Offset(record, offset);
  setPayloadOffset(record, offset);
  if (!isIp4) setProtocol(record, next);
}
