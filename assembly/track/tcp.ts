// TCP: follows a connection's state and window as a router in the middle can (tcp_states.ts,
// tcp_window.ts), and says what it has to think of a segment.

import {
  connectionProtocol,
  connectionState,
  hasSeenReply,
  hasStatus,
  isAssured,
  isConfirmed,
  setConnectionState,
  ticksLeft,
} from "../connection";
import {
  CT_FIXED_TIMEOUT,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_FLAG_CLOSED_FIRST,
  TCP_FLAG_LIBERAL,
  TCP_FLAG_MAX_ACK,
  TCP_FLAG_SACK,
  TCP_FLAG_UNACKNOWLEDGED,
  TCP_LAST_ACK,
  TCP_LAST_CHALLENGE,
  TCP_LAST_SIMULTANEOUS,
  TCP_NONE,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_SYN_SENT2,
  TCP_TIME_WAIT,
  TIMEOUT_TCP,
  TIMEOUT_TCP_RETRANS,
  TIMEOUT_TCP_UNACKNOWLEDGED,
  TRACK_LOOSE,
} from "../layout";
import { track } from "../memory/directory";
import { l4Of } from "../packet";
import { markAssured, markEvictable, setDeadline, unmarkEvictable } from "../state/connections";
import { PROTOCOL_TCP } from "../wire/ipv4";
import { tcpAcknowledgement, tcpFlags, tcpSequence, tcpWindow } from "../wire/tcp";
import {
  account,
  endConnection,
  refresh,
  TRACKED_INVALID,
  TRACKED_OK,
  TRACKED_REPEAT,
  timeoutOf,
} from "./outcome";
import {
  clearSide,
  lastEndOf,
  lastFlagsOf,
  lastKindOf,
  lastReplyOf,
  lastScaleOf,
  lastWindowOf,
  maxAckOf,
  repeatedOf,
  setEnd,
  setLast,
  setLastEnd,
  setLastFlags,
  setLastScale,
  setMaxAck,
  setMaxEnd,
  setMaxWindow,
  setScale,
  setSideFlags,
  sideFlagsOf,
} from "./tcp_memory";
import { openingFlags, openingScale, readOpening } from "./tcp_options";
import {
  areFlagsSound,
  KIND_ACK,
  KIND_FIN,
  KIND_RST,
  KIND_SYN,
  KIND_SYN_ACK,
  kindOf,
  NEXT_INVALID,
  NEXT_UNHEEDED,
  nextState,
} from "./tcp_states";
import {
  isBefore,
  judgeWindow,
  openSide,
  segmentEnd,
  WINDOW_RIGHT,
  WINDOW_UNHEEDED,
} from "./tcp_window";

/** A connection that goes on although the last segments came again this often gets less time. */
const MOST_REPEATED: u32 = 3;
/** A reset or FIN out of window shortens what has longer than this: two minutes, in ticks. */
const LONG: u32 = 114_441;

// What decide() says beside TRACKED_*: on to the window, or past it
const JUDGE: i32 = -1;
const ACCEPT: i32 = -2;

/** State the segment at hand meets, and the one it leads to. */
let before: u32 = 0;
let next: u32 = 0;

/** Follows a segment of TCP, of a connection or the first of one. */
export function updateTcp(record: usize, entry: usize, reply: bool, now: u32): i32 {
  const tcp = l4Of(record);
  if (!areFlagsSound(tcpFlags(tcp))) return TRACKED_INVALID;
  const kind = kindOf(tcpFlags(tcp));
  if (!isConfirmed(entry) && !beginTcp(record, entry, kind)) return TRACKED_INVALID;
  before = connectionState(entry);
  next = nextState(reply, kind, before);
  const decision = decide(record, entry, reply, kind);
  if (decision !== JUDGE && decision !== ACCEPT) return decision;
  if (decision === JUDGE) {
    const judgement = judgeWindow(record, entry, reply, kind === KIND_ACK);
    if (judgement === WINDOW_UNHEEDED) return TRACKED_OK;
    if (judgement !== WINDOW_RIGHT) {
      shorten(entry, reply, kind, now);
      return TRACKED_INVALID;
    }
  }
  setLast(entry, reply, kind);
  setConnectionState(entry, next);
  // What has ended may be given up for others, assured or not
  if (isClosing(next)) markEvictable(entry);
  else if (isClosing(before)) unmarkEvictable(entry);
  if (next === TCP_FIN_WAIT && before !== next) {
    setSideFlags(entry, reply, sideFlagsOf(entry, reply) | TCP_FLAG_CLOSED_FIRST);
  }
  prolong(record, entry, reply, kind, now);
  return TRACKED_OK;
}

/** The connection is over for whoever has not heard of it, too: as after a reset of its own. */
export function closeTcp(entry: usize, now: u32): void {
  if (connectionProtocol(entry) !== PROTOCOL_TCP) return;
  setConnectionState(entry, TCP_CLOSE);
  markEvictable(entry);
  setDeadline(entry, now + timeoutOf(TIMEOUT_TCP + TCP_CLOSE), now);
}

