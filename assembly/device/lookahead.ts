// Looking ahead. WebAssembly has no prefetch, but it can look up some packets' routes before their
// turn: these look-ups do not depend on one another, so the processor has the memory of many of
// them under way at once, while in the path itself each would be waited for. The packets' bytes are
// on their way to the cache afterwards, too, and so are the flow cache's entries, their counters,
// the connections and what bridges know of the MACs. Every step of a look-up is done in a pass of
// its own over all these packets, because the processor sees only so many instructions ahead
// itself: the fewer there are between two loads, the more loads are under way.
//
// Only the common case is looked at, IPv4 in untagged Ethernet, and the MACs of what a bridge's
// members receive; the others are looked up in the path. What is found is what the path would
// find, for the same address in the same VRF.

import { vlanAhead } from "../bridge/tags";
import {
  AHEAD_ADDRESS,
  AHEAD_CONNECTION,
  AHEAD_DESTINATION,
  AHEAD_ENTRY,
  AHEAD_FLOW,
  AHEAD_HASH,
  AHEAD_ROOT,
  AHEAD_ROUTE,
  AHEAD_SOURCE,
  AHEAD_STRIDE,
  AHEAD_TOUCHED,
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
  OVERLAY_BRIDGES,
  PORT_BRIDGED,
} from "../layout";
import { overlay, points, track } from "../memory/directory";
import { hashIp4 } from "../parse/hash";
import { bucketAhead, entryAhead } from "../state/connection_index";
import { firstOf, macKey } from "../state/fdb";
import { cachedAhead } from "../state/flow_cache";
import { counterAt } from "../state/flows";
import { portBridge } from "../table/bridges";
import { vrfRoot4 } from "../table/forwarding";
import { begin4, continue4 } from "../table/lpm";
import { portFlags, portOf, portVrf } from "../table/ports";
import { ETHERNET_HEADER, macAt } from "../wire/ethernet";
import { IP4_HEADER, ip4Addresses, ip4Destination, ip4Protocol, ip4Source } from "../wire/ipv4";

/** EtherType 0x0800 and version 4 as they lie in memory, and which bits of four bytes they are. */
const ETHERNET_IP4: u32 = 0x400008;
const ETHERNET_IP4_MASK: u32 = 0xf0ffff;
const HEADERS: u32 = ETHERNET_HEADER + IP4_HEADER;

/** Says for a packet of the chunk what is to be looked up, without looking. */
export function beginAhead(chunk: usize, descriptor: usize, slot: usize): void {
  store<u32>(slot, 0, AHEAD_ROUTE);
  store<u32>(slot, 0, AHEAD_ROOT);
  store<u32>(slot, 0, AHEAD_ENTRY);
  store<u32>(slot, 0, AHEAD_CONNECTION);
  store<u32>(slot, 0, AHEAD_HASH);
  store<u64>(slot, 0, AHEAD_SOURCE);
  if (load<u8>(descriptor, DESCRIPTOR_LINK) !== LINK_ETHERNET) return;
  if (load<u32>(descriptor, DESCRIPTOR_LENGTH) < HEADERS) return;
  const bytes = chunk + CHUNK_DATA + load<u32>(descriptor, DESCRIPTOR_OFFSET);
  const port = portOf(load<u16>(descriptor, DESCRIPTOR_PORT));
  const bridged = (overlay & OVERLAY_BRIDGES) !== 0 && (portFlags(port) & PORT_BRIDGED) !== 0;
  if (bridged) beginMacs(bytes, port, slot);
  if ((load<u32>(bytes, 12) & ETHERNET_IP4_MASK) !== ETHERNET_IP4) return;
  const ip = bytes + ETHERNET_HEADER;
  if (!bridged) {
    store<u32>(slot, bswap<u32>(ip4Destination(ip)), AHEAD_ADDRESS);
    store<u32>(slot, <u32>vrfRoot4(portVrf(port)), AHEAD_ROOT);
  }
  if (points !== 0 || track !== 0) beginFlow(ip, slot);
}

