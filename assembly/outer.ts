// What tunnels ask of packets to an address of ours, before it is looked whether they are a
// tunnel's: that they are whole, and what they tell of the way.

import {
  OVERLAY_ORDERED,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_TUNNELED,
  STEP_REASSEMBLE,
  VERDICT_CONTINUE,
} from "./layout";
import { overlay, points } from "./memory/directory";
import { note, tracing } from "./memory/trace";
import { flagsOf } from "./packet";
import { verifyTransport } from "./stage/checksum";
import { reassemble } from "./stage/reassemble";
import { beginTables } from "./stage/tables";
import { forgetFragments } from "./state/reassembled";
import { hearPathMtu } from "./tunnel/told";

/**
 * Fragments are put together (with connections tracked, they are already). VERDICT_CONTINUE: on
 * with a whole packet; else consumed, its datagram not being whole yet, or dropped.
 */
export function readOuter(record: usize): i32 {
  if ((flagsOf(record) & PACKET_FRAGMENT) !== 0) {
    const verdict = reassemble(record);
    if (tracing) note(STEP_REASSEMBLE, record, verdict);
    // What it came in says nothing of the packets it carries.
    forgetFragments();
    if (verdict !== VERDICT_CONTINUE) return verdict;
    if (points !== 0) beginTables(record);
  }
  const flags = flagsOf(record);
  // An error that came in a tunnel is in turn only where all packets are.
  const inTurn = (flags & PACKET_TUNNELED) === 0 || (overlay & OVERLAY_ORDERED) !== 0;
  if ((flags & PACKET_ICMP_ERROR) !== 0 && inTurn && verifyTransport(record)) hearPathMtu(record);
  return VERDICT_CONTINUE;
}
