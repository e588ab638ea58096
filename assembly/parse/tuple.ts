// The flow hash of a tuple on its own (TUPLE_* in layout.ts): what parse would give a packet of it.

import {
  TUPLE_DST,
  TUPLE_DST_PORT,
  TUPLE_FAMILY,
  TUPLE_PROTOCOL,
  TUPLE_SRC,
  TUPLE_SRC_PORT,
} from "../layout";
import { isIcmpEcho } from "../wire/icmp";
import { isIcmp6Echo } from "../wire/icmp6";
import {
  PROTOCOL_DCCP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from "../wire/ipv4";
import { hashIp4, hashIp6 } from "./hash";

/** The hash of a packet of this tuple that is no fragment. */
export function hashOfTuple(tuple: usize): u32 {
  const protocol = <u32>load<u8>(tuple, TUPLE_PROTOCOL);
  const ports = hashedPorts(tuple, protocol);
  if (load<u8>(tuple, TUPLE_FAMILY) === 4) {
    return hashIp4(load<u32>(tuple, TUPLE_SRC), load<u32>(tuple, TUPLE_DST), ports, protocol);
  }
  return hashIp6(tuple + TUPLE_SRC, tuple + TUPLE_DST, ports, protocol);
}

/** Both ports as they lie in a header; of an echo its identifier twice. */
function hashedPorts(tuple: usize, protocol: u32): u32 {
  if (hasPorts(protocol)) return load<u32>(tuple, TUPLE_SRC_PORT);
  const type: u32 = load<u8>(tuple, TUPLE_DST_PORT);
  const echo =
    (protocol === PROTOCOL_ICMP && isIcmpEcho(type)) ||
    (protocol === PROTOCOL_ICMP6 && isIcmp6Echo(type));
  return echo ? <u32>load<u16>(tuple, TUPLE_SRC_PORT) * 0x10001 : 0;
}

/** Whether headers of the protocol begin with two ports. */
export function hasPorts(protocol: u32): bool {
  return (
    protocol === PROTOCOL_TCP ||
    protocol === PROTOCOL_UDP ||
    protocol === PROTOCOL_UDP_LITE ||
    protocol === PROTOCOL_SCTP ||
    protocol === PROTOCOL_DCCP
  );
}
