// SCTP (RFC 9260): every chunk of a packet moves the state; the verification tags tell a packet of
// the association from one that only has its ports.

import {
  connectionState,
  isAssured,
  isConfirmed,
  sctpFlags,
  sctpTag,
  setConnectionState,
  setSctpFlags,
  setSctpTag,
} from "../connection";
import {
  SCTP_CLOSED,
  SCTP_ESTABLISHED,
  SCTP_FLAG_HEARTBEAT,
  SCTP_FLAG_HEARTBEAT_REPLY,
  SCTP_FLAG_INIT,
  SCTP_FLAG_INIT_REPLY,
  SCTP_NONE,
  SCTP_SHUTDOWN_ACK_SENT,
  SCTP_SHUTDOWN_SENT,
  TIMEOUT_SCTP,
} from "../layout";
import { l3LengthOf, l3Of, l4Of } from "../packet";
import { markAssured, markEvictable } from "../state/connections";
import {
  chunkLength,
  chunkStep,
  chunkTagIsReflected,
  chunkType,
  initiateTag,
  sctpTag as packetTag,
  SCTP_CHUNK_ABORT,
  SCTP_CHUNK_COOKIE_ACK,
  SCTP_CHUNK_COOKIE_ECHO,
  SCTP_CHUNK_DATA,
  SCTP_CHUNK_HEADER,
  SCTP_CHUNK_HEARTBEAT,
  SCTP_CHUNK_HEARTBEAT_ACK,
  SCTP_CHUNK_INIT,
  SCTP_CHUNK_INIT_ACK,
  SCTP_CHUNK_SHUTDOWN_ACK,
  SCTP_CHUNK_SHUTDOWN_COMPLETE,
  SCTP_HEADER,
  SCTP_INIT_VALUE,
} from "../wire/sctp";
import { refresh, TRACKED_INVALID, TRACKED_OK, timeoutOf } from "./outcome";
import { CHUNK_INVALID, stateAfter } from "./sctp_states";

/** Chunks whose tag is looked at one by one, or may be any (RFC 9260 8.5.1). */
const OWN_RULE: u32 =
  (1 << SCTP_CHUNK_INIT) |
  (1 << SCTP_CHUNK_SHUTDOWN_COMPLETE) |
  (1 << SCTP_CHUNK_COOKIE_ECHO) |
  (1 << SCTP_CHUNK_ABORT) |
  (1 << SCTP_CHUNK_SHUTDOWN_ACK) |
  (1 << SCTP_CHUNK_HEARTBEAT) |
  (1 << SCTP_CHUNK_HEARTBEAT_ACK);
/** Chunks that cannot be the first of an association. */
const NEVER_FIRST: u32 =
  (1 << SCTP_CHUNK_ABORT) | (1 << SCTP_CHUNK_SHUTDOWN_COMPLETE) | (1 << SCTP_CHUNK_COOKIE_ACK);
/** Chunks that are alone in their packet (RFC 9260 3.2). */
const ALONE: u32 =
  (1 << SCTP_CHUNK_INIT) | (1 << SCTP_CHUNK_INIT_ACK) | (1 << SCTP_CHUNK_SHUTDOWN_COMPLETE);
/** Chunks that come first in their packet (RFC 9260 5.1, 5.2). */
const LEADING: u32 = (1 << SCTP_CHUNK_COOKIE_ECHO) | (1 << SCTP_CHUNK_COOKIE_ACK);

// The packet at hand: end of its chunks, bit t = one of type t below 32 is there; its tag; the
// timeout is not renewed; the state after the last chunk
let end: usize = 0;
let kinds: u32 = 0;
let tag: u32 = 0;
let stale: bool = false;
let state: u32 = 0;

