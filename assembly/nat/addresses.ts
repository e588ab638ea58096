// The address NAT gives an end of a connection: the one there is, one of a range by a hash of who
// talks (`persistent`: the same for all of a client's connections, RFC 4787 4.1), one of another
// prefix with the same host bits, or that of a port.

import {
  MAX_PORTS,
  NAT_FAMILY,
  NAT_FLAGS,
  NAT_HAS_ADDRESS,
  NAT_HIGH,
  NAT_IS_PREFIX,
  NAT_KIND,
  NAT_LOW,
  NAT_MASQUERADE,
  NAT_PERSISTENT,
  NAT_PREFIX,
  NAT_REDIRECT,
  PORT_HAS_IP4,
  PORT_HAS_IP6,
  PORT_IP4,
  PORT_IP6,
  PORT_IP6_LINK_LOCAL,
  TUPLE_DST,
  TUPLE_FAMILY,
  TUPLE_SRC,
} from "../layout";
import { endpoint4, endpoint6, mixPair } from "../parse/mix";
import { portFlags, portOf } from "../table/ports";
import { copyIp6, ip6Equal, ip6IsLinkLocal } from "../wire/ipv6";

const WORDS: usize = 4;
/** What ties the hash of one word of an address to those before. */
const NEXT_WORD: u32 = 0x9e3779b1;

/**
 * Writes the address that `spec` (NAT_*) asks for to `end`, the place of the end's address in the
 * tuple of the reply. `outside` is the port that masquerade and redirect take their address from.
 * False: there is none of the tuple's family.
 */
export function chooseAddress(spec: usize, tuple: usize, end: usize, outside: u32): bool {
  const kind: u32 = load<u8>(spec, NAT_KIND);
  if (kind === NAT_MASQUERADE || kind === NAT_REDIRECT) {
    return load<u8>(tuple, TUPLE_FAMILY) === 4
      ? takePortIp4(end, outside)
      : takePortIp6(end, outside, kind === NAT_REDIRECT);
  }
  const flags: u32 = load<u8>(spec, NAT_FLAGS);
  if ((flags & NAT_HAS_ADDRESS) === 0) return true;
  if (load<u8>(spec, NAT_FAMILY) !== load<u8>(tuple, TUPLE_FAMILY)) return false;
  if ((flags & NAT_IS_PREFIX) !== 0) exchangePrefix(spec, end, load<u8>(spec, NAT_PREFIX));
  else if (load<u8>(tuple, TUPLE_FAMILY) === 4) pick4(spec, tuple, end);
  else pick6(spec, tuple, end);
  return true;
}

/** Whether the address at `end` is one that `spec` asks for. Masquerade and redirect: never. */
export function isAddressInRange(spec: usize, tuple: usize, end: usize): bool {
  const kind: u32 = load<u8>(spec, NAT_KIND);
  if (kind === NAT_MASQUERADE || kind === NAT_REDIRECT) return false;
  const flags: u32 = load<u8>(spec, NAT_FLAGS);
  if ((flags & NAT_HAS_ADDRESS) === 0) return true;
  if ((flags & NAT_IS_PREFIX) !== 0) return false;
  if (load<u8>(spec, NAT_FAMILY) !== load<u8>(tuple, TUPLE_FAMILY)) return false;
  const four = load<u8>(tuple, TUPLE_FAMILY) === 4;
  return isBetween(end, spec + NAT_LOW, spec + NAT_HIGH, four ? 1 : WORDS);
}

/** Whether an address of so many words, in network order, is between two others. */
function isBetween(address: usize, low: usize, high: usize, words: usize): bool {
  return compare(address, low, words) >= 0 && compare(address, high, words) <= 0;
}

