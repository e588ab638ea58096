// Interfaces of bridges between segments: routed from one to another, under tunnels, and asking for
// neighbors.

import { describe, expect, it } from "vitest";
import { ethernet } from "../support/builder.ts";
import {
  ENGINE,
  exchange,
  fromRemote,
  GATEWAY,
  REMOTES,
  toPort,
  toRemote,
  WAN,
  WAN_NEIGHBOR,
  WAN_PORT,
  WAN_ROUTE,
} from "../support/endpoints.ts";
import { type Arrival, arrival } from "../support/path.ts";

const A = { mac: "02:00:00:00:00:aa", ip: "10.10.0.2" } as const;
const B = { mac: "02:00:00:00:00:bb", ip: "10.20.0.2" } as const;
const VLAN10 = { mac: "02:00:00:00:10:01", ip: "10.10.0.1" } as const;
const VLAN20 = { mac: "02:00:00:00:20:01", ip: "10.20.0.1" } as const;
const ALL = "ff:ff:ff:ff:ff:ff";
const PORTS = { from: 1000, to: 2000 };

interface Station {
  readonly mac: string;
  readonly ip: string;
}

const datagram = (
  link: readonly [to: string, from: string],
  from: Station,
  to: Station,
  ttl = 64,
) =>
  ethernet(...link)
    .ip4({ from: from.ip, to: to.ip, ttl })
    .udp(PORTS)
    .payload(20);
const asks = (asker: Station, target: Station) =>
  ethernet(ALL, asker.mac).arp("request", asker, { ip: target.ip });
const tells = (station: Station, asker: Station) =>
  ethernet(asker.mac, station.mac).arp("reply", station, asker);
/** To nobody: flooded, and not the interfaces' either. */
const hello = (from: string) => ethernet("02:00:00:00:00:0d", from, 0x88b5).payload(46);

const SEGMENTS = (neighbors: string) => `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  p2: { device: "pcap:", bridge: br0, vlan: { access: 20 } }
${WAN_PORT}
neighbors:
${WAN_NEIGHBOR}
${neighbors}
routes:
${WAN_ROUTE}
bridges:
  br0:
    vlan_filtering: true
    vlans:
      10: { mac: "${VLAN10.mac}", addresses: [${VLAN10.ip}/24] }
      20: { mac: "${VLAN20.mac}", addresses: [${VLAN20.ip}/24] }
tunnels:
  vx10:
    { type: vxlan, vni: 10, local: ${WAN.ip}, remote: [${REMOTES}], bridge: br0,
      vlan: { access: 10 } }
  vx20:
    { type: vxlan, vni: 20, local: ${WAN.ip}, remote: [${REMOTES}], bridge: br0,
      vlan: { access: 20 } }
`;
const KNOWN = `  - { port: br0.10, ip: ${A.ip}, mac: "${A.mac}" }
  - { port: br0.20, ip: ${B.ip}, mac: "${B.mac}" }`;
const everywhere = (port: string, vni: number, frame: ReturnType<typeof hello>) => [
  toPort(port, frame),
  ...[0, 1, 2].map((remote) => toRemote(remote, vni, frame)),
];

describe("a router in every endpoint", () => {
  it("takes a tenant's packet to the other segment, and the answer back", async () => {
    const there = datagram([B.mac, VLAN20.mac], A, B, 63);
    const { reached } = await exchange(SEGMENTS(KNOWN), [
      arrival("p1", datagram([VLAN10.mac, A.mac], A, B)),
      fromRemote(1, 20, datagram([VLAN20.mac, B.mac], B, A)),
      arrival("p1", datagram([VLAN10.mac, A.mac], A, B)),
    ]);
    expect(reached).toEqual([
      ...everywhere("p2", 20, there),
      toPort("p1", datagram([A.mac, VLAN10.mac], B, A, 63)),
      toRemote(1, 20, there),
    ]);
  });

  it("answers for its addresses whoever asks, and only him", async () => {
    const { reached, statistics } = await exchange(SEGMENTS(KNOWN), [
      arrival("p1", asks(A, VLAN10)),
      fromRemote(2, 20, asks(B, VLAN20)),
    ]);
    expect(reached).toEqual([
      ...[0, 1, 2].map((remote) => toRemote(remote, 10, asks(A, VLAN10))),
      toPort("p1", tells(VLAN10, A)),
      toPort("p2", asks(B, VLAN20)),
      toRemote(2, 20, tells(VLAN20, B)),
    ]);
    expect(statistics.packets.consumed).toBe(2);
  });

  it("answers an echo where the request came from, though it knows no neighbor there", async () => {
    const ping = (link: readonly [string, string], from: Station, to: Station, type: number) =>
      ethernet(...link)
        .ip4({ from: from.ip, to: to.ip })
        .icmp(type, 0, 0x0001_0001)
        .payload(20);
    const { reached } = await exchange(SEGMENTS(KNOWN), [
      fromRemote(1, 20, ping([VLAN20.mac, B.mac], B, VLAN20, 8)),
    ]);
    expect(reached).toEqual([toRemote(1, 20, ping([B.mac, VLAN20.mac], VLAN20, B, 0))]);
  });
});

