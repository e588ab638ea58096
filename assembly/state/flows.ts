// What workers know of flows: counters, each worker its own, and whether a flow's time is over.

import {
  CONTROL_FLOW_COUNTERS,
  FLOW_COUNTER,
  FLOW_COUNTER_BYTES,
  FLOW_COUNTER_LAST,
  FLOW_COUNTER_PACKETS,
  FLOW_COUNTER_STRIDE,
  FLOW_CREATED,
  FLOW_DEADLINE,
  FLOW_EXPIRED,
  FLOW_FLAGS,
  FLOW_HAS_TIMEOUT,
  FLOW_IDLE,
} from "../layout";
import { flowCounters, queueCount, workerNumber } from "../memory/directory";
import { takeTurn } from "./turn";

/** This worker's counter with the number. */
export function counterAt(counter: u32): usize {
  return flowCounters + <usize>counter * FLOW_COUNTER_STRIDE;
}

/** Counts a packet of `bytes` at `time` (nanoseconds since 1970). */
export function countFlow(counter: u32, bytes: u32, time: u64): void {
  const at = counterAt(counter);
  store<u64>(at, load<u64>(at, FLOW_COUNTER_PACKETS) + 1, FLOW_COUNTER_PACKETS);
  store<u64>(at, load<u64>(at, FLOW_COUNTER_BYTES) + bytes, FLOW_COUNTER_BYTES);
  // The latest, should the capture step back: whichever workers count, it is the same.
  store<u64>(at, max<u64>(load<u64>(at, FLOW_COUNTER_LAST), time), FLOW_COUNTER_LAST);
}

/**
 * Whether the flow's timeouts let it match at `now`. When idleness decides, the packet takes its
 * turn first; once found idle a flow stays so.
 */
export function isFlowAlive(flow: usize, now: u64): bool {
  if ((load<u32>(flow, FLOW_FLAGS) & FLOW_HAS_TIMEOUT) === 0) return true;
  const deadline = load<u64>(flow, FLOW_DEADLINE);
  if (deadline !== 0 && now >= deadline) return false;
  const idle = load<u64>(flow, FLOW_IDLE);
  if (idle === 0) return true;
  takeTurn();
  if (atomic.load<i32>(flow, FLOW_EXPIRED) !== 0) return false;
  // A capture may step back in time: then the flow has been hit in the future, and is not idle.
  if (<i64>(now - lastHit(flow)) < <i64>idle) return true;
  atomic.store<i32>(flow, 1, FLOW_EXPIRED);
  return false;
}

/** The latest packet that any worker has counted for the flow, or its making. */
function lastHit(flow: usize): u64 {
  const stride = <usize>load<u32>(CONTROL_FLOW_COUNTERS) * FLOW_COUNTER_STRIDE;
  let at = counterAt(load<u32>(flow, FLOW_COUNTER)) - <usize>workerNumber * stride;
  let latest = load<u64>(flow, FLOW_CREATED);
  for (let worker: u32 = 0; worker < queueCount; worker++) {
    latest = max<u64>(latest, load<u64>(at, FLOW_COUNTER_LAST));
    at += stride;
  }
  return latest;
}
