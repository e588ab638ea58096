// Fragments that wait for the rest of their datagram: the pieces of each, sorted by offset, and the
// rules by which they are kept or the datagram is given up. As Linux does it, with one difference:
// of a datagram that was given up all that follows is dropped too, until its time is over, as RFC
// 5722 has it (Linux forgets the datagram and begins anew).

import {
  DROP_FRAGMENT_DUPLICATE,
  DROP_FRAGMENT_INCONSISTENT,
  DROP_FRAGMENT_OVERLAP,
  DROP_FRAGMENT_TIMEOUT,
  DROP_FRAGMENT_TOO_MANY,
} from "../drops";
import {
  COUNT_CONSUMED,
  COUNT_DROPPED,
  COUNT_FRAGMENTS_MERGED,
  COUNT_FRAGMENTS_WAITING,
  COUNT_REASSEMBLED,
  DATAGRAM_DEAD,
  DATAGRAM_DEADLINE,
  DATAGRAM_ECN,
  DATAGRAM_EXTENT,
  DATAGRAM_FIRST_PIECE,
  DATAGRAM_LARGEST,
  DATAGRAM_LARGEST_DF,
  DATAGRAM_LAST_PIECE,
  DATAGRAM_PIECES,
  DATAGRAM_RECEIVED,
  DATAGRAM_TOTAL,
  DATAGRAM_WIRE_BYTES,
  MAX_DATAGRAM_PIECES,
  PIECE_LENGTH,
  PIECE_NEXT,
  PIECE_OFFSET,
} from "../layout";
import {
  count,
  countDropReasons,
  countEvent,
  countEvents,
  recount,
  takeBackAll,
} from "../memory/counters";
import { oldestDatagram, releaseDatagram, shard } from "./datagrams";
import { blockAt, keepBytes, releaseBlocks } from "./fragment_blocks";

/** The piece behind which the fragment at hand belongs, as refusalOf() has found; 0 = none. */
let before: u32 = 0;

export function pieceOffset(piece: u32): u32 {
  return (<u32>load<u16>(blockAt(shard, piece), PIECE_OFFSET)) << 3;
}
export function pieceLength(piece: u32): u32 {
  return load<u16>(blockAt(shard, piece), PIECE_LENGTH);
}
/** The piece behind one; 0 = it is the last. Pieces are named by their first block. */
export function pieceNext(piece: u32): u32 {
  return load<u16>(blockAt(shard, piece), PIECE_NEXT);
}
export function firstPiece(datagram: usize): u32 {
  return load<u16>(datagram, DATAGRAM_FIRST_PIECE);
}
function pieceEnd(piece: u32): u32 {
  return pieceOffset(piece) + pieceLength(piece);
}

/** DROP_* for which the datagram was given up; 0 = it was not. */
export function deathOf(datagram: usize): i32 {
  return load<u8>(datagram, DATAGRAM_DEAD);
}

/** Gives up datagrams whose time is over. Costs a load when there are none. */
export function expireDatagrams(tick: u32): void {
  for (let datagram = oldestDatagram(); datagram !== 0; datagram = oldestDatagram()) {
    if (<i32>(load<u32>(datagram, DATAGRAM_DEADLINE) - tick) > 0) return;
    discard(datagram, DROP_FRAGMENT_TIMEOUT);
    releaseDatagram(datagram);
  }
}

/** Gives a datagram up: what it has is dropped, and what follows of it. Returns the reason. */
export function giveUp(datagram: usize, reason: i32): i32 {
  discard(datagram, reason);
  store<u8>(datagram, <u8>reason, DATAGRAM_DEAD);
  return reason;
}

/** Fragments that were counted as consumed when they were kept are dropped after all. */
function discard(datagram: usize, reason: i32): void {
  const pieces: u32 = load<u16>(datagram, DATAGRAM_PIECES);
  const bytes = load<u32>(datagram, DATAGRAM_WIRE_BYTES);
  takeBackAll(COUNT_FRAGMENTS_WAITING, pieces, bytes);
  recount(COUNT_CONSUMED, COUNT_DROPPED, pieces, bytes);
  countDropReasons(reason, pieces);
  releaseBlocks(shard, datagram);
  store<u16>(datagram, 0, DATAGRAM_PIECES);
  store<u32>(datagram, 0, DATAGRAM_WIRE_BYTES);
  store<u32>(datagram, 0, DATAGRAM_FIRST_PIECE);
}

/**
 * Why a fragment cannot join: 0, DROP_FRAGMENT_DUPLICATE (the datagram does not mind), or a reason
 * to give the datagram up.
 */
