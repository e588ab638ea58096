// Actions on TTLs: of the IP packet, and of the outermost MPLS label (RFC 3443; OpenFlow 1.3.5
// 5.12). The IP header of a labelled packet is reached only by copying between it and the label.

import { DROP_MPLS_TTL_EXCEEDED, DROP_TTL_EXCEEDED } from "../drops";
import { PACKET_IP4, PACKET_IP6, VERDICT_CONTINUE } from "../layout";
import { drop, flagsOf, l3Of, mplsLabelsOf } from "../packet";
import { networkOf } from "../parse/key_network";
import { ip4Ttl, rewriteIp4Ttl } from "../wire/ipv4";
import { ip6HopLimit, setIp6HopLimit } from "../wire/ipv6";
import { MPLS_ENTRY, mplsTtl, setMplsTtl as setEntryTtl } from "../wire/mpls";
import { labelAt } from "./frame";

const IP = PACKET_IP4 | PACKET_IP6;

/** TTL or hop limit of the IP packet, which must be there. */
export function ipTtl(record: usize): u32 {
  const ip = l3Of(record);
  return (flagsOf(record) & PACKET_IP4) !== 0 ? ip4Ttl(ip) : ip6HopLimit(ip);
}

function storeIpTtl(record: usize, ttl: u32): void {
  if ((flagsOf(record) & PACKET_IP4) !== 0) rewriteIp4Ttl(l3Of(record), ttl);
  else setIp6HopLimit(l3Of(record), ttl);
}

/** A packet that would leave with a TTL of zero does not leave. */
export function decrementIpTtl(record: usize): i32 {
  if ((networkOf(record) & IP) === 0) return VERDICT_CONTINUE;
  const ttl = ipTtl(record);
  if (ttl <= 1) return drop(DROP_TTL_EXCEEDED);
  storeIpTtl(record, ttl - 1);
  return VERDICT_CONTINUE;
}

export function setIpTtl(record: usize, ttl: u32): i32 {
  if ((networkOf(record) & IP) !== 0) storeIpTtl(record, ttl);
  return VERDICT_CONTINUE;
}

export function decrementMplsTtl(record: usize): i32 {
  if (mplsLabelsOf(record) === 0) return VERDICT_CONTINUE;
  const entry = labelAt(record);
  const ttl = mplsTtl(entry);
  if (ttl <= 1) return drop(DROP_MPLS_TTL_EXCEEDED);
  setEntryTtl(entry, ttl - 1);
  return VERDICT_CONTINUE;
}

export function setMplsTtl(record: usize, ttl: u32): i32 {
  if (mplsLabelsOf(record) !== 0) setEntryTtl(labelAt(record), ttl);
  return VERDICT_CONTINUE;
}

/** From the next header that has a TTL to the outermost label. */
export function copyTtlOut(record: usize): i32 {
  const labels = mplsLabelsOf(record);
  if (labels === 0) return VERDICT_CONTINUE;
  const entry = labelAt(record);
  if (labels > 1) setEntryTtl(entry, mplsTtl(entry + MPLS_ENTRY));
  else if ((flagsOf(record) & IP) !== 0) setEntryTtl(entry, ipTtl(record));
  return VERDICT_CONTINUE;
}

/** From the outermost label to the next header that has a TTL. */
export function copyTtlIn(record: usize): i32 {
  const labels = mplsLabelsOf(record);
  if (labels === 0) return VERDICT_CONTINUE;
  const entry = labelAt(record);
  if (labels > 1) setEntryTtl(entry + MPLS_ENTRY, mplsTtl(entry));
  else if ((flagsOf(record) & IP) !== 0) storeIpTtl(record, mplsTtl(entry));
  return VERDICT_CONTINUE;
}
