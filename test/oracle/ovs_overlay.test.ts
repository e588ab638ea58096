// Tunnels of Open vSwitch's user-space datapath beside ours, frame by frame, both ways.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OpenVSwitch, ovsAbsence } from "../support/ovs.ts";
import { SWITCH_TUNNELS, type SwitchScenario } from "./overlay/ovs_tunnels.ts";
import { GATEWAY, WAN } from "./overlay/underlay.ts";
import { type Answer, answerOf, apart, askEngine } from "./overlay.ts";
import { saidToBeEthernet } from "./overlay_normal.ts";

const absent = ovsAbsence();
const reason = absent === undefined ? "" : ` (skipped: ${absent})`;
const TUNNEL = 7;

describe.skipIf(absent !== undefined)(`tunnels of Open vSwitch${reason}`, () => {
  let ovs: OpenVSwitch;
  let made = 0;

  beforeAll(async () => {
    ovs = await OpenVSwitch.start(["p1"], { port: "wan", ...WAN, gateway: GATEWAY });
  });
  afterAll(() => ovs?.close());

  async function askSwitch({ tunnel, options, steps }: SwitchScenario): Promise<Answer[]> {
    // One of its own each: sequence numbers go on with the name.
    const [before, name] = [`tun${made}`, `tun${++made}`];
    ovs.configure(["--if-exists", "del-port", "br", before]);
    ovs.configure([
      ...[
        "add-port",
        "br",
        name,
        "--",
        "set",
        "interface",
        name,
        ...tunnel,
        `ofport_request=${TUNNEL}`,
      ],
    ]);
    await ovs.load([]);
    ovs.control("del-tlv-map");
    const fields = options.map(
      ({ field, optionClass, type }) => `{class=${optionClass},type=${type},len=4}->${field}`,
    );
    if (fields.length > 0) ovs.control("add-tlv-map", fields.join(","));
    const set = options.map(({ field, value }) => `set_field:${value}->${field},`).join("");
    const match = options.map(({ field, value }) => `,${field}=${value}`).join("");
    await ovs.load([
      `flow add in_port=1,actions=${set}output:${TUNNEL}`,
      `flow add in_port=${TUNNEL}${match},actions=output:1`,
    ]);
    const answers: Answer[] = [];
    for (const { port, frame } of steps) {
      const sent = await ovs.send([{ port, bytes: frame }]);
      answers.push(
        answerOf(sent.map(({ port: by, bytes }) => ({ port: by, bytes: saidToBeEthernet(bytes) }))),
      );
    }
    return answers;
  }

  it.each(SWITCH_TUNNELS)("$name", async (scenario) => {
    const theirs = await askSwitch(scenario);
    const found = apart(scenario, theirs, await askEngine(scenario));
    const { differs } = scenario;
    const unexpected = found.filter(({ step }) => !differs.some(({ at }) => at(step)));
    const told = unexpected.map(({ what, theirs: other, engine }) => ({ what, other, engine }));
    expect(told).toEqual([]);
    expect(theirs.filter((answer) => answer.length > 0).length).toBe(scenario.steps.length);
    for (const { why, at } of differs)
      expect(
        found.some(({ step }) => at(step)),
        why,
      ).toBe(true);
  });
});
