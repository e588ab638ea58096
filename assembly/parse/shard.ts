// The shard of a flow whose endpoints NAT may change: the top bits of the flow hash are computed
// from what NAT leaves alone, so that both directions of a connection, whatever NAT has made of
// them, belong to one shard. What is left out comes from the configuration (compile/steering.ts);
// the other bits of the hash remain those of the full endpoints, for the index of connections.

import {
  SHARD_SHIFT,
  STEER_ALL_ADDRESSES,
  STEER_ALL_PORTS,
  STEER_DROPPED4_SHIFT,
  STEER_DROPPED6_SHIFT,
  STEER_KEPT4_SHIFT,
  STEER_KEPT6_SHIFT,
  STEER_PORTS,
  STEER_PREFIXES4,
  STEERING_DROPPED4,
  STEERING_DROPPED6,
  STEERING_KEPT4,
  STEERING_KEPT6,
  STEERING_PORTS,
} from "../layout";
import { steer, steering } from "../memory/directory";
import { PROTOCOL_ICMP, PROTOCOL_ICMP6 } from "../wire/ipv4";
import { endpoint4, endpoint6, mixPair } from "./mix";

const SHARD_BITS: u32 = ~0 << SHARD_SHIFT;

// What is left out of an endpoint: nothing, its address, all of it
const WHOLE: u32 = 0;
const NO_ADDRESS: u32 = 1;
const NOTHING: u32 = 2;

// The ends, as bits
const SOURCE: u32 = 1;
const DESTINATION: u32 = 2;

/** Values of 32 bits behind their masks. */
const VALUES4: usize = STEER_PREFIXES4 * 4;
const ROW6: usize = 32;

/** The hash of a flow with its top bits exchanged. Arguments as those of hashIp4(). */
export function steered4(hash: u32, source: u32, destination: u32, ports: u32, kind: u32): u32 {
  const dropped4 = steering + STEERING_DROPPED4;
  const dropped = rowsWith4(source, destination, dropped4, (steer >> STEER_DROPPED4_SHIFT) & 15);
  const without = withoutAddress4(source, destination);
  const from = leftOut(dropped & SOURCE, without & SOURCE);
  const to = leftOut(dropped & DESTINATION, without & DESTINATION);
  const kept = portsKept(ports, from | to, kind);
  const one = part(from, kept & 0xffff, endpoint4(source, kept & 0xffff));
  const other = part(to, kept >> 16, endpoint4(destination, kept >> 16));
  return (mixPair(one, other, kind) & SHARD_BITS) | (hash & ~SHARD_BITS);
}

/** The same of IPv6: arguments as those of hashIp6(). */
export function steered6(hash: u32, source: usize, destination: usize, ports: u32, kind: u32): u32 {
  const from = leftOut6(source);
  const to = leftOut6(destination);
  const kept = portsKept(ports, from | to, kind);
  const one = part(from, kept & 0xffff, endpoint6(source, kept & 0xffff));
  const other = part(to, kept >> 16, endpoint6(destination, kept >> 16));
  return (mixPair(one, other, kind) & SHARD_BITS) | (hash & ~SHARD_BITS);
}

/** What is left of an endpoint whose port is `port`. */
function part(leftOut: u32, port: u32, whole: u64): u64 {
  if (leftOut === WHOLE) return whole;
  return leftOut === NO_ADDRESS ? <u64>port : 0;
}

/**
 * The ports less those that are left out. The identifier of an echo stands for both ports: where
 * one of them may be changed, so may the other.
 */
function portsKept(ports: u32, leftOut: u32, kind: u32): u32 {
  if ((steer & STEER_ALL_PORTS) !== 0) return 0;
  if ((leftOut & NOTHING) !== 0 && (kind === PROTOCOL_ICMP || kind === PROTOCOL_ICMP6)) return 0;
  if ((steer & STEER_PORTS) === 0) return ports;
  const source = isPortLeftOut(ports & 0xffff) ? 0 : ports & 0xffff;
  return isPortLeftOut(ports >> 16) ? source : source | (ports & 0xffff0000);
}

/** The port in memory order. */
function isPortLeftOut(port: u32): bool {
  const number: u32 = bswap<u16>(<u16>port);
  const byte: u32 = load<u8>(steering + <usize>(number >> 3), STEERING_PORTS);
  return ((byte >> (number & 7)) & 1) !== 0;
}

function leftOut(dropped: u32, without: u32): u32 {
  if (dropped !== 0) return NOTHING;
  return without !== 0 ? NO_ADDRESS : WHOLE;
}

function withoutAddress4(source: u32, destination: u32): u32 {
  if ((steer & STEER_ALL_ADDRESSES) !== 0) return SOURCE | DESTINATION;
  const rows = (steer >> STEER_KEPT4_SHIFT) & 15;
  return rowsWith4(source, destination, steering + STEERING_KEPT4, rows);
}

/** Which of both ends any of `count` times four rows has: SOURCE, DESTINATION. */
function rowsWith4(source: u32, destination: u32, rows: usize, count: u32): u32 {
  if (count === 0) return 0;
  const from = i32x4.splat(source);
  const to = i32x4.splat(destination);
  let fromFound = i32x4.splat(0);
  let toFound = i32x4.splat(0);
  const end = rows + <usize>count * 16;
  do {
    const masks = v128.load(rows);
    const values = v128.load(rows, VALUES4);
    fromFound = v128.or(fromFound, i32x4.eq(v128.and(from, masks), values));
    toFound = v128.or(toFound, i32x4.eq(v128.and(to, masks), values));
    rows += 16;
  } while (rows < end);
  const sources: u32 = v128.any_true(fromFound) ? SOURCE : 0;
  return v128.any_true(toFound) ? sources | DESTINATION : sources;
}

function leftOut6(address: usize): u32 {
  if (isIn6(address, steering + STEERING_DROPPED6, (steer >> STEER_DROPPED6_SHIFT) & 31)) {
    return NOTHING;
  }
  if ((steer & STEER_ALL_ADDRESSES) !== 0) return NO_ADDRESS;
  const rows = (steer >> STEER_KEPT6_SHIFT) & 31;
  return isIn6(address, steering + STEERING_KEPT6, rows) ? NO_ADDRESS : WHOLE;
}

function isIn6(address: usize, rows: usize, count: u32): bool {
  const value = v128.load(address);
  const end = rows + <usize>count * ROW6;
  for (; rows < end; rows += ROW6) {
    const masked = v128.and(value, v128.load(rows));
    if (!v128.any_true(v128.xor(masked, v128.load(rows, 16)))) return true;
  }
  return false;
}
