// Random conversations through random tables that track connections, in Open vSwitch's user-space
// datapath and in ours: every frame that comes out of either comes out of the other, byte for byte,
// and at the end both know the same connections.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConnectionControl } from "../../src/control/connections.ts";
import { OpenVSwitch, ovsAbsence } from "../support/ovs.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import {
  type CtDifference,
  comparedConnections,
  explain,
  firstDifferences,
} from "./ovs_ct_comparison.ts";
import { CONNECTION_RULES, RULES } from "./ovs_ct_differences.ts";
import { ovsBundle, PORTS, sluiceDocument } from "./ovs_ct_flows.ts";
import { CtConversation, type CtPacket } from "./ovs_ct_packets.ts";
import { type Pipeline, PipelineMaker } from "./ovs_ct_pipelines.ts";

const PIPELINES = 60;
const BATCH = 15;
const CONVERSATIONS = 40;
const SHOWN = 4;

const absent = ovsAbsence();
const reason = absent === undefined ? "" : ` (skipped: ${absent})`;

/** Conversations side by side: what p1 sends until all wait for p2, and so on in turns. */
function interleaved(conversations: readonly CtConversation[]): CtPacket[][] {
  const queues = conversations.map(({ packets }) => [...packets]);
  const turns: CtPacket[][] = [];
  for (let side = 0; queues.some(({ length }) => length > 0); side = 1 - side) {
    const port = side === 0 ? "p1" : "p2";
    const turn: CtPacket[] = [];
    for (let found = true; found; ) {
      found = false;
      for (const queue of queues) {
        if (queue[0]?.port !== port) continue;
        turn.push(queue.shift() as CtPacket);
        found = true;
      }
    }
    if (turn.length > 0) turns.push(turn);
  }
  return turns;
}

function forces({ flows }: Pipeline): boolean {
  return flows.some(({ steps }) => steps.some((step) => step.do === "ct" && step.ct.force));
}

interface Case {
  readonly pipeline: Pipeline;
  readonly turns: readonly (readonly CtPacket[])[];
}

function caseOf(seed: number): Case {
  const random = new Random(seed);
  const pipeline = new PipelineMaker(random).make();
  let last = 0;
  const numbers = () => ++last;
  const conversations = Array.from(
    { length: CONVERSATIONS },
    (_, number) => new CtConversation(random, number, pipeline, numbers),
  );
  return { pipeline, turns: interleaved(conversations) };
}

async function throughEngine({ pipeline, turns }: Case) {
  const router = await TestRouter.create(sluiceDocument(pipeline.flows));
  const arrivals = turns
    .flat()
    .map(({ port, bytes }, place) => arrival(port, bytes, { time: place / 1000 }));
  const { departures } = router.run(arrivals);
  expect(frameLeaks(router.region)).toEqual([]);
  const control = new ConnectionControl(router.region, router.model, undefined, () => false);
  return { frames: departures, connections: control.list() };
}

describe.skipIf(absent !== undefined)(`Open vSwitch tracks${reason}`, () => {
  let ovs: OpenVSwitch;
  let packets = 0;
  let connections = 0;
  const explained = new Map([...RULES, ...CONNECTION_RULES].map(({ why }) => [why, 0]));

  beforeAll(async () => {
    ovs = await OpenVSwitch.start(PORTS);
  });
  afterAll(() => ovs?.close());

  function isOpen(why: string | undefined): boolean {
    if (why !== undefined) explained.set(why, explained.get(why)! + 1);
    return why === undefined;
  }

  /** What nobody has explained of a case. */
  async function unexplained(seed: number): Promise<string[]> {
    const one = caseOf(seed);
    const lines = ovsBundle(one.pipeline.flows);
    await ovs.load(lines);
    await ovs.forgetConnections();
    const theirs = [];
    for (const turn of one.turns) theirs.push(...(await ovs.send(turn)));
    const ours = await throughEngine(one);
    const all = one.turns.flat();
    const found = firstDifferences(all, theirs, ours.frames, forces(one.pipeline));
    const open = found.filter((difference: CtDifference) =>
      isOpen(RULES.find(({ holds }) => holds(difference))?.why),
    );
    packets += all.length;
    const known = comparedConnections(all, found, await ovs.connections(), ours.connections);
    connections += known.same;
    const lost = known.different.filter((difference) =>
      isOpen(CONNECTION_RULES.find(({ holds }) => holds(difference))?.why),
    );
    return [
      ...open.map((difference) => `pipeline ${seed}, ${explain(difference, lines)}`),
      ...lost.map(
        (difference) =>
          `pipeline ${seed}, ${JSON.stringify({ ...difference, packets: undefined }, undefined, 1)}`,
      ),
    ];
  }

  const batches = Array.from({ length: PIPELINES / BATCH }, (_, batch) => batch * BATCH + 1);
  it.each(batches)("the same connections in pipelines from number %i on", async (first) => {
    const open: string[] = [];
    for (let seed = first; seed < first + BATCH; seed++) open.push(...(await unexplained(seed)));
    expect(open.slice(0, SHOWN), `${open.length} differences`).toEqual([]);
  });

  it("enough packets and connections, and no rule for differences is idle", () => {
    expect(packets).toBeGreaterThan(PIPELINES * 200);
    expect(connections).toBeGreaterThan(PIPELINES * 10);
    expect([...explained].filter(([, times]) => times === 0)).toEqual([]);
  });
});
