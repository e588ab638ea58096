// What a tunnel without DF sends beyond the underlay's MTU: fragments that together are the packet.

import { beforeAll, describe, expect, it } from "vitest";
import { ethernet } from "../support/builder.ts";
import { FragmentKernel } from "../support/fragments.ts";
import { toHex } from "../support/octets.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { FAR, HOST, hostToRouter, WAN, world } from "./world.ts";

const MAC = "02:00:00:00:99:02";
const PORTS = { from: 1000, to: 53 };
const tunnels = (df: boolean) => `
tunnels:
  loose: { type: vxlan, vni: 1, local: ${WAN.ip4}, remote: ${FAR.ip4}, df: ${df}, mtu: 60000,
           mac: "02:00:00:00:00:99", addresses: [10.97.0.1/24] }
  low: { type: ipip, local: 10.3.0.1, remote: 10.3.0.2, df: false, mtu: 4000,
         addresses: [10.2.0.1/30] }
  under: { type: gre, key: 1, local: ${WAN.ip4}, remote: ${FAR.ip4}, df: false, mtu: 2500,
           addresses: [10.3.0.1/30] }
`;
const configuration = (df: boolean) =>
  world({ neighbors: `\n  - { port: loose, ip: 10.97.0.2, mac: "${MAC}" }` })
    .replace("frames: 256, frame_size: 4096", "frames: 256, frame_size: 65536")
    .concat(tunnels(df));
const packet = (to: string, length: number) =>
  hostToRouter()
    .ip4({ from: HOST.ip4, to })
    .udp(PORTS)
    .payload(length - 28);

let open: Awaited<ReturnType<typeof FragmentKernel.compile>>;
let router: TestRouter;
beforeAll(async () => {
  open = await FragmentKernel.compile();
  router = await TestRouter.create(configuration(false));
});

/** Puts frames together; the last must complete the datagram. */
function whole(frames: readonly Uint8Array[]): Uint8Array {
  const kernel = open();
  const outcomes = frames.map((frame) => kernel.receive(frame));
  const last = outcomes.at(-1);
  if (last?.kind !== "whole") throw new Error(`not whole: ${JSON.stringify(outcomes)}`);
  return last.frame;
}

describe("packets of tunnels without DF", () => {
  it.each([1500, 3000, 9000, 30_000])("of %i bytes are cut", (length) => {
    const { departures, statistics } = router.run([arrival("lan", packet("10.97.0.2", length))]);
    const frames = departures.map(({ bytes }) => bytes);
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(1514);
    expect(frames.length).toBe(Math.ceil((length + 14 + 16) / 1480));
    const inner = ethernet(MAC, "02:00:00:00:00:99")
      .ip4({ from: HOST.ip4, to: "10.97.0.2", ttl: 63 })
      .udp(PORTS)
      .payload(length - 28)
      .bytes();
    expect(toHex(whole(frames).subarray(14 + 20 + 8 + 8))).toBe(toHex(inner));
    expect(statistics.drops).toEqual({});
    expect(frameLeaks(router.region)).toEqual([]);
  });

  it("are cut once more by a tunnel they go through", () => {
    const { departures } = router.run([arrival("lan", packet("10.2.0.2", 3900))]);
    // 2480 and 1420 bytes, each with headers of 48: the first are too many for 1500, and cut again.
    expect(departures.map(({ bytes }) => bytes.length - 14)).toEqual([1500, 1048, 1468]);
    expect(frameLeaks(router.region)).toEqual([]);
  });

  it("with DF are dropped", async () => {
    const strict = await TestRouter.create(configuration(true));
    const { statistics } = strict.run([arrival("lan", packet("10.97.0.2", 1500))]);
    expect(statistics.drops).toEqual({ "tunnel-too-big": 1 });
  });
});
