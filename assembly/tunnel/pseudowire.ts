// Ethernet over MPLS (RFC 4448, raw mode): frames behind a label, and perhaps a control word, from
// one label switching router to the next. There is no outer IP header.
//
//    4 bytes                        4 bytes, where the tunnel has it
//   | label, class, bottom, TTL    | 0000, reserved, sequence number | frame

import {
  DROP_LABEL_UNKNOWN,
  DROP_MPLS_TTL_EXCEEDED,
  DROP_NOT_OUR_MAC,
  DROP_PORT_DOWN,
  DROP_TUNNEL_BAD_HEADER,
  DROP_TUNNEL_PAYLOAD,
} from "../drops";
import {
  COUNT_DECAPSULATED,
  COUNT_ENCAPSULATED,
  ENCAPSULATION_MPLS,
  PACKET_KEPT,
  PACKET_TUNNELED,
  PORT_MAC,
  PORT_PROMISCUOUS,
  PORT_UP,
  TUNNEL_CONTROL_WORD,
  TUNNEL_DSCP_INHERIT,
  TUNNEL_NONE,
  VERDICT_ENTER,
} from "../layout";
import { count } from "../memory/counters";
import {
  dataOf,
  drop,
  etherTypeOf,
  flagsOf,
  l3Of,
  lengthOf,
  mplsLabelsOf,
  setData,
  setFlags,
  setInPort,
  setLength,
  setWireLength,
  vrfOf,
} from "../packet";
import { setOffsets, setUntagged } from "../parse/fields";
import { noteTunnel } from "../state/tunnel_metadata";
import { portFlags, portOf } from "../table/ports";
import { findTunnel } from "../table/tunnel_index";
import { tunnelFlags, tunnelId, tunnelLocal, tunnelPort } from "../table/tunnels";
import {
  ETHERNET_HEADER,
  ETHERTYPE_MPLS,
  ETHERTYPE_TEB,
  ethernetFits,
  ethernetType,
  macAt,
} from "../wire/ethernet";
import { buildMpls, MPLS_ENTRY, mplsIsNull, mplsLabel, mplsTtl } from "../wire/mpls";
import { isVlanType, vlanFits, vlanPriority } from "../wire/vlan";
import { innerIp, innerService } from "./inner";
import { payloadAt, payloadEnd } from "./payload";
import { outerService } from "./service";
import { outerTtl } from "./ttl";

const CONTROL_WORD: u32 = 4;
/** Labels are found whatever the family of the router behind them. */
const ANY_FAMILY: u32 = 0;

/** Bytes of label and control word. */
export function pseudowireBytes(tunnel: usize): u32 {
  return (tunnelFlags(tunnel) & TUNNEL_CONTROL_WORD) !== 0 ? MPLS_ENTRY + CONTROL_WORD : MPLS_ENTRY;
}

/**
 * Puts the label in front of the frame that findPayload() has found; the record is that of a
 * labelled packet then, which has its link header yet to get.
 */
export function putLabel(record: usize, tunnel: usize): void {
  const at = payloadAt;
  const end = payloadEnd;
  const entry = at - pseudowireBytes(tunnel);
  const ttl = outerTtl(tunnel, ETHERTYPE_TEB, at, end);
  buildMpls(entry, tunnelId(tunnel), classFor(tunnel, at, end), true, ttl);
  // Frames are not numbered: zero says so (RFC 4448 4.6).
  if (entry + MPLS_ENTRY !== at) store<u32>(entry, 0, MPLS_ENTRY);
  const data = entry - ETHERNET_HEADER;
  const length = <u32>(end - data);
  setData(record, data);
  setLength(record, length);
  setWireLength(record, length);
  setFlags(record, flagsOf(record) & (PACKET_KEPT & ~PACKET_TUNNELED));
  setOffsets(record, ETHERNET_HEADER, ETHERNET_HEADER, ETHERNET_HEADER, ETHERTYPE_MPLS);
  setUntagged(record, 0, TUNNEL_NONE, <u32>(end - entry));
  count(COUNT_ENCAPSULATED, <u32>(end - at));
}

