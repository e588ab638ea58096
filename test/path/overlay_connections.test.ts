// Connections over bridges and tunnels: tracked both ways, their addresses translated, and looked
// at by firewalls that name bridges and tunnels.

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
import { arrival } from "../support/path.ts";

const TENANT = { mac: "02:00:00:00:00:aa", ip: "10.10.0.2" } as const;
const SERVER = { mac: "02:00:00:00:00:bb", ip: "10.20.0.2" } as const;
const OWN10 = "02:00:00:00:10:01";
const OWN20 = "02:00:00:00:20:01";
const CLIENT = "192.0.2.77";
const VNI = 10;
const SYN = 2;
const SYN_ACK = 0x12;
const ACK = 0x10;

interface Ends {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly [number, number];
  readonly ttl?: number;
  readonly flags?: number;
}

const segment = (link: readonly [to: string, from: string], ends: Ends) =>
  ethernet(...link)
    .ip4({ from: ends.from, to: ends.to, ttl: ends.ttl ?? 64 })
    .tcp({ from: ends.ports[0], to: ends.ports[1] }, ends.flags ?? SYN, ends.flags === ACK ? 2 : 1);

/** Tenants behind a tunnel that is br0's member, servers at a port of br1. */
const ROUTER = (tables: string) => `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br1 }
${WAN_PORT}
neighbors:
${WAN_NEIGHBOR}
  - { port: br0, ip: ${TENANT.ip}, mac: "${TENANT.mac}" }
  - { port: br1, ip: ${SERVER.ip}, mac: "${SERVER.mac}" }
  - { port: seg, ip: 10.30.0.2, mac: "${SERVER.mac}" }
routes:
${WAN_ROUTE}
bridges:
  br0: { mac: "${OWN10}", addresses: [10.10.0.1/24] }
  br1: { mac: "${OWN20}", addresses: [10.20.0.1/24] }
tunnels:
  vx: { type: vxlan, vni: ${VNI}, local: ${WAN.ip}, remote: [${REMOTES}], bridge: br0 }
  seg:
    { type: vxlan, vni: 30, local: ${WAN.ip}, remote: ${REMOTES[2]}, mac: "${OWN20}",
      addresses: [10.30.0.1/24] }
conntrack: {}
tables:
${tables}`;

const MASQUERADE = `  nat:
    attach: postrouting
    flows:
      - { match: { out_port: wan, ipv4_src: 10.0.0.0/8 }, actions: [{ snat: ${WAN.ip} }] }
`;
const FORWARD = `  nat:
    attach: prerouting
    flows:
      - match: { in_port: wan, ipv4_dst: ${WAN.ip}, tcp_dst: 80 }
        actions: [{ dnat: "${TENANT.ip}:8080" }]
`;

const toTenant: readonly [string, string] = [TENANT.mac, OWN10];
const fromTenant: readonly [string, string] = [OWN10, TENANT.mac];
const toGateway: readonly [string, string] = [GATEWAY.mac, WAN.mac];
const fromGateway: readonly [string, string] = [WAN.mac, GATEWAY.mac];

describe("a connection out of a tunnel", () => {
  it("has our address outside, and its answers go back to the remote it came from", async () => {
    const { reached, statistics } = await exchange(ROUTER(MASQUERADE), [
      fromRemote(1, VNI, segment(fromTenant, { from: TENANT.ip, to: CLIENT, ports: [5000, 443] })),
      arrival(
        "wan",
        segment(fromGateway, { from: CLIENT, to: WAN.ip, ports: [443, 5000], flags: SYN_ACK }),
      ),
    ]);
    expect(reached).toEqual([
      toPort("wan", segment(toGateway, { from: WAN.ip, to: CLIENT, ports: [5000, 443], ttl: 63 })),
      toRemote(
        1,
        VNI,
        segment(toTenant, {
          from: CLIENT,
          to: TENANT.ip,
          ports: [443, 5000],
          ttl: 63,
          flags: SYN_ACK,
        }),
      ),
    ]);
    // The tunnel's packets to us are a connection of their own; what we send is none's.
    expect(statistics.drops).toEqual({});
  });
});

describe("a connection into a tunnel", () => {
  it("to a port of ours is forwarded to a station behind a remote, and back", async () => {
    const { reached } = await exchange(ROUTER(FORWARD), [
      fromRemote(2, VNI, ethernet("02:00:00:00:00:0d", TENANT.mac, 0x88b5).payload(46)),
      arrival("wan", segment(fromGateway, { from: CLIENT, to: WAN.ip, ports: [6000, 80] })),
      fromRemote(
        2,
        VNI,
        segment(fromTenant, {
          from: TENANT.ip,
          to: CLIENT,
          ports: [8080, 6000],
          flags: SYN_ACK,
        }),
      ),
    ]);
    expect(reached).toEqual([
      toRemote(
        2,
        VNI,
        segment(toTenant, { from: CLIENT, to: TENANT.ip, ports: [6000, 8080], ttl: 63 }),
      ),
      toPort(
        "wan",
        segment(toGateway, {
          from: WAN.ip,
          to: CLIENT,
          ports: [80, 6000],
          ttl: 63,
          flags: SYN_ACK,
        }),
      ),
    ]);
  });
});

describe("a firewall between bridges and tunnels", () => {
  const POLICY = `  policy:
    attach: forward
    miss: drop
    flows:
      - { match: { ct_state: [established] }, actions: [accept] }
      - { match: { in_port: br0, out_port: br1, tcp_dst: 80 }, actions: [accept] }
      - { match: { in_port: br1, out_port: seg }, actions: [accept] }
`;
  const fromServer: readonly [string, string] = [OWN20, SERVER.mac];
  const toServer: readonly [string, string] = [SERVER.mac, OWN20];

  it("lets in what it names, the answers, and no more", async () => {
    const ask = { from: TENANT.ip, to: SERVER.ip, ports: [7000, 80] } as const;
    const answer = { from: SERVER.ip, to: TENANT.ip, ports: [80, 7000], flags: SYN_ACK } as const;
    const other = { from: SERVER.ip, to: "10.30.0.2", ports: [9000, 22] } as const;
    const back = { from: "10.30.0.2", to: SERVER.ip, ports: [22, 9001] } as const;
    const { reached, statistics } = await exchange(ROUTER(POLICY), [
      fromRemote(0, VNI, segment(fromTenant, ask)),
      arrival("p1", segment(fromServer, answer)),
      fromRemote(0, VNI, segment(fromTenant, { ...ask, ports: [7001, 22] })),
      arrival("p1", segment(fromServer, { ...answer, ports: [80, 7002], flags: SYN })),
      arrival("p1", segment(fromServer, other)),
      fromRemote(2, 30, segment(fromServer, back)),
    ]);
    expect(statistics.drops).toEqual({ "table-miss": 3 });
    expect(reached).toEqual([
      toPort("p1", segment(toServer, { ...ask, ttl: 63 })),
      toRemote(0, VNI, segment(toTenant, { ...answer, ttl: 63 })),
      toRemote(2, 30, segment(toServer, { ...other, ttl: 63 })),
    ]);
  });
});
