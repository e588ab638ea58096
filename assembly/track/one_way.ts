// Connections of which only the client's packets pass here: those of services whose backends answer
// the client themselves. As IPVS follows what it sees of one side only: nothing tells whether a
// segment lies in a window, so none is refused.

import { connectionState, setConnectionState } from "../connection";
import {
  SCTP_CLOSED,
  SCTP_ESTABLISHED,
  SCTP_SHUTDOWN_SENT,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TIMEOUT_SCTP,
  TIMEOUT_TCP,
} from "../layout";
import { l3LengthOf, l3Of, l4Of, protocolOf } from "../packet";
import { markAssured, markEvictable } from "../state/connections";
import { PROTOCOL_TCP } from "../wire/ipv4";
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, tcpFlags } from "../wire/tcp";
import { refresh, TRACKED_OK, TRACKED_REPEAT, timeoutOf } from "./outcome";

/** Bytes of SCTP's common header, behind which its first chunk begins (RFC 9260 3). */
const SCTP_HEADER: u32 = 12;
const CHUNK_ABORT: u32 = 6;
const CHUNK_SHUTDOWN: u32 = 7;
const CHUNK_SHUTDOWN_COMPLETE: u32 = 14;

/** Follows a packet of TCP or SCTP from the client. */
export function updateOneWay(record: usize, entry: usize, now: u32): i32 {
  const before = connectionState(entry);
  if (protocolOf(record) !== PROTOCOL_TCP) {
    return go(record, entry, stateOfSctp(record, before), TIMEOUT_SCTP, now);
  }
  const flags = tcpFlags(l4Of(record));
  const closing = before === TCP_FIN_WAIT || before === TCP_CLOSE;
  if ((flags & TCP_RST) !== 0) return go(record, entry, TCP_CLOSE, TIMEOUT_TCP, now);
  if ((flags & TCP_SYN) !== 0) {
    // A new connection of the same ends: it may get another backend.
    if (closing) return TRACKED_REPEAT;
    return go(record, entry, before, TIMEOUT_TCP, now);
  }
  if ((flags & TCP_FIN) !== 0) return go(record, entry, TCP_FIN_WAIT, TIMEOUT_TCP, now);
  if ((flags & TCP_ACK) === 0 || closing) return go(record, entry, before, TIMEOUT_TCP, now);
  // The handshake is over: it is none of those that a flood begins and leaves.
  if (before !== TCP_ESTABLISHED) markAssured(entry);
  return go(record, entry, TCP_ESTABLISHED, TIMEOUT_TCP, now);
}

function stateOfSctp(record: usize, before: u32): u32 {
  const room = l3LengthOf(record) - <u32>(l4Of(record) - l3Of(record));
  if (room <= SCTP_HEADER) return before;
  const chunk: u32 = load<u8>(l4Of(record) + SCTP_HEADER);
  if (chunk === CHUNK_ABORT || chunk === CHUNK_SHUTDOWN_COMPLETE) return SCTP_CLOSED;
  return chunk === CHUNK_SHUTDOWN ? SCTP_SHUTDOWN_SENT : SCTP_ESTABLISHED;
}

function go(record: usize, entry: usize, state: u32, timeouts: u32, now: u32): i32 {
  setConnectionState(entry, state);
  if (timeouts === TIMEOUT_TCP && state === TCP_CLOSE) markEvictable(entry);
  refresh(record, entry, false, timeoutOf(timeouts + state), now);
  return TRACKED_OK;
}
