// The packets that open TCP connections, with options.

import type { PacketBuilder } from "./builder.ts";
import { concat, internetChecksum, type Octets, u16 } from "./octets.ts";

const PORTS = { from: 1000, to: 53 };
const SYN = 2;

/** The option that says how long segments may be. */
export const mssOption = (value: number): Octets => concat([2, 4], u16(value));

/** A SYN in an untagged frame that ends with the IP header; options are whole words. */
export function opening(around: PacketBuilder, options: Uint8Array, flags = SYN): Octets {
  const frame = around.tcp(PORTS, flags).payload(options).bytes();
  const isIp4 = frame[12] === 8;
  const l4 = frame.length - options.length - 20;
  frame[l4 + 12] = ((20 + options.length) / 4) << 4;
  return summed(frame, l4, isIp4);
}

/** The frame with the checksum of its TCP header, at an offset, put right. */
function summed(frame: Octets, l4: number, isIp4: boolean): Octets {
  frame.set([0, 0], l4 + 16);
  const ends = isIp4 ? frame.subarray(26, 34) : frame.subarray(22, 54);
  const length = u16(frame.length - l4);
  frame.set(internetChecksum(concat(ends, [0, 6], length, frame.subarray(l4))), l4 + 16);
  return frame;
}

/** Offset of the TCP header in an untagged frame without IPv6 extension headers. */
export function tcpOffset(frame: Uint8Array): number {
  return frame[12] === 8 ? 14 + (frame[14]! & 15) * 4 : 54;
}

/** Puts the checksum of an untagged frame of TCP right. */
export function withTcpChecksum(frame: Octets): Octets {
  return summed(frame, tcpOffset(frame), frame[12] === 8);
}
