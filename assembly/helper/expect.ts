// Expecting what a connection announces: the tuple of the first packet, and what NAT is to do to
// it.

import { connectionProtocol, connectionZone, isOfIp6 } from "../connection";
import {
  EXPECTATION_DESTINATION,
  EXPECTATION_FLAGS,
  EXPECTATION_PORT,
  EXPECTATION_SOURCE,
  EXPECTATION_TRANSLATED,
  TUPLE_BYTES,
  TUPLE_DST,
  TUPLE_DST_PORT,
  TUPLE_FAMILY,
  TUPLE_PROTOCOL,
  TUPLE_SRC,
  TUPLE_ZONE,
  WORKER_HELPER_TUPLE,
} from "../layout";
import { worker } from "../memory/directory";
import { destinationAt, sourceAt } from "../state/connection_tuples";

/**
 * The tuple, in the worker's scratch, of a connection that comes from the one end of `entry` to the
 * other one as packets of `reply`'s direction do, to this port (host order) and from any.
 */
export function expectedTuple(entry: usize, reply: bool, port: u32): usize {
  const tuple = worker + WORKER_HELPER_TUPLE;
  memory.fill(tuple, 0, TUPLE_BYTES);
  copyAddress(tuple + TUPLE_SRC, sourceAt(entry, reply), entry);
  copyAddress(tuple + TUPLE_DST, destinationAt(entry, reply), entry);
  setExpectedPort(tuple, port);
  store<u8>(tuple, <u8>connectionProtocol(entry), TUPLE_PROTOCOL);
  store<u8>(tuple, isOfIp6(entry) ? 6 : 4, TUPLE_FAMILY);
  store<u16>(tuple, <u16>connectionZone(entry), TUPLE_ZONE);
  return tuple;
}

/** Host order. */
export function setExpectedPort(tuple: usize, port: u32): void {
  store<u16>(tuple, bswap<u16>(<u16>port), TUPLE_DST_PORT);
}

/**
 * Its connection is to be translated so that it comes from where packets of the other direction
 * than `reply` go, and goes to where these come from, to this port (host order).
 */
export function translateExpected(expectation: usize, entry: usize, reply: bool, port: u32): void {
  copyAddress(expectation + EXPECTATION_SOURCE, destinationAt(entry, !reply), entry);
  copyAddress(expectation + EXPECTATION_DESTINATION, sourceAt(entry, !reply), entry);
  store<u16>(expectation, bswap<u16>(<u16>port), EXPECTATION_PORT);
  store<u8>(expectation, EXPECTATION_TRANSLATED, EXPECTATION_FLAGS);
}

function copyAddress(to: usize, from: usize, entry: usize): void {
  v128.store(to, isOfIp6(entry) ? v128.load(from) : v128.load32_zero(from));
}
