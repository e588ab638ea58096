// Packets put into tunnels of every type and taken out again, beside the slow twin.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TunnelModel } from "../../src/config/model.ts";
import { TRAITS } from "../../src/config/tunnel_types.ts";
import { imbalances } from "../support/accounts.ts";
import { toHex } from "../support/octets.ts";
import { frames } from "../support/packets.ts";
import { arrival, type Departure, frameLeaks, TestRouter } from "../support/path.ts";
import { encapsulated, packetOf } from "../twin/tunnel.ts";

const NEAR = { 4: "203.0.113.2", 6: "2001:db8:1::2" } as const;
const FAR = { 4: "203.0.113.7", 6: "2001:db8:1::7" } as const;
const NEAR_MAC = "02:00:00:00:00:02";
const FAR_MAC = "02:00:00:00:00:07";

type Family = 4 | 6;

/** A router that sends what comes by lan into the tunnel, and back. */
function side(here: string, there: string, macs: readonly string[], keys: string, family: Family) {
  const length = family === 4 ? 24 : 64;
  return TestRouter.create(`version: 1
engine: { frames: 64, frame_size: 4096, limits: { routes: 1000, neighbors: 64, next_hops: 64 } }
ports:
  lan: { device: "pcap:" }
  wan: { device: "pcap:", mac: "${macs[0]}", mtu: 4000, addresses: ["${here}/${length}"] }
neighbors: [{ port: wan, ip: "${there}", mac: "${macs[1]}" }]
tunnels:
  t: { ${keys}, local: "${here}", remote: "${there}", mtu: 3800 }
tables:
  wires:
    attach: ingress
    flows:
      - { match: { in_port: lan }, actions: [{ output: t }] }
      - { match: { in_port: t }, actions: [{ output: lan }] }
`);
}

const KINDS: readonly string[] = [
  "type: vxlan, vni: 100",
  "type: vxlan, vni: 16777215, checksum: true, port: 8472, source_ports: [1000, 1009], ttl: 9",
  "type: vxlan, vni: 100, df: false, dscp: 46",
  "type: geneve, vni: 7",
  'type: geneve, vni: 8, options: [{ class: 0x0102, type: 1, data: "0a0b0c0d" }], df: inherit',
  "type: gre",
  "type: gre, key: 4294967295, checksum: true, sequence: true, ttl: inherit",
  "type: gretap, key: 7",
  "type: gretap, checksum: true, sequence: true",
  "type: nvgre, vsid: 5000",
  "type: ipip, df: inherit, ttl: inherit",
  "type: sit, df: false",
  "type: ip6tnl",
  "type: mpls_udp, label: 1000",
  "type: erspan, session: 5, index: 77",
];

const families = ({ type }: Pick<TunnelModel, "type">): readonly Family[] => {
  const { family } = TRAITS[type];
  return family === undefined ? [4, 6] : [family];
};

const CASES = KINDS.flatMap((keys) => {
  const type = /type: (\w+)/.exec(keys)![1] as TunnelModel["type"];
  const is6 = (family: Family) => family === 6 && keys.includes("df:");
  return families({ type })
    .filter((family) => !is6(family))
    .map((family) => ({ keys, family, type }));
});

/** Frames that a router would let pass at its port, with those a tunnel of the type can carry. */
function framesFor(type: TunnelModel["type"], seed: number): Uint8Array[] {
  const isCarried = (frame: Uint8Array) => {
    if (TRAITS[type].frames) return true;
    const packet = packetOf(frame);
    const isLabelled = packet.length === 0 || [0x8847, 0x8848].includes(typeOf(frame));
    const version = (packet[0] ?? 0) >> 4;
    if (isLabelled || (version !== 4 && version !== 6)) return false;
    return !(type === "ipip" && version === 6) && !(type === "sit" && version === 4);
  };
  return fc.sample(frames, { seed, numRuns: 300 }).filter(isCarried);
}

const typeOf = (frame: Uint8Array) => frame[12]! * 256 + frame[13]!;

describe.each(CASES)("$keys over IPv$family", ({ keys, family, type }) => {
  const carriesFrames = TRAITS[type].frames;
  const macs = [NEAR_MAC, FAR_MAC];

  it("sends what the twin sends, and takes it out as it was", async () => {
    const near = await side(NEAR[family], FAR[family], macs, keys, family);
    const far = await side(FAR[family], NEAR[family], [...macs].reverse(), keys, family);
    const tunnel = near.model.tunnels[0]!;
    const seen: Uint8Array[] = [];
    const sent: Departure[] = [];
    const before = framesFor(type, 7);
    const { departures, statistics } = near.run(before.map((frame) => arrival("lan", frame)));
    expect(imbalances(statistics)).toEqual([]);
    expect(frameLeaks(near.region)).toEqual([]);
    let at = 0;
    for (const [number, frame] of before.entries()) {
      const fields = {
        frame,
        source: tunnel.local!,
        remote: tunnel.remotes[0]!,
        number,
        sequence: at,
      };
      const outer = toHex(encapsulated(tunnel, carriesFrames, fields));
      const departure = departures[at];
      // A frame that parse drops never comes to the tunnel.
      if (departure === undefined || toHex(departure.bytes.subarray(14)) !== outer) continue;
      at++;
      seen.push(frame);
      sent.push(departure);
    }
    expect(at).toBe(departures.length);
    expect(at).toBeGreaterThan(40);
    const opened = far.run(sent.map(({ bytes }) => arrival("wan", bytes)));
    expect(opened.statistics.drops).toEqual({});
    expect(imbalances(opened.statistics)).toEqual([]);
    expect(opened.departures.map(({ bytes }) => toHex(contents(bytes)))).toEqual(
      seen.map((frame) => toHex(carriesFrames ? frame : packetOf(frame))),
    );
  });

  function contents(bytes: Uint8Array): Uint8Array {
    return carriesFrames ? bytes : bytes.subarray(14);
  }
});
