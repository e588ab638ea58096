// Counters of this worker. Nobody else writes them; the host adds up the workers.

import {
  PORT_RX_PACKETS,
  PORT_TX_PACKETS,
  WORKER_COUNTERS,
  WORKER_DROPS,
  WORKER_PORT_STRIDE,
  WORKER_PORTS,
} from "../layout";
import { worker } from "./directory";

function add(address: usize, amount: u64): void {
  store<u64>(address, load<u64>(address) + amount);
}

/** Counts one frame under COUNT_* and its bytes in the counter behind it. */
export function count(counter: usize, bytes: u32): void {
  const at = worker + WORKER_COUNTERS + counter;
  add(at, 1);
  add(at + 8, bytes);
}

/** Counts one event under a COUNT_* that has no bytes. */
export function countEvent(counter: usize): void {
  add(worker + WORKER_COUNTERS + counter, 1);
}

/** Takes one frame out of what count() has counted. */
export function takeBack(counter: usize, bytes: u32): void {
  const at = worker + WORKER_COUNTERS + counter;
  store<u64>(at, load<u64>(at) - 1);
  store<u64>(at, load<u64>(at, 8) - bytes, 8);
}

/** Moves frames that count() has counted to another counter. */
export function recount(from: usize, to: usize, packets: u32, bytes: u32): void {
  takeBackAll(from, packets, bytes);
  const at = worker + WORKER_COUNTERS + to;
  add(at, packets);
  add(at + 8, bytes);
}

/** Takes so many frames, of so many bytes together, out of what count() has counted. */
export function takeBackAll(counter: usize, packets: u32, bytes: u32): void {
  const at = worker + WORKER_COUNTERS + counter;
  store<u64>(at, load<u64>(at) - packets);
  store<u64>(at, load<u64>(at, 8) - bytes, 8);
}

/** Counts so many events under a COUNT_* that has no bytes. */
export function countEvents(counter: usize, events: u32): void {
  add(worker + WORKER_COUNTERS + counter, events);
}

export function countDropReasons(reason: u32, packets: u32): void {
  add(worker + WORKER_DROPS + ((<usize>reason) << 3), packets);
}

export function countReceived(port: u32, bytes: u32): void {
  const at = worker + WORKER_PORTS + <usize>port * WORKER_PORT_STRIDE + PORT_RX_PACKETS;
  add(at, 1);
  add(at + 8, bytes);
}

export function countSent(port: u32, bytes: u32): void {
  const at = worker + WORKER_PORTS + <usize>port * WORKER_PORT_STRIDE + PORT_TX_PACKETS;
  add(at, 1);
  add(at + 8, bytes);
}

export function countDropReason(reason: u32): void {
  add(worker + WORKER_DROPS + ((<usize>reason) << 3), 1);
}
