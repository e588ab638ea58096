// What two tunnel endpoints may choose as they like, made equal: the IPv4 identification (RFC 6864),
// the IPv6 flow label (RFC 6437), the UDP source port (RFC 7348 5, RFC 8926 3.3, RFC 7510 3) with
// the checksum that covers it. Everything else of a frame stays. Checksums are looked at before.

import { internetChecksum, type Octets, readU16, toHex, u32 } from "../support/octets.ts";

const TUNNEL_PORTS = [4789, 6081, 6635, 8472];
const UDP = 17;
const ETHERNET = 14;
/** Written in place of a checksum, beside 0 for "none". */
const RIGHT = [0xff, 0xff];
const WRONG = [0xba, 0xad];

/** How the MACs of stations begin: their frames are carried, and stay as they are. */
const STATION = "02000000a0";

/** A copy with what is free made equal. */
export function normal(bytes: Uint8Array): Octets {
  const frame = Uint8Array.from(bytes);
  if (toHex(frame.subarray(6, 11)) === STATION) return frame;
  const type = readU16(frame, 12);
  if (type === 0x0800) equalise4(frame);
  if (type === 0x86dd) equalise6(frame);
  return frame;
}

function equalise4(frame: Octets): void {
  const header = (frame[ETHERNET]! & 15) * 4;
  const isRight = readU16(Uint8Array.from(internetChecksum(frame.subarray(14, 14 + header))), 0);
  frame.set([0, 0], ETHERNET + 4);
  frame.set(isRight === 0 ? RIGHT : WRONG, ETHERNET + 10);
  if ((readU16(frame, ETHERNET + 6) & 0x1fff) !== 0 || frame[ETHERNET + 9] !== UDP) return;
  const end = ETHERNET + readU16(frame, ETHERNET + 2);
  equaliseUdp(frame, ETHERNET + header, end, frame.subarray(26, 34));
}

function equalise6(frame: Octets): void {
  frame.set([frame[ETHERNET + 1]! & 0xf0, 0, 0], ETHERNET + 1);
  if (frame[ETHERNET + 6] !== UDP) return;
  const end = ETHERNET + 40 + readU16(frame, ETHERNET + 4);
  equaliseUdp(frame, ETHERNET + 40, end, frame.subarray(22, 54));
}

function equaliseUdp(frame: Octets, at: number, end: number, addresses: Uint8Array): void {
  if (!TUNNEL_PORTS.includes(readU16(frame, at + 2))) return;
  if (readU16(frame, at + 6) !== 0) {
    const datagram = frame.subarray(at, end);
    const sum = internetChecksum(addresses, u32(datagram.length), u32(UDP), datagram);
    frame.set(sum[0] === 0 && sum[1] === 0 ? RIGHT : WRONG, at + 6);
  }
  frame.set([0, 0], at);
}