/** The top bits of the DSCP (RFC 3270 4.2.2); of what is not IP, the priority of its tag. */
function classFor(tunnel: usize, at: usize, end: usize): u32 {
  const inherits = (tunnelFlags(tunnel) & TUNNEL_DSCP_INHERIT) !== 0;
  if (inherits && innerIp(ETHERTYPE_TEB, at, end) === 0) {
    const room = <u32>(end - at);
    const tag = at + ETHERNET_HEADER;
    const isTagged = ethernetFits(room) && isVlanType(ethernetType(at));
    return isTagged && vlanFits(room - ETHERNET_HEADER) ? vlanPriority(tag) : 0;
  }
  return outerService(tunnel, innerService(ETHERTYPE_TEB, at, end)) >> 5;
}

/**
 * Takes a frame out of a labelled packet, as parse has left it, in the packet's VRF, that the port
 * (entry at `port`) has received: the label is the last of the stack, and none but explicit nulls
 * is before it (RFC 4182). VERDICT_ENTER, the in-port being the tunnel's; or dropped.
 */
export function openPseudowire(record: usize, port: usize): i32 {
  if ((portFlags(port) & PORT_PROMISCUOUS) === 0) {
    if (macAt(dataOf(record)) !== macAt(port + PORT_MAC)) return drop(DROP_NOT_OUR_MAC);
  }
  // Labels of multicast (0x8848) are numbered by another (RFC 5332 3).
  if (etherTypeOf(record) !== ETHERTYPE_MPLS) return drop(DROP_LABEL_UNKNOWN);
  const carried = l3Of(record);
  const entry = carried - MPLS_ENTRY;
  for (
    let label = carried - mplsLabelsOf(record) * MPLS_ENTRY;
    label < entry;
    label += MPLS_ENTRY
  ) {
    if (!mplsIsNull(mplsLabel(label))) return drop(DROP_LABEL_UNKNOWN);
  }
  const id = mplsLabel(entry);
  const none = dataOf(record);
  const tunnel = findTunnel(ENCAPSULATION_MPLS, ANY_FAMILY, vrfOf(record), true, id, none, none);
  if (tunnel === 0) return drop(DROP_LABEL_UNKNOWN);
  // RFC 3032 2.4.2; such packets look for errors (RFC 5085 5.1.3) and carry no frames.
  if (mplsTtl(entry) <= 1) return drop(DROP_MPLS_TTL_EXCEEDED);
  if ((portFlags(portOf(tunnelPort(tunnel))) & PORT_UP) === 0) return drop(DROP_PORT_DOWN);
  return openFrame(record, tunnel, carried, id, mplsTtl(entry));
}

function openFrame(record: usize, tunnel: usize, behind: usize, id: u32, ttl: u32): i32 {
  const end = dataOf(record) + lengthOf(record);
  let frame = behind;
  if ((tunnelFlags(tunnel) & TUNNEL_CONTROL_WORD) !== 0) {
    if (end - frame < CONTROL_WORD) return drop(DROP_TUNNEL_BAD_HEADER);
    // Another first half byte is no data: 0001 is an associated channel (RFC 4385 5).
    if (load<u8>(frame) >> 4 !== 0) return drop(DROP_TUNNEL_BAD_HEADER);
    frame += CONTROL_WORD;
  }
  const length = <u32>(end - frame);
  if (!ethernetFits(length)) return drop(DROP_TUNNEL_PAYLOAD);
  const none = tunnelLocal(tunnel);
  noteTunnel(record, true, id, 4, none, none, 0, ttl);
  setData(record, frame);
  setLength(record, length);
  setWireLength(record, length);
  setInPort(record, tunnelPort(tunnel));
  count(COUNT_DECAPSULATED, length);
  return VERDICT_ENTER;
}
