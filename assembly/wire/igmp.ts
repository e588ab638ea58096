// IGMP (RFC 2236 2, RFC 3376 4). `igmp` is the address of the header.
//
//    0      1               2          4
//   | type | response time | checksum | group address |

export const IGMP_HEADER: u32 = 8;

const TYPE: usize = 0;
const GROUP: usize = 4;

export function igmpFits(room: u32): bool {
  return room >= IGMP_HEADER;
}

export function igmpType(igmp: usize): u32 {
  return load<u8>(igmp, TYPE);
}
/** Memory order. */
export function igmpGroup(igmp: usize): u32 {
  return load<u32>(igmp, GROUP);
}
