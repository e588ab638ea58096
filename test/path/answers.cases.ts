// What the router answers itself: ARP, neighbor discovery, echo. How exactly is the business of
// test/assembly; here is that the path gets the question there and the answer out.

import { altered, ethernet } from "../support/builder.ts";
import { concat, hex, ip } from "../support/octets.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import {
  BROADCAST,
  FAR,
  gatewayToRouter,
  HOST,
  hostToRouter,
  LAN,
  routerToGateway,
  routerToHost,
  SERVER,
  WAN,
  world,
} from "./world.ts";

const PING = 0x00070001;
const IDENTIFIED = { id: 0x1234 };

const ask = (target: string) =>
  ethernet(BROADCAST, HOST.mac).arp("request", { mac: HOST.mac, ip: HOST.ip4 }, { ip: target });
const macOption = (kind: number, mac: string) => concat([kind, 1], hex(mac));

const solicitation = (target: string, hops = 255) =>
  ethernet("33:33:ff:00:00:01", HOST.mac)
    .ip6({ from: HOST.ip6, to: "ff02::1:ff00:1", hops })
    .icmp6(135)
    .payload(concat(ip(target), macOption(1, HOST.mac)));

const echo4 = (to: string) =>
  hostToRouter()
    .ip4({ from: HOST.ip4, to, ...IDENTIFIED })
    .icmp(8, 0, PING)
    .payload(56);
const echo6 = (to: string) =>
  hostToRouter().ip6({ from: HOST.ip6, to }).icmp6(128, 0, PING).payload(56);

