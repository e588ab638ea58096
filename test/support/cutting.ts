// Cutting whole frames into fragments, written out octet by octet.

import { concat, internetChecksum, type Octets, readU16, u16, u32 } from "./octets.ts";

const ETHERNET = 14;
const FIXED6 = 40;

/** A piece of what is cut: bytes from and up to an offset. */
export interface Part {
  readonly from: number;
  readonly to: number;
  /** Whether there is more behind it, where that is not so. */
  readonly more?: boolean;
}

export interface FragmentFields {
  readonly id?: number;
  readonly ecn?: number;
  readonly dontFragment?: boolean;
  /** IPv6: bytes of the packet in front of the Fragment header, 40 where there are no others. */
  readonly unfragmentable?: number;
}

function isIp6(frame: Uint8Array): boolean {
  return readU16(frame, 12) === 0x86dd;
}

/** Bytes of an untagged frame's packet that every fragment begins with. */
export function headLength(frame: Uint8Array, unfragmentable = FIXED6): number {
  return ETHERNET + (isIp6(frame) ? unfragmentable : (frame[ETHERNET]! & 15) * 4);
}

/** What of an untagged frame is cut. */
export function cutPart(frame: Uint8Array, unfragmentable = FIXED6): Uint8Array {
  return frame.subarray(headLength(frame, unfragmentable));
}

/** One fragment of an untagged frame whose packet is whole; bytes behind its end count up. */
export function fragmentOf(whole: Uint8Array, part: Part, fields: FragmentFields = {}): Octets {
  const all = cutPart(whole, fields.unfragmentable);
  const bytes = Uint8Array.from({ length: part.to - part.from }, (_, at) => {
    return all[part.from + at] ?? (part.from + at) & 255;
  });
  const more = part.more ?? part.to < all.length;
  return isIp6(whole)
    ? fragment6(whole, part.from, bytes, more, fields)
    : fragment4(whole, part.from, bytes, more, fields);
}

/** All fragments of a frame, cut at these offsets. */
export function fragmentsOf(
  whole: Uint8Array,
  cuts: readonly number[],
  fields: FragmentFields = {},
): Octets[] {
  const ends = [...cuts, cutPart(whole, fields.unfragmentable).length];
  return ends.map((to, place) => fragmentOf(whole, { from: cuts[place - 1] ?? 0, to }, fields));
}

function fragment4(
  whole: Uint8Array,
  offset: number,
  bytes: Uint8Array,
  more: boolean,
  { id = 1, ecn = 0, dontFragment = false }: FragmentFields,
): Octets {
  const frame = concat(whole.subarray(0, headLength(whole)), bytes);
  const ip = frame.subarray(ETHERNET, headLength(whole));
  ip[1] = (ip[1]! & 0xfc) | ecn;
  ip.set(u16(ip.length + bytes.length), 2);
  ip.set(u16(id), 4);
  ip.set(u16((dontFragment ? 0x4000 : 0) | (more ? 0x2000 : 0) | (offset / 8)), 6);
  return withChecksum(frame);
}

/** An untagged IPv4 frame with its header checksum put right. */
export function withChecksum(frame: Octets): Octets {
  const ip = frame.subarray(ETHERNET, headLength(frame));
  ip.set([0, 0], 10);
  ip.set(internetChecksum(ip), 10);
  return frame;
}

function fragment6(
  whole: Uint8Array,
  offset: number,
  bytes: Uint8Array,
  more: boolean,
  { id = 1, ecn = 0, unfragmentable = FIXED6 }: FragmentFields,
): Octets {
  const head = Uint8Array.from(whole.subarray(0, headLength(whole, unfragmentable)));
  const place = nextHeaderPlace(head);
  const extension = concat([head[place]!, 0], u16(offset | (more ? 1 : 0)), u32(id));
  head[place] = 44;
  head[ETHERNET + 1] = (head[ETHERNET + 1]! & 0xcf) | (ecn << 4);
  head.set(u16(head.length - ETHERNET - FIXED6 + 8 + bytes.length), ETHERNET + 4);
  return concat(head, extension, bytes);
}

/** Where the last header of a head, generic extension headers all, names what follows. */
function nextHeaderPlace(head: Uint8Array): number {
  let place = ETHERNET + 6;
  for (let at = ETHERNET + FIXED6; at < head.length; at += (head[at + 1]! + 1) * 8) place = at;
  return place;
}
