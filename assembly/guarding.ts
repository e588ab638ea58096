// What a bridge sends of its own to spare its members questions: an answer takes the way of all
// packets of the engine's own, from the port the question came by.

import { answerFor } from "./bridge/answer";
import { answerTo } from "./bridge/suppression";
import {
  COUNT_NEIGHBORS_SUPPRESSED,
  PACKET_OWN,
  STEP_RESPOND,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
  VERDICT_TRANSMIT,
} from "./layout";
import { countEvent } from "./memory/counters";
import { note, tracing } from "./memory/trace";
import { finishOriginated, takeOwnFrame } from "./originate";
import { flagsOf, setFlags } from "./packet";

/**
 * Answers a question of ARP or ND that a member has received, where the bridge (by number) knows
 * the answer: VERDICT_CONSUME. Else the frame goes on, and what it tells is kept.
 *
 * @param tags how many of the frame's tags, which are there as received, are the bridge's own
 */
export function suppress(record: usize, bridge: u32, vlan: u32, tags: u32): i32 {
  const binding = answerTo(record, bridge, vlan, tags);
  if (binding === 0) return VERDICT_CONTINUE;
  const reply = takeOwnFrame();
  // Without a frame the question is flooded: the station answers itself.
  if (reply === 0) return VERDICT_CONTINUE;
  answerFor(record, reply, binding);
  setFlags(reply, flagsOf(reply) | PACKET_OWN);
  countEvent(COUNT_NEIGHBORS_SUPPRESSED);
  if (tracing) note(STEP_RESPOND, reply, VERDICT_TRANSMIT);
  finishOriginated(reply, VERDICT_TRANSMIT);
  return VERDICT_CONSUME;
}
