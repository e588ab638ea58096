// Connection tracking: which connection is a packet of, and what does the packet mean to it?
//
//   fragments, wrong checksums, unknown ─▶ INVALID
//   errors of ICMP ─▶ the connection of the packet they quote: RELATED, or INVALID
//   messages between neighbors ─▶ UNTRACKED
//   tuple ─ found? ─┬─ yes ─▶ protocol ─▶ NEW, ESTABLISHED, RELATED, or INVALID
//                   └─ no ─▶ begun in the worker's scratch ─▶ protocol ─▶ NEW, RELATED, or INVALID
//
// Behaves as nf_conntrack of Linux 6. A connection that is begun enters the table when its packet
// gets through (state/connections.ts, confirmConnection), and only then.

import { addStatus, connectionState, hasStatus, isConfirmed, statusOf } from "../connection";
import {
  COUNT_CONNECTIONS_DELETED,
  COUNT_CT_ESTABLISHED,
  COUNT_CT_INVALID,
  COUNT_CT_NEW,
  COUNT_CT_RELATED,
  COUNT_CT_UNTRACKED,
  CT_ASSURED,
  CT_DNAT,
  CT_EXPECTED,
  CT_ONE_WAY,
  CT_SEEN_REPLY,
  CT_SNAT,
  EVENT_UPDATE,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_L4,
  SHARD_SHIFT,
  STATE_ASSURED,
  STATE_DNAT,
  STATE_ESTABLISHED,
  STATE_INVALID,
  STATE_NEW,
  STATE_RELATED,
  STATE_REPLY,
  STATE_SNAT,
  STATE_TRACKED,
  STATE_UNTRACKED,
  TRACK_CHECKSUM,
  TRACK_ORDERED,
  TUPLE_DST,
  TUPLE_ZONE,
  WORKER_TUPLE,
  WORKER_TUPLE_OTHER,
} from "../layout";
import { countEvent } from "../memory/counters";
import { track as modes, worker } from "../memory/directory";
import { flagsOf, hashOf, l3Of, l4Of, protocolOf, timestampOf } from "../packet";
import { verifyTransport } from "../parse/transport_checksum";
import { hashOfTuple } from "../parse/tuple";
import { keepEvent } from "../state/connection_events";
import { foundReply as foundHere } from "../state/connection_tuples";
import {
  beginConnection,
  findConnection,
  foundReply,
  nowTick,
  removeConnection,
} from "../state/connections";
import { icmpType } from "../wire/icmp";
import {
  ip4Destination,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from "../wire/ipv4";
import { ip6Destination, ip6Equal } from "../wire/ipv6";
import { udpChecksum } from "../wire/udp";
import { followEstablished } from "./established";
import { endow } from "./expected";
import { updateGeneric, updateGre } from "./generic";
import {
  ICMP_ABOUT,
  ICMP_NEIGHBORLY,
  ICMP_QUERY,
  ICMP_UNKNOWN,
  icmp6Role,
  icmpRole,
  updateIcmp,
} from "./icmp";
import { updateOneWay } from "./one_way";
import { TRACKED_INVALID, TRACKED_OK, TRACKED_REPEAT } from "./outcome";
import { updateSctp } from "./sctp";
import { closeTcp, updateTcp } from "./tcp";
import { invertTuple, quotedTuple, tupleOf } from "./tuple";
import { updateUdp, updateUdpLite } from "./udp";

// The packet at hand, as track() found it

/** Its connection, or of an error that of the quoted packet: in the table or scratch; 0 = none. */
export let connection: usize = 0;
/** It goes in the reply's direction. */
export let isReply: bool = false;
/** STATE_* bits. */
export let state: u32 = 0;
/** The connection begins with it. */
export let isUnconfirmed: bool = false;
/** A helper has seen it. */
export let isHelped: bool = false;

/** No message of ICMP, so none of its roles. */
const NO_ROLE: u32 = 5;

/**
 * Finds or begins the connection of a parsed packet, whose hash must be that of its headers as they
 * are. `now` is the tick of its shard; `verify` = received: checksums count. Returns `state`.
 */
export function track(record: usize, zone: u32, now: u32, verify: bool): u32 {
  forgetConnection();
  const entry: usize = verify ? followEstablished(record, zone, now) : 0;
  if (entry !== 0) {
    connection = entry;
    isReply = foundHere;
    state = STATE_ESTABLISHED | STATE_TRACKED | stateOfStatus(statusOf(entry));
    if (isReply) state |= STATE_REPLY;
    countEvent(COUNT_CT_ESTABLISHED);
    return state;
  }
  state = classify(record, zone, now, verify);
  if (connection !== 0) state |= stateOfStatus(statusOf(connection));
  count();
  return state;
}

/** Forgets the connection of the packet before: this one is not tracked. */
export function leaveUntracked(): void {
  forgetConnection();
  state = STATE_UNTRACKED;
  count();
}

/** The same, of one that cannot be tracked. */
export function leaveInvalid(): void {
  forgetConnection();
  state = invalid();
  count();
}

/** Nothing is known of the packet at hand yet. */
export function forgetConnection(): void {
  connection = 0;
  isReply = false;
  isUnconfirmed = false;
  isHelped = false;
  state = 0;
}

export function noteHelped(): void {
  isHelped = true;
}

/** The packet's connection is this one of the table. */
export function settleConnection(entry: usize): void {
  connection = entry;
  isUnconfirmed = false;
}

/** The packet at hand is now the rejection of the one before, and of its connection. */
export function attachReply(): void {
  if (connection === 0) return;
  isReply = !isReply;
  isHelped = false;
  state = STATE_RELATED | STATE_TRACKED | (isReply ? STATE_REPLY : 0);
  state |= stateOfStatus(statusOf(connection));
  count();
}

/** NAT has been decided: from now on the packet's state says so. */
export function noteTranslation(): void {
  state |= stateOfStatus(statusOf(connection));
}

/** The engine resets the packet's connection at one end: it is over at the other, too. */
export function closeByReset(): void {
  if (connection !== 0 && isConfirmed(connection)) closeTcp(connection, nowTick);
}

/** The STATE_* bits that a connection's CT_* bits stand for. */
export function stateOfStatus(status: u32): u32 {
  let bits: u32 = 0;
  if ((status & CT_SNAT) !== 0) bits |= STATE_SNAT;
  if ((status & CT_DNAT) !== 0) bits |= STATE_DNAT;
  if ((status & CT_ASSURED) !== 0) bits |= STATE_ASSURED;
  return bits;
}

function count(): void {
  if ((state & STATE_ESTABLISHED) !== 0) countEvent(COUNT_CT_ESTABLISHED);
  else if ((state & STATE_NEW) !== 0) countEvent(COUNT_CT_NEW);
  else if ((state & STATE_RELATED) !== 0) countEvent(COUNT_CT_RELATED);
  else if ((state & STATE_INVALID) !== 0) countEvent(COUNT_CT_INVALID);
  else countEvent(COUNT_CT_UNTRACKED);
}

function classify(record: usize, zone: u32, now: u32, verify: bool): u32 {
  if (verify && (modes & TRACK_CHECKSUM) !== 0 && !isSumRight(record)) return invalid();
  const role = roleOf(record);
  if (role === ICMP_NEIGHBORLY) return STATE_UNTRACKED;
  if (role === ICMP_UNKNOWN) return invalid();
  if (role === ICMP_ABOUT) return relate(record, zone);
  const tuple = worker + WORKER_TUPLE;
  if (!tupleOf(record, tuple)) return invalid();
  store<u16>(tuple, <u16>zone, TUPLE_ZONE);
  const entry = findConnection(hashOf(record), tuple);
  if (entry !== 0) {
    const found = follow(record, entry, foundReply, now);
    if (found !== 0) return found;
  }
  return begin(record, tuple, role, now);
}

function invalid(): u32 {
  connection = 0;
  return STATE_INVALID | STATE_TRACKED;
}

/** A checksum of zero is none in UDP: over IPv6 too Linux lets it pass (compare RFC 6935). */
function isSumRight(record: usize): bool {
  switch (protocolOf(record)) {
    case PROTOCOL_UDP:
      return udpChecksum(l4Of(record)) === 0 || verifyTransport(record);
    case PROTOCOL_TCP:
    case PROTOCOL_UDP_LITE:
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMP6:
    case PROTOCOL_SCTP:
      return verifyTransport(record);
    default:
      return true;
  }
}

/** What the packet is as a message of ICMP (ICMP_*), in the IP it belongs to; else NO_ROLE. */
function roleOf(record: usize): u32 {
  const flags = flagsOf(record);
  const protocol = protocolOf(record);
  if ((flags & PACKET_L4) === 0 || (flags & PACKET_FRAGMENT) !== 0) return NO_ROLE;
  if (protocol === PROTOCOL_ICMP) return icmpRole(icmpType(l4Of(record)));
  if (protocol === PROTOCOL_ICMP6) return icmp6Role(icmpType(l4Of(record)));
  return NO_ROLE;
}

/** Follows a connection that was there; 0 = it was closed and is removed. */
function follow(record: usize, entry: usize, reply: bool, now: u32): u32 {
  const status = statusOf(entry);
  const before = connectionState(entry);
  const outcome = update(record, entry, reply, now);
  if (outcome === TRACKED_REPEAT) {
    removeConnection(entry, COUNT_CONNECTIONS_DELETED);
    return 0;
  }
  if (outcome === TRACKED_INVALID) return invalid();
  if (reply) addStatus(entry, CT_SEEN_REPLY);
  connection = entry;
  isReply = reply;
  if (statusOf(entry) !== status || connectionState(entry) !== before) {
    keepEvent(EVENT_UPDATE, entry, timestampOf(record));
  }
  if (reply) return STATE_ESTABLISHED | STATE_REPLY | STATE_TRACKED;
  return stateOfOriginal(status);
}

/** The state of a packet of the original direction, by the CT_* bits it found. */
function stateOfOriginal(status: u32): u32 {
  if ((status & CT_SEEN_REPLY) !== 0) return STATE_ESTABLISHED | STATE_TRACKED;
  return ((status & CT_EXPECTED) !== 0 ? STATE_RELATED : STATE_NEW) | STATE_TRACKED;
}

/** Begins a connection in the worker's scratch, of which nothing stays if the packet is wrong. */
function begin(record: usize, tuple: usize, role: u32, now: u32): u32 {
  if (role !== NO_ROLE && role !== ICMP_QUERY) return invalid();
  const entry = beginConnection(tuple);
  if (update(record, entry, false, now) !== TRACKED_OK) return invalid();
  if (!endow(entry, tuple, now)) return invalid();
  connection = entry;
  isUnconfirmed = true;
  return stateOfOriginal(statusOf(entry));
}

/**
 * An error about a packet of some connection: it goes the other way than that packet went, to the
 * one that had sent it; else somebody claims to speak of what he was not told (RFC 5927 4).
 */
function relate(record: usize, zone: u32): u32 {
  const quoted = worker + WORKER_TUPLE_OTHER;
  const tuple = worker + WORKER_TUPLE;
  if (!quotedTuple(record, quoted) || !invertTuple(quoted, tuple)) return invalid();
  store<u16>(tuple, <u16>zone, TUPLE_ZONE);
  if (!isAddressedTo(record, tuple + TUPLE_DST)) return invalid();
  const hash = hashOfTuple(tuple);
  // ICMPv6 errors of types that nobody knows are steered as themselves: they may be of another
  // shard than what they quote, which another worker may own.
  const foreign = (hash ^ hashOf(record)) >>> SHARD_SHIFT !== 0;
  if (foreign && (modes & TRACK_ORDERED) === 0) return invalid();
  const entry = findConnection(hash, tuple);
  if (entry === 0) return invalid();
  connection = entry;
  isReply = foundReply;
  return STATE_RELATED | STATE_TRACKED | (isReply ? STATE_REPLY : 0);
}

function isAddressedTo(record: usize, address: usize): bool {
  const ip = l3Of(record);
  return (flagsOf(record) & PACKET_IP4) !== 0
    ? ip4Destination(ip) === load<u32>(address)
    : ip6Equal(ip6Destination(ip), address);
}

function update(record: usize, entry: usize, reply: bool, now: u32): i32 {
  const protocol = protocolOf(record);
  if (hasStatus(entry, CT_ONE_WAY) && !reply) {
    if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_SCTP) {
      return updateOneWay(record, entry, now);
    }
  }
  switch (protocol) {
    case PROTOCOL_TCP:
      return updateTcp(record, entry, reply, now);
    case PROTOCOL_UDP:
      return updateUdp(record, entry, reply, now);
    case PROTOCOL_UDP_LITE:
      return updateUdpLite(record, entry, reply, now);
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMP6:
      return updateIcmp(record, entry, reply, now);
    case PROTOCOL_SCTP:
      return updateSctp(record, entry, reply, now);
    case PROTOCOL_GRE:
      return updateGre(record, entry, reply, now);
    default:
      return updateGeneric(record, entry, reply, now);
  }
}
