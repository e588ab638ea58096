// Options of TCP that connection tracking wants (RFC 9293 3.1, RFC 7323 2, RFC 2018).

import { TCP_FLAG_SACK, TCP_FLAG_SCALE } from "../layout";
import { TCP_HEADER, tcpHeaderLength } from "../wire/tcp";

const END: u32 = 0;
const PADDING: u32 = 1;
const WINDOW_SCALE: u32 = 3;
const SACK_PERMITTED: u32 = 4;
const SACK: u32 = 5;
const SACK_BLOCK: u32 = 8;
const LARGEST_SCALE: u32 = 14;

/** What readOpening() found. */
export let openingFlags: u32 = 0;
export let openingScale: u32 = 0;

export function hasOptions(tcp: usize): bool {
  return tcpHeaderLength(tcp) > TCP_HEADER;
}

/** Reads the options of a SYN into openingFlags (TCP_FLAG_SCALE, TCP_FLAG_SACK), openingScale. */
export function readOpening(tcp: usize): void {
  openingFlags = 0;
  openingScale = 0;
  const end = tcp + tcpHeaderLength(tcp);
  let at = tcp + TCP_HEADER;
  while (at < end) {
    const kind: u32 = load<u8>(at);
    const size = sizeOf(at, end);
    if (size === 0) return;
    if (kind === SACK_PERMITTED && size === 2) openingFlags |= TCP_FLAG_SACK;
    if (kind === WINDOW_SCALE && size === 3) {
      openingScale = min<u32>(load<u8>(at, 2), LARGEST_SCALE);
      openingFlags |= TCP_FLAG_SCALE;
    }
    at += size;
  }
}

/** The highest of `ack` and of what the first SACK option says has come. */
export function highestSack(tcp: usize, ack: u32): u32 {
  const end = tcp + tcpHeaderLength(tcp);
  let at = tcp + TCP_HEADER;
  while (at < end) {
    const size = sizeOf(at, end);
    if (size === 0) return ack;
    if (load<u8>(at) === SACK && size > 2 && (size - 2) % SACK_BLOCK === 0) {
      return highestBlock(at + 2, size - 2, ack);
    }
    at += size;
  }
  return ack;
}

/** A block is left edge, right edge. */
function highestBlock(blocks: usize, bytes: u32, ack: u32): u32 {
  let highest = ack;
  for (let block: u32 = 0; block < bytes; block += SACK_BLOCK) {
    const edge = bswap<u32>(load<u32>(blocks + block, 4));
    if (<i32>(highest - edge) < 0) highest = edge;
  }
  return highest;
}

/** Bytes of the option; 0 at the end of options, or where they stop to make sense. */
function sizeOf(option: usize, end: usize): u32 {
  const kind: u32 = load<u8>(option);
  if (kind === END) return 0;
  if (kind === PADDING) return 1;
  const room = <u32>(end - option);
  if (room < 2) return 0;
  const size: u32 = load<u8>(option, 1);
  return size < 2 || size > room ? 0 : size;
}
