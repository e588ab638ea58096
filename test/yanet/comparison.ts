// Frames that left beside those that are wanted: each octet, or, where a choice is by a hash of
// another's own, all that does not depend on the choice.

import { toHex } from "../support/octets.ts";
import { headLength, onTheWire, outerLength, withoutHops } from "./frames.ts";

export type Frames = readonly Uint8Array[];

/**
 * How much is compared. exactly: every frame in order; ways: each packet leaves some way, and the
 * ways are those that are wanted; inside: what tunnels carry
 * but for its TTL, and the link it leaves by.
 */
export type Manner = "exactly" | "ways" | "inside";

/** What differs; undefined: nothing. */
export function difference(manner: Manner, left: Frames, wanted: Frames): string | undefined {
  if (manner === "exactly") return listDifference(left.map(onTheWire), wanted.map(onTheWire));
  if (manner === "inside")
    return listDifference(left.map(inside).sort(), wanted.map(inside).sort());
  const ways = listDifference(distinct(left.map(head)), distinct(wanted.map(head)));
  return ways ?? listDifference(left.map(packet).sort(), wanted.map(packet).sort());
}

/** What is before the IP packet: MAC addresses, tags and labels. */
function head(frame: Uint8Array): string {
  return toHex(frame.subarray(0, headLength(frame)));
}

function packet(frame: Uint8Array): string {
  return toHex(frame.subarray(headLength(frame)));
}

function inside(frame: Uint8Array): string {
  const carried = frame.subarray(headLength(frame) + outerLength(frame));
  return `${head(frame)} ${toHex(withoutHops(carried))}`;
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function listDifference(found: readonly string[], wanted: readonly string[]): string | undefined {
  for (let place = 0; place < Math.max(found.length, wanted.length); place++) {
    if (found[place] === wanted[place]) continue;
    const got = found[place] ?? "nothing";
    return `frame ${place + 1} is ${got} instead of ${wanted[place] ?? "nothing"}`;
  }
  return undefined;
}