/** Where a bridge's entries of both MACs are, if they are where their hashes say. */
function beginMacs(frame: usize, port: usize, slot: usize): void {
  const vlan = vlanAhead(frame, port);
  const bridge = portBridge(port);
  const source = firstOf(macKey(macAt(frame + 6), vlan), bridge);
  const destination = firstOf(macKey(macAt(frame), vlan), bridge);
  store<u64>(slot, <u64>source | ((<u64>destination) << 32), AHEAD_SOURCE);
}

/**
 * What is kept of the packet's flow. The hash is that of a packet of TCP or UDP without options, no
 * fragment; of others a wrong one, and what it leads to.
 */
function beginFlow(ip: usize, slot: usize): void {
  const ports = load<u32>(ip, IP4_HEADER);
  const hash = hashIp4(ip4Source(ip), ip4Destination(ip), ports, ip4Protocol(ip));
  store<u32>(slot, hash, AHEAD_HASH);
  if (points !== 0) store<u32>(slot, <u32>cachedAhead(hash, ip4Addresses(ip), ports), AHEAD_ENTRY);
  if (track !== 0) store<u32>(slot, <u32>bucketAhead(hash), AHEAD_CONNECTION);
}

/**
 * Looks up what the slots from `first` to `end` name. Loads that miss the processor's cache are
 * done in loops of nothing else: so many of them are under way at once, and nothing waits for one.
 */
export function endAhead(first: usize, end: usize): void {
  if ((overlay & OVERLAY_BRIDGES) !== 0) touchMacs(first, end);
  for (let slot = first; slot !== end; slot += AHEAD_STRIDE) {
    const root: usize = load<u32>(slot, AHEAD_ROOT);
    if (root !== 0) store<u32>(slot, begin4(root, load<u32>(slot, AHEAD_ADDRESS)), AHEAD_ROUTE);
  }
  if (points !== 0 || track !== 0) touchFlows(first, end);
  for (let slot = first; slot !== end; slot += AHEAD_STRIDE) {
    const root: usize = load<u32>(slot, AHEAD_ROOT);
    if (root === 0) continue;
    const route = continue4(root, load<u32>(slot, AHEAD_ROUTE), load<u32>(slot, AHEAD_ADDRESS));
    store<u32>(slot, route, AHEAD_ROUTE);
  }
}

/** Loads what bridges know of the packets' MACs. */
function touchMacs(first: usize, end: usize): void {
  for (let slot = first; slot !== end; slot += AHEAD_STRIDE) {
    // Address 0 is as good as any.
    const source = load<u32>(load<u32>(slot, AHEAD_SOURCE));
    store<u32>(slot, source | load<u32>(load<u32>(slot, AHEAD_DESTINATION)), AHEAD_TOUCHED);
  }
}

/** Loads the flow cache's entries and the buckets of connections, then what these lead to. */
function touchFlows(first: usize, end: usize): void {
  for (let slot = first; slot !== end; slot += AHEAD_STRIDE) {
    const entry: usize = load<u32>(slot, AHEAD_ENTRY);
    const bucket: usize = load<u32>(slot, AHEAD_CONNECTION);
    // Address 0 is as good as any.
    store<u32>(slot, load<u32>(entry, CACHE_FLOWS), AHEAD_FLOW);
    store<u32>(slot, load<u32>(bucket), AHEAD_TOUCHED);
  }
  for (let slot = first; slot !== end; slot += AHEAD_STRIDE) {
    if (load<u32>(slot, AHEAD_CONNECTION) !== 0) {
      store<u32>(slot, <u32>entryAhead(load<u32>(slot, AHEAD_HASH)), AHEAD_CONNECTION);
    }
    const flow = load<u32>(slot, AHEAD_FLOW);
    const counted = load<u32>(slot, AHEAD_ENTRY) !== 0 && (flow & CACHE_SILENT) !== 0;
    store<u32>(slot, counted ? <u32>counterAt(flow & ~CACHE_SILENT) : 0, AHEAD_FLOW);
  }
  for (let slot = first; slot !== end; slot += AHEAD_STRIDE) {
    const connection: usize = load<u32>(slot, AHEAD_CONNECTION);
    const counter = load<u32>(load<u32>(slot, AHEAD_FLOW));
    const lines = load<u32>(connection) | load<u32>(connection, CONNECTION_PACKETS);
    store<u32>(slot, counter | lines | load<u32>(connection, CONNECTION_LAST_END), AHEAD_TOUCHED);
  }
}
