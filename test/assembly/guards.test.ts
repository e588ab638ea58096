// Reserved groups, storm control, the loop guard, and proxy ARP and ND at a bridge's interface.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DROP_ARP_NOT_OURS, DROP_ND_NOT_OURS } from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { ethernet } from "../support/builder.ts";
import { GuardRig, START } from "../support/guards.ts";
import { advertisement, arpFrame, solicitation } from "../support/neighbor_frames.ts";
import { hexOf } from "../support/octets.ts";
import { Random } from "../support/random.ts";
import { MoveTwin } from "../twin/loop_guard.ts";

const CONFIGURATION = `
version: 1
engine: { frames: 64, frame_size: 2048, limits: { routes: 100, neighbors: 64, next_hops: 16 } }
meters:
  few: { bands: [{ rate: 10pps, burst: 3, exceed: drop }] }
  bits: { bands: [{ rate: 8kbit, burst: 200B, exceed: drop }] }
ports:
  p1: { device: "pcap:", bridge: br0, storm: { broadcast: few, multicast: bits } }
  p2: { device: "pcap:", bridge: br0, storm: { broadcast: few, unknown: few } }
  p3: { device: "pcap:", bridge: br1 }
  wan: { device: "pcap:", addresses: [203.0.113.2/24, "2001:db8:1::2/64"] }
bridges:
  br0:
    mac: "02:00:00:00:0b:00"
    addresses: [10.0.0.1/24, "fd00::1/64"]
    proxy: true
    loop_guard: 3
  br1: { mac: "02:00:00:00:0b:01", addresses: [10.1.0.1/24], forward_reserved: [3, 14] }
routes:
  - { to: 192.0.2.0/24, via: 203.0.113.1 }
  - { to: 198.51.100.0/24, type: blackhole }
  - { to: "2001:db8:f::/48", via: "2001:db8:1::1" }
`;

const HOST = "02:aa:00:00:00:07";
const MILLISECOND = 1_000_000n;

let rig: GuardRig;
beforeAll(async () => {
  rig = await GuardRig.open(CONFIGURATION);
});
beforeEach(() => {
  rig.tables.flows.beginRun();
});

function frame(to: string, from = HOST) {
  return ethernet(to, from, 0x88b5).payload(46).bytes();
}

describe("reserved groups", () => {
  const isReserved = (to: string, bridge: number) => {
    rig.receive(frame(to));
    return rig.kernel.isReserved(rig.record, bridge) === 1;
  };

  it("are 01-80-C2-00-00-00 to -0F, but for those the bridge is told to forward", () => {
    for (let last = 0; last < 256; last++) {
      const to = `01:80:c2:00:00:${last.toString(16).padStart(2, "0")}`;
      expect(isReserved(to, 0), to).toBe(last < 16);
      expect(isReserved(to, 1), to).toBe(last < 16 && last !== 3 && last !== 14);
    }
    for (const to of ["01:80:c2:00:01:00", "01:80:c3:00:00:00", "ff:ff:ff:ff:ff:ff", HOST]) {
      expect(isReserved(to, 0), to).toBe(false);
    }
  });
});

describe("storm control", () => {
  const pass = (to: string, port: number, milliseconds: number, kind?: number) => {
    rig.receive(frame(to), { port, time: BigInt(milliseconds) * MILLISECOND });
    const { kernel, record } = rig;
    return kernel.passStorm(record, port, kind ?? kernel.stormKind(record)) === 1;
  };
  const passed = (to: string, port: number, times: readonly number[], kind?: number) =>
    times.map((time) => pass(to, port, time, kind));
  const broadcast = "ff:ff:ff:ff:ff:ff";

  it("lets the burst of a kind's meter pass, and then its rate; ports share a meter", () => {
    expect(passed(broadcast, 0, [0, 1, 2, 3])).toEqual([true, true, true, false]);
    expect(pass(broadcast, 1, 4)).toBe(false);
    expect(passed(broadcast, 1, [101, 102, 301])).toEqual([true, false, true]);
    expect(rig.tables.flows.meters.read(0)).toMatchObject({ packets: 8, bands: [{ packets: 3 }] });
  });

  it("meters only the kinds that have a meter, bits by the frame's length", () => {
    const none = new Array(20).fill(true);
    expect(passed(HOST, 0, new Array(20).fill(5))).toEqual(none);
    expect(passed("01:00:5e:00:00:05", 1, new Array(20).fill(5))).toEqual(none);
    expect(passed(broadcast, 2, new Array(20).fill(5))).toEqual(none);
    const { STORM_UNKNOWN } = layout;
    expect(passed(HOST, 1, [5, 5, 5, 5], STORM_UNKNOWN)).toEqual([true, true, true, false]);
    // Three frames of 480 bits.
    const group = passed("01:00:5e:00:00:05", 0, [5, 5, 5, 5, 65]);
    expect(group).toEqual([true, true, true, false, true]);
  });
});

