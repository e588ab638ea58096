// Storm control: how much of what goes to all, or may have to, a port may bring in.

import { meter } from "../action/meter";
import {
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PORT_STORM,
  STORM_BROADCAST,
  STORM_MULTICAST,
  STORM_UNKNOWN,
  VERDICT_CONTINUE,
  WORKER_KEY,
} from "../layout";
import { worker } from "../memory/directory";
import { flagsOf, timestampOf, wireLengthOf } from "../packet";
import { takeTurn } from "../state/turn";

/** STORM_* of a frame by its destination; an individual one counts as unknown. */
export function stormKind(record: usize): u32 {
  const flags = flagsOf(record);
  if ((flags & PACKET_L2_GROUP) === 0) return STORM_UNKNOWN;
  return (flags & PACKET_L2_BROADCAST) !== 0 ? STORM_BROADCAST : STORM_MULTICAST;
}

/**
 * Whether a frame of a kind (STORM_*), received by the port with the entry at `port`, is within
 * the rates its meter allows; the meter counts it. Ports share a meter they all name.
 */
export function passStorm(record: usize, port: usize, kind: u32): bool {
  const number = load<u32>(port + ((<usize>kind) << 2), PORT_STORM);
  if (number === 0) return true;
  takeTurn();
  const bytes = wireLengthOf(record);
  const verdict = meter(record, worker + WORKER_KEY, number, timestampOf(record), bytes);
  return verdict === VERDICT_CONTINUE;
}
