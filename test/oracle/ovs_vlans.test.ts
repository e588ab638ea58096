// VLANs and learning of Open vSwitch beside ours: which ports a frame leaves by, with which tags.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OpenVSwitch, ovsAbsence } from "../support/ovs.ts";
import { VLAN_SCENARIOS, type VlanScenario } from "./overlay/ovs_vlans.ts";
import { type Answer, answerOf, apart, askEngine } from "./overlay.ts";

const absent = ovsAbsence();
const reason = absent === undefined ? "" : ` (skipped: ${absent})`;
const PORTS = ["p1", "p2", "p3", "p4", "p5", "p6"];
/** Columns of a port that scenarios set. */
const COLUMNS = ["vlan_mode", "tag", "trunks", "other_config"];

describe.skipIf(absent !== undefined)(`VLANs of Open vSwitch${reason}`, () => {
  let ovs: OpenVSwitch;

  beforeAll(async () => {
    ovs = await OpenVSwitch.start(PORTS);
  });
  afterAll(() => ovs?.close());

  async function askSwitch({ ports, steps }: VlanScenario): Promise<Answer[]> {
    const words = PORTS.flatMap((port) => {
      const columns = ports[port];
      // A port the scenario has not is of a VLAN of its own, to which nothing comes.
      const told = columns ?? ["vlan_mode=access", "tag=4094"];
      return ["--", "clear", "port", port, ...COLUMNS, "--", "set", "port", port, ...told];
    });
    ovs.configure(words.slice(1));
    await ovs.load(["flow add actions=NORMAL"]);
    await ovs.forgetStations();
    const answers: Answer[] = [];
    for (const { port, frame } of steps) {
      answers.push(answerOf(await ovs.send([{ port, bytes: frame }])));
    }
    return answers;
  }

  it.each(VLAN_SCENARIOS)("$name", async (scenario) => {
    const theirs = await askSwitch(scenario);
    const found = apart(scenario, theirs, await askEngine(scenario));
    const unexpected = found.filter(({ step }) => !scenario.differs.some(({ at }) => at(step)));
    const told = unexpected.map(({ what, theirs: other, engine }) => ({ what, other, engine }));
    expect(told).toEqual([]);
    expect(theirs.filter((answer) => answer.length > 0).length).toBeGreaterThan(100);
    for (const { why, at } of scenario.differs)
      expect(
        found.some(({ step }) => at(step)),
        why,
      ).toBe(true);
  });
});