/** Follows a packet of SCTP. */
export function updateSctp(record: usize, entry: usize, reply: bool, now: u32): i32 {
  const sctp = l4Of(record);
  end = l3Of(record) + l3LengthOf(record);
  tag = packetTag(sctp);
  if (!surveyChunks(sctp + SCTP_HEADER)) return TRACKED_INVALID;
  if (!isConfirmed(entry)) {
    if ((kinds & NEVER_FIRST) !== 0 || !beginSctp(sctp + SCTP_HEADER, entry)) {
      return TRACKED_INVALID;
    }
  }
  if ((kinds & OWN_RULE) === 0 && tag !== sctpTag(entry, reply)) return TRACKED_INVALID;
  stale = false;
  state = SCTP_NONE;
  for (let chunk = sctp + SCTP_HEADER; isChunk(chunk); chunk += chunkStep(chunk)) {
    if (!followChunk(chunk, entry, reply)) return TRACKED_INVALID;
  }
  if (!stale) refresh(record, entry, reply, timeoutOf(TIMEOUT_SCTP + state), now);
  return TRACKED_OK;
}

function isChunk(chunk: usize): bool {
  return chunk + SCTP_CHUNK_HEADER <= end;
}

/** Fills `kinds`; false when the chunks contradict each other, or there are none. */
function surveyChunks(first: usize): bool {
  kinds = 0;
  let alone = false;
  let chunk = first;
  while (isChunk(chunk)) {
    const type = chunkType(chunk);
    const kind: u32 = type < 32 ? 1 << type : 0;
    if ((kind & ALONE) !== 0) alone = true;
    if (chunk !== first && (alone || (kind & LEADING) !== 0)) return false;
    if (chunkLength(chunk) === 0) return false;
    kinds |= kind;
    chunk += chunkStep(chunk);
  }
  return chunk !== first;
}

/** The first packet: takes the tags from it. */
function beginSctp(first: usize, entry: usize): bool {
  for (let chunk = first; isChunk(chunk); chunk += chunkStep(chunk)) {
    const type = chunkType(chunk);
    const next = stateAfter(false, type, SCTP_NONE);
    if (next === SCTP_NONE || next === CHUNK_INVALID) return false;
    if (type === SCTP_CHUNK_INIT) {
      if (tag !== 0 || !hasInitiateTag(chunk)) return false;
      setSctpTag(entry, true, initiateTag(chunk));
    } else {
      // A heartbeat comes from another path of an association; anything else is out of the blue
      // and answered with its own tag (RFC 9260 8.4)
      setSctpTag(entry, type !== SCTP_CHUNK_HEARTBEAT, tag);
    }
  }
  return true;
}

function hasInitiateTag(chunk: usize): bool {
  return chunk + SCTP_CHUNK_HEADER + SCTP_INIT_VALUE <= end;
}

/** Moves the state by one chunk; false when it is wrong. */
function followChunk(chunk: usize, entry: usize, reply: bool): bool {
  const type = chunkType(chunk);
  if (!isTagRight(chunk, type, entry, reply)) return false;
  if (type === SCTP_CHUNK_COOKIE_ACK) {
    setSctpFlags(entry, sctpFlags(entry) & ~(SCTP_FLAG_INIT | SCTP_FLAG_INIT_REPLY));
  } else if (type === SCTP_CHUNK_HEARTBEAT) {
    if (!followHeartbeat(entry, reply)) return false;
    if (stale) return true;
  } else if (type === SCTP_CHUNK_HEARTBEAT_ACK && !followAnswer(entry, reply)) {
    return false;
  }
  const before = connectionState(entry);
  state = stateAfter(reply, type, before);
  if (state === CHUNK_INVALID) return false;
  if (type === SCTP_CHUNK_INIT && !followInit(chunk, entry, reply, before)) return false;
  if (type === SCTP_CHUNK_INIT_ACK && !followInitAck(chunk, entry, reply)) return false;
  setConnectionState(entry, state);
  if (state >= <u32>SCTP_SHUTDOWN_SENT && state <= <u32>SCTP_SHUTDOWN_ACK_SENT)
    markEvictable(entry);
  if (state === SCTP_ESTABLISHED && before !== state && !isAssured(entry)) markAssured(entry);
  return true;
}

