// The symmetric flow hash: both directions of a flow, and an error about it, have the same.
//
// An endpoint is an address and a port as one number; the pair is put in order, so that it does not
// matter who sends, and mixed without losing which port belongs to which address. (Sums or xors of
// them would collide for hosts numbered in parallel: 10.0.0.1 > 10.0.1.2, 10.0.0.2 > 10.0.1.1.)
// Every bit of the result is good: shards take the top bits, ECMP the low ones.

import { macAt } from "../wire/ethernet";

// Odd constants without structure: fractions of the square roots of 2, 3, 5 and 7
const FIRST: u64 = (0x6a09e667 << 32) | 0xf3bcc909;
const SECOND: u64 = (0xbb67ae85 << 32) | 0x84caa73b;
const THIRD: u64 = (0x3c6ef372 << 32) | 0xfe94f82b;
const FOURTH: u64 = (0xa54ff53a << 32) | 0x5f1d36f1;

/**
 * Hash of two endpoints, in either order, and a kind of 16 bits. Host numbers are the high bits of
 * an endpoint (addresses are in memory order), which a product only carries further up: so each
 * product's upper half is brought down before the next.
 */
function mixPair(a: u64, b: u64, kind: u32): u32 {
  const low = select<u64>(a, b, a < b) * FIRST;
  const high = select<u64>(b, a, a < b) * SECOND;
  let mixed = ((low ^ (low >> 32)) + rotl<u64>(high, 32) + kind) * THIRD;
  mixed ^= mixed >> 32;
  return <u32>((mixed * FOURTH) >> 32);
}

/** Addresses in memory order; ports as the first four bytes of the header, loaded; 0 = none. */
export function hashIp4(source: u32, destination: u32, ports: u32, protocol: u32): u32 {
  const from = ((<u64>source) << 16) | <u64>(ports & 0xffff);
  const to = ((<u64>destination) << 16) | <u64>(ports >> 16);
  return mixPair(from, to, protocol);
}

/** Source and destination point to 16 bytes each. */
export function hashIp6(source: usize, destination: usize, ports: u32, protocol: u32): u32 {
  return mixPair(endpoint6(source, ports & 0xffff), endpoint6(destination, ports >> 16), protocol);
}

function endpoint6(address: usize, port: u32): u64 {
  let mixed = load<u64>(address) * SECOND;
  mixed ^= mixed >> 32;
  mixed = (mixed + load<u64>(address, 8)) * THIRD;
  return (mixed ^ (mixed >> 32)) + port;
}

/** For frames that are not IP: their MACs and EtherType. `frame` has 12 bytes at least. */
export function hashLink(frame: usize, etherType: u32): u32 {
  return mixPair(macAt(frame), macAt(frame + 6), etherType);
}
