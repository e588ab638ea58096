// Connection tracking on built packets of every kind, whole and damaged: nothing traps, every
// packet has exactly one state, and tuples agree with the hash that finds their shard.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { ownCaptures } from "../support/captures.ts";
import { damage, frames } from "../support/packets.ts";
import { readEthernet } from "../support/pcap.ts";
import { TrackerKernel } from "../support/tracker.ts";

const ONE_OF = [
  layout.STATE_NEW,
  layout.STATE_ESTABLISHED,
  layout.STATE_RELATED,
  layout.STATE_INVALID,
  layout.STATE_UNTRACKED,
];

let kernel: TrackerKernel;
beforeAll(async () => {
  kernel = await TrackerKernel.compile();
  kernel.begin({ checksum: false });
});

let time = 0;
/** The packet's state, or below zero. */
function receive(bytes: Uint8Array, wireLength = bytes.length): number {
  time += 3;
  const state = kernel.receive({ bytes, wireLength, time });
  if (state < 0) return state;
  expect(ONE_OF.filter((bit) => (state & bit) !== 0)).toHaveLength(1);
  const known = (state & (layout.STATE_INVALID | layout.STATE_UNTRACKED)) === 0;
  expect(kernel.entry !== 0).toBe(known);
  return state;
}

describe("random packets", () => {
  it("have one state each, and tuples that agree with their hash", () => {
    let tuples = 0;
    fc.assert(
      fc.property(frames, (bytes) => {
        // The hash of an error is that of the packet it quotes
        const state = receive(bytes);
        if (state < 0 || (state & layout.STATE_RELATED) !== 0) return;
        const sound = kernel.hasSoundTuple();
        if (sound === true) tuples += 1;
        if (sound === false) expect(state & layout.STATE_INVALID).not.toBe(0);
      }),
      { seed: 21, numRuns: 3000 },
    );
    expect(tuples).toBeGreaterThan(500);
  });

  it("do not trap when damaged", () => {
    fc.assert(
      fc.property(frames, damage, (whole, { writes, keep, wireLength }) => {
        const bytes = whole.slice(0, keep);
        for (const [at, value] of writes) if (at < bytes.length) bytes[at] = value;
        receive(bytes, wireLength ?? whole.length);
      }),
      { seed: 22, numRuns: 4000 },
    );
  });
});

describe("captures of the repository", () => {
  it.each(ownCaptures())("$name: tuples agree with their hash", ({ url }) => {
    for (const { bytes, wireLength } of readEthernet(url)) {
      const state = receive(bytes, wireLength);
      const tracked = state > 0 && (state & (layout.STATE_NEW | layout.STATE_ESTABLISHED)) !== 0;
      if (tracked) expect(kernel.hasSoundTuple()).toBe(true);
    }
  });
});
