// How long a packet may be on the way to the remote of a tunnel, as ICMP has told (RFC 1191,
// RFC 8201): for PATH_MTU_TIME, then it may have become longer. Learned in turn (steering.ts), so
// that every worker finds the same; what is over is over by the clock of the packet that asks.

import {
  CONTROL_PATH_MTU_KNOWN,
  CONTROL_PATH_MTU_MASK,
  PATH_MTU_DEADLINE,
  PATH_MTU_FAMILY,
  PATH_MTU_LENGTH,
  PATH_MTU_STRIDE,
  PATH_MTU_TIME,
  PATH_MTU_VRF,
  PATH_MTUS_PER_BUCKET,
} from "../layout";
import { pathMtus } from "../memory/directory";

/** Whether any was ever learned: what asks for one asks this first. */
export function arePathMtus(): bool {
  return load<u32>(CONTROL_PATH_MTU_KNOWN) !== 0;
}

/** The address as two words: 16 bytes, or 4 with zeros understood behind. */
function lowWord(ip: usize, family: u32): u64 {
  return family === 4 ? <u64>load<u32>(ip) : load<u64>(ip);
}
function highWord(ip: usize, family: u32): u64 {
  return family === 4 ? 0 : load<u64>(ip, 8);
}

function bucketOf(vrf: u32, family: u32, ip: usize): usize {
  let hash = lowWord(ip, family) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 29) ^ highWord(ip, family) ^ ((<u64>vrf) << 8)) * 0xbf58476d1ce4e5b9;
  const number = <u32>(hash >> 32) & load<u32>(CONTROL_PATH_MTU_MASK);
  return pathMtus + <usize>number * PATH_MTUS_PER_BUCKET * PATH_MTU_STRIDE;
}

/** Address of the entry; 0 = there is none, though perhaps in other buckets' terms. */
function findIn(bucket: usize, vrf: u32, family: u32, ip: usize): usize {
  const low = lowWord(ip, family);
  const high = highWord(ip, family);
  for (let place: usize = 0; place < <usize>PATH_MTUS_PER_BUCKET; place++) {
    const entry = bucket + place * PATH_MTU_STRIDE;
    if (load<u16>(entry, PATH_MTU_FAMILY) !== family || load<u16>(entry, PATH_MTU_VRF) !== vrf) {
      continue;
    }
    if (load<u64>(entry) === low && load<u64>(entry, 8) === high) return entry;
  }
  return 0;
}

/** Bytes an IP packet to this address may have at `now`; 0 = nothing is known. */
export function pathMtu(vrf: u32, family: u32, ip: usize, now: u64): u32 {
  const entry = findIn(bucketOf(vrf, family, ip), vrf, family, ip);
  if (entry === 0 || load<u64>(entry, PATH_MTU_DEADLINE) <= now) return 0;
  return load<u32>(entry, PATH_MTU_LENGTH);
}

/**
 * Remembers it from `now` on. False when as little, or less, is known already: only time makes a
 * path longer (RFC 8201 4).
 */
export function learnPathMtu(vrf: u32, family: u32, ip: usize, mtu: u32, now: u64): bool {
  const bucket = bucketOf(vrf, family, ip);
  let entry = findIn(bucket, vrf, family, ip);
  const known = entry !== 0 && load<u64>(entry, PATH_MTU_DEADLINE) > now;
  if (known && load<u32>(entry, PATH_MTU_LENGTH) <= mtu) return false;
  if (entry === 0) entry = oldestOf(bucket);
  store<u64>(entry, lowWord(ip, family));
  store<u64>(entry, highWord(ip, family), 8);
  store<u16>(entry, <u16>vrf, PATH_MTU_VRF);
  store<u16>(entry, <u16>family, PATH_MTU_FAMILY);
  store<u32>(entry, mtu, PATH_MTU_LENGTH);
  store<u64>(entry, now + <u64>PATH_MTU_TIME, PATH_MTU_DEADLINE);
  store<u32>(CONTROL_PATH_MTU_KNOWN, 1);
  return true;
}

/** The entry of a bucket that is free, or is over first. */
function oldestOf(bucket: usize): usize {
  let oldest = bucket;
  for (let place: usize = 1; place < <usize>PATH_MTUS_PER_BUCKET; place++) {
    const entry = bucket + place * PATH_MTU_STRIDE;
    if (load<u64>(entry, PATH_MTU_DEADLINE) < load<u64>(oldest, PATH_MTU_DEADLINE)) oldest = entry;
  }
  return oldest;
}
