// SCTP checksums of the switch tests. Those made by Ryu's packet library under Python 3 are the
// CRC32c of how Python prints the bytes ("bytearray(b'+g…')"), not of the bytes: no switch can give
// them. Here they are found, in incoming and expected frames alike, and put right (RFC 9260 6.8).

import { crc32cSlowly } from "../support/layers.ts";
import { hex, toHex } from "../support/octets.ts";
import type { Vector } from "./vectors.ts";

const HEADER = 12;
const CHECKSUM = 8;
const ESCAPES: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

/** How Python 3 prints a bytearray. */
function printed(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  const characters = Array.from(bytes, (byte) => {
    if (byte === quote.charCodeAt(0)) return `\\${quote}`;
    const escaped = ESCAPES[byte];
    if (escaped !== undefined) return escaped;
    const isPlain = byte >= 0x20 && byte < 0x7f;
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `bytearray(b${quote}${characters.join("")}${quote})`;
}

/** The frame with the checksum of an SCTP packet at its end put right, if it is one of those. */
function repairedFrame(frame: string): string {
  const bytes = hex(frame);
  for (let at = 0; at + HEADER <= bytes.length; at++) {
    const packet = bytes.slice(at);
    const view = new DataView(packet.buffer);
    const found = view.getUint32(CHECKSUM, true);
    view.setUint32(CHECKSUM, 0);
    if (found !== crc32cSlowly(Buffer.from(printed(packet), "latin1"))) continue;
    view.setUint32(CHECKSUM, crc32cSlowly(packet), true);
    bytes.set(packet, at);
    return toHex(bytes);
  }
  return frame;
}

/** The case with right SCTP checksums; itself when it has no such frame. */
export function withSctpChecksums(vector: Vector): Vector {
  const repair = <Value>(value: Value) =>
    typeof value === "string" ? (repairedFrame(value) as Value) : value;
  const tests = vector.tests.map((test) => ({
    ...test,
    ingress: repair(test.ingress),
    ...(test.egress === undefined ? {} : { egress: repair(test.egress) }),
    ...(test.PACKET_IN === undefined ? {} : { PACKET_IN: repair(test.PACKET_IN) }),
  }));
  return { ...vector, tests };
}
