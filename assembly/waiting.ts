// Packets that wait for a neighbor to be resolved.

import { runDeferred } from "./deferring";
import { DROP_NEIGHBOR_FAILED } from "./drops";
import { finish } from "./ending";
import {
  NEIGHBOR_FAILED,
  PACKET_COPY,
  PACKET_OWN,
  PORT_UNKNOWN,
  STEP_REWRITE,
  VERDICT_HOLD,
  VERDICT_TRANSMIT,
} from "./layout";
import { beginLeaving, finishCopy } from "./leaving";
import { outputHasRoom } from "./memory/output";
import { chooseTrace, note, tracing } from "./memory/trace";
import { finishOriginated, originate, takeOwnFrame } from "./originate";
import { clearRecord, drop, flagsOf, neighborOf, setSequence, setTimestamp } from "./packet";
import { rewriteLink } from "./stage/rewrite";
import { solicit } from "./stage/solicit";
import { areDeferred } from "./state/deferred";
import {
  isKnown,
  neighborEntry,
  neighborState,
  PROBE_GIVE_UP,
  PROBE_SEND,
  probeNeighbor,
} from "./state/neighbors";
import { compactPending, pendingCount, putPending, takePending } from "./state/pending";

/**
 * Looks after the packets that wait for a neighbor, once a burst: sends those whose neighbor has
 * answered, asks again for the others, gives up on those asked for too often. What leaves, leaves
 * at `now` and under the number `sequence`: behind everything that was sent while it waited.
 * False when some wait only for room in the output ring.
 */
export function runPending(now: u64, sequence: u64): bool {
  const waiting = pendingCount();
  let kept: u32 = 0;
  let hasRoom = true;
  for (let place: u32 = 0; place < waiting; place++) {
    const record = takePending(place);
    beginLeaving();
    chooseTrace(record);
    hasRoom = outputHasRoom();
    const verdict = hasRoom ? waitOn(record, now, sequence) : VERDICT_HOLD;
    if (verdict === VERDICT_HOLD) putPending(kept++, record);
    else finishPending(record, verdict, now, sequence);
    if (areDeferred()) runDeferred();
  }
  // What ended may have left an answer that waits in turn, behind the places walked.
  compactPending(kept, waiting);
  return hasRoom;
}

/** What becomes of a waiting packet; asks for its neighbor if it is time to. */
export function waitOn(record: usize, now: u64, sequence: u64): i32 {
  const entry = neighborEntry(neighborOf(record));
  if (isKnown(entry)) return VERDICT_TRANSMIT;
  if (neighborState(entry) === NEIGHBOR_FAILED) return drop(DROP_NEIGHBOR_FAILED);
  const decision = probeNeighbor(entry, now);
  if (decision === PROBE_SEND) sendSolicitation(entry, now, sequence);
  return decision === PROBE_GIVE_UP ? drop(DROP_NEIGHBOR_FAILED) : VERDICT_HOLD;
}

function sendSolicitation(entry: usize, now: u64, sequence: u64): void {
  const request = takeOwnFrame();
  if (request === 0) return;
  clearRecord(request, PORT_UNKNOWN, now, sequence);
  solicit(entry, request);
  originate(request);
}

function finishPending(record: usize, verdict: i32, now: u64, sequence: u64): void {
  setTimestamp(record, now);
  setSequence(record, sequence);
  const flags = flagsOf(record);
  if (verdict === VERDICT_TRANSMIT) {
    rewriteLink(record);
    if (tracing) note(STEP_REWRITE, record, VERDICT_TRANSMIT);
  }
  if ((flags & PACKET_COPY) !== 0) finishCopy(record, verdict);
  else if ((flags & PACKET_OWN) !== 0) finishOriginated(record, verdict);
  else finish(record, verdict, false);
}
