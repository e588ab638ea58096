// TTL and "don't fragment" of outer headers, and what becomes of the inner ones.

import {
  ENCAPSULATION_MPLS_UDP,
  TUNNEL_DF_INHERIT,
  TUNNEL_DF_SET,
  TUNNEL_TTL_INHERIT,
} from "../layout";
import { tunnelFlags, tunnelTtl, tunnelType } from "../table/tunnels";
import { foundTtl } from "./found";
import { innerIp, innerKeepsWhole, innerTtl, setInnerTtl } from "./inner";

/** Where there is nothing to inherit a TTL from (RFC 1700: the default of IP). */
const DEFAULT_TTL: u32 = 64;

/** The tunnel's own TTL. */
export function fixedTtl(tunnel: usize): u32 {
  const ttl = tunnelTtl(tunnel);
  return ttl === 0 ? DEFAULT_TTL : ttl;
}

/**
 * TTL of the outer IP header before what lies from `at` to `end`, of this EtherType (0x6558 = an
 * Ethernet frame). MPLS inherits it in its label, and leaves the outer header alone.
 */
export function outerTtl(tunnel: usize, etherType: u32, at: usize, end: usize): u32 {
  const inherits = (tunnelFlags(tunnel) & TUNNEL_TTL_INHERIT) !== 0;
  if (!inherits || tunnelType(tunnel) === ENCAPSULATION_MPLS_UDP) return fixedTtl(tunnel);
  const ttl = innerTtl(etherType, at, end);
  return ttl === 0 ? fixedTtl(tunnel) : ttl;
}

/** Whether the outer IPv4 header says "don't fragment"; inherited as Linux does (df inherit). */
export function outerKeepsWhole(tunnel: usize, etherType: u32, at: usize, end: usize): bool {
  const flags = tunnelFlags(tunnel);
  if ((flags & TUNNEL_DF_SET) !== 0) return true;
  return (flags & TUNNEL_DF_INHERIT) !== 0 && innerKeepsWhole(etherType, at, end);
}

/**
 * Out of a tunnel of the uniform model, the packet has the TTL its label had, unless its own is
 * less (RFC 3443 3.1; what takes it on takes one from it).
 */
export function propagateTtl(tunnel: usize, etherType: u32, at: usize, end: usize): void {
  if (tunnelType(tunnel) !== ENCAPSULATION_MPLS_UDP) return;
  if ((tunnelFlags(tunnel) & TUNNEL_TTL_INHERIT) === 0) return;
  const ip = innerIp(etherType, at, end);
  if (ip !== 0 && innerTtl(etherType, at, end) > foundTtl) setInnerTtl(ip, foundTtl);
}
