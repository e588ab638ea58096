// Setting fields of the link layer: MACs, EtherType, VLAN tag, MPLS label, backbone tag.

import {
  FIELD_ETH_DST,
  FIELD_ETH_SRC,
  FIELD_ETH_TYPE,
  FIELD_MPLS_BOS,
  FIELD_MPLS_LABEL,
  FIELD_MPLS_TC,
  FIELD_PBB_ISID,
  FIELD_PBB_UCA,
  FIELD_VLAN_PCP,
  FIELD_VLAN_VID,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
} from "../layout";
import { dataOf, flagsOf, mplsLabelsOf, setFlags, vlanTagsOf } from "../packet";
import { ethernetDestination, ethernetSource, macIsBroadcast, macIsGroup } from "../wire/ethernet";
import {
  MPLS_BOTTOM_SHIFT,
  MPLS_CLASS_SHIFT,
  MPLS_LABEL_SHIFT,
  mplsEntry,
  setMplsEntry,
} from "../wire/mpls";
import { PBB_INSTANCE, PBB_USE_CUSTOMER, pbbControl, setPbbControl } from "../wire/pbb";
import { setVlanControl, vlanControl } from "../wire/vlan";
import { labelAt, reparse, TYPE_BYTES, typeOffset } from "./frame";
import { byteAt, merge, patch, shortAt, tripleAt } from "./patch";
import { backboneTag } from "./pbb";
import { outermostTag } from "./vlan";

const MAC_BYTES: u32 = 6;
const VLAN_ID: u32 = 0xfff;
const PRIORITY_SHIFT: u32 = 13;
const LABEL_BITS: u32 = 0xfffff;

/** Sets one of FIELD_ETH_DST to FIELD_PBB_UCA. */
export function setLinkField(record: usize, field: u32, value: usize, mask: usize): void {
  switch (field) {
    case FIELD_ETH_DST:
      patch(ethernetDestination(dataOf(record)), MAC_BYTES, value, mask);
      noteDestination(record);
      return;
    case FIELD_ETH_SRC:
      patch(ethernetSource(dataOf(record)), MAC_BYTES, value, mask);
      return;
    case FIELD_ETH_TYPE:
      setType(record, value, mask);
      return;
    case FIELD_VLAN_VID:
      setVlanBits(record, shortAt(value), shortAt(mask) & VLAN_ID);
      return;
    case FIELD_VLAN_PCP:
      setVlanBits(record, byteAt(value) << PRIORITY_SHIFT, (byteAt(mask) & 7) << PRIORITY_SHIFT);
      return;
    case FIELD_MPLS_LABEL:
      setLabelBits(record, tripleAt(value), tripleAt(mask) & LABEL_BITS, MPLS_LABEL_SHIFT);
      return;
    case FIELD_MPLS_TC:
      setLabelBits(record, byteAt(value), byteAt(mask) & 7, MPLS_CLASS_SHIFT);
      return;
    case FIELD_MPLS_BOS:
      setLabelBits(record, byteAt(value), byteAt(mask) & 1, MPLS_BOTTOM_SHIFT);
      // What was a label may now be payload, or the other way round.
      if (mplsLabelsOf(record) !== 0) reparse(record);
      return;
    case FIELD_PBB_ISID:
      setBackboneBits(record, tripleAt(value), tripleAt(mask) & PBB_INSTANCE);
      return;
    case FIELD_PBB_UCA:
      setBackboneBits(
        record,
        byteAt(value) * PBB_USE_CUSTOMER,
        (byteAt(mask) & 1) * PBB_USE_CUSTOMER,
      );
      return;
    default:
      return;
  }
}

function noteDestination(record: usize): void {
  const frame = dataOf(record);
  const group: u32 = macIsGroup(frame) ? PACKET_L2_GROUP : 0;
  const broadcast: u32 = macIsBroadcast(frame) ? PACKET_L2_BROADCAST : 0;
  const others = flagsOf(record) & ~(PACKET_L2_GROUP | PACKET_L2_BROADCAST);
  setFlags(record, others | group | broadcast);
}

function setType(record: usize, value: usize, mask: usize): void {
  const offset = typeOffset(record);
  if (offset === 0) return;
  patch(dataOf(record) + offset, TYPE_BYTES, value, mask);
  reparse(record);
}

function setVlanBits(record: usize, value: u32, mask: u32): void {
  if (vlanTagsOf(record) === 0) return;
  const tag = outermostTag(record);
  setVlanControl(tag, merge(vlanControl(tag), value, mask));
}

function setLabelBits(record: usize, value: u32, mask: u32, shift: u32): void {
  if (mplsLabelsOf(record) === 0) return;
  const entry = labelAt(record);
  setMplsEntry(entry, merge(mplsEntry(entry), value << shift, mask << shift));
}

function setBackboneBits(record: usize, value: u32, mask: u32): void {
  const tag = backboneTag(record);
  if (tag !== 0) setPbbControl(tag, merge(pbbControl(tag), value, mask));
}