describe("a neighbor on a bridge's interface", () => {
  const time = (arrived: Arrival, seconds: number) => ({ ...arrived, time: seconds });

  it("is asked for everywhere; what waits goes where the answer came from", async () => {
    const { reached, statistics } = await exchange(
      SEGMENTS(""),
      [
        arrival("p1", datagram([VLAN10.mac, A.mac], A, B), { time: 0 }),
        time(fromRemote(1, 20, tells(B, VLAN20)), 0.1),
        arrival("p1", hello(A.mac), { time: 0.2 }),
      ],
      { resolve: true, stepwise: true },
    );
    expect(reached.slice(0, 5)).toEqual([
      ...everywhere("p2", 20, asks(VLAN20, B)),
      toRemote(1, 20, datagram([B.mac, VLAN20.mac], A, B, 63)),
    ]);
    expect(statistics.packets).toMatchObject({ transmitted: 2, consumed: 1, dropped: 0 });
  });

  it("that does not answer is given up", async () => {
    const { reached, statistics } = await exchange(
      SEGMENTS(""),
      [0, 1, 2, 3, 4, 5, 6].map((seconds) =>
        seconds === 0
          ? arrival("p1", datagram([VLAN10.mac, A.mac], A, B))
          : arrival("p2", hello("02:00:00:00:00:cc"), { time: seconds }),
      ),
      { resolve: true, stepwise: true },
    );
    expect(statistics.drops).toEqual({ "neighbor-failed": 1 });
    expect(reached.filter((one) => one === toPort("p2", asks(VLAN20, B)))).toHaveLength(3);
  });
});

describe("a neighbor of the underlay", () => {
  const unknown = SEGMENTS(KNOWN).replace(WAN_NEIGHBOR, "");
  const us = { mac: WAN.mac, ip: WAN.ip };

  it("is waited for by every copy of what is flooded", async () => {
    const { reached, statistics } = await exchange(
      unknown,
      [
        arrival("p1", hello(A.mac)),
        arrival("wan", tells(GATEWAY, us), { time: 0.1 }),
        arrival("p2", hello(B.mac), { time: 0.2 }),
      ],
      { resolve: true, stepwise: true },
    );
    expect(reached).toEqual([
      toPort("wan", asks(us, GATEWAY)),
      ...[0, 1, 2].map((remote) => toRemote(remote, 10, hello(A.mac))),
      ...[0, 1, 2].map((remote) => toRemote(remote, 20, hello(B.mac))),
    ]);
    expect(statistics.packets.transmitted).toBe(2);
  });

  it("that does not answer costs the packet and its copies, and nobody is told", async () => {
    const arrivals = [arrival("p1", hello(A.mac))];
    for (let time = 1; time < 6; time++)
      arrivals.push(arrival("wan", hello(GATEWAY.mac), { time }));
    const options = { resolve: true, stepwise: true };
    const { statistics } = await exchange(unknown, arrivals, options);
    expect(statistics.drops).toEqual({ "neighbor-failed": 1, "unsupported-ethertype": 5 });
    expect(statistics.copied.lost).toBe(2);
    expect(statistics.originated).toMatchObject({ lost: 0, limited: 0, packets: 3 });
  });

  it("that does not answer is no matter of whose packet was routed into a tunnel", async () => {
    const arrivals = [arrival("p1", datagram([VLAN10.mac, A.mac], A, B))];
    for (let time = 1; time < 6; time++)
      arrivals.push(arrival("wan", hello(GATEWAY.mac), { time }));
    const options = { resolve: true, stepwise: true };
    const { reached, statistics } = await exchange(unknown, arrivals, options);
    expect(reached.filter((one) => !one.startsWith("wan ") && !one.startsWith("p2 "))).toEqual([]);
    expect(statistics.drops).toMatchObject({ "neighbor-failed": 1 });
    expect(statistics.originated).toMatchObject({ lost: 0, limited: 0, packets: 3 });
  });
});

