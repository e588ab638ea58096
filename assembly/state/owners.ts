// How many connections each zone and each source address has, where the configuration limits them
// (conntrack.zone_limits, conntrack.max_per_source). A source's connections fall in all shards, so
// every packet takes its turn (TRACK_ORDERED) and all workers see the same numbers. The one thing
// done out of turn is to end what the host asks for (state/connection_requests.ts): hence the lock.
//
// Sources are in a hash table with linear probing, of which a fifth at least is free. One without
// connections is not in it: those behind it move up, so that nothing piles up.

import { connectionZone, isOfIp6 } from "../connection";
import { DROP_SOURCE_LIMIT, DROP_ZONE_LIMIT } from "../drops";
import {
  CONNECTION_SRC,
  OWNER_CONNECTIONS,
  OWNER_FAMILY,
  OWNER_STRIDE,
  OWNERS_LIMITS,
  OWNERS_LOCK,
  OWNERS_SOURCES,
  OWNERS_ZONES,
} from "../layout";
import { maxPerSource, ownerSlots, owners, queueCount } from "../memory/directory";
import { addAddress, endHash } from "../table/word_hash";

/** The DROP_* of the limit that a new connection would break; 0 = none. */
export function limitReached(entry: usize): i32 {
  const zone = owners + ((<usize>connectionZone(entry)) << 2);
  const limit = load<u32>(zone, OWNERS_LIMITS);
  if (limit !== 0 && load<u32>(zone, OWNERS_ZONES) >= limit - 1) return DROP_ZONE_LIMIT;
  if (maxPerSource === 0) return 0;
  return load<u32>(placeOf(entry), OWNER_CONNECTIONS) >= maxPerSource ? DROP_SOURCE_LIMIT : 0;
}

/** A connection has entered the table. */
export function countOwners(entry: usize): void {
  lock();
  countZone(entry, 1);
  if (maxPerSource !== 0) addSource(entry);
  unlock();
}

/** A connection leaves the table. */
export function releaseOwners(entry: usize): void {
  lock();
  countZone(entry, -1);
  if (maxPerSource !== 0) removeSource(entry);
  unlock();
}

function lock(): void {
  if (queueCount === 1) return;
  while (atomic.cmpxchg<u32>(owners + OWNERS_LOCK, 0, 1) !== 0) {}
}

function unlock(): void {
  if (queueCount !== 1) atomic.store<u32>(owners, 0, OWNERS_LOCK);
}

function countZone(entry: usize, change: i32): void {
  const zone = owners + ((<usize>connectionZone(entry)) << 2);
  store<u32>(zone, load<u32>(zone, OWNERS_ZONES) + change, OWNERS_ZONES);
}

// ---- sources ------------------------------------------------------------------------------------

function familyOf(entry: usize): u32 {
  return isOfIp6(entry) ? 6 : 4;
}
/** The halves of the source's address; of IPv4 the rest is zero. */
function highOf(entry: usize): u64 {
  return isOfIp6(entry) ? load<u64>(entry, CONNECTION_SRC) : <u64>load<u32>(entry, CONNECTION_SRC);
}
function lowOf(entry: usize): u64 {
  return isOfIp6(entry) ? load<u64>(entry, CONNECTION_SRC + 8) : 0;
}

function placeAt(number: u32): usize {
  return owners + OWNERS_SOURCES + <usize>(number & (ownerSlots - 1)) * OWNER_STRIDE;
}
function numberAt(place: usize): u32 {
  return <u32>((place - owners - OWNERS_SOURCES) / OWNER_STRIDE);
}
function homeOf(address: usize, family: u32): u32 {
  return endHash(addAddress(0, address, family)) & (ownerSlots - 1);
}

/** The place of a connection's source, or the free one where it would be. */
function placeOf(entry: usize): usize {
  const high = highOf(entry);
  const low = lowOf(entry);
  const family = familyOf(entry);
  let number = homeOf(entry + CONNECTION_SRC, family);
  while (true) {
    const place = placeAt(number++);
    if (load<u32>(place, OWNER_CONNECTIONS) === 0) return place;
    if (load<u64>(place) !== high || load<u64>(place, 8) !== low) continue;
    if (load<u32>(place, OWNER_FAMILY) === family) return place;
  }
}

function addSource(entry: usize): void {
  const place = placeOf(entry);
  const count = load<u32>(place, OWNER_CONNECTIONS);
  if (count === 0) {
    store<u64>(place, highOf(entry));
    store<u64>(place, lowOf(entry), 8);
    store<u32>(place, familyOf(entry), OWNER_FAMILY);
  }
  store<u32>(place, count + 1, OWNER_CONNECTIONS);
}

function removeSource(entry: usize): void {
  const place = placeOf(entry);
  const count = load<u32>(place, OWNER_CONNECTIONS) - 1;
  store<u32>(place, count, OWNER_CONNECTIONS);
  if (count === 0) closeGap(place);
}

/** Moves those up that would not be found any more behind a place that has become free. */
function closeGap(free: usize): void {
  let gap = numberAt(free);
  let number = gap + 1;
  for (
    let place = placeAt(number);
    load<u32>(place, OWNER_CONNECTIONS) !== 0;
    place = placeAt(++number)
  ) {
    const home = homeOf(place, load<u32>(place, OWNER_FAMILY));
    const mask = ownerSlots - 1;
    if (((number - home) & mask) < ((number - gap) & mask)) continue;
    memory.copy(placeAt(gap), place, OWNER_STRIDE);
    store<u32>(place, 0, OWNER_CONNECTIONS);
    gap = number;
  }
}
