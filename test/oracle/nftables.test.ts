// Thirty-odd rulesets through nftables in a network namespace: order of the hooks, verdicts, what
// the rules count and what they change. The engine is compared with what the kernel once answered,
// and where that can be done the kernel is asked again. RECORD_ANSWERS=1 keeps what it says now.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { KernelRouter, kernelRouterMissing } from "../support/namespaces.ts";
import {
  askEngine,
  askKernel,
  RULESETS,
  type Ruleset,
  recordAnswers,
  recordedAnswers,
  WITHOUT_RULES,
} from "./nftables.ts";
import { ORACLE_PACKETS } from "./nftables_packets.cases.ts";

const missing = kernelRouterMissing();
const isRecording = process.env.RECORD_ANSWERS !== undefined;

describe("the oracle", () => {
  it("has names for its packets", () => {
    expect(new Set(ORACLE_PACKETS.map(({ what }) => what)).size).toBe(ORACLE_PACKETS.length);
    expect(RULESETS.length).toBeGreaterThanOrEqual(30);
  });

  it.each(RULESETS)("answers as it should: $name", ({ name }) => {
    const { counters } = recordedAnswers(name);
    const met = Object.entries(counters).filter(([id, count]) => /^never/.test(id) && count > 0);
    expect(met).toEqual([]);
  });
});

const ALL = [
  { name: "00-none", nftables: "", configuration: WITHOUT_RULES },
  ...RULESETS,
] satisfies Ruleset[];

describe("the engine answers as the kernel did", () => {
  it.each(ALL)("$name", async ({ name, configuration }) => {
    const expected = recordedAnswers(name);
    for (const mode of ["uncached", "cached"] as const) {
      const { counters, outcomes } = await askEngine(configuration, mode);
      expect({ mode, counters, outcomes }).toEqual({ mode, ...expected });
    }
  });
});

describe.skipIf(missing)(`the kernel answers as it did${missing ? ` (${missing})` : ""}`, () => {
  let kernel: KernelRouter;

  beforeAll(async () => {
    kernel = await KernelRouter.create(parseConfiguration(WITHOUT_RULES));
  });
  afterAll(() => kernel.close());

  it.each(ALL)("$name", async ({ name, nftables }) => {
    const answers = await askKernel(kernel, nftables);
    if (isRecording) recordAnswers(name, answers);
    expect(answers).toEqual(recordedAnswers(name));
  });
});
