// The link layer: Ethernet II and 802.3, VLAN tags, LLC and SNAP, PPPoE sessions, MPLS stacks, ARP.
//
// RECORD_ETHER_TYPE is what stands after the VLAN tags (or in SNAP): of labelled and PPPoE packets
// that of MPLS and PPPoE, while flags and l3 describe the IP packet inside.

import {
  DROP_BAD_ARP,
  DROP_BAD_LLC,
  DROP_BAD_PPPOE,
  DROP_FRAME_TOO_SHORT,
  DROP_TOO_MANY_LABELS,
  DROP_TOO_MANY_TAGS,
  DROP_TRUNCATED,
} from "../drops";
import {
  CONTROL_TUNNEL_TYPES,
  ENCAPSULATION_MPLS,
  MAX_MPLS_LABELS,
  MAX_VLAN_TAGS,
  PACKET_ARP,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PACKET_PPPOE,
  VERDICT_CONTINUE,
} from "../layout";
import {
  dataOf,
  drop,
  lengthOf,
  setEtherType,
  setFlags,
  setL3Length,
  setMplsLabels,
  setVlanTags,
  wireLengthOf,
} from "../packet";
import { ARP_HEADER, arpFits, arpIsEthernetIp4 } from "../wire/arp";
import {
  ETHERNET_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_FIRST,
  ETHERTYPE_IP4,
  ETHERTYPE_IP6,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_PPPOE_SESSION,
  ethernetFits,
  ethernetType,
  macIsBroadcast,
  macIsGroup,
} from "../wire/ethernet";
import { LLC_HEADER, llcFits, llcIsSnap, SNAP_HEADER, snapIsEthernet, snapType } from "../wire/llc";
import { MPLS_ENTRY, mplsFits, mplsIsBottom } from "../wire/mpls";
import {
  PPP_IP4,
  PPP_IP6,
  PPPOE_HEADER,
  pppoeFits,
  pppoeIsSession,
  pppoeLength,
  pppoeProtocol,
} from "../wire/pppoe";
import { isVlanType, VLAN_TAG, vlanFits, vlanType } from "../wire/vlan";
import { addFlags, missing, setOffsets } from "./fields";
import { parseIp4 } from "./ip4";
import { parseIp6 } from "./ip6";

/** Bytes of the PPPoE header its length field does not count. */
const PPPOE_UNCOUNTED: u32 = 6;
/** The longest 802.3 payload; type fields between it and ETHERTYPE_FIRST mean nothing. */
const LONGEST_802_3: u32 = 1500;

/** Parses a frame, all fields of whose record have been cleared. */
export function parseFrame(record: usize, verify: bool): i32 {
  const frame = dataOf(record);
  const end = lengthOf(record);
  const wireEnd = max<u32>(end, wireLengthOf(record));
  if (!ethernetFits(end)) return missing(ETHERNET_HEADER, wireEnd, DROP_FRAME_TOO_SHORT);
  const group: u32 = macIsGroup(frame) ? PACKET_L2_GROUP : 0;
  const broadcast: u32 = macIsBroadcast(frame) ? PACKET_L2_BROADCAST : 0;
  setFlags(record, group | broadcast);
  let type = ethernetType(frame);
  let offset = ETHERNET_HEADER;
  for (let tags: u32 = 0; isVlanType(type); tags++) {
    setEtherType(record, type);
    if (tags === MAX_VLAN_TAGS) return drop(DROP_TOO_MANY_TAGS);
    if (!vlanFits(end - offset)) return missing(offset + VLAN_TAG, wireEnd, DROP_FRAME_TOO_SHORT);
    type = vlanType(frame + offset);
    offset += VLAN_TAG;
    setVlanTags(record, tags + 1);
  }
  if (type < ETHERTYPE_FIRST) return parseLength(record, type, offset, end, wireEnd, verify);
  return parseNetwork(record, type, offset, end, wireEnd, verify);
}

/** An 802.3 frame: a length, then LLC. */
function parseLength(
  record: usize,
  length: u32,
  offset: u32,
  end: u32,
  wireEnd: u32,
  verify: bool,
): i32 {
  if (length > LONGEST_802_3 || length < LLC_HEADER) return drop(DROP_BAD_LLC);
  const after = offset + length;
  if (after > end) return missing(after, wireEnd, DROP_BAD_LLC);
  const llc = dataOf(record) + offset;
  if (!llcFits(length) || !llcIsSnap(llc)) return passUnknown(record, 0, offset);
  if (length < SNAP_HEADER) return drop(DROP_BAD_LLC);
  if (!snapIsEthernet(llc)) return passUnknown(record, 0, offset);
  return parseNetwork(record, snapType(llc), offset + SNAP_HEADER, after, after, verify);
}

