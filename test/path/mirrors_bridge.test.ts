// Mirrors and bridges: members and interfaces that are looked at, and copies that enter a bridge.

import { describe, expect, it } from "vitest";
import { imbalances } from "../support/accounts.ts";
import { ethernet } from "../support/builder.ts";
import { toHex } from "../support/octets.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { HOST, OTHER } from "./world.ts";

const BRIDGE = (mirrors: string) => `version: 1
engine: { frames: 64, frame_size: 2048, limits: { routes: 50, neighbors: 20, next_hops: 20 } }
ports:
  a: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  b: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20] } }
  c: { device: "pcap:" }
  tap: { device: "pcap:" }
bridges:
  br0:
    vlan_filtering: true
    vlans: { 10: { mac: "02:00:00:00:00:10", addresses: [10.0.0.1/24] } }
mirrors:
${mirrors}
`;
const TO_OTHER = ethernet(OTHER.mac, HOST.mac);
const plain = TO_OTHER.ip4({ from: HOST.ip4, to: OTHER.ip4 }).udp({ from: 5, to: 7 });
const tagged = TO_OTHER.vlan(10).ip4({ from: HOST.ip4, to: OTHER.ip4 }).udp({ from: 5, to: 7 });

async function left(mirrors: string, port: string, frame: typeof plain): Promise<string[]> {
  const router = await TestRouter.create(BRIDGE(mirrors));
  const { departures, statistics } = router.run([arrival(port, frame)]);
  expect(imbalances(statistics)).toEqual([]);
  expect(frameLeaks(router.region)).toEqual([]);
  return departures.map((one) => `${one.port}: ${toHex(one.bytes)}`);
}
const at = (port: string, frame: typeof plain) => `${port}: ${toHex(frame.bytes())}`;

describe("mirrors and bridges", () => {
  it("a VLAN's frames are those with its tag, and those without at its access ports", async () => {
    const mirror = "  - { name: m, ports: [a, b], vlans: [10], to: tap }";
    const frames = await left(mirror, "a", plain);
    expect(frames).toEqual([at("tap", plain), at("tap", tagged), at("b", tagged)]);
    const other = await left(mirror.replace("10", "20"), "a", plain);
    expect(other).toEqual([at("b", tagged)]);
  });

  it("what a bridge gives to its interface, the interface receives", async () => {
    const here = ethernet("02:00:00:00:00:10", HOST.mac)
      .ip4({ from: HOST.ip4, to: "10.0.0.1" })
      .udp({ from: 5, to: 7 });
    const frames = await left(
      "  - { name: m, ports: [br0.10], to: tap, direction: in }",
      "a",
      here,
    );
    expect(frames[0]).toBe(at("tap", here));
  });

  it("a copy may enter a bridge, and its members' mirrors do not look at it again", async () => {
    const mirrors = `  - { name: in, ports: [c], direction: in, to: br0.10 }
  - { name: again, ports: [a, b], to: tap }`;
    const frames = await left(mirrors, "c", plain);
    expect(frames.toSorted()).toEqual([at("a", plain), at("b", tagged)]);
  });
});
