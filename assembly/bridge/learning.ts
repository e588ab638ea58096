// What a bridge learns from the source of a frame, and which sources it refuses.

import { DROP_BAD_SOURCE_MAC, DROP_LOOP_GUARD, DROP_MAC_ELSEWHERE, DROP_MAC_LIMIT } from "../drops";
import {
  BRIDGE_LEARNING,
  BRIDGE_MACS,
  BRIDGE_REFRESH,
  CONTROL_BRIDGE_COUNT,
  COUNT_MACS_LEARNED,
  COUNT_MACS_MOVED,
  COUNT_MACS_REFUSED,
  FDB_FLAGS,
  FDB_LOCAL,
  FDB_PORT,
  FDB_REMOTE,
  FDB_REMOTE_IP6,
  FDB_SEEN,
  FDB_SIDE_REMOTE,
  FDB_STATIC,
  MEMBER_LEARNING,
  MEMBER_REMOTES,
  PORT_TUNNEL,
  VERDICT_CONTINUE,
} from "../layout";
import { countEvent } from "../memory/counters";
import { drop, inPortOf } from "../packet";
import { addMac, expireMacs, isFdbFull, macsBehind, moveMac, renewMac, sideOf } from "../state/fdb";
import { sourceFamily, tunnelSource } from "../state/tunnel_metadata";
import {
  bridgeFlags,
  bridgeMacLimit,
  bridgeOf,
  memberFlags,
  memberMacLimit,
  portBridge,
} from "../table/bridges";
import { portFlags } from "../table/ports";
import { guardOf, mostMoves } from "./guards";
import { homeOf, noteMove } from "./loop_guard";

/**
 * Whether nothing is to be done about a source: its entry (0 = none) says that it is at the port,
 * and was noted not long before `now`. A note costs a store to an entry that is else only read, and
 * its place in the list of its bridge: that every frame would pay, where one in a second does.
 */
export function isSettled(entry: usize, bridge: usize, port: u32, now: u64): bool {
  if (entry === 0) return false;
  // Port and flags: neither static nor behind a remote.
  if (load<u32>(entry, FDB_PORT) !== port) return false;
  return now - load<u64>(entry, FDB_SEEN) < load<u64>(bridge, BRIDGE_REFRESH);
}

/**
 * Learns at `now` that the source with the key is behind the port (entry at `port`) the frame came
 * by: `entry` is what is known of it. VERDICT_CONTINUE; or the frame is dropped.
 */
export function hear(record: usize, port: usize, entry: usize, key: u64, now: u64): i32 {
  const mac = <u32>key;
  if ((mac & 1) !== 0 || key << 16 === 0) return drop(DROP_BAD_SOURCE_MAC);
  const number = inPortOf(record);
  const bridge = bridgeOf(portBridge(port));
  if (entry !== 0 && (load<u16>(entry, FDB_FLAGS) & (FDB_STATIC | FDB_LOCAL)) !== 0) {
    return hearStatic(port, entry, number);
  }
  if ((bridgeFlags(bridge) & BRIDGE_LEARNING) === 0) return VERDICT_CONTINUE;
  if ((memberFlags(port) & MEMBER_LEARNING) === 0) return VERDICT_CONTINUE;
  if (entry === 0) return learn(record, port, bridge, key, now);
  if (load<u16>(entry, FDB_PORT) !== <u16>number) return move(record, port, bridge, entry, now);
  if (noteRemote(record, port, entry)) countEvent(COUNT_MACS_MOVED);
  const seen = load<u64>(entry, FDB_SEEN);
  if (now >= seen && now - seen >= load<u64>(bridge, BRIDGE_REFRESH)) renewMac(bridge, entry, now);
  return VERDICT_CONTINUE;
}

/**
 * Our own interface is a source only if frames come back; or if the other end of a tunnel has the
 * same gateway, with the same MAC, and has routed the packet there (RFC 9135 4.1).
 */
