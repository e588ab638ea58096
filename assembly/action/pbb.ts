// Pushing and popping the tag of a provider backbone (IEEE 802.1Q 9.7; OpenFlow 1.3.5 5.12): the
// whole frame becomes the payload of a new one with the same addresses.

import { DROP_NO_HEADROOM } from "../drops";
import { VERDICT_CONTINUE } from "../layout";
import { dataOf, drop, etherTypeOf, lengthOf, vlanTagsOf } from "../packet";
import { ETHERNET_HEADER, setEthernetMacs } from "../wire/ethernet";
import { buildPbb, ETHERTYPE_PBB, PBB_TAG, pbbControl, pbbCustomer, pbbFits } from "../wire/pbb";
import { vlanPriority } from "../wire/vlan";
import {
  closeGap,
  growLink,
  MACS,
  openGap,
  reparse,
  storeType,
  TYPE_BYTES,
  typeOffset,
} from "./frame";
import { outermostTag } from "./vlan";

/** What a new backbone header adds: its EtherType, the tag and the addresses it keeps. */
const ADDED: u32 = TYPE_BYTES + PBB_TAG;

/** Address of the backbone tag that flows see; 0 when there is none, or not all of it. */
export function backboneTag(record: usize): usize {
  if (etherTypeOf(record) !== ETHERTYPE_PBB) return 0;
  const offset = typeOffset(record) + TYPE_BYTES;
  return pbbFits(lengthOf(record) - offset) ? dataOf(record) + offset : 0;
}

/** A new tag has the instance of an outer one there is, and the priority of the VLAN tag. */
export function pushPbb(record: usize, type: u32): i32 {
  const existing = backboneTag(record);
  const instance: u32 = existing !== 0 ? pbbControl(existing) : 0;
  const priority: u32 = vlanTagsOf(record) > 0 ? vlanPriority(outermostTag(record)) : 0;
  if (!openGap(record, 0, ADDED)) return drop(DROP_NO_HEADROOM);
  const data = dataOf(record);
  setEthernetMacs(data, data + ADDED);
  storeType(record, MACS, type);
  buildPbb(data + ETHERNET_HEADER, priority, instance);
  reparse(record);
  return VERDICT_CONTINUE;
}

/**
 * Takes the tag away; the customer's addresses become the frame's. Tags of the backbone's VLAN in
 * front of it stay, since they have an action of their own.
 */
export function popPbb(record: usize): i32 {
  const tag = backboneTag(record);
  const offset = typeOffset(record);
  // The customer's frame needs its EtherType too.
  if (tag === 0 || offset + ADDED + TYPE_BYTES > lengthOf(record)) return VERDICT_CONTINUE;
  setEthernetMacs(dataOf(record), pbbCustomer(tag));
  growLink(record, -ADDED);
  closeGap(record, offset, ADDED);
  reparse(record);
  return VERDICT_CONTINUE;
}
