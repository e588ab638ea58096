// The clock of connections: the tick it is for the packet at hand, and what ends by it.

import {
  CONNECTIONS_UNIT,
  COUNT_CONNECTIONS_EXPIRED,
  OWNERS_SWEPT,
  SHARD_STRIDE,
  SHARDS,
  WHEEL_SHIFT,
} from "../layout";
import { owners, shardStates } from "../memory/directory";
import { release } from "./connection_release";
import {
  header,
  openShard,
  openShardNumber,
  shardNumber,
  shardTime,
  ticksAt,
} from "./connection_shards";
import { useConnection } from "./evictable";
import { advanceShard, shardOf } from "./shards";
import { beginSweep, isDue, takeOver } from "./timer_wheel";

/** Tick of the packet at hand, as deadlines are; and all bits of it. */
export let nowTick: u32 = 0;
let now: u64 = 0;

/**
 * Begins a packet of this flow hash: moves its shard's clock on to `timestamp` (nanoseconds since
 * 1970), reclaims what is over, and returns the tick that it is now.
 */
export function beginConnections(hash: u32, timestamp: u64): u32 {
  openShard(hash);
  advanceTo(ticksAt(advanceShard(shardOf(hash), timestamp)));
  return nowTick;
}

/**
 * The same, where the tick is known: `tick` is at most 2^32 ticks after that of the last packet.
 */
export function advanceConnections(shardNumber: u32, tick: u32): void {
  openShardNumber(shardNumber);
  const wheel = load<u64>(header, CONNECTIONS_UNIT) << WHEEL_SHIFT;
  advanceTo(wheel + <u64>(tick - <u32>wheel));
}

function advanceTo(ticks: u64): void {
  now = ticks;
  nowTick = <u32>ticks;
  useConnection(0);
  if (isDue(ticks)) expireDue();
}

/** Ends what the wheel of the open shard says is over, a bounded number of entries. */
function expireDue(): void {
  beginSweep(now);
  for (let entry = takeOver(now); entry !== 0; entry = takeOver(now)) {
    release(entry, COUNT_CONNECTIONS_EXPIRED);
  }
}

/** Ends all of the open shard that the wheel says is over; false: it says so of none. */
export function expireAllDue(): bool {
  if (!isDue(now)) return false;
  while (isDue(now)) expireDue();
  return true;
}

/**
 * Ends what is over in all shards, also in those whose clocks stand still because nothing comes by:
 * in the packet's turn, and once for each slot of the wheel at most. False: not this time.
 */
export function expireEverywhere(): bool {
  const slot = (now >> WHEEL_SHIFT) + 1;
  if (load<u64>(owners, OWNERS_SWEPT) === slot) return false;
  store<u64>(owners, slot, OWNERS_SWEPT);
  const ticks = now;
  const time = shardTime();
  const number = shardNumber;
  for (let shard: u32 = 0; shard < <u32>SHARDS; shard++) {
    openShardNumber(shard);
    now = ticksAt(advanceShard(shardStates + <usize>shard * SHARD_STRIDE, time));
    expireAllDue();
  }
  now = ticks;
  openShardNumber(number);
  return true;
}
