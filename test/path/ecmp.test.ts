// ECMP: shares by weight, both directions of a flow by the same member's bucket, and flows that
// stay where they are when members come and go, also through the engine's front.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parsePrefix } from "../../src/config/address.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { Prefix, RouteModel } from "../../src/config/model.ts";
import { Engine } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { temporaryFolder } from "../replay/sources.ts";
import { internetChecksum, toHex } from "../support/octets.ts";
import { arrival, type Departure, TestRouter } from "../support/path.ts";
import { readEthernet } from "../support/pcap.ts";
import { Random } from "../support/random.ts";
import { HOST, hostToRouter, world } from "./world.ts";

const MEMBERS = [11, 12, 13].map((last) => ({
  ip: `203.0.113.${last}`,
  ip6: `2001:db8:1::${last}`,
  mac: `0200000001${last}`,
}));
const WEIGHTS = [1, 2, 5];

const GROUPS = world({
  neighbors: MEMBERS.map(
    ({ ip, ip6, mac }) => `
  - { port: wan, ip: ${ip}, mac: "${mac.match(/../g)?.join(":")}" }
  - { port: wan, ip: "${ip6}", mac: "${mac.match(/../g)?.join(":")}" }`,
  ).join(""),
  routes: `
  - to: 198.18.0.0/15
    via: [${MEMBERS.map(({ ip }, n) => `{ ip: ${ip}, weight: ${WEIGHTS[n]} }`).join(", ")}]
  - to: "2001:db8:18::/48"
    via: [${MEMBERS.map(({ ip6 }, n) => `{ ip: "${ip6}", weight: ${WEIGHTS[n]} }`).join(", ")}]`,
});

/** So many flows from the host, each of one packet; the flow's number is its UDP ports. */
function flows(count: number, family: 4 | 6): Uint8Array[] {
  const random = new Random(family);
  return Array.from({ length: count }, (_, number) => {
    const ports = { from: 1024 + (number >> 8), to: number & 255 };
    if (family === 6) {
      const to = `2001:db8:18::${random.below(65_535).toString(16)}`;
      return hostToRouter().ip6({ from: HOST.ip6, to }).udp(ports).bytes();
    }
    const to = `198.18.${random.below(256)}.${random.below(256)}`;
    return hostToRouter().ip4({ from: HOST.ip4, to }).udp(ports).bytes();
  });
}

function memberOf(frame: Uint8Array): number {
  return MEMBERS.findIndex(({ mac }) => toHex(frame.subarray(0, 6)) === mac);
}

/** The member each flow leaves by, in the order of the flows. */
function membersOf(router: TestRouter, packets: readonly Uint8Array[]): number[] {
  const { departures } = router.run(packets.map((bytes) => arrival("lan", bytes)));
  return departures.map(({ bytes }: Departure) => memberOf(bytes));
}

/** The frame with source and destination exchanged: an answer. */
function answering(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  const [at, length] = frame[12] === 8 ? [26, 4] : [22, 16];
  copy.set(frame.subarray(at + length, at + 2 * length), at);
  copy.set(frame.subarray(at, at + length), at + length);
  const ports = at + 2 * length;
  copy.set(frame.subarray(ports + 2, ports + 4), ports);
  copy.set(frame.subarray(ports, ports + 2), ports + 2);
  return copy;
}

describe.each([4, 6] as const)("IPv%d", (family) => {
  it("shares flows by weight", async () => {
    const router = await TestRouter.create(GROUPS);
    const found = membersOf(router, flows(16_000, family));
    expect(found.length).toBe(16_000);
    WEIGHTS.forEach((weight, member) => {
      const share = found.filter((candidate) => candidate === member).length / found.length;
      // 128 buckets give 1/8 of weight to within a bucket, chance the rest.
      expect(Math.abs(share - weight / 8)).toBeLessThan(0.02);
    });
  });

  it("sends all packets of a flow, and those that answer it, by the same member", async () => {
    // Everything anywhere goes by the group, so that answers meet it too.
    const everything = GROUPS.replace("to: 198.18.0.0/15", "to: 128.0.0.0/1").replace(
      "2001:db8:18::/48",
      "fc00::/7",
    );
    const both = everything.replace(/\n {2}- \{ to: (0\.0|"::\/0).*/g, "");
    const router = await TestRouter.create(both);
    const there = flows(500, family).map((frame) => toBoth(frame, family));
    const found = membersOf(router, there);
    expect(found.length).toBe(500);
    expect(new Set(found).size).toBe(3);
    expect(membersOf(router, there)).toEqual(found);
    expect(membersOf(router, there.map(answering))).toEqual(found);
  });
});

/** Source and destination both in what the group routes. */
function toBoth(frame: Uint8Array, family: 4 | 6): Uint8Array {
  const copy = Uint8Array.from(frame);
  if (family === 6) {
    copy.set([0xfd, 0x18], 22);
    copy.set([0xfd, 0x19], 38);
    return copy;
  }
  copy.set([198, 18, 7, 7], 26);
  copy.set([0, 0], 24);
  copy.set(internetChecksum(copy.subarray(14, 34)), 24);
  return copy;
}

describe("a route changed through the engine", () => {
  const folder = temporaryFolder();
  const input = join(folder, "flows.pcap");
  const output = join(folder, "out.pcap");
  const packets = flows(4000, 4);
  const prefix = parsePrefix("198.18.0.0/15") as Prefix;

  async function replayed(engine: Engine): Promise<number[]> {
    await engine.replay({ captures: [input], outputs: { wan: output } });
    expect(readFileSync(output).length).toBeGreaterThan(24);
    return readEthernet(output).map(({ bytes }) => memberOf(bytes));
  }

  /** The group's route with only some of its members. */
  function routeOf(engine: Engine, ...members: readonly number[]): RouteModel {
    const route = engine.model.routes.find(({ to }) => to.length === 15) as RouteModel;
    return { ...route, to: prefix, via: route.via.filter((_, n) => members.includes(n)) };
  }

  it("moves the flows of a member that leaves, and no other; back again likewise", async () => {
    const writer = createCaptureWriter(input, {
      interfaces: [{ name: "lan", linkType: LINKTYPE_ETHERNET }],
    });
    packets.forEach((bytes, number) => {
      writer.packet(0, bytes, 0, bytes.length, bytes.length, 1, number);
    });
    await writer.close();
    const engine = await Engine.create(parseConfiguration(GROUPS));
    try {
      const before = await replayed(engine);
      expect(before.length).toBe(4000);
      engine.setRoutes([routeOf(engine, 0, 2)]);
      const without = await replayed(engine);
      expect(without.every((now, n) => now === before[n] || before[n] === 1)).toBe(true);
      expect(without).not.toContain(1);
      engine.setRoutes([routeOf(engine, 0, 1, 2)]);
      const again = await replayed(engine);
      const moved = again.filter((now, n) => now !== without[n]);
      // The member comes back and gets its share, a quarter, from the others.
      expect(moved.every((now) => now === 1)).toBe(true);
      expect(Math.abs(moved.length / 4000 - 0.25)).toBeLessThan(0.04);
      expect(engine.deleteRoutes([{ vrf: 0, to: prefix }])).toBe(1);
      expect(await replayed(engine)).toEqual(new Array(4000).fill(-1));
    } finally {
      await engine.close();
    }
  });
});