export const ANSWERS: readonly PathRow[] = [
  {
    what: "an ARP request for the port's address is answered",
    send: [arrival("lan", ask(LAN.ip4).padded(60))],
    out: [
      [
        "lan",
        routerToHost().arp("reply", { mac: LAN.mac, ip: LAN.ip4 }, { mac: HOST.mac, ip: HOST.ip4 }),
      ],
    ],
    consumed: 1,
    originated: 1,
  },
  {
    what: "ARP for others, and for another port's address, is not ours",
    send: [arrival("lan", ask("10.0.0.9")), arrival("lan", ask(WAN.ip4))],
    drops: { "arp-not-ours": 2 },
  },
  {
    what: "an ARP packet that is not Ethernet and IPv4 is bad; a claim to our address a martian",
    send: [
      arrival("lan", altered(ask(LAN.ip4).bytes(), 14, 0, 6)),
      arrival(
        "lan",
        ethernet(BROADCAST, HOST.mac).arp(
          "request",
          { mac: HOST.mac, ip: LAN.ip4 },
          { ip: LAN.ip4 },
        ),
      ),
    ],
    drops: { "bad-arp": 1, "martian-source": 1 },
  },
  {
    what: "an ARP reply is taken in",
    send: [
      arrival(
        "lan",
        hostToRouter().arp("reply", { mac: HOST.mac, ip: HOST.ip4 }, { mac: LAN.mac, ip: LAN.ip4 }),
      ),
    ],
    consumed: 1,
  },
  {
    what: "a neighbor solicitation for the port's address is answered",
    send: [arrival("lan", solicitation(LAN.ip6))],
    out: [
      [
        "lan",
        routerToHost()
          .ip6({ from: LAN.ip6, to: HOST.ip6, hops: 255 })
          .icmp6(136, 0, 0xe0000000)
          .payload(concat(ip(LAN.ip6), macOption(2, LAN.mac))),
      ],
    ],
    consumed: 1,
    originated: 1,
  },
  {
    what: "solicitations for others are not ours, and forwarded ones (hop limit below 255) bad",
    send: [arrival("lan", solicitation("fd00:a::9")), arrival("lan", solicitation(LAN.ip6, 254))],
    drops: { "nd-not-ours": 1, "bad-nd": 1 },
  },
  {
    what: "an echo request to any of the router's addresses is answered",
    send: [arrival("lan", echo4(LAN.ip4)), arrival("lan", echo4(WAN.ip4))],
    out: [LAN.ip4, WAN.ip4].map((from) => [
      "lan",
      routerToHost()
        .ip4({ from, to: HOST.ip4, ...IDENTIFIED })
        .icmp(0, 0, PING)
        .payload(56),
    ]),
    consumed: 2,
    originated: 2,
  },
  {
    what: "an IPv6 echo request to any of the router's addresses is answered",
    send: [arrival("lan", echo6(LAN.ip6)), arrival("lan", echo6(WAN.ip6))],
    out: [LAN.ip6, WAN.ip6].map((from) => [
      "lan",
      routerToHost().ip6({ from, to: HOST.ip6 }).icmp6(129, 0, PING).payload(56),
    ]),
    consumed: 2,
    originated: 2,
  },
  {
    what: "an echo over the link-local address stays on the link",
    send: [
      arrival(
        "lan",
        hostToRouter().ip6({ from: "fe80::a2", to: LAN.linkLocal }).icmp6(128, 0, PING).payload(8),
      ),
    ],
    out: [
      [
        "lan",
        routerToHost().ip6({ from: LAN.linkLocal, to: "fe80::a2" }).icmp6(129, 0, PING).payload(8),
      ],
    ],
    consumed: 1,
    originated: 1,
  },
  {
    what: "of answers one after the other each takes its own route",
    send: [
      arrival("lan", echo4(LAN.ip4)),
      arrival(
        "wan",
        gatewayToRouter().ip4({ from: FAR.ip4, to: LAN.ip4 }).icmp(8, 0, PING).payload(8),
      ),
    ],
    out: [
      [
        "lan",
        routerToHost()
          .ip4({ from: LAN.ip4, to: HOST.ip4, ...IDENTIFIED })
          .icmp(0, 0, PING)
          .payload(56),
      ],
      ["wan", routerToGateway().ip4({ from: LAN.ip4, to: FAR.ip4 }).icmp(0, 0, PING).payload(8)],
    ],
    consumed: 2,
    originated: 2,
  },
  {
    what: "the answer to an echo from afar takes the route back",
    send: [
      arrival(
        "wan",
        gatewayToRouter().ip4({ from: FAR.ip4, to: LAN.ip4, ttl: 1 }).icmp(8, 0, PING).payload(8),
      ),
    ],
    out: [
      ["wan", routerToGateway().ip4({ from: LAN.ip4, to: FAR.ip4 }).icmp(0, 0, PING).payload(8)],
    ],
    consumed: 1,
    originated: 1,
  },
  {
    what: "an answer without a way back is lost, and counted",
    send: [
      arrival(
        "lan",
        hostToRouter().ip4({ from: "10.0.0.99", to: LAN.ip4 }).icmp(8, 0, PING).payload(8),
      ),
    ],
    consumed: 1,
    lost: 1,
  },
  {
    what: "an echo request with a wrong checksum is not answered",
    send: [arrival("lan", altered(echo4(LAN.ip4).bytes(), -1, 0xee))],
    drops: { "l4-bad-checksum": 1 },
  },
  {
    what: "with verify_checksums: none everything is taken at its word",
    router: world({ engine: "verify_checksums: none" }),
    send: [
      arrival("lan", altered(echo4(FAR.ip4).bytes(), -1, 0xee)),
      arrival("lan", altered(echo4(FAR.ip4).bytes(), 24, 0xff, 0xfe)),
    ],
    out: [
      [
        "wan",
        altered(
          routerToGateway()
            .ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 63, ...IDENTIFIED })
            .icmp(8, 0, PING)
            .payload(56)
            .bytes(),
          -1,
          0xee,
        ),
      ],
      [
        "wan",
        // 0xfffe + 1 is 0xffff, which a sum never is: it becomes zero.
        altered(
          routerToGateway()
            .ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 63, ...IDENTIFIED })
            .icmp(8, 0, PING)
            .payload(56)
            .bytes(),
          24,
          0x00,
          0xff,
        ),
      ],
    ],
  },
  {
    what: "with verify_checksums: header transport checksums of others pass, headers do not",
    send: [
      arrival("lan", altered(echo4(FAR.ip4).bytes(), -1, 0xee)),
      arrival("lan", altered(echo4(FAR.ip4).bytes(), 24, 0, 0)),
    ],
    out: [
      [
        "wan",
        altered(
          routerToGateway()
            .ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 63, ...IDENTIFIED })
            .icmp(8, 0, PING)
            .payload(56)
            .bytes(),
          -1,
          0xee,
        ),
      ],
    ],
    drops: { "ip4-bad-checksum": 1 },
  },
  {
    what: "with verify_checksums: all wrong transport checksums end here",
    router: world({ engine: "verify_checksums: all" }),
    send: [
      arrival("lan", altered(echo4(FAR.ip4).bytes(), -1, 0xee)),
      arrival("lan", altered(echo6(FAR.ip6).bytes(), -1, 0xee)),
    ],
    drops: { "l4-bad-checksum": 2 },
  },
  {
    what: "everything else to the router is delivered",
    send: [
      arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).tcp({ from: 9, to: 22 })),
      arrival("lan", hostToRouter().ip6({ from: HOST.ip6, to: WAN.ip6 }).udp({ from: 9, to: 53 })),
      arrival(
        "lan",
        hostToRouter().ip4({ from: SERVER.ip4, to: LAN.ip4, protocol: 89 }).payload(44),
      ),
      arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).icmp(0, 0, PING)),
    ],
    delivered: 4,
  },
];
