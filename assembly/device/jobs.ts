// Jobs: chunks of a capture in the order they are to be run. The host publishes them, every worker
// runs every one of them and takes what belongs to its shards.
//
// With several queues, a chunk's packets are first sorted to workers by their shards ("steering"),
// by one of the workers. Chunks are steered a few jobs ahead, so that no worker waits for another;
// a chunk that stays in memory over many loops is steered once.

import {
  AHEAD_HASH,
  AHEAD_ROUTE,
  AHEAD_STRIDE,
  CHUNK_COUNT,
  CHUNK_DESCRIPTORS,
  CHUNK_ORDER,
  CHUNK_ORDERED,
  CHUNK_STARTS,
  CHUNK_STEERED,
  CHUNK_STEERER,
  CONTROL_FIRST_TIME,
  CONTROL_JOBS,
  CONTROL_LAST,
  CONTROL_PACE,
  CONTROL_PACE_FACTOR,
  DESCRIPTOR_BYTES_BEFORE,
  DESCRIPTOR_STRIDE,
  JOB_BYTES_BEFORE,
  JOB_CHUNK,
  JOB_SEQUENCE,
  JOB_SLOTS,
  JOB_STRIDE,
  JOB_TIME_SHIFT,
  LOOK_AHEAD,
  PACE_BYTES,
  PACE_PACKETS,
  PACE_TIME,
  WORKER_AHEAD,
  WORKER_JOBS_DONE,
  WORKER_WATERMARK,
} from "../layout";
import { jobs, queueCount, worker, workerNumber } from "../memory/directory";
import { descriptorTime } from "./capture";
import { beginAhead, endAhead } from "./lookahead";

/** Jobs looked ahead for chunks to steer. */
const STEER_AHEAD: u32 = 4;

/** Jobs this worker has finished (modulo 2^32): the number of the one at hand. */
let done: u32 = 0;
/** The job at hand; 0 = none open. */
let job: usize = 0;
let chunk: usize = 0;
/** Packets of the chunk. */
let packets: u32 = 0;
/** This worker's share of it: places in the order, of which `place` is the next. */
let place: u32 = 0;
let end: u32 = 0;
/** The chunk's order; 0 = all packets are ours, as they come. */
let order: usize = 0;
/** Whether the share is known: the chunk has been steered. */
let shared: bool = false;
/** Workers take turns in this chunk. */
let ordered: bool = false;
/** Sequence number behind the last job finished. */
let finished: u64 = 0;

export function openJobs(): void {
  done = atomic.load<u32>(worker, WORKER_JOBS_DONE);
  job = 0;
  finished = atomic.load<u64>(worker, WORKER_WATERMARK);
}

function jobAt(number: u32): usize {
  return jobs + <usize>(number & (JOB_SLOTS - 1)) * JOB_STRIDE;
}

/** Whether a job is at hand; opens the next one if the host has published it. */
export function hasJob(): bool {
  if (job !== 0) return true;
  const published = atomic.load<u32>(CONTROL_JOBS);
  if (published === done) return false;
  job = jobAt(done);
  chunk = load<u32>(job, JOB_CHUNK);
  packets = load<u32>(chunk, CHUNK_COUNT);
  place = 0;
  end = 0;
  shared = false;
  return true;
}

/** No job is at hand and the host has said that none will follow. */
export function isLastJobDone(): bool {
  return atomic.load<u32>(CONTROL_LAST) !== 0 && atomic.load<u32>(CONTROL_JOBS) === done;
}

/** Sleeps until the host publishes a job, at most `nanoseconds`. */
export function waitForJob(nanoseconds: i64): void {
  atomic.wait<i32>(CONTROL_JOBS, <i32>done, nanoseconds);
}

/** Whether it is known which packets of the chunk at hand are this worker's. */
export function isSteered(): bool {
  if (shared) return true;
  if (queueCount === 1) {
    order = 0;
    end = packets;
  } else {
    if (atomic.load<u32>(chunk, CHUNK_STEERED) === 0) return false;
    const starts = chunk + CHUNK_STARTS + ((<usize>workerNumber) << 2);
    order = chunk + CHUNK_ORDER;
    place = load<u32>(starts);
    end = load<u32>(starts, 4);
    ordered = load<u32>(chunk, CHUNK_ORDERED) !== 0;
  }
  shared = true;
  return true;
}

/** Sleeps until the chunk at hand is steered, at most `nanoseconds`. */
export function waitForSteering(nanoseconds: i64): void {
  atomic.wait<i32>(chunk + CHUNK_STEERED, 0, nanoseconds);
}