function hearStatic(port: usize, entry: usize, number: u32): i32 {
  if (load<u16>(entry, FDB_PORT) === <u16>number) return VERDICT_CONTINUE;
  if ((load<u16>(entry, FDB_FLAGS) & FDB_LOCAL) === 0) return drop(DROP_MAC_ELSEWHERE);
  return (portFlags(port) & PORT_TUNNEL) !== 0 ? VERDICT_CONTINUE : drop(DROP_LOOP_GUARD);
}

/**
 * A port's limit is for its security: whoever is above it is not heard. The bridge's is for its
 * memory: who finds no room is bridged all the same, and what is for him flooded.
 */
function learn(record: usize, port: usize, bridge: usize, key: u64, now: u64): i32 {
  const number = inPortOf(record);
  if (isOverLimit(port, number)) return refuse();
  if (load<u32>(bridge, BRIDGE_MACS) >= bridgeMacLimit(bridge)) {
    countEvent(COUNT_MACS_REFUSED);
    return VERDICT_CONTINUE;
  }
  // Bridges that have been quiet may know what is over.
  if (isFdbFull()) expireAll(now);
  const entry = addMac(key, portBridge(port), bridge, number, now);
  countEvent(entry === 0 ? COUNT_MACS_REFUSED : COUNT_MACS_LEARNED);
  if (entry !== 0) noteRemote(record, port, entry);
  return VERDICT_CONTINUE;
}

function expireAll(now: u64): void {
  const count = load<u32>(CONTROL_BRIDGE_COUNT);
  for (let number: u32 = 0; number < count; number++) expireMacs(bridgeOf(number), now);
}

function move(record: usize, port: usize, bridge: usize, entry: usize, now: u64): i32 {
  const number = inPortOf(record);
  if (isOverLimit(port, number)) return refuse();
  const most = mostMoves(guardOf(portBridge(port)));
  if (most !== 0 && !noteMove(sideOf(entry), load<u16>(entry, FDB_PORT), now, most)) {
    return sendHome(bridge, entry, now);
  }
  moveMac(bridge, entry, number, now);
  store<u16>(entry, 0, FDB_FLAGS);
  noteRemote(record, port, entry);
  countEvent(COUNT_MACS_MOVED);
  return VERDICT_CONTINUE;
}

/** A MAC that goes round in a loop is where it was before, and the frame is dropped. */
function sendHome(bridge: usize, entry: usize, now: u64): i32 {
  const home = homeOf(sideOf(entry));
  if (load<u16>(entry, FDB_PORT) !== <u16>home) moveMac(bridge, entry, home, now);
  return drop(DROP_LOOP_GUARD);
}

function isOverLimit(port: usize, number: u32): bool {
  const limit = memberMacLimit(port);
  return limit !== 0 && macsBehind(number) >= limit;
}

function refuse(): i32 {
  countEvent(COUNT_MACS_REFUSED);
  return drop(DROP_MAC_LIMIT);
}

/** Notes behind which remote of a tunnel a MAC is; true when it was behind another. */
function noteRemote(record: usize, port: usize, entry: usize): bool {
  if ((memberFlags(port) & MEMBER_REMOTES) === 0) return false;
  const source = tunnelSource(record);
  if (source === 0) return false;
  const family: u32 = sourceFamily(record) === 6 ? FDB_REMOTE_IP6 : 0;
  const flags = <u16>(FDB_REMOTE | family);
  const side = sideOf(entry);
  const remote = v128.load(source);
  const known = load<u16>(entry, FDB_FLAGS);
  const isSame = !v128.any_true(v128.xor(v128.load(side, FDB_SIDE_REMOTE), remote));
  if (known === flags && isSame) return false;
  v128.store(side, remote, FDB_SIDE_REMOTE);
  store<u16>(entry, flags, FDB_FLAGS);
  return known !== 0;
}
