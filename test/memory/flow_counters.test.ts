// Counters of flows: one for each worker, added up by the host, used again from zero.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../../src/errors.ts";
import { FlowCounters } from "../../src/memory/flow_counters.ts";
import type { Region } from "../../src/memory/region.ts";
import { flowMemory } from "../support/flow_memory.ts";

/** What a worker does. */
function countIn(region: Region, worker: number, counter: number, bytes: bigint, time: bigint) {
  const place = worker * region.map.sizes.flowCounters + counter;
  const at = region.base(layout.REGION_FLOW_COUNTERS) + place * layout.FLOW_COUNTER_STRIDE;
  const add = (offset: number, amount: bigint) =>
    region.setU64(at + offset, region.getU64(at + offset) + amount);
  add(layout.FLOW_COUNTER_PACKETS, 1n);
  add(layout.FLOW_COUNTER_BYTES, bytes);
  region.setU64(at + layout.FLOW_COUNTER_LAST, time);
}

describe("FlowCounters", () => {
  it("adds up the workers, and takes the latest time", () => {
    const region = flowMemory();
    const counters = new FlowCounters(region);
    const counter = counters.allocate();
    expect(counter).toBeGreaterThan(0);
    countIn(region, 0, counter, 60n, 5n);
    countIn(region, 1, counter, 2n ** 40n, 3n);
    countIn(region, 1, counter + 1, 7n, 9n);
    expect(counters.read(counter)).toEqual({ packets: 2, bytes: 2 ** 40 + 60, last: 5n });
  });

  it("gives a released counter out again at zero, in all workers", () => {
    const region = flowMemory();
    const counters = new FlowCounters(region);
    const counter = counters.allocate();
    countIn(region, 1, counter, 60n, 5n);
    counters.release(counter);
    expect(counters.used).toBe(0);
    expect(counters.allocate()).toBe(counter);
    expect(counters.read(counter)).toEqual({ packets: 0, bytes: 0, last: 0n });
  });

  it("sets all to zero for a run", () => {
    const region = flowMemory();
    const counters = new FlowCounters(region);
    const numbers = [counters.allocate(), counters.allocate()];
    for (const number of numbers) countIn(region, 1, number, 60n, 5n);
    counters.clearAll();
    for (const number of numbers) expect(counters.read(number).packets).toBe(0);
  });

  it("refuses one more than there are", () => {
    const counters = new FlowCounters(flowMemory({ flowCounters: 4 }));
    const numbers = [1, 2, 3].map(() => counters.allocate());
    expect(new Set(numbers).size).toBe(3);
    expect(() => counters.allocate()).toThrow(SluiceError);
    expect(() => counters.allocate()).toThrow(/engine\.limits\.rules/);
  });
});
