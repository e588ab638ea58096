// The slow twin of fragmentation: an IPv4 packet cut octet by octet (RFC 791 3.2).

import { concat, internetChecksum, type Octets, readU16, u16 } from "../support/octets.ts";

const ETHERNET = 14;
const FIXED = 20;
const COPIED = 0x80;
const NO_OPERATION = 1;

/** The options as later fragments have them: those without the copied flag blanked out. */
function laterOptions(options: Octets): Octets {
  const kept = concat(options);
  let at = 0;
  while (at < kept.length && kept[at] !== 0) {
    const length = kept[at] === NO_OPERATION ? 1 : (kept[at + 1] ?? 0);
    if (length < 1 || (kept[at] !== NO_OPERATION && length < 2)) break;
    if (at + length > kept.length) break;
    if ((kept[at]! & COPIED) === 0) kept.fill(NO_OPERATION, at, at + length);
    at += length;
  }
  return kept;
}

/**
 * The fragments of an IPv4 packet in an untagged frame, none longer than `mtu` as an IP packet;
 * undefined when its header leaves no room for 8 octets. A packet that fits is its only one.
 */
export function cutIp4(frame: Octets, mtu: number): Octets[] | undefined {
  if (frame.length - ETHERNET <= mtu) return [frame];
  const head = (frame[ETHERNET]! & 15) * 4;
  const room = mtu - head - ((mtu - head) % 8);
  if (room < 8) return undefined;
  const field = readU16(frame, ETHERNET + 6);
  const payload = frame.subarray(ETHERNET + head);
  const fragments: Octets[] = [];
  for (let from = 0; from < payload.length; from += room) {
    // What is left may fill the link to the last octet.
    const rest = payload.length - from;
    const bytes = payload.subarray(from, from + (rest <= mtu - head ? rest : room));
    const ip = concat(frame.subarray(ETHERNET, ETHERNET + head));
    if (from > 0) ip.set(laterOptions(ip.subarray(FIXED)), FIXED);
    const more = from + bytes.length < payload.length ? 0x2000 : field & 0x2000;
    ip.set(u16(head + bytes.length), 2);
    ip.set(u16((field & 0x4000) | more | ((field & 0x1fff) + from / 8)), 6);
    ip.set([0, 0], 10);
    ip.set(internetChecksum(ip), 10);
    fragments.push(concat(frame.subarray(0, ETHERNET), ip, bytes));
    if (from + bytes.length === payload.length) break;
  }
  return fragments;
}

const FIXED6 = 40;
const FRAGMENT_HEADER = 8;

/** The same of a packet of the router's own, IPv6 too, whose identification it may choose: 0. */
export function cutOwn(frame: Octets, mtu: number): Octets[] {
  if (frame.length - ETHERNET <= mtu) return [frame];
  if (frame[12] === 0x08) {
    const free = concat(frame);
    free.set([0, 0, 0, 0], ETHERNET + 4);
    return cutIp4(free, mtu)!;
  }
  const most = mtu - FIXED6 - FRAGMENT_HEADER;
  const head = frame.subarray(0, ETHERNET + FIXED6);
  const payload = frame.subarray(ETHERNET + FIXED6);
  const fragments: Octets[] = [];
  for (let from = 0; from < payload.length; from += most - (most % 8)) {
    const last = payload.length - from <= most;
    const bytes = payload.subarray(from, last ? payload.length : from + most - (most % 8));
    const fixed = concat(head);
    fixed.set(u16(bytes.length + FRAGMENT_HEADER), ETHERNET + 4);
    fixed[ETHERNET + 6] = 44;
    const header = concat([head[ETHERNET + 6]!, 0], u16(from | (last ? 0 : 1)), [0, 0, 0, 0]);
    fragments.push(concat(fixed, header, bytes));
    if (last) break;
  }
  return fragments;
}

/** A frame without the identification that fragments have: zero, and the checksum too. */
export function withoutIdentification(frame: Uint8Array): Uint8Array {
  const blank = frame.slice();
  const isFragment6 = blank[12] === 0x86 && blank[ETHERNET + 6] === 44;
  if (isFragment6) blank.fill(0, ETHERNET + FIXED6 + 4, ETHERNET + FIXED6 + FRAGMENT_HEADER);
  const isFragment4 = blank[12] === 0x08 && (readU16(blank, ETHERNET + 6) & 0x3fff) !== 0;
  if (isFragment4) {
    blank.fill(0, ETHERNET + 4, ETHERNET + 6);
    blank.fill(0, ETHERNET + 10, ETHERNET + 12);
  }
  return blank;
}
