// Tunnels on the packet's way: routed into them, out of them, through several; and what is dropped.
// What headers look like is compared with a twin in test/assembly/tunnels.test.ts.

import { parseConfiguration } from "../../src/config/configuration.ts";
import { altered, bare, ethernet, type PacketBuilder } from "../support/builder.ts";
import { concat, hex, ip, type Octets, u16, u32 } from "../support/octets.ts";
import { arrival } from "../support/path.ts";
import { encapsulated } from "../twin/tunnel.ts";
import type { PathRow } from "./row.ts";
import {
  FAR,
  gatewayToRouter,
  HOST,
  hostToRouter,
  LAN,
  NO_MAC,
  routerToGateway,
  routerToHost,
  WAN,
  world,
} from "./world.ts";

const ENDS = `local: ${WAN.ip4}, remote: ${FAR.ip4}`;
const VX_MAC = "02:00:00:00:00:99";
const INSIDE = { mac: "02:00:00:00:99:02", ip4: "10.99.0.2" } as const;

const TUNNELS = world({
  neighbors: `
  - { port: vx, ip: ${INSIDE.ip4}, mac: "${INSIDE.mac}" }
  - { port: big, ip: 10.96.0.2, mac: "${INSIDE.mac}" }
  - { port: free, ip: 10.97.0.2, mac: "${INSIDE.mac}" }`,
  routes: `
  - { to: 10.94.0.0/16, port: self }
  - { to: 10.95.0.0/16, port: one }
  - { to: 10.93.0.0/16, port: two }
  - { to: "fd00:98::/32", port: four }
  - { to: 10.98.0.0/24, port: four }
  - { to: 10.92.0.0/16, port: numbered }`,
}).concat(`
tunnels:
  vx: { type: vxlan, vni: 100, ${ENDS}, mac: "${VX_MAC}", addresses: [10.99.0.1/24] }
  big: { type: vxlan, vni: 101, ${ENDS}, mtu: 1500, addresses: [10.96.0.1/24] }
  free: { type: geneve, vni: flow, remote: flow, local: ${WAN.ip4}, addresses: [10.97.0.1/24] }
  self: { type: gre, key: 1, remote: 10.94.0.9, addresses: [10.91.0.1/32] }
  one: { type: gre, key: 2, remote: 10.93.0.9, addresses: [10.91.0.2/32] }
  two: { type: gre, key: 3, remote: 10.95.0.9, addresses: [10.91.0.3/32] }
  four: { type: ipip, ${ENDS} }
  numbered: { type: gre, key: 7, ${ENDS}, checksum: true, sequence: true }
`);
const MODEL = parseConfiguration(TUNNELS);

const PORTS = { from: 1000, to: 53 };
const toInside = (to: string = INSIDE.ip4, ttl = 64) =>
  hostToRouter().ip4({ from: HOST.ip4, to, ttl }).udp(PORTS).payload(20);

/** What the tunnel sends of this frame, from the router to the gateway. */
function carried(name: string, frame: Uint8Array, sequence = 0): Octets {
  const tunnel = MODEL.tunnels.find((one) => one.name === name)!;
  const isFrame = tunnel.type === "vxlan" || tunnel.type === "geneve";
  const ends = { source: ip(WAN.ip4), remote: ip(FAR.ip4), number: 0, sequence };
  const link = routerToGateway().ip4({ from: WAN.ip4, to: FAR.ip4 }).bytes().subarray(0, 14);
  return concat(link, encapsulated(tunnel, isFrame, { ...ends, frame }));
}

const routedInto = (to: string = INSIDE.ip4) =>
  ethernet(INSIDE.mac, VX_MAC).ip4({ from: HOST.ip4, to, ttl: 63 }).udp(PORTS).payload(20).bytes();

interface Outer {
  readonly service?: number;
  readonly protocol?: number;
}

/** From the other end of the tunnels. */
const fromFar = (fields: Outer = {}): PacketBuilder =>
  gatewayToRouter().ip4({ from: FAR.ip4, to: WAN.ip4, ...fields });
const toPort = (port: number, content: Uint8Array, fields: Outer = {}) =>
  fromFar(fields).udp({ from: 50_000, to: port }).payload(content);
const vxlan = (vni: number, frame: Uint8Array, flags = 8, fields: Outer = {}) =>
  toPort(4789, concat([flags, 0, 0, 0], u32(vni * 256), frame), fields);
const gre = (header: Uint8Array, content: Uint8Array) =>
  fromFar({ protocol: 47 }).payload(concat(header, content));

const inside = ethernet(VX_MAC, INSIDE.mac)
  .ip4({ from: INSIDE.ip4, to: HOST.ip4 })
  .udp(PORTS)
  .payload(20);
const outside = (ttl = 63) =>
  routerToHost().ip4({ from: INSIDE.ip4, to: HOST.ip4, ttl }).udp(PORTS).payload(20);
const packet = bare().ip4({ from: INSIDE.ip4, to: HOST.ip4 }).udp(PORTS).payload(20).bytes();

