// Mirrors into ERSPAN tunnels, and what another router takes out of those.

import { describe, expect, it } from "vitest";
import { imbalances } from "../support/accounts.ts";
import { carriers, collect, mirrorOut, probe, query } from "../support/erspan.ts";
import { toHex } from "../support/octets.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { FAR, HOST, hostToRouter, routerToGateway } from "./world.ts";

const IN = "  - { name: in, ports: [lan], direction: in, to: remote }";
const sent = () =>
  routerToGateway()
    .ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 63 })
    .udp({ from: 1000, to: 4000 })
    .payload(100);
/** Of the router that mirrors. */
const hexes = (frames: readonly Uint8Array[]) => frames.map(toHex);

describe.each([2, 3])("ERSPAN type %i", (version) => {
  it("carries what a port receives, whole, and another router opens it", async () => {
    const departures = await mirrorOut(probe(IN, `version: ${version}`), [query(), query(7)]);
    const { frames, statistics } = await collect(carriers(departures));
    expect(hexes(frames)).toEqual(hexes([query().bytes(), query(7).bytes()]));
    expect(statistics.ports[2]?.rx.packets).toBe(2);
  });

  it("carries what a port sends, but never its own packets", async () => {
    const mirror = "  - { name: out, ports: [wan, remote], to: remote }";
    const own = "  - { name: out, ports: [wan], direction: both, to: remote }";
    await expect(mirrorOut(probe(mirror, `version: ${version}`), [])).rejects.toThrow(/the copies/);
    const departures = await mirrorOut(probe(own, `version: ${version}`), [query(), query()]);
    expect(departures.map(({ port }) => port)).toEqual(["wan", "wan", "wan", "wan"]);
    const { frames } = await collect(carriers(departures));
    expect(hexes(frames)).toEqual(hexes([sent().bytes(), sent().bytes()]));
  });

  it("carries the beginning of a frame, down to its link header", async () => {
    for (const snaplen of [14, 15, 33, 64, 10_000]) {
      const mirror = IN.replace("}", `, snaplen: ${snaplen} }`);
      const departures = await mirrorOut(probe(mirror, `version: ${version}`), [query()]);
      const { frames } = await collect(carriers(departures));
      const cut = query().bytes().subarray(0, snaplen);
      expect(hexes(frames), `${snaplen}`).toEqual(hexes([cut]));
    }
  });

  it("says of what was cut or sent by which port that it was", async () => {
    const mirrors = `${IN.replace("}", ", snaplen: 60 }")}
  - { name: out, ports: [span, wan], direction: out, to: remote }`;
    const departures = await mirrorOut(probe(mirrors, `version: ${version}`), [query()]);
    const headers = carriers(departures).map((frame) => frame.subarray(42));
    const truncated = headers.map((header) => ((header[2] ?? 0) >> 2) & 1);
    // What waits until the packet is done, leaves in the order of a stack.
    expect(truncated).toEqual([0, 1]);
    const last = (header: Uint8Array) => [...header.subarray(version === 2 ? 4 : 8)];
    const [out = [], input = []] = headers.map(last);
    if (version === 2) {
      expect([out.slice(1, 4), input.slice(1, 4)]).toEqual([
        [0, 0, 2],
        [0, 0, 1],
      ]);
    } else {
      expect([out[3]! & 8, input[3]! & 8]).toEqual([8, 0]);
    }
  });
});

describe("a mirror into a tunnel", () => {
  it("cannot copy what is no frame, and loses what no frame is left for", async () => {
    const router = await TestRouter.create(probe(IN, "version: 2"));
    const result = router.run([arrival("lan", query().bytes().subarray(0, 13))]);
    expect(result.statistics.copied).toEqual({ packets: 0, bytes: 0, lost: 1 });
    expect(result.statistics.mirrored.packets).toBe(0);
    expect(imbalances(result.statistics)).toEqual([]);
    expect(frameLeaks(router.region)).toEqual([]);
  });

  it("leaves the packet as it is, and waits for the tunnel's neighbor without it", async () => {
    const unknown = probe(IN, "version: 3").replace("remote: 203.0.113.1", "remote: 203.0.113.9");
    const router = await TestRouter.create(unknown);
    const wide = hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4 }).udp({ from: 1000, to: 4000 });
    const result = router.run([arrival("lan", wide)], { resolve: true });
    expect(result.statistics.packets).toMatchObject({ received: 1, transmitted: 1, dropped: 0 });
    expect(result.departures.map(({ bytes }) => [bytes[12], bytes[13]])).toEqual([
      [8, 0],
      [8, 6],
    ]);
    expect(result.statistics.mirrored.packets).toBe(1);
    expect(imbalances(result.statistics)).toEqual([]);
  });

  it("too long for the underlay loses the copy, and nobody is told", async () => {
    const router = await TestRouter.create(probe(IN, "version: 2"));
    const result = router.run([arrival("lan", query(1460))]);
    expect(result.departures.map(({ port }) => port)).toEqual(["wan"]);
    expect(result.statistics).toMatchObject({ copied: { lost: 1 }, originated: { packets: 0 } });
    expect(imbalances(result.statistics)).toEqual([]);
    expect(frameLeaks(router.region)).toEqual([]);
  });
});
