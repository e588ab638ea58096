// What the host has written of each bridge's guards.

import {
  BINDINGS_GUARDS,
  GUARD_FLAGS,
  GUARD_INTERFACE_COUNT,
  GUARD_INTERFACES,
  GUARD_MOST_MOVES,
  GUARD_RESERVED,
  GUARD_STRIDE,
  GUARD_SUPPRESSION,
  PORT_UNKNOWN,
} from "../layout";
import { bindings } from "../memory/directory";

const INTERFACE_BYTES: usize = 4;
const INTERFACE_PORT: usize = 2;

/** Address of the guard of a bridge, by its number. */
export function guardOf(bridge: u32): usize {
  return bindings + BINDINGS_GUARDS + <usize>bridge * GUARD_STRIDE;
}
/** Whether the bridge answers for stations it knows. */
export function suppresses(guard: usize): bool {
  return (load<u32>(guard, GUARD_FLAGS) & GUARD_SUPPRESSION) !== 0;
}
/** Bit x: frames to 01-80-C2-00-00-0x are forwarded. */
export function forwardedGroups(guard: usize): u32 {
  return load<u32>(guard, GUARD_RESERVED);
}
/** Moves of one MAC within a second that are no loop; 0 = loops are not looked for. */
export function mostMoves(guard: usize): u32 {
  return load<u32>(guard, GUARD_MOST_MOVES);
}

/** The port that is the bridge's interface in a VLAN, or PORT_UNKNOWN. */
export function interfaceIn(guard: usize, vlan: u32): u32 {
  const first: usize = load<u32>(guard, GUARD_INTERFACES);
  const end = first + <usize>load<u32>(guard, GUARD_INTERFACE_COUNT) * INTERFACE_BYTES;
  for (let at = first; at < end; at += INTERFACE_BYTES) {
    if (load<u16>(at) === <u16>vlan) return load<u16>(at, INTERFACE_PORT);
  }
  return PORT_UNKNOWN;
}
