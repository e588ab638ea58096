// The slow twin of clamping: the options of a SYN as a list, changed and put together again.

import { concat, type Octets, readU16, u16 } from "../support/octets.ts";
import { tcpOffset, withTcpChecksum } from "../support/openings.ts";

const SYN = 2;
const RST = 4;

/** Options one after the other; what is malformed, or behind the end, is one piece. */
function optionsIn(bytes: Uint8Array): Uint8Array[] {
  const [kind, size = 0] = bytes;
  if (kind === undefined) return [];
  if (kind === 1) return [bytes.subarray(0, 1), ...optionsIn(bytes.subarray(1))];
  if (kind === 0 || size < 2 || size > bytes.length) return [concat([0], bytes)];
  return [bytes.subarray(0, size), ...optionsIn(bytes.subarray(size))];
}

/** The option afterwards; pieces that are none have a zero in front, which goes. */
function lowered(option: Uint8Array, most: number): Uint8Array {
  if (option[0] === 0) return option.subarray(1);
  if (option[0] !== 2 || option.length !== 4) return option;
  return concat([2, 4], u16(Math.min(readU16(option, 2), most)));
}

/** An untagged frame of TCP as it leaves where segments may have `most` bytes. */
export function clamped(frame: Uint8Array, most: number): Octets {
  const l4 = tcpOffset(frame);
  const flags = frame[l4 + 13]!;
  if ((flags & (SYN | RST)) !== SYN) return concat(frame);
  const end = l4 + (frame[l4 + 12]! >> 4) * 4;
  const options = optionsIn(frame.subarray(l4 + 20, end)).map((one) => lowered(one, most));
  const after = concat(frame.subarray(0, l4 + 20), ...options, frame.subarray(end));
  return after.every((byte, at) => byte === frame[at]) ? after : withTcpChecksum(after);
}
