// The action set (OpenFlow 1.3.5 5.10): what flows have written to be done when the pipeline ends.
// One operation per slot, and slots are in the order of execution. It holds addresses of
// operations.

import { ACTION_SET_SLOTS, WORKER_ACTION_SET } from "../layout";
import { worker } from "../memory/directory";

/** Slots beyond this are empty: nothing to clear and nothing to run when it is 0. */
let used: u32 = 0;

/** Writes an operation over what the slot held. */
export function writeAction(slot: u32, operation: usize): void {
  const first = worker + WORKER_ACTION_SET;
  for (; used <= slot; used++) store<u32>(first + ((<usize>used) << 2), 0);
  store<u32>(first + ((<usize>slot) << 2), <u32>operation);
}

export function clearActionSet(): void {
  used = 0;
}

/** Slots to look at. */
export function actionSetEnd(): u32 {
  return min<u32>(used, ACTION_SET_SLOTS);
}
/** The operation in a slot below actionSetEnd(); 0 = none. */
export function actionAt(slot: u32): usize {
  return load<u32>(worker + WORKER_ACTION_SET + ((<usize>slot) << 2));
}
