// Neighbor resolution (MODE_RESOLVE): packets wait while their next hop is asked for by ARP or
// neighbor solicitation, at the pace of the capture's clock.

import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { concat, hex, ip } from "../support/octets.ts";
import { type Arrival, arrival } from "../support/path.ts";
import type { Expectation, PathRow } from "./row.ts";
import {
  BROADCAST,
  FAR,
  HOST,
  hostToRouter,
  LAN,
  routerToGateway,
  routerToHost,
  WAN,
  WORLD,
  world,
} from "./world.ts";

const PORTS = { from: 1000, to: 53 };
const NEW_MAC = "02:00:00:00:00:77";
const NEXT = { ip4: "203.0.113.9", ip6: "2001:db8:1::9" };
/** A gateway nobody has introduced. */
const UNKNOWN_GATEWAY = world({
  defaultRoutes: `
  - { to: 0.0.0.0/0, via: ${NEXT.ip4} }
  - { to: "::/0", via: "${NEXT.ip6}" }`,
});

const out4 = (number: number, ttl = 64) =>
  hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4, id: number, ttl }).udp(PORTS).payload(4);
/**
 * As it waits for the neighbor: its TTL is taken from before (RFC 1812 4.3.2.3 lets errors show
 * it).
 */
const waiting4 = (number: number) => out4(number, 63);
const sent4 = (number: number): Expectation => [
  "wan",
  ethernet(NEW_MAC, WAN.mac)
    .ip4({ from: HOST.ip4, to: FAR.ip4, id: number, ttl: 63 })
    .udp(PORTS)
    .payload(4),
];
const out6 = (length: number, hops = 64) =>
  hostToRouter().ip6({ from: HOST.ip6, to: FAR.ip6, hops }).udp(PORTS).payload(length);
const sent6 = (length: number): Expectation => [
  "wan",
  ethernet(NEW_MAC, WAN.mac)
    .ip6({ from: HOST.ip6, to: FAR.ip6, hops: 63 })
    .udp(PORTS)
    .payload(length),
];

/** The router asks on a port. */
const asks = (
  target: string,
  port = "wan",
  own: { mac: string; ip4: string } = WAN,
): Expectation => [
  port,
  ethernet(BROADCAST, own.mac).arp("request", { mac: own.mac, ip: own.ip4 }, { ip: target }),
];
const asks6: Expectation = [
  "wan",
  ethernet("33:33:ff:00:00:09", WAN.mac)
    .ip6({ from: WAN.ip6, to: "ff02::1:ff00:9", hops: 255 })
    .icmp6(135)
    .payload(concat(ip(NEXT.ip6), hex("0101"), hex(WAN.mac))),
];
/** Someone answers the router. */
const answers = (from: string, mac = NEW_MAC): PacketBuilder =>
  ethernet(WAN.mac, mac).arp("reply", { mac, ip: from }, { mac: WAN.mac, ip: WAN.ip4 });
const answers6 = ethernet(WAN.mac, NEW_MAC)
  .ip6({ from: NEXT.ip6, to: WAN.ip6, hops: 255 })
  .icmp6(136, 0, 0x60000000)
  .payload(concat(ip(NEXT.ip6), hex("0201"), hex(NEW_MAC)));

/** A packet that only moves the clock: delivered here. */
const tick = (time: number): Arrival =>
  arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).udp(PORTS), { time });

const hostUnreachable = (packet: PacketBuilder): Expectation => [
  "lan",
  routerToHost()
    .ip4({ from: LAN.ip4, to: HOST.ip4, service: 0xc0, dontFragment: true })
    .icmp(3, 1)
    .payload(packet.bytes().subarray(14)),
];

const RESOLVE = { resolve: true, stepwise: true } as const;
/** Asked at 0, 1 and 2 seconds, given up at 3. */
const THREE_SECONDS = [0.5, 1, 1.5, 2, 2.9, 3].map(tick);

/** One flow to each of so many hosts of the wan link, so many packets each. */
function crowd(hosts: number, packets: number): Arrival[] {
  return Array.from({ length: hosts * packets }, (_, place) => {
    const to = `203.0.113.${10 + (place % hosts)}`;
    return arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to, id: place }).udp(PORTS));
  });
}
const crowdAsks = (hosts: number) =>
  Array.from({ length: hosts }, (_, host) => asks(`203.0.113.${10 + host}`));

const stranger = { mac: "02:00:00:00:00:50", ip4: "10.0.0.50" };
const strangerPing = ethernet(LAN.mac, stranger.mac)
  .ip4({ from: stranger.ip4, to: LAN.ip4 })
  .icmp(8, 0, 1);
const strangerDying = ethernet(LAN.mac, stranger.mac)
  .ip4({ from: stranger.ip4, to: FAR.ip4, ttl: 1 })
  .udp(PORTS);
