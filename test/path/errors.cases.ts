// What ends in a drop on the way out, and which ICMP error tells the sender.

import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { fragmentsOf } from "../support/cutting.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import {
  DMZ,
  FAR,
  gatewayToRouter,
  HOST,
  hostToRouter,
  LAN,
  OTHER,
  routerToGateway,
  routerToHost,
  routerToServer,
  SERVER,
  serverToRouter,
  WAN,
  world,
} from "./world.ts";

const PORTS = { from: 1000, to: 53 };

const quoted = (packet: PacketBuilder, most = 10_000) => packet.bytes().subarray(14, 14 + most);

/** An ICMP error of the lan port to the host about this packet of it. */
const error4 = (type: number, code: number, packet: PacketBuilder, rest = 0) =>
  routerToHost()
    .ip4({ from: LAN.ip4, to: HOST.ip4, service: 0xc0, dontFragment: true })
    .icmp(type, code, rest)
    .payload(quoted(packet, 576 - 28));

const error6 = (type: number, code: number, packet: PacketBuilder, rest = 0) =>
  routerToHost()
    .ip6({ from: LAN.ip6, to: HOST.ip6 })
    .icmp6(type, code, rest)
    .payload(quoted(packet, 1280 - 48));

const to4 = (to: string, ttl = 64) =>
  hostToRouter().ip4({ from: HOST.ip4, to, ttl }).udp(PORTS).payload(20);
const to6 = (to: string, hops = 64) =>
  hostToRouter().ip6({ from: HOST.ip6, to, hops }).udp(PORTS).payload(20);

/** From the host to the server, behind an MTU of 1280. */
const long4 = (length: number, dontFragment: boolean, ttl = 64) =>
  hostToRouter()
    .ip4({ from: HOST.ip4, to: SERVER.ip4, dontFragment, ttl })
    .udp(PORTS)
    .payload(length - 28);
const long6 = (length: number, hops = 64) =>
  hostToRouter()
    .ip6({ from: HOST.ip6, to: SERVER.ip6, hops })
    .udp(PORTS)
    .payload(length - 48);
const long4Out = (length: number, dontFragment: boolean) =>
  routerToServer()
    .ip4({ from: HOST.ip4, to: SERVER.ip4, dontFragment, ttl: 63 })
    .udp(PORTS)
    .payload(length - 28);
const long6Out = (length: number) =>
  routerToServer()
    .ip6({ from: HOST.ip6, to: SERVER.ip6, hops: 63 })
    .udp(PORTS)
    .payload(length - 48);

const NO_DEFAULT = world({ defaultRoutes: "" });
const TYPES = world({
  routes: `
  - { to: 198.51.100.2/32, type: unreachable }
  - { to: 198.51.100.3/32, type: prohibit }
  - { to: "2001:db8:f::2/128", type: unreachable }
  - { to: "2001:db8:f::3/128", type: prohibit }`,
});
/** Two errors at once, then one a second. */
const SLOW = world({ engine: "icmp_errors: { rate: 1/s, burst: 2 }" });

/** The backend is reached in a tunnel, which takes 20 of 68 octets. */
const NARROW = `${world({
  ports: `
  narrow: { device: "pcap:", mtu: 68, mac: "02:00:00:00:00:04", addresses: [192.168.4.1/24] }`,
  neighbors: `
  - { port: narrow, ip: 192.168.4.2, mac: "02:00:00:00:00:42" }`,
})}
conntrack: { enabled: true }
services:
  - name: names
    vip: 192.0.2.80
    proto: udp
    port: 53
    mode: ipip
    backends: [{ ip: 192.168.4.2 }]`;
const roomless = hostToRouter()
  .ip4({ from: HOST.ip4, to: "192.0.2.80", options: new Uint8Array(24).fill(1) })
  .udp(PORTS)
  .payload(20);

const strange = serverToRouter().ip4({ from: "172.20.1.1", to: FAR.ip4, ttl: 1 }).udp(PORTS);
const dying = to4(FAR.ip4, 1);
const tcpTo = (to: string) =>
  hostToRouter().ip4({ from: HOST.ip4, to, ttl: 1 }).tcp({ from: 5, to: 7 });

