// Looking ahead. WebAssembly has no prefetch, but it can look up a few packets' routes before their
// turn: these look-ups do not depend on one another, so the processor has the memory of many of
// them under way at once, while in the path itself each would be waited for. The packets' bytes are
// on their way to the cache afterwards, too.
//
// Only the common case is looked at, IPv4 in untagged Ethernet; the others are looked up in the
// path. What is found is what the path would find, for the same address in the same VRF.

import {
  CHUNK_DATA,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_LINK,
  DESCRIPTOR_OFFSET,
  DESCRIPTOR_PORT,
  LINK_ETHERNET,
} from "../layout";
import { route4 } from "../table/forwarding";
import { portOf, portVrf } from "../table/ports";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { IP4_HEADER, ip4Destination } from "../wire/ipv4";

/** EtherType 0x0800 and version 4 as they lie in memory, and which bits of four bytes they are. */
const ETHERNET_IP4: u32 = 0x400008;
const ETHERNET_IP4_MASK: u32 = 0xf0ffff;
const HEADERS: u32 = ETHERNET_HEADER + IP4_HEADER;

/** The forwarding entry of a packet of the chunk; 0 = no route, or not looked up. */
export function routeAhead(chunk: usize, descriptor: usize): u32 {
  if (load<u8>(descriptor, DESCRIPTOR_LINK) !== LINK_ETHERNET) return 0;
  if (load<u32>(descriptor, DESCRIPTOR_LENGTH) < HEADERS) return 0;
  const bytes = chunk + CHUNK_DATA + load<u32>(descriptor, DESCRIPTOR_OFFSET);
  if ((load<u32>(bytes, 12) & ETHERNET_IP4_MASK) !== ETHERNET_IP4) return 0;
  const vrf = portVrf(portOf(load<u16>(descriptor, DESCRIPTOR_PORT)));
  return route4(vrf, ip4Destination(bytes + ETHERNET_HEADER));
}
