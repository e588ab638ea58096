// VXLAN tunnels as members of bridges: remotes, where stations are, and what does not go back.

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
import { arpFrame } from "../support/neighbor_frames.ts";
import { arrival } from "../support/path.ts";

const A = "02:00:00:00:00:aa";
const B = "02:00:00:00:00:bb";
const C = "02:00:00:00:00:cc";
const ALL = "ff:ff:ff:ff:ff:ff";
const VNI = 100;
const ALL_REMOTES = [0, 1, 2];

const frame = (to: string, from: string) => ethernet(to, from, 0x88b5).payload(50);

interface Setting {
  readonly remotes?: readonly string[];
  readonly member?: string;
  readonly tunnel?: string;
  readonly bridge?: string;
  readonly more?: string;
}

function mesh(setting: Setting = {}): string {
  const { remotes = REMOTES, member = "", tunnel = "", bridge = "", more = "" } = setting;
  return `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0${member} }
  p2: { device: "pcap:", bridge: br0 }
${WAN_PORT}
  tap: { device: "pcap:" }
neighbors:
${WAN_NEIGHBOR}
routes:
${WAN_ROUTE}
bridges:
  br0: { ageing: 10s${bridge} }
tunnels:
  vx: { type: vxlan, vni: ${VNI}, local: ${WAN.ip}, remote: [${remotes}], bridge: br0${tunnel} }
${more}`;
}

describe("one remote", () => {
  const remotes = REMOTES.slice(0, 1);

  it("gets what is flooded and what is for who was heard behind it, never its own", async () => {
    const { reached, statistics } = await exchange(mesh({ remotes }), [
      arrival("p1", frame(ALL, A)),
      fromRemote(0, VNI, frame(A, B)),
      arrival("p1", frame(B, A)),
      fromRemote(0, VNI, frame(B, C)),
    ]);
    expect(reached).toEqual([
      toPort("p2", frame(ALL, A)),
      toRemote(0, VNI, frame(ALL, A)),
      toPort("p1", frame(A, B)),
      toRemote(0, VNI, frame(B, A)),
    ]);
    expect(statistics.drops).toEqual({ "same-port": 1 });
  });

  it("unknown to the tunnel, or by another VNI, is not heard", async () => {
    const { reached, statistics } = await exchange(mesh({ remotes }), [
      fromRemote("198.51.100.9", VNI, frame(ALL, B)),
      fromRemote(0, VNI + 1, frame(ALL, B)),
    ]);
    expect(reached).toEqual([]);
    expect(statistics.drops).toEqual({ "tunnel-unknown": 2 });
  });
});

