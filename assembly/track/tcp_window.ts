// Does a segment lie in the window? After G. van Rooij, "Real Stateful TCP Packet Filtering in IP
// Filter", as Linux does it: what a direction may send follows from what the other has announced.
//
//   sequence     <= end that the receiver's windows allow          else: more than was asked for
//   end          >= highest end sent - receiver's largest window   else: long since acknowledged
//   acknowledged <= highest end the receiver has sent              else: of data nobody has sent
//   acknowledged >= that end - MAX_ACK_WINDOW                      else: much delayed
//
// All numbers are modulo 2^32 (RFC 9293 3.4).

import { connectionState, hasStatus } from "../connection";
import {
  CT_SEQ_ADJUST,
  TCP_FLAG_LIBERAL,
  TCP_FLAG_MAX_ACK,
  TCP_FLAG_SACK,
  TCP_FLAG_SCALE,
  TCP_FLAG_UNACKNOWLEDGED,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TRACK_LIBERAL,
} from "../layout";
import { track } from "../memory/directory";
import { numberAsSent } from "../nat/sequence";
import { l3LengthOf, l3Of, l4Of } from "../packet";
import {
  TCP_ACK,
  TCP_FIN,
  TCP_HEADER,
  TCP_RST,
  TCP_SYN,
  tcpAcknowledgement,
  tcpFlags,
  tcpHeaderLength,
  tcpSequence,
  tcpWindow,
} from "../wire/tcp";
import {
  endOf,
  isLast,
  maxAckOf,
  maxEndOf,
  maxWindowOf,
  repeatedOf,
  scaleOf,
  setEnd,
  setLastEnd,
  setMaxAck,
  setMaxEnd,
  setMaxWindow,
  setOldAck,
  setRepeated,
  setScale,
  setSideFlags,
  sideFlagsOf,
} from "./tcp_memory";
import { hasOptions, highestSack, openingFlags, openingScale, readOpening } from "./tcp_options";

/** The segment is as it should be. */
export const WINDOW_RIGHT: i32 = 0;
/** It passes, and changes nothing: late, repeated, a little more than allowed. */
export const WINDOW_UNHEEDED: i32 = 1;
export const WINDOW_WRONG: i32 = 2;
/** Not decided yet. */
const OPEN: i32 = 3;

/** How far an acknowledgement may lag behind, at least. */
const MAX_ACK_WINDOW: u32 = 66000;

// The segment at hand, as it is to be judged
let sequence: u32 = 0;
let end: u32 = 0;
let acknowledged: u32 = 0;
let selected: u32 = 0;
let window: u32 = 0;

/** a < b modulo 2^32. */
export function isBefore(a: u32, b: u32): bool {
  return <i32>(a - b) < 0;
}

/** Sequence number behind the segment; SYN and FIN count as one each. */
export function segmentEnd(record: usize): u32 {
  const tcp = l4Of(record);
  const flags = tcpFlags(tcp);
  const data = <u32>(l3Of(record) + l3LengthOf(record) - tcp) - tcpHeaderLength(tcp);
  const counted = ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0);
  return tcpSequence(tcp) + data + counted;
}

/** Takes end, window and options of a SYN as all that is known of its sender. */
export function openSide(record: usize, entry: usize, reply: bool): void {
  const tcp = l4Of(record);
  const behind = segmentEnd(record);
  setEnd(entry, reply, behind);
  setMaxEnd(entry, reply, behind);
  setMaxWindow(entry, reply, max<u32>(tcpWindow(tcp), 1));
  if (!hasOptions(tcp)) return;
  readOpening(tcp);
  setScale(entry, reply, openingScale);
  setSideFlags(entry, reply, (sideFlagsOf(entry, reply) & TCP_FLAG_LIBERAL) | openingFlags);
}

/**
 * Judges a segment, and when it is right takes note of it. `acks` = it is a plain ACK, of which
 * repetitions are counted.
 */
