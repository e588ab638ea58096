// State of a flow shard. A shard belongs to one worker at a time and is the same however many
// workers there are, so what depends on it does not depend on them.

import {
  CONTROL_ICMP_BURST,
  CONTROL_ICMP_INTERVAL,
  SHARD_FLOW_TIME,
  SHARD_ICMP_TIME,
  SHARD_SHIFT,
  SHARD_STRIDE,
  SHARD_TIME,
} from "../layout";
import { shardStates } from "../memory/directory";

/** Address of the shard that a flow hash falls in. */
export function shardOf(hash: u32): usize {
  return shardStates + <usize>(hash >>> SHARD_SHIFT) * SHARD_STRIDE;
}

/** The shard's clock, moved on to `time`: captures may step back, clocks do not. */
export function advanceShard(shard: usize, time: u64): u64 {
  const now = max<u64>(load<u64>(shard, SHARD_TIME), time);
  store<u64>(shard, now, SHARD_TIME);
  return now;
}

/**
 * The time for the timeouts of flows, moved on to `time`. A flow once found over stays so for all
 * packets of the shard, which outcomes of the flow cache rely on.
 */
export function advanceFlowClock(hash: u32, time: u64): u64 {
  const shard = shardOf(hash);
  const now = max<u64>(load<u64>(shard, SHARD_FLOW_TIME), time);
  store<u64>(shard, now, SHARD_FLOW_TIME);
  return now;
}

/**
 * Whether the shard may send one more ICMP error now (token bucket, RFC 4443 2.4 f; RFC 1812
 * 4.3.2.8), taking the token. Kept as one number: the time at which the bucket is full again.
 */
export function takeIcmpToken(shard: usize, now: u64): bool {
  const interval = load<u64>(CONTROL_ICMP_INTERVAL);
  const depth = interval * load<u64>(CONTROL_ICMP_BURST);
  const full = max<u64>(load<u64>(shard, SHARD_ICMP_TIME), now);
  if (full + interval > now + depth) return false;
  store<u64>(shard, full + interval, SHARD_ICMP_TIME);
  return true;
}
