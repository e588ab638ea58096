// Tunnels in a bridge that are reached through that very bridge: each frame flooded into one comes
// back to be flooded again. What one packet sets off has an end.

import { expect, it } from "vitest";
import { imbalances } from "../support/accounts.ts";
import { ethernet } from "../support/builder.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";

const REMOTES = [2, 3, 4, 5, 6].map((host) => `10.0.0.${host}`);
const neighbor = (ip: string, number: number) =>
  `  - { port: br0, ip: ${ip}, mac: "02:00:00:00:00:0${number}" }`;
const ENDS = `local: 10.0.0.1, remote: [${REMOTES.join(", ")}]`;
const tunnel = (vni: number) => `  v${vni}: { type: vxlan, vni: ${vni}, ${ENDS}, bridge: br0 }`;
const CONFIGURATION = `version: 1
engine: { frames: 256, limits: { routes: 100, neighbors: 64, next_hops: 16 } }
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0 }
bridges:
  br0: { mac: "02:00:00:00:0b:00", addresses: [10.0.0.1/24] }
neighbors:
${REMOTES.map((ip, place) => neighbor(ip, place + 1)).join("\n")}
tunnels:
${[1, 2, 3, 4].map(tunnel).join("\n")}
`;
/** What all that is sent for one packet may be: more than any tree of ports and remotes has. */
const MOST = 10_000;

it("one broadcast into tunnels that lead back ends, and what was not sent is counted", async () => {
  const router = await TestRouter.create(CONFIGURATION);
  const frame = ethernet("ff:ff:ff:ff:ff:ff", "02:00:00:00:00:aa", 0x88b5).payload(50);
  const { statistics } = router.run([arrival("p1", frame)], { output: "count" });
  const { packets, copied, tunnels } = statistics;
  expect(tunnels.encapsulated.packets).toBeGreaterThan(20);
  expect(tunnels.encapsulated.packets).toBeLessThan(MOST);
  expect(copied.packets + packets.transmitted).toBeLessThan(MOST);
  expect(copied.lost).toBeGreaterThan(0);
  expect(imbalances(statistics)).toEqual([]);
  expect(frameLeaks(router.region)).toEqual([]);
});
