// Random frames over random bridges: the kernels against a twin that looks for everything anew.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { Model } from "../../src/config/model.ts";
import { readFdb } from "../../src/memory/fdb.ts";
import { imbalances } from "../support/accounts.ts";
import { concat, hex, toHex, u16 } from "../support/octets.ts";
import { type Arrival, arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { BridgeTwin } from "../twin/bridge.ts";

const PORTS = 5;
/** In the order of the cases: few, so that stations meet, move and fall under limits. */
const STATIONS = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `0200000001a${n}`);
const DESTINATIONS = [...STATIONS, "ffffffffffff", "01005e000005", "333300000001"];
const SOURCES = [...STATIONS, ...STATIONS, ...STATIONS, "01005e000005", "000000000000"];

const vlan = fc.constantFrom(1, 10, 20, 30);
const keys = fc.oneof(
  fc.record({ access: vlan }),
  fc.record({ tunnel: vlan }),
  fc.record({
    trunk: fc.uniqueArray(fc.constantFrom(10, 20, 30), { minLength: 1 }),
    native: fc.constant(1),
    native_tagged: fc.boolean(),
    protocol: fc.constantFrom("802.1q", "802.1ad"),
  }),
  fc.constant({ trunk: [10, 20, 30], translate: { "110": 10, "120": 20 } }),
);

const member = fc.record({
  learning: fc.constantFrom(true, true, true, false),
  flood: fc.constantFrom(true, true, true, false),
  hairpin: fc.constantFrom(false, false, true),
  split_horizon: fc.constantFrom(0, 0, 1, 2),
  mac_limit: fc.constantFrom(0, 0, 0, 2),
});

const configurations = fc
  .record({
    filtering: fc.boolean(),
    vlans: fc.array(keys, { minLength: PORTS, maxLength: PORTS }),
    members: fc.array(member, { minLength: PORTS, maxLength: PORTS }),
    bridges: fc.array(fc.constantFrom("br0", "br0", "br0", "br1"), {
      minLength: PORTS,
      maxLength: PORTS,
    }),
    ageing: fc.constantFrom("0s", "300s", "2s", "20s"),
    limit: fc.constantFrom(undefined, 3, 6),
    learning: fc.constantFrom(true, true, true, false),
    given: fc.boolean(),
  })
  .map(({ filtering, vlans, members, bridges, ageing, limit, learning, given }) => {
    const ports = members.map((settings, place) => {
      const vlan = filtering ? { vlan: vlans[place] } : {};
      const port = { device: "pcap:", bridge: bridges[place], ...settings, ...vlan };
      return [`p${place}`, port] as const;
    });
    const bridge = {
      ageing,
      learning,
      vlan_filtering: filtering,
      ...(limit === undefined ? {} : { mac_limit: limit }),
    };
    const stations = filtering || !given || bridges[0] !== "br0" ? [] : [STATION];
    return JSON.stringify({
      version: 1,
      engine: { limits: { macs: 64, routes: 16 }, frames: 256 },
      ports: Object.fromEntries(ports),
      bridges: { br0: { ...bridge, stations }, br1: bridge },
    });
  });

const STATION = { mac: "02:00:00:00:01:a8", port: "p0" };

const frames = fc.array(
  fc.record({
    port: fc.nat(PORTS - 1),
    destination: fc.constantFrom(...DESTINATIONS),
    source: fc.constantFrom(...SOURCES),
    tags: fc.array(
      fc.record({
        type: fc.constantFrom(0x8100, 0x8100, 0x8100, 0x88a8),
        priority: fc.constantFrom(0, 0, 0x6000, 0xf000),
        id: fc.constantFrom(0, 1, 10, 20, 30, 110, 120, 77),
      }),
      { maxLength: 2 },
    ),
    /** Milliseconds since the frame before. */
    after: fc.constantFrom(0, 1, 10, 500, 1500, 10_000, -700),
  }),
  { minLength: 1, maxLength: 60 },
);

type Frames = typeof frames extends fc.Arbitrary<infer T> ? T : never;

/** Microseconds since the start of the capture are told apart; times are whole milliseconds. */
function arrivalsOf(chosen: Frames): { at: number; sent: Arrival }[] {
  let time = 0;
  return chosen.map(({ port, destination, source, tags, after }, place) => {
    time = Math.max(0, time + after);
    const stack = tags.map(({ type, priority, id }) => concat(u16(type), u16(priority | id)));
    const bytes = concat(
      hex(destination),
      hex(source),
      ...stack,
      u16(0x88b5),
      u16(place),
      new Uint8Array(46),
    );
    return { at: time, sent: arrival(`p${port}`, bytes, { time: time / 1000 }) };
  });
}

function shownFdb(router: TestRouter): string[] {
  return readFdb(router.region)
    .filter(({ isStatic }) => !isStatic)
    .map(({ bridge, vlan, mac, port }) => `${bridge} ${vlan} ${toHex(mac)} ${port}`)
    .sort();
}

/** What the twin makes of it, in the terms of a run. */
function twinRun(model: Model, arrivals: readonly { at: number; sent: Arrival }[]) {
  const twin = new BridgeTwin(model);
  const sent: string[] = [];
  const drops: Record<string, number> = {};
  for (const { at, sent: frame } of arrivals) {
    const port = model.ports.findIndex(({ name }) => name === frame.port);
    const outcome = twin.receive(port, frame.bytes, at);
    if (outcome.drop !== undefined) drops[outcome.drop] = (drops[outcome.drop] ?? 0) + 1;
    for (const one of outcome.sent) sent.push(`p${one.port} ${toHex(one.bytes)}`);
  }
  return { sent, drops, counters: { ...twin.counters, suppressed: 0 }, stations: twin.stations };
}

describe("bridges", () => {
  it("do what the twin does, whatever the frames", async () => {
    const property = fc.asyncProperty(configurations, frames, async (text, chosen) => {
      const router = await TestRouter.create(parseConfiguration(text));
      const arrivals = arrivalsOf(chosen);
      const result = router.run(arrivals.map(({ sent }) => sent));
      const { statistics, departures } = result;
      expect({
        sent: departures.map(({ port, bytes }) => `${port} ${toHex(bytes)}`),
        drops: statistics.drops,
        counters: statistics.bridges,
        stations: shownFdb(router),
      }).toEqual(twinRun(router.model, arrivals));
      expect(imbalances(statistics)).toEqual([]);
      expect(frameLeaks(router.region)).toEqual([]);
    });
    await fc.assert(property, { seed: 5, numRuns: 60 });
  });
});
