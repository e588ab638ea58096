// Bridges and tunnels of the Linux kernel as an oracle: scenarios, frame by frame into a port, and
// what came out of all ports. test/data/overlay/*.json keep the kernel's answers.

import { readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { KernelNetwork, type KernelPart } from "../support/kernel_network.ts";
import { hex, type Octets, toHex } from "../support/octets.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { normal } from "./overlay_normal.ts";

export interface OverlayStep {
  readonly what: string;
  readonly port: string;
  readonly frame: Uint8Array;
  /** Seconds to wait before. */
  readonly after?: number;
}

/** Where the two differ, and why that is right. */
export interface Difference {
  readonly why: string;
  /** Whether it is about this step. */
  readonly at: (step: OverlayStep) => boolean;
}

export interface OverlayScenario {
  /** And name of the file of answers. */
  readonly name: string;
  /** What the kernel needs for it. */
  readonly needs: readonly KernelPart[];
  /** Names and MACs. */
  readonly ports: Readonly<Record<string, string>>;
  /** Shell commands that make the kernel's bridges and tunnels. */
  readonly kernel: readonly string[];
  /** The same for the engine: YAML. */
  readonly engine: string;
  readonly steps: readonly OverlayStep[];
  readonly differs?: readonly Difference[];
  /** Makes equal what either may have as it likes in this scenario. */
  readonly equalise?: (frame: Octets) => Octets;
}

/** "ports: octets" of what came out after one step, sorted: the order among copies is free. */
export type Answer = readonly string[];

interface Kept {
  readonly kernel: string;
  readonly steps: readonly { readonly what: string; readonly out: Answer }[];
}

const FOLDER = new URL("../data/overlay/", import.meta.url);
/** Seconds between two steps of the engine. */
const STEP = 0.01;

const fileOf = ({ name }: OverlayScenario) => new URL(`${name}.json`, FOLDER);

export function recordedAnswers(scenario: OverlayScenario): Answer[] {
  const { steps }: Kept = JSON.parse(readFileSync(fileOf(scenario), "utf8"));
  const asked = scenario.steps.map(({ what }) => what);
  if (JSON.stringify(steps.map(({ what }) => what)) !== JSON.stringify(asked)) {
    throw new Error(`the answers of ${scenario.name} are to other questions: record them again`);
  }
  return steps.map(({ out }) => out);
}

export function recordAnswers(scenario: OverlayScenario, answers: readonly Answer[]): void {
  const steps = scenario.steps.map(({ what }, place) => ({ what, out: answers[place] }));
  const lines = steps.map((step) => `    ${JSON.stringify(step)}`).join(",\n");
  const text = `{\n  "kernel": "Linux ${release()}",\n  "steps": [\n${lines}\n  ]\n}\n`;
  writeFileSync(fileOf(scenario), text);
}

export function answerOf(
  frames: readonly { readonly port: string; readonly bytes: Uint8Array }[],
): Answer {
  const ports = new Map<string, string[]>();
  for (const { port, bytes } of frames) {
    const octets = toHex(normal(bytes));
    ports.set(octets, [...(ports.get(octets) ?? []), port]);
  }
  return [...ports].map(([octets, names]) => `${names.sort().join(" ")}: ${octets}`).sort();
}

/** Sends the scenario through a network of its own in the kernel. */
export async function askKernel(scenario: OverlayScenario): Promise<Answer[]> {
  const network = await KernelNetwork.create(scenario.ports, scenario.kernel);
  const answers: Answer[] = [];
  try {
    for (const { port, frame, after = 0 } of scenario.steps) {
      if (after > 0) await new Promise((resolve) => setTimeout(resolve, after * 1000));
      answers.push(answerOf(await network.send(port, frame)));
    }
    return answers;
  } finally {
    network.close();
  }
}

/** Sends it through the engine, one packet at a time. */
export async function askEngine(
  scenario: Pick<OverlayScenario, "engine" | "steps">,
): Promise<Answer[]> {
  const router = await TestRouter.create(scenario.engine);
  let time = 0;
  const arrivals = scenario.steps.map(({ port, frame, after = 0 }) => {
    time += after + STEP;
    return arrival(port, frame, { time });
  });
  const { departures } = router.run(arrivals, { stepwise: true });
  const leaks = frameLeaks(router.region);
  if (leaks.length > 0) throw new Error(leaks.join("; "));
  return arrivals.map(({ time: at = 0 }) =>
    answerOf(departures.filter((departure) => Math.abs(departure.time - at) < STEP / 2)),
  );
}

/** Steps at which another and the engine answer differently, and what only one of them sent. */
export function apart(
  { steps, equalise }: Pick<OverlayScenario, "steps" | "equalise">,
  others: readonly Answer[],
  engines: readonly Answer[],
) {
  const equalised = (answer: Answer = []) =>
    equalise === undefined
      ? answer
      : answer.map((line) => {
          const [names, octets] = line.split(": ") as [string, string];
          return `${names}: ${toHex(equalise(hex(octets)))}`;
        });
  return steps.flatMap((step, place) => {
    const [theirs, ours] = [equalised(others[place]), equalised(engines[place])];
    if (theirs.join() === ours.join()) return [];
    const only = (list: Answer, other: Answer) => list.filter((line) => !other.includes(line));
    return [{ step, what: step.what, theirs: only(theirs, ours), engine: only(ours, theirs) }];
  });
}
