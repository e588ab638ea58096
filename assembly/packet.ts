// The packet record: one accessor per field of the 64 bytes beside each frame (layout.ts,
// RECORD_*).
//
// Contract: after stage/parse let a packet pass (VERDICT_CONTINUE), the flags say which headers
// exist, and every byte of those headers lies within `length`; later code reads them unchecked.
// Whatever moves or shortens the packet must set the fields it invalidates.

import {
  PORT_UNKNOWN,
  RECORD_DATA,
  RECORD_ETHER_TYPE,
  RECORD_FLAGS,
  RECORD_HASH,
  RECORD_IN_PORT,
  RECORD_L3,
  RECORD_L3_LENGTH,
  RECORD_L4,
  RECORD_LENGTH,
  RECORD_MPLS_LABELS,
  RECORD_NEIGHBOR,
  RECORD_OUT_PORT,
  RECORD_PAYLOAD,
  RECORD_PROTOCOL,
  RECORD_ROUTE,
  RECORD_SEQUENCE,
  RECORD_TIMESTAMP,
  RECORD_TUNNEL,
  RECORD_VLAN_TAGS,
  RECORD_VRF,
  RECORD_WIRE_LENGTH,
  VERDICT_DROP,
} from "./layout";

/** Address of the first byte of the Ethernet header. */
export function dataOf(record: usize): usize {
  return load<u32>(record, RECORD_DATA);
}
export function setData(record: usize, data: usize): void {
  store<u32>(record, <u32>data, RECORD_DATA);
}

/** Bytes present, from dataOf() on. */
export function lengthOf(record: usize): u32 {
  return load<u32>(record, RECORD_LENGTH);
}
export function setLength(record: usize, length: u32): void {
  store<u32>(record, length, RECORD_LENGTH);
}

/** Bytes the frame had on the wire. */
export function wireLengthOf(record: usize): u32 {
  return load<u32>(record, RECORD_WIRE_LENGTH);
}
export function setWireLength(record: usize, length: u32): void {
  store<u32>(record, length, RECORD_WIRE_LENGTH);
}

export function inPortOf(record: usize): u32 {
  return load<u16>(record, RECORD_IN_PORT);
}
export function setInPort(record: usize, port: u32): void {
  store<u16>(record, <u16>port, RECORD_IN_PORT);
}
export function outPortOf(record: usize): u32 {
  return load<u16>(record, RECORD_OUT_PORT);
}
export function setOutPort(record: usize, port: u32): void {
  store<u16>(record, <u16>port, RECORD_OUT_PORT);
}
export function vrfOf(record: usize): u32 {
  return load<u16>(record, RECORD_VRF);
}
export function setVrf(record: usize, vrf: u32): void {
  store<u16>(record, <u16>vrf, RECORD_VRF);
}

/** PACKET_* bits. */
export function flagsOf(record: usize): u32 {
  return load<u16>(record, RECORD_FLAGS);
}
export function setFlags(record: usize, flags: u32): void {
  store<u16>(record, <u16>flags, RECORD_FLAGS);
}

/** Address of the network header. */
export function l3Of(record: usize): usize {
  return dataOf(record) + load<u16>(record, RECORD_L3);
}
export function l3OffsetOf(record: usize): u32 {
  return load<u16>(record, RECORD_L3);
}
export function setL3Offset(record: usize, offset: u32): void {
  store<u16>(record, <u16>offset, RECORD_L3);
}

/** Bytes of the IP packet, header included. */
export function l3LengthOf(record: usize): u32 {
  return load<u32>(record, RECORD_L3_LENGTH);
}
export function setL3Length(record: usize, length: u32): void {
  store<u32>(record, length, RECORD_L3_LENGTH);
}

/** Address of the transport header. */
export function l4Of(record: usize): usize {
  return dataOf(record) + load<u16>(record, RECORD_L4);
}
export function l4OffsetOf(record: usize): u32 {
  return load<u16>(record, RECORD_L4);
}
export function setL4Offset(record: usize, offset: u32): void {
  store<u16>(record, <u16>offset, RECORD_L4);
}

