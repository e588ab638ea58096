// Mirrors: copies of what ports receive and send, and of what flows say. What a mirror sends is not
// looked at by mirrors again, so that copies cannot make copies.

import {
  COUNT_COPIES_LOST,
  COUNT_MIRRORED,
  MIRROR_PORT,
  MIRROR_SAMPLE,
  MIRROR_SNAPLEN,
  MIRROR_VLANS,
  PACKET_IP6,
  PACKET_MIRRORED,
  PACKET_TUNNELED,
  PORT_MAC,
  PORT_MIRRORED,
  PORT_MIRRORS,
  PORT_MIRRORS_IN,
  PORT_MIRRORS_LIST,
  PORT_MIRRORS_OUT,
  PORT_POINT_TO_POINT,
  PORT_VIRTUAL,
  PORT_VLAN,
} from "../layout";
import { count, countEvent } from "../memory/counters";
import { releaseFrame } from "../memory/frames";
import { noteMirror, tracing } from "../memory/trace";
import {
  dataOf,
  flagsOf,
  inPortOf,
  l3OffsetOf,
  lengthOf,
  sequenceOf,
  setData,
  setFlags,
  setLength,
  setOutPort,
  setWireLength,
  wireLengthOf,
} from "../packet";
import { copyFrame } from "../respond/copies";
import { putDeferred } from "../state/deferred";
import { noteMirrored } from "../state/tunnel_metadata";
import { mirrorOf } from "../table/flows";
import { portFlags, portOf } from "../table/ports";
import {
  buildEthernet,
  ETHERNET_HEADER,
  ETHERTYPE_IP4,
  ETHERTYPE_IP6,
  ethernetType,
} from "../wire/ethernet";
import { isVlanType, VLAN_TAG, vlanId } from "../wire/vlan";
import { reparse } from "./frame";
import { sendCopy } from "./output";

/** A copy is on its way out: what is sent meanwhile is a mirror's. */
let isSending: bool = false;

/** Copies for the mirrors of what the in-port receives, of the frame as it came. */
export function mirrorReceived(record: usize): void {
  const port = inPortOf(record);
  const entry = portOf(port);
  if ((portFlags(entry) & PORT_MIRRORED) === 0) return;
  const list: usize = load<u32>(entry, PORT_MIRRORS);
  mirrorBy(list, 0, load<u16>(list, PORT_MIRRORS_IN), record, port, false);
}

/**
 * Copies for the mirrors of what the port sends, of the frame as it leaves. Where that has no link
 * header, its copies have one, as what the port receives has.
 */
export function mirrorSent(record: usize, port: u32): void {
  const entry = portOf(port);
  if ((portFlags(entry) & PORT_MIRRORED) === 0) return;
  if (isSending || (flagsOf(record) & PACKET_MIRRORED) === PACKET_MIRRORED) return;
  const list: usize = load<u32>(entry, PORT_MIRRORS);
  const first = load<u16>(list, PORT_MIRRORS_IN);
  const last = first + load<u16>(list, PORT_MIRRORS_OUT);
  if (first === last) return;
  if ((portFlags(entry) & PORT_POINT_TO_POINT) === 0) {
    mirrorBy(list, first, last, record, port, true);
    return;
  }
  const copy = copyFrame(record);
  if (copy === 0) {
    countEvent(COUNT_COPIES_LOST);
    return;
  }
  writeLink(copy, entry);
  mirrorBy(list, first, last, copy, port, true);
  releaseFrame(copy);
}

/** Copies for the mirrors at places `from` to `end` of the list, which look at the port. */
function mirrorBy(list: usize, from: u32, end: u32, record: usize, port: u32, isSent: bool): void {
  for (let place = from; place < end; place++) {
    const number = load<u16>(list + ((<usize>place) << 1), PORT_MIRRORS_LIST);
    const mirror = mirrorOf(number);
    if (!isOfVlans(mirror, record, port)) continue;
    if (!copyTo(mirror, record, port, isSent, false)) continue;
    count(COUNT_MIRRORED, wireLengthOf(record));
    if (tracing) noteMirror(record, number, port);
  }
}

/** A flow's copy for a mirror: what flows have said of the tunnel it is to go by, it keeps. */
export function mirrorTo(record: usize, number: u32): void {
  copyTo(mirrorOf(number), record, inPortOf(record), false, true);
}

/** Whether the mirror looks at frames of this VLAN: untagged ones are of their port's. */
function isOfVlans(mirror: usize, record: usize, port: u32): bool {
  const bitmap: usize = load<u32>(mirror, MIRROR_VLANS);
  if (bitmap === 0) return true;
  const tag = outerVlan(record);
  const vlan = tag !== 0 ? tag : <u32>load<u16>(portOf(port), PORT_VLAN);
  return (load<u8>(bitmap + (vlan >> 3)) & (1 << (vlan & 7))) !== 0;
}

/** VLAN of the outermost tag; 0 = no tag, or one with a priority alone (802.1Q 6.9). */
function outerVlan(record: usize): u32 {
  const frame = dataOf(record);
  const isTagged =
    lengthOf(record) >= ETHERNET_HEADER + VLAN_TAG && isVlanType(ethernetType(frame));
  return isTagged ? vlanId(frame + ETHERNET_HEADER) : 0;
}

/**
 * Sends a copy to a mirror's port, cut to its length, if it is this packet's turn: of what `port`
 * has received or sends, with tunnel metadata or without.
 */
function copyTo(mirror: usize, record: usize, port: u32, isSent: bool, isByFlow: bool): bool {
  if (sequenceOf(record) % load<u32>(mirror, MIRROR_SAMPLE) !== 0) return false;
  const length = lengthOf(record);
  const most = load<u32>(mirror, MIRROR_SNAPLEN);
  const kept = most === 0 ? length : min<u32>(length, most);
  const to: u32 = load<u16>(mirror, MIRROR_PORT);
  if ((portFlags(portOf(to)) & PORT_VIRTUAL) !== 0) {
    return defer(record, kept, to, port, isSent, isByFlow);
  }
  setLength(record, kept);
  isSending = true;
  const sent = sendCopy(record, to);
  isSending = false;
  setLength(record, length);
  return sent;
}

/**
 * What goes on within the engine is a packet of its own, as long as what is kept of it; what is too
 * short for a frame cannot.
 */
function defer(record: usize, kept: u32, to: u32, port: u32, isSent: bool, isByFlow: bool): bool {
  const copy: usize = kept < ETHERNET_HEADER ? 0 : copyFrame(record);
  if (copy !== 0) {
    setLength(copy, kept);
    setWireLength(copy, kept);
    setOutPort(copy, to);
    setFlags(copy, PACKET_MIRRORED | (isByFlow ? flagsOf(copy) & PACKET_TUNNELED : 0));
    reparse(copy);
    noteMirrored(copy, port, isSent, wireLengthOf(record));
    if (putDeferred(copy)) return true;
    releaseFrame(copy);
  }
  countEvent(COUNT_COPIES_LOST);
  return false;
}

/** Makes the frame begin with a link header of the port's, and its IP packet follow. */
function writeLink(record: usize, port: usize): void {
  const cut: i32 = l3OffsetOf(record) - ETHERNET_HEADER;
  const frame = dataOf(record) + cut;
  const type: u32 = (flagsOf(record) & PACKET_IP6) !== 0 ? ETHERTYPE_IP6 : ETHERTYPE_IP4;
  setData(record, frame);
  setLength(record, lengthOf(record) - cut);
  setWireLength(record, wireLengthOf(record) - cut);
  buildEthernet(frame, port + PORT_MAC, port + PORT_MAC, type);
}
