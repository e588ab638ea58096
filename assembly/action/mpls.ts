// Pushing and popping MPLS labels (RFC 3032; OpenFlow 1.3.5 5.12). Labels stand behind VLAN tags.

import { DROP_NO_HEADROOM, DROP_TOO_MANY_LABELS } from "../drops";
import { MAX_MPLS_LABELS, PACKET_IP4, PACKET_IP6, VERDICT_CONTINUE } from "../layout";
import { drop, flagsOf, mplsLabelsOf, setEtherType, setMplsLabels } from "../packet";
import { networkOf } from "../parse/key_network";
import { ETHERTYPE_IP4, ETHERTYPE_IP6 } from "../wire/ethernet";
import { buildMpls, MPLS_BOTTOM_SHIFT, MPLS_ENTRY, mplsEntry, setMplsEntry } from "../wire/mpls";
import {
  closeGap,
  growLink,
  isMplsType,
  labelAt,
  openGap,
  reparse,
  storeType,
  TYPE_BYTES,
  typeOffset,
} from "./frame";
import { ipTtl } from "./ttl";

const BOTTOM: u32 = 1 << MPLS_BOTTOM_SHIFT;

/**
 * A new label has all of the outermost one but its bottom bit; the first one has the TTL of the IP
 * packet, and label and class zero (OpenFlow 1.3.5 5.12.1). A frame without EtherType stays as is.
 */
export function pushMpls(record: usize, type: u32): i32 {
  const offset = typeOffset(record);
  if (offset === 0) return VERDICT_CONTINUE;
  const labels = mplsLabelsOf(record);
  if (labels === MAX_MPLS_LABELS) return drop(DROP_TOO_MANY_LABELS);
  const outermost: u32 = labels > 0 ? mplsEntry(labelAt(record)) : 0;
  const isIp = (networkOf(record) & (PACKET_IP4 | PACKET_IP6)) !== 0;
  const ttl: u32 = isIp ? ipTtl(record) : 0;
  if (!openGap(record, offset + TYPE_BYTES, MPLS_ENTRY)) return drop(DROP_NO_HEADROOM);
  growLink(record, MPLS_ENTRY);
  storeType(record, offset, type);
  if (labels > 0) setMplsEntry(labelAt(record), outermost & ~BOTTOM);
  else buildMpls(labelAt(record), 0, 0, true, ttl);
  // Parse would look through the labels to the same IP packet; of anything else it may think else.
  if (labels > 0 || isIp) note(record, type, labels + 1);
  else reparse(record);
  return VERDICT_CONTINUE;
}

/** Takes the outermost label; `type` is the EtherType of what it was on. */
export function popMpls(record: usize, type: u32): i32 {
  const labels = mplsLabelsOf(record);
  if (labels === 0) return VERDICT_CONTINUE;
  const offset = typeOffset(record);
  growLink(record, -MPLS_ENTRY);
  closeGap(record, offset + TYPE_BYTES, MPLS_ENTRY);
  storeType(record, offset, type);
  if (labels > 1 ? isMplsType(type) : isKnown(record, type)) note(record, type, labels - 1);
  else reparse(record);
  return VERDICT_CONTINUE;
}

/** Whether the type is that of the IP packet parse has seen below the labels. */
function isKnown(record: usize, type: u32): bool {
  if (type === ETHERTYPE_IP4) return (flagsOf(record) & PACKET_IP4) !== 0;
  return type === ETHERTYPE_IP6 && (flagsOf(record) & PACKET_IP6) !== 0;
}

function note(record: usize, type: u32, labels: u32): void {
  setEtherType(record, type);
  setMplsLabels(record, labels);
}
