// The port NAT gives an end of a connection, or the identifier of a query: the one it has, if that
// makes the connection one of its kind, else another one (RFC 4787 4.2: ports below 1024 stay below
// 1024). As nf_nat chooses, but that the reply must come back to the same shard, and that ranges of
// up to EXHAUSTIVE ports are searched to the last.

import {
  CONTROL_NAT_SEED,
  SHARD_SHIFT,
  TUPLE_DST,
  TUPLE_DST_PORT,
  TUPLE_FAMILY,
  TUPLE_PROTOCOL,
  TUPLE_SRC,
  TUPLE_SRC_PORT,
} from "../layout";
import { endpoint4, endpoint6, mixPair } from "../parse/mix";
import { hashOfTuple, hasPorts } from "../parse/tuple";
import { isTupleTaken } from "../state/connections";
import { isIcmp6Echo } from "../wire/icmp6";
import { PROTOCOL_ICMP, PROTOCOL_ICMP6 } from "../wire/ipv4";
import { hasIdentifier } from "./rewrite";

/** Ranges of up to so many ports are tried port by port. */
const EXHAUSTIVE: u32 = 4096;
/** Of larger ones: connections looked for, and ports considered, the first time; then halves. */
const FIRST_LOOKS: u32 = 128;
const LAST_LOOKS: u32 = 16;
const PORTS_PER_LOOK: u32 = 128;

/** The connection whose reply is sought, and the shard it has to come back to. */
let connection: usize = 0;
let shard: u32 = 0;

/** Begins the choice for a connection, of which `original` is the tuple of the first packet. */
export function beginChoice(entry: usize, original: usize): void {
  connection = entry;
  shard = hashOfTuple(original) >>> SHARD_SHIFT;
}

/** Whether the reply comes back to the connection: to its shard, and to no other connection. */
export function isReplyFree(reply: usize): bool {
  const hash = hashOfTuple(reply);
  return hash >>> SHARD_SHIFT === shard && !isTupleTaken(hash, reply, connection);
}

/** Offset in the reply's tuple of the port (identifier) that NAT may change; 0 = it has none. */
export function portPlace(reply: usize, source: bool): usize {
  const protocol: u32 = load<u8>(reply, TUPLE_PROTOCOL);
  if (hasPorts(protocol)) return <usize>(source ? TUPLE_DST_PORT : TUPLE_SRC_PORT);
  const type: u32 = load<u8>(reply, TUPLE_DST_PORT);
  const four = load<u8>(reply, TUPLE_FAMILY) === 4;
  const queries =
    (four && protocol === PROTOCOL_ICMP && hasIdentifier(type)) ||
    (!four && protocol === PROTOCOL_ICMP6 && isIcmp6Echo(type));
  return queries ? <usize>TUPLE_SRC_PORT : 0;
}

/** Whether the port of the tuple is an identifier, in the place of the source port. */
export function isIdentifier(reply: usize): bool {
  const protocol: u32 = load<u8>(reply, TUPLE_PROTOCOL);
  return protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMP6;
}

/**
 * Searches `size` ports from `low` on (host order) for one that frees the reply, whose port at
 * `place` it becomes. From the lowest on, or, when `shuffled`, from one that the seed of the engine
 * and the connection decide. False: none was found, and the port is what it was.
 */
export function searchPort(reply: usize, place: usize, low: u32, size: u32, shuffled: bool): bool {
  const former = load<u16>(reply + place);
  let chance = chanceOf(reply);
  let start = shuffled ? chance % size : 0;
  if (size <= EXHAUSTIVE) {
    if (tryPorts(reply, place, low, size, start, size, size)) return true;
  } else {
    for (let looks = FIRST_LOOKS; looks >= LAST_LOOKS; looks >>= 1) {
      if (tryPorts(reply, place, low, size, start, looks * PORTS_PER_LOOK, looks)) return true;
      chance = mixPair(chance, low, size);
      start = chance % size;
    }
  }
  store<u16>(reply + place, former);
  return false;
}

/** Tries up to `count` ports; looks up to `looks` connections. */
function tryPorts(
  reply: usize,
  place: usize,
  low: u32,
  size: u32,
  start: u32,
  count: u32,
  looks: u32,
): bool {
  let step = start;
  for (let tried: u32 = 0; tried < count && tried < size; tried++) {
    store<u16>(reply + place, bswap<u16>(<u16>(low + step)));
    const hash = hashOfTuple(reply);
    if (hash >>> SHARD_SHIFT === shard) {
      if (!isTupleTaken(hash, reply, connection)) return true;
      looks -= 1;
      if (looks === 0) return false;
    }
    step = step + 1 === size ? 0 : step + 1;
  }
  return false;
}

/** Random, but the same whenever the same connection is made in the same run. */
function chanceOf(reply: usize): u32 {
  const seed = load<u32>(CONTROL_NAT_SEED);
  const ports = load<u32>(reply, TUPLE_SRC_PORT);
  if (load<u8>(reply, TUPLE_FAMILY) === 4) {
    const from = endpoint4(load<u32>(reply, TUPLE_SRC), ports & 0xffff);
    return mixPair(from, endpoint4(load<u32>(reply, TUPLE_DST), ports >> 16), seed);
  }
  const from = endpoint6(reply + TUPLE_SRC, ports & 0xffff);
  return mixPair(from, endpoint6(reply + TUPLE_DST, ports >> 16), seed);
}
