// One queue's worker: an endless task over the shared memory. Its event loop does not turn while it
// runs; the control side reaches it through memory only.

import * as layout from "../../assembly/layout.ts";
import { pinThread } from "../io/linux.ts";
import { instantiate } from "./kernel.ts";

/** What a worker is started with. */
export interface WorkerTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Queue number. */
  readonly number: number;
  /** CPU to run on; undefined = any. */
  readonly cpu: number | undefined;
}

/** Below this many nanoseconds a wait is spun, not slept: sleeping costs about as much. */
const SPIN_BELOW = 100_000;
/** A sleep ends this much early; the rest is spun. */
const WAKE_EARLY = 60_000;
/** Longest sleep: after it the stop word is looked at. */
const LONGEST_SLEEP = 10_000_000;

/**
 * Runs the worker until its jobs are done or it is told to stop.
 * Returns process.hrtime.bigint() of its last packet.
 */
export function run(task: WorkerTask): bigint {
  if (task.cpu !== undefined) pinThread(task.cpu);
  const kernel = instantiate(task.module, task.memory);
  if (kernel.attach(task.number) === 0) throw new Error("the kernels are of another layout");
  const words = new Int32Array(task.memory.buffer);
  const doubles = new Float64Array(task.memory.buffer);
  const workers = words[(layout.CONTROL_REGIONS + layout.REGION_WORKERS * 4) >>> 2] as number;
  const due = ((workers >>> 0) + task.number * layout.WORKER_STRIDE + layout.WORKER_NEXT_DUE) / 8;
  const times = new BigUint64Array(task.memory.buffer);
  const start = layout.CONTROL_START / 8;
  const paced = words[layout.CONTROL_PACE >>> 2] !== layout.PACE_TOP;
  for (;;) {
    // The host sets the start just before it publishes the first job.
    const now = paced ? Number(process.hrtime.bigint() - (times[start] as bigint)) : 0;
    const result = kernel.step(now);
    if (result === layout.RUN_FINISHED) return process.hrtime.bigint();
    if (result === layout.RUN_NOT_DUE) sleep(words, (doubles[due] as number) - now);
  }
}

/** Waits up to `nanoseconds`, in slices, so that the host may stop the run meanwhile. */
function sleep(words: Int32Array, nanoseconds: number): void {
  if (nanoseconds < SPIN_BELOW) return;
  const slice = Math.min(nanoseconds - WAKE_EARLY, LONGEST_SLEEP);
  Atomics.wait(words, layout.CONTROL_STOP >>> 2, 0, slice / 1e6);
}
