// Where fragments lie while they wait: blocks of a shard's memory, chained. All blocks of a
// datagram are one chain, in the order its fragments came, so that they are given back at once.
//
//   | next block | next piece | offset | length | bytes …
//
// The three in the middle mean something in the first block of a piece.

import {
  BLOCK_DATA,
  BLOCK_NEXT,
  DATAGRAM_BLOCKS,
  DATAGRAM_FIRST_BLOCK,
  DATAGRAM_LAST_BLOCK,
  DATAGRAM_STRIDE,
  DATAGRAMS_FIRST,
  FRAGMENT_BLOCK_BYTES,
  FRAGMENTS_EVER,
  FRAGMENTS_FREE,
  FRAGMENTS_USED,
} from "../layout";
import { datagramCount, fragmentBytes } from "../memory/directory";

/** Bytes of packets in one block. */
const ROOM: u32 = FRAGMENT_BLOCK_BYTES - BLOCK_DATA;
/** Blocks are named by u16. */
const MOST: u32 = 65535;

/** Address of a block of the shard. */
export function blockAt(shard: usize, block: u32): usize {
  const first = shard + DATAGRAMS_FIRST + <usize>datagramCount * DATAGRAM_STRIDE;
  return first + (<usize>block - 1) * FRAGMENT_BLOCK_BYTES;
}

function takeBlock(shard: usize): u32 {
  const free: u32 = load<u16>(shard, FRAGMENTS_FREE);
  if (free === 0) {
    const fresh = <u32>load<u16>(shard, FRAGMENTS_EVER) + 1;
    store<u16>(shard, <u16>fresh, FRAGMENTS_EVER);
    return fresh;
  }
  store<u16>(shard, load<u16>(blockAt(shard, free), BLOCK_NEXT), FRAGMENTS_FREE);
  return free;
}

/**
 * Appends `length` bytes to the datagram's chain, in blocks of their own. Returns the first of
 * these, or 0, and nothing is changed, when the shard has not that many left.
 */
export function keepBytes(shard: usize, datagram: usize, bytes: usize, length: u32): u32 {
  const needed = (length + ROOM - 1) / ROOM;
  const used = load<u32>(shard, FRAGMENTS_USED);
  const all = min<u32>(fragmentBytes / FRAGMENT_BLOCK_BYTES, MOST);
  if (used + needed > all) return 0;
  store<u32>(shard, used + needed, FRAGMENTS_USED);
  store<u16>(datagram, load<u16>(datagram, DATAGRAM_BLOCKS) + <u16>needed, DATAGRAM_BLOCKS);
  let first: u32 = 0;
  let last: u32 = load<u16>(datagram, DATAGRAM_LAST_BLOCK);
  while (length !== 0) {
    const block = takeBlock(shard);
    if (last === 0) store<u16>(datagram, <u16>block, DATAGRAM_FIRST_BLOCK);
    else store<u16>(blockAt(shard, last), <u16>block, BLOCK_NEXT);
    if (first === 0) first = block;
    last = block;
    const part = min<u32>(length, ROOM);
    memory.copy(blockAt(shard, block) + BLOCK_DATA, bytes, part);
    bytes += part;
    length -= part;
  }
  store<u16>(blockAt(shard, last), 0, BLOCK_NEXT);
  store<u16>(datagram, <u16>last, DATAGRAM_LAST_BLOCK);
  return first;
}

/** Copies `length` of the bytes kept from `block` on, leaving out the first `skip`. */
export function copyKept(shard: usize, block: u32, skip: u32, target: usize, length: u32): void {
  while (length !== 0) {
    const at = blockAt(shard, block);
    if (skip < ROOM) {
      const part = min<u32>(length, ROOM - skip);
      memory.copy(target, at + BLOCK_DATA + skip, part);
      target += part;
      length -= part;
      skip = 0;
    } else {
      skip -= ROOM;
    }
    block = load<u16>(at, BLOCK_NEXT);
  }
}

/** Gives all blocks of the datagram back. */
export function releaseBlocks(shard: usize, datagram: usize): void {
  const first: u32 = load<u16>(datagram, DATAGRAM_FIRST_BLOCK);
  if (first === 0) return;
  const last: u32 = load<u16>(datagram, DATAGRAM_LAST_BLOCK);
  store<u16>(blockAt(shard, last), load<u16>(shard, FRAGMENTS_FREE), BLOCK_NEXT);
  store<u16>(shard, <u16>first, FRAGMENTS_FREE);
  const used = load<u32>(shard, FRAGMENTS_USED) - load<u16>(datagram, DATAGRAM_BLOCKS);
  store<u32>(shard, used, FRAGMENTS_USED);
  store<u32>(datagram, 0, DATAGRAM_FIRST_BLOCK);
  store<u16>(datagram, 0, DATAGRAM_BLOCKS);
}
