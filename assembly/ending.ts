// A packet's end: the consequences of its verdict.

import { send } from "./action/output";
import { DROP_REJECTED } from "./drops";
import {
  COUNT_CONSUMED,
  COUNT_DELIVERED,
  COUNT_DROPPED,
  PORT_UNKNOWN,
  STEP_VERDICT,
  VERDICT_DELIVER,
  VERDICT_DROP,
  VERDICT_HOLD,
  VERDICT_TRANSMIT,
} from "./layout";
import { leadsOn, leave } from "./leaving";
import { count, countDropReason } from "./memory/counters";
import { releaseFrame } from "./memory/frames";
import { note, tracing } from "./memory/trace";
import { explainDrop } from "./originate";
import { outPortOf, sequenceOf, timestampOf, wireLengthOf } from "./packet";
import { isEncapsulated } from "./tunneling";
import { waitOn } from "./waiting";

/**
 * Counts the verdict, sends the packet or tells its sender, and gives the frame back. `quiet`: no
 * router has seen the packet who would have to explain why it is dropped.
 */
export function finish(record: usize, verdict: i32, quiet: bool): void {
  if (verdict === VERDICT_TRANSMIT && leadsOn(record)) verdict = leave(record);
  if (tracing) note(STEP_VERDICT, record, verdict);
  if (verdict === VERDICT_HOLD) {
    waitOn(record, timestampOf(record), sequenceOf(record));
    return;
  }
  if (verdict === VERDICT_TRANSMIT) {
    // Without a port: all there was to send has left as copies.
    if (outPortOf(record) !== PORT_UNKNOWN) send(record, outPortOf(record));
  } else if (verdict >= VERDICT_DROP) {
    const reason = verdict - VERDICT_DROP;
    count(COUNT_DROPPED, wireLengthOf(record));
    countDropReason(reason);
    if (reason === DROP_REJECTED || !(quiet || isEncapsulated(record))) explainDrop(record, reason);
  } else {
    count(verdict === VERDICT_DELIVER ? COUNT_DELIVERED : COUNT_CONSUMED, wireLengthOf(record));
  }
  releaseFrame(record);
}
