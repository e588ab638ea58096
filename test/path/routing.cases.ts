// Routing: which route a packet takes, and what leaves.

import { ethernet } from "../support/builder.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import {
  DMZ,
  FAR,
  GATEWAY,
  HOST,
  hostToRouter,
  LAN,
  OTHER,
  routerToGateway,
  routerToHost,
  routerToServer,
  SERVER,
  serverToRouter,
  world,
} from "./world.ts";

const PORTS = { from: 1000, to: 53 };
const OUTWARDS4 = { from: HOST.ip4, to: FAR.ip4 };
const OUTWARDS6 = { from: HOST.ip6, to: FAR.ip6 };

const LONGEST_MATCH = world({
  routes: `
  - { to: 198.51.0.0/16, via: ${SERVER.ip4} }
  - { to: 198.51.100.0/24, via: ${GATEWAY.ip4} }
  - { to: 198.51.100.7/32, via: ${OTHER.ip4} }
  - { to: "2001:db8:f::/48", via: "${SERVER.ip6}" }
  - { to: "2001:db8:f::7/128", via: "${HOST.ip6}" }`,
});

const TYPES = world({
  routes: `
  - { to: 198.51.100.1/32, type: blackhole }
  - { to: 198.51.100.2/32, type: unreachable }
  - { to: 198.51.100.3/32, type: prohibit }
  - { to: 198.51.100.4/32, type: local }
  - { to: 203.0.113.64/26, type: blackhole }
  - { to: 198.51.100.128/25, port: dmz }
  - { to: "2001:db8:f::1/128", type: blackhole }
  - { to: "2001:db8:f::4/128", type: local }`,
  engine: "icmp_errors: { rate: 1/s, burst: 1 }",
  neighbors: `
  - { port: dmz, ip: 198.51.100.200, mac: "02:00:00:00:00:d9" }`,
});

/** The same prefixes twice, in VRFs that know nothing of each other. */
const TWO_VRFS = world({
  ports: `
  red1:
    device: "pcap:"
    mac: "02:00:00:00:01:01"
    vrf: red
    addresses: [10.0.0.1/24]
  red2:
    device: "pcap:"
    mac: "02:00:00:00:01:02"
    vrf: red
    addresses: [172.16.0.1/24]`,
  neighbors: `
  - { port: red1, ip: 10.0.0.2, mac: "02:00:00:00:01:a2" }
  - { port: red2, ip: 172.16.0.2, mac: "02:00:00:00:01:b2" }`,
  routes: `
  - { to: 198.51.100.0/24, via: 172.16.0.2, vrf: red }`,
  vrfs: "{ red: {} }",
});

const packet4 = (to: string) => hostToRouter().ip4({ from: HOST.ip4, to }).udp(PORTS).payload(9);
const packet6 = (to: string) => hostToRouter().ip6({ from: HOST.ip6, to }).udp(PORTS).payload(9);