describe("several remotes", () => {
  it("all get what is flooded, and one what is for a station heard behind it", async () => {
    const { reached, statistics } = await exchange(mesh(), [
      arrival("p1", frame(B, A)),
      fromRemote(1, VNI, frame(A, B)),
      arrival("p1", frame(B, A)),
      arrival("p1", frame(ALL, A)),
    ]);
    expect(reached).toEqual([
      toPort("p2", frame(B, A)),
      ...ALL_REMOTES.map((remote) => toRemote(remote, VNI, frame(B, A))),
      toPort("p1", frame(A, B)),
      toRemote(1, VNI, frame(B, A)),
      toPort("p2", frame(ALL, A)),
      ...ALL_REMOTES.map((remote) => toRemote(remote, VNI, frame(ALL, A))),
    ]);
    expect(statistics.copied.packets).toBe(6);
  });

  it("do not hear each other through us: the segment is one port", async () => {
    const { reached, statistics } = await exchange(mesh(), [
      fromRemote(0, VNI, frame(ALL, A)),
      fromRemote(1, VNI, frame(A, B)),
      fromRemote(2, VNI, frame(C, B)),
    ]);
    expect(reached).toEqual([
      toPort("p1", frame(ALL, A)),
      toPort("p2", frame(ALL, A)),
      toPort("p1", frame(C, B)),
      toPort("p2", frame(C, B)),
    ]);
    expect(statistics.drops).toEqual({ "same-port": 1 });
  });

  it("follow a station that moves: from port to remote, remote to remote, and back", async () => {
    const { reached, statistics } = await exchange(mesh(), [
      arrival("p2", frame(ALL, B)),
      arrival("p1", frame(B, A)),
      fromRemote(0, VNI, frame(A, B)),
      arrival("p1", frame(B, A)),
      fromRemote(2, VNI, frame(A, B)),
      arrival("p1", frame(B, A)),
      arrival("p2", frame(A, B)),
      arrival("p1", frame(B, A)),
    ]);
    expect(reached.slice(4)).toEqual([
      toPort("p2", frame(B, A)),
      toPort("p1", frame(A, B)),
      toRemote(0, VNI, frame(B, A)),
      toPort("p1", frame(A, B)),
      toRemote(2, VNI, frame(B, A)),
      toPort("p1", frame(A, B)),
      toPort("p2", frame(B, A)),
    ]);
    expect(statistics.bridges.moved).toBe(3);
  });

  it("forget a station that is quiet: then all of them are asked again", async () => {
    const { reached } = await exchange(mesh(), [
      { ...fromRemote(1, VNI, frame(ALL, B)), time: 0 },
      arrival("p1", frame(B, A), { time: 9 }),
      arrival("p1", frame(B, A), { time: 11 }),
    ]);
    expect(reached.slice(2)).toEqual([
      toRemote(1, VNI, frame(B, A)),
      toPort("p2", frame(B, A)),
      ...ALL_REMOTES.map((remote) => toRemote(remote, VNI, frame(B, A))),
    ]);
  });

  it("have stations that are given, which stay where they are", async () => {
    const stations = `, stations: [{ mac: "${B}", port: vx, remote: ${REMOTES[2]} }]`;
    const { reached, statistics } = await exchange(mesh({ bridge: stations }), [
      arrival("p1", frame(B, A)),
      arrival("p2", frame(A, B)),
      fromRemote(2, VNI, frame(A, B)),
      arrival("p1", frame(B, A), { time: 100 }),
    ]);
    expect(reached).toEqual([
      toRemote(2, VNI, frame(B, A)),
      toPort("p1", frame(A, B)),
      toRemote(2, VNI, frame(B, A)),
    ]);
    expect(statistics.drops).toEqual({ "mac-elsewhere": 1 });
  });

  it("are not told apart where the tunnel does not learn", async () => {
    const { reached } = await exchange(mesh({ tunnel: ", learning: false" }), [
      fromRemote(1, VNI, frame(ALL, B)),
      arrival("p1", frame(B, A)),
    ]);
    expect(reached.slice(2)).toEqual([
      toPort("p2", frame(B, A)),
      ...ALL_REMOTES.map((remote) => toRemote(remote, VNI, frame(B, A))),
    ]);
  });
});

describe("two tunnels of a bridge", () => {
  const OTHER = 200;
  const more = (keys: string) => `  other:
    { type: vxlan, vni: ${OTHER}, local: ${WAN.ip}, remote: ${REMOTES[0]}, bridge: br0${keys} }
`;

  it("hear each other, unless they are of one split-horizon group", async () => {
    const arrivals = [fromRemote(0, VNI, frame(ALL, A)), fromRemote(0, OTHER, frame(A, B))];
    const joined = await exchange(mesh({ more: more("") }), arrivals);
    expect(joined.reached).toEqual([
      toPort("p1", frame(ALL, A)),
      toPort("p2", frame(ALL, A)),
      toRemote(0, OTHER, frame(ALL, A)),
      toRemote(0, VNI, frame(A, B)),
    ]);
    const group = ", split_horizon: 7";
    const split = await exchange(mesh({ tunnel: group, more: more(group) }), arrivals);
    expect(split.reached).toEqual([toPort("p1", frame(ALL, A)), toPort("p2", frame(ALL, A))]);
    expect(split.statistics.drops).toEqual({ "port-isolated": 1 });
  });
});

