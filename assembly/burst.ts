// THE PATH: the only file that knows in which order a packet meets the stages.
//
//   parse ─ checksum ─ admit ─┬─ cross-connect ──────────────────────────────────▶ send
//                             ├─ ARP ─▶ answer
//                             └─ route ─┬─ local ─▶ deliver or answer
//                                       └─ forward ─ resolve ─ rewrite ───────────▶ send
//
// Every packet ends with one verdict; a drop that the sender should hear of makes an ICMP error,
// which takes the short way: route ─ resolve ─ link header ─ send.

import {
  DROP_IP6_UNKNOWN_OPTION,
  DROP_L4_BAD_CHECKSUM,
  DROP_NEIGHBOR_FAILED,
  DROP_TOO_BIG,
} from "./drops";
import {
  COUNT_CONSUMED,
  COUNT_DELIVERED,
  COUNT_DROPPED,
  COUNT_ORIGINATED,
  COUNT_ORIGINATED_LOST,
  MODE_VERIFY_HEADER,
  MODE_VERIFY_TRANSPORT,
  NEIGHBOR_FAILED,
  OUTPUT_NONE,
  OUTPUT_OVERWRITE,
  PACKET_ARP,
  PACKET_OWN,
  PORT_CROSS_CONNECT,
  PORT_KEEP,
  PORT_UNKNOWN,
  STEP_ADMIT,
  STEP_CHECKSUM,
  STEP_CROSS_CONNECT,
  STEP_FORWARD,
  STEP_LOCAL,
  STEP_NEIGHBOR,
  STEP_PARSE,
  STEP_RECEIVE,
  STEP_RESPOND,
  STEP_REWRITE,
  STEP_ROUTE,
  STEP_VERDICT,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
  VERDICT_DELIVER,
  VERDICT_DROP,
  VERDICT_HOLD,
  VERDICT_TRANSMIT,
} from "./layout";
import { count, countDropReason, countEvent, countReceived, countSent } from "./memory/counters";
import { mode, outputMode } from "./memory/directory";
import { releaseFrame, takeFrame } from "./memory/frames";
import { keepFrame, outputHasRoom } from "./memory/output";
import { chooseTrace, note, tracing } from "./memory/trace";
import {
  clearRecord,
  drop,
  flagsOf,
  inPortOf,
  lengthOf,
  neighborOf,
  outPortOf,
  sequenceOf,
  setFlags,
  setOutPort,
  setSequence,
  setTimestamp,
  timestampOf,
  wireLengthOf,
} from "./packet";
import { admit } from "./stage/admit";
import { arp } from "./stage/arp";
import { verifyTransport } from "./stage/checksum";
import { choosePort, forward } from "./stage/forward";
import { icmpError, wantsIcmpError } from "./stage/icmp_error";
import { local } from "./stage/local";
import { nd } from "./stage/nd";
import { parse } from "./stage/parse";
import { resolve } from "./stage/resolve";
import { decrementTtl, rewriteLink } from "./stage/rewrite";
import { isForHere, route } from "./stage/route";
import { solicit } from "./stage/solicit";
import {
  isKnown,
  neighborEntry,
  neighborState,
  PROBE_GIVE_UP,
  PROBE_SEND,
  probeNeighbor,
} from "./state/neighbors";
import { compactPending, pendingCount, putPending, takePending } from "./state/pending";
import { portFlags, portMtu, portOf, portPeer } from "./table/ports";

/**
 * Takes one packet, of which the device says `verdict`, all the way to its own verdict, and gives
 * its frame back unless it is held.
 */
export function runPacket(record: usize, verdict: i32): void {
  countReceived(inPortOf(record), wireLengthOf(record));
  chooseTrace(record);
  if (tracing) note(STEP_RECEIVE, record, verdict);
  if (verdict === VERDICT_CONTINUE) verdict = runParsed(record);
  finish(record, verdict);
}

function runParsed(record: usize): i32 {
  const port = portOf(inPortOf(record));
  let verdict = parse(record, (mode & MODE_VERIFY_HEADER) !== 0);
  if (tracing) note(STEP_PARSE, record, verdict);
  if (verdict === VERDICT_CONTINUE && (mode & MODE_VERIFY_TRANSPORT) !== 0) {
    verdict = checkTransport(record);
  }
  if (verdict !== VERDICT_CONTINUE) return verdict;
  return (portFlags(port) & PORT_CROSS_CONNECT) !== 0
    ? crossConnect(record, port)
    : runRouted(record, port);
}

function checkTransport(record: usize): i32 {
  const verdict = verifyTransport(record) ? VERDICT_CONTINUE : drop(DROP_L4_BAD_CHECKSUM);
  if (tracing) note(STEP_CHECKSUM, record, verdict);
  return verdict;
}

/** A port wired to another: every whole frame leaves there, unchanged. */
function crossConnect(record: usize, port: usize): i32 {
  setOutPort(record, portPeer(port));
  if (tracing) note(STEP_CROSS_CONNECT, record, VERDICT_TRANSMIT);
  return VERDICT_TRANSMIT;
}

