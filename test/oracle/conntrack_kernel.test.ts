// Everything stateful beside the kernel: scenarios of connections, packet by packet. The engine is
// compared with what the kernel once answered, and where that can be done the kernel is asked
// again. RECORD_ANSWERS=1 keeps what it says now.

import { describe, expect, it } from "vitest";
import { kernelRouterMissing } from "../support/namespaces.ts";
import { askKernel, recordAnswers, recordedAnswers, SCENARIOS } from "./conntrack.ts";
import { DIFFERENCES } from "./conntrack_differences.ts";
import { askEngine } from "./conntrack_engine.ts";

const missing = kernelRouterMissing();
const isRecording = process.env.RECORD_ANSWERS !== undefined;
const KERNEL_TIMEOUT = 30_000;

describe("the scenarios", () => {
  it("have names of their own", () => {
    const names = new Set(SCENARIOS.map(({ name }) => name));
    expect(names.size).toBe(SCENARIOS.length);
    expect([...DIFFERENCES.keys()].filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("the engine answers as the kernel did", () => {
  it.each(SCENARIOS)("$name", async (scenario) => {
    const { steps = [] } = DIFFERENCES.get(scenario.name) ?? {};
    const kernel = recordedAnswers(scenario);
    for (const mode of ["uncached", "cached"] as const) {
      const engine = await askEngine(scenario, mode);
      const others = <T>(list: readonly T[]) => list.filter((_, place) => !steps.includes(place));
      expect({ mode, seen: others(engine) }).toEqual({ mode, seen: others(kernel) });
      // What has come to be equal is no difference any more.
      for (const step of steps) expect(engine[step]).not.toEqual(kernel[step]);
    }
  });
});

describe.skipIf(missing)(`the kernel answers as it did${missing ? ` (${missing})` : ""}`, () => {
  it.each(SCENARIOS)("$name", { timeout: KERNEL_TIMEOUT }, async (scenario) => {
    const answers = await askKernel(scenario);
    if (isRecording) recordAnswers(scenario, answers);
    expect(answers).toEqual(recordedAnswers(scenario));
  });
});
