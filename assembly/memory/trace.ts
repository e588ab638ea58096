// The trace: what each step of the path made of one chosen packet. The host names the packet by
// its sequence number, the steps leave copies of the record and of the frame's beginning.

import {
  CONNECTION_STRIDE,
  KEY_BYTES,
  RECORD_STRIDE,
  TRACE_FLOW,
  TRACE_FRAME,
  TRACE_FRAME_BYTES,
  TRACE_KEY,
  TRACE_LENGTH,
  TRACE_POINT,
  TRACE_RECORD,
  TRACE_SLOTS,
  TRACE_STATE,
  TRACE_STEP,
  TRACE_STRIDE,
  TRACE_VERDICT,
  VERDICT_CONTINUE,
  WORKER_TRACE,
  WORKER_TRACE_BUFFER,
  WORKER_TRACE_COUNT,
  WORKER_TRACE_SEQUENCE,
} from "../layout";
import { dataOf, lengthOf, sequenceOf } from "../packet";
import { worker } from "./directory";

/** The packet at hand is the one to trace. Steps ask this before they note anything. */
export let tracing: bool = false;
/** The host wants some packet traced, as of the start of the burst. */
let wanted: bool = false;

/** Once per burst. */
export function readTrace(): void {
  wanted = load<u32>(worker, WORKER_TRACE) !== 0;
  tracing = false;
}

/** Says whether the packet that now begins its path is the chosen one. */
export function chooseTrace(record: usize): void {
  if (wanted) tracing = load<u64>(worker, WORKER_TRACE_SEQUENCE) === sequenceOf(record);
}

/** Notes that `step` (STEP_*) left the packet with `verdict`. Beyond TRACE_SLOTS only counts. */
export function note(step: u32, record: usize, verdict: i32): void {
  const number: usize = load<u32>(worker, WORKER_TRACE_COUNT);
  store<u32>(worker, <u32>number + 1, WORKER_TRACE_COUNT);
  if (number >= <usize>TRACE_SLOTS) return;
  const entry = worker + WORKER_TRACE_BUFFER + number * TRACE_STRIDE;
  const length = min<u32>(lengthOf(record), TRACE_FRAME_BYTES);
  store<u32>(entry, step, TRACE_STEP);
  store<i32>(entry, verdict, TRACE_VERDICT);
  store<u32>(entry, length, TRACE_LENGTH);
  memory.copy(entry + TRACE_RECORD, record, RECORD_STRIDE);
  memory.copy(entry + TRACE_FRAME, dataOf(record), length);
}

/** Notes that the packet was given STATE_* bits, as one of the connection (0 = of none). */
export function noteConnection(step: u32, record: usize, states: u32, connection: usize): void {
  const number: usize = load<u32>(worker, WORKER_TRACE_COUNT);
  note(step, record, VERDICT_CONTINUE);
  if (number >= <usize>TRACE_SLOTS) return;
  const entry = worker + WORKER_TRACE_BUFFER + number * TRACE_STRIDE;
  store<u32>(entry, states, TRACE_STATE);
  if (connection === 0) memory.fill(entry + TRACE_KEY, 0, CONNECTION_STRIDE);
  else memory.copy(entry + TRACE_KEY, connection, CONNECTION_STRIDE);
}

/** Notes that the packet, with this key, met a flow at POINT_*: STEP_FLOW or STEP_MISS. */
export function noteFlow(step: u32, record: usize, flow: u32, point: u32, key: usize): void {
  const number: usize = load<u32>(worker, WORKER_TRACE_COUNT);
  note(step, record, VERDICT_CONTINUE);
  if (number >= <usize>TRACE_SLOTS) return;
  const entry = worker + WORKER_TRACE_BUFFER + number * TRACE_STRIDE;
  store<u32>(entry, flow, TRACE_FLOW);
  store<u32>(entry, point, TRACE_POINT);
  memory.copy(entry + TRACE_KEY, key, KEY_BYTES);
}