export function refusalOf(datagram: usize, offset: u32, length: u32, more: bool): i32 {
  const end = offset + length;
  const total = load<u32>(datagram, DATAGRAM_TOTAL);
  const longest = total !== 0 ? total : 0xffffffff;
  if (end > longest) return DROP_FRAGMENT_INCONSISTENT;
  if (!more && (end < load<u32>(datagram, DATAGRAM_EXTENT) || (total !== 0 && end !== total))) {
    return DROP_FRAGMENT_INCONSISTENT;
  }
  const refusal = findPlace(datagram, offset, end);
  if (refusal !== 0) return refusal;
  const pieces: u32 = load<u16>(datagram, DATAGRAM_PIECES);
  return pieces >= <u32>MAX_DATAGRAM_PIECES ? DROP_FRAGMENT_TOO_MANY : 0;
}

/** What lies within pieces that touch is a duplicate; what overlaps otherwise an attack. */
function findPlace(datagram: usize, offset: u32, end: u32): i32 {
  before = load<u16>(datagram, DATAGRAM_LAST_PIECE);
  // The common case: at the end.
  if (before === 0 || pieceEnd(before) <= offset) return 0;
  before = 0;
  let piece = firstPiece(datagram);
  while (pieceEnd(piece) <= offset) {
    before = piece;
    piece = pieceNext(piece);
  }
  if (end <= pieceOffset(piece)) return 0;
  const within = pieceOffset(piece) <= offset && runEnd(piece) >= end;
  return within ? DROP_FRAGMENT_DUPLICATE : DROP_FRAGMENT_OVERLAP;
}

/** End of the pieces that follow without a gap. */
function runEnd(piece: u32): u32 {
  let end = pieceEnd(piece);
  for (let next = pieceNext(piece); next !== 0 && pieceOffset(next) === end; ) {
    end = pieceEnd(next);
    next = pieceNext(next);
  }
  return end;
}

/** Takes note of a fragment that joins: what it says of the datagram as a whole. */
export function noteFragment(
  datagram: usize,
  offset: u32,
  length: u32,
  more: bool,
  size: u32,
  ecn: u32,
): void {
  const end = offset + length;
  if (!more) store<u32>(datagram, end, DATAGRAM_TOTAL);
  store<u32>(datagram, max<u32>(load<u32>(datagram, DATAGRAM_EXTENT), end), DATAGRAM_EXTENT);
  store<u32>(datagram, load<u32>(datagram, DATAGRAM_RECEIVED) + length, DATAGRAM_RECEIVED);
  raise(datagram + DATAGRAM_LARGEST, size);
  store<u8>(datagram, load<u8>(datagram, DATAGRAM_ECN) | <u8>((<u32>1) << ecn), DATAGRAM_ECN);
}

/** Takes note that a fragment of this size must not be fragmented. */
export function noteUnfragmentable(datagram: usize, size: u32): void {
  raise(datagram + DATAGRAM_LARGEST_DF, size);
}

function raise(place: usize, value: u32): void {
  if (value > <u32>load<u16>(place)) store<u16>(place, <u16>value);
}

/** Whether every byte of the datagram is here, that of the fragment just noted included. */
export function isWhole(datagram: usize): bool {
  return load<u32>(datagram, DATAGRAM_RECEIVED) === load<u32>(datagram, DATAGRAM_TOTAL);
}

/**
 * Keeps a fragment that refusalOf() has found a place for: `bytes` from its frame, of which the
 * last `length` are a piece. False when the shard has no room.
 */
export function keepFragment(
  datagram: usize,
  from: usize,
  bytes: u32,
  offset: u32,
  length: u32,
  wireLength: u32,
): bool {
  const piece = keepBytes(shard, datagram, from, bytes);
  if (piece === 0) return false;
  const block = blockAt(shard, piece);
  store<u16>(block, <u16>(offset >> 3), PIECE_OFFSET);
  store<u16>(block, <u16>length, PIECE_LENGTH);
  const next = before === 0 ? firstPiece(datagram) : pieceNext(before);
  store<u16>(block, <u16>next, PIECE_NEXT);
  if (before === 0) store<u16>(datagram, <u16>piece, DATAGRAM_FIRST_PIECE);
  else store<u16>(blockAt(shard, before), <u16>piece, PIECE_NEXT);
  if (next === 0) store<u16>(datagram, <u16>piece, DATAGRAM_LAST_PIECE);
  store<u16>(datagram, load<u16>(datagram, DATAGRAM_PIECES) + 1, DATAGRAM_PIECES);
  const wireBytes = load<u32>(datagram, DATAGRAM_WIRE_BYTES) + wireLength;
  store<u32>(datagram, wireBytes, DATAGRAM_WIRE_BYTES);
  count(COUNT_FRAGMENTS_WAITING, wireLength);
  return true;
}

/** Ends a datagram that was put together: its fragments wait no longer. */
export function endDatagram(datagram: usize): void {
  const pieces: u32 = load<u16>(datagram, DATAGRAM_PIECES);
  takeBackAll(COUNT_FRAGMENTS_WAITING, pieces, load<u32>(datagram, DATAGRAM_WIRE_BYTES));
  countEvents(COUNT_FRAGMENTS_MERGED, pieces);
  countEvent(COUNT_REASSEMBLED);
  releaseBlocks(shard, datagram);
  releaseDatagram(datagram);
}
