// Everything stateful beside the kernel: scenarios of connections, packet by packet. The engine is
// compared with what the kernel once answered, and where that can be done the kernel is asked
// again. RECORD_ANSWERS=1 keeps what it says now.

import { describe, expect, it } from "vitest";
import { kernelRouterMissing } from "../support/namespaces.ts";
import { askKernel, recordAnswers, recordedAnswers, SCENARIOS } from "./conntrack.ts";

const missing = kernelRouterMissing();
const isRecording = process.env.RECORD_ANSWERS !== undefined;

describe("the scenarios", () => {
  it("have names of their own", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });
});

describe.skipIf(missing)(`the kernel answers as it did${missing ? ` (${missing})` : ""}`, () => {
  it.each(SCENARIOS)("$name", async (scenario) => {
    const answers = await askKernel(scenario);
    if (isRecording) recordAnswers(scenario, answers);
    expect(answers).toEqual(recordedAnswers(scenario));
  });
});
