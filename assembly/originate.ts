// What the engine sends of its own: answers to what is addressed to it, and errors and rejections
// that tell a sender why its packet was dropped. Own packets take the short way:
//
//   route ─ OUTPUT ─ POSTROUTING ─ resolve ─ link header ─ send

import { send } from "./action/output";
import { rejection } from "./action/walk";
import { isTold, tellTooBig } from "./bridge/size";
import { fitOwn } from "./cutting";
import { DROP_FRAME_TOO_BIG, DROP_IP6_UNKNOWN_OPTION, DROP_REJECTED, DROP_TOO_BIG } from "./drops";
import {
  COUNT_ORIGINATED,
  COUNT_ORIGINATED_LOST,
  MODE_VERIFY_HEADER,
  PACKET_ARP,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_OWN,
  POINT_OUTPUT,
  POINT_POSTROUTING,
  PORT_BRIDGED,
  PORT_POINT_TO_POINT,
  PORT_UNKNOWN,
  REJECT_TCP_RESET,
  STEP_LOCAL,
  STEP_RESPOND,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
  VERDICT_DELIVER,
  VERDICT_HOLD,
  VERDICT_TRANSMIT,
} from "./layout";
import { leadsOn, leave } from "./leaving";
import { count, countEvent } from "./memory/counters";
import { mode, points, track } from "./memory/directory";
import { releaseFrame, takeFrame } from "./memory/frames";
import { note, tracing } from "./memory/trace";
import {
  flagsOf,
  inPortOf,
  lengthOf,
  outPortOf,
  routeOf,
  sequenceOf,
  setFlags,
  timestampOf,
  wireLengthOf,
} from "./packet";
import { checkTransport } from "./reading";
import { admit } from "./stage/admit";
import { arp } from "./stage/arp";
import { verifyTransport } from "./stage/checksum";
import { choosePort } from "./stage/forward";
import { icmpError, wantsIcmpError } from "./stage/icmp_error";
import { local } from "./stage/local";
import { nd } from "./stage/nd";
import { reject, wantsReset } from "./stage/reject";
import { resolve } from "./stage/resolve";
import { rewriteLink } from "./stage/rewrite";
import { isForHere, route } from "./stage/route";
import { beginOwnTables, runTablesBehind } from "./stage/tables";
import { room } from "./state/room";
import { portFlags, portOf } from "./table/ports";
import { attachReply, closeByReset } from "./track/track";
import { beginTracking, changeDestination, finishTracked, follow } from "./tracking";
import { waitOn } from "./waiting";

const OWN_POINTS: u32 = (1 << POINT_OUTPUT) | (1 << POINT_POSTROUTING);

