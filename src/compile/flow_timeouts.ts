// Flows whose time is over. Workers find out when a packet meets one; at the end of a run the host
// finds out about the rest.

import type { FlowCounters } from "../memory/flow_counters.ts";
import type { ExpiryReason, Flow } from "./flow.ts";
import type { FlowStore } from "./flow_store.ts";

const NANOSECONDS = 1_000_000n;

/** When a flow's time is over, and by which of its timeouts; nanoseconds since 1970. */
export interface Ending {
  readonly time: bigint;
  readonly reason: ExpiryReason;
}

/** The earlier of its timeouts, as things stand; undefined when it has none. */
export function endingOf(flow: Flow, store: FlowStore, counters: FlowCounters): Ending | undefined {
  const { created, deadline } = store.entries.times(flow.number);
  const hard = deadline > 0n ? deadline : undefined;
  if (flow.idleTimeout === 0)
    return hard === undefined ? undefined : { time: hard, reason: "hard" };
  const { last } = counters.read(flow.counter);
  const idle = (last > created ? last : created) + BigInt(flow.idleTimeout) * NANOSECONDS;
  return hard !== undefined && hard <= idle
    ? { time: hard, reason: "hard" }
    : { time: idle, reason: "idle" };
}

/**
 * Marks the flows whose time is over, and returns them.
 * @param now time that every worker has come to
 * @param isIdle no worker is running, who might be about to count a packet: flows that have had
 *   none for too long are over, too, though no worker has found that out
 */
export function expireFlows(
  store: FlowStore,
  counters: FlowCounters,
  now: bigint,
  isIdle: boolean,
): Flow[] {
  const expired: Flow[] = [];
  for (const flow of store.timed) {
    if (flow.expired !== undefined) continue;
    const ending = endingOf(flow, store, counters);
    if (ending === undefined) continue;
    const isOver = ending.time <= now && (isIdle || ending.reason === "hard");
    if (!isOver && !store.entries.isExpired(flow.number)) continue;
    flow.expired = ending.reason;
    expired.push(flow);
  }
  return expired;
}
