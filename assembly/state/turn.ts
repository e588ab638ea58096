// Taking turns: some decisions depend on the packets of other workers (how full a meter's bucket
// is, whether a flow has been idle). Before such a decision a worker waits until every other worker
// is through with all packets of smaller numbers, so that the decision is the one that a single
// worker would have made. Who waits says first how far it is itself; the packet with the smallest
// number therefore never waits, and two workers never wait for each other.

import { CONTROL_STOP, WORKER_SLEEPERS, WORKER_STRIDE, WORKER_WATERMARK } from "../layout";
import { queueCount, worker, workerNumber } from "../memory/directory";
import { publishOutput } from "../memory/output";

/** Looks at another's progress before it is waited for asleep: there may be fewer CPUs than us. */
const SPINS: u32 = 200;
/** Longest sleep, in nanoseconds: after it the stop word is looked at. */
const LONGEST_SLEEP: i64 = 2_000_000;

let sequence: u64 = 0;
let mine: bool = true;

/** Begins a packet: its turn, if it needs one, is that of its number. */
export function beginTurn(number: u64): void {
  sequence = number;
  mine = false;
}

/** Returns when it is the packet's turn, or the host asks to stop. */
export function takeTurn(): void {
  if (mine) return;
  mine = true;
  if (queueCount !== 1) waitForOthers();
}

function waitForOthers(): void {
  publishSequence();
  const first = worker - <usize>workerNumber * WORKER_STRIDE;
  for (let other: u32 = 0; other < queueCount; other++) {
    if (other === workerNumber) continue;
    if (!waitFor(first + <usize>other * WORKER_STRIDE)) return;
  }
}

/** Waits until the worker of the block has come so far; false when the host asks to stop. */
function waitFor(block: usize): bool {
  let spins: u32 = 0;
  for (let reached = reachedBy(block); reached < sequence; reached = reachedBy(block)) {
    if (atomic.load<u32>(CONTROL_STOP) !== 0) return false;
    if (spins++ >= SPINS) sleepAt(block, reached);
  }
  return true;
}

function reachedBy(block: usize): u64 {
  return atomic.load<u64>(block, WORKER_WATERMARK);
}

/** Sleeps until the worker of the block has come farther than `reached`. */
function sleepAt(block: usize, reached: u64): void {
  atomic.add<i32>(block, 1, WORKER_SLEEPERS);
  atomic.wait<i64>(block + WORKER_WATERMARK, <i64>reached, LONGEST_SLEEP);
  atomic.sub<i32>(block, 1, WORKER_SLEEPERS);
}

/** Tells host and workers that all of this worker's packets before the one at hand are done. */
export function publishSequence(): void {
  publishOutput();
  publishWatermark(sequence);
}

/** Says that all of this worker's packets of smaller numbers are done, and what they sent shows. */
export function publishWatermark(number: u64): void {
  atomic.store<u64>(worker, number, WORKER_WATERMARK);
  if (atomic.load<i32>(worker, WORKER_SLEEPERS) !== 0) {
    atomic.notify(worker + WORKER_WATERMARK, -1);
  }
}
