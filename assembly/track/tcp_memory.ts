// What an entry keeps of TCP: accessors (layout.ts, from CONNECTION_TCP on). Where something is
// kept for both directions, `reply` says which: the one that sent it.

import {
  CONNECTION_LAST_END,
  CONNECTION_LAST_KIND,
  CONNECTION_LAST_LENGTH,
  CONNECTION_LAST_WINDOW,
  CONNECTION_MAX_ACK,
  CONNECTION_TCP,
  CONNECTION_TCP_SCALE,
  CONNECTION_TCP_STRIDE,
  TCP_END,
  TCP_FLAG_LIBERAL,
  TCP_MAX_END,
  TCP_MAX_WINDOW,
} from "../layout";

const KIND_MASK: u32 = 7;
const OLD_ACK: u32 = 8;
const REPLY: u32 = 16;
const REPEATED_SHIFT: u32 = 5;
const REPEATED_MOST: u32 = 7;

function sideOf(entry: usize, reply: bool): usize {
  return entry + CONNECTION_TCP + (reply ? <usize>CONNECTION_TCP_STRIDE : 0);
}
function scaleAt(entry: usize, reply: bool): usize {
  return entry + CONNECTION_TCP_SCALE + (reply ? <usize>2 : 0);
}

/** Highest sequence number sent, and one. */
export function endOf(entry: usize, reply: bool): u32 {
  return load<u32>(sideOf(entry, reply), TCP_END);
}
export function setEnd(entry: usize, reply: bool, end: u32): void {
  store<u32>(sideOf(entry, reply), end, TCP_END);
}
/** The end of what the other direction's window allows. */
export function maxEndOf(entry: usize, reply: bool): u32 {
  return load<u32>(sideOf(entry, reply), TCP_MAX_END);
}
export function setMaxEnd(entry: usize, reply: bool, end: u32): void {
  store<u32>(sideOf(entry, reply), end, TCP_MAX_END);
}
/** The largest window announced, scaled; 0 = nothing was sent yet. */
export function maxWindowOf(entry: usize, reply: bool): u32 {
  return load<u32>(sideOf(entry, reply), TCP_MAX_WINDOW);
}
export function setMaxWindow(entry: usize, reply: bool, window: u32): void {
  store<u32>(sideOf(entry, reply), window, TCP_MAX_WINDOW);
}
/** The highest acknowledgement; known with TCP_FLAG_MAX_ACK. */
export function maxAckOf(entry: usize, reply: bool): u32 {
  return load<u32>(entry + CONNECTION_MAX_ACK + (reply ? <usize>4 : 0));
}
export function setMaxAck(entry: usize, reply: bool, ack: u32): void {
  store<u32>(entry + CONNECTION_MAX_ACK + (reply ? <usize>4 : 0), ack);
}
/** Shift of the windows (RFC 7323 2.2), at most 14. */
export function scaleOf(entry: usize, reply: bool): u32 {
  return load<u8>(scaleAt(entry, reply)) & 15;
}
export function setScale(entry: usize, reply: bool, scale: u32): void {
  const at = scaleAt(entry, reply);
  store<u8>(at, <u8>((load<u8>(at) & 0xf0) | scale));
}
/** TCP_FLAG_*. */
export function sideFlagsOf(entry: usize, reply: bool): u32 {
  return load<u8>(scaleAt(entry, reply), 1);
}
export function setSideFlags(entry: usize, reply: bool, flags: u32): void {
  store<u8>(scaleAt(entry, reply), <u8>flags, 1);
}
/** Forgets a direction, except that it is treated liberally. */
export function clearSide(entry: usize, reply: bool): void {
  setEnd(entry, reply, 0);
  setMaxEnd(entry, reply, 0);
  setMaxWindow(entry, reply, 0);
  setMaxAck(entry, reply, 0);
  setScale(entry, reply, 0);
  setSideFlags(entry, reply, sideFlagsOf(entry, reply) & TCP_FLAG_LIBERAL);
}