export function judgeWindow(record: usize, entry: usize, reply: bool, acks: bool): i32 {
  const tcp = l4Of(record);
  const flags = tcpFlags(tcp);
  readSegment(record, entry, reply);
  if (meetSender(record, entry, reply, flags)) return WINDOW_RIGHT;
  if ((flags & TCP_ACK) === 0 || ((flags & TCP_RST) !== 0 && acknowledged === 0)) {
    // No acknowledgement, or that of stacks which set the bit in a reset and the number to zero
    acknowledged = endOf(entry, !reply);
    selected = acknowledged;
  }
  if ((flags & TCP_RST) !== 0 && sequence === 0 && connectionState(entry) === TCP_SYN_SENT) {
    // The answer to a SYN: its sender has no sequence number (RFC 9293 3.5.2)
    sequence = endOf(entry, reply);
    end = sequence;
  }
  const judgement = judge(entry, reply, sequence, end, selected);
  if (judgement !== OPEN) return lenient(entry, reply, judgement);
  if ((flags & TCP_SYN) === 0) window <<= scaleOf(entry, reply);
  if (acks) {
    noteAck(entry, reply, sequence, end, acknowledged, selected, window, tcpWindow(tcp));
    return WINDOW_RIGHT;
  }
  const known = (flags & TCP_ACK) !== 0;
  noteSender(entry, reply, known, end, acknowledged, window + (selected - acknowledged));
  noteReceiver(entry, reply, end, acknowledged, selected, window);
  return WINDOW_RIGHT;
}

/**
 * What judgeWindow() does with a plain acknowledgement of `length` bytes, header included, when it
 * is right and nothing about it is special. False, with nothing noted: it needs a closer look.
 */
export function takePlainAck(entry: usize, reply: bool, tcp: usize, length: u32): bool {
  const header = tcpHeaderLength(tcp);
  const first = tcpSequence(tcp);
  const behind = first + (length - header);
  const ack = tcpAcknowledgement(tcp);
  const sacks = header !== TCP_HEADER && (sideFlagsOf(entry, !reply) & TCP_FLAG_SACK) !== 0;
  const highest = sacks ? highestSack(tcp, ack) : ack;
  if (maxWindowOf(entry, reply) === 0) return false;
  if (!isBefore(first, maxEndOf(entry, reply) + 1)) return false;
  if (judge(entry, reply, first, behind, highest) !== OPEN) return false;
  const sent = tcpWindow(tcp);
  noteAck(entry, reply, first, behind, ack, highest, sent << scaleOf(entry, reply), sent);
  return true;
}

function readSegment(record: usize, entry: usize, reply: bool): void {
  const tcp = l4Of(record);
  sequence = tcpSequence(tcp);
  end = segmentEnd(record);
  acknowledged = tcpAcknowledgement(tcp);
  window = tcpWindow(tcp);
  selected = acknowledged;
  if ((sideFlagsOf(entry, !reply) & TCP_FLAG_SACK) !== 0) selected = highestSack(tcp, selected);
  if (!hasStatus(entry, CT_SEQ_ADJUST)) return;
  // What the receiver names, it names as NAT has made it
  acknowledged = numberAsSent(entry, !reply, acknowledged);
  selected = numberAsSent(entry, !reply, selected);
}

/** Gets to know a sender that is new, or begins anew; true when there is nothing to judge. */
function meetSender(record: usize, entry: usize, reply: bool, flags: u32): bool {
  const syn = (flags & TCP_SYN) !== 0;
  const alone = syn && (flags & TCP_ACK) === 0;
  if (maxWindowOf(entry, reply) === 0) {
    if (syn) openBoth(record, entry, reply);
    else pickUp(entry, reply);
    return alone;
  }
  const state = connectionState(entry);
  // RFC 9293 3.4.1: a TCP that begins anew takes larger sequence numbers than before
  if (!syn || !isBefore(endOf(entry, reply), end)) return false;
  if (state !== TCP_SYN_SENT && state !== TCP_SYN_RECV) return false;
  openBoth(record, entry, reply);
  return alone && reply;
}

/** Windows are scaled when both ends say so (RFC 7323 2.2). */
function openBoth(record: usize, entry: usize, reply: bool): void {
  openSide(record, entry, reply);
  if (!reply) return;
  if ((sideFlagsOf(entry, true) & sideFlagsOf(entry, false) & TCP_FLAG_SCALE) !== 0) return;
  setScale(entry, true, 0);
  setScale(entry, false, 0);
}

/** The first segment of a sender whose SYN was not seen. */
function pickUp(entry: usize, reply: bool): void {
  const scaled = max<u32>(window << scaleOf(entry, reply), 1);
  setEnd(entry, reply, end);
  setMaxWindow(entry, reply, scaled);
  setMaxEnd(entry, reply, end + scaled);
  if (maxWindowOf(entry, !reply) === 0) {
    setEnd(entry, !reply, selected);
    setMaxEnd(entry, !reply, selected);
  } else if (selected === endOf(entry, !reply) + 1) {
    // The answer to a keep-alive, which repeats the last octet before (RFC 9293 3.8.4)
    setEnd(entry, !reply, selected);
  }
}

