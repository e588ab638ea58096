// Groups no bridge forwards: 01-80-C2-00-00-00 to -0F, the addresses of protocols between
// neighbors, spanning tree, LACP, LLDP and the like (IEEE 802.1Q 8.6.3, 802.1D 7.12.6).

import { dataOf } from "../packet";
import { ethernetDestination } from "../wire/ethernet";
import { forwardedGroups, guardOf } from "./guards";

/** The first four bytes 01-80-C2-00, and the last two 00-0x, as little-endian words. */
const FIRST_BYTES: u32 = 0x00c28001;
const LAST_BYTES_MASK: u16 = 0xf0ff;

/** Whether the frame's destination is one that the bridge (by number) must not forward. */
export function isReserved(record: usize, bridge: u32): bool {
  const mac = ethernetDestination(dataOf(record));
  if (load<u32>(mac) !== FIRST_BYTES || (load<u16>(mac, 4) & LAST_BYTES_MASK) !== 0) return false;
  return ((forwardedGroups(guardOf(bridge)) >> (load<u8>(mac, 5) & 15)) & 1) === 0;
}