/** Offset of what follows the transport header, from dataOf(). */
export function payloadOffsetOf(record: usize): u32 {
  return load<u16>(record, RECORD_PAYLOAD);
}
export function setPayloadOffset(record: usize, offset: u32): void {
  store<u16>(record, <u16>offset, RECORD_PAYLOAD);
}

export function etherTypeOf(record: usize): u32 {
  return load<u16>(record, RECORD_ETHER_TYPE);
}
export function setEtherType(record: usize, etherType: u32): void {
  store<u16>(record, <u16>etherType, RECORD_ETHER_TYPE);
}

/** Protocol of the transport header (RFC 5237 numbers). */
export function protocolOf(record: usize): u32 {
  return load<u8>(record, RECORD_PROTOCOL);
}
export function setProtocol(record: usize, protocol: u32): void {
  store<u8>(record, <u8>protocol, RECORD_PROTOCOL);
}
export function vlanTagsOf(record: usize): u32 {
  return load<u8>(record, RECORD_VLAN_TAGS);
}
export function setVlanTags(record: usize, tags: u32): void {
  store<u8>(record, <u8>tags, RECORD_VLAN_TAGS);
}
export function mplsLabelsOf(record: usize): u32 {
  return load<u8>(record, RECORD_MPLS_LABELS);
}
export function setMplsLabels(record: usize, labels: u32): void {
  store<u8>(record, <u8>labels, RECORD_MPLS_LABELS);
}
/** TUNNEL_*: what this packet carries, as far as its outer headers say. */
export function tunnelOf(record: usize): u32 {
  return load<u8>(record, RECORD_TUNNEL);
}
export function setTunnel(record: usize, tunnel: u32): void {
  store<u8>(record, <u8>tunnel, RECORD_TUNNEL);
}

/** Symmetric flow hash: both directions of a flow have the same. */
export function hashOf(record: usize): u32 {
  return load<u32>(record, RECORD_HASH);
}
export function setHash(record: usize, hash: u32): void {
  store<u32>(record, hash, RECORD_HASH);
}

/** Nanoseconds since 1970. */
export function timestampOf(record: usize): u64 {
  return load<u64>(record, RECORD_TIMESTAMP);
}
export function setTimestamp(record: usize, timestamp: u64): void {
  store<u64>(record, timestamp, RECORD_TIMESTAMP);
}
export function sequenceOf(record: usize): u64 {
  return load<u64>(record, RECORD_SEQUENCE);
}
export function setSequence(record: usize, sequence: u64): void {
  store<u64>(record, sequence, RECORD_SEQUENCE);
}

/** Number of the forwarding entry the route look-up gave; 0 = none. */
export function routeOf(record: usize): u32 {
  return load<u32>(record, RECORD_ROUTE);
}
export function setRoute(record: usize, route: u32): void {
  store<u32>(record, route, RECORD_ROUTE);
}
/** Number of the neighbor entry the packet leaves to; 0 = none. */
export function neighborOf(record: usize): u32 {
  return load<u32>(record, RECORD_NEIGHBOR);
}
export function setNeighbor(record: usize, neighbor: u32): void {
  store<u32>(record, neighbor, RECORD_NEIGHBOR);
}

/** Begins a packet: all that is known of it is where and when it came and which it is. */
export function clearRecord(record: usize, inPort: u32, timestamp: u64, sequence: u64): void {
  // Two fields at a time: the out-port lies behind the in-port, the neighbor behind the route.
  store<u32>(record, inPort | (PORT_UNKNOWN << 16), RECORD_IN_PORT);
  store<u64>(record, 0, RECORD_ROUTE);
  setTimestamp(record, timestamp);
  setSequence(record, sequence);
}

/** The verdict "dropped, for this reason" (drops.ts). */
export function drop(reason: i32): i32 {
  return VERDICT_DROP + reason;
}