describe("the loop guard", () => {
  it("blocks a MAC for ten seconds from the first move too many within a second", () => {
    const second = 1_000_000_000n;
    const entry = rig.region.base(layout.REGION_FRAMES);
    rig.region.bytes(entry, 64).fill(0);
    const move = (time: bigint) => rig.kernel.noteMove(entry, 5, START + time, 3) === 1;
    expect([0n, 1n, 2n].map(move)).toEqual([true, true, true]);
    expect([second, second + 1n, second + 2n, second + 3n].map(move)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([second + 4n, 11n * second + 2n, 11n * second + 3n].map(move)).toEqual([
      false,
      false,
      true,
    ]);
    expect(rig.kernel.mostMoves(rig.kernel.guardOf(0))).toBe(3);
    expect(rig.kernel.mostMoves(rig.kernel.guardOf(1))).toBe(0);
  });

  it("does what its twin does, on random moves, some back in time", () => {
    const random = new Random(7);
    const entry = rig.region.base(layout.REGION_FRAMES);
    for (let run = 0; run < 50; run++) {
      rig.region.bytes(entry, 64).fill(0);
      const twin = new MoveTwin();
      const most = 1 + random.below(6);
      let now = START;
      for (let move = 0; move < 200; move++) {
        now += BigInt(random.below(random.oneIn(20) ? 11_000 : 400) - 40) * MILLISECOND;
        const port = random.below(4);
        const allowed = rig.kernel.noteMove(entry, port, now, most) === 1;
        const home = rig.kernel.homeOf(entry);
        expect({ run, move, allowed, home }).toEqual({ run, move, ...twin.note(port, now, most) });
      }
    }
  });
});

describe("a proxy", () => {
  const interfaceNumber = 4;
  const ask = (target: string, ip = "10.0.0.7", port = interfaceNumber) =>
    rig.askInterface("arp", arpFrame({ mac: HOST, ip, target }), port);
  const ask6 = (target: string, ip = "fd00::7", port = interfaceNumber) =>
    rig.askInterface("nd", solicitation({ mac: HOST, ip, target, bare: ip === "::" }), port);

  it("answers ARP for what the VRF routes to another port, with the interface's MAC", () => {
    const mac = "02:00:00:00:0b:00";
    for (const target of ["192.0.2.9", "203.0.113.77", "203.0.113.2"]) {
      const reply = { operation: 2, to: HOST, targetMac: HOST, mac, ip: target };
      expect(hexOf(ask(target))).toBe(hexOf(arpFrame({ ...reply, target: "10.0.0.7" })));
    }
  });

  it("leaves alone its own link, what leads nowhere, probes, and ports that are no proxy", () => {
    for (const target of ["10.0.0.9", "198.51.100.1", "100.64.0.1", "169.254.1.1", "224.0.0.5"]) {
      expect(ask(target), target).toBeUndefined();
    }
    expect(ask("192.0.2.9", "0.0.0.0")).toBeUndefined();
    expect(ask("192.0.2.9", "10.1.0.7", interfaceNumber + 1)).toBeUndefined();
    rig.receive(arpFrame({ mac: HOST, ip: "10.0.0.7", target: "10.0.0.9" }), { port: 4 });
    const reply = rig.kernel.takeFrame();
    expect(rig.kernel.arp(rig.record, reply)).toBe(layout.VERDICT_DROP + DROP_ARP_NOT_OURS);
    rig.kernel.releaseFrame(reply);
  });

  it("answers ND without the override flag (RFC 4861 7.2.8), but for its own address", () => {
    const mac = "02:00:00:00:0b:00";
    const reply = { mac, to: HOST, destination: "fd00::7" };
    const by = (target: string, flags: number) =>
      hexOf(advertisement({ ...reply, ip: target, target, flags }));
    expect(hexOf(ask6("2001:db8:f::9"))).toBe(by("2001:db8:f::9", 0xc0));
    expect(hexOf(ask6("fd00::1"))).toBe(by("fd00::1", 0xe0));
  });

  it("says nothing of IPv6 addresses on its link, of none, and to who looks for duplicates", () => {
    for (const target of ["fd00::9", "2001:db9::1", "fe80::9"]) {
      expect(ask6(target), target).toBeUndefined();
    }
    expect(ask6("2001:db8:f::9", "::")).toBeUndefined();
    rig.receive(solicitation({ mac: HOST, ip: "fd00::7", target: "fd00::9" }), { port: 4 });
    const reply = rig.kernel.takeFrame();
    expect(rig.kernel.nd(rig.record, reply)).toBe(layout.VERDICT_DROP + DROP_ND_NOT_OURS);
    rig.kernel.releaseFrame(reply);
  });
});
