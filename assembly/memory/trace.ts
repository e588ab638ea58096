// The trace: what each step of the path made of one chosen packet. The host names the packet by
// its sequence number, the steps leave copies of the record and of the frame's beginning.

import {
  CONNECTION_STRIDE,
  EXTENSION_STRIDE,
  KEY_BYTES,
  RECORD_STRIDE,
  STEP_MIRROR,
  TRACE_FLOW,
  TRACE_FRAME,
  TRACE_FRAME_BYTES,
  TRACE_KEY,
  TRACE_LENGTH,
  TRACE_POINT,
  TRACE_RECORD,
  TRACE_SLOTS,
  TRACE_STEP,
  TRACE_STRIDE,
  TRACE_TRACK_BEGUN,
  TRACE_TRACK_CONNECTION,
  TRACE_TRACK_REPLY,
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

/** Notes that a mirror (its number) has taken a copy of what the port received or sends. */
export function noteMirror(record: usize, mirror: u32, port: u32): void {
  const number: usize = load<u32>(worker, WORKER_TRACE_COUNT);
  note(STEP_MIRROR, record, VERDICT_CONTINUE);
  if (number >= <usize>TRACE_SLOTS) return;
  const entry = worker + WORKER_TRACE_BUFFER + number * TRACE_STRIDE;
  store<u32>(entry, mirror, TRACE_FLOW);
  store<u32>(entry, port, TRACE_POINT);
}

/**
 * Notes, at STEP_TRACK or STEP_CONFIRM, what tracking made of the packet: STATE_* bits; its
 * connection (0 = none) and the extension of that (0 = none); whether it goes in the reply's
 * direction, and whether it began the connection.
 */
export function noteTracked(
  step: u32,
  record: usize,
  state: u32,
  connection: usize,
  extension: usize,
  isReply: bool,
  isBegun: bool,
): void {
  const number: usize = load<u32>(worker, WORKER_TRACE_COUNT);
  note(step, record, VERDICT_CONTINUE);
  if (number >= <usize>TRACE_SLOTS) return;
  const entry = worker + WORKER_TRACE_BUFFER + number * TRACE_STRIDE;
  const copy = entry + TRACE_KEY;
  let found: u32 = 0;
  memory.fill(copy, 0, CONNECTION_STRIDE + EXTENSION_STRIDE);
  if (connection !== 0) {
    found = TRACE_TRACK_CONNECTION;
    if (isReply) found |= TRACE_TRACK_REPLY;
    if (isBegun) found |= TRACE_TRACK_BEGUN;
    memory.copy(copy, connection, CONNECTION_STRIDE);
    if (extension !== 0) memory.copy(copy + CONNECTION_STRIDE, extension, EXTENSION_STRIDE);
  }
  store<u32>(entry, state, TRACE_FLOW);
  store<u32>(entry, found, TRACE_POINT);
}