/** RFC 9260 8.5.1 A to D. */
function isTagRight(chunk: usize, type: u32, entry: usize, reply: bool): bool {
  switch (type) {
    case SCTP_CHUNK_INIT:
      return tag === 0;
    case SCTP_CHUNK_ABORT:
    case SCTP_CHUNK_SHUTDOWN_COMPLETE:
      return tag === sctpTag(entry, chunkTagIsReflected(chunk) ? !reply : reply);
    case SCTP_CHUNK_COOKIE_ECHO:
      return tag === sctpTag(entry, reply);
    default:
      return true;
  }
}

/**
 * A HEARTBEAT of an unexpected tag may be of a path that is new (RFC 9260 5.4): it passes, and its
 * answer decides.
 */
function followHeartbeat(entry: usize, reply: bool): bool {
  const expected = sctpTag(entry, reply);
  if (expected === 0) {
    setSctpTag(entry, reply, tag);
    return true;
  }
  if (tag === expected) {
    setSctpFlags(entry, sctpFlags(entry) & ~SCTP_FLAG_HEARTBEAT);
    return true;
  }
  if ((kinds & (1 << SCTP_CHUNK_DATA)) !== 0 || stale) return false;
  const kept = sctpFlags(entry) & ~SCTP_FLAG_HEARTBEAT_REPLY;
  const direction = reply ? SCTP_FLAG_HEARTBEAT_REPLY : 0;
  setSctpFlags(entry, kept | SCTP_FLAG_HEARTBEAT | direction);
  stale = true;
  return true;
}

function followAnswer(entry: usize, reply: bool): bool {
  const expected = sctpTag(entry, reply);
  const flags = sctpFlags(entry);
  if (expected === 0) {
    setSctpTag(entry, reply, tag);
    return true;
  }
  if (tag !== expected) {
    if ((kinds & (1 << SCTP_CHUNK_DATA)) !== 0 || stale) return false;
    const asked = (flags & SCTP_FLAG_HEARTBEAT_REPLY) !== 0;
    if ((flags & SCTP_FLAG_HEARTBEAT) === 0 || asked === reply) return false;
    setSctpTag(entry, reply, tag);
    setSctpTag(entry, !reply, 0);
  }
  setSctpFlags(entry, flags & ~SCTP_FLAG_HEARTBEAT);
  return true;
}

function followInit(chunk: usize, entry: usize, reply: bool, before: u32): bool {
  if (!hasInitiateTag(chunk)) return false;
  const own = reply ? SCTP_FLAG_INIT_REPLY : SCTP_FLAG_INIT;
  const both: u32 = SCTP_FLAG_INIT | SCTP_FLAG_INIT_REPLY;
  const flags = sctpFlags(entry);
  setSctpFlags(entry, ((flags & both) === both ? flags & ~both : flags) | own);
  setSctpTag(entry, !reply, initiateTag(chunk));
  // An INIT again and again must not keep the connection, nor its translation
  if (state === SCTP_CLOSED && before === SCTP_CLOSED && isConfirmed(entry)) stale = true;
  return true;
}

function followInitAck(chunk: usize, entry: usize, reply: bool): bool {
  if (!hasInitiateTag(chunk)) return false;
  const flags = sctpFlags(entry);
  const other = reply ? SCTP_FLAG_INIT : SCTP_FLAG_INIT_REPLY;
  const both: u32 = SCTP_FLAG_INIT | SCTP_FLAG_INIT_REPLY;
  const known = sctpTag(entry, !reply);
  const initiated = initiateTag(chunk);
  if (known !== initiated) {
    if ((flags & other) === 0 && known !== 0) return false;
    // Both have sent an INIT (RFC 9260 5.2.1)
    if ((flags & both) === both) return false;
  }
  setSctpTag(entry, !reply, initiated);
  return true;
}
