// ERSPAN (draft-foschiano-erspan-03 4.2, 4.3): a mirrored frame behind GRE. `erspan` is the address
// of the header behind that of GRE. Type I has none: GRE without a sequence number says so.
//
//    0                               4                  8
//   | version, VLAN | COS, En, T, session | reserved, index |                        type II (1)
//   | version, VLAN | COS, BSO, T, session | timestamp | SGT | P, FT, Hw, D, Gra, O |  type III (2)
//    0                                      4           8     10                     12

export const ERSPAN2_HEADER: u32 = 8;
export const ERSPAN3_HEADER: u32 = 12;
/** What follows a type III header whose O bit is set. */
export const ERSPAN3_PLATFORM: u32 = 8;

export const ERSPAN2_VERSION: u32 = 1;
export const ERSPAN3_VERSION: u32 = 2;

/** En: where the VLAN of the mirrored frame is: nowhere, or still in the frame. */
export const ERSPAN_UNTAGGED: u32 = 0;
export const ERSPAN_TAG_KEPT: u32 = 3;
/** BSO: what the mirrored frame was, as a whole. */
export const ERSPAN_GOOD: u32 = 0;
export const ERSPAN_SHORT: u32 = 1;
export const ERSPAN_OVERSIZED: u32 = 2;
/** FT: an Ethernet frame. */
export const ERSPAN_ETHERNET: u32 = 0;
/** Gra: the timestamp is in units of 100 microseconds. */
export const ERSPAN_GRANULARITY: u64 = 100000;

const FIRST: usize = 0;
const INDEX: usize = 4;
const TIMESTAMP: usize = 4;
const GROUP: usize = 8;
const DETAILS: usize = 10;

const VERSION_SHIFT: u32 = 28;
const VLAN_SHIFT: u32 = 16;
const VLAN_MASK: u32 = 0xfff;
const COS_SHIFT: u32 = 13;
const STATE_SHIFT: u32 = 11;
const TRUNCATED: u32 = 1 << 10;
const SESSION_MASK: u32 = 0x3ff;
const INDEX_MASK: u32 = 0xfffff;
/** P: the frame is of Ethernet. */
const IS_ETHERNET: u32 = 1 << 15;
const FRAME_TYPE_SHIFT: u32 = 10;
const FRAME_TYPE_MASK: u32 = 0x1f;
const HARDWARE_SHIFT: u32 = 4;
const HARDWARE_MASK: u32 = 0x3f;
const DIRECTION_SHIFT: u32 = 3;
const PLATFORM: u32 = 1;

function firstOf(erspan: usize): u32 {
  return bswap<u32>(load<u32>(erspan, FIRST));
}
function detailsOf(erspan: usize): u32 {
  return bswap<u16>(load<u16>(erspan, DETAILS));
}

export function erspan2Fits(room: u32): bool {
  return room >= ERSPAN2_HEADER;
}
export function erspan3Fits(room: u32): bool {
  return room >= ERSPAN3_HEADER;
}

export function erspanVersion(erspan: usize): u32 {
  return firstOf(erspan) >> VERSION_SHIFT;
}
/** VLAN of the mirrored frame; 0 if it has none. */
export function erspanVlan(erspan: usize): u32 {
  return (firstOf(erspan) >> VLAN_SHIFT) & VLAN_MASK;
}
export function erspanCos(erspan: usize): u32 {
  return (firstOf(erspan) >> COS_SHIFT) & 7;
}
/** En of type II, BSO of type III. */
export function erspanState(erspan: usize): u32 {
  return (firstOf(erspan) >> STATE_SHIFT) & 3;
}
export function erspanIsTruncated(erspan: usize): bool {
  return (firstOf(erspan) & TRUNCATED) !== 0;
}
export function erspanSession(erspan: usize): u32 {
  return firstOf(erspan) & SESSION_MASK;
}
/** Of type II: 20 bits. */
export function erspan2Index(erspan: usize): u32 {
  return bswap<u32>(load<u32>(erspan, INDEX)) & INDEX_MASK;
}

// The rest is of type III.

export function erspan3Timestamp(erspan: usize): u32 {
  return bswap<u32>(load<u32>(erspan, TIMESTAMP));
}
export function erspan3FrameType(erspan: usize): u32 {
  return (detailsOf(erspan) >> FRAME_TYPE_SHIFT) & FRAME_TYPE_MASK;
}
export function erspan3Hardware(erspan: usize): u32 {
  return (detailsOf(erspan) >> HARDWARE_SHIFT) & HARDWARE_MASK;
}
/** 1 = egress. */
export function erspan3Direction(erspan: usize): u32 {
  return (detailsOf(erspan) >> DIRECTION_SHIFT) & 1;
}
/** Bytes of the header and of the platform's part, if there is one. */
export function erspan3Length(erspan: usize): u32 {
  const more = (detailsOf(erspan) & PLATFORM) !== 0;
  return ERSPAN3_HEADER + (more ? ERSPAN3_PLATFORM : 0);
}

/** The four bytes both types begin with; `state` is En or BSO. */
function buildFirst(
  erspan: usize,
  version: u32,
  vlan: u32,
  cos: u32,
  state: u32,
  truncated: bool,
  session: u32,
): void {
  let word = (version << VERSION_SHIFT) | ((vlan & VLAN_MASK) << VLAN_SHIFT);
  word |= (cos << COS_SHIFT) | (state << STATE_SHIFT) | (session & SESSION_MASK);
  store<u32>(erspan, bswap<u32>(truncated ? word | TRUNCATED : word), FIRST);
}

/** `state` is En. */
export function buildErspan2(
  erspan: usize,
  vlan: u32,
  cos: u32,
  state: u32,
  truncated: bool,
  session: u32,
  index: u32,
): void {
  buildFirst(erspan, ERSPAN2_VERSION, vlan, cos, state, truncated, session);
  store<u32>(erspan, bswap<u32>(index & INDEX_MASK), INDEX);
}

/** Without a platform's part; the frame is Ethernet, `state` is BSO. */
export function buildErspan3(
  erspan: usize,
  vlan: u32,
  cos: u32,
  state: u32,
  truncated: bool,
  session: u32,
): void {
  buildFirst(erspan, ERSPAN3_VERSION, vlan, cos, state, truncated, session);
  store<u64>(erspan, 0, TIMESTAMP);
}
export function setErspan3Timestamp(erspan: usize, timestamp: u32): void {
  store<u32>(erspan, bswap<u32>(timestamp), TIMESTAMP);
}
/**
 * Security group 0, Gra 0 (100 microseconds); P, as the kernel does for every Ethernet frame
 * (draft-foschiano-erspan-03 4.3).
 */
export function setErspan3Origin(erspan: usize, hardware: u32, direction: u32): void {
  const place =
    ((hardware & HARDWARE_MASK) << HARDWARE_SHIFT) | ((direction & 1) << DIRECTION_SHIFT);
  store<u16>(erspan, 0, GROUP);
  store<u16>(erspan, bswap<u16>(<u16>(IS_ETHERNET | place)), DETAILS);
}