function compare(a: usize, b: usize, words: usize): i32 {
  for (let word: usize = 0; word < words; word++) {
    const one = wordAt(a, word);
    const other = wordAt(b, word);
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

function wordAt(address: usize, word: usize): u32 {
  return bswap<u32>(load<u32>(address + (word << 2)));
}

/** Host bits stay, the first `bits` come from the prefix: 1:1. */
function exchangePrefix(spec: usize, end: usize, bits: u32): void {
  const low = spec + NAT_LOW;
  const whole = bits >> 3;
  memory.copy(end, low, whole);
  const rest = bits & 7;
  if (rest === 0) return;
  const mask: u32 = 0xff & ~(0xff >> rest);
  const byte = (<u32>load<u8>(low + whole) & mask) | (<u32>load<u8>(end + whole) & ~mask);
  store<u8>(end + whole, <u8>byte);
}

/** A hash of the end that is asked for by: who talks, and, unless it is to be the same, to whom. */
function hashOfEnds(spec: usize, tuple: usize): u32 {
  const persistent = (load<u8>(spec, NAT_FLAGS) & NAT_PERSISTENT) !== 0;
  // The tuple is the reply's: it goes to the one who began.
  if (load<u8>(tuple, TUPLE_FAMILY) === 4) {
    const client = endpoint4(load<u32>(tuple, TUPLE_DST), 0);
    return mixPair(client, persistent ? 0 : endpoint4(load<u32>(tuple, TUPLE_SRC), 0), 0);
  }
  const client = endpoint6(tuple + TUPLE_DST, 0);
  return mixPair(client, persistent ? 0 : endpoint6(tuple + TUPLE_SRC, 0), 0);
}

function pick4(spec: usize, tuple: usize, end: usize): void {
  const low = wordAt(spec + NAT_LOW, 0);
  const count = <u64>(wordAt(spec + NAT_HIGH, 0) - low) + 1;
  const place = count === 1 ? 0 : scale(hashOfEnds(spec, tuple), count);
  store<u32>(end, bswap<u32>(low + place));
}

/** Word by word: once a word is below the highest address's, those behind it may be any. */
function pick6(spec: usize, tuple: usize, end: usize): void {
  if (ip6Equal(spec + NAT_LOW, spec + NAT_HIGH)) {
    copyIp6(end, spec + NAT_LOW);
    return;
  }
  let hash = hashOfEnds(spec, tuple);
  let above = false;
  let below = false;
  for (let word: usize = 0; word < WORDS; word++) {
    const low: u32 = above ? 0 : wordAt(spec + NAT_LOW, word);
    const high: u32 = below ? 0xffffffff : wordAt(spec + NAT_HIGH, word);
    const value: u32 = low + scale(hash, <u64>(high - low) + 1);
    store<u32>(end + (word << 2), bswap<u32>(value));
    above = above || value > low;
    below = below || value < high;
    hash = (hash ^ (hash >> 15)) * NEXT_WORD;
  }
}

/** A hash as a number below `count`. */
function scale(hash: u32, count: u64): u32 {
  return <u32>((<u64>hash * count) >> 32);
}

/** What the engine sends itself came by no port: nothing to redirect it to. */
function isPort(outside: u32): bool {
  return outside < <u32>MAX_PORTS;
}

function takePortIp4(end: usize, outside: u32): bool {
  if (!isPort(outside)) return false;
  const port = portOf(outside);
  if ((portFlags(port) & PORT_HAS_IP4) === 0) return false;
  store<u32>(end, load<u32>(port, PORT_IP4));
  return true;
}

/**
 * A global address; a link-local one only in the place of a link-local one (RFC 4007 9: it means
 * nothing on another link).
 */
function takePortIp6(end: usize, outside: u32, redirect: bool): bool {
  if (!isPort(outside)) return false;
  const port = portOf(outside);
  if ((portFlags(port) & PORT_HAS_IP6) === 0) return false;
  const local = redirect && ip6IsLinkLocal(end);
  const address = port + (local ? PORT_IP6_LINK_LOCAL : PORT_IP6);
  if (!local && ip6IsLinkLocal(address)) return false;
  copyIp6(end, address);
  return true;
}
