// Sequence numbers of connections in which NAT has changed the length of what is said (RFC 2663
// 8): each direction has one place from which on its numbers are others than before it, as in
// nf_conntrack_seqadj. Tracking reckons with numbers as their sender counts them
// (track/tcp_window.ts); they are adjusted last, when a segment leaves.

import { addStatus } from "../connection";
import { CT_SEQ_ADJUST, EXTENSION_SEQ_ADJUST, EXTENSION_SEQ_ADJUST_STRIDE } from "../layout";
import { mend } from "../parse/checksum";
import { ensureExtension, extensionOf } from "../state/extensions";
import { wordOf } from "../wire/checksum";
import {
  setTcpAcknowledgement,
  setTcpSequence,
  TCP_ACK,
  TCP_HEADER,
  tcpAcknowledgement,
  tcpChecksumAt,
  tcpFlags,
  tcpHeaderLength,
  tcpSequence,
} from "../wire/tcp";

// Of a direction
const POSITION: usize = 0;
const BEFORE: usize = 4;
const BEHIND: usize = 8;

// Options (RFC 9293 3.1, RFC 2018 3)
const END: u32 = 0;
const PADDING: u32 = 1;
const SACK: u32 = 5;
const BLOCK: u32 = 8;

function directionAt(extension: usize, reply: bool): usize {
  return extension + EXTENSION_SEQ_ADJUST + (reply ? <usize>EXTENSION_SEQ_ADJUST_STRIDE : 0);
}

function isBehind(number: u32, position: u32): bool {
  return <i32>(number - position) > 0;
}

/**
 * The segment of a direction that begins at `sequence`, as its sender counts, has become longer by
 * so many bytes. Once more of the same segment changes nothing. False: no extension is free.
 */
export function noteAdded(entry: usize, reply: bool, sequence: u32, added: i32): bool {
  if (added === 0) return true;
  const extension = ensureExtension(entry);
  if (extension === 0) return false;
  addStatus(entry, CT_SEQ_ADJUST);
  const at = directionAt(extension, reply);
  const before = load<i32>(at, BEFORE);
  const behind = load<i32>(at, BEHIND);
  if (before !== behind && !isBehind(sequence, load<u32>(at, POSITION))) return true;
  store<u32>(at, sequence, POSITION);
  store<i32>(at, behind, BEFORE);
  store<i32>(at, behind + added, BEHIND);
  return true;
}

/** Adjusts the numbers of a segment that leaves, and its checksum (RFC 1624). */
export function adjustSequence(tcp: usize, entry: usize, reply: bool): void {
  const extension = extensionOf(entry);
  if (extension === 0) return;
  const length = tcpHeaderLength(tcp);
  const former = wordOf(tcp, length);
  const own = directionAt(extension, reply);
  const other = directionAt(extension, !reply);
  const sequence = tcpSequence(tcp);
  const added = isBehind(sequence, load<u32>(own, POSITION)) ? BEHIND : BEFORE;
  setTcpSequence(tcp, sequence + load<u32>(own + added));
  if ((tcpFlags(tcp) & TCP_ACK) !== 0) {
    setTcpAcknowledgement(tcp, asSent(tcpAcknowledgement(tcp), other));
    adjustSack(tcp, length, other);
  }
  mend(tcpChecksumAt(tcp), former, wordOf(tcp, length));
}

/**
 * A sequence number of a direction, as its receiver has seen it (acknowledged, in SACK), as its
 * sender counts it.
 */
export function numberAsSent(entry: usize, reply: bool, number: u32): u32 {
  const extension = extensionOf(entry);
  return extension === 0 ? number : asSent(number, directionAt(extension, reply));
}

/** A number that the receiver of a direction names, as the direction's sender counts. */
function asSent(number: u32, direction: usize): u32 {
  const earlier = number - load<u32>(direction, BEFORE);
  return isBehind(earlier, load<u32>(direction, POSITION))
    ? number - load<u32>(direction, BEHIND)
    : earlier;
}

function adjustSack(tcp: usize, length: u32, other: usize): void {
  let at: u32 = TCP_HEADER;
  while (at + 2 <= length) {
    const kind: u32 = load<u8>(tcp + at);
    if (kind === END) return;
    if (kind === PADDING) {
      at += 1;
      continue;
    }
    const size: u32 = load<u8>(tcp + at, 1);
    if (size < 2 || at + size > length) return;
    if (kind === SACK && (size - 2) % BLOCK === 0) adjustEdges(tcp + at + 2, size - 2, other);
    at += size;
  }
}

function adjustEdges(edges: usize, bytes: u32, other: usize): void {
  for (let edge: u32 = 0; edge < bytes; edge += 4) {
    const number = bswap<u32>(load<u32>(edges + edge));
    store<u32>(edges + edge, bswap<u32>(asSent(number, other)));
  }
}
