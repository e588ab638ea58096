// The output ring: frames on their way from this worker to the host. Single producer, single
// consumer; the consumer's index is read only when the cached one leaves no room, and what a burst
// wrote becomes visible with one store (publishOutput).
//
// Indices count bytes modulo 2^32; an entry never wraps, a filler entry skips to the ring's start.

import {
  HEADROOM,
  OUTPUT_FILLER,
  OUTPUT_HEADER,
  OUTPUT_LENGTH,
  OUTPUT_NONE,
  OUTPUT_OVERWRITE,
  OUTPUT_OVERWRITE_BYTES,
  OUTPUT_PORT,
  OUTPUT_RING_BYTES,
  OUTPUT_SEQUENCE,
  OUTPUT_SIZE,
  OUTPUT_TIMESTAMP,
  OUTPUT_WIRE_LENGTH,
  WORKER_OUTPUT_HEAD,
  WORKER_OUTPUT_TAIL,
} from "../layout";
import { dataOf, lengthOf, sequenceOf, timestampOf, wireLengthOf } from "../packet";
import { copyPacket } from "./copy";
import { output, outputMode, worker } from "./directory";
import { frameCapacity } from "./frames";

let head: u32 = 0;
let cachedTail: u32 = 0;
let ringBytes: u32 = OUTPUT_RING_BYTES;

/** Continues where this worker's ring stands. */
export function openOutput(): void {
  ringBytes = outputMode === OUTPUT_OVERWRITE ? OUTPUT_OVERWRITE_BYTES : OUTPUT_RING_BYTES;
  head = atomic.load<u32>(worker, WORKER_OUTPUT_HEAD);
  cachedTail = atomic.load<u32>(worker, WORKER_OUTPUT_TAIL);
}

/** Ring bytes a frame takes at most, pushed headers, and filler before the ring's end included. */
function worstEntry(): u32 {
  return 2 * (OUTPUT_HEADER + HEADROOM + frameCapacity() + 16);
}

/** Whether one more packet, and an answer to it, find room whatever their size. */
export function outputHasRoom(): bool {
  if (outputMode === OUTPUT_NONE || outputMode === OUTPUT_OVERWRITE) return true;
  const needed = 2 * worstEntry();
  if (OUTPUT_RING_BYTES - (head - cachedTail) >= needed) return true;
  cachedTail = atomic.load<u32>(worker, WORKER_OUTPUT_TAIL);
  return OUTPUT_RING_BYTES - (head - cachedTail) >= needed;
}

/** Sleeps until the host has taken something, at most `nanoseconds`. */
export function waitForOutput(nanoseconds: i64): void {
  publishOutput();
  atomic.wait<i32>(worker + WORKER_OUTPUT_TAIL, <i32>cachedTail, nanoseconds);
}

/** Appends the frame, as sent by `port`. outputHasRoom() has said yes. */
export function keepFrame(record: usize, port: u32): void {
  const length = lengthOf(record);
  const size = (OUTPUT_HEADER + length + 15) & ~15;
  let place = head & (ringBytes - 1);
  if (place + size > ringBytes) {
    store<u32>(output + place, ringBytes - place, OUTPUT_SIZE);
    store<u16>(output + place, OUTPUT_FILLER, OUTPUT_PORT);
    head += ringBytes - place;
    place = 0;
  }
  const entry = output + place;
  store<u32>(entry, size, OUTPUT_SIZE);
  store<u32>(entry, port, OUTPUT_PORT);
  store<u32>(entry, length, OUTPUT_LENGTH);
  store<u32>(entry, wireLengthOf(record), OUTPUT_WIRE_LENGTH);
  store<u64>(entry, timestampOf(record), OUTPUT_TIMESTAMP);
  store<u64>(entry, sequenceOf(record), OUTPUT_SEQUENCE);
  copyPacket(entry + OUTPUT_HEADER, dataOf(record), length);
  head += size;
}

/** Makes everything appended so far visible to the host. */
export function publishOutput(): void {
  atomic.store<u32>(worker, head, WORKER_OUTPUT_HEAD);
}
