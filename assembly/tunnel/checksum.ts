// Checksums over what a tunnel carries: of UDP (RFC 768; that they may be zero over IPv6 too is
// RFC 6935) and of GRE (RFC 2784 2.3).

import { DROP_TUNNEL_BAD_CHECKSUM } from "../drops";
import {
  ENCAPSULATION_GENEVE,
  ENCAPSULATION_GRE,
  ENCAPSULATION_GRETAP,
  ENCAPSULATION_MPLS_UDP,
  ENCAPSULATION_VXLAN,
  TUNNEL_CHECKSUM,
  VERDICT_CONTINUE,
} from "../layout";
import { drop } from "../packet";
import { tunnelFamily, tunnelFlags, tunnelType } from "../table/tunnels";
import { checksumOf, foldSum, pseudoSum4, pseudoSum6, sumBytes } from "../wire/checksum";
import { greChecksumAt } from "../wire/gre";
import { ip4Destination, ip4Source, PROTOCOL_UDP } from "../wire/ipv4";
import { ip6Destination, ip6Source } from "../wire/ipv6";
import { setUdpChecksum } from "../wire/udp";
import { foundHasChecksum } from "./found";

/** What the sum over an area with a right checksum folds to. */
const RIGHT: u32 = 0xffff;

/** Whether tunnels of this ENCAPSULATION_* have a UDP header. */
export function isUdp(type: u32): bool {
  return (
    type === ENCAPSULATION_VXLAN || type === ENCAPSULATION_GENEVE || type === ENCAPSULATION_MPLS_UDP
  );
}
function isGre(type: u32): bool {
  return type === ENCAPSULATION_GRE || type === ENCAPSULATION_GRETAP;
}

/**
 * Writes the checksum, where the tunnel has them, of `bytes` bytes from the UDP or GRE header `at`
 * on, behind the outer IP header `ip` of the tunnel's family. The field is zero before.
 */
export function finishChecksum(tunnel: usize, ip: usize, at: usize, bytes: u32): void {
  if ((tunnelFlags(tunnel) & TUNNEL_CHECKSUM) === 0) return;
  const type = tunnelType(tunnel);
  if (isUdp(type)) {
    const pseudo = tunnelFamily(tunnel) === 4 ? pseudo4(ip, bytes) : pseudo6(ip, bytes);
    const checksum = checksumOf(pseudo + sumBytes(at, bytes));
    // zero would say that there is none (RFC 768)
    setUdpChecksum(at, checksum === 0 ? 0xffff : checksum);
  } else if (isGre(type)) {
    store<u16>(greChecksumAt(at), <u16>checksumOf(sumBytes(at, bytes)));
  }
}

function pseudo4(ip: usize, bytes: u32): u64 {
  return pseudoSum4(ip4Source(ip), ip4Destination(ip), PROTOCOL_UDP, bytes);
}
function pseudo6(ip: usize, bytes: u32): u64 {
  return pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_UDP, bytes);
}

/** Whether the checksum of a GRE packet that has one is right. */
export function greChecksumHolds(gre: usize, bytes: u32): bool {
  return foldSum(sumBytes(gre, bytes)) === RIGHT;
}

/**
 * Whether the header read has the checksum the tunnel demands. As in Linux, UDP over IPv4 needs
 * none whatever we send: to leave it out is the sender's choice (RFC 7348 5).
 */
export function checkPresence(tunnel: usize): i32 {
  if (foundHasChecksum || (tunnelFlags(tunnel) & TUNNEL_CHECKSUM) === 0) return VERDICT_CONTINUE;
  const type = tunnelType(tunnel);
  const demanded = isGre(type) || (isUdp(type) && tunnelFamily(tunnel) === 6);
  return demanded ? drop(DROP_TUNNEL_BAD_CHECKSUM) : VERDICT_CONTINUE;
}
