// The slow twin of assembly/action: each action takes a whole frame apart, changes it as OpenFlow
// 1.3.5 5.12 says, and puts it together again. What the frame is, the twin of the parser says, anew
// for each action.

import { DROP_MPLS_TTL_EXCEEDED, DROP_TTL_EXCEEDED } from "../../assembly/drops.ts";
import { PACKET_IP4, PACKET_IP6 } from "../../assembly/layout.ts";
import { concat, type Octets, u16 as word } from "../support/octets.ts";
import { edited } from "./checksums.ts";
import { type ParsedPacket, u8, u16 } from "./fields.ts";
import { parsePacket } from "./parser.ts";

export type TtlAction = "decrementIpTtl" | "decrementMplsTtl" | "copyTtlIn" | "copyTtlOut";

export type Action =
  | { readonly do: "pushVlan" | "pushMpls" | "popMpls" | "pushPbb"; readonly type: number }
  | { readonly do: "popVlan" | "popPbb" }
  | { readonly do: "setIpTtl" | "setMplsTtl"; readonly ttl: number }
  | { readonly do: TtlAction }
  | {
      readonly do: "setField";
      /** FIELD_* */
      readonly field: number;
      /** 16 bytes each, as OP_SET_FIELD has them. */
      readonly value: Uint8Array;
      readonly mask: Uint8Array;
    };

/** The frame afterwards, or the reason it was dropped for. */
export type Outcome = Uint8Array | { readonly drop: number };

const IP = PACKET_IP4 | PACKET_IP6;
const PBB = 0x88e7;

/** A frame, and where its parts are. */
export interface Dissected {
  readonly frame: Uint8Array;
  readonly tags: number;
  /** Place of the EtherType behind all tags; 0 = there is none. */
  readonly typeAt: number;
  readonly type: number;
  /** Label stack entries, from typeAt + 2 on. */
  readonly labels: number;
  /** What parse says, where it lets the frame pass. */
  readonly parsed: ParsedPacket | undefined;
}

const isTag = (type: number): boolean => [0x8100, 0x88a8, 0x9100].includes(type);
const isMpls = (type: number): boolean => type === 0x8847 || type === 0x8848;

export function dissect(frame: Uint8Array): Dissected {
  let tags = 0;
  while (tags < 8 && isTag(u16(frame, 12 + 4 * tags)) && frame.length >= 18 + 4 * tags) tags++;
  const link = 12 + 4 * tags;
  const snap = [0xaa, 0xaa, 3, 0, 0, 0].every((octet, place) => frame[link + 2 + place] === octet);
  const result = parsePacket({ bytes: frame, wireLength: frame.length, verifyHeader: false });
  const parsed = result.drop === 0 ? result : undefined;
  let typeAt = link;
  // An 802.3 frame has an EtherType in SNAP, where parse takes it for one.
  if (u16(frame, link) < 1536) typeAt = snap && parsed && parsed.etherType !== 0 ? link + 8 : 0;
  const type = typeAt === 0 ? 0 : u16(frame, typeAt);
  return { frame, tags, typeAt, type, labels: countLabels(frame, typeAt, type), parsed };
}

function countLabels(frame: Uint8Array, typeAt: number, type: number): number {
  let labels = 0;
  let at = typeAt + 2;
  while (isMpls(type) && labels < 16 && at + 4 <= frame.length) {
    labels++;
    if (u8(frame, at + 2) & 1) break;
    at += 4;
  }
  return labels;
}

/** What parse says of the IP packet, where no label or other header is in front of it. */
export function visibleIp({ parsed, type }: Dissected): ParsedPacket | undefined {
  if (!parsed || (parsed.flags & IP) === 0) return undefined;
  return type === 0x0800 || type === 0x86dd ? parsed : undefined;
}

/** The frame with `count` bytes at `at` replaced by others; 802.3 lengths follow. */
function spliced(
  { frame, tags, typeAt }: Dissected,
  at: number,
  count: number,
  bytes: readonly number[] | Uint8Array,
): Octets {
  const whole = concat(frame.subarray(0, at), bytes, frame.subarray(at + count));
  const link = 12 + 4 * tags;
  const length = u16(frame, link);
  const behind = at > typeAt && typeAt > link;
  if (behind && length < 1536) whole.set(word(length + bytes.length - count), link);
  return whole;
}

