// Schedulers that depend on the connections before, compared with IPVS' definitions, while
// backends come, go and change.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import type { SchedulerName } from "../../src/config/model.ts";
import { Random } from "../support/random.ts";
import { ServiceRig, service, serviceKernel, serviceModel } from "../support/services.ts";
import {
  leastConnections,
  RoundRobin,
  WeightedRoundRobin,
  weightedLeastConnections,
} from "../twin/schedulers.ts";

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await serviceKernel();
});

function rigOf(scheduler: SchedulerName, weights: readonly number[]): ServiceRig {
  const backends = weights.map((weight, place) => `10.0.0.${place + 1}*${weight}`);
  return new ServiceRig(module, serviceModel([service({ scheduler, backends })]));
}

/** Backends of the next connections. */
function choose(rig: ServiceRig, count: number): number[] {
  return Array.from({ length: count }, (_, place) =>
    rig.choose({ from: `198.51.100.1:${place + 1}` }),
  );
}

function listOf(rig: ServiceRig) {
  return rig.table.backends(0).map(({ number, weight, isUp }) => ({
    number,
    weight: isUp ? weight : 0,
  }));
}

function randomWeights(random: Random): number[] {
  const unit = 1 + random.below(3);
  return Array.from({ length: 1 + random.below(6) }, () => unit * random.below(5));
}

describe("round robin", () => {
  it("takes one after the other, and passes over those that take none", () => {
    expect(choose(rigOf("rr", [1, 1, 1]), 7)).toEqual([1, 2, 3, 1, 2, 3, 1]);
    expect(choose(rigOf("rr", [5, 0, 1]), 5)).toEqual([1, 3, 1, 3, 1]);
  });

  it("is as defined, for any list", () => {
    const random = new Random(1);
    for (let round = 0; round < 30; round++) {
      const rig = rigOf("rr", randomWeights(random));
      const twin = new RoundRobin();
      expect(choose(rig, 20)).toEqual(Array.from({ length: 20 }, () => twin.next(listOf(rig))));
    }
  });

  it("goes on where it was when the list changes", () => {
    const rig = rigOf("rr", [1, 1, 1, 1]);
    expect(choose(rig, 2)).toEqual([1, 2]);
    rig.table.remove(0, rig.table.backends(0)[0]!);
    expect(choose(rig, 1)).toEqual([3]);
    // The one chosen last goes: what came behind it comes next.
    rig.table.remove(0, rig.table.backends(0)[1]!);
    expect(choose(rig, 3)).toEqual([4, 2, 4]);
    rig.table.set(0, rig.table.backends(0)[0]!, { isUp: false });
    expect(choose(rig, 2)).toEqual([4, 4]);
    rig.table.add(0, { ip: Uint8Array.of(10, 0, 0, 9), port: undefined, weight: 1 });
    rig.table.set(0, rig.table.backends(0)[0]!, { isUp: true });
    const added = rig.table.backends(0)[2]!.number;
    expect(choose(rig, 4)).toEqual([added, 2, 4, added]);
  });
});

describe("weighted round robin", () => {
  it("is the sequence of the definition's example", () => {
    // "AABABCABC" for weights of 4, 3 and 2 (Linux Virtual Server, job scheduling algorithms).
    expect(choose(rigOf("wrr", [4, 3, 2]), 9)).toEqual([1, 1, 2, 1, 2, 3, 1, 2, 3]);
  });

  it("is as defined, for any weights", () => {
    const random = new Random(2);
    for (let round = 0; round < 60; round++) {
      const rig = rigOf("wrr", randomWeights(random));
      const twin = new WeightedRoundRobin();
      expect(choose(rig, 40)).toEqual(Array.from({ length: 40 }, () => twin.next(listOf(rig))));
    }
  });

  it("gives shares by the new weights when they change", () => {
    const rig = rigOf("wrr", [10, 1]);
    choose(rig, 3);
    rig.table.set(0, rig.table.backends(0)[1]!, { weight: 10 });
    const chosen = choose(rig, 20);
    expect(chosen.filter((number) => number === 1)).toHaveLength(10);
    rig.table.set(0, rig.table.backends(0)[0]!, { weight: 0 });
    expect(new Set(choose(rig, 5))).toEqual(new Set([2]));
    rig.table.set(0, rig.table.backends(0)[0]!, { weight: 65_535 });
    expect(choose(rig, 20).filter((number) => number === 1).length).toBeGreaterThan(8);
  });
});

describe("least connections", () => {
  it.each(["lc", "wlc"] as const)("(%s) are as defined, whatever comes and ends", (scheduler) => {
    const random = new Random(3);
    const rig = rigOf(scheduler, [1, 3, 0, 2, 5]);
    const twin = scheduler === "lc" ? leastConnections : weightedLeastConnections;
    const open: number[] = [];
    for (let round = 0; round < 600; round++) {
      const list = listOf(rig).map((listed, place) => ({
        ...listed,
        ...rig.table.counts(rig.table.backends(0)[place]!),
      }));
      const { entry } = rig.attempt({ from: `198.51.100.1:${round + 1}` });
      expect(rig.backend(entry)).toBe(twin(list));
      const hash = random.next();
      open.push(rig.confirm(entry, layout.TCP_SYN_SENT, hash));
      if (random.oneIn(2)) rig.kernel.change(pick(open, random), layout.TCP_TIME_WAIT);
      if (random.oneIn(2)) rig.kernel.end(open.splice(random.below(open.length), 1)[0]!);
      if (random.oneIn(50)) {
        const backend = rig.table.backends(0)[random.below(5)]!;
        rig.table.set(0, backend, { weight: random.below(6) });
      }
    }
  });

  it("count TCP as in use until it closes, and other protocols always", () => {
    const backends = ["10.0.0.1", "10.0.0.2"];
    const rig = new ServiceRig(
      module,
      serviceModel([service({ scheduler: "lc", proto: "udp", backends })]),
    );
    const { entry } = rig.attempt({ from: "198.51.100.1:1", proto: "udp" });
    rig.confirm(entry, 0);
    expect(rig.table.counts(rig.table.backends(0)[0]!).active).toBe(1);
    expect(rig.choose({ from: "198.51.100.1:2", proto: "udp" })).toBe(2);
  });
});

function pick(list: readonly number[], random: Random): number {
  return list[random.below(list.length)]!;
}
