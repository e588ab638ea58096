// Helpers: they read along in connections that announce others, and through NAT write what is
// announced anew. Last of all, sequence numbers are adjusted to what was written.

import { connectionProtocol, hasStatus, helperOf, isConfirmed } from "../connection";
import {
  CT_SEQ_ADJUST,
  HELPER_FTP,
  HELPER_TFTP,
  PACKET_FRAGMENT,
  PACKET_L4,
  STATE_ESTABLISHED,
  TRACK_EXPECTS,
  VERDICT_CONTINUE,
} from "../layout";
import { track } from "../memory/directory";
import { adjustSequence } from "../nat/sequence";
import { flagsOf, l4Of, protocolOf } from "../packet";
import { connection, isHelped, isReply, noteHelped, state } from "../track/track";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "../wire/ipv4";
import { helpFtp } from "./ftp";
import { helpTftp } from "./tftp";

/**
 * Helps the packet at hand, which has a connection, as it leaves: translated already. Once. Or the
 * drop.
 */
export function helpIn(record: usize): i32 {
  const wanted = helperOf(connection) !== 0 || hasStatus(connection, CT_SEQ_ADJUST);
  if (!wanted || isHelped || !isConfirmed(connection)) return VERDICT_CONTINUE;
  noteHelped();
  return help(record, connection, isReply, state);
}

function help(record: usize, entry: usize, reply: bool, state: u32): i32 {
  if ((flagsOf(record) & (PACKET_L4 | PACKET_FRAGMENT)) !== PACKET_L4) return VERDICT_CONTINUE;
  // Errors about its packets are of other protocols
  const protocol = protocolOf(record);
  if (protocol !== connectionProtocol(entry)) return VERDICT_CONTINUE;
  if (protocol === PROTOCOL_UDP) {
    if (helperOf(entry) === HELPER_TFTP && (track & TRACK_EXPECTS) !== 0) helpTftp(record, entry);
    return VERDICT_CONTINUE;
  }
  // Resets of the engine's own are related, and carry numbers as they should be
  if (protocol !== PROTOCOL_TCP || (state & STATE_ESTABLISHED) === 0) return VERDICT_CONTINUE;
  const isAdjusted = hasStatus(entry, CT_SEQ_ADJUST);
  if (helperOf(entry) === HELPER_FTP && (track & TRACK_EXPECTS) !== 0) {
    const verdict = helpFtp(record, entry, reply);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if (isAdjusted) adjustSequence(l4Of(record), entry, reply);
  return VERDICT_CONTINUE;
}
