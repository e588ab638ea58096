// Which backend a client of a service with affinity has. A client's connections fall in all shards,
// so this is shared by all workers: it is read and written in turn only (state/turn.ts).

import {
  CLIENT_BACKEND,
  CLIENT_IP,
  CLIENT_SERVICE,
  CLIENT_STRIDE,
  CLIENT_UNTIL,
  CLIENTS_PER_BUCKET,
  SERVICE_STATE_EVICTED,
  SERVICE_STATE_STRIDE,
  SERVICES_CLIENTS,
  SERVICES_CLIENTS_MASK,
  SERVICES_STATES,
} from "../layout";
import { services } from "../memory/directory";
import { addAddress, addWord, endHash } from "../table/word_hash";

function highOf(address: usize, family: u32): u64 {
  return family === 4 ? <u64>load<u32>(address) : load<u64>(address);
}
function lowOf(address: usize, family: u32): u64 {
  return family === 4 ? 0 : load<u64>(address, 8);
}

function bucketOf(service: u32, address: usize, family: u32): usize {
  const hash = endHash(addWord(addAddress(0, address, family), service));
  const place = <usize>(hash & load<u32>(services, SERVICES_CLIENTS_MASK));
  return <usize>load<u32>(services, SERVICES_CLIENTS) + place * CLIENTS_PER_BUCKET * CLIENT_STRIDE;
}

/** The client's entry in its bucket; 0 = it has none. */
function entryIn(bucket: usize, service: u32, address: usize, family: u32): usize {
  const high = highOf(address, family);
  const low = lowOf(address, family);
  const end = bucket + CLIENTS_PER_BUCKET * CLIENT_STRIDE;
  for (let entry = bucket; entry < end; entry += CLIENT_STRIDE) {
    if (load<u32>(entry, CLIENT_SERVICE) !== service + 1) continue;
    if (load<u64>(entry, CLIENT_IP) === high && load<u64>(entry, CLIENT_IP + 8) === low) {
      return entry;
    }
  }
  return 0;
}

/** The backend that a client of the service (by number) has at `now`; 0 = none. */
export function clientBackend(service: u32, address: usize, family: u32, now: u64): u32 {
  const entry = entryIn(bucketOf(service, address, family), service, address, family);
  if (entry === 0 || load<u64>(entry, CLIENT_UNTIL) <= now) return 0;
  return load<u32>(entry, CLIENT_BACKEND);
}

/** Keeps which backend a client has, from `now` until another time. */
export function keepClient(
  service: u32,
  address: usize,
  family: u32,
  backend: u32,
  now: u64,
  until: u64,
): void {
  const bucket = bucketOf(service, address, family);
  let entry = entryIn(bucket, service, address, family);
  if (entry === 0) {
    entry = oldestIn(bucket);
    if (load<u64>(entry, CLIENT_UNTIL) > now) countEvicted(load<u32>(entry, CLIENT_SERVICE) - 1);
    store<u64>(entry, highOf(address, family), CLIENT_IP);
    store<u64>(entry, lowOf(address, family), CLIENT_IP + 8);
    store<u32>(entry, service + 1, CLIENT_SERVICE);
    store<u64>(entry, 0, CLIENT_UNTIL);
  }
  store<u32>(entry, backend, CLIENT_BACKEND);
  // Packets of several shards may be some time apart: what was promised is kept.
  store<u64>(entry, max<u64>(until, load<u64>(entry, CLIENT_UNTIL)), CLIENT_UNTIL);
}

/** A free entry of the bucket, or the one whose time is over first. */
function oldestIn(bucket: usize): usize {
  let oldest = bucket;
  const end = bucket + CLIENTS_PER_BUCKET * CLIENT_STRIDE;
  for (let entry = bucket + CLIENT_STRIDE; entry < end; entry += CLIENT_STRIDE) {
    if (load<u64>(entry, CLIENT_UNTIL) < load<u64>(oldest, CLIENT_UNTIL)) oldest = entry;
  }
  return oldest;
}

function countEvicted(service: u32): void {
  const states: usize = load<u32>(services, SERVICES_STATES);
  const state = states + <usize>service * SERVICE_STATE_STRIDE;
  store<u64>(state, load<u64>(state, SERVICE_STATE_EVICTED) + 1, SERVICE_STATE_EVICTED);
}