const strangerPong: Expectation = [
  "lan",
  ethernet(stranger.mac, LAN.mac).ip4({ from: LAN.ip4, to: stranger.ip4 }).icmp(0, 0, 1),
];
const strangerAnswers = ethernet(LAN.mac, stranger.mac).arp(
  "reply",
  { mac: stranger.mac, ip: stranger.ip4 },
  { mac: LAN.mac, ip: LAN.ip4 },
);

export const NEIGHBORS: readonly PathRow[] = [
  {
    what: "packets wait for the gateway's ARP reply and leave in order",
    router: UNKNOWN_GATEWAY,
    send: [
      arrival("lan", out4(1)),
      arrival("lan", out4(2)),
      arrival("wan", answers(NEXT.ip4)),
      arrival("lan", out4(3)),
    ],
    out: [asks(NEXT.ip4), sent4(1), sent4(2), sent4(3)],
    consumed: 1,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "the same in one burst",
    router: UNKNOWN_GATEWAY,
    send: [arrival("lan", out4(1)), arrival("wan", answers(NEXT.ip4)), arrival("lan", out4(2))],
    // The one that waited is looked after at the end of the burst.
    out: [asks(NEXT.ip4), sent4(2), sent4(1)],
    consumed: 1,
    originated: 1,
    run: { resolve: true },
  },
  {
    what: "IPv6 packets wait for the neighbor advertisement",
    router: UNKNOWN_GATEWAY,
    send: [arrival("lan", out6(1)), arrival("lan", out6(2)), arrival("wan", answers6)],
    out: [asks6, sent6(1), sent6(2)],
    consumed: 1,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "while nobody answers the packet is in flight",
    router: UNKNOWN_GATEWAY,
    send: [arrival("lan", out4(1))],
    out: [asks(NEXT.ip4)],
    inFlight: 1,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "asked three times, a second apart, then given up: the sender is told",
    router: UNKNOWN_GATEWAY,
    send: [arrival("lan", out4(1)), arrival("lan", out4(2), { time: 0.2 }), ...THREE_SECONDS],
    out: [
      asks(NEXT.ip4),
      asks(NEXT.ip4),
      asks(NEXT.ip4),
      hostUnreachable(waiting4(1)),
      hostUnreachable(waiting4(2)),
    ],
    drops: { "neighbor-failed": 2 },
    delivered: 6,
    originated: 5,
    run: RESOLVE,
  },
  {
    what: "the sender is told, too, when the last packet before was dropped at ingress",
    router: `${UNKNOWN_GATEWAY}
tables: { ticks: { attach: ingress, flows: [{ match: { ipv4_dst: ${LAN.ip4} }, actions: [drop] }] } }`,
    send: [arrival("lan", out4(1)), ...THREE_SECONDS],
    out: [asks(NEXT.ip4), asks(NEXT.ip4), asks(NEXT.ip4), hostUnreachable(waiting4(1))],
    drops: { "neighbor-failed": 1, "by-flow": 6 },
    originated: 4,
    run: RESOLVE,
  },
  {
    what: "an IPv6 neighbor that fails: address unreachable",
    router: UNKNOWN_GATEWAY,
    send: [arrival("lan", out6(1)), ...THREE_SECONDS],
    out: [
      asks6,
      asks6,
      asks6,
      [
        "lan",
        routerToHost()
          .ip6({ from: LAN.ip6, to: HOST.ip6 })
          .icmp6(1, 3)
          .payload(out6(1, 63).bytes().subarray(14)),
      ],
    ],
    drops: { "neighbor-failed": 1 },
    delivered: 6,
    originated: 4,
    run: RESOLVE,
  },
  {
    what: "a failed neighbor is asked again after a second, not before",
    router: UNKNOWN_GATEWAY,
    send: [
      arrival("lan", out4(1)),
      ...THREE_SECONDS,
      arrival("lan", out4(2), { time: 3.5 }),
      arrival("lan", out4(3), { time: 4.1 }),
      arrival("wan", answers(NEXT.ip4), { time: 4.2 }),
    ],
    out: [
      asks(NEXT.ip4),
      asks(NEXT.ip4),
      asks(NEXT.ip4),
      hostUnreachable(waiting4(1)),
      hostUnreachable(waiting4(2)),
      asks(NEXT.ip4),
      sent4(3),
    ],
    drops: { "neighbor-failed": 2 },
    delivered: 6,
    consumed: 1,
    originated: 6,
    run: RESOLVE,
  },
  {
    what: "four packets may wait for one neighbor",
    router: UNKNOWN_GATEWAY,
    send: [1, 2, 3, 4, 5].map((number) => arrival("lan", out4(number))),
    out: [asks(NEXT.ip4)],
    drops: { "neighbor-queue-full": 1 },
    inFlight: 4,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "256 packets may wait in all",
    router: WORLD.replace("frames: 256", "frames: 512"),
    send: crowd(65, 4),
    out: crowdAsks(65),
    drops: { "neighbor-queue-full": 4 },
    inFlight: 256,
    originated: 65,
    run: { resolve: true },
  },
  {
    what: "waiting packets leave frames for the answers they wait for",
    router: WORLD.replace("frames: 256", "frames: 64"),
    send: [...crowd(20, 4), arrival("wan", answers("203.0.113.10"))],
    out: [
      ...crowdAsks(20),
      ...[0, 20, 40, 60].map(
        (id): Expectation => [
          "wan",
          ethernet(NEW_MAC, WAN.mac)
            .ip4({ from: HOST.ip4, to: "203.0.113.10", id, ttl: 63 })
            .udp(PORTS),
        ],
      ),
    ],
    drops: { "neighbor-queue-full": 18 },
    consumed: 1,
    inFlight: 58,
    originated: 20,
    run: { resolve: true },
  },
  {
    what: "the neighbor table may be full",
    router: WORLD.replace("neighbors: 200", "neighbors: 10"),
    send: crowd(5, 1),
    out: crowdAsks(3),
    drops: { "neighbor-queue-full": 2 },
    inFlight: 3,
    originated: 3,
    run: RESOLVE,
  },
  {
    what: "who asks for us is known from then on",
    send: [
      arrival(
        "lan",
        ethernet(BROADCAST, stranger.mac).arp(
          "request",
          { mac: stranger.mac, ip: stranger.ip4 },
          { ip: LAN.ip4 },
        ),
      ),
      arrival("lan", strangerPing),
    ],
    out: [
      [
        "lan",
        ethernet(stranger.mac, LAN.mac).arp(
          "reply",
          { mac: LAN.mac, ip: LAN.ip4 },
          { mac: stranger.mac, ip: stranger.ip4 },
        ),
      ],
      strangerPong,
    ],
    consumed: 2,
    originated: 2,
    run: RESOLVE,
  },
  {
    what: "the router's own answers wait too, and are not in flight: they were never received",
    send: [arrival("lan", strangerPing), arrival("lan", strangerPing)],
    out: [asks(stranger.ip4, "lan", LAN)],
    consumed: 2,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "own answers leave with the TTL they were made with",
    send: [arrival("lan", strangerPing), arrival("lan", strangerAnswers)],
    out: [asks(stranger.ip4, "lan", LAN), strangerPong],
    consumed: 2,
    originated: 2,
    run: RESOLVE,
  },
  {
    what: "own answers to a neighbor that fails are lost, and nobody is told",
    send: [arrival("lan", strangerPing), ...THREE_SECONDS],
    out: Array.from({ length: 3 }, () => asks(stranger.ip4, "lan", LAN)),
    consumed: 1,
    delivered: 6,
    originated: 3,
    lost: 1,
    run: RESOLVE,
  },
  {
    what: "an error waits for its receiver's MAC like any packet",
    send: [arrival("lan", strangerDying), arrival("lan", strangerAnswers)],
    out: [
      asks(stranger.ip4, "lan", LAN),
      [
        "lan",
        ethernet(stranger.mac, LAN.mac)
          .ip4({ from: LAN.ip4, to: stranger.ip4, service: 0xc0, dontFragment: true })
          .icmp(11)
          .payload(strangerDying.bytes().subarray(14)),
      ],
    ],
    drops: { "ttl-exceeded": 1 },
    consumed: 1,
    originated: 2,
    run: RESOLVE,
  },
  {
    what: "what the configuration says of a neighbor ARP does not change",
    send: [arrival("wan", answers("203.0.113.1", "02:66:66:66:66:66")), arrival("lan", out4(1))],
    out: [
      [
        "wan",
        routerToGateway()
          .ip4({ from: HOST.ip4, to: FAR.ip4, id: 1, ttl: 63 })
          .udp(PORTS)
          .payload(4),
      ],
    ],
    consumed: 1,
    run: RESOLVE,
  },
  {
    what: "a learned neighbor that moves is followed",
    router: UNKNOWN_GATEWAY,
    send: [
      arrival("lan", out4(1)),
      arrival("wan", answers(NEXT.ip4, "02:00:00:00:00:66")),
      arrival("wan", answers(NEXT.ip4)),
      arrival("lan", out4(2)),
    ],
    out: [
      asks(NEXT.ip4),
      [
        "wan",
        ethernet("02:00:00:00:00:66", WAN.mac)
          .ip4({ from: HOST.ip4, to: FAR.ip4, id: 1, ttl: 63 })
          .udp(PORTS)
          .payload(4),
      ],
      sent4(2),
    ],
    consumed: 2,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "without resolution nothing is learned and nobody asked",
    router: UNKNOWN_GATEWAY,
    send: [arrival("lan", out4(1)), arrival("wan", answers(NEXT.ip4)), arrival("lan", out4(2))],
    drops: { "no-neighbor": 2 },
    consumed: 1,
  },
];
