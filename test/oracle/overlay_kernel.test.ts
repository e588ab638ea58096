// Bridges and tunnels beside the kernel's. The engine is compared with what the kernel once
// answered, and where it can be the kernel is asked again. RECORD_ANSWERS=1 keeps what it says now.

import { describe, expect, it } from "vitest";
import { kernelNetworkMissing, lackingParts } from "../support/kernel_network.ts";
import { OVERLAY_SCENARIOS } from "./overlay/all.ts";
import {
  type Answer,
  askEngine,
  askKernel,
  type OverlayScenario,
  recordAnswers,
  recordedAnswers,
} from "./overlay.ts";

const missing = kernelNetworkMissing();
const isRecording = process.env.RECORD_ANSWERS !== undefined;

/** The answers with the questions, for reading. */
function told({ steps }: OverlayScenario, answers: readonly Answer[]) {
  return steps.map(({ what }, place) => ({ step: `${place}: ${what}`, out: answers[place] }));
}

describe.skipIf(isRecording)("the engine answers as the kernel did", () => {
  it.each(OVERLAY_SCENARIOS)("$name", async (scenario) => {
    const { differs = {} } = scenario;
    const kernel = told(scenario, recordedAnswers(scenario));
    const engine = told(scenario, await askEngine(scenario));
    const place = (step: string) => scenario.steps.findIndex(({ what }) => what === step);
    const apart = new Set(Object.keys(differs).map(place));
    const others = <T>(list: readonly T[]) => list.filter((_, number) => !apart.has(number));
    expect(others(engine)).toEqual(others(kernel));
    // What has come to be equal is no difference any more.
    for (const number of apart) expect(engine[number]).not.toEqual(kernel[number]);
  });
});

const lacking = (scenario: OverlayScenario) =>
  missing === undefined ? lackingParts(scenario.needs) : [];
const asked = OVERLAY_SCENARIOS.map((scenario) => {
  const parts = lacking(scenario);
  const why = missing ?? (parts.length > 0 ? `the kernel has no ${parts.join(", ")}` : undefined);
  return { scenario, why, label: `${scenario.name}${why ? ` (skipped: ${why})` : ""}` };
});

describe("the kernel answers as it did", () => {
  for (const { scenario, why, label } of asked) {
    it.skipIf(why !== undefined)(label, async () => {
      const answers = await askKernel(scenario);
      if (isRecording) recordAnswers(scenario, answers);
      expect(told(scenario, answers)).toEqual(told(scenario, recordedAnswers(scenario)));
    });
  }
});
