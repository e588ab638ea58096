// The ABI: what the host may call. A worker calls attach() once and step() until it is finished;
// the control side never calls into the kernels, it writes memory.

import { runPacket } from "./burst";
import { receive } from "./device/capture";
import {
  currentChunk,
  currentDue,
  currentSequence,
  currentTime,
  endSequence,
  finishedSequence,
  finishJob,
  hashFound,
  hasJob,
  isLastJobDone,
  isOrdered,
  isSteered,
  jobsDone,
  lookAhead,
  nextDescriptor,
  openJobs,
  routeFound,
  takeDescriptor,
  waitForJob,
  waitForSteering,
} from "./device/jobs";
import { DROP_NO_FRAME } from "./drops";
import {
  BURST,
  CONTROL_FRAMES_PER_WORKER,
  CONTROL_PACE,
  CONTROL_STOP,
  COUNT_DROPPED,
  DESCRIPTOR_PORT,
  DESCRIPTOR_WIRE_LENGTH,
  LOOK_AHEAD,
  OVERLAY_ORDERED,
  PACE_TOP,
  RUN_FINISHED,
  RUN_MORE,
  RUN_NOT_DUE,
  RUN_WAITED,
  TRACK_ORDERED,
  WORKER_JOBS_DONE,
  WORKER_NEXT_DUE,
} from "./layout";
import { count, countDropReason, countReceived } from "./memory/counters";
import { openDirectory, overlay, readModes, track, worker } from "./memory/directory";
import { openFrames, takeFrame } from "./memory/frames";
import { openOutput, outputHasRoom, publishOutput, waitForOutput } from "./memory/output";
import { readTrace } from "./memory/trace";
import { clearRecord, setRoute } from "./packet";
import { takeRequests } from "./state/connection_requests";
import { readPlacement } from "./state/flow_cache";
import { pendingCount } from "./state/pending";
import { beginTurn, publishWatermark, takeTurn } from "./state/turn";
import { steerNext } from "./steering";
import { runPending } from "./waiting";

/** Longest sleep inside a call: after it the host can look at its clock and at the stop word. */
const LONGEST_WAIT: i64 = 2_000_000;

/** Timestamp of the last packet received: the clock of what waits. */
let clock: u64 = 0;

/** Makes this instance worker `number`. False when the memory is of another layout. */
export function attach(number: u32): bool {
  if (!openDirectory(number)) return false;
  openFrames(number, load<u32>(CONTROL_FRAMES_PER_WORKER));
  openOutput();
  openJobs();
  return true;
}

/**
 * Runs at most one burst of this worker's packets that are due at `now` (nanoseconds since the
 * start of the run). Returns RUN_*.
 */
export function step(now: f64): i32 {
  readModes();
  if (atomic.load<u32>(CONTROL_STOP) !== 0) return RUN_FINISHED;
  if (track !== 0) takeRequests();
  if (steerNext()) return RUN_MORE;
  if (!hasJob()) return waitOrFinish();
  if (!isSteered()) {
    waitForSteering(LONGEST_WAIT);
    return RUN_WAITED;
  }
  const result = runBurst(now);
  if (pendingCount() !== 0) runPending(clock, finishedSequence());
  publishProgress();
  return result;
}

/** No job is at hand. Packets may still go that another worker has found the neighbor of. */
function waitOrFinish(): i32 {
  if (pendingCount() !== 0) {
    const hadRoom = runPending(clock, finishedSequence());
    publishProgress();
    if (!hadRoom) {
      waitForOutput(LONGEST_WAIT);
      return RUN_WAITED;
    }
  }
  if (isLastJobDone()) return RUN_FINISHED;
  waitForJob(LONGEST_WAIT);
  return RUN_WAITED;
}

function runBurst(now: f64): i32 {
  readTrace();
  readPlacement();
  const paced = load<u32>(CONTROL_PACE) !== PACE_TOP;
  const inTurn = isOrdered() || (track & TRACK_ORDERED) !== 0 || (overlay & OVERLAY_ORDERED) !== 0;
  for (let packets: u32 = 0; packets < <u32>BURST; packets++) {
    const ahead = packets % LOOK_AHEAD;
    if (ahead === 0) lookAhead();
    const descriptor = nextDescriptor();
    if (descriptor === 0) {
      // What is ordered ends for all workers at once: behind it they are on their own again.
      if (isOrdered()) waitForTurn(endSequence());
      finishJob();
      return RUN_MORE;
    }
    if (paced && !isDue(descriptor, now)) return RUN_NOT_DUE;
    if (!outputHasRoom()) {
      waitForOutput(LONGEST_WAIT);
      return RUN_WAITED;
    }
    if (inTurn) waitForTurn(currentSequence());
    runDescriptor(descriptor, ahead);
    takeDescriptor();
  }
  return RUN_MORE;
}

function isDue(descriptor: usize, now: f64): bool {
  const due = currentDue(descriptor);
  if (due <= now) return true;
  store<f64>(worker, due, WORKER_NEXT_DUE);
  return false;
}

/** One packet, at place `ahead` of those looked ahead for, from the capture to its verdict. */
function runDescriptor(descriptor: usize, ahead: u32): void {
  clock = currentTime(descriptor);
  const record = takeFrame();
  if (record === 0) {
    refuse(descriptor, DROP_NO_FRAME);
    return;
  }
  clearRecord(record, load<u16>(descriptor, DESCRIPTOR_PORT), clock, currentSequence());
  setRoute(record, routeFound(ahead));
  runPacket(record, receive(currentChunk(), descriptor, record), hashFound(ahead));
}

/** Returns when all packets of smaller numbers are done. */
function waitForTurn(sequence: u64): void {
  beginTurn(sequence);
  takeTurn();
}

/** A packet for which there is no frame: counted, and gone. */
function refuse(descriptor: usize, reason: i32): void {
  const bytes = load<u32>(descriptor, DESCRIPTOR_WIRE_LENGTH);
  countReceived(load<u16>(descriptor, DESCRIPTOR_PORT), bytes);
  count(COUNT_DROPPED, bytes);
  countDropReason(reason);
}

/**
 * Makes what was done visible to the host: first the frames, then how far they are complete, then
 * the jobs.
 */
function publishProgress(): void {
  publishOutput();
  publishWatermark(finishedSequence());
  atomic.store<u32>(worker, jobsDone(), WORKER_JOBS_DONE);
}
