// Tunnels as the host writes them (src/compile/tunnels.ts).

import {
  CONTROL_TUNNEL_TYPES,
  TUNNEL_DSCP,
  TUNNEL_ERSPAN_DIRECTION,
  TUNNEL_ERSPAN_HARDWARE,
  TUNNEL_ERSPAN_INDEX,
  TUNNEL_ERSPAN_VERSION,
  TUNNEL_FAMILY,
  TUNNEL_FLAGS,
  TUNNEL_HEARD_SEQUENCE,
  TUNNEL_ID,
  TUNNEL_LOCAL,
  TUNNEL_OPTIONS,
  TUNNEL_OPTIONS_BYTES,
  TUNNEL_PORT,
  TUNNEL_REMOTE_COUNT,
  TUNNEL_REMOTES,
  TUNNEL_SENT_SEQUENCE,
  TUNNEL_SOURCE_COUNT,
  TUNNEL_SOURCE_LOW,
  TUNNEL_STRIDE,
  TUNNEL_TEMPLATE,
  TUNNEL_TEMPLATE_BYTES,
  TUNNEL_TTL,
  TUNNEL_TYPE,
  TUNNEL_UDP_PORT,
  TUNNEL_VRF,
} from "../layout";
import { tunnels } from "../memory/directory";

/** Address of a tunnel's entry. */
export function tunnelAt(number: u32): usize {
  return tunnels + <usize>number * TUNNEL_STRIDE;
}
export function tunnelNumber(tunnel: usize): u32 {
  return <u32>((tunnel - tunnels) / TUNNEL_STRIDE);
}
/** Whether some tunnel is of this ENCAPSULATION_*. */
export function hasTunnelsOf(type: u32): bool {
  return ((load<u32>(CONTROL_TUNNEL_TYPES) >> type) & 1) !== 0;
}

/** ENCAPSULATION_*. */
export function tunnelType(tunnel: usize): u32 {
  return load<u8>(tunnel, TUNNEL_TYPE);
}
/** Of the underlay: 4 or 6. */
export function tunnelFamily(tunnel: usize): u32 {
  return load<u8>(tunnel, TUNNEL_FAMILY);
}
/** Bits TUNNEL_HAS_ID to TUNNEL_CONTROL_WORD. */
export function tunnelFlags(tunnel: usize): u32 {
  return load<u16>(tunnel, TUNNEL_FLAGS);
}
export function tunnelId(tunnel: usize): u32 {
  return load<u32>(tunnel, TUNNEL_ID);
}
/** Host order, as the source ports. */
export function tunnelUdpPort(tunnel: usize): u32 {
  return load<u16>(tunnel, TUNNEL_UDP_PORT);
}
export function tunnelSourceLow(tunnel: usize): u32 {
  return load<u16>(tunnel, TUNNEL_SOURCE_LOW);
}
export function tunnelSourceCount(tunnel: usize): u32 {
  return load<u16>(tunnel, TUNNEL_SOURCE_COUNT);
}
export function tunnelTtl(tunnel: usize): u32 {
  return load<u8>(tunnel, TUNNEL_TTL);
}
/** 0 to 63. */
export function tunnelDscp(tunnel: usize): u32 {
  return load<u8>(tunnel, TUNNEL_DSCP);
}
/** Number of the tunnel's port. */
export function tunnelPort(tunnel: usize): u32 {
  return load<u16>(tunnel, TUNNEL_PORT);
}
/** VRF of the underlay. */
export function tunnelVrf(tunnel: usize): u32 {
  return load<u16>(tunnel, TUNNEL_VRF);
}
/** Address of our address, of 16 bytes; it counts where TUNNEL_HAS_LOCAL is set. */
export function tunnelLocal(tunnel: usize): usize {
  return tunnel + TUNNEL_LOCAL;
}
export function tunnelRemotes(tunnel: usize): u32 {
  return load<u32>(tunnel, TUNNEL_REMOTE_COUNT);
}
/** Address of a remote, of 16 bytes. */
export function tunnelRemote(tunnel: usize, place: u32): usize {
  return <usize>load<u32>(tunnel, TUNNEL_REMOTES) + ((<usize>place) << 4);
}
/** Address of the Geneve options sent with every packet. */
export function tunnelOptions(tunnel: usize): usize {
  return load<u32>(tunnel, TUNNEL_OPTIONS);
}
export function tunnelOptionsBytes(tunnel: usize): u32 {
  return load<u32>(tunnel, TUNNEL_OPTIONS_BYTES);
}
/** 1 = ERSPAN type II, 2 = type III. */
export function erspanVersion(tunnel: usize): u32 {
  return load<u8>(tunnel, TUNNEL_ERSPAN_VERSION);
}
export function erspanHardware(tunnel: usize): u32 {
  return load<u8>(tunnel, TUNNEL_ERSPAN_HARDWARE);
}
/** 1 = egress. */
export function erspanDirection(tunnel: usize): u32 {
  return load<u8>(tunnel, TUNNEL_ERSPAN_DIRECTION);
}
export function erspanIndex(tunnel: usize): u32 {
  return load<u32>(tunnel, TUNNEL_ERSPAN_INDEX);
}
/** Bytes of the headers prepared; 0 = none are. */
export function templateBytes(tunnel: usize): u32 {
  return load<u32>(tunnel, TUNNEL_TEMPLATE_BYTES);
}
export function templateOf(tunnel: usize): usize {
  return tunnel + TUNNEL_TEMPLATE;
}

/** Number of the GRE packet that is sent next: each is taken once. */
export function takeSequence(tunnel: usize): u32 {
  const sequence = load<u32>(tunnel, TUNNEL_SENT_SEQUENCE);
  store<u32>(tunnel, sequence + 1, TUNNEL_SENT_SEQUENCE);
  return sequence;
}
/** Least number the next packet heard may have; 0 = any. */
export function heardSequence(tunnel: usize): u32 {
  return load<u32>(tunnel, TUNNEL_HEARD_SEQUENCE);
}
export function setHeardSequence(tunnel: usize, sequence: u32): void {
  store<u32>(tunnel, sequence, TUNNEL_HEARD_SEQUENCE);
}
