// A connection that a translated one has announced is translated as that one is: it comes from
// where the announcement went to, and goes to where that came from, to the port it named
// (nf_nat_follow_master of Linux).

import {
  EXPECTATION_DESTINATION,
  EXPECTATION_PORT,
  EXPECTATION_SOURCE,
  NAT_BYTES,
  NAT_DESTINATION,
  NAT_FAMILY,
  NAT_FLAGS,
  NAT_HAS_ADDRESS,
  NAT_HAS_PORTS,
  NAT_HIGH,
  NAT_HIGH_PORT,
  NAT_KIND,
  NAT_LOW,
  NAT_LOW_PORT,
  NAT_SOURCE,
  TUPLE_FAMILY,
  VERDICT_CONTINUE,
  WORKER_HELPER_NAT,
} from "../layout";
import { worker } from "../memory/directory";
import { chooseNat } from "./choose";

/** Ports that are not privileged. */
const FIRST_PORT: u16 = 1024;
const LAST_PORT: u16 = 65535;

/**
 * Decides the translation of a new connection that was expected. The destination's port is the one
 * its end listens to; should that lead to another shard, or be taken, the source gets another port.
 * False: that could not be done.
 */
export function followMaster(entry: usize, expectation: usize): bool {
  const spec = worker + WORKER_HELPER_NAT;
  memory.fill(spec, 0, NAT_BYTES);
  store<u8>(spec, load<u8>(expectation, TUPLE_FAMILY), NAT_FAMILY);
  const port: u16 = bswap<u16>(load<u16>(expectation, EXPECTATION_PORT));
  store<u8>(spec, NAT_DESTINATION, NAT_KIND);
  store<u8>(spec, NAT_HAS_ADDRESS | NAT_HAS_PORTS, NAT_FLAGS);
  store<u16>(spec, port, NAT_LOW_PORT);
  store<u16>(spec, port, NAT_HIGH_PORT);
  setAddress(spec, v128.load(expectation, EXPECTATION_DESTINATION));
  if (chooseNat(entry, spec, false, 0) !== VERDICT_CONTINUE) return false;
  store<u8>(spec, NAT_SOURCE, NAT_KIND);
  store<u8>(spec, NAT_HAS_ADDRESS, NAT_FLAGS);
  setAddress(spec, v128.load(expectation, EXPECTATION_SOURCE));
  if (chooseNat(entry, spec, true, 0) === VERDICT_CONTINUE) return true;
  // Ports of the class it has do not lead to its shard: shards do not go by privileged ones
  store<u8>(spec, NAT_HAS_ADDRESS | NAT_HAS_PORTS, NAT_FLAGS);
  store<u16>(spec, FIRST_PORT, NAT_LOW_PORT);
  store<u16>(spec, LAST_PORT, NAT_HIGH_PORT);
  return chooseNat(entry, spec, true, 0) === VERDICT_CONTINUE;
}

function setAddress(spec: usize, address: v128): void {
  v128.store(spec, address, NAT_LOW);
  v128.store(spec, address, NAT_HIGH);
}
