// Reassembly (RFC 791 3.2, RFC 8200 4.5): fragments are kept until their datagram is whole, which
// then goes on in the place of the fragment that completed it.
//
// As Linux before connection tracking: the header is that of the first fragment, congestion
// notification that of all (RFC 3168 5.3), and DF stays if the longest fragment had it. No ICMP
// error tells of a datagram that never became whole: that is for its destination to send.

import {
  DROP_BAD_FRAGMENT,
  DROP_DATAGRAM_TOO_BIG,
  DROP_FRAGMENT_DUPLICATE,
  DROP_FRAGMENT_INCONSISTENT,
  DROP_FRAGMENT_LIMIT,
} from "../drops";
import {
  CONTROL_FRAGMENT_TICKS,
  CONTROL_TICK_ZERO,
  DATAGRAM_HEAD,
  DATAGRAM_L3,
  DATAGRAM_PPPOE,
  DATAGRAM_TAGS,
  PACKET_FRAGMENT,
  PACKET_PPPOE,
  SHARD_SHIFT,
  TAILROOM,
  TICK_SHIFT,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
  WORKER_DATAGRAM_KEY,
} from "../layout";
import { datagramCount, frameSize, worker } from "../memory/directory";
import { frameStart } from "../memory/frames";
import {
  dataOf,
  drop,
  flagsOf,
  hashOf,
  l3LengthOf,
  l3OffsetOf,
  setHash,
  timestampOf,
  vlanTagsOf,
  wireLengthOf,
} from "../packet";
import { parseAgain } from "../parse/again";
import { flowHash } from "../parse/flow";
import {
  datagramKey,
  hasMore,
  isUnfragmentable,
  partEcn,
  partHead,
  partLength,
  partOffset,
  readFragment,
} from "../parse/fragment";
import { agreesOnEcn, assemble, datagramLength, hasLength } from "../respond/datagram";
import { beginDatagram, findDatagram, openShard } from "../state/datagrams";
import {
  deathOf,
  endDatagram,
  expireDatagrams,
  giveUp,
  isWhole,
  keepFragment,
  noteFragment,
  noteUnfragmentable,
  refusalOf,
} from "../state/fragments";
import { forgetFragments } from "../state/reassembled";
import { advanceShard, shardOf } from "../state/shards";

/** Ethernet and IP header at least. */
const LEAST_HEAD: u32 = 14 + 20;

/**
 * Goes on with a packet that is whole, or now is: the record then describes the datagram, its flow
 * hash included. A fragment whose datagram is not whole yet is consumed; its bytes are kept.
 */
export function reassemble(record: usize): i32 {
  forgetFragments();
  if (datagramCount === 0) return VERDICT_CONTINUE;
  const hash = hashOf(record);
  const now = advanceShard(shardOf(hash), timestampOf(record));
  const tick = <u32>((now - load<u64>(CONTROL_TICK_ZERO)) >> TICK_SHIFT);
  openShard(hash >>> SHARD_SHIFT);
  expireDatagrams(tick);
  if ((flagsOf(record) & PACKET_FRAGMENT) === 0) return VERDICT_CONTINUE;
  const key = worker + WORKER_DATAGRAM_KEY;
  datagramKey(record, key);
  let datagram = findDatagram(key, hash);
  if (datagram === 0) {
    datagram = beginDatagram(key, hash, tick + load<u32>(CONTROL_FRAGMENT_TICKS));
    if (datagram === 0) return drop(DROP_FRAGMENT_LIMIT);
  }
  const death = deathOf(datagram);
  return death !== 0 ? drop(death) : join(record, datagram);
}

function join(record: usize, datagram: usize): i32 {
  readFragment(record);
  let refusal = refusalOf(datagram, partOffset, partLength, hasMore);
  if (refusal === DROP_FRAGMENT_DUPLICATE) return drop(refusal);
  // What no frame can hold need not wait.
  const least = LEAST_HEAD + partOffset + partLength;
  if (refusal === 0 && least > roomOf(record)) refusal = DROP_DATAGRAM_TOO_BIG;
  if (refusal !== 0) return drop(giveUp(datagram, refusal));
  note(record, datagram);
  if (isWhole(datagram)) return complete(record, datagram);
  const bytes = partOffset === 0 ? partHead + partLength : partLength;
  const from = dataOf(record) + partHead + partLength - bytes;
  if (keepFragment(datagram, from, bytes, partOffset, partLength, wireLengthOf(record))) {
    return VERDICT_CONSUME;
  }
  return drop(giveUp(datagram, DROP_FRAGMENT_LIMIT));
}

function note(record: usize, datagram: usize): void {
  const size = l3LengthOf(record);
  noteFragment(datagram, partOffset, partLength, hasMore, size, partEcn);
  if (isUnfragmentable) noteUnfragmentable(datagram, size);
  if (partOffset !== 0) return;
  store<u16>(datagram, <u16>partHead, DATAGRAM_HEAD);
  store<u8>(datagram, <u8>l3OffsetOf(record), DATAGRAM_L3);
  store<u8>(datagram, <u8>vlanTagsOf(record), DATAGRAM_TAGS);
  store<u8>(datagram, (flagsOf(record) & PACKET_PPPOE) !== 0 ? 1 : 0, DATAGRAM_PPPOE);
}

/** The fragment at hand was the one that was missing. */
function complete(record: usize, datagram: usize): i32 {
  if (!agreesOnEcn(datagram)) return drop(giveUp(datagram, DROP_FRAGMENT_INCONSISTENT));
  if (!hasLength(datagram)) return drop(giveUp(datagram, DROP_BAD_FRAGMENT));
  if (datagramLength(datagram) > roomOf(record)) {
    return drop(giveUp(datagram, DROP_DATAGRAM_TOO_BIG));
  }
  assemble(record, datagram, partHead, partOffset, partLength);
  endDatagram(datagram);
  const verdict = parseAgain(record);
  if (verdict === VERDICT_CONTINUE) setHash(record, flowHash(record));
  return verdict;
}

/** Bytes from data on that the record's frame can hold. */
function roomOf(record: usize): u32 {
  return <u32>(frameStart(record) + frameSize - TAILROOM - dataOf(record));
}
