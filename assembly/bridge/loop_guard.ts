// Loops between bridges: seen by stations that seem to move to and fro. (Frames of our own that
// come back are seen by where the FDB has our own MACs.)

import { FDB_BLOCKED_UNTIL, FDB_HOME, FDB_MOVES } from "../layout";

const SECOND: u64 = 1_000_000_000;
const BLOCKED_FOR: u64 = 10_000_000_000;
/** FDB_MOVES of a MAC that may not move; FDB_BLOCKED_UNTIL says until when. */
const BLOCKED: u32 = 0xffff;

/**
 * Notes at `now` that a MAC, known to be at `port`, was seen at another; `entry` is where the FDB
 * keeps FDB_MOVES of it. False: this is a loop, the frame is to be dropped and the MAC to be where
 * homeOf() says. So it is from the first move on that is one more than `most` (1 to 65534) within a
 * second, for ten seconds.
 *
 * Seconds begin with the first move that belongs to no other. Until a MAC is blocked,
 * FDB_BLOCKED_UNTIL is the time its second began.
 */
export function noteMove(entry: usize, port: u32, now: u64, most: u32): bool {
  let moves: u32 = load<u16>(entry, FDB_MOVES);
  const time = load<u64>(entry, FDB_BLOCKED_UNTIL);
  if (moves === BLOCKED) {
    if (now < time) return false;
    moves = 0;
  }
  // Packets of several captures may step back in time: then no new second begins.
  if (moves === 0 || (now > time && now - time >= SECOND)) {
    moves = 0;
    store<u64>(entry, now, FDB_BLOCKED_UNTIL);
    store<u16>(entry, <u16>port, FDB_HOME);
  }
  if (moves < most) {
    store<u16>(entry, <u16>(moves + 1), FDB_MOVES);
    return true;
  }
  store<u16>(entry, <u16>BLOCKED, FDB_MOVES);
  store<u64>(entry, now + BLOCKED_FOR, FDB_BLOCKED_UNTIL);
  return false;
}

/**
 * The port a blocked MAC was at before it began to move. Only what comes from there goes on: were
 * it the port of the last move, frames might go round for ever in the direction that leads there.
 */
export function homeOf(entry: usize): u32 {
  return load<u16>(entry, FDB_HOME);
}
