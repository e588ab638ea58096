// Taking turns: some decisions depend on the packets of other workers (how full a meter's bucket
// is, whether a flow has been idle). Before such a decision a worker waits until every other worker
// is through with all packets of smaller numbers, so that the decision is the one that a single
// worker would have made. Who waits says first how far it is itself; the packet with the smallest
// number therefore never waits, and two workers never wait for each other.

import { CONTROL_STOP, WORKER_STRIDE, WORKER_WATERMARK } from "../layout";
import { queueCount, worker, workerNumber } from "../memory/directory";
import { publishOutput } from "../memory/output";

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
    const block = first + <usize>other * WORKER_STRIDE;
    while (atomic.load<u64>(block, WORKER_WATERMARK) < sequence) {
      if (atomic.load<u32>(CONTROL_STOP) !== 0) return;
    }
  }
}

/** Tells host and workers that all of this worker's packets before the one at hand are done. */
export function publishSequence(): void {
  publishOutput();
  atomic.store<u64>(worker, sequence, WORKER_WATERMARK);
}
