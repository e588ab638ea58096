// What of a packet goes into a tunnel: the whole frame, or its network layer packet.

import { labelAt } from "../action/frame";
import {
  ENCAPSULATION_GRE,
  ENCAPSULATION_IPIP,
  ENCAPSULATION_SIT,
  PACKET_IP4,
  PACKET_IP6,
  PORT_POINT_TO_POINT,
} from "../layout";
import { dataOf, flagsOf, l3LengthOf, l3Of, lengthOf, mplsLabelsOf } from "../packet";
import { portFlags, portOf } from "../table/ports";
import { tunnelPort, tunnelType } from "../table/tunnels";
import { ETHERTYPE_IP4, ETHERTYPE_IP6, ETHERTYPE_MPLS, ETHERTYPE_TEB } from "../wire/ethernet";

/** Where it begins and ends, and its EtherType: 0x6558 is a frame. */
export let payloadAt: usize = 0;
export let payloadEnd: usize = 0;
export let payloadType: u32 = 0;

/** Finds it; false when the tunnel carries no such packets. */
export function findPayload(record: usize, tunnel: usize): bool {
  const data = dataOf(record);
  payloadEnd = data + lengthOf(record);
  if ((portFlags(portOf(tunnelPort(tunnel))) & PORT_POINT_TO_POINT) === 0) {
    payloadAt = data;
    payloadType = ETHERTYPE_TEB;
    return true;
  }
  const flags = flagsOf(record);
  const type = tunnelType(tunnel);
  const isIp = (flags & (PACKET_IP4 | PACKET_IP6)) !== 0;
  // What follows the IP packet, the padding of a short frame, is none of it.
  if (isIp) payloadEnd = min<usize>(payloadEnd, l3Of(record) + l3LengthOf(record));
  if (mplsLabelsOf(record) !== 0) {
    payloadAt = labelAt(record);
    payloadType = ETHERTYPE_MPLS;
    return type === ENCAPSULATION_GRE;
  }
  payloadAt = l3Of(record);
  payloadType = (flags & PACKET_IP4) !== 0 ? ETHERTYPE_IP4 : ETHERTYPE_IP6;
  if (!isIp || type === ENCAPSULATION_SIT) return (flags & PACKET_IP6) !== 0;
  return type !== ENCAPSULATION_IPIP || (flags & PACKET_IP4) !== 0;
}
