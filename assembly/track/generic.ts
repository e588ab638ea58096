// GRE, and protocols that are followed by their addresses alone.

import { hasSeenReply, isAssured } from "../connection";
import { TIMEOUT_GENERIC, TIMEOUT_GRE, TIMEOUT_GRE_STREAM } from "../layout";
import { markAssured } from "../state/connections";
import { refresh, TRACKED_OK, timeoutOf } from "./outcome";

/** Follows a packet of GRE: a tunnel once both ends have sent. */
export function updateGre(record: usize, entry: usize, reply: bool, now: u32): i32 {
  const stream = hasSeenReply(entry);
  refresh(record, entry, reply, timeoutOf(stream ? TIMEOUT_GRE_STREAM : TIMEOUT_GRE), now);
  if (stream && !isAssured(entry)) markAssured(entry);
  return TRACKED_OK;
}

/** Follows a packet of any other protocol, DCCP among them. */
export function updateGeneric(record: usize, entry: usize, reply: bool, now: u32): i32 {
  refresh(record, entry, reply, timeoutOf(TIMEOUT_GENERIC), now);
  return TRACKED_OK;
}
