// Segments looked at by mirrors, and segments in segments.

import { describe, expect, it } from "vitest";
import { ethernet } from "../support/builder.ts";
import {
  ENGINE,
  exchange,
  fromRemote,
  REMOTES,
  toPort,
  toRemote,
  WAN,
  WAN_NEIGHBOR,
  WAN_PORT,
  WAN_ROUTE,
} from "../support/endpoints.ts";
import { readU16, toHex } from "../support/octets.ts";
import { arrival, type Departure } from "../support/path.ts";

const A = "02:00:00:00:00:aa";
const B = "02:00:00:00:00:bb";
const OWN = "02:00:00:00:10:01";
const COLLECTOR = "192.0.2.1";
const frame = (to: string, from: string) => ethernet(to, from, 0x88b5).payload(50);

const MIRRORED = (mirror: string) => `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0 }
${WAN_PORT}
  tap: { device: "pcap:" }
neighbors:
${WAN_NEIGHBOR}
  - { port: br0, ip: 10.0.0.7, mac: "${B}" }
routes:
${WAN_ROUTE}
bridges:
  br0: { mac: "${OWN}", addresses: [10.0.0.1/24] }
tunnels:
  vx: { type: vxlan, vni: 10, local: ${WAN.ip}, remote: [${REMOTES}], bridge: br0 }
  span: { type: erspan, session: 9, local: ${WAN.ip}, remote: ${COLLECTOR} }
  spans: { type: vxlan, vni: 9, local: ${WAN.ip}, remote: [${REMOTES}] }
mirrors:
  - { name: m, ${mirror} }
`;

/** Collector and mirrored frame of what is in ERSPAN II; what else left, undefined. */
function spanned({ bytes }: Departure): string | undefined {
  if (readU16(bytes, 12) !== 0x0800 || bytes[23] !== 47) return undefined;
  return `${[...bytes.subarray(30, 34)].join(".")} ${toHex(bytes.subarray(14 + 20 + 8 + 8))}`;
}
const toCollector = (one: ReturnType<typeof frame>) => `${COLLECTOR} ${toHex(one.bytes())}`;

describe("mirrors", () => {
  it("of a member that is a tunnel copy the frames it carries, both ways", async () => {
    const { reached } = await exchange(MIRRORED("ports: [vx], to: tap"), [
      fromRemote(1, 10, frame(A, B)),
      arrival("p1", frame(B, A)),
    ]);
    expect(reached).toEqual([
      toPort("tap", frame(A, B)),
      toPort("p1", frame(A, B)),
      toPort("tap", frame(B, A)),
      toRemote(1, 10, frame(B, A)),
    ]);
  });

  it("to a tunnel go to all its remotes, whichever remote the frame itself goes to", async () => {
    const { reached } = await exchange(MIRRORED("ports: [vx], direction: out, to: spans"), [
      fromRemote(1, 10, frame(A, B)),
      arrival("p1", frame(B, A)),
    ]);
    expect(reached.slice(1).sort()).toEqual(
      [
        toRemote(1, 10, frame(B, A)),
        ...[0, 1, 2].map((remote) => toRemote(remote, 9, frame(B, A))),
      ].sort(),
    );
  });

  it.each(["p1", "vx"])("of %s are its frames, into ERSPAN too", async (port) => {
    const { departures, reached } = await exchange(MIRRORED(`ports: [${port}], to: span`), [
      arrival("p1", frame(B, A)),
      fromRemote(0, 10, frame(A, B)),
      arrival("p1", frame(B, A)),
    ]);
    const copies = departures.map(spanned).filter((one) => one !== undefined);
    expect(copies).toHaveLength(port === "p1" ? 3 : 5);
    expect(new Set(copies)).toEqual(new Set([frame(A, B), frame(B, A)].map(toCollector)));
    expect(reached).toContain(toRemote(0, 10, frame(B, A)));
  });

  it("of a bridge's interface copy what it routes, both ways", async () => {
    const ports = { from: 5, to: 6 };
    const there = (link: readonly [string, string], from: string, to: string, ttl: number) =>
      ethernet(...link)
        .ip4({ from, to, ttl })
        .udp(ports)
        .payload(20);
    const back = there([B, OWN], "198.51.100.77", "10.0.0.7", 63);
    const { reached } = await exchange(MIRRORED("ports: [br0], to: tap"), [
      fromRemote(2, 10, there([OWN, B], "10.0.0.7", "198.51.100.77", 64)),
      arrival("wan", there([WAN.mac, "02:00:00:00:00:fe"], "198.51.100.77", "10.0.0.7", 64)),
    ]);
    expect(reached).toEqual([
      toPort("tap", there([OWN, B], "10.0.0.7", "198.51.100.77", 64)),
      toPort("wan", there(["02:00:00:00:00:fe", WAN.mac], "10.0.0.7", "198.51.100.77", 63)),
      toPort("tap", back),
      toRemote(2, 10, back),
    ]);
  });
});

describe("a segment whose remotes are behind another segment", () => {
  const FAR = ["10.50.0.2", "10.50.0.3"];
  const NESTED = `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0 }
${WAN_PORT}
neighbors:
${WAN_NEIGHBOR}
  - { port: low, ip: ${FAR[0]}, mac: "${A}" }
  - { port: low, ip: ${FAR[1]}, mac: "${B}" }
routes:
${WAN_ROUTE}
bridges:
  br0: { stations: [{ mac: "${B}", port: high, remote: ${FAR[1]} }] }
tunnels:
  high: { type: vxlan, vni: 10, remote: [${FAR}], bridge: br0, mtu: 1400 }
  low:
    { type: vxlan, vni: 20, local: ${WAN.ip}, remote: [${REMOTES}], addresses: [10.50.0.1/24] }
`;

  it("goes to all remotes of that one, of which nobody has said anything", async () => {
    const { departures, statistics } = await exchange(NESTED, [arrival("p1", frame(B, A))]);
    const remotes = departures.map(({ bytes }) => [...bytes.subarray(30, 34)].join("."));
    expect(remotes).toEqual([...REMOTES]);
    for (const { bytes } of departures) {
      const inner = bytes.subarray(50);
      expect([...inner.subarray(30, 34)].join(".")).toBe(FAR[1]);
      expect(toHex(inner.subarray(50))).toBe(toHex(frame(B, A).bytes()));
    }
    expect(statistics.packets.dropped).toBe(0);
  });
});

describe("a segment under itself", () => {
  it("ends, however its copies multiply", async () => {
    const loop = `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0 }
neighbors: [{ port: br0, ip: 10.0.0.9, mac: "${B}" }]
routes: [{ to: 198.51.100.0/24, via: 10.0.0.9 }]
bridges: { br0: { mac: "${OWN}", addresses: [10.0.0.1/24], mtu: 9000 } }
tunnels: { vx: { type: vxlan, vni: 10, remote: [${REMOTES}], bridge: br0 } }
`;
    const { statistics } = await exchange(loop, [arrival("p1", frame("02:00:00:00:00:0d", A))]);
    expect(statistics.packets.received).toBe(1);
    // Each of three copies is flooded to two ports, and never into the segment again.
    expect(statistics.copied).toMatchObject({ packets: 7, lost: 2 });
    expect(statistics.drops).toEqual({ "tunnel-loop": 1 });
  });
});
