// What connection tracking and NAT add to the path, before routing and behind it (burst.ts):
//
//   reassemble ─ RAW ─ track ─ PREROUTING ─ NAT tables, services ─ translate destination ─▶ route
//   … FORWARD ─ POSTROUTING ─ NAT tables ─ translate source ─ confirm ─▶ resolve
//
// NAT tables and services see the first packet of a connection only; what they decide is done to
// all packets of it. A new connection enters the table when its first packet has got through.

import { noteStale, setKeyConnection } from "./action/walk";
import { connectionMark, connectionStatus, connectionZone } from "./connection";
import {
  CACHED_BEFORE,
  CT_DNAT,
  CT_DNAT_DONE,
  CT_SNAT,
  CT_SNAT_DONE,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  POINT_OUTPUT,
  POINT_POSTROUTING,
  POINT_PREROUTING,
  POINT_RAW,
  STATE_TRACKED,
  STATE_UNTRACKED,
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
import { note, noteConnection, tracing } from "./memory/trace";
import { nullBinding } from "./nat/choose";
import { translateDestination, translateSource } from "./nat/translate";
import { flagsOf } from "./packet";
import { balance } from "./stage/balance";
import { reassemble } from "./stage/reassemble";
import { beginTables, resumeTables, runNat, runTables, runUncached } from "./stage/tables";
import { confirm, connectionLabel } from "./state/connections";
import { intendedZone, untracked } from "./track/intent";
import { connection, isReply, isUnconfirmed, state, trackPacket } from "./track/track";

const AT_RAW: u32 = 1 << POINT_RAW;
const AT_PREROUTING: u32 = 1 << POINT_PREROUTING;
const IS_IP: u32 = PACKET_IP4 | PACKET_IP6;
const TRANSLATED: u32 = CT_SNAT | CT_DNAT;

/** A packet between two ports wired to each other is tracked as it passes, and never changed. */
export function trackPassing(record: usize): void {
  const flags = flagsOf(record);
  if ((flags & IS_IP) === 0 || (flags & PACKET_FRAGMENT) !== 0) return;
  follow(record);
  if (isUnconfirmed) confirm(connection);
}

/** From the packet's admission to its routing; VERDICT_CONTINUE: on with routing. */
export function runTracked(record: usize): i32 {
  let verdict = VERDICT_CONTINUE;
  if ((flagsOf(record) & PACKET_FRAGMENT) !== 0 && (track & TRACK_REASSEMBLE) !== 0) {
    verdict = reassemble(record);
    if (tracing) note(STEP_REASSEMBLE, record, verdict);
    if (verdict !== VERDICT_CONTINUE) return verdict;
    if (points !== 0) beginTables(record);
  }
  if ((points & AT_RAW) !== 0) {
    verdict = runUncached(record, POINT_RAW);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  // A flow at ingress may have tracked it already.
  if ((state & STATE_TRACKED) === 0) follow(record);
  if (points !== 0) resumeTables(record);
  if ((points & AT_PREROUTING) !== 0) {
    verdict = runTables(record, CACHED_BEFORE, POINT_PREROUTING, POINT_PREROUTING);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return changeDestination(record, POINT_PREROUTING);
}

/** Behind the tables: what leaves, leaves translated, and its connection is known from now on. */
export function finishTracked(record: usize): i32 {
  const verdict = changeSource(record);
  return verdict === VERDICT_CONTINUE ? enterConnection(record) : verdict;
}

/** Finds or makes the packet's connection, for flows to see. */
function follow(record: usize): void {
  trackPacket(record, intendedZone);
  if (tracing) noteConnection(STEP_TRACK, record, state, connection);
  if (points !== 0) showConnection();
}
