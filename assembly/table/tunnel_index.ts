// Which tunnel a received packet belongs to (written by src/compile/tunnels.ts).

import {
  CONTROL_TUNNEL_INDEX_MASK,
  CONTROL_TUNNEL_SHAPES,
  CONTROL_TUNNEL_UDP_COUNT,
  CONTROL_TUNNEL_UDP_PORTS,
  ENCAPSULATION_NONE,
  SET_HASH_FIRST,
  SET_HASH_FOURTH,
  SET_HASH_SECOND,
  SET_HASH_THIRD,
  TUNNEL_KEY_REMOTE,
  TUNNEL_SHAPE_BARE,
  TUNNEL_SHAPE_ID,
  TUNNEL_SHAPE_REMOTE,
  TUNNEL_SLOT_LOCAL,
  TUNNEL_SLOT_STRIDE,
  TUNNEL_SLOT_TUNNEL,
} from "../layout";
import { tunnelIndex } from "../memory/directory";
import { tunnelAt } from "./tunnels";

/** ENCAPSULATION_* of what comes to this UDP port (host order). */
export function udpTunnelType(port: u32): u32 {
  let at: usize = load<u32>(CONTROL_TUNNEL_UDP_PORTS);
  const end = at + ((<usize>load<u32>(CONTROL_TUNNEL_UDP_COUNT)) << 2);
  for (; at < end; at += 4) {
    if (load<u16>(at) === port) return load<u8>(at, 2);
  }
  return ENCAPSULATION_NONE;
}

/**
 * Entry of the tunnel that takes packets of this type in this VRF of the underlay; 0 = none does.
 * The most exact one: by remote and identifier, identifier, remote, or neither (what flows choose).
 * @param hasId whether the packet has an identifier; without one `id` is 0
 * @param source outer addresses of `family` 4 or 6
 */
export function findTunnel(
  type: u32,
  family: u32,
  vrf: u32,
  hasId: bool,
  id: u32,
  source: usize,
  destination: usize,
): usize {
  const shapes = load<u32>(CONTROL_TUNNEL_SHAPES);
  const ip4 = family === 4;
  const remote = ip4 ? v128.load32_zero(source) : v128.load(source);
  const local = ip4 ? v128.load32_zero(destination) : v128.load(destination);
  const head = i32x4.replace_lane(i32x4.splat(0), 0, type | (family << 8) | (vrf << 16));
  const named: u32 = hasId ? TUNNEL_SHAPE_ID : TUNNEL_SHAPE_BARE;
  const none = i32x4.splat(0);
  let found: usize = 0;
  if ((shapes & (1 << (named | TUNNEL_SHAPE_REMOTE))) !== 0) {
    found = probe(keyHead(head, named | TUNNEL_SHAPE_REMOTE, id), remote, local);
    if (found !== 0) return found;
  }
  if ((shapes & (1 << named)) !== 0) {
    found = probe(keyHead(head, named, id), none, local);
    if (found !== 0) return found;
  }
  if ((shapes & (1 << TUNNEL_SHAPE_REMOTE)) !== 0) {
    found = probe(keyHead(head, TUNNEL_SHAPE_REMOTE, 0), remote, local);
    if (found !== 0) return found;
  }
  return (shapes & 1) !== 0 ? probe(head, none, local) : 0;
}

function keyHead(head: v128, shape: u32, id: u32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(head, 1, shape), 2, id);
}

function probe(head: v128, remote: v128, local: v128): usize {
  const mask = load<u32>(CONTROL_TUNNEL_INDEX_MASK);
  let slot = hashOfKey(head, remote) & mask;
  while (true) {
    const at = tunnelIndex + <usize>slot * TUNNEL_SLOT_STRIDE;
    const number = load<u32>(at, TUNNEL_SLOT_TUNNEL);
    if (number === 0) return 0;
    const difference = v128.or(
      v128.xor(v128.load(at), head),
      v128.xor(v128.load(at, TUNNEL_KEY_REMOTE), remote),
    );
    if (!v128.any_true(difference)) {
      const own = v128.load(at, TUNNEL_SLOT_LOCAL);
      if (!v128.any_true(own) || !v128.any_true(v128.xor(own, local))) return tunnelAt(number - 1);
    }
    slot = (slot + 1) & mask;
  }
}

/** tunnelHash() of src/compile/tunnels.ts. */
function hashOfKey(head: v128, remote: v128): u32 {
  const first = <u32>i32x4.extract_lane(head, 0) ^ rotl<u32>(i32x4.extract_lane(head, 1), 16);
  const near = <u32>i32x4.extract_lane(remote, 0) ^ rotl<u32>(i32x4.extract_lane(remote, 2), 13);
  const far = <u32>i32x4.extract_lane(remote, 1) ^ rotl<u32>(i32x4.extract_lane(remote, 3), 7);
  const sum =
    first * <u32>SET_HASH_FIRST +
    <u32>i32x4.extract_lane(head, 2) * <u32>SET_HASH_SECOND +
    near * <u32>SET_HASH_THIRD +
    far * <u32>SET_HASH_FOURTH;
  const mixed = (sum ^ (sum >> 15)) * <u32>SET_HASH_THIRD;
  return mixed ^ (mixed >> 13);
}