describe("VLANs", () => {
  const segment = (vlan: number, kind: string) => `  vx${vlan}:
    { type: vxlan, vni: ${vlan}0, local: ${WAN.ip}, remote: ${REMOTES[0]}, bridge: br0,
      vlan: { ${kind}: ${vlan} } }`;
  const SEGMENTS = `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20] } }
  p2: { device: "pcap:", bridge: br0, vlan: { access: 20 } }
  customer: { device: "pcap:", bridge: br0, vlan: { tunnel: 30 } }
${WAN_PORT}
neighbors:
${WAN_NEIGHBOR}
routes:
${WAN_ROUTE}
bridges:
  br0: { vlan_filtering: true }
tunnels:
${segment(10, "access")}
${segment(20, "access")}
${segment(30, "tunnel")}
`;
  const tagged = (to: string, from: string, vlan: number) =>
    ethernet(to, from).vlan(vlan).payload(50);
  const plain = (to: string, from: string) => ethernet(to, from, 0x88b5).payload(46);
  const marked = (to: string, from: string, vlan: number) =>
    ethernet(to, from).vlan(vlan).vlan(0, 0x88b5).payload(42);

  it("have a VNI each, and no tag in it", async () => {
    const { reached } = await exchange(SEGMENTS, [
      arrival("p1", marked(ALL, A, 10)),
      arrival("p1", marked(ALL, A, 20)),
      fromRemote(0, 100, plain(A, B)),
      fromRemote(0, 200, plain(ALL, C)),
    ]);
    const inner = ethernet(ALL, A).vlan(0, 0x88b5).payload(42);
    expect(reached).toEqual([
      toRemote(0, 100, inner),
      toPort("p2", inner),
      toRemote(0, 200, inner),
      toPort("p1", withTag(plain(A, B), 10)),
      toPort("p1", withTag(plain(ALL, C), 20)),
      toPort("p2", plain(ALL, C)),
    ]);
  });

  it("of a customer travel as payload, both ways", async () => {
    const { reached } = await exchange(SEGMENTS, [
      arrival("customer", tagged(ALL, A, 10)),
      fromRemote(0, 300, tagged(A, B, 20)),
    ]);
    expect(reached).toEqual([
      toRemote(0, 300, tagged(ALL, A, 10)),
      toPort("customer", tagged(A, B, 20)),
    ]);
  });
});

/** The frame with one more tag. */
function withTag(built: ReturnType<typeof frame>, vlan: number): Uint8Array {
  const bytes = built.bytes();
  return Uint8Array.of(...bytes.subarray(0, 12), 0x81, 0, vlan >> 8, vlan, ...bytes.subarray(12));
}

describe("guards", () => {
  const known = (port: string, mac: string, ip: string, remote = "") =>
    `{ mac: "${mac}", port: ${port}, ips: [${ip}]${remote} }`;
  const KNOWING = mesh({
    bridge: `, suppression: true, stations:
      [${known("p2", B, "10.0.0.2")},
       ${known("vx", C, "10.0.0.3", `, remote: ${REMOTES[1]}`)}]`,
  });
  const asks = (target: string) => arpFrame({ mac: A, ip: "10.0.0.7", target });

  it("answer for a station behind a remote", async () => {
    const { reached, statistics } = await exchange(KNOWING, [arrival("p1", asks("10.0.0.3"))]);
    expect(reached).toHaveLength(1);
    expect(reached[0]).toMatch(/^p1 /);
    expect(statistics.packets.consumed).toBe(1);
  });

  it("answer the remote that asks, and no other", async () => {
    const { reached } = await exchange(KNOWING, [fromRemote(2, VNI, asks("10.0.0.2"))]);
    expect(reached).toHaveLength(1);
    expect(reached[0]).toMatch(`${REMOTES[2]} ${VNI} `);
  });

  it("storms of a tunnel are held back, whichever remote they come from", async () => {
    const more = "meters: { few: { bands: [{ rate: 1pps, burst: 2, exceed: drop }] } }\n";
    const { reached, statistics } = await exchange(
      mesh({ tunnel: ", storm: { broadcast: few }", more }),
      [0, 1, 2, 0].map((remote) => fromRemote(remote, VNI, frame(ALL, B))),
    );
    expect(reached).toHaveLength(4);
    expect(statistics.drops).toEqual({ storm: 2 });
  });

  it("MACs behind a tunnel are limited", async () => {
    const { reached, statistics } = await exchange(mesh({ tunnel: ", mac_limit: 1" }), [
      fromRemote(0, VNI, frame(ALL, A)),
      fromRemote(1, VNI, frame(ALL, B)),
    ]);
    expect(reached).toHaveLength(2);
    expect(statistics.drops).toEqual({ "mac-limit": 1 });
  });
});
