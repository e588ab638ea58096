// The straight line of tracking (track/established.ts): it keeps what the rest of track() keeps,
// takes the packets it is for, and leaves no trace of those it does not take.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { conversation, Ends } from "../support/conversations.ts";
import { type Segment, segmentFrame } from "../support/segments.ts";
import { TrackerKernel } from "../support/tracker.ts";

let straight: TrackerKernel;
let close: TrackerKernel;
beforeAll(async () => {
  [straight, close] = await Promise.all([TrackerKernel.compile(), TrackerKernel.compile()]);
  close.lookClosely(true);
});

describe("conversations", () => {
  it("leave the same connection with the straight line and without", () => {
    let taken = 0;
    fc.assert(
      fc.property(conversation, fc.boolean(), (moves, liberal) => {
        for (const kernel of [straight, close]) kernel.begin({ checksum: false, liberal });
        const ends = new Ends(1000, 5_000_000);
        let time = 1;
        for (const move of moves) {
          time += move.pause;
          const arrival = { bytes: segmentFrame(ends.segment(move)), time: time * 1000 };
          expect(straight.receive(arrival)).toBe(close.receive(arrival));
          expect(straight.entry).toBe(close.entry);
          if (straight.entry === 0) continue;
          expect(straight.bytesAt(straight.entry)).toEqual(close.bytesAt(close.entry));
        }
        if (straight.takeStraight({ ...ack(ends), time: time * 1000 })) taken += 1;
      }),
      { seed: 31, numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});

function ack(ends: Ends) {
  const move = { reply: false, flags: "A", sequence: 0, ack: 0, zero: false, length: 0 };
  const more = { window: 8192, scale: undefined, sackPermitted: false, sack: undefined, pause: 0 };
  return { bytes: segmentFrame(ends.segment({ ...move, ...more })) };
}

const OPENING: readonly Partial<Segment>[] = [
  { flags: "S", sequence: 1000, sackPermitted: true },
  { flags: "SA", reply: true, sequence: 5000, ack: 1001, sackPermitted: true },
  { flags: "A", sequence: 1001, ack: 5001 },
  { flags: "A", reply: true, sequence: 5001, ack: 1001 },
];
const NEXT: Partial<Segment> = { sequence: 1001, ack: 5001 };

function open(kernel: TrackerKernel): number {
  kernel.begin({ checksum: false });
  OPENING.forEach((segment, place) => {
    kernel.receive({ bytes: frame(segment), time: place + 1 });
  });
  return kernel.entry;
}

describe("of an established connection", () => {
  const common: readonly [string, Partial<Segment>][] = [
    ["an acknowledgement", { ...NEXT }],
    ["data", { ...NEXT, flags: "PA", length: 1460 }],
    ["an answer", { sequence: 5001, ack: 1001, reply: true }],
    ["a selective acknowledgement", { ...NEXT, sack: [[5000, 5001]] }],
  ];
  it.each(common)("%s takes the straight line", (_name, segment) => {
    open(straight);
    expect(straight.takeStraight({ bytes: frame(segment), time: 10 })).toBe(true);
  });

  const others: readonly [string, Partial<Segment>][] = [
    ["a SYN", { ...NEXT, flags: "S" }],
    ["a FIN", { ...NEXT, flags: "FA" }],
    ["a reset", { ...NEXT, flags: "R" }],
    ["urgent data", { ...NEXT, flags: "AU" }],
    ["no flag at all", { ...NEXT, flags: "" }],
    ["a segment beyond the window", { ...NEXT, sequence: 1001 + 70_000 }],
    ["a segment long since acknowledged", { ...NEXT, sequence: 1001 - 70_000 }],
    ["an acknowledgement of what nobody sent", { ...NEXT, ack: 5001 + 9000 }],
    ["an acknowledgement far behind", { ...NEXT, ack: 5001 - 100_000 }],
  ];
  it.each(others)("%s does not, and leaves no trace", (_name, segment) => {
    const entry = open(straight);
    const before = straight.bytesAt(entry);
    expect(straight.takeStraight({ bytes: frame(segment), time: 10 })).toBe(false);
    expect(straight.bytesAt(entry)).toEqual(before);
  });

  it("of another port does not, and leaves no trace", () => {
    const entry = open(straight);
    const before = straight.bytesAt(entry);
    expect(straight.takeStraight({ bytes: segmentFrame(full(NEXT), 4321), time: 10 })).toBe(false);
    expect(straight.bytesAt(entry)).toEqual(before);
  });

  it("nothing does when it is over", () => {
    open(straight);
    expect(straight.takeStraight({ bytes: frame(NEXT), time: 432_001_000 })).toBe(false);
  });
});

function full(segment: Partial<Segment>): Segment {
  return { reply: false, flags: "A", sequence: 0, ack: 0, window: 8192, length: 0, ...segment };
}

function frame(segment: Partial<Segment>): Uint8Array {
  return segmentFrame(full(segment));
}