export const ERRORS: readonly PathRow[] = [
  {
    what: "TTL 2 is sent on with 1; TTL 1 and 0 end here, and the sender is told",
    send: [2, 1, 0].map((ttl) => arrival("lan", to4(FAR.ip4, ttl))),
    out: [
      [
        "wan",
        routerToGateway().ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 1 }).udp(PORTS).payload(20),
      ],
      ["lan", error4(11, 0, to4(FAR.ip4, 1))],
      ["lan", error4(11, 0, to4(FAR.ip4, 0))],
    ],
    drops: { "ttl-exceeded": 2 },
    originated: 2,
  },
  {
    what: "hop limit 2 is sent on with 1; 1 and 0 end here, and the sender is told",
    send: [2, 1, 0].map((hops) => arrival("lan", to6(FAR.ip6, hops))),
    out: [
      [
        "wan",
        routerToGateway().ip6({ from: HOST.ip6, to: FAR.ip6, hops: 1 }).udp(PORTS).payload(20),
      ],
      ["lan", error6(3, 0, to6(FAR.ip6, 1))],
      ["lan", error6(3, 0, to6(FAR.ip6, 0))],
    ],
    drops: { "ttl-exceeded": 2 },
    originated: 2,
  },
  {
    what: "TTL 1 is enough for the router itself",
    send: [
      arrival("lan", to4(LAN.ip4, 1)),
      arrival("lan", to4(WAN.ip4, 1)),
      arrival("lan", to6(LAN.ip6, 0)),
    ],
    delivered: 3,
  },
  {
    what: "no route: the network is unreachable",
    router: NO_DEFAULT,
    send: [arrival("lan", to4(FAR.ip4)), arrival("lan", to6(FAR.ip6))],
    out: [
      ["lan", error4(3, 0, to4(FAR.ip4))],
      ["lan", error6(1, 0, to6(FAR.ip6))],
    ],
    drops: { "no-route": 2 },
    originated: 2,
  },
  {
    what: "routes that say unreachable or prohibit tell the sender so",
    router: TYPES,
    send: ["198.51.100.2", "198.51.100.3"]
      .map((to) => arrival("lan", to4(to)))
      .concat(["2001:db8:f::2", "2001:db8:f::3"].map((to) => arrival("lan", to6(to)))),
    out: [
      ["lan", error4(3, 1, to4("198.51.100.2"))],
      ["lan", error4(3, 13, to4("198.51.100.3"))],
      ["lan", error6(1, 0, to6("2001:db8:f::2"))],
      ["lan", error6(1, 1, to6("2001:db8:f::3"))],
    ],
    drops: { unreachable: 2, prohibited: 2 },
    originated: 4,
  },
  {
    what: "the MTU holds for the IP packet: 1280 passes, 1281 with DF is refused, its MTU told",
    send: [arrival("lan", long4(1280, true)), arrival("lan", long4(1281, true))],
    out: [
      ["dmz", long4Out(1280, true)],
      ["lan", error4(3, 4, long4(1281, true), 1280)],
    ],
    drops: { "too-big": 1 },
    originated: 1,
  },
  {
    what: "without DF it is cut (RFC 791 3.2), in multiples of 8 octets",
    send: [arrival("lan", long4(1280, false)), arrival("lan", long4(1281, false))],
    out: [
      ["dmz", long4Out(1280, false)],
      ...fragmentsOf(long4Out(1281, false).bytes(), [1256], { id: 0 }).map(
        (frame) => ["dmz", frame] as const,
      ),
    ],
    originated: 1,
  },
  {
    what: "fragments are cut again where they lie",
    send: [arrival("lan", fragmentsOf(long4(3000, false).bytes(), [1400, 2800])[1]!)],
    out: fragmentsOf(long4Out(3000, false).bytes(), [1400, 2656, 2800])
      .slice(1, 3)
      .map((frame) => ["dmz", frame] as const),
    originated: 1,
  },
  {
    what: "what leaves no room for 8 octets of data behind its header cannot be cut",
    router: NARROW,
    send: [arrival("lan", roomless)],
    drops: { "needs-fragmentation": 1 },
  },
  {
    what: "IPv6 packets beyond the MTU are too big",
    send: [arrival("lan", long6(1280)), arrival("lan", long6(1281))],
    out: [
      ["dmz", long6Out(1280)],
      ["lan", error6(2, 0, long6(1281), 1280)],
    ],
    drops: { "too-big": 1 },
    originated: 1,
  },
  {
    what: "TTL is looked at before the MTU",
    send: [arrival("lan", long4(1400, true, 1)), arrival("lan", long6(1400, 1))],
    out: [
      ["lan", error4(11, 0, long4(1400, true, 1))],
      ["lan", error6(3, 0, long6(1400, 1))],
    ],
    drops: { "ttl-exceeded": 2 },
    originated: 2,
  },
  {
    what: "no error answers an error, a later fragment, or what came as a link-layer broadcast",
    send: [
      arrival(
        "lan",
        hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 1 }).icmp(3, 1).payload(28),
      ),
      arrival(
        "lan",
        hostToRouter()
          .ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 1, offset: 80, protocol: 17 })
          .payload(24),
      ),
      arrival(
        "lan",
        hostToRouter().ip6({ from: HOST.ip6, to: FAR.ip6, hops: 1 }).icmp6(1, 0).payload(48),
      ),
      // The first fragment of an error.
      arrival(
        "lan",
        hostToRouter()
          .ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 1, moreFragments: true })
          .icmp(11)
          .payload(24),
      ),
    ],
    drops: { "ttl-exceeded": 4 },
  },
  {
    what: "no error to a sender that is no single host: broadcast of the link, the router itself",
    router: NO_DEFAULT,
    send: [
      arrival("lan", hostToRouter().ip4({ from: "10.0.0.255", to: FAR.ip4 }).udp(PORTS)),
      arrival("lan", hostToRouter().ip4({ from: LAN.ip4, to: FAR.ip4 }).udp(PORTS)),
    ],
    drops: { "no-route": 2 },
  },
  {
    what: "an error whose way back is unknown is lost, and counted",
    router: NO_DEFAULT,
    send: [
      arrival("lan", hostToRouter().ip4({ from: "10.0.0.77", to: FAR.ip4 }).udp(PORTS)),
      arrival("wan", gatewayToRouter().ip4({ from: "198.51.9.9", to: FAR.ip4 }).udp(PORTS)),
    ],
    drops: { "no-route": 2 },
    lost: 2,
  },
  {
    what: "a link-local source is told that it is out of scope, over the link it came by",
    send: [
      arrival("lan", hostToRouter().ip6({ from: "fe80::a2", to: FAR.ip6 }).udp(PORTS).payload(4)),
    ],
    out: [
      [
        "lan",
        routerToHost()
          .ip6({ from: LAN.linkLocal, to: "fe80::a2" })
          .icmp6(1, 2)
          .payload(
            quoted(hostToRouter().ip6({ from: "fe80::a2", to: FAR.ip6 }).udp(PORTS).payload(4)),
          ),
      ],
    ],
    drops: { "link-local-scope": 1 },
    originated: 1,
  },
  {
    what: "link-local addresses are not forwarded, from them or to them",
    send: [
      arrival("lan", to4("169.254.1.1")),
      arrival("lan", hostToRouter().ip4({ from: "169.254.1.1", to: FAR.ip4 }).udp(PORTS)),
      arrival("lan", to6("fe80::99")),
      arrival("lan", to6("febf::99")),
    ],
    drops: { "link-local-scope": 4 },
  },
  {
    what: "errors are rationed by the capture's clock: a burst, then one a second",
    router: SLOW,
    send: [0, 0, 0.1, 0.9, 1, 1.5, 2, 60, 60, 60].map((time) => arrival("lan", dying, { time })),
    out: Array.from({ length: 6 }, () => ["lan", error4(11, 0, dying)] as const),
    drops: { "ttl-exceeded": 10 },
    originated: 6,
    limited: 4,
  },
  {
    what: "a clock that steps back earns no errors",
    router: SLOW,
    send: [10, 10, 10, 2, 3, 4, 10.5, 11].map((time) => arrival("lan", dying, { time })),
    out: Array.from({ length: 3 }, () => ["lan", error4(11, 0, dying)] as const),
    drops: { "ttl-exceeded": 8 },
    originated: 3,
    limited: 5,
  },
  {
    what: "the ration is the flow shard's: one flow's errors do not use up another's",
    router: SLOW,
    send: [dying, dying, dying, tcpTo("203.0.113.77"), tcpTo("203.0.113.77")].map((p) =>
      arrival("lan", p),
    ),
    out: [
      ["lan", error4(11, 0, dying)],
      ["lan", error4(11, 0, dying)],
      ["lan", error4(11, 0, tcpTo("203.0.113.77"))],
      ["lan", error4(11, 0, tcpTo("203.0.113.77"))],
    ],
    drops: { "ttl-exceeded": 5 },
    originated: 4,
    limited: 1,
  },
  {
    what: "the error leaves by the route back, which may be another port",
    router: world({ routes: `\n  - { to: 172.20.0.0/16, via: ${OTHER.ip4} }` }),
    send: [arrival("dmz", strange)],
    out: [
      [
        "lan",
        ethernet(OTHER.mac, LAN.mac)
          .ip4({ from: DMZ.ip4, to: "172.20.1.1", service: 0xc0, dontFragment: true })
          .icmp(11)
          .payload(quoted(strange)),
      ],
    ],
    drops: { "ttl-exceeded": 1 },
    originated: 1,
  },
];
