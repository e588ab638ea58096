// Connections: limits, full tables, NAT that finds nothing, services without backends.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "../../src/memory/region.ts";
import type { PacketBuilder } from "../support/builder.ts";
import { concat, u16, u32 } from "../support/octets.ts";
import { type Arrival, arrival } from "../support/path.ts";
import type { Expectation, PathRow } from "./row.ts";
import {
  FAR,
  GATEWAY,
  gatewayToRouter,
  HOST,
  hostToRouter,
  OTHER,
  routerToGateway,
  routerToHost,
  SERVER,
  WAN,
  world,
} from "./world.ts";

const DNS = 53;
const SYN = 2;
const SYN_ACK = 0x12;
const ACK = 0x10;

const toFar = (from: string) => hostToRouter().ip4({ from, to: FAR.ip4 });
const leaving = (from: string) => routerToGateway().ip4({ from, to: FAR.ip4, ttl: 63 });
const answering = () => gatewayToRouter().ip4({ from: FAR.ip4, to: HOST.ip4 });
const arriving = () => routerToHost().ip4({ from: FAR.ip4, to: HOST.ip4, ttl: 63 });
const udp = (from: string, port: number, time = 0): Arrival =>
  arrival("lan", toFar(from).udp({ from: port, to: DNS }).payload(6), { time });
const udpOut = (from: string, port: number): Expectation => [
  "wan",
  leaving(from).udp({ from: port, to: DNS }).payload(6),
];

const limited = (conntrack: string) => `${world()}\nconntrack: ${conntrack}`;

/** A port of the host's that NAT has two ports for. */
const FEW = 9;
/**
 * As NAT may change everything about the hosts' ends, all their connections fall in one shard, of
 * which the smallest table has this many entries, and as many extensions.
 */
