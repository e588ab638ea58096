// Bridges and tunnels beside the kernel's. The engine is compared with what the kernel once
// answered, and where it can be the kernel is asked again. RECORD_ANSWERS=1 keeps what it says now.

import { describe, expect, it } from "vitest";
import { kernelNetworkMissing, lackingParts } from "../support/kernel_network.ts";
import { OVERLAY_SCENARIOS } from "./overlay/all.ts";
import {
  apart,
  askEngine,
  askKernel,
  type OverlayScenario,
  recordAnswers,
  recordedAnswers,
} from "./overlay.ts";

const missing = kernelNetworkMissing();
const isRecording = process.env.RECORD_ANSWERS !== undefined;

/** The answers with the questions, for reading. */
function told({ steps }: OverlayScenario, answers: Awaited<ReturnType<typeof askKernel>>) {
  return steps.map(({ what }, place) => ({ step: `${place}: ${what}`, out: answers[place] }));
}

const now = isRecording ? " (skipped: answers are being recorded)" : "";
describe.skipIf(isRecording)(`the engine answers as the kernel did${now}`, () => {
  // What is skipped says so in its name.
  it.each(OVERLAY_SCENARIOS)("$name", async (scenario) => {
    const { differs = [] } = scenario;
    const found = apart(scenario, recordedAnswers(scenario), await askEngine(scenario));
    const unexpected = found.filter(({ step }) => !differs.some(({ at }) => at(step)));
    const told = unexpected.map(({ what, theirs, engine }) => ({ what, theirs, engine }));
    expect(told).toEqual([]);
    // What has come to be equal is no difference any more.
    for (const { why, at } of differs)
      expect(
        found.some(({ step }) => at(step)),
        why,
      ).toBe(true);
  });
});

const lacking = (scenario: OverlayScenario) =>
  missing === undefined ? lackingParts(scenario.needs) : [];
/** Kernels of different versions tell, or cut, what is too long for VXLAN in different ways. */
const BY_VERSION = ["vxlan-routed", "vxlan-path-mtu"];
const asked = OVERLAY_SCENARIOS.map((scenario) => {
  const parts = lacking(scenario);
  const varies = BY_VERSION.includes(scenario.name) && !isRecording;
  const less = parts.length > 0 ? `the kernel has no ${parts.join(", ")}` : undefined;
  const why = missing ?? less ?? (varies ? "kernels differ here by version" : undefined);
  return { scenario, why, label: `${scenario.name}${why ? ` (skipped: ${why})` : ""}` };
});

describe("the kernel answers as it did", () => {
  for (const { scenario, why, label } of asked) {
    it.skipIf(why !== undefined)(label, async () => {
      // The label of one that is skipped says why.
      const answers = await askKernel(scenario);
      if (isRecording) recordAnswers(scenario, answers);
      expect(told(scenario, answers)).toEqual(told(scenario, recordedAnswers(scenario)));
    });
  }
});
