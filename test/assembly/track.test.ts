// Connection tracking, rule by rule: see track.cases.ts.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { TrackerKernel } from "../support/tracker.ts";
import { CASES, type Case } from "./track.cases.ts";

let kernel: TrackerKernel;
beforeAll(async () => {
  kernel = await TrackerKernel.compile();
});

const NAMES: readonly (readonly [bit: number, name: string])[] = [
  [layout.STATE_NEW, "new"],
  [layout.STATE_ESTABLISHED, "established"],
  [layout.STATE_RELATED, "related"],
  [layout.STATE_INVALID, "invalid"],
  [layout.STATE_UNTRACKED, "untracked"],
  [layout.STATE_REPLY, "reply"],
  [layout.STATE_SNAT, "snat"],
  [layout.STATE_DNAT, "dnat"],
  [layout.STATE_ASSURED, "assured"],
];

function wordsOf(state: number): string {
  const names = NAMES.filter(([bit]) => (state & bit) !== 0).map(([, name]) => name);
  return state < 0 ? `dropped for ${layout.VERDICT_DROP + state}` : names.join(" ");
}

function play({ steps, checksum = true }: Case): void {
  kernel.begin({ checksum });
  for (const [place, { frame, at, is, left }] of steps.entries()) {
    const label = `packet ${place + 1}`;
    const state = kernel.receive({ bytes: frame, time: 1000 + at });
    expect(wordsOf(state), label).toBe(is);
    const tracked = (state & layout.STATE_TRACKED) !== 0;
    expect(tracked, label).toBe(is !== "untracked");
    const known = is !== "untracked" && is !== "invalid";
    expect(kernel.entry !== 0, label).toBe(known);
    if (left === undefined) continue;
    const kept = kernel.connectionAt(kernel.entry, 1000 + at);
    expect(Math.abs(kept.left / 1000 - left), `${label} lasts ${kept.left} ms`).toBeLessThan(0.01);
  }
}

describe("connection tracking", () => {
  it.each(CASES)("$what", play);

  it("keeps nothing of a first packet that does not get through", () => {
    kernel.begin();
    const first = CASES[0]?.steps[0];
    if (!first) throw new Error("there are no cases");
    for (const time of [1000, 1001]) {
      const state = kernel.receive({ bytes: first.frame, time, through: false });
      expect(wordsOf(state)).toBe("new");
    }
    expect(kernel.connections(1001)).toEqual([]);
  });

  it("counts packets and bytes of IP in both directions", () => {
    kernel.begin();
    const steps = CASES[0]?.steps ?? [];
    for (const { frame, at } of steps) kernel.receive({ bytes: frame, time: 1000 + at });
    const [kept] = kernel.connections(4000);
    expect(kept).toMatchObject({ packets: [4, 1], bytes: [4 * 32, 32] });
  });
});
