// Blocks 2 and 5 of the key, and the I-TAG of block 10: MACs, VLAN tags, labels, and what else has
// no block of its own.

import { KEY_ETH_DST, KEY_IP6_FLABEL, KEY_VLAN_PRESENT, PACKET_IP6 } from "../layout";
import {
  dataOf,
  etherTypeOf,
  l3Of,
  lengthOf,
  mplsLabelsOf,
  vlanTagsOf,
  wireLengthOf,
} from "../packet";
import { ETHERNET_HEADER, ETHERTYPE_FIRST } from "../wire/ethernet";
import { SNAP_HEADER } from "../wire/llc";
import { ETHERTYPE_PBB } from "../wire/pbb";
import { VLAN_TAG, vlanType } from "../wire/vlan";
import { extensionBits } from "./key_extension";
import { networkOf } from "./key_network";

const TYPE: usize = 12;
/** Bytes of a label stack entry, and of an I-TAG without its addresses. */
const WORD: u32 = 4;
/** The present bit, in the memory order of a tag's control information. */
const PRESENT: u32 = KEY_VLAN_PRESENT >> 8;

/** Block 2: MACs and the two outermost VLAN tags. */
export function extractLink(record: usize, key: usize): void {
  const frame = dataOf(record);
  const tags = vlanTagsOf(record);
  const outer: u32 = tags > 0 ? <u32>load<u16>(frame, ETHERNET_HEADER) | PRESENT : 0;
  const inner: u32 = tags > 1 ? <u32>load<u16>(frame, ETHERNET_HEADER + VLAN_TAG) | PRESENT : 0;
  const last = ((<u64>(outer | (inner << 16))) << 32) | <u64>load<u32>(frame, 8);
  v128.store(key, i64x2.replace_lane(i64x2.splat(load<u64>(frame)), 1, last), KEY_ETH_DST);
}

/** Block 5: IPv6 flow label, MPLS, length, extension headers, the outermost tag's EtherType. */
export function extractLabels(record: usize, key: usize): void {
  const ip6 = networkOf(record) === PACKET_IP6;
  // the low 20 bits, in memory order
  const label: u32 = ip6 ? load<u32>(l3Of(record)) & 0xffff0f00 : 0;
  const extensions: u32 = ip6 ? extensionBits(record) : 0;
  const mpls: u32 = mplsLabelsOf(record) > 0 ? wordBehindLink(record) : 0;
  const type: u32 = vlanTagsOf(record) > 0 ? load<u16>(dataOf(record), TYPE) : 0;
  const low = ((<u64>mpls) << 32) | <u64>label;
  const rest = <u32>bswap<u16>(<u16>extensions) | (type << 16);
  const high = ((<u64>rest) << 32) | <u64>bswap<u32>(wireLengthOf(record));
  v128.store(key, i64x2.replace_lane(i64x2.splat(low), 1, high), KEY_IP6_FLABEL);
}

/** The I-TAG of a provider backbone frame (802.1ah), memory order; 0 = none. */
export function backboneTag(record: usize): u32 {
  return etherTypeOf(record) === ETHERTYPE_PBB ? wordBehindLink(record) : 0;
}

/** Four bytes behind VLAN tags and, of an 802.3 frame, SNAP; 0 where the frame ends earlier. */
function wordBehindLink(record: usize): u32 {
  const frame = dataOf(record);
  let offset = ETHERNET_HEADER + vlanTagsOf(record) * VLAN_TAG;
  if (vlanType(frame + offset - VLAN_TAG) < ETHERTYPE_FIRST) offset += SNAP_HEADER;
  return offset + WORD <= lengthOf(record) ? load<u32>(frame + offset) : 0;
}
