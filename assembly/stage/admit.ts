// Admission to a routed port: which frames the router takes at all.

import {
  DROP_LABEL_UNKNOWN,
  DROP_NOT_OUR_MAC,
  DROP_PPPOE_UNKNOWN,
  DROP_UNSUPPORTED_ETHERTYPE,
  DROP_VLAN_UNKNOWN,
} from "../drops";
import {
  PACKET_ARP,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_GROUP,
  PACKET_PPPOE,
  PORT_MAC,
  PORT_PROMISCUOUS,
  VERDICT_CONTINUE,
} from "../layout";
import { dataOf, drop, flagsOf, mplsLabelsOf, setVrf, vlanTagsOf } from "../packet";
import { portFlags, portVrf } from "../table/ports";
import { macAt } from "../wire/ethernet";

/**
 * Takes the frame for the port (entry at `port`) or says why not, and sets the VRF.
 * Tagged, labelled and PPPoE frames belong to sub-interfaces, which a plain routed port has not.
 */
export function admit(record: usize, port: usize): i32 {
  const flags = flagsOf(record);
  if ((vlanTagsOf(record) | mplsLabelsOf(record)) !== 0 || (flags & PACKET_PPPOE) !== 0) {
    return refuseEncapsulated(record);
  }
  if ((flags & PACKET_L2_GROUP) === 0 && (portFlags(port) & PORT_PROMISCUOUS) === 0) {
    if (macAt(dataOf(record)) !== macAt(port + PORT_MAC)) return drop(DROP_NOT_OUR_MAC);
  }
  if ((flags & (PACKET_IP4 | PACKET_IP6 | PACKET_ARP)) === 0) {
    return drop(DROP_UNSUPPORTED_ETHERTYPE);
  }
  setVrf(record, portVrf(port));
  return VERDICT_CONTINUE;
}

/** DROP_LABEL_UNKNOWN is what a pseudowire may have to say more about. */
function refuseEncapsulated(record: usize): i32 {
  if (vlanTagsOf(record) !== 0) return drop(DROP_VLAN_UNKNOWN);
  if (mplsLabelsOf(record) !== 0) return drop(DROP_LABEL_UNKNOWN);
  return drop(DROP_PPPOE_UNKNOWN);
}
