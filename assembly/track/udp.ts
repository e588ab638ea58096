// UDP, UDP-Lite: a conversation once both have spoken, a stream once that lasts.

import { hasSeenReply, isAssured, isConfirmed, setUdpSince, udpSince } from "../connection";
import { TICK_SHIFT, TIMEOUT_UDP, TIMEOUT_UDP_STREAM } from "../layout";
import { markAssured } from "../state/connections";
import { refresh, TRACKED_OK, timeoutOf } from "./outcome";

/** Two seconds: a question and its answer are not a stream, nor are their repetitions. */
const STREAM_TICKS: u32 = 2_000_000_000 >>> TICK_SHIFT;

/** Follows a packet of UDP. */
export function updateUdp(record: usize, entry: usize, reply: bool, now: u32): i32 {
  if (!isConfirmed(entry)) setUdpSince(entry, now);
  const lasting = isLasting(udpSince(entry), now);
  return converse(record, entry, reply, now, lasting && hasSeenReply(entry));
}

/** Whether a conversation has lasted long enough to be a stream. */
export function isLasting(since: u32, now: u32): bool {
  return now - since > STREAM_TICKS;
}

/** Follows a packet of UDP-Lite, where the first answer makes a stream. */
export function updateUdpLite(record: usize, entry: usize, reply: bool, now: u32): i32 {
  return converse(record, entry, reply, now, hasSeenReply(entry));
}

function converse(record: usize, entry: usize, reply: bool, now: u32, stream: bool): i32 {
  refresh(record, entry, reply, timeoutOf(stream ? TIMEOUT_UDP_STREAM : TIMEOUT_UDP), now);
  if (stream && !isAssured(entry)) markAssured(entry);
  return TRACKED_OK;
}