function runRouted(record: usize, port: usize): i32 {
  let verdict = admit(record, port);
  if (tracing) note(STEP_ADMIT, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if ((flagsOf(record) & PACKET_ARP) !== 0) return answer(record);
  verdict = route(record);
  if (tracing) note(STEP_ROUTE, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if (isForHere(record)) return answer(record);
  return runForward(record);
}

function runForward(record: usize): i32 {
  let verdict = forward(record);
  if (tracing) note(STEP_FORWARD, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  verdict = resolve(record);
  if (tracing) note(STEP_NEIGHBOR, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  decrementTtl(record);
  rewriteLink(record);
  if (tracing) note(STEP_REWRITE, record, VERDICT_TRANSMIT);
  return VERDICT_TRANSMIT;
}

/** What is addressed to the engine itself: ARP, ND, echo are answered, the rest delivered. */
function answer(record: usize): i32 {
  const isArp = (flagsOf(record) & PACKET_ARP) !== 0;
  if (!isArp && (mode & MODE_VERIFY_HEADER) !== 0) {
    const verdict = checkTransport(record);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  const reply = takeOwnFrame();
  if (reply === 0) return VERDICT_DELIVER;
  const verdict = isArp ? arp(record, reply) : hear(record, reply);
  if (tracing) note(STEP_LOCAL, record, verdict);
  if (lengthOf(reply) !== 0) originate(reply);
  else releaseFrame(reply);
  return verdict;
}

/** A frame for a packet of the engine's own; 0, and counted as lost, when there is none. */
function takeOwnFrame(): usize {
  const record = takeFrame();
  if (record === 0) countEvent(COUNT_ORIGINATED_LOST);
  return record;
}

function hear(record: usize, reply: usize): i32 {
  const verdict = nd(record, reply);
  return verdict === VERDICT_CONTINUE ? local(record, reply) : verdict;
}

/** Sends a packet the engine made, and gives its frame back unless it must wait for a neighbor. */
function originate(record: usize): void {
  setFlags(record, flagsOf(record) | PACKET_OWN);
  const addressed = outPortOf(record) !== PORT_UNKNOWN;
  const verdict = addressed ? VERDICT_TRANSMIT : addressOriginated(record);
  if (tracing) note(STEP_RESPOND, record, verdict);
  finishOriginated(record, verdict);
}

/** Routes an own packet to where it must go; its TTL is fresh and stays. */
function addressOriginated(record: usize): i32 {
  let verdict = route(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if (isForHere(record)) return VERDICT_CONSUME;
  verdict = choosePort(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  verdict = resolve(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  rewriteLink(record);
  return VERDICT_TRANSMIT;
}

function finishOriginated(record: usize, verdict: i32): void {
  if (verdict === VERDICT_HOLD) {
    waitOn(record, timestampOf(record), sequenceOf(record));
    return;
  }
  if (verdict === VERDICT_TRANSMIT) {
    count(COUNT_ORIGINATED, wireLengthOf(record));
    send(record);
  } else {
    countEvent(COUNT_ORIGINATED_LOST);
  }
  releaseFrame(record);
}

/** The verdict's consequences: counting, sending, telling the sender, freeing the frame. */
function finish(record: usize, verdict: i32): void {
  if (tracing) note(STEP_VERDICT, record, verdict);
  if (verdict === VERDICT_HOLD) {
    waitOn(record, timestampOf(record), sequenceOf(record));
    return;
  }
  if (verdict === VERDICT_TRANSMIT) {
    send(record);
  } else if (verdict >= VERDICT_DROP) {
    count(COUNT_DROPPED, wireLengthOf(record));
    countDropReason(verdict - VERDICT_DROP);
    if (wantsIcmpError(verdict - VERDICT_DROP)) sendIcmpError(record, verdict - VERDICT_DROP);
  } else {
    count(verdict === VERDICT_DELIVER ? COUNT_DELIVERED : COUNT_CONSUMED, wireLengthOf(record));
  }
  releaseFrame(record);
}

function send(record: usize): void {
  const port = outPortOf(record);
  countSent(port, wireLengthOf(record));
  if (outputMode === OUTPUT_NONE) return;
  if (outputMode === OUTPUT_OVERWRITE || (portFlags(portOf(port)) & PORT_KEEP) !== 0) {
    keepFrame(record, port);
  }
}

/** Tells the sender why its packet was dropped, where the standards want it told. */
function sendIcmpError(record: usize, reason: i32): void {
  // Parse drops before it is known whether the frame was meant for us; others' are none of ours.
  if (reason === DROP_IP6_UNKNOWN_OPTION && !isAdmitted(record)) return;
  const reply = takeOwnFrame();
  if (reply === 0) return;
  const mtu = reason === DROP_TOO_BIG ? portMtu(portOf(outPortOf(record))) : 0;
  if (icmpError(record, reason, reply, mtu)) originate(reply);
  else releaseFrame(reply);
}

function isAdmitted(record: usize): bool {
  return admit(record, portOf(inPortOf(record))) === VERDICT_CONTINUE;
}

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
    chooseTrace(record);
    hasRoom = outputHasRoom();
    const verdict = hasRoom ? waitOn(record, now, sequence) : VERDICT_HOLD;
    if (verdict === VERDICT_HOLD) putPending(kept++, record);
    else finishPending(record, verdict, now, sequence);
  }
  // What ended may have left an answer that waits in turn, behind the places walked.
  compactPending(kept, waiting);
  return hasRoom;
}

/** What becomes of a waiting packet; asks for its neighbor if it is time to. */
function waitOn(record: usize, now: u64, sequence: u64): i32 {
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
  const own = (flagsOf(record) & PACKET_OWN) !== 0;
  if (verdict === VERDICT_TRANSMIT) {
    if (!own) decrementTtl(record);
    rewriteLink(record);
    if (tracing) note(STEP_REWRITE, record, VERDICT_TRANSMIT);
  }
  if (own) finishOriginated(record, verdict);
  else finish(record, verdict);
}
