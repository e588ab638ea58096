// What parse would note of a frame, by obvious code: untagged Ethernet II, well-formed, with ARP,
// IPv4, or IPv6 and the extension headers that the tests of the answers use.

import {
  PACKET_ARP,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
} from "../../assembly/layout.ts";
import { readU16 } from "./octets.ts";

export interface Noted {
  readonly flags: number;
  readonly protocol: number;
  /** Offsets from the start of the frame. */
  readonly l4: number;
  readonly l3Length: number;
}

/** What parse notes of an untagged Ethernet II frame that it lets pass. */
export function noteFrame(frame: Uint8Array): Noted {
  const broadcast = frame.subarray(0, 6).every((octet) => octet === 255);
  const link = (frame[0]! & 1 ? PACKET_L2_GROUP : 0) | (broadcast ? PACKET_L2_BROADCAST : 0);
  const type = readU16(frame, 12);
  if (type === 0x0806) return { flags: link | PACKET_ARP, protocol: 0, l4: 14, l3Length: 28 };
  return type === 0x0800 ? noteIp4(frame, link) : noteIp6(frame, link);
}

function noteIp4(frame: Uint8Array, link: number): Noted {
  const l4 = 14 + (frame[14]! & 15) * 4;
  const l3Length = readU16(frame, 16);
  const fragment = readU16(frame, 20);
  const protocol = frame[23]!;
  let flags = link | PACKET_IP4;
  if ((fragment & 0x3fff) !== 0) flags |= PACKET_FRAGMENT;
  if ((fragment & 0x1fff) !== 0) flags |= PACKET_LATER_FRAGMENT;
  else flags |= PACKET_L4;
  const quotes = [3, 4, 5, 11, 12].includes(frame[l4] ?? 0);
  if (protocol === 1 && (flags & PACKET_L4) !== 0 && quotes) flags |= PACKET_ICMP_ERROR;
  return { flags, protocol, l4, l3Length };
}

function noteIp6(frame: Uint8Array, link: number): Noted {
  const l3Length = 40 + readU16(frame, 18);
  let protocol = frame[20]!;
  let l4 = 54;
  let flags = link | PACKET_IP6 | PACKET_L4;
  while (protocol === 0 || protocol === 60 || protocol === 44) {
    if (protocol === 44) {
      // Offset 0 and nothing to follow: a whole packet (RFC 6946).
      if ((readU16(frame, l4 + 2) & 0xfff9) !== 0) flags |= PACKET_FRAGMENT;
      if ((readU16(frame, l4 + 2) & 0xfff8) !== 0) {
        flags = (flags | PACKET_LATER_FRAGMENT) & ~PACKET_L4;
      }
    }
    const length = protocol === 44 ? 8 : (frame[l4 + 1]! + 1) * 8;
    protocol = frame[l4]!;
    l4 += length;
  }
  const type = frame[l4] ?? 0;
  const isError = protocol === 58 && (flags & PACKET_L4) !== 0 && type >= 1 && type <= 4;
  return { flags: isError ? flags | PACKET_ICMP_ERROR : flags, protocol, l4, l3Length };
}
