// Mirrors of ports and VLANs: which frames are copied, where, how much of them, and that nothing
// else changes.

import { ethernet } from "../support/builder.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import {
  FAR,
  HOST,
  hostToRouter,
  LAN,
  OTHER,
  routerToGateway,
  routerToHost,
  routerToServer,
  SERVER,
  world,
} from "./world.ts";

const SPAN = '\n  span: { device: "pcap:" }\n  tap: { device: "pcap:" }';
const mirrored = (mirrors: string, more = "") => `${world({ ports: SPAN })}
mirrors:
${mirrors}
${more}`;

const PORTS = { from: 1000, to: 53 };
const query = (ttl = 64, to: string = FAR.ip4) =>
  hostToRouter().ip4({ from: HOST.ip4, to, ttl }).udp(PORTS).payload(20);
const querySent = () =>
  routerToGateway().ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 63 }).udp(PORTS).payload(20);
const inVlan = (id: number, type?: number) =>
  ethernet(OTHER.mac, HOST.mac).vlan(id, type).ip4({ from: HOST.ip4, to: OTHER.ip4 }).udp(PORTS);
const echo = (from: "host" | "router") =>
  from === "host"
    ? hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).icmp(8, 0, 7).payload(8)
    : routerToHost().ip4({ from: LAN.ip4, to: HOST.ip4 }).icmp(0, 0, 7).payload(8);
const cut = (packet: ReturnType<typeof query>, bytes: number) => packet.bytes().subarray(0, bytes);

const WIRED = `version: 1
engine: { frames: 64, frame_size: 2048, limits: { routes: 10, neighbors: 10, next_hops: 10 } }
ports:
  a: { device: "pcap:", cross_connect: b }
  b: { device: "pcap:", cross_connect: a }
  span: { device: "pcap:" }
mirrors:
`;

export const MIRRORS: readonly PathRow[] = [
  {
    what: "what a port receives is copied as it came, what another sends as it leaves",
    router: mirrored(`  - { name: in, ports: [lan], direction: in, to: span }
  - { name: out, ports: [wan], direction: out, to: tap }`),
    send: [arrival("lan", query()), arrival("wan", query())],
    out: [
      ["span", query()],
      ["tap", querySent()],
      ["wan", querySent()],
    ],
    drops: { "not-our-mac": 1 },
    copied: 2,
  },
  {
    what: "frames that are dropped when they are parsed are copied too, and broken ones",
    router: mirrored("  - { name: in, ports: [lan], direction: in, to: span }"),
    send: [arrival("lan", cut(query(), 30)), arrival("lan", cut(query(), 9))],
    out: [
      ["span", cut(query(), 30)],
      ["span", cut(query(), 9)],
    ],
    drops: { "ip4-bad-header-length": 1, "frame-too-short": 1 },
    copied: 2,
  },
  {
    what: "what the engine itself answers is what the port sends",
    router: mirrored("  - { name: both, ports: [lan], to: span }"),
    send: [arrival("lan", echo("host"))],
    out: [
      ["span", echo("host")],
      ["span", echo("router")],
      ["lan", echo("router")],
    ],
    consumed: 1,
    originated: 1,
    copied: 2,
  },
  {
    what: "copies are cut and sampled; the frame is not",
    router: mirrored(
      "  - { name: in, ports: [lan], direction: in, to: span, snaplen: 40, sample: 2 }",
    ),
    send: [0, 1, 2].map(() => arrival("lan", query())),
    out: [
      ["span", cut(query(), 40)],
      ["wan", querySent()],
      ["wan", querySent()],
      ["span", cut(query(), 40)],
      ["wan", querySent()],
    ],
    copied: 2,
  },
  {
    what: "a mirror's copies are not mirrored where they leave, and mirrors may name each other",
    router: mirrored(`  - { name: there, ports: [lan], to: span }
  - { name: back, ports: [span, wan], to: lan }`),
    send: [arrival("lan", query()), arrival("span", query(64, SERVER.ip4))],
    out: [
      ["span", query()],
      ["lan", querySent()],
      ["wan", querySent()],
      ["lan", query(64, SERVER.ip4)],
      [
        "dmz",
        routerToServer().ip4({ from: HOST.ip4, to: SERVER.ip4, ttl: 63 }).udp(PORTS).payload(20),
      ],
    ],
    copied: 3,
  },
  {
    what: "a flow's copy for a mirror is a mirror's, its other copies are not",
    router: mirrored(
      `  - { name: flows, to: span }
  - { name: out, ports: [span, tap], direction: out, to: dmz }`,
      `tables:
  t:
    attach: ingress
    flows: [{ match: {}, actions: [{ mirror: flows }, { output: tap }, { output: span }] }]`,
    ),
    send: [arrival("lan", query())],
    out: [
      ["span", query()],
      ["dmz", query()],
      ["tap", query()],
      ["dmz", query()],
      ["span", query()],
    ],
    copied: 4,
  },
  {
    what: "by VLAN: that of the outermost tag, and on all devices where no port is named",
    router: `${WIRED}  - { name: tens, vlans: [10-12, 20], to: span, direction: in }`,
    send: [
      ...[10, 12, 13, 20, 0x600a].map((id) => arrival("a", inVlan(id))),
      arrival("b", inVlan(11, 0x88a8)),
      arrival(
        "b",
        ethernet(OTHER.mac, HOST.mac).vlan(30, 0x88a8).vlan(10).arp(
          "request",
          {
            mac: HOST.mac,
            ip: HOST.ip4,
          },
          { ip: OTHER.ip4 },
        ),
      ),
      arrival("span", inVlan(10)),
    ],
    out: [
      ...[10, 12, 13, 20, 0x600a].flatMap((id) => {
        const left = ["b", inVlan(id)] as const;
        return id === 13 ? [left] : [["span", inVlan(id)] as const, left];
      }),
      ["span", inVlan(11, 0x88a8)],
      ["a", inVlan(11, 0x88a8)],
      [
        "a",
        ethernet(OTHER.mac, HOST.mac).vlan(30, 0x88a8).vlan(10).arp(
          "request",
          {
            mac: HOST.mac,
            ip: HOST.ip4,
          },
          { ip: OTHER.ip4 },
        ),
      ],
    ],
    drops: { "vlan-unknown": 1 },
    copied: 5,
  },
  {
    what: "VLAN 0: frames without a tag, and those with a priority alone",
    router: `${WIRED}  - { name: none, ports: [b], direction: out, vlans: [0], to: span }`,
    send: [
      arrival("a", query()),
      arrival("a", inVlan(0xe000)),
      arrival("a", inVlan(5)),
      arrival("b", query()),
    ],
    out: [
      ["span", query()],
      ["b", query()],
      ["span", inVlan(0xe000)],
      ["b", inVlan(0xe000)],
      ["b", inVlan(5)],
      ["a", query()],
    ],
    copied: 2,
  },
  {
    what: "every mirror of a port has its copy, in the order of the file",
    router: mirrored(`  - { name: one, ports: [lan, wan], direction: in, to: tap, snaplen: 20 }
  - { name: two, ports: [lan, dmz], to: span }
  - { name: three, ports: [lan], direction: out, to: tap }`),
    send: [arrival("lan", query())],
    out: [
      ["tap", cut(query(), 20)],
      ["span", query()],
      ["wan", querySent()],
    ],
    copied: 2,
  },
];