const ENTRIES = 22;
const ONE_SHARD = (limits: string, more = "") => `
${world().replace("limits: {", `limits: { ${limits},`)}
tables:
  nat:
    attach: postrouting
    flows:
      - match: { ipv4_src: 10.0.0.0/24, udp_dst: ${FEW} }
        actions: [{ snat: "${WAN.ip4}:5000-5001" }]
  labels:
    attach: forward
    flows:
      - match: { ipv4_src: 10.0.0.0/24, ct_state: [new] }
        actions: [${more}accept]`;
const SMALL = ONE_SHARD("flows: 128");
const NAT = ONE_SHARD("flows: 2000");
const LABELS = ONE_SHARD("flow_extensions: 128", "{ set_field: { ct_label: 5 } }, ");

/** There is no table but one that translates. */
const ONLY_NAT = `
${world()}
tables:
  nat:
    attach: postrouting
    flows:
      - match: { ipv4_src: 10.0.0.0/24 }
        actions: [masquerade]`;

const few = (port: number, time = 0): Arrival =>
  arrival("lan", toFar(HOST.ip4).udp({ from: port, to: FEW }), { time });
const fewOut = (port: number): Expectation => [
  "wan",
  leaving(WAN.ip4).udp({ from: port, to: FEW }),
];

const numbers = Array.from({ length: ENTRIES }, (_, number) => number + 1000);

/** A handshake, so that the connection is not given up for another. */
const handshake = (port: number): Arrival[] => {
  const there = { from: port, to: 80 };
  const back = { from: 80, to: port };
  return [
    arrival("lan", toFar(HOST.ip4).tcp(there, SYN)),
    arrival("wan", answering().tcp(back, SYN_ACK)),
    arrival("lan", toFar(HOST.ip4).tcp(there, ACK)),
  ];
};
const handshakeOut = (port: number): Expectation[] => {
  const there = { from: port, to: 80 };
  return [
    ["wan", leaving(HOST.ip4).tcp(there, SYN)],
    ["lan", arriving().tcp({ from: 80, to: port }, SYN_ACK)],
    ["wan", leaving(HOST.ip4).tcp(there, ACK)],
  ];
};

const VIP = "203.0.113.80";
const service = (backends: string) => `
${world()}
services:
  - { name: web, vip: ${VIP}, proto: tcp, port: 80, removal: reset, backends: ${backends} }`;
const toVip = (flags: number) =>
  arrival(
    "wan",
    gatewayToRouter().ip4({ from: FAR.ip4, to: VIP }).tcp({ from: 4000, to: 80 }, flags),
  );

/** What answers a SYN nobody wants (RFC 9293 3.10.7.1). */
const RESET = concat(u16(80), u16(4000), u32(0), u32(2), [0x50, 0x14, 0, 0], [0x39, 0x53, 0, 0]);

/** As when the first backend has been taken away. */
function takeAway(region: Region): void {
  const backends = region.getU32(region.base(layout.REGION_SERVICES) + layout.SERVICES_BACKENDS);
  const flags = backends + layout.BACKEND_STRIDE + layout.BACKEND_FLAGS;
  region.setU32(flags, region.getU32(flags) | layout.BACKEND_RESET);
}

/** What a redirect of the gateway's says of a packet that NAT has changed. */
function redirect(about: PacketBuilder): Arrival {
  const error = gatewayToRouter().ip4({ from: GATEWAY.ip4, to: WAN.ip4 }).icmp(5, 1);
  return arrival("wan", error.payload(about.bytes().slice(14, 14 + 28)));
}

const LIMITS: readonly PathRow[] = [
  {
    what: "a source with as many connections as it may gets no new one, and keeps those it has",
    router: limited("{ max_per_source: 2 }"),
    send: [
      udp(HOST.ip4, 1),
      udp(HOST.ip4, 2),
      udp(HOST.ip4, 3),
      udp(OTHER.ip4, 3),
      udp(HOST.ip4, 1),
    ],
    out: [udpOut(HOST.ip4, 1), udpOut(HOST.ip4, 2), udpOut(OTHER.ip4, 3), udpOut(HOST.ip4, 1)],
    drops: { "source-limit": 1 },
  },
  {
    what: "a source gets new connections when old ones are over, whatever shards they are of",
    router: limited("{ max_per_source: 2 }"),
    send: [
      udp(HOST.ip4, 1),
      udp(HOST.ip4, 2, 20),
      udp(HOST.ip4, 3, 25),
      udp(HOST.ip4, 4, 33),
      udp(HOST.ip4, 5, 34),
      udp(HOST.ip4, 6, 53),
    ],
    out: [1, 2, 4, 6].map((port) => udpOut(HOST.ip4, port)),
    drops: { "source-limit": 2 },
  },
  {
    what: "a zone with as many connections as it may gets no new one",
    router: limited("{ zone_limits: { 0: 2 } }"),
    send: [
      udp(HOST.ip4, 1),
      udp(OTHER.ip4, 2),
      udp(HOST.ip4, 3),
      udp(HOST.ip4, 1),
      udp(HOST.ip4, 4, 40),
    ],
    out: [udpOut(HOST.ip4, 1), udpOut(OTHER.ip4, 2), udpOut(HOST.ip4, 1), udpOut(HOST.ip4, 4)],
    drops: { "zone-limit": 1 },
  },
  {
    what: "a zone that may have no connections has none, and others any number",
    router: limited("{ zone_limits: { 0: 0, 5: 1 } }"),
    send: [udp(HOST.ip4, 1)],
    drops: { "zone-limit": 1 },
  },
];

const FULL: readonly PathRow[] = [
  {
    what: "a shard full of assured connections refuses new ones",
    router: SMALL,
    send: [
      ...numbers.flatMap(handshake),
      arrival("lan", toFar(HOST.ip4).tcp({ from: 9, to: 80 }, SYN)),
      arrival("lan", toFar(HOST.ip4).tcp({ from: 8, to: 80 }, SYN)),
    ],
    out: numbers.flatMap(handshakeOut),
    drops: { "conntrack-full": 2 },
  },
  {
    what: "a shard full of connections that nobody answered gives up the oldest",
    router: SMALL,
    send: [...numbers, 1, 2, 3].map((port) => udp(HOST.ip4, port)),
    out: [...numbers, 1, 2, 3].map((port) => udpOut(HOST.ip4, port)),
  },
  {
    what: "a shard without extensions refuses a connection that needs one",
    router: LABELS,
    send: [...numbers, 1].map((port) => udp(HOST.ip4, port)),
    out: numbers.map((port) => udpOut(HOST.ip4, port)),
    drops: { "conntrack-extensions-full": 1 },
  },
];

const TRANSLATED: readonly PathRow[] = [
  {
    what: "NAT tables need no others beside them",
    router: ONLY_NAT,
    send: [udp(HOST.ip4, 2000), udp(OTHER.ip4, 2001), udp(HOST.ip4, 2000)],
    out: [2000, 2001, 2000].map((port) => udpOut(WAN.ip4, port)),
  },
  {
    what: "NAT without a free port drops what is new, until connections are over",
    router: NAT,
    send: [few(1), few(2), few(3), few(1, 10), few(3, 35)],
    out: [fewOut(5001), fewOut(5000), fewOut(5001), fewOut(5000)],
    drops: { "nat-exhausted": 1 },
  },
  {
    what: "a redirect about what NAT has changed is not let past it",
    router: NAT,
    send: [few(1), redirect(leaving(WAN.ip4).udp({ from: 5001, to: FEW }))],
    out: [fewOut(5001)],
    drops: { "nat-failed": 1 },
  },
  {
    what: "a service none of whose backends takes new connections tells so",
    router: service(`[{ ip: ${SERVER.ip4}, weight: 0 }]`),
    send: [toVip(SYN)],
    out: [
      [
        "wan",
        routerToGateway()
          .ip4({ from: WAN.ip4, to: FAR.ip4, service: 0xc0, dontFragment: true })
          .icmp(3, 3)
          .payload(toVip(SYN).bytes.slice(14)),
      ],
    ],
    originated: 1,
    drops: { "no-backend": 1 },
  },
  {
    what: "a connection to a backend that was taken away is reset",
    router: service(`[{ ip: ${SERVER.ip4} }]`),
    send: [toVip(SYN)],
    out: [
      [
        "wan",
        routerToGateway()
          .ip4({ from: VIP, to: FAR.ip4, dontFragment: true, protocol: 6 })
          .payload(RESET),
      ],
    ],
    originated: 1,
    drops: { "backend-gone": 1 },
    run: { prepare: takeAway },
  },
];

const CONTROL = { from: 2000, to: 21 };
const [GREETING, CUT_OFF] = ["USER a\r\n", "PORT 10,0,0"].map((text) =>
  new TextEncoder().encode(text),
) as [Uint8Array, Uint8Array];

const HELPED: readonly PathRow[] = [
  {
    what: "a line of FTP that announces half an address is dropped",
    router: limited("{ helpers: [ftp] }"),
    send: [
      arrival("lan", toFar(HOST.ip4).tcp(CONTROL, ACK)),
      arrival("wan", answering().tcp({ from: 21, to: 2000 }, ACK)),
      arrival("lan", toFar(HOST.ip4).tcp(CONTROL, ACK).payload(GREETING)),
      arrival(
        "lan",
        toFar(HOST.ip4)
          .tcp(CONTROL, ACK, 1 + GREETING.length)
          .payload(CUT_OFF),
      ),
    ],
    out: [
      ["wan", leaving(HOST.ip4).tcp(CONTROL, ACK)],
      ["lan", arriving().tcp({ from: 21, to: 2000 }, ACK)],
      ["wan", leaving(HOST.ip4).tcp(CONTROL, ACK).payload(GREETING)],
    ],
    drops: { "helper-unreadable": 1 },
  },
];

export const CONNECTIONS: readonly PathRow[] = [...LIMITS, ...FULL, ...TRANSLATED, ...HELPED];