export const ROUTING: readonly PathRow[] = [
  {
    what: "an IPv4 packet goes to the default gateway, one hop less to live",
    send: [
      arrival(
        "lan",
        hostToRouter()
          .ip4({ ...OUTWARDS4, ttl: 64 })
          .udp(PORTS)
          .payload(40),
      ),
    ],
    out: [
      [
        "wan",
        routerToGateway()
          .ip4({ ...OUTWARDS4, ttl: 63 })
          .udp(PORTS)
          .payload(40),
      ],
    ],
  },
  {
    what: "an IPv6 packet goes to the default gateway, one hop less to live",
    send: [
      arrival(
        "lan",
        hostToRouter()
          .ip6({ ...OUTWARDS6, hops: 64 })
          .tcp(PORTS)
          .payload(40),
      ),
    ],
    out: [
      [
        "wan",
        routerToGateway()
          .ip6({ ...OUTWARDS6, hops: 63 })
          .tcp(PORTS)
          .payload(40),
      ],
    ],
  },
  {
    what: "a connected prefix is reached without a gateway",
    send: [
      arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: SERVER.ip4, ttl: 9 }).tcp(PORTS)),
      arrival("dmz", serverToRouter().ip6({ from: SERVER.ip6, to: HOST.ip6, hops: 9 }).udp(PORTS)),
    ],
    out: [
      ["dmz", routerToServer().ip4({ from: HOST.ip4, to: SERVER.ip4, ttl: 8 }).tcp(PORTS)],
      ["lan", routerToHost().ip6({ from: SERVER.ip6, to: HOST.ip6, hops: 8 }).udp(PORTS)],
    ],
  },
  {
    what: "a packet may leave by the port it came in by",
    send: [
      arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: OTHER.ip4, ttl: 3 }).udp(PORTS)),
    ],
    out: [
      [
        "lan",
        ethernet(OTHER.mac, LAN.mac).ip4({ from: HOST.ip4, to: OTHER.ip4, ttl: 2 }).udp(PORTS),
      ],
    ],
  },
  {
    what: "the longest of several matching IPv4 prefixes decides",
    router: LONGEST_MATCH,
    send: [packet4("198.51.7.7"), packet4("198.51.100.8"), packet4("198.51.100.7")].map((packet) =>
      arrival("lan", packet),
    ),
    out: [
      [
        "dmz",
        routerToServer().ip4({ from: HOST.ip4, to: "198.51.7.7", ttl: 63 }).udp(PORTS).payload(9),
      ],
      [
        "wan",
        routerToGateway()
          .ip4({ from: HOST.ip4, to: "198.51.100.8", ttl: 63 })
          .udp(PORTS)
          .payload(9),
      ],
      [
        "lan",
        ethernet(OTHER.mac, LAN.mac)
          .ip4({ from: HOST.ip4, to: "198.51.100.7", ttl: 63 })
          .udp(PORTS)
          .payload(9),
      ],
    ],
  },
  {
    what: "the longest of several matching IPv6 prefixes decides",
    router: LONGEST_MATCH,
    send: [packet6("2001:db8:f::8"), packet6("2001:db8:e::8"), packet6("2001:db8:f::7")].map(
      (packet) => arrival("lan", packet),
    ),
    out: [
      [
        "dmz",
        routerToServer()
          .ip6({ from: HOST.ip6, to: "2001:db8:f::8", hops: 63 })
          .udp(PORTS)
          .payload(9),
      ],
      [
        "wan",
        routerToGateway()
          .ip6({ from: HOST.ip6, to: "2001:db8:e::8", hops: 63 })
          .udp(PORTS)
          .payload(9),
      ],
      [
        "lan",
        routerToHost().ip6({ from: HOST.ip6, to: "2001:db8:f::7", hops: 63 }).udp(PORTS).payload(9),
      ],
    ],
  },
  {
    what: "a blackhole drops in silence, inside a connected prefix too",
    router: TYPES,
    send: [packet4("198.51.100.1"), packet4("203.0.113.65"), packet6("2001:db8:f::1")].map((p) =>
      arrival("lan", p),
    ),
    drops: { blackhole: 3 },
  },
  {
    what: "a local route delivers here",
    router: TYPES,
    send: [packet4("198.51.100.4"), packet6("2001:db8:f::4")].map((p) => arrival("lan", p)),
    delivered: 2,
  },
  {
    what: "an on-link route asks for the destination's own MAC",
    router: TYPES,
    send: [arrival("lan", packet4("198.51.100.200")), arrival("lan", packet4("198.51.100.201"))],
    out: [
      [
        "dmz",
        ethernet("02:00:00:00:00:d9", DMZ.mac)
          .ip4({ from: HOST.ip4, to: "198.51.100.200", ttl: 63 })
          .udp(PORTS)
          .payload(9),
      ],
    ],
    drops: { "no-neighbor": 1 },
  },
  {
    what: "a gateway without a MAC takes nothing in a replay",
    router: world({ routes: "\n  - { to: 198.51.100.0/24, via: 203.0.113.9 }" }),
    send: [arrival("lan", packet4("198.51.100.1"))],
    drops: { "no-neighbor": 1 },
  },
  {
    what: "VRFs with the same addresses are worlds apart",
    router: TWO_VRFS,
    send: [
      arrival("lan", packet4(FAR.ip4)),
      arrival("red1", packet4(FAR.ip4)),
      arrival("red1", packet4(SERVER.ip4)),
      arrival("red2", packet4("10.0.0.2")),
    ],
    out: [
      [
        "wan",
        routerToGateway()
          .ip4({ ...OUTWARDS4, ttl: 63 })
          .udp(PORTS)
          .payload(9),
      ],
      [
        "red2",
        ethernet("02:00:00:00:01:b2", "02:00:00:00:01:02")
          .ip4({ ...OUTWARDS4, ttl: 63 })
          .udp(PORTS)
          .payload(9),
      ],
      // The error's way back is looked up in the VRF of the packet.
      [
        "red1",
        ethernet("02:00:00:00:01:a2", "02:00:00:00:01:01")
          .ip4({ from: "10.0.0.1", to: HOST.ip4, service: 0xc0, dontFragment: true })
          .icmp(3, 0)
          .payload(packet4(SERVER.ip4).bytes().subarray(14)),
      ],
    ],
    drops: { "no-route": 1, land: 1 },
    originated: 1,
  },
  {
    what: "IPv4 options, service byte and identification travel on unchanged",
    send: [
      arrival(
        "lan",
        hostToRouter()
          .ip4({ ...OUTWARDS4, options: Uint8Array.of(1, 1, 1, 0), service: 0xb8, id: 0xbeef })
          .udp(PORTS)
          .payload(3),
      ),
    ],
    out: [
      [
        "wan",
        routerToGateway()
          .ip4({
            ...OUTWARDS4,
            ttl: 63,
            options: Uint8Array.of(1, 1, 1, 0),
            service: 0xb8,
            id: 0xbeef,
          })
          .udp(PORTS)
          .payload(3),
      ],
    ],
  },
  {
    what: "fragments are routed as they are",
    send: [
      arrival(
        "lan",
        hostToRouter()
          .ip4({ ...OUTWARDS4, moreFragments: true, id: 7 })
          .udp(PORTS)
          .payload(72),
      ),
      arrival(
        "lan",
        hostToRouter()
          .ip4({ ...OUTWARDS4, offset: 80, id: 7, protocol: 17 })
          .payload(30),
      ),
      arrival("lan", hostToRouter().ip6(OUTWARDS6).fragment6(0, true).udp(PORTS).payload(72)),
    ],
    out: [
      [
        "wan",
        routerToGateway()
          .ip4({ ...OUTWARDS4, ttl: 63, moreFragments: true, id: 7 })
          .udp(PORTS)
          .payload(72),
      ],
      [
        "wan",
        routerToGateway()
          .ip4({ ...OUTWARDS4, ttl: 63, offset: 80, id: 7, protocol: 17 })
          .payload(30),
      ],
      [
        "wan",
        routerToGateway()
          .ip6({ ...OUTWARDS6, hops: 63 })
          .fragment6(0, true)
          .udp(PORTS)
          .payload(72),
      ],
    ],
  },
];
