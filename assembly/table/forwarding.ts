// What a route leads to: VRFs with their look-up tables, forwarding entries, ECMP buckets.

import {
  FORWARDING_MASK,
  FORWARDING_PORT,
  FORWARDING_STRIDE,
  FORWARDING_TARGET,
  FORWARDING_TYPE,
  ROUTE_MULTIPATH,
  VRF_LPM4,
  VRF_LPM6,
  VRF_STRIDE,
} from "../layout";
import { buckets, forwarding, vrfs } from "../memory/directory";
import { lookup4, lookup6 } from "./lpm";

/** Forwarding entry number for an IPv4 address in network order; 0 = no route. */
export function route4(vrf: u32, address: u32): u32 {
  return lookup4(vrfRoot4(vrf), bswap<u32>(address));
}

/** The IPv4 table of a VRF. */
export function vrfRoot4(vrf: u32): usize {
  return load<u32>(vrfs + <usize>vrf * VRF_STRIDE, VRF_LPM4);
}

/** Forwarding entry number for the IPv6 address at `address`; 0 = no route. */
export function route6(vrf: u32, address: usize): u32 {
  const root: usize = load<u32>(vrfs + <usize>vrf * VRF_STRIDE, VRF_LPM6);
  return lookup6(root, bswap<u64>(load<u64>(address)), bswap<u64>(load<u64>(address, 8)));
}

/** Address of a forwarding entry. */
export function forwardingOf(number: u32): usize {
  return forwarding + <usize>number * FORWARDING_STRIDE;
}
export function forwardingType(entry: usize): u32 {
  return load<u8>(entry, FORWARDING_TYPE);
}
export function forwardingPort(entry: usize): u32 {
  return load<u16>(entry, FORWARDING_PORT);
}
export function forwardingTarget(entry: usize): u32 {
  return load<u32>(entry, FORWARDING_TARGET);
}

/**
 * The member of a multipath entry that carries flows of this hash; the number itself for any other
 * entry. The low bits choose the bucket, as the top ones have chosen the shard.
 */
export function chooseMember(number: u32, hash: u32): u32 {
  const entry = forwardingOf(number);
  if (forwardingType(entry) !== ROUTE_MULTIPATH) return number;
  const bucket = forwardingTarget(entry) + (hash & load<u32>(entry, FORWARDING_MASK));
  return load<u32>(buckets + ((<usize>bucket) << 2));
}