function parseNetwork(
  record: usize,
  type: u32,
  offset: u32,
  end: u32,
  wireEnd: u32,
  verify: bool,
): i32 {
  setEtherType(record, type);
  switch (type) {
    case ETHERTYPE_IP4:
      return parseIp4(record, offset, end, wireEnd, verify);
    case ETHERTYPE_IP6:
      return parseIp6(record, offset, end, wireEnd);
    case ETHERTYPE_ARP:
      return parseArp(record, offset, end, wireEnd);
    case ETHERTYPE_PPPOE_SESSION:
      return parsePppoe(record, offset, end, wireEnd, verify);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return parseMpls(record, type, offset, end, wireEnd, verify);
    default:
      return passUnknown(record, type, offset);
  }
}

/** A frame whose payload is none of ours goes on, unless the capture lost some of it. */
function passUnknown(record: usize, type: u32, offset: u32): i32 {
  setOffsets(record, offset, offset, offset, type);
  return wireLengthOf(record) > lengthOf(record) ? drop(DROP_TRUNCATED) : VERDICT_CONTINUE;
}

function parseArp(record: usize, offset: u32, end: u32, wireEnd: u32): i32 {
  if (!arpFits(end - offset)) return missing(offset + ARP_HEADER, wireEnd, DROP_BAD_ARP);
  if (!arpIsEthernetIp4(dataOf(record) + offset)) return drop(DROP_BAD_ARP);
  setOffsets(record, offset, offset, offset + ARP_HEADER, ETHERTYPE_ARP);
  setL3Length(record, ARP_HEADER);
  addFlags(record, PACKET_ARP);
  return VERDICT_CONTINUE;
}

function parsePppoe(record: usize, offset: u32, end: u32, wireEnd: u32, verify: bool): i32 {
  if (!pppoeFits(end - offset)) return missing(offset + PPPOE_HEADER, wireEnd, DROP_BAD_PPPOE);
  const pppoe = dataOf(record) + offset;
  const after = offset + PPPOE_UNCOUNTED + pppoeLength(pppoe);
  const l3 = offset + PPPOE_HEADER;
  if (!pppoeIsSession(pppoe) || after < l3) return drop(DROP_BAD_PPPOE);
  if (after > end) return missing(after, wireEnd, DROP_BAD_PPPOE);
  addFlags(record, PACKET_PPPOE);
  const protocol = pppoeProtocol(pppoe);
  if (protocol === PPP_IP4) return parseIp4(record, l3, after, after, verify);
  if (protocol === PPP_IP6) return parseIp6(record, l3, after, after);
  return passUnknown(record, ETHERTYPE_PPPOE_SESSION, l3);
}

/** Where pseudowires end, a MAC may be what looks like the begin of an IP header (RFC 8469). */
function areFramesLabelled(): bool {
  return (load<u32>(CONTROL_TUNNEL_TYPES) & (1 << ENCAPSULATION_MPLS)) !== 0;
}

/** What is under the labels nobody says: as routers do, guess by the first four bits (RFC 4928). */
function parseMpls(
  record: usize,
  type: u32,
  offset: u32,
  end: u32,
  wireEnd: u32,
  verify: bool,
): i32 {
  const frame = dataOf(record);
  let bottom = false;
  for (let labels: u32 = 0; !bottom; labels++) {
    if (labels === MAX_MPLS_LABELS) return drop(DROP_TOO_MANY_LABELS);
    if (!mplsFits(end - offset)) return missing(offset + MPLS_ENTRY, wireEnd, DROP_TOO_MANY_LABELS);
    bottom = mplsIsBottom(frame + offset);
    offset += MPLS_ENTRY;
    setMplsLabels(record, labels + 1);
  }
  if (areFramesLabelled()) return passUnknown(record, type, offset);
  const guess: u32 = offset < end ? load<u8>(frame + offset) >> 4 : 0;
  if (guess === 4) return parseIp4(record, offset, end, wireEnd, verify);
  if (guess === 6) return parseIp6(record, offset, end, wireEnd);
  return passUnknown(record, type, offset);
}
