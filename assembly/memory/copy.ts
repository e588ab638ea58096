// Copying packets. memory.copy leaves WebAssembly for a library call, which for small packets costs
// more than the copy, so short packets are copied by vectors of 16 bytes.
//
// The vectors begin two bytes before the packet, so that behind an untagged Ethernet header the
// first ends and the IP header begins a vector of its own:
//    -2          14               30               46
//   | x x | MACs, type | IPv4 header …  | … ports …      |
// A load that takes bytes from two stores still on their way to the cache has to wait until both
// have arrived there; a load from within one store does not. Parsing reads what was just copied in,
// copying out reads what was just rewritten, so what reads and writes headers keeps to these
// vectors.

import { COPY_LEAD } from "../layout";

/** Longest packet copied by vectors rather than by memory.copy. */
const VECTOR_LIMIT: u32 = 512;

/**
 * Copies a packet of `length` bytes. May read and write COPY_LEAD bytes before it and 15 behind.
 * The areas must not overlap.
 */
export function copyPacket(target: usize, source: usize, length: u32): void {
  if (length > VECTOR_LIMIT) {
    memory.copy(target, source, length);
    return;
  }
  const end = target + length;
  target -= COPY_LEAD;
  source -= COPY_LEAD;
  do {
    v128.store(target, v128.load(source));
    target += 16;
    source += 16;
  } while (target < end);
}
