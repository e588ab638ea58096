// What a bridge learns does not depend on the number of queues: workers take turns.

import { join } from "node:path";
import { expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine } from "../../src/engine.ts";
import { Random } from "../support/random.ts";
import { temporaryFolder } from "./sources.ts";
import { INTERFACES, writeConversations } from "./stateful_captures.ts";

const folder = temporaryFolder();
const capture = join(folder, "conversations.pcapng");

const members = INTERFACES.map((name, place) => {
  return `  ${name}: { device: "pcap:", bridge: br0, mac_limit: ${place * 3} }`;
});
const configuration = (queues: number) => `version: 1
engine: { queues: ${queues}, frames: 1024, limits: { routes: 16 } }
ports:
${members.join("\n")}
  spare: { device: "null:", bridge: br0 }
bridges: { br0: { ageing: 1s, mac_limit: 6 } }
`;

it("gives the same frames, counts and stations for 1, 2 and 3 queues", async () => {
  await writeConversations(capture, 300, new Random(7));
  const outcomes = [];
  for (const queues of [1, 2, 3]) {
    const engine = await Engine.create(parseConfiguration(configuration(queues)));
    try {
      const options = { captures: [capture], input: [...INTERFACES], loops: 2, digest: true };
      const { digest, statistics } = await engine.replay(options);
      const { packets, drops, bridges } = statistics;
      outcomes.push({ digest, packets, drops, bridges, stations: engine.fdb() });
    } finally {
      await engine.close();
    }
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
  expect(outcomes[0]?.bridges.learned).toBeGreaterThan(0);
  expect(outcomes[0]?.stations.filter(({ type }) => type === "local")).toHaveLength(1);
});