/** The next published chunk that this worker has to steer; 0 = none within sight. */
export function chunkToSteer(): usize {
  if (queueCount === 1) return 0;
  const published = atomic.load<u32>(CONTROL_JOBS);
  const ahead = min<u32>(published - done, STEER_AHEAD + queueCount);
  for (let number: u32 = 0; number < ahead; number++) {
    const candidate: usize = load<u32>(jobAt(done + number), JOB_CHUNK);
    if (load<u32>(candidate, CHUNK_STEERER) !== workerNumber) continue;
    if (atomic.load<u32>(candidate, CHUNK_STEERED) === 0) return candidate;
  }
  return 0;
}

/** Says that the chunk's order is written. */
export function markSteered(steered: usize): void {
  atomic.store<u32>(steered, 1, CHUNK_STEERED);
  atomic.notify(steered + CHUNK_STEERED, -1);
}

/** Address of a chunk's descriptor. */
export function descriptorAt(owner: usize, number: u32): usize {
  return owner + CHUNK_DESCRIPTORS + <usize>number * DESCRIPTOR_STRIDE;
}

/** Number in the chunk of the packet at a place of the order. */
function packetAt(at: u32): u32 {
  return order === 0 ? at : <u32>load<u16>(order + ((<usize>at) << 1));
}

/** The next descriptor of the job at hand that belongs to this worker; 0 = the job is through. */
export function nextDescriptor(): usize {
  return place < end ? descriptorAt(chunk, packetAt(place)) : 0;
}

/** Looks up the routes of this worker's next packets, for routeFound() to tell. */
export function lookAhead(): void {
  const last = min<u32>(end, place + LOOK_AHEAD);
  let slot = worker + WORKER_AHEAD;
  for (let ahead = place; ahead < last; ahead++) {
    beginAhead(chunk, descriptorAt(chunk, packetAt(ahead)), slot);
    slot += AHEAD_STRIDE;
  }
  endAhead(worker + WORKER_AHEAD, slot);
}

/**
 * What lookAhead() found for the packet `number` places behind the one it began with; 0 = nothing.
 */
export function routeFound(number: u32): u32 {
  return load<u32>(worker + <usize>number * AHEAD_STRIDE, WORKER_AHEAD + AHEAD_ROUTE);
}

/**
 * The flow hash of that packet, if it is what parse() takes in a straight line; 0 = not known.
 */
export function hashFound(number: u32): u32 {
  return load<u32>(worker + <usize>number * AHEAD_STRIDE, WORKER_AHEAD + AHEAD_HASH);
}

/** Moves on behind the descriptor nextDescriptor() gave. */
export function takeDescriptor(): void {
  place++;
}

/** Whether packets of the chunk at hand wait for their turn, and its end for everybody's. */
export function isOrdered(): bool {
  return ordered;
}
/** Number behind the last packet of the chunk at hand, anybody's. */
export function endSequence(): u64 {
  return load<u64>(job, JOB_SEQUENCE) + packets;
}

export function currentChunk(): usize {
  return chunk;
}
/** Number of the packet at hand in the run. */
export function currentSequence(): u64 {
  return load<u64>(job, JOB_SEQUENCE) + packetAt(place);
}
/** Capture time of a descriptor of the job at hand, moved on by the loops before it. */
export function currentTime(descriptor: usize): u64 {
  return descriptorTime(descriptor) + load<u64>(job, JOB_TIME_SHIFT);
}

/**
 * When the packet at hand is due, in nanoseconds since the start of the run (absolute: no drift).
 */
export function currentDue(descriptor: usize): f64 {
  const factor = load<f64>(CONTROL_PACE_FACTOR);
  switch (load<u32>(CONTROL_PACE)) {
    case PACE_TIME:
      return <f64>(<i64>(currentTime(descriptor) - load<u64>(CONTROL_FIRST_TIME))) * factor;
    case PACE_PACKETS:
      return <f64>currentSequence() * factor;
    case PACE_BYTES:
      return (
        (load<f64>(job, JOB_BYTES_BEFORE) + <f64>load<u32>(descriptor, DESCRIPTOR_BYTES_BEFORE)) *
        factor
      );
    default:
      return 0;
  }
}

/** Ends the job at hand. The host sees it once the progress is published. */
export function finishJob(): void {
  finished = endSequence();
  job = 0;
  ordered = false;
  done++;
}

/** Jobs this worker is through with (modulo 2^32). */
export function jobsDone(): u32 {
  return done;
}

/** Every packet of this worker with a smaller number has its verdict. */
export function finishedSequence(): u64 {
  if (job === 0) return finished;
  return place < end ? currentSequence() : load<u64>(job, JOB_SEQUENCE) + (shared ? packets : 0);
}
