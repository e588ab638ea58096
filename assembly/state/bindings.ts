// Bindings: which MAC an address has, in a VLAN of a bridge. Those of the configuration lie in a
// hash table of the host's. Those that ARP and ND tell lie in buckets of a few each, in which the
// one longest not heard of makes room: the memory is bounded, and what is forgotten is but asked
// for again. They are read and written in turn only (state/turn.ts).

import {
  BINDING_BRIDGE,
  BINDING_FAMILY,
  BINDING_HEARD,
  BINDING_IP,
  BINDING_IS_ROUTER,
  BINDING_MAC,
  BINDING_PORT,
  BINDING_STRIDE,
  BINDINGS_GIVEN,
  BINDINGS_GIVEN_MASK,
  BINDINGS_LEARNED,
  BINDINGS_LEARNED_MASK,
  BINDINGS_PER_BUCKET,
} from "../layout";
import { bindings } from "../memory/directory";
import { addAddress, addWord, endHash } from "../table/word_hash";

/** The host computes the same (src/compile/bindings.ts). */
function hashOf(place: u32, family: u32, ip: usize): u32 {
  return endHash(addWord(addAddress(0, ip, family), place));
}

/** Bridge and VLAN as the word they are in an entry. */
function placeOf(bridge: u32, vlan: u32): u32 {
  return bridge | (vlan << 16);
}

function isEntry(entry: usize, place: u32, family: u32, ip: usize): bool {
  if (load<u8>(entry, BINDING_FAMILY) !== <u8>family) return false;
  if (load<u32>(entry, BINDING_BRIDGE) !== place) return false;
  if (family === 4) return load<u32>(entry, BINDING_IP) === load<u32>(ip);
  return (
    load<u64>(entry, BINDING_IP) === load<u64>(ip) &&
    load<u64>(entry, BINDING_IP + 8) === load<u64>(ip, 8)
  );
}

/** The binding the configuration has of an address (at `ip`, network order); 0 = none. */
export function givenBinding(bridge: u32, vlan: u32, family: u32, ip: usize): usize {
  const place = placeOf(bridge, vlan);
  const mask = load<u32>(bindings, BINDINGS_GIVEN_MASK);
  const first: usize = load<u32>(bindings, BINDINGS_GIVEN);
  let slot = hashOf(place, family, ip) & mask;
  for (let tries: u32 = 0; tries <= mask; tries++) {
    const entry = first + <usize>slot * BINDING_STRIDE;
    if (load<u8>(entry, BINDING_FAMILY) === 0) return 0;
    if (isEntry(entry, place, family, ip)) return entry;
    slot = (slot + 1) & mask;
  }
  return 0;
}

function bucketOf(place: u32, family: u32, ip: usize): usize {
  const number = <usize>(hashOf(place, family, ip) & load<u32>(bindings, BINDINGS_LEARNED_MASK));
  const first: usize = load<u32>(bindings, BINDINGS_LEARNED);
  return first + number * BINDINGS_PER_BUCKET * BINDING_STRIDE;
}

function entryIn(bucket: usize, place: u32, family: u32, ip: usize): usize {
  const end = bucket + BINDINGS_PER_BUCKET * BINDING_STRIDE;
  for (let entry = bucket; entry < end; entry += BINDING_STRIDE) {
    if (isEntry(entry, place, family, ip)) return entry;
  }
  return 0;
}

/** Whether at `now` it is longer than `ageing` nanoseconds (0 = for ever) since it was heard of. */
function isOver(entry: usize, now: u64, ageing: u64): bool {
  return ageing !== 0 && now > load<u64>(entry, BINDING_HEARD) + ageing;
}

/** The binding that was learned of an address and at `now` is not over; 0 = none. */
export function learnedBinding(
  bridge: u32,
  vlan: u32,
  family: u32,
  ip: usize,
  now: u64,
  ageing: u64,
): usize {
  if (load<u32>(bindings, BINDINGS_LEARNED) === 0) return 0;
  const place = placeOf(bridge, vlan);
  const entry = entryIn(bucketOf(place, family, ip), place, family, ip);
  return entry === 0 || isOver(entry, now, ageing) ? 0 : entry;
}

/**
 * The entry of an address in its bucket, made if there is none: then MAC and the rest are those of
 * nobody. What the configuration has of the address is left to the caller to look at first.
 */
export function ensureBinding(bridge: u32, vlan: u32, family: u32, ip: usize): usize {
  const place = placeOf(bridge, vlan);
  const bucket = bucketOf(place, family, ip);
  const known = entryIn(bucket, place, family, ip);
  if (known !== 0) return known;
  const entry = oldestIn(bucket);
  memory.fill(entry, 0, BINDING_STRIDE);
  memory.copy(entry + BINDING_IP, ip, family === 4 ? 4 : 16);
  store<u32>(entry, place, BINDING_BRIDGE);
  store<u8>(entry, <u8>family, BINDING_FAMILY);
  return entry;
}

/** A free entry of the bucket, or the one that was heard of longest ago. */
function oldestIn(bucket: usize): usize {
  const end = bucket + BINDINGS_PER_BUCKET * BINDING_STRIDE;
  let oldest = bucket;
  for (let entry = bucket; entry < end; entry += BINDING_STRIDE) {
    if (load<u8>(entry, BINDING_FAMILY) === 0) return entry;
    if (load<u64>(entry, BINDING_HEARD) < load<u64>(oldest, BINDING_HEARD)) oldest = entry;
  }
  return oldest;
}

/** Notes what was heard at `now` of the entry's address. */
export function hearBinding(entry: usize, mac: usize, port: u32, router: bool, now: u64): void {
  store<u32>(entry, load<u32>(mac), BINDING_MAC);
  store<u16>(entry, load<u16>(mac, 4), BINDING_MAC + 4);
  store<u8>(entry, router ? 1 : 0, BINDING_IS_ROUTER);
  store<u16>(entry, <u16>port, BINDING_PORT);
  store<u64>(entry, now, BINDING_HEARD);
}