function judge(entry: usize, reply: bool, first: u32, behind: u32, highest: u32): i32 {
  const sent = endOf(entry, reply);
  const received = endOf(entry, !reply);
  const room = maxWindowOf(entry, !reply);
  const lag = max<u32>(maxWindowOf(entry, reply), MAX_ACK_WINDOW);
  const recent = isBefore(sent - room - 1, behind);
  const known = isBefore(highest, received + 1);
  const timely = isBefore(received - lag - 1, highest);
  if (!isBefore(first, maxEndOf(entry, reply) + 1)) {
    const beyond = behind - maxEndOf(entry, reply) + 1;
    if (room === 0 || !recent || !timely || beyond > room || !known) return WINDOW_WRONG;
    // What was sent too much may be acknowledged all the same
    setEnd(entry, reply, behind);
    setSideFlags(entry, reply, sideFlagsOf(entry, reply) | TCP_FLAG_UNACKNOWLEDGED);
    return WINDOW_UNHEEDED;
  }
  if (!known) return WINDOW_WRONG;
  if (room !== 0 && !recent) return WINDOW_UNHEEDED;
  return timely ? OPEN : WINDOW_UNHEEDED;
}

/** The judgement where everything passes: the connection's state follows, its windows do not. */
function lenient(entry: usize, reply: bool, judgement: i32): i32 {
  if ((track & TRACK_LIBERAL) !== 0) return WINDOW_RIGHT;
  return (sideFlagsOf(entry, reply) & TCP_FLAG_LIBERAL) !== 0 ? WINDOW_RIGHT : judgement;
}

/** Takes note of a plain acknowledgement that is right; `sent` = its window as it was sent. */
function noteAck(
  entry: usize,
  reply: bool,
  first: u32,
  behind: u32,
  ack: u32,
  highest: u32,
  scaled: u32,
  sent: u32,
): void {
  const repeated = isLast(entry, reply, behind, behind - first, sent, ack);
  noteSender(entry, reply, true, behind, ack, scaled + (highest - ack));
  noteReceiver(entry, reply, behind, ack, highest, scaled);
  setRepeated(entry, repeated ? repeatedOf(entry) + 1 : 0);
  if (repeated) return;
  setLastEnd(entry, behind, behind - first, sent);
  setOldAck(entry, ack !== maxAckOf(entry, reply));
}

/** Of a segment up to `behind`. `known` = it acknowledges; `announced` = the room it leaves. */
function noteSender(
  entry: usize,
  reply: bool,
  known: bool,
  behind: u32,
  ack: u32,
  announced: u32,
): void {
  if (maxWindowOf(entry, reply) < announced) setMaxWindow(entry, reply, announced);
  let flags = sideFlagsOf(entry, reply);
  if (isBefore(endOf(entry, reply), behind)) {
    setEnd(entry, reply, behind);
    flags |= TCP_FLAG_UNACKNOWLEDGED;
  }
  if (known) {
    const unheard = (flags & TCP_FLAG_MAX_ACK) === 0;
    if (unheard || isBefore(maxAckOf(entry, reply), ack)) setMaxAck(entry, reply, ack);
    flags |= TCP_FLAG_MAX_ACK;
  }
  setSideFlags(entry, reply, flags);
}

function noteReceiver(
  entry: usize,
  reply: bool,
  behind: u32,
  ack: u32,
  highest: u32,
  scaled: u32,
): void {
  const allowed = maxEndOf(entry, reply);
  const room = maxWindowOf(entry, !reply);
  if (room !== 0 && isBefore(allowed, behind)) {
    setMaxWindow(entry, !reply, room + (behind - allowed));
  }
  if (isBefore(maxEndOf(entry, !reply) - 1, highest + scaled)) {
    // Into a closed window one octet may be sent to see whether it has opened (RFC 9293 3.8.6.1)
    setMaxEnd(entry, !reply, highest + max<u32>(scaled, 1));
  }
  if (ack === endOf(entry, !reply)) {
    const flags = sideFlagsOf(entry, !reply) & ~TCP_FLAG_UNACKNOWLEDGED;
    setSideFlags(entry, !reply, flags);
  }
}
