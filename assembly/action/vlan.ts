// Pushing and popping VLAN tags (OpenFlow 1.3.5 5.12). Tags are outermost: just behind the MACs.

import { DROP_NO_HEADROOM, DROP_TOO_MANY_TAGS } from "../drops";
import { MAX_VLAN_TAGS, VERDICT_CONTINUE } from "../layout";
import { dataOf, drop, setVlanTags, vlanTagsOf } from "../packet";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { setVlanControl, VLAN_TAG, vlanControl } from "../wire/vlan";
import { closeGap, MACS, openGap, storeType } from "./frame";

/** All but the drop eligible indicator. */
const COPIED: u32 = 0xefff;

/** A new tag has priority and identifier of the outermost one, or zero (OpenFlow 1.3.5 5.12.1). */
export function pushVlan(record: usize, type: u32): i32 {
  const tags = vlanTagsOf(record);
  if (tags === MAX_VLAN_TAGS) return drop(DROP_TOO_MANY_TAGS);
  const control: u32 = tags > 0 ? vlanControl(outermostTag(record)) & COPIED : 0;
  if (!openGap(record, MACS, VLAN_TAG)) return drop(DROP_NO_HEADROOM);
  storeType(record, MACS, type);
  setVlanControl(outermostTag(record), control);
  setVlanTags(record, tags + 1);
  return VERDICT_CONTINUE;
}

export function popVlan(record: usize): i32 {
  const tags = vlanTagsOf(record);
  if (tags === 0) return VERDICT_CONTINUE;
  closeGap(record, MACS, VLAN_TAG);
  setVlanTags(record, tags - 1);
  return VERDICT_CONTINUE;
}

/** Address of the outermost tag, behind its EtherType. There must be one. */
export function outermostTag(record: usize): usize {
  return dataOf(record) + ETHERNET_HEADER;
}
