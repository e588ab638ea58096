// What each chunk of SCTP makes of each state, as Linux has it (compare RFC 9260 4).
//
// A row is nine nibbles: state s is followed by nibble s, counted from the right. The states, from
// the right: NONE, CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_SENT, SHUTDOWN_RECD,
// SHUTDOWN_ACK_SENT, HEARTBEAT_SENT.

import {
  SCTP_CHUNK_ABORT,
  SCTP_CHUNK_COOKIE_ACK,
  SCTP_CHUNK_COOKIE_ECHO,
  SCTP_CHUNK_ERROR,
  SCTP_CHUNK_HEARTBEAT,
  SCTP_CHUNK_HEARTBEAT_ACK,
  SCTP_CHUNK_INIT,
  SCTP_CHUNK_INIT_ACK,
  SCTP_CHUNK_SHUTDOWN,
  SCTP_CHUNK_SHUTDOWN_ACK,
  SCTP_CHUNK_SHUTDOWN_COMPLETE,
} from "../wire/sctp";

/** Instead of a state: the chunk is wrong. */
export const CHUNK_INVALID: u32 = 9;

/** Every state stays what it is: chunks that carry data or acknowledge them. */
const SAME: u64 = 0x876543210;

/** The state that follows (SCTP_*), or CHUNK_INVALID. */
export function stateAfter(reply: bool, chunk: u32, state: u32): u32 {
  const row = reply ? replyRow(chunk) : originalRow(chunk);
  return <u32>(row >> ((<u64>state) << 2)) & 15;
}

function originalRow(chunk: u32): u64 {
  switch (chunk) {
    case SCTP_CHUNK_INIT:
      return 0x271143211;
    case SCTP_CHUNK_INIT_ACK:
    case SCTP_CHUNK_ERROR:
      return 0x176543211;
    case SCTP_CHUNK_ABORT:
      return 0x111111111;
    case SCTP_CHUNK_SHUTDOWN:
      return 0x176553211;
    case SCTP_CHUNK_SHUTDOWN_ACK:
      return 0x777743217;
    case SCTP_CHUNK_COOKIE_ECHO:
      return 0x176543311;
    case SCTP_CHUNK_COOKIE_ACK:
      return 0x176544211;
    case SCTP_CHUNK_SHUTDOWN_COMPLETE:
      return 0x116543211;
    case SCTP_CHUNK_HEARTBEAT:
      return 0x876543218;
    case SCTP_CHUNK_HEARTBEAT_ACK:
      return 0x876543211;
    default:
      return SAME;
  }
}

function replyRow(chunk: u32): u64 {
  switch (chunk) {
    case SCTP_CHUNK_INIT:
      return 0x976543219;
    case SCTP_CHUNK_INIT_ACK:
      return 0x976543229;
    case SCTP_CHUNK_ABORT:
      return 0x911111119;
    case SCTP_CHUNK_SHUTDOWN:
      return 0x976563219;
    case SCTP_CHUNK_SHUTDOWN_ACK:
      return 0x977743219;
    case SCTP_CHUNK_ERROR:
      return 0x976541219;
    case SCTP_CHUNK_COOKIE_ECHO:
      return 0x976543319;
    case SCTP_CHUNK_COOKIE_ACK:
      return 0x976544219;
    case SCTP_CHUNK_SHUTDOWN_COMPLETE:
      return 0x916543219;
    case SCTP_CHUNK_HEARTBEAT:
      return 0x876543219;
    case SCTP_CHUNK_HEARTBEAT_ACK:
      return 0x476543219;
    default:
      return SAME;
  }
}
