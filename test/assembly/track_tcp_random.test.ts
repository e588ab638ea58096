// TCP's tracker and its twin, on random conversations and on noise.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { conversation, Ends, type Move } from "../support/conversations.ts";
import { type Segment, segmentFrame } from "../support/segments.ts";
import { TrackerKernel, type TrackerOptions } from "../support/tracker.ts";
import { STATES, TcpTwin } from "../twin/tcp_tracker.ts";

/** States some connection has been in: all of them, or the conversations are too tame. */
const reached = new Set<string>();
let kernel: TrackerKernel;
beforeAll(async () => {
  kernel = await TrackerKernel.compile();
});

/** The twin of all connections between two ends, one after the other. */
class Twins {
  readonly #options: TrackerOptions;
  /** The one there is, and whether its original direction is the other one of the segments'. */
  current: TcpTwin | undefined;
  #turned = false;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  receive(segment: Segment, time: number): "ok" | "invalid" {
    const found = this.current;
    if (found && !found.deleted && time < found.ends) {
      const turned = { ...segment, reply: segment.reply !== this.#turned };
      const outcome = found.receive(turned, time);
      if (outcome !== "repeat") return outcome;
    }
    this.current = new TcpTwin(this.#options.liberal, this.#options.loose);
    this.#turned = segment.reply;
    const outcome = this.current.receive({ ...segment, reply: false }, time);
    if (outcome === "ok") return "ok";
    this.current = undefined;
    return "invalid";
  }
}

function agree(moves: readonly Move[], starts: readonly [number, number], options: TrackerOptions) {
  kernel.begin({ checksum: false, ...options });
  const twins = new Twins(options);
  const ends = new Ends(...starts);
  let time = 1;
  let entry = 0;
  for (const [place, move] of moves.entries()) {
    time += move.pause;
    const segment = ends.segment(move);
    const state = kernel.receive({ bytes: segmentFrame(segment), time: time * 1000 });
    const outcome = twins.receive(segment, time);
    const label = `segment ${place}: ${JSON.stringify(segment)}`;
    expect((state & layout.STATE_INVALID) !== 0 ? "invalid" : "ok", label).toBe(outcome);
    if (outcome === "ok") entry = kernel.entry;
    const twin = twins.current;
    if (!twin || twin.deleted || twin.ends <= time) continue;
    const kept = kernel.connectionAt(entry, time * 1000);
    reached.add(twin.state);
    expect(STATES[kept.state], label).toBe(twin.state);
    expect(kept.packets, label).toEqual(twin.packets);
    expect((kept.status & layout.CT_ASSURED) !== 0, `assured, ${label}`).toBe(twin.assured);
    expect(Math.abs(kept.left / 1000 - (twin.ends - time)), `time, ${label}`).toBeLessThan(0.01);
  }
}

const starts = fc.tuple(
  fc.constantFrom(1000, 0xffffff00, 0x7fffff00),
  fc.constantFrom(5_000_000, 0xfffffff0),
);

describe("random conversations of TCP", () => {
  it("are followed as the twin does", () => {
    fc.assert(
      fc.property(conversation, starts, (moves, from) => agree(moves, from, {})),
      { seed: 11, numRuns: 800 },
    );
    expect([...reached].sort()).toEqual(STATES.slice(1).sort());
  });

  it("are followed as the twin does without pick-up", () => {
    fc.assert(
      fc.property(conversation, starts, (moves, from) => agree(moves, from, { loose: false })),
      { seed: 12, numRuns: 250 },
    );
  });

  it("are followed as the twin does when it is liberal", () => {
    fc.assert(
      fc.property(conversation, starts, (moves, from) => agree(moves, from, { liberal: true })),
      { seed: 13, numRuns: 250 },
    );
  });
});