// The last segment

/** KIND_*. */
export function lastKindOf(entry: usize): u32 {
  return load<u8>(entry, CONNECTION_LAST_KIND) & KIND_MASK;
}
export function lastReplyOf(entry: usize): bool {
  return (load<u8>(entry, CONNECTION_LAST_KIND) & REPLY) !== 0;
}
export function setLast(entry: usize, reply: bool, kind: u32): void {
  const kept = load<u8>(entry, CONNECTION_LAST_KIND) & ~(KIND_MASK | REPLY);
  store<u8>(entry, <u8>(kept | kind | (reply ? REPLY : 0)), CONNECTION_LAST_KIND);
}
/** How often the last segment with an ACK came again; counted up to 7. */
export function repeatedOf(entry: usize): u32 {
  return <u32>load<u8>(entry, CONNECTION_LAST_KIND) >> REPEATED_SHIFT;
}
export function setRepeated(entry: usize, times: u32): void {
  const kept = load<u8>(entry, CONNECTION_LAST_KIND) & (KIND_MASK | OLD_ACK | REPLY);
  const counted = min<u32>(times, REPEATED_MOST) << REPEATED_SHIFT;
  store<u8>(entry, <u8>(kept | counted), CONNECTION_LAST_KIND);
}
/** Sequence number behind the last segment. */
export function lastEndOf(entry: usize): u32 {
  return load<u32>(entry, CONNECTION_LAST_END);
}
/** Its window, as it was sent. */
export function lastWindowOf(entry: usize): u32 {
  return load<u16>(entry, CONNECTION_LAST_WINDOW);
}
export function setLastEnd(entry: usize, end: u32, length: u32, window: u32): void {
  store<u32>(entry, end, CONNECTION_LAST_END);
  store<u16>(entry, <u16>window, CONNECTION_LAST_WINDOW);
  store<u8>(entry, <u8>(length + (length >> 8)), CONNECTION_LAST_LENGTH);
}
/** Says whether the last segment's acknowledgement is not the direction's highest. */
export function setOldAck(entry: usize, old: bool): void {
  const kept = load<u8>(entry, CONNECTION_LAST_KIND) & ~OLD_ACK;
  store<u8>(entry, <u8>(kept | (old ? OLD_ACK : 0)), CONNECTION_LAST_KIND);
}
/**
 * Whether a segment is the last one again. Its acknowledgement is not kept: `ack` must be the
 * highest of its direction before and now. Of its length eight bits are, beside where it ends.
 */
export function isLast(
  entry: usize,
  reply: bool,
  end: u32,
  length: u32,
  window: u32,
  ack: u32,
): bool {
  return (
    lastReplyOf(entry) === reply &&
    lastEndOf(entry) === end &&
    lastWindowOf(entry) === window &&
    load<u8>(entry, CONNECTION_LAST_LENGTH) === <u8>(length + (length >> 8)) &&
    (load<u8>(entry, CONNECTION_LAST_KIND) & OLD_ACK) === 0 &&
    maxAckOf(entry, reply) === ack
  );
}

// A SYN that was let pass unheeded: its options, and what may follow (TCP_LAST_*)

export function lastScaleOf(entry: usize): u32 {
  return <u32>load<u8>(scaleAt(entry, false)) >> 4;
}
export function setLastScale(entry: usize, scale: u32): void {
  const at = scaleAt(entry, false);
  store<u8>(at, <u8>((load<u8>(at) & 15) | (scale << 4)));
}
export function lastFlagsOf(entry: usize): u32 {
  return <u32>load<u8>(scaleAt(entry, true)) >> 4;
}
export function setLastFlags(entry: usize, flags: u32): void {
  const at = scaleAt(entry, true);
  store<u8>(at, <u8>((load<u8>(at) & 15) | (flags << 4)));
}
