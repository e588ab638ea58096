// The UDP header that VXLAN, Geneve and MPLS lie in.

import { tunnelSourceCount, tunnelSourceLow, tunnelUdpPort } from "../table/tunnels";
import { buildUdp, UDP_HEADER, udpChecksum, udpExtent } from "../wire/udp";
import { noteChecksum, noteEnd } from "./found";

/**
 * The source port by which the underlay spreads flows over its paths: the same for all packets of a
 * flow (RFC 7348 5, RFC 8926 3.3, RFC 7510 3). Of all bits of the hash, since its top ones are the
 * same in all that a worker sends.
 */
export function sourcePort(tunnel: usize, hash: u32): u32 {
  const mixed = <u64>(hash ^ (hash << 16));
  return tunnelSourceLow(tunnel) + <u32>((mixed * tunnelSourceCount(tunnel)) >> 32);
}

/** Writes the header before `bytes` bytes; its checksum is zero. */
export function writeUdp(tunnel: usize, at: usize, hash: u32, bytes: u32): void {
  buildUdp(at, sourcePort(tunnel, hash), tunnelUdpPort(tunnel), UDP_HEADER + bytes);
}

/** Bytes behind the header, up to foundEnd; -1 = its length lies. */
export function readUdp(udp: usize, end: usize): i32 {
  const extent = udpExtent(udp, <u32>(end - udp));
  if (extent === 0) return -1;
  noteEnd(udp + extent);
  noteChecksum(udpChecksum(udp) !== 0);
  return <i32>(extent - UDP_HEADER);
}
