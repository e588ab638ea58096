// Loops between bridges: seen by frames of ours that come back, and by stations that seem to move
// to and fro.

import { FDB_BLOCKED_UNTIL, FDB_MOVES } from "../layout";
import { dataOf } from "../packet";
import { ethernetSource, macAt } from "../wire/ethernet";
import { guardOf, isInterfaceMac } from "./guards";

const SECOND: u64 = 1_000_000_000;
const BLOCKED_FOR: u64 = 10_000_000_000;
/** FDB_MOVES of a MAC that may not move; FDB_BLOCKED_UNTIL says until when. */
const BLOCKED: u32 = 0xffff;

/** Whether the frame says it comes from an interface of the bridge (by number). */
export function isOwnSource(record: usize, bridge: u32): bool {
  return isInterfaceMac(guardOf(bridge), macAt(ethernetSource(dataOf(record))));
}

/**
 * Notes at `now` that the MAC of an FDB entry was seen at another port than the entry's; false:
 * the frame is part of a loop, to be dropped, and the entry stays as it is. So it is from the first
 * move on that is one more than `most` (1 to 65534) within a second, for ten seconds. Seconds begin
 * with the first move that no other second has. Until a MAC is blocked, FDB_BLOCKED_UNTIL is the
 * time its second began.
 */
export function noteMove(entry: usize, now: u64, most: u32): bool {
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
  }
  if (moves < most) {
    store<u16>(entry, <u16>(moves + 1), FDB_MOVES);
    return true;
  }
  store<u16>(entry, <u16>BLOCKED, FDB_MOVES);
  store<u64>(entry, now + BLOCKED_FOR, FDB_BLOCKED_UNTIL);
  return false;
}
