// What connection tracking and NAT add to the path, before routing and behind it (burst.ts):
//
//   reassemble ─ RAW ─ track ─ PREROUTING ─ NAT tables, services ─ translate destination ─▶ route
//   … FORWARD ─ POSTROUTING ─ NAT tables ─ translate source ─ confirm ─▶ resolve
//
// NAT tables and services see the first packet of a connection only; what they decide is done to
// all packets of it. A new connection enters the table when its first packet has got through.

import { showConnection } from "./action/connection";
import { noteChange } from "./action/walk";
import { hasStatus, helperOf, isConfirmed, isTranslated, statusOf } from "./connection";
import { helpIn } from "./helper/help";
import {
  CACHED_BEFORE,
  COUNT_CONNECTIONS_DELETED,
  CT_CONFIRMED,
  CT_DNAT,
  CT_DNAT_DONE,
  CT_SEQ_ADJUST,
  CT_SNAT,
  CT_SNAT_DONE,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  POINT_INPUT,
  POINT_PREROUTING,
  POINT_RAW,
  STATE_TRACKED,
  STEP_BALANCE,
  STEP_CONFIRM,
  STEP_DNAT,
  STEP_REASSEMBLE,
  STEP_SNAT,
  STEP_TRACK,
  TRACK_REASSEMBLE,
  VERDICT_CONTINUE,
} from "./layout";
import { natPoints, points, serviceCount, track } from "./memory/directory";
import { note, noteTracked, tracing } from "./memory/trace";
import { chooseNat, chooseNothing } from "./nat/choose";
import { translateDestination, translateSource } from "./nat/translate";
import { flagsOf, outPortOf, sequenceOf } from "./packet";
import { balance, keepBackend, sourceNat, steeredBackend } from "./stage/balance";
import { reassemble } from "./stage/reassemble";
import { beginTables, resumeTables, runNat, runTables, runUncached } from "./stage/tables";
import { removeConnection } from "./state/connections";
import { extensionOf } from "./state/extensions";
import { forgetFragments } from "./state/reassembled";
import { beginTurn } from "./state/turn";
import { enterConnection, trackPacket } from "./track/entry";
import { beginIntent, intendedZone } from "./track/intent";
import {
  connection,
  forgetConnection,
  isReply,
  isUnconfirmed,
  noteTranslation,
  state,
} from "./track/track";

const AT_RAW: u32 = 1 << POINT_RAW;
const AT_PREROUTING: u32 = 1 << POINT_PREROUTING;
const DECISIVE: u32 = CT_CONFIRMED | CT_SNAT | CT_DNAT | CT_SEQ_ADJUST;
const IS_IP: u32 = PACKET_IP4 | PACKET_IP6;

/** Begins a packet of which nothing is known. */
export function beginTracking(record: usize): void {
  beginTurn(sequenceOf(record));
  beginIntent();
  forgetConnection();
  forgetFragments();
}

/** A packet between two ports wired to each other is tracked as it passes, and never changed. */
export function trackPassing(record: usize): void {
  const flags = flagsOf(record);
  if ((flags & IS_IP) === 0 || (flags & PACKET_FRAGMENT) !== 0) return;
  follow(record);
  enter(record);
  if (connection !== 0 && !isTranslated(connection)) helpIn(record);
}