/** The first segment: a SYN, or with TRACK_LOOSE any that may be of a connection's middle. */
function beginTcp(record: usize, entry: usize, kind: u32): bool {
  const first = nextState(false, kind, TCP_NONE);
  if (first === NEXT_INVALID || first === NEXT_UNHEEDED) return false;
  if (first !== TCP_SYN_SENT && (track & TRACK_LOOSE) === 0) return false;
  if (first === TCP_SYN_SENT) {
    openSide(record, entry, false);
    return true;
  }
  const end = segmentEnd(record);
  const window = max<u32>(tcpWindow(l4Of(record)), 1);
  setEnd(entry, false, end);
  setMaxWindow(entry, false, window);
  setMaxEnd(entry, false, end + window);
  // The scales and whether SACK is used were said before our time
  setSideFlags(entry, false, TCP_FLAG_SACK | TCP_FLAG_LIBERAL);
  setSideFlags(entry, true, TCP_FLAG_SACK | TCP_FLAG_LIBERAL);
  return true;
}

function decide(record: usize, entry: usize, reply: bool, kind: u32): i32 {
  switch (next) {
    case TCP_SYN_SENT:
      if (before < <u32>TCP_TIME_WAIT) return JUDGE;
      return isClosed(entry, reply) ? TRACKED_REPEAT : pass(record, entry, reply, kind);
    case NEXT_UNHEEDED:
      return pass(record, entry, reply, kind);
    case NEXT_INVALID:
      return TRACKED_INVALID;
    case TCP_TIME_WAIT:
      return isChallenge(entry, reply, kind) ? TRACKED_OK : JUDGE;
    case TCP_SYN_SENT2:
      setLastFlags(entry, lastFlagsOf(entry) | TCP_LAST_SIMULTANEOUS);
      return JUDGE;
    case TCP_SYN_RECV:
      if (reply && kind === KIND_ACK && (lastFlagsOf(entry) & TCP_LAST_SIMULTANEOUS) !== 0) {
        next = TCP_ESTABLISHED;
      }
      return JUDGE;
    case TCP_CLOSE:
      return kind === KIND_RST ? decideReset(record, entry, reply) : JUDGE;
    default:
      return JUDGE;
  }
}

/** Closed in the regular way, or reset by the one that opens it now (RFC 9293 3.6.1). */
function isClosed(entry: usize, reply: bool): bool {
  const flags = sideFlagsOf(entry, false) | sideFlagsOf(entry, true);
  if ((flags & TCP_FLAG_CLOSED_FIRST) !== 0) return true;
  return lastReplyOf(entry) === reply && lastKindOf(entry) === KIND_RST;
}

/**
 * The ACK that answers a SYN let pass in LAST_ACK (RFC 5961 4.2): it does not acknowledge the FIN.
 */
function isChallenge(entry: usize, reply: bool, kind: u32): bool {
  if (before !== TCP_LAST_ACK || kind !== KIND_ACK) return false;
  if (lastReplyOf(entry) === reply || lastKindOf(entry) !== KIND_SYN) return false;
  const flags = lastFlagsOf(entry);
  setLastFlags(entry, flags & ~TCP_LAST_CHALLENGE);
  return (flags & TCP_LAST_CHALLENGE) !== 0;
}

/**
 * Lets a segment pass that may show that the ends know better than we: it is only noted. A SYN-ACK
 * to a SYN that was noted so proves it, and everything is taken from those two.
 */
function pass(record: usize, entry: usize, reply: bool, kind: u32): i32 {
  const tcp = l4Of(record);
  const ack = tcpAcknowledgement(tcp);
  const answers = lastKindOf(entry) === KIND_SYN && lastReplyOf(entry) !== reply;
  if (kind === KIND_SYN_ACK && answers && ack === lastEndOf(entry)) {
    agree(entry, reply);
    return JUDGE;
  }
  setLast(entry, reply, kind);
  const end = segmentEnd(record);
  setLastEnd(entry, end, end - tcpSequence(tcp), tcpWindow(tcp));
  if (kind === KIND_SYN && !reply) {
    readOpening(tcp);
    setLastScale(entry, openingScale);
    setLastFlags(entry, openingFlags | (before === TCP_LAST_ACK ? TCP_LAST_CHALLENGE : 0));
  }
  // The place is free: nothing of the reply was in any window so far
  if (before === TCP_SYN_SENT && kind === KIND_ACK && reply) setMaxAck(entry, true, ack);
  return TRACKED_OK;
}

/** Begins anew with a SYN noted earlier, which the segment at hand answers. */
function agree(entry: usize, reply: bool): void {
  before = TCP_SYN_SENT;
  next = TCP_SYN_RECV;
  const end = lastEndOf(entry);
  setEnd(entry, !reply, end);
  setMaxEnd(entry, !reply, end);
  setMaxWindow(entry, !reply, max<u32>(lastWindowOf(entry), 1));
  setScale(entry, !reply, lastScaleOf(entry));
  const flags = lastFlagsOf(entry) & ~TCP_LAST_CHALLENGE;
  setLastFlags(entry, flags);
  setSideFlags(entry, !reply, flags & ~TCP_LAST_SIMULTANEOUS);
  clearSide(entry, reply);
}