export function apply(frame: Uint8Array, action: Exclude<Action, { do: "setField" }>): Outcome {
  const packet = dissect(frame);
  switch (action.do) {
    case "pushVlan": {
      const control = packet.tags > 0 ? u16(frame, 14) & 0xefff : 0;
      return spliced(packet, 12, 0, [...word(action.type), ...word(control)]);
    }
    case "popVlan":
      return packet.tags > 0 ? spliced(packet, 12, 4, []) : frame;
    case "pushMpls":
      return pushMpls(packet, action.type);
    case "popMpls": {
      if (packet.labels === 0) return frame;
      const popped = spliced(packet, packet.typeAt + 2, 4, []);
      popped.set(word(action.type), packet.typeAt);
      return popped;
    }
    case "pushPbb":
      return pushPbb(packet, action.type);
    case "popPbb":
      return popPbb(packet);
    case "setMplsTtl":
      return packet.labels > 0 ? withByte(frame, packet.typeAt + 5, action.ttl) : frame;
    case "decrementMplsTtl":
      return decrementMplsTtl(packet);
    case "setIpTtl":
      return withIpTtl(packet, visibleIp(packet), action.ttl);
    case "decrementIpTtl":
      return decrementIpTtl(packet);
    case "copyTtlOut":
      return copyTtlOut(packet);
    case "copyTtlIn":
      return copyTtlIn(packet);
  }
}

function withByte(frame: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[at] = byte;
  return copy;
}

function ttlPlace(parsed: ParsedPacket): number {
  return parsed.l3 + ((parsed.flags & PACKET_IP4) !== 0 ? 8 : 7);
}

function withIpTtl({ frame }: Dissected, ip: ParsedPacket | undefined, ttl: number): Uint8Array {
  if (!ip) return frame;
  return edited(frame, ip, (copy) => {
    copy[ttlPlace(ip)] = ttl;
  });
}

function pushMpls(packet: Dissected, type: number): Uint8Array {
  const { frame, typeAt, labels } = packet;
  if (typeAt === 0) return frame;
  const ip = visibleIp(packet);
  const first = [0, 0, 1, ip ? u8(frame, ttlPlace(ip)) : 0];
  const outermost = frame.subarray(typeAt + 2, typeAt + 6);
  const entry = labels > 0 ? outermost.map((octet, n) => (n === 2 ? octet & 0xfe : octet)) : first;
  const pushed = spliced(packet, typeAt + 2, 0, entry);
  pushed.set(word(type), typeAt);
  return pushed;
}

function pushPbb({ frame, tags, typeAt, type }: Dissected, added: number): Uint8Array {
  const has = type === PBB && frame.length >= typeAt + 18;
  const instance = has ? frame.subarray(typeAt + 3, typeAt + 6) : [0, 0, 0];
  const priority = tags > 0 ? u8(frame, 14) & 0xe0 : 0;
  return concat(frame.subarray(0, 12), word(added), [priority], instance, frame);
}

function popPbb(packet: Dissected): Uint8Array {
  const { frame, typeAt, type } = packet;
  if (type !== PBB || frame.length < typeAt + 20) return frame;
  const popped = spliced({ ...packet, typeAt: typeAt - 1 }, typeAt, 18, []);
  popped.set(frame.subarray(typeAt + 6, typeAt + 18));
  return popped;
}

function decrementMplsTtl({ frame, typeAt, labels }: Dissected): Outcome {
  if (labels === 0) return frame;
  const ttl = u8(frame, typeAt + 5);
  return ttl <= 1 ? { drop: DROP_MPLS_TTL_EXCEEDED } : withByte(frame, typeAt + 5, ttl - 1);
}

function decrementIpTtl(packet: Dissected): Outcome {
  const ip = visibleIp(packet);
  if (!ip) return packet.frame;
  const ttl = u8(packet.frame, ttlPlace(ip));
  return ttl <= 1 ? { drop: DROP_TTL_EXCEEDED } : withIpTtl(packet, ip, ttl - 1);
}

function copyTtlOut({ frame, typeAt, labels, parsed }: Dissected): Uint8Array {
  if (labels > 1) return withByte(frame, typeAt + 5, u8(frame, typeAt + 9));
  if (labels === 0 || !parsed || (parsed.flags & IP) === 0) return frame;
  return withByte(frame, typeAt + 5, u8(frame, ttlPlace(parsed)));
}

function copyTtlIn(packet: Dissected): Uint8Array {
  const { frame, typeAt, labels, parsed } = packet;
  if (labels > 1) return withByte(frame, typeAt + 9, u8(frame, typeAt + 5));
  if (labels === 0 || !parsed || (parsed.flags & IP) === 0) return frame;
  return withIpTtl(packet, parsed, u8(frame, typeAt + 5));
}
