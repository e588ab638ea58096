// A connection: one accessor per field of its 160 bytes (layout.ts, CONNECTION_*).
//
// Both directions are one entry: `reply` says which of the two a value belongs to. Addresses and
// ports are as in packets (network order, loaded as they lie in memory); of ICMP the identifier is
// in the place of the source port, type and code in that of the destination port.
//
// An entry is either in the table (CT_CONFIRMED) or the worker's scratch, where the connection of a
// first packet is until that packet gets through (state/connections.ts). What it keeps of TCP is in
// track/tcp_memory.ts.

import {
  CONNECTION_BACKEND,
  CONNECTION_BYTES,
  CONNECTION_DEADLINE,
  CONNECTION_EXTENSION,
  CONNECTION_HELPER,
  CONNECTION_MARK,
  CONNECTION_PACKETS,
  CONNECTION_PROTOCOL,
  CONNECTION_REPLY_PACKETS,
  CONNECTION_SCTP_FLAGS,
  CONNECTION_SCTP_TAGS,
  CONNECTION_STATE,
  CONNECTION_STATUS,
  CONNECTION_UDP_SINCE,
  CONNECTION_ZONE,
  CT_ASSURED,
  CT_CONFIRMED,
  CT_DNAT,
  CT_IP6,
  CT_SEEN_REPLY,
  CT_SNAT,
} from "./layout";

/** CT_* bits. */
export function statusOf(connection: usize): u32 {
  return load<u32>(connection, CONNECTION_STATUS);
}
export function addStatus(connection: usize, bits: u32): void {
  store<u32>(connection, statusOf(connection) | bits, CONNECTION_STATUS);
}
export function removeStatus(connection: usize, bits: u32): void {
  store<u32>(connection, statusOf(connection) & ~bits, CONNECTION_STATUS);
}
/** Whether any of these CT_* bits is set. */
export function hasStatus(connection: usize, bits: u32): bool {
  return (statusOf(connection) & bits) !== 0;
}
/** In the table, not the worker's scratch. */
export function isConfirmed(connection: usize): bool {
  return hasStatus(connection, CT_CONFIRMED);
}
export function isAssured(connection: usize): bool {
  return hasStatus(connection, CT_ASSURED);
}
export function hasSeenReply(connection: usize): bool {
  return hasStatus(connection, CT_SEEN_REPLY);
}
export function isTranslated(connection: usize): bool {
  return hasStatus(connection, CT_SNAT | CT_DNAT);
}
/** Of IPv6 addresses. */
export function isOfIp6(connection: usize): bool {
  return hasStatus(connection, CT_IP6);
}

export function connectionProtocol(connection: usize): u32 {
  return load<u8>(connection, CONNECTION_PROTOCOL);
}
/** TCP_* or SCTP_*; of other protocols 0. */
export function connectionState(connection: usize): u32 {
  return load<u8>(connection, CONNECTION_STATE);
}
export function setConnectionState(connection: usize, state: u32): void {
  store<u8>(connection, <u8>state, CONNECTION_STATE);
}
export function connectionZone(connection: usize): u32 {
  return load<u16>(connection, CONNECTION_ZONE);
}
export function connectionMark(connection: usize): u32 {
  return load<u32>(connection, CONNECTION_MARK);
}
export function setConnectionMark(connection: usize, mark: u32): void {
  store<u32>(connection, mark, CONNECTION_MARK);
}

/** Tick from which on the connection is over. Set by state/connections, setDeadline(). */
export function deadlineOf(connection: usize): u32 {
  return load<u32>(connection, CONNECTION_DEADLINE);
}
/** Ticks are compared by their difference: they begin anew after 2^32 of them. */
export function isOver(connection: usize, now: u32): bool {
  return <i32>(deadlineOf(connection) - now) <= 0;
}
/** Ticks the connection has left; 0 = over. */
export function ticksLeft(connection: usize, now: u32): u32 {
  return isOver(connection, now) ? 0 : deadlineOf(connection) - now;
}

/** Number of the extension in its shard; 0 = none. */
export function extensionNumber(connection: usize): u32 {
  return load<u16>(connection, CONNECTION_EXTENSION);
}
export function setExtensionNumber(connection: usize, number: u32): void {
  store<u16>(connection, <u16>number, CONNECTION_EXTENSION);
}
/** HELPER_*. */
export function helperOf(connection: usize): u32 {
  return load<u8>(connection, CONNECTION_HELPER);
}
export function setHelper(connection: usize, helper: u32): void {
  store<u8>(connection, <u8>helper, CONNECTION_HELPER);
}
/** Number of the backend a service chose; 0 = none. */
export function backendOf(connection: usize): u32 {
  return load<u16>(connection, CONNECTION_BACKEND);
}
export function setBackend(connection: usize, backend: u32): void {
  store<u16>(connection, <u16>backend, CONNECTION_BACKEND);
}

// ---- counters -----------------------------------------------------------------------------------
function direction(reply: bool): usize {
  return reply ? <usize>(CONNECTION_REPLY_PACKETS - CONNECTION_PACKETS) : 0;
}
export function packetsOf(connection: usize, reply: bool): u64 {
  return load<u64>(connection + direction(reply), CONNECTION_PACKETS);
}
/** Bytes of its IP packets. */
export function bytesOf(connection: usize, reply: bool): u64 {
  return load<u64>(connection + direction(reply), CONNECTION_BYTES);
}
/** Counts packets of so many bytes in all. */
export function countInConnection(connection: usize, reply: bool, packets: u64, bytes: u64): void {
  const at = connection + direction(reply);
  store<u64>(at, load<u64>(at, CONNECTION_PACKETS) + packets, CONNECTION_PACKETS);
  store<u64>(at, load<u64>(at, CONNECTION_BYTES) + bytes, CONNECTION_BYTES);
}

// ---- SCTP, UDP ---------------------------------------------------------------------------------
/** Verification tag of this direction's packets (RFC 9260 8.5). */
export function sctpTag(connection: usize, reply: bool): u32 {
  return load<u32>(connection + (reply ? <usize>4 : 0), CONNECTION_SCTP_TAGS);
}
export function setSctpTag(connection: usize, reply: bool, tag: u32): void {
  store<u32>(connection + (reply ? <usize>4 : 0), tag, CONNECTION_SCTP_TAGS);
}
/** SCTP_FLAG_*. */
export function sctpFlags(connection: usize): u32 {
  return load<u32>(connection, CONNECTION_SCTP_FLAGS);
}
export function setSctpFlags(connection: usize, flags: u32): void {
  store<u32>(connection, flags, CONNECTION_SCTP_FLAGS);
}
/** Tick of its first packet. */
export function udpSince(connection: usize): u32 {
  return load<u32>(connection, CONNECTION_UDP_SINCE);
}
export function setUdpSince(connection: usize, tick: u32): void {
  store<u32>(connection, tick, CONNECTION_UDP_SINCE);
}
