// Bridges as the kernels see them: what the host has written of each.

import {
  BRIDGE_FLAGS,
  BRIDGE_MAC_LIMIT,
  BRIDGE_MEMBER_COUNT,
  BRIDGE_MEMBERS,
  BRIDGE_STRIDE,
  PORT_BRIDGE,
  PORT_GROUP,
  PORT_MAC_LIMIT,
  PORT_MEMBER,
  PORT_VLAN,
} from "../layout";
import { bridges } from "../memory/directory";

/** Address of a bridge's entry. */
export function bridgeOf(number: u32): usize {
  return bridges + <usize>number * BRIDGE_STRIDE;
}
/** BRIDGE_* bits. */
export function bridgeFlags(bridge: usize): u32 {
  return load<u32>(bridge, BRIDGE_FLAGS);
}
export function bridgeMacLimit(bridge: usize): u32 {
  return load<u32>(bridge, BRIDGE_MAC_LIMIT);
}
/** Address of the numbers of its members, u16 each, and of the end of them. */
export function firstMember(bridge: usize): usize {
  return load<u32>(bridge, BRIDGE_MEMBERS);
}
export function endOfMembers(bridge: usize): usize {
  return firstMember(bridge) + ((<usize>load<u32>(bridge, BRIDGE_MEMBER_COUNT)) << 1);
}

/** Of a port's entry: number of the bridge it is a member or an interface of. */
export function portBridge(port: usize): u32 {
  return load<u16>(port, PORT_BRIDGE);
}
/** VLAN of an interface; 0 where VLANs are not told apart. */
export function portVlan(port: usize): u32 {
  return load<u16>(port, PORT_VLAN);
}
/** MEMBER_* bits. */
export function memberFlags(port: usize): u32 {
  return load<u16>(port, PORT_MEMBER);
}
export function memberGroup(port: usize): u32 {
  return load<u16>(port, PORT_GROUP);
}
export function memberMacLimit(port: usize): u32 {
  return load<u32>(port, PORT_MAC_LIMIT);
}