/** From the packet's admission to its routing; VERDICT_CONTINUE: on with routing. */
export function runBefore(record: usize): i32 {
  let verdict = VERDICT_CONTINUE;
  if ((flagsOf(record) & PACKET_FRAGMENT) !== 0 && (track & TRACK_REASSEMBLE) !== 0) {
    verdict = reassemble(record);
    if (tracing) note(STEP_REASSEMBLE, record, verdict);
    if (verdict !== VERDICT_CONTINUE) return verdict;
    // At ingress none of its parts could be tracked.
    forgetConnection();
    if (points !== 0) beginTables(record);
  }
  if ((points & AT_RAW) !== 0) {
    verdict = runUncached(record, POINT_RAW);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  follow(record);
  if (points !== 0) resumeTables(record);
  if ((points & AT_PREROUTING) !== 0) {
    verdict = runTables(record, CACHED_BEFORE, POINT_PREROUTING, POINT_PREROUTING);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return changeDestination(record, POINT_PREROUTING);
}

/**
 * Finds or makes the packet's connection, for flows to see; unless a flow at ingress has tracked it
 * already.
 */
export function follow(record: usize): void {
  if ((state & STATE_TRACKED) === 0) trackPacket(record, intendedZone);
  if (tracing) noteConnection(STEP_TRACK, record);
  if (points !== 0) showConnection();
}

/** Decides, for a new connection, and does what NAT makes of the destination at POINT_* `point`. */
export function changeDestination(record: usize, point: u32): i32 {
  if (connection === 0 || (serviceCount === 0 && isPlain())) return VERDICT_CONTINUE;
  return changeSome(record, point);
}

function changeSome(record: usize, point: u32): i32 {
  if (isBeginning() && !hasStatus(connection, CT_DNAT_DONE)) {
    const verdict = decideDestination(record, point);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if (serviceCount !== 0) {
    const kept = keepBackend(connection);
    if (kept !== VERDICT_CONTINUE) return giveUp(kept);
  }
  noteTranslation();
  // What NAT made of the source is the destination of the way back.
  if (!hasStatus(connection, isReply ? CT_SNAT : CT_DNAT)) return VERDICT_CONTINUE;
  const verdict = translateDestination(record, connection, isReply);
  if (tracing) note(STEP_DNAT, record, verdict);
  noteChange();
  if (points !== 0 && verdict === VERDICT_CONTINUE) {
    showConnection();
    resumeTables(record);
  }
  return verdict;
}

/** The packet's connection ends: its backend is no more. */
function giveUp(verdict: i32): i32 {
  removeConnection(connection, COUNT_CONNECTIONS_DELETED);
  forgetConnection();
  return verdict;
}

/** The backend that the packet goes to as it is, or in a tunnel; 0 = it goes to its destination. */
export function steeredTo(): usize {
  if (serviceCount === 0 || connection === 0) return 0;
  return steeredBackend(connection, isReply);
}

function decideDestination(record: usize, point: u32): i32 {
  let verdict = VERDICT_CONTINUE;
  if ((natPoints & (1 << point)) !== 0) {
    verdict = runNat(record, point, CT_DNAT_DONE);
    if (verdict !== VERDICT_CONTINUE || hasStatus(connection, CT_DNAT_DONE)) return verdict;
  }
  if (serviceCount !== 0) {
    verdict = balance(record, connection);
    if (tracing) note(STEP_BALANCE, record, verdict);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return mayTranslate() ? chooseNothing(connection, false) : VERDICT_CONTINUE;
}

/**
 * Behind the tables at POINT_INPUT or POINT_POSTROUTING: the source as NAT makes it; and the
 * connection is known from now on.
 */
export function finishTracked(record: usize, point: u32): i32 {
  if (connection === 0 || (isPlain() && helperOf(connection) === 0)) return VERDICT_CONTINUE;
  return finishSome(record, point);
}

function finishSome(record: usize, point: u32): i32 {
  let verdict = VERDICT_CONTINUE;
  if (isBeginning() && !hasStatus(connection, CT_SNAT_DONE)) {
    verdict = decideSource(record, point);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if (hasStatus(connection, isReply ? CT_DNAT : CT_SNAT)) {
    verdict = translateSource(record, connection, isReply);
    if (tracing) note(STEP_SNAT, record, verdict);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return confirm(record);
}

function decideSource(record: usize, point: u32): i32 {
  if ((natPoints & (1 << point)) !== 0) {
    const verdict = runNat(record, point, CT_SNAT_DONE);
    if (verdict !== VERDICT_CONTINUE || hasStatus(connection, CT_SNAT_DONE)) return verdict;
  }
  const service: usize = serviceCount === 0 || point === POINT_INPUT ? 0 : sourceNat(connection);
  if (service !== 0) return chooseNat(connection, service, true, outPortOf(record));
  return mayTranslate() ? chooseNothing(connection, true) : VERDICT_CONTINUE;
}

/** Whether there may be translated connections, which others must not clash with. */
function mayTranslate(): bool {
  return natPoints !== 0 || serviceCount !== 0;
}

/** The connection is in the table, and NAT leaves it alone: nothing is to be decided or changed. */
function isPlain(): bool {
  return (statusOf(connection) & DECISIVE) === CT_CONFIRMED;
}

/** The packet is the first of a connection; and no rejection of it, which only belongs to that. */
function isBeginning(): bool {
  return connection !== 0 && !isReply && !isConfirmed(connection);
}

/** The packet has got through: a new connection enters the table, and helpers read it. */
function confirm(record: usize): i32 {
  const verdict = enter(record);
  return verdict !== VERDICT_CONTINUE || connection === 0 ? verdict : helpIn(record);
}

function enter(record: usize): i32 {
  if (!isBeginning()) return VERDICT_CONTINUE;
  const verdict = enterConnection();
  if (tracing) noteConnection(STEP_CONFIRM, record);
  return verdict;
}

function noteConnection(step: u32, record: usize): void {
  const extension: usize = connection === 0 ? 0 : extensionOf(connection);
  noteTracked(step, record, state, connection, extension, isReply, isUnconfirmed);
}
