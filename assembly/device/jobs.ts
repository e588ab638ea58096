// Jobs: chunks of a capture in the order they are to be run. The host publishes them, every worker
// runs every one of them and takes what belongs to its shards.
//
// With several queues, a chunk's packets are first sorted to shards ("steering") by one worker,
// which notes the shard in each descriptor. Chunks are steered a few jobs ahead, so that no worker
// waits for another; a chunk that stays in memory over many loops is steered once.

import {
  AHEAD_ROUTE,
  AHEAD_STRIDE,
  CHUNK_COUNT,
  CHUNK_DESCRIPTORS,
  CHUNK_STEERED,
  CHUNK_STEERER,
  CONTROL_FIRST_TIME,
  CONTROL_JOBS,
  CONTROL_LAST,
  CONTROL_PACE,
  CONTROL_PACE_FACTOR,
  CONTROL_SHARD_OWNER,
  DESCRIPTOR_BYTES_BEFORE,
  DESCRIPTOR_SHARD,
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
let packets: u32 = 0;
let place: u32 = 0;
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

/** Whether the chunk at hand carries shards, or need not. */
export function isSteered(): bool {
  return queueCount === 1 || atomic.load<u32>(chunk, CHUNK_STEERED) !== 0;
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

/** Says that every descriptor of the chunk carries its shard. */
export function markSteered(steered: usize): void {
  atomic.store<u32>(steered, 1, CHUNK_STEERED);
  atomic.notify(steered + CHUNK_STEERED, -1);
}

/** Address of a chunk's descriptor. */
export function descriptorAt(owner: usize, number: u32): usize {
  return owner + CHUNK_DESCRIPTORS + <usize>number * DESCRIPTOR_STRIDE;
}

/** The next descriptor of the job at hand that belongs to this worker; 0 = the job is through. */
export function nextDescriptor(): usize {
  if (queueCount !== 1) skipOthers();
  return place < packets ? descriptorAt(chunk, place) : 0;
}

function skipOthers(): void {
  while (place < packets && !isOurs(descriptorAt(chunk, place))) place++;
}

/** Looks up the routes of this worker's next packets, for routeFound() to tell. */
export function lookAhead(): void {
  const first = worker + WORKER_AHEAD;
  const end = first + LOOK_AHEAD * AHEAD_STRIDE;
  let slot = first;
  for (let ahead = place; ahead < packets && slot !== end; ahead++) {
    const descriptor = descriptorAt(chunk, ahead);
    if (queueCount !== 1 && !isOurs(descriptor)) continue;
    beginAhead(chunk, descriptor, slot);
    slot += AHEAD_STRIDE;
  }
  for (let begun = first; begun !== slot; begun += AHEAD_STRIDE) endAhead(begun);
}

/**
 * What lookAhead() found for the packet `number` places behind the one it began with; 0 = nothing.
 */
export function routeFound(number: u32): u32 {
  return load<u32>(worker + <usize>number * AHEAD_STRIDE, WORKER_AHEAD + AHEAD_ROUTE);
}

function isOurs(descriptor: usize): bool {
  const shard: usize = load<u8>(descriptor, DESCRIPTOR_SHARD);
  return <u32>load<u8>(<usize>CONTROL_SHARD_OWNER + shard) === workerNumber;
}

/** Moves on behind the descriptor nextDescriptor() gave. */
export function takeDescriptor(): void {
  place++;
}

export function currentChunk(): usize {
  return chunk;
}
/** Number of the packet at hand in the run. */
export function currentSequence(): u64 {
  return load<u64>(job, JOB_SEQUENCE) + place;
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
  finished = load<u64>(job, JOB_SEQUENCE) + packets;
  job = 0;
  done++;
}

/** Jobs this worker is through with (modulo 2^32). */
export function jobsDone(): u32 {
  return done;
}

/** Every packet of this worker with a smaller number has its verdict. */
export function finishedSequence(): u64 {
  return job === 0 ? finished : currentSequence();
}
