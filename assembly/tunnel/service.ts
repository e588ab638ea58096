// DSCP and ECN into tunnels and out of them (RFC 2983, RFC 6040).

import { DROP_TUNNEL_ECN } from "../drops";
import { TUNNEL_DSCP_INHERIT, VERDICT_CONTINUE } from "../layout";
import { drop } from "../packet";
import { tunnelDscp, tunnelFlags } from "../table/tunnels";
import { ip4Service, ip4Version, rewriteIp4Service } from "../wire/ipv4";
import { ip6Class, setIp6Class } from "../wire/ipv6";
import { innerIp } from "./inner";

/** ECN (RFC 3168 5): the low two bits of the service byte. */
const ECN_MASK: u32 = 3;
const NOT_CAPABLE: u32 = 0;
/** ECT(1). */
const CAPABLE_1: u32 = 1;
const CONGESTED: u32 = 3;

/**
 * DSCP and ECN of the outer header: the DSCP of the tunnel, or that of the packet; the ECN of the
 * packet always (RFC 6040 4.1, normal mode).
 */
export function outerService(tunnel: usize, inner: u32): u32 {
  const inherits = (tunnelFlags(tunnel) & TUNNEL_DSCP_INHERIT) !== 0;
  const dscp = inherits ? inner & ~ECN_MASK : tunnelDscp(tunnel) << 2;
  return dscp | (inner & ECN_MASK);
}

/**
 * Service byte of a packet that comes out of a tunnel: its own, but for the ECN that both say
 * (RFC 6040 4.2, figure 4); -1 = congestion that it cannot carry on: it is to be dropped.
 */
export function innerEcn(outer: u32, inner: u32): i32 {
  const without = inner & ECN_MASK;
  const around = outer & ECN_MASK;
  if (around === CONGESTED) return without === NOT_CAPABLE ? -1 : <i32>(inner | CONGESTED);
  // ECT(1) around ECT(0): the lesser mark of congestion that some use (RFC 6040 4.2)
  const marked = around === CAPABLE_1 && without !== NOT_CAPABLE && without !== CONGESTED;
  return <i32>(marked ? (inner & ~ECN_MASK) | CAPABLE_1 : inner);
}

/**
 * Carries the ECN of the outer header (its service byte) on in the packet from `at` to `end`, of
 * this EtherType (0x6558 = an Ethernet frame); what is not IP is let be. VERDICT_CONTINUE or a
 * drop.
 */
export function propagateEcn(outer: u32, etherType: u32, at: usize, end: usize): i32 {
  const around = outer & ECN_MASK;
  if (around !== CONGESTED && around !== CAPABLE_1) return VERDICT_CONTINUE;
  const ip = innerIp(etherType, at, end);
  if (ip === 0) return VERDICT_CONTINUE;
  const isIp4 = ip4Version(ip) === 4;
  const inner = isIp4 ? ip4Service(ip) : ip6Class(ip);
  const service = innerEcn(outer, inner);
  if (service < 0) return drop(DROP_TUNNEL_ECN);
  if (<u32>service === inner) return VERDICT_CONTINUE;
  if (isIp4) rewriteIp4Service(ip, service);
  else setIp6Class(ip, service);
  return VERDICT_CONTINUE;
}
