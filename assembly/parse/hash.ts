// The symmetric flow hash: both directions of a flow, and an error about it, have the same.
//
// An endpoint is an address and a port as one number; the pair is put in order, so that it does not
// matter who sends, and mixed without losing which port belongs to which address. (Sums or xors of
// them would collide for hosts numbered in parallel: 10.0.0.1 > 10.0.1.2, 10.0.0.2 > 10.0.1.1.)
// Every bit of the result is good: shards take the top bits, ECMP the low ones.
//
// Where NAT changes endpoints, the two directions have two hashes, but the shard they name is one:
// see parse/shard.ts.

import { steer } from "../memory/directory";
import { macAt } from "../wire/ethernet";
import { endpoint4, endpoint6, mixPair } from "./mix";
import { steered4, steered6 } from "./shard";

/** Addresses in memory order; ports as the first four bytes of the header, loaded; 0 = none. */
export function hashIp4(source: u32, destination: u32, ports: u32, protocol: u32): u32 {
  const from = endpoint4(source, ports & 0xffff);
  const to = endpoint4(destination, ports >> 16);
  const hash = mixPair(from, to, protocol);
  return steer === 0 ? hash : steered4(hash, source, destination, ports, protocol);
}

/** Source and destination point to 16 bytes each. */
export function hashIp6(source: usize, destination: usize, ports: u32, protocol: u32): u32 {
  const from = endpoint6(source, ports & 0xffff);
  const hash = mixPair(from, endpoint6(destination, ports >> 16), protocol);
  return steer === 0 ? hash : steered6(hash, source, destination, ports, protocol);
}

/** For frames that are not IP: their MACs and EtherType. `frame` has 12 bytes at least. */
export function hashLink(frame: usize, etherType: u32): u32 {
  return mixPair(macAt(frame), macAt(frame + 6), etherType);
}
