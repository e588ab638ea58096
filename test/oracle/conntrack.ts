// The kernel's connection tracking as an oracle: scenarios, packet by packet through a router of
// the kernel's, and what was seen of each packet: the states of its connection, what left the
// router, and all connections afterwards. test/data/conntrack/*.json keep the kernel's answers.

import { readFileSync, writeFileSync } from "node:fs";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { world } from "../path/world.ts";
import { type KernelFrame, KernelRouter } from "../support/namespaces.ts";
import { OBSERVER } from "./conntrack_observer.ts";
import { describeConnection, kernelConnection } from "./conntrack_table.ts";
import { observation } from "./conntrack_words.ts";
import { SCENARIOS, type Scenario } from "./scenarios/all.ts";

export { SCENARIOS, type Scenario };

/** What was seen of one packet. */
export interface Observation {
  readonly what: string;
  /** Of OBSERVED, in that order; twice when two packets (fragments) were counted. */
  readonly states: readonly string[];
  /** "port: octets" of each frame that left. */
  readonly frames: readonly string[];
  /** All connections afterwards, sorted. */
  readonly connections: readonly string[];
}

const FOLDER = new URL("../data/conntrack/", import.meta.url);
const ENGINE = "icmp_errors: { rate: 100000/s, burst: 1000 }";
/** What both routers are made from. */
export const ROUTER = world({
  engine: ENGINE,
  routes: "\n  - { to: 172.16.9.0/24, type: unreachable }",
});

/** Answers as they are kept: connections only where they are others than before. */
interface KeptObservation extends Omit<Observation, "connections"> {
  readonly connections?: readonly string[];
}

export function recordedAnswers({ name }: Scenario): Observation[] {
  const kept: KeptObservation[] = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
  let connections: readonly string[] = [];
  return kept.map((observation) => {
    connections = observation.connections ?? connections;
    return { ...observation, connections };
  });
}

export function recordAnswers({ name }: Scenario, answers: readonly Observation[]): void {
  let before = "[]";
  const kept = answers.map(({ connections, ...rest }): KeptObservation => {
    const now = JSON.stringify(connections);
    const isNew = now !== before;
    before = now;
    return isNew ? { ...rest, connections } : rest;
  });
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** Sends the scenario through a router of its own in the kernel. */
export async function askKernel(scenario: Scenario): Promise<Observation[]> {
  const router = await KernelRouter.create(parseConfiguration(ROUTER));
  try {
    const settings = Object.entries({ acct: 1, ...scenario.settings });
    router.set(Object.fromEntries(settings.map(([key, value]) => [`nf_conntrack_${key}`, value])));
    router.load(`${OBSERVER}\n${scenario.nftables ?? ""}`, scenario.delivers);
    return await runThroughKernel(router, scenario);
  } finally {
    await router.close();
  }
}

async function runThroughKernel(router: KernelRouter, scenario: Scenario): Promise<Observation[]> {
  const left: KernelFrame[] = [];
  const observations: Observation[] = [];
  for (const { what, port, frame, after = 0 } of scenario.steps) {
    if (after > 0) await new Promise((resolve) => setTimeout(resolve, after * 1000));
    const bytes = typeof frame === "function" ? frame(left) : frame;
    const frames = await router.send(port, bytes);
    left.push(...frames);
    const connections = await router.connections();
    const lines = connections.map((line) =>
      describeConnection(kernelConnection(line, scenario.settings)),
    );
    observations.push(observation(scenario, what, router.takeCounts(), frames, lines));
  }
  return observations;
}