/** GRE with key 7, a checksum and a number. */
function numbered(sequence: number, wrong = 0): PacketBuilder {
  const header = concat(hex("b000 0800 0000 0000"), u32(7), u32(sequence));
  const whole = concat(header, packet);
  let sum = wrong;
  for (let at = 0; at < whole.length; at += 2) sum += whole[at]! * 256 + (whole[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  whole.set(u16(0xffff - sum), 4);
  return fromFar({ protocol: 47 }).payload(whole);
}

/** A packet in so many others, all of them for us. */
function nested(depth: number): PacketBuilder {
  let content: Uint8Array = packet;
  for (let level = 1; level < depth; level++) {
    const outer = bare().ip4({ from: FAR.ip4, to: WAN.ip4, protocol: 4 });
    content = outer.payload(content).bytes();
  }
  return fromFar({ protocol: 4 }).payload(content);
}

const large = (to: string, bytes: number) =>
  hostToRouter().ip4({ from: HOST.ip4, to, dontFragment: true }).udp(PORTS).payload(bytes);

const CHAIN = world({
  neighbors: `
  - { port: vx, ip: ${INSIDE.ip4}, mac: "${INSIDE.mac}" }`,
}).concat(`
tunnels:
  vx: { type: vxlan, vni: 5, local: 10.2.0.1, remote: 10.2.0.2, addresses: [10.99.0.1/24] }
  mid: { type: gre, key: 6, local: 10.3.0.1, remote: 10.3.0.2, addresses: [10.2.0.1/30] }
  low: { type: ipip, ${ENDS}, addresses: [10.3.0.1/30] }
`);

/** The packet of a tunnel of CHAIN. */
function within(name: string, frame: Uint8Array, local: string, remote: string): Octets {
  const tunnel = parseConfiguration(CHAIN).tunnels.find((one) => one.name === name)!;
  const ends = { source: ip(local), remote: ip(remote), number: 0 };
  return encapsulated(tunnel, name === "vx", { ...ends, frame });
}

function chained(): Octets {
  const frame = ethernet(INSIDE.mac, "02:00:00:00:00:04")
    .ip4({ from: HOST.ip4, to: INSIDE.ip4, ttl: 63 })
    .udp(PORTS)
    .payload(20)
    .bytes();
  const link = ethernet(NO_MAC, NO_MAC, 0x0800).bytes();
  const inGre = within(
    "mid",
    concat(link, within("vx", frame, "10.2.0.1", "10.2.0.2")),
    "10.3.0.1",
    "10.3.0.2",
  );
  const inIp = within("low", concat(link, inGre), WAN.ip4, FAR.ip4);
  const before = routerToGateway().ip4({ from: WAN.ip4, to: FAR.ip4 }).bytes().subarray(0, 14);
  return concat(before, inIp);
}

const MANY = world({
  neighbors: `
  - { port: all, ip: ${INSIDE.ip4}, mac: "${INSIDE.mac}" }`,
}).concat(`
tunnels:
  all: { type: vxlan, vni: 100, local: ${WAN.ip4}, remote: [${FAR.ip4}, 198.51.100.8, 198.51.100.9],
         mac: "${VX_MAC}", addresses: [10.99.0.1/24] }
`);

function copyTo(remote: string): Octets {
  const tunnel = parseConfiguration(MANY).tunnels[0]!;
  const ends = { source: ip(WAN.ip4), remote: ip(remote), number: 0 };
  const link = routerToGateway().ip4({ from: WAN.ip4, to: FAR.ip4 }).bytes().subarray(0, 14);
  return concat(link, encapsulated(tunnel, true, { ...ends, frame: routedInto() }));
}

const SEND = [arrival("lan", toInside())];

export const TUNNELED: readonly PathRow[] = [
  {
    what: "a packet is routed into a tunnel, with a neighbor there and one in the underlay",
    router: TUNNELS,
    send: SEND,
    out: [["wan", carried("vx", routedInto())]],
  },
  {
    what: "a packet out of a tunnel is routed on",
    router: TUNNELS,
    send: [arrival("wan", vxlan(100, inside.bytes()))],
    out: [["lan", outside()]],
  },
  {
    what: "a frame in a tunnel for another MAC is not the tunnel port's",
    router: TUNNELS,
    send: [arrival("wan", vxlan(100, altered(inside.bytes(), 5, 0x98)))],
    drops: { "not-our-mac": 1 },
  },
  {
    what: "a packet too big for the tunnel is answered with the tunnel's MTU",
    router: TUNNELS,
    send: [arrival("lan", large(INSIDE.ip4, 1423))],
    out: [
      [
        "lan",
        routerToHost()
          .ip4({ from: LAN.ip4, to: HOST.ip4, service: 0xc0, dontFragment: true })
          .icmp(3, 4, 1450)
          .payload(
            large(INSIDE.ip4, 1423)
              .bytes()
              .subarray(14, 14 + 548),
          ),
      ],
    ],
    drops: { "too-big": 1 },
    originated: 1,
  },
  {
    what: "tunnels in tunnels in tunnels",
    router: CHAIN,
    send: SEND,
    out: [["wan", chained()]],
  },
  {
    what: "what is for several remotes goes to each",
    router: MANY,
    send: SEND,
    out: [FAR.ip4, "198.51.100.8", "198.51.100.9"].map(
      (remote) => ["wan", copyTo(remote)] as const,
    ),
    copied: 2,
  },
  {
    what: "packets without a key, or with another, type, remote or address are no tunnel's",
    router: TUNNELS,
    send: [
      arrival("wan", vxlan(102, inside.bytes())),
      arrival("wan", gre(hex("0000 0800"), packet)),
      arrival("wan", gre(concat(hex("2000 0800"), u32(8)), packet)),
      arrival(
        "wan",
        gatewayToRouter().ip4({ from: "198.51.100.8", to: WAN.ip4, protocol: 4 }).payload(packet),
      ),
      arrival(
        "lan",
        hostToRouter().ip4({ from: FAR.ip4, to: LAN.ip4, protocol: 4 }).payload(packet),
      ),
    ],
    drops: { "tunnel-unknown": 5 },
  },
  {
    what: "headers that lie",
    router: TUNNELS,
    send: [
      arrival("wan", vxlan(100, inside.bytes(), 0)),
      arrival("wan", toPort(4789, hex("0800"))),
      arrival("wan", toPort(6081, hex("1f00 6558 00000700 0102 0101"))),
    ],
    drops: { "tunnel-bad-header": 3 },
  },
  {
    what: "an unknown critical option",
    router: TUNNELS,
    send: [arrival("wan", toPort(6081, hex("0240 6558 00000700 0102 8101 00000000")))],
    drops: { "tunnel-critical-option": 1 },
  },
  {
    what: "checksums that are wrong, or missing where they are demanded",
    router: TUNNELS,
    send: [
      arrival("wan", numbered(1, 1)),
      arrival("wan", gre(concat(hex("3000 0800"), u32(7), u32(1)), packet)),
    ],
    drops: { "tunnel-bad-checksum": 2 },
  },
  {
    what: "numbered packets that come late, or again",
    router: TUNNELS,
    send: [5, 6, 6, 4, 8].map((sequence) => arrival("wan", numbered(sequence))),
    out: [5, 6, 8].map(() => ["lan", outside()] as const),
    drops: { "tunnel-out-of-sequence": 2 },
  },
  {
    what: "more tunnels within each other than are followed",
    router: TUNNELS,
    send: [arrival("wan", nested(8)), arrival("wan", nested(9))],
    out: [["lan", outside()]],
    drops: { "tunnel-too-deep": 1 },
  },
  {
    what: "tunnels whose remotes are reached through each other",
    router: TUNNELS,
    send: [arrival("lan", toInside("10.95.0.1"))],
    drops: { "tunnel-loop": 1 },
  },
  {
    what: "a tunnel whose remote is reached through itself",
    router: TUNNELS,
    send: [arrival("lan", toInside("10.94.0.1"))],
    drops: { "tunnel-loop": 1 },
  },
  {
    what: "a tunnel that leads where flows say, and no flow has",
    router: TUNNELS,
    send: [arrival("lan", toInside("10.97.0.2"))],
    drops: { "tunnel-no-remote": 1 },
  },
  {
    what: "an outer packet that the underlay does not take",
    router: TUNNELS,
    send: [arrival("lan", large("10.96.0.2", 1430))],
    drops: { "tunnel-too-big": 1 },
  },
  {
    what: "congestion that the packet within cannot carry on, and that it can",
    router: TUNNELS,
    send: [
      arrival("wan", vxlan(100, inside.bytes(), 8, { service: 3 })),
      arrival(
        "wan",
        vxlan(
          100,
          ethernet(VX_MAC, INSIDE.mac)
            .ip4({ from: INSIDE.ip4, to: HOST.ip4, service: 2 })
            .udp(PORTS)
            .bytes(),
          8,
          { service: 3 },
        ),
      ),
    ],
    out: [
      [
        "lan",
        routerToHost().ip4({ from: INSIDE.ip4, to: HOST.ip4, ttl: 63, service: 3 }).udp(PORTS),
      ],
    ],
    drops: { "tunnel-ecn": 1 },
  },
  {
    what: "packets that the tunnel cannot carry, and what must not come out of it",
    router: TUNNELS,
    send: [
      arrival("lan", hostToRouter().ip6({ from: HOST.ip6, to: "fd00:98::1" }).udp(PORTS)),
      arrival("wan", gre(concat(hex("b000 6003 0000 0000"), u32(7), u32(1)), packet)),
      arrival("wan", toPort(6081, concat(hex("0000 0800 00000700"), packet))),
    ],
    drops: { "tunnel-payload": 2, "tunnel-bad-checksum": 1 },
  },
];