/**
 * Is the reset to be believed (RFC 5961 3.2)? An established connection ends only by one whose
 * sequence number is exactly the next; others pass, that the other end may challenge them.
 */
function decideReset(record: usize, entry: usize, reply: bool): i32 {
  if (isClosing(before)) return ACCEPT;
  const tcp = l4Of(record);
  const sequence = tcpSequence(tcp);
  const last = lastKindOf(entry);
  const known = (sideFlagsOf(entry, !reply) & TCP_FLAG_MAX_ACK) !== 0;
  if (known && last !== KIND_SYN) {
    const expected = maxAckOf(entry, !reply);
    const established = before === TCP_ESTABLISHED && isAssured(entry);
    if (sequence === 0 && !established) return JUDGE;
    if (isBefore(sequence, expected)) return TRACKED_INVALID;
    if (!established || sequence === expected) return JUDGE;
    // The end of a train of segments that the other end has not acknowledged yet
    if (last === KIND_ACK && lastReplyOf(entry) === reply && sequence === lastEndOf(entry)) {
      return JUDGE;
    }
    next = before;
  }
  return answersUnheeded(tcp, entry, last) ? ACCEPT : JUDGE;
}

/** The reset answers a SYN or ACK that was let pass: it may acknowledge what we never noted. */
function answersUnheeded(tcp: usize, entry: usize, last: u32): bool {
  const toSyn = last === KIND_SYN && hasSeenReply(entry);
  const toAck = last === KIND_ACK && !isAssured(entry);
  if ((toSyn || toAck) && tcpAcknowledgement(tcp) === lastEndOf(entry)) return true;
  if (before !== TCP_SYN_SENT || last !== KIND_ACK || !lastReplyOf(entry)) return false;
  return tcpSequence(tcp) === maxAckOf(entry, true);
}

/** Whether the end has begun: numbers may be those of a connection that followed. */
function isClosing(state: u32): bool {
  return state >= <u32>TCP_FIN_WAIT && state <= <u32>TCP_CLOSE;
}

/** A FIN or reset out of window, answered by another: both ends know of something we do not. */
function shorten(entry: usize, reply: bool, kind: u32, now: u32): void {
  if (!isAssured(entry) || hasStatus(entry, CT_FIXED_TIMEOUT)) return;
  if (kind !== KIND_RST && kind !== KIND_FIN) return;
  const last = lastKindOf(entry);
  if (lastReplyOf(entry) === reply || (last !== KIND_FIN && last !== KIND_RST)) {
    setLast(entry, reply, kind);
    return;
  }
  const left = ticksLeft(entry, now);
  const allowed = timeoutOf(TIMEOUT_TCP_UNACKNOWLEDGED);
  if (left >= LONG && left > allowed) setDeadline(entry, now + allowed, now);
}

function prolong(record: usize, entry: usize, reply: bool, kind: u32, now: u32): void {
  let ticks = timeoutFor(entry, next, kind);
  if (!hasSeenReply(entry)) {
    if (kind === KIND_RST) {
      // The only answer was a reset: there never was a connection
      account(record, entry, reply);
      endConnection(entry, now);
      return;
    }
    // A SYN again and again must not keep the connection, nor its translation
    if (kind === KIND_SYN && before === TCP_SYN_SENT) return;
    // Taken up in its middle, and nobody answers
    if (next === TCP_ESTABLISHED) ticks = min<u32>(ticks, timeoutOf(TIMEOUT_TCP_UNACKNOWLEDGED));
  } else if (!isAssured(entry) && next === TCP_ESTABLISHED) {
    if (before === TCP_SYN_RECV || before === TCP_ESTABLISHED) markAssured(entry);
  }
  refresh(record, entry, reply, ticks, now);
}

/** Ticks a connection in this state lasts after a segment of this kind. */
export function timeoutFor(entry: usize, state: u32, kind: u32): u32 {
  const usual = timeoutOf(TIMEOUT_TCP + state);
  const repeated = timeoutOf(TIMEOUT_TCP_RETRANS);
  if (repeatedOf(entry) >= MOST_REPEATED && usual > repeated) return repeated;
  if (kind === KIND_RST) return timeoutOf(TIMEOUT_TCP + TCP_CLOSE);
  const flags = sideFlagsOf(entry, false) | sideFlagsOf(entry, true);
  const waiting = timeoutOf(TIMEOUT_TCP_UNACKNOWLEDGED);
  if ((flags & TCP_FLAG_UNACKNOWLEDGED) !== 0 && usual > waiting) return waiting;
  return lastWindowOf(entry) === 0 ? min<u32>(usual, repeated) : usual;
}
