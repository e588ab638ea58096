// VLAN tags at the members of bridges: which VLAN a frame is of, and which tag it leaves with.
//
// A tag is a word: the EtherType as it lies in memory above, priority, DEI and identifier in host
// order below; 0 = no tag. Where a bridge does not tell VLANs apart, tags are payload.

import { COPY_LEAD, PORT_VLAN_MAP, PORT_VLAN_TYPE, RECORD_L3, VLAN_EGRESS } from "../layout";
import { frameStart } from "../memory/frames";
import {
  dataOf,
  lengthOf,
  setData,
  setLength,
  setVlanTags,
  setWireLength,
  vlanTagsOf,
  wireLengthOf,
} from "../packet";
import { VLAN_TAG } from "../wire/vlan";

const TYPE_SHIFT: u32 = 16;
const TYPE: usize = 12;
const CONTROL: usize = 14;
const IDENTIFIER: u32 = 0xfff;
/** Bytes in front of a frame that gets one more tag. */
const HEADROOM_NEEDED: usize = COPY_LEAD + 4;
/** Priority and drop eligible indicator. */
const PRIORITY: u32 = 0xf000;
/** VLAN_UNTAGGED and VLAN_NOT_CARRIED have it. */
const SPECIAL: u32 = 0x8000;
/** What no tag is: the port does not carry the VLAN. */
export const NOT_CARRIED: u32 = ~0;
const UNTAGGED: u32 = 0x8000;

/** The tag that a member with a VLAN map (entry at `port`) looks at. */
export function tagOf(record: usize, port: usize): u32 {
  const frame = dataOf(record);
  const type: u32 = load<u16>(frame, TYPE);
  if (type !== load<u16>(port, PORT_VLAN_TYPE) || vlanTagsOf(record) === 0) return 0;
  return (type << TYPE_SHIFT) | bswap<u16>(load<u16>(frame, CONTROL));
}

/**
 * The VLAN of a frame that a member (entry at `port`) has received, before it is parsed: mostly
 * what the path will find. 0 = not known, or VLANs are not told apart.
 */
export function vlanAhead(frame: usize, port: usize): u32 {
  const map: usize = load<u32>(port, PORT_VLAN_MAP);
  if (map === 0) return 0;
  const tagged = load<u16>(frame, TYPE) === load<u16>(port, PORT_VLAN_TYPE);
  return vlanOf(map, tagged ? bswap<u16>(load<u16>(frame, CONTROL)) : 0);
}

/** Whether the tag says no VLAN (a priority tag), or there is none. */
export function isUntagged(tag: u32): bool {
  return (tag & IDENTIFIER) === 0;
}

/** VLAN of a frame that came with the tag by a member with the VLAN map; 0 = not carried. */
export function vlanOf(map: usize, tag: u32): u32 {
  return load<u16>(map + ((<usize>(tag & IDENTIFIER)) << 1));
}

/**
 * The tag with which a frame of a VLAN leaves by a member; `tag` is the one it has, whose priority
 * is kept. NOT_CARRIED: it does not leave there.
 */
export function tagFor(port: usize, vlan: u32, tag: u32, priority: u32): u32 {
  const map: usize = load<u32>(port, PORT_VLAN_MAP);
  if (map === 0) return tag;
  const wire: u32 = load<u16>(map + ((<usize>vlan) << 1), VLAN_EGRESS);
  if ((wire & SPECIAL) !== 0) return wire === UNTAGGED ? 0 : NOT_CARRIED;
  return ((<u32>load<u16>(port, PORT_VLAN_TYPE)) << TYPE_SHIFT) | priority | wire;
}

/** Bytes that the tag takes in a frame. */
export function tagBytes(tag: u32): i32 {
  return tag === 0 ? 0 : <i32>VLAN_TAG;
}

/** Of a tag: what a frame keeps under another tag. */
export function priorityOf(tag: u32): u32 {
  return tag & PRIORITY;
}

/**
 * Changes the outermost tag of a frame. What parse has found stays true, so it is not asked again.
 * False, and nothing changed: there is no headroom for the tag.
 */
export function retag(record: usize, from: u32, to: u32): bool {
  if (from === to) return true;
  if (to === 0) {
    moveMacs(record, VLAN_TAG);
    setVlanTags(record, vlanTagsOf(record) - 1);
    return true;
  }
  if (from === 0) {
    if (dataOf(record) - frameStart(record) < HEADROOM_NEEDED) return false;
    moveMacs(record, -VLAN_TAG);
    setVlanTags(record, vlanTagsOf(record) + 1);
  }
  const frame = dataOf(record);
  store<u16>(frame, <u16>(to >> TYPE_SHIFT), TYPE);
  store<u16>(frame, bswap<u16>(<u16>to), CONTROL);
  return true;
}

/** The frame begins so many bytes later: its MACs go along, and offsets count from there. */
function moveMacs(record: usize, bytes: i32): void {
  const old = dataOf(record);
  const first = load<u64>(old);
  const last = load<u32>(old, 8);
  const frame = old + bytes;
  store<u64>(frame, first);
  store<u32>(frame, last, 8);
  setData(record, frame);
  setLength(record, lengthOf(record) - bytes);
  setWireLength(record, wireLengthOf(record) - bytes);
  // l3, l4 and payload, 16 bits each, one behind the other, and the EtherType behind them.
  const offsets = v128.load64_zero(record + RECORD_L3);
  const moved = i16x8.sub(offsets, i64x2.replace_lane(i64x2.splat(0), 0, splat(bytes)));
  v128.store64_lane(record + RECORD_L3, moved, 0);
}

/** 16 bits, three times. */
function splat(bytes: i32): i64 {
  return <i64>(<u16>bytes) * 0x0000_0001_0001_0001;
}