describe("a segment between routers", () => {
  const PEER = { mac: "02:00:00:00:50:02", ip: "10.255.0.2" } as const;
  const SELF = { mac: "02:00:00:00:50:01", ip: "10.255.0.1" } as const;
  const SYMMETRIC = `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  wan: { device: "pcap:", mac: "${WAN.mac}", addresses: [${WAN.ip}/24], vrf: fabric }
vrfs: { fabric: {}, tenant: {} }
neighbors:
${WAN_NEIGHBOR}
  - { port: transit, ip: ${PEER.ip}, mac: "${PEER.mac}" }
  - { port: br0.10, ip: ${A.ip}, mac: "${A.mac}" }
routes:
  - { to: 0.0.0.0/0, via: ${GATEWAY.ip}, vrf: fabric }
  - { to: 10.20.0.0/24, via: ${PEER.ip}, vrf: tenant }
bridges:
  br0:
    vlan_filtering: true
    vlans: { 10: { mac: "${VLAN10.mac}", addresses: [${VLAN10.ip}/24], vrf: tenant } }
  transit:
    mac: "${SELF.mac}"
    addresses: [${SELF.ip}/24]
    vrf: tenant
    stations: [{ mac: "${PEER.mac}", port: between, remote: ${REMOTES[1]} }]
tunnels:
  between:
    { type: vxlan, vni: 5000, local: ${WAN.ip}, remote: [${REMOTES}], underlay: fabric,
      bridge: transit }
`;

  it("carries tenants' packets from VRF to VRF, under another VRF's addresses", async () => {
    const { reached, statistics } = await exchange(SYMMETRIC, [
      arrival("p1", datagram([VLAN10.mac, A.mac], A, B)),
      fromRemote(1, 5000, datagram([SELF.mac, PEER.mac], B, A)),
      fromRemote(1, 5000, datagram([SELF.mac, PEER.mac], B, { mac: "", ip: GATEWAY.ip })),
    ]);
    expect(reached.slice(0, 2)).toEqual([
      toRemote(1, 5000, datagram([PEER.mac, SELF.mac], A, B, 63)),
      toPort("p1", datagram([A.mac, VLAN10.mac], B, A, 63)),
    ]);
    expect(statistics.drops).toEqual({ "no-route": 1 });
  });
});

describe("an underlay that is a bridge", () => {
  const US = { mac: "02:00:00:00:77:01", ip: WAN.ip } as const;
  const OVER = `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  u1: { device: "pcap:", bridge: br0, vlan: { trunk: [77] } }
  u2: { device: "pcap:", bridge: br0, vlan: { trunk: [77] } }
neighbors:
  - { port: br0.77, ip: ${GATEWAY.ip}, mac: "${GATEWAY.mac}" }
routes:
${WAN_ROUTE}
bridges:
  br0:
    vlan_filtering: true
    vlans: { 77: { mac: "${US.mac}", addresses: [${US.ip}/24], mtu: 1600 } }
tunnels:
  vx: { type: vxlan, vni: 10, remote: [${REMOTES}], bridge: br0, vlan: { access: 10 } }
`;
  /** Without its tag, as wan would have it. */
  const untagged = (hex: string) => hex.replace(/^(u\d) (.{24})8100004d/, "$1 $2");

  it("takes tunnels' packets to the gateway, wherever that is, and hears them there", async () => {
    const outer = fromRemote(2, 10, hello(B.mac)).bytes;
    const link = ethernet(US.mac, GATEWAY.mac).vlan(77).bytes().subarray(0, 16);
    const tagged = Uint8Array.of(...link, ...outer.subarray(12));
    const { departures, statistics } = await exchange(OVER, [
      arrival("p1", hello(A.mac)),
      arrival("u2", tagged),
      arrival("p1", hello(A.mac)),
      arrival("p1", ethernet(B.mac, A.mac, 0x88b5).payload(46)),
    ]);
    expect(statistics.drops).toEqual({});
    const ports = departures.map(({ port }) => port);
    const three = (port: string) => [port, port, port];
    expect(ports).toEqual([...["u1", "u2", "u1", "u2", "u1", "u2"], "p1", ...three("u2"), "u2"]);
    expect(untagged(toPort("u1", departures[0]!.bytes))).toContain("0800");
    expect(statistics.tunnels.encapsulated.packets).toBe(7);
    expect(statistics.tunnels.decapsulated.packets).toBe(1);
  });
});
