// Looking ahead. WebAssembly has no prefetch, but it can look up some packets' routes before their
// turn: these look-ups do not depend on one another, so the processor has the memory of many of
// them under way at once, while in the path itself each would be waited for. The packets' bytes are
// on their way to the cache afterwards, too, and so are the flow cache's entries and counters. A
// look-up is done in two halves, in passes of their own, because the processor sees only so many
// instructions ahead itself.
//
// Only the common case is looked at, IPv4 in untagged Ethernet; the others are looked up in the
// path. What is found is what the path would find, for the same address in the same VRF.

import {
  AHEAD_ADDRESS,
  AHEAD_CONNECTION,
  AHEAD_ENTRY,
  AHEAD_FLOW,
  AHEAD_HASH,
  AHEAD_ROOT,
  AHEAD_ROUTE,
  CACHE_FLOWS,
  CACHE_SILENT,
  CHUNK_DATA,
  CONNECTION_LAST_END,
  CONNECTION_PACKETS,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_LINK,
  DESCRIPTOR_OFFSET,
  DESCRIPTOR_PORT,
  LINK_ETHERNET,
} from "../layout";
import { points, track } from "../memory/directory";
import { hashIp4 } from "../parse/hash";
import { bucketAhead, entryAhead } from "../state/connection_index";
import { cachedAhead } from "../state/flow_cache";
import { counterAt } from "../state/flows";
import { vrfRoot4 } from "../table/forwarding";
import { begin4, continue4 } from "../table/lpm";
import { portOf, portVrf } from "../table/ports";
import { ETHERNET_HEADER } from "../wire/ethernet";
import { IP4_HEADER, ip4Addresses, ip4Destination, ip4Protocol, ip4Source } from "../wire/ipv4";

/** EtherType 0x0800 and version 4 as they lie in memory, and which bits of four bytes they are. */
const ETHERNET_IP4: u32 = 0x400008;
const ETHERNET_IP4_MASK: u32 = 0xf0ffff;
const HEADERS: u32 = ETHERNET_HEADER + IP4_HEADER;

/** Begins the look-ups for a packet of the chunk: loads that nothing waits for. */
export function beginAhead(chunk: usize, descriptor: usize, slot: usize): void {
  store<u32>(slot, 0, AHEAD_ROOT);
  store<u32>(slot, 0, AHEAD_ENTRY);
  store<u32>(slot, 0, AHEAD_CONNECTION);
  store<u32>(slot, 0, AHEAD_HASH);
  if (load<u8>(descriptor, DESCRIPTOR_LINK) !== LINK_ETHERNET) return;
  if (load<u32>(descriptor, DESCRIPTOR_LENGTH) < HEADERS) return;
  const bytes = chunk + CHUNK_DATA + load<u32>(descriptor, DESCRIPTOR_OFFSET);
  if ((load<u32>(bytes, 12) & ETHERNET_IP4_MASK) !== ETHERNET_IP4) return;
  const root = vrfRoot4(portVrf(portOf(load<u16>(descriptor, DESCRIPTOR_PORT))));
  const address = bswap<u32>(ip4Destination(bytes + ETHERNET_HEADER));
  store<u32>(slot, begin4(root, address), AHEAD_ROUTE);
  store<u32>(slot, address, AHEAD_ADDRESS);
  store<u32>(slot, <u32>root, AHEAD_ROOT);
  if (points === 0 && track === 0) return;
  const ip = bytes + ETHERNET_HEADER;
  const hash = hashAhead(ip);
  store<u32>(slot, hash, AHEAD_HASH);
  if (points !== 0)
    touchEntry(cachedAhead(hash, ip4Addresses(ip), load<u32>(ip, IP4_HEADER)), slot);
  if (track !== 0) touchBucket(hash, slot);
}

/**
 * The flow hash of a packet of TCP or UDP without options, no fragment; of others a wrong one, and
 * what it leads to.
 */
function hashAhead(ip: usize): u32 {
  const ports = load<u32>(ip, IP4_HEADER);
  return hashIp4(ip4Source(ip), ip4Destination(ip), ports, ip4Protocol(ip));
}

/** Loads the bucket that the packet's connection is indexed in; it is looked at later. */
function touchBucket(hash: u32, slot: usize): void {
  store<u32>(slot, load<u16>(bucketAhead(hash)) | 1, AHEAD_CONNECTION);
}

/** Loads the flow cache's entry. */
function touchEntry(entry: usize, slot: usize): void {
  if (entry === 0) return;
  store<u32>(slot, load<u32>(entry, CACHE_FLOWS), AHEAD_FLOW);
  store<u32>(slot, <u32>entry, AHEAD_ENTRY);
}

/** Ends the look-up begun in the slot. */
export function endAhead(slot: usize): void {
  const root: usize = load<u32>(slot, AHEAD_ROOT);
  const route =
    root === 0 ? 0 : continue4(root, load<u32>(slot, AHEAD_ROUTE), load<u32>(slot, AHEAD_ADDRESS));
  store<u32>(slot, route, AHEAD_ROUTE);
  if (load<u32>(slot, AHEAD_ENTRY) !== 0) touchCounter(slot);
  if (load<u32>(slot, AHEAD_CONNECTION) !== 0) touchConnection(slot);
}

/** Loads the lines of the packet's connection, of which the index is in the cache by now. */
function touchConnection(slot: usize): void {
  const connection = entryAhead(load<u32>(slot, AHEAD_HASH));
  const first = load<u32>(connection) | load<u32>(connection, CONNECTION_PACKETS);
  store<u32>(slot, first | load<u32>(connection, CONNECTION_LAST_END), AHEAD_CONNECTION);
}

/** Loads the counter of the first flow that the entry keeps. */
function touchCounter(slot: usize): void {
  const flow = load<u32>(slot, AHEAD_FLOW);
  if ((flow & CACHE_SILENT) === 0) return;
  store<u32>(slot, load<u32>(counterAt(flow & ~CACHE_SILENT)), AHEAD_FLOW);
}
