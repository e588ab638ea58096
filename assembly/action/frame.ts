// What all actions share: where the headers of a frame are, making and closing gaps in front of
// them, and parsing anew what a change has uncovered.

import {
  COPY_LEAD,
  PACKET_KEPT,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PACKET_L4,
  TUNNEL_NONE,
  VERDICT_CONTINUE,
} from "../layout";
import { frameStart } from "../memory/frames";
import {
  dataOf,
  etherTypeOf,
  flagsOf,
  l3OffsetOf,
  l4OffsetOf,
  lengthOf,
  mplsLabelsOf,
  payloadOffsetOf,
  protocolOf,
  setData,
  setFlags,
  setL3Length,
  setL3Offset,
  setL4Offset,
  setLength,
  setMplsLabels,
  setPayloadOffset,
  setProtocol,
  setTunnel,
  setWireLength,
  vlanTagsOf,
  wireLengthOf,
} from "../packet";
import { parseAgain } from "../parse/again";
import { setOffsets } from "../parse/fields";
import { networkOf } from "../parse/key_network";
import {
  ETHERNET_HEADER,
  ETHERTYPE_FIRST,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
} from "../wire/ethernet";
import { SNAP_HEADER } from "../wire/llc";
import { VLAN_TAG } from "../wire/vlan";

/** Bytes of the EtherType, with which the Ethernet header and every tag ends. */
export const TYPE_BYTES: u32 = 2;
/** Bytes in front of the first tag or EtherType. */
export const MACS: u32 = ETHERNET_HEADER - TYPE_BYTES;

/** Offset of the type or length field behind all VLAN tags. */
function linkTypeOffset(record: usize): u32 {
  return MACS + vlanTagsOf(record) * VLAN_TAG;
}

export function typeAt(record: usize, offset: u32): u32 {
  return bswap<u16>(load<u16>(dataOf(record) + offset));
}

/** Offset of the EtherType of what follows the VLAN tags; 0 in an 802.3 frame that has none. */
export function typeOffset(record: usize): u32 {
  const offset = linkTypeOffset(record);
  if (typeAt(record, offset) >= ETHERTYPE_FIRST) return offset;
  return etherTypeOf(record) === 0 ? 0 : offset + SNAP_HEADER;
}

/** Address of the outermost label stack entry. There must be one. */
export function labelAt(record: usize): usize {
  return dataOf(record) + typeOffset(record) + TYPE_BYTES;
}

/** Whether flows see a whole transport header of this protocol. */
export function hasTransport(record: usize, protocol: u32): bool {
  if ((flagsOf(record) & PACKET_L4) === 0 || protocolOf(record) !== protocol) return false;
  return networkOf(record) !== 0;
}

/** Bytes in front of the packet that its frame still has. */
function headroomOf(record: usize): u32 {
  return <u32>(dataOf(record) - frameStart(record)) - COPY_LEAD;
}

/**
 * Makes room for `bytes` at the offset, which lies before the network header, by moving what is in
 * front of it. False, and nothing changed, when the frame has not that much headroom left.
 */
export function openGap(record: usize, offset: u32, bytes: u32): bool {
  if (headroomOf(record) < bytes) return false;
  const data = dataOf(record);
  memory.copy(data - bytes, data, offset);
  shift(record, bytes);
  return true;
}

/** Takes out `bytes` from the offset on, which lie before the network header. */
export function closeGap(record: usize, offset: u32, bytes: u32): void {
  const data = dataOf(record);
  memory.copy(data + bytes, data, offset);
  shift(record, -bytes);
}

/** The frame begins so many bytes earlier. */
function shift(record: usize, bytes: i32): void {
  setData(record, dataOf(record) - bytes);
  setLength(record, lengthOf(record) + bytes);
  setWireLength(record, wireLengthOf(record) + bytes);
  setL3Offset(record, l3OffsetOf(record) + bytes);
  setL4Offset(record, l4OffsetOf(record) + bytes);
  setPayloadOffset(record, payloadOffsetOf(record) + bytes);
}

/** For what grows behind the VLAN tags: an 802.3 frame says its length there. */
export function growLink(record: usize, bytes: i32): void {
  const offset = linkTypeOffset(record);
  const length = typeAt(record, offset);
  if (length < ETHERTYPE_FIRST) storeType(record, offset, length + bytes);
}

export function storeType(record: usize, offset: u32, type: u32): void {
  store<u16>(dataOf(record) + offset, bswap<u16>(<u16>type));
}

/**
 * Parses the packet again. One that parse would drop stays a frame: its tags and labels are known,
 * and it has no network layer.
 */
export function reparse(record: usize): void {
  if (parseAgain(record) !== VERDICT_CONTINUE) hideNetwork(record);
}

/** What parse has dropped, though not for its link layer, is a frame without a network layer. */
export function hideNetwork(record: usize): void {
  setFlags(record, flagsOf(record) & (PACKET_L2_GROUP | PACKET_L2_BROADCAST | PACKET_KEPT));
  const offset = linkTypeOffset(record);
  const field = typeAt(record, offset);
  const type: u32 = field < ETHERTYPE_FIRST ? 0 : field;
  const payload = offset + TYPE_BYTES;
  setOffsets(record, payload, payload, payload, type);
  setMplsLabels(record, isMplsType(type) ? mplsLabelsOf(record) : 0);
  setL3Length(record, 0);
  setProtocol(record, 0);
  setTunnel(record, TUNNEL_NONE);
}

export function isMplsType(type: u32): bool {
  return type === ETHERTYPE_MPLS || type === ETHERTYPE_MPLS_MULTICAST;
}
