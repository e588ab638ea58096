// Congestion marks, where RFC 6040 has us do otherwise than the kernel and Open vSwitch.

import { readU16 } from "../../support/octets.ts";
import type { Difference } from "../overlay.ts";

export const isTagged = (frame: Uint8Array): boolean => readU16(frame, 12) === 0x8100;

/** The ECN field of the packet in a frame, behind any tags; 0 where there is none. */
export function ecnOf(frame: Uint8Array): number {
  let at = 12;
  while (readU16(frame, at) === 0x8100) at += 4;
  const [first = 0, second = 0] = frame.subarray(at + 2);
  if (readU16(frame, at) === 0x0800) return second & 3;
  return readU16(frame, at) === 0x86dd ? ((first * 256 + second) >> 4) & 3 : 0;
}

/** 4.1 has the mark copied, which the others make ECT(0), as RFC 3168 9.1.1 had it. */
export const COPIED_MARK: Difference = {
  why: "congestion experienced is copied to the outer header",
  at: ({ port, frame }) => port !== "wan" && ecnOf(frame) === 3,
};

/** 4.2: ECT(1) without and ECT(0) within leave as ECT(1). Open vSwitch leaves ECT(0). */
export const HEARD_MARK: Difference = {
  why: "ECT(1) of the outer header is kept",
  at: ({ port, frame }) => port === "wan" && ecnOf(frame) === 1,
};

/** The kernel's tunnels look for no packet behind a tag that is inside. */
export const MARK_BEHIND_TAG: Difference = {
  why: "marks go to and from packets with a tag before them, too",
  at: ({ port, what, frame }) =>
    what.includes("tagged") && (port === "wan" ? ecnOf(frame) !== 0 : ecnOf(frame) > 0),
};