/** What is addressed to the engine itself: ARP, ND, echo are answered, the rest delivered. */
export function answer(record: usize): i32 {
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
export function takeOwnFrame(): usize {
  const record = takeFrame();
  if (record === 0) countEvent(COUNT_ORIGINATED_LOST);
  return record;
}

function hear(record: usize, reply: usize): i32 {
  const verdict = nd(record, reply);
  return verdict === VERDICT_CONTINUE ? local(record, reply) : verdict;
}

/** Sends a packet the engine made, and gives its frame back unless it must wait for a neighbor. */
export function originate(record: usize): void {
  if (track !== 0) beginTracking(record);
  sendOwn(record);
}

/** The same for a rejection or ICMP error: it belongs to the connection of what it is about. */
function originateRelated(record: usize): void {
  if (track !== 0) attachReply();
  sendOwn(record);
}

function sendOwn(record: usize): void {
  setFlags(record, flagsOf(record) | PACKET_OWN);
  const addressed = outPortOf(record) !== PORT_UNKNOWN;
  const verdict = addressed ? passHooks(record, VERDICT_TRANSMIT) : addressOriginated(record);
  if (tracing) note(STEP_RESPOND, record, verdict);
  finishOriginated(record, verdict);
}

/** Routes an own packet to where it must go; its TTL is fresh and stays. */
function addressOriginated(record: usize): i32 {
  let verdict = route(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if (isForHere(record)) return VERDICT_CONSUME;
  verdict = choosePort(record);
  if (verdict === VERDICT_CONTINUE) verdict = passHooks(record, VERDICT_CONTINUE);
  // A translated destination is routed anew.
  if (verdict === VERDICT_CONTINUE && routeOf(record) === 0) {
    verdict = route(record);
    if (verdict === VERDICT_CONTINUE) verdict = choosePort(record);
  }
  if (verdict === VERDICT_CONTINUE) verdict = fitOwn(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if ((portFlags(portOf(outPortOf(record))) & PORT_POINT_TO_POINT) !== 0) return VERDICT_TRANSMIT;
  verdict = resolve(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  rewriteLink(record);
  return VERDICT_TRANSMIT;
}

export function finishOriginated(record: usize, verdict: i32): void {
  if (verdict === VERDICT_TRANSMIT && leadsOn(record)) verdict = leave(record);
  if (verdict === VERDICT_HOLD) {
    waitOn(record, timestampOf(record), sequenceOf(record));
    return;
  }
  if (verdict === VERDICT_TRANSMIT) {
    // Without a port: all there was to send has left as copies.
    if (outPortOf(record) !== PORT_UNKNOWN) {
      count(COUNT_ORIGINATED, wireLengthOf(record));
      send(record, outPortOf(record));
    }
  } else {
    countEvent(COUNT_ORIGINATED_LOST);
  }
  releaseFrame(record);
}

/** OUTPUT and POSTROUTING, which see IP packets; `verdict` if they let it pass. */
function passHooks(record: usize, verdict: i32): i32 {
  if (track === 0 && (points & OWN_POINTS) === 0) return verdict;
  if ((flagsOf(record) & (PACKET_IP4 | PACKET_IP6)) === 0) return verdict;
  if (points !== 0) beginOwnTables(record);
  if (track !== 0) follow(record);
  let outcome = runOwn(record, POINT_OUTPUT);
  if (outcome === VERDICT_CONTINUE && track !== 0)
    outcome = changeDestination(record, POINT_OUTPUT);
  if (outcome === VERDICT_CONTINUE) outcome = runOwn(record, POINT_POSTROUTING);
  if (outcome === VERDICT_CONTINUE && track !== 0)
    outcome = finishTracked(record, POINT_POSTROUTING);
  return outcome === VERDICT_CONTINUE ? verdict : outcome;
}

function runOwn(record: usize, point: u32): i32 {
  if ((points & (1 << point)) === 0) return VERDICT_CONTINUE;
  return runTablesBehind(record, outPortOf(record), point, point);
}

/** Tells the sender why its packet was dropped, where the standards or a flow want it told. */
export function explainDrop(record: usize, reason: i32): void {
  if (reason === DROP_REJECTED) sendRejection(record, rejection);
  else if (wantsReset(record, reason)) sendRejection(record, REJECT_TCP_RESET);
  else if (wantsIcmpError(reason)) sendIcmpError(record, reason);
  else if (reason === DROP_FRAME_TOO_BIG && isTold(record)) tellTunneled(record);
}

/** Of a frame too long for a tunnel of its bridge: the router tells if it has routed it there. */
function tellTunneled(record: usize): void {
  const isBridged = (portFlags(portOf(inPortOf(record))) & PORT_BRIDGED) !== 0;
  if (isBridged) tellBridged(record);
  else sendIcmpError(record, DROP_TOO_BIG);
}

/** As little a packet of the router's as the one it is about: no hook sees it. */
function tellBridged(record: usize): void {
  const reply = takeOwnFrame();
  if (reply === 0) return;
  if (!tellTooBig(record, reply)) {
    releaseFrame(reply);
    return;
  }
  setFlags(reply, flagsOf(reply) | PACKET_OWN);
  if (tracing) note(STEP_RESPOND, reply, VERDICT_TRANSMIT);
  finishOriginated(reply, VERDICT_TRANSMIT);
}

/** As netfilter: what is broken is not answered. */
function sendRejection(record: usize, kind: u32): void {
  if ((mode & MODE_VERIFY_HEADER) !== 0 && !verifyTransport(record)) return;
  const reply = takeOwnFrame();
  if (reply === 0) return;
  if (!reject(record, kind, reply)) {
    releaseFrame(reply);
    return;
  }
  if (track !== 0 && kind === REJECT_TCP_RESET) closeByReset();
  originateRelated(reply);
}

function sendIcmpError(record: usize, reason: i32): void {
  // Parse drops before it is known whether the frame was meant for us; others' are none of ours.
  if (reason === DROP_IP6_UNKNOWN_OPTION && !isAdmitted(record)) return;
  const reply = takeOwnFrame();
  if (reply === 0) return;
  if (icmpError(record, reason, reply, room)) originateRelated(reply);
  else releaseFrame(reply);
}

function isAdmitted(record: usize): bool {
  return admit(record, portOf(inPortOf(record))) === VERDICT_CONTINUE;
}
