// What each kind of segment makes of each state, as Linux has it: the states are those a router in
// the middle can know of (RFC 9293 3.3.2 has those of an endpoint).
//
// A row is ten nibbles, one for each state: state s is followed by nibble s, counted from the
// right. So a row is one constant, and the release module has no data segment.

import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, TCP_URG } from "../wire/tcp";

// Kinds of segments, by the strongest flag
export const KIND_NONE: u32 = 0;
export const KIND_SYN: u32 = 1;
export const KIND_SYN_ACK: u32 = 2;
export const KIND_FIN: u32 = 3;
export const KIND_ACK: u32 = 4;
export const KIND_RST: u32 = 5;

/** Instead of a state: the segment may show that the connection is another than we think. */
export const NEXT_UNHEEDED: u32 = 10;
/** Instead of a state: the segment is wrong. */
export const NEXT_INVALID: u32 = 11;

const MEANINGFUL: u32 = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG;

/** The kind of a segment with these flags. */
export function kindOf(flags: u32): u32 {
  if ((flags & TCP_RST) !== 0) return KIND_RST;
  if ((flags & TCP_SYN) !== 0) return (flags & TCP_ACK) !== 0 ? KIND_SYN_ACK : KIND_SYN;
  if ((flags & TCP_FIN) !== 0) return KIND_FIN;
  return (flags & TCP_ACK) !== 0 ? KIND_ACK : KIND_NONE;
}

/** False for combinations no TCP sends; PSH, ECE and CWR may always be set. */
export function areFlagsSound(flags: u32): bool {
  switch (flags & MEANINGFUL) {
    case TCP_SYN:
    case TCP_SYN | TCP_URG:
    case TCP_SYN | TCP_ACK:
    case TCP_RST:
    case TCP_RST | TCP_ACK:
    case TCP_FIN | TCP_ACK:
    case TCP_FIN | TCP_ACK | TCP_URG:
    case TCP_ACK:
    case TCP_ACK | TCP_URG:
      return true;
    default:
      return false;
  }
}

/** The state that follows (TCP_*), NEXT_UNHEEDED or NEXT_INVALID. */
export function nextState(reply: bool, kind: u32, state: u32): u32 {
  const row = reply ? replyRow(kind) : originalRow(kind);
  return <u32>(row >> ((<u64>state) << 2)) & 15;
}

//   states, from the right:  NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK,
//   TIME_WAIT, CLOSE, SYN_SENT2

function originalRow(kind: u32): u64 {
  switch (kind) {
    case KIND_SYN:
      return 0x911aaaaa11; // opens, and opens again what is closed
    case KIND_SYN_ACK:
      return 0x2bbbbbb2bb; // only after a SYN of the other end
    case KIND_FIN:
      return 0xb8766644bb;
    case KIND_ACK:
      return 0xb8775533b3; // the last one of the handshake, or of a connection already there
    case KIND_RST:
      return 0x888888888b;
    default:
      return 0xbbbbbbbbbb;
  }
}

function replyRow(kind: u32): u64 {
  switch (kind) {
    case KIND_SYN:
      return 0x9b1bbbbb9b; // simultaneous open (RFC 9293 3.5), or the roles are exchanged
    case KIND_SYN_ACK:
      return 0x2aaaaaaa2b;
    case KIND_FIN:
      return 0xb8766644bb;
    case KIND_ACK:
      return 0xa8775532ab; // unheeded after a SYN: what was there may be half open
    case KIND_RST:
      return 0x888888888b;
    default:
      return 0xbbbbbbbbbb;
  }
}
