// What parse refuses, by reason. All there is to say about each is in test/assembly; here one
// packet each proves that the reason arrives in the statistics and nothing leaves.

import { altered, ethernet, type PacketBuilder } from "../support/builder.ts";
import { hex } from "../support/octets.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import { FAR, HOST, hostToRouter, LAN, routerToHost, world } from "./world.ts";

const PORTS = { from: 1000, to: 53 };
const OUTWARDS4 = { from: HOST.ip4, to: FAR.ip4 };
const OUTWARDS6 = { from: HOST.ip6, to: FAR.ip6 };

/** Header checksums are not looked at, so that other fields can be altered alone. */
const LENIENT = world({ engine: "verify_checksums: none" });

const udp4 = hostToRouter().ip4(OUTWARDS4).udp(PORTS).payload(30).bytes();
const tcp4 = hostToRouter().ip4(OUTWARDS4).tcp(PORTS).payload(30).bytes();
const udp6 = hostToRouter().ip6(OUTWARDS6).udp(PORTS).payload(30).bytes();

function many(count: number, next: (packet: PacketBuilder, number: number) => PacketBuilder) {
  let packet = hostToRouter();
  for (let number = 0; number < count; number++) packet = next(packet, number);
  return packet;
}

function extended(count: number): PacketBuilder {
  let packet = hostToRouter().ip6(OUTWARDS6);
  for (let number = 0; number < count; number++) packet = packet.extension(60, new Uint8Array(6));
  return packet.udp(PORTS);
}

const MALFORMED_PACKETS: Readonly<Record<string, readonly (Uint8Array | PacketBuilder)[]>> = {
  "bad-llc": [
    ethernet(LAN.mac, HOST.mac, 200).payload(hex("aaaa03")).padded(60),
    ethernet(LAN.mac, HOST.mac, 1510).payload(60),
  ],
  "too-many-tags": [
    many(9, (packet) => packet.vlan(5))
      .ip4(OUTWARDS4)
      .udp(PORTS),
  ],
  "too-many-labels": [
    many(17, (packet, label) => packet.mpls(label, label === 16))
      .ip4(OUTWARDS4)
      .udp(PORTS),
    hostToRouter().mpls(3, false).mpls(4, false),
  ],
  "bad-pppoe": [altered(hostToRouter().pppoe().ip4(OUTWARDS4).udp(PORTS).bytes(), 14, 0x21)],
  "ip-bad-version": [altered(udp4, 14, 0x65), altered(udp6, 14, 0x40)],
  "ip-bad-length": [altered(udp4, 16, 0, 19), altered(udp4, 16, 1, 0), altered(udp6, 18, 1, 0)],
  "ip4-bad-header-length": [altered(udp4, 14, 0x44), udp4.subarray(0, 30)],
  "ip4-bad-options": [
    hostToRouter()
      .ip4({ ...OUTWARDS4, options: hex("44 09 00 00") })
      .udp(PORTS),
  ],
  "bad-fragment": [
    hostToRouter()
      .ip4({ ...OUTWARDS4, moreFragments: true })
      .udp(PORTS)
      .payload(7),
    hostToRouter()
      .ip4({ ...OUTWARDS4, offset: 65528, protocol: 17 })
      .payload(80),
  ],
  "ip6-too-many-extensions": [extended(17)],
  "ip6-bad-extension": [
    hostToRouter()
      .ip6(OUTWARDS6)
      .extension(60, new Uint8Array(6))
      .extension(0, new Uint8Array(6))
      .udp(PORTS),
  ],
  "l4-too-short": [
    hostToRouter()
      .ip4({ ...OUTWARDS4, protocol: 6 })
      .payload(19),
    hostToRouter()
      .ip6({ ...OUTWARDS6, protocol: 17 })
      .payload(7),
  ],
  "tcp-bad-offset": [altered(tcp4, 14 + 20 + 12, 0x40), altered(tcp4, 14 + 20 + 12, 0xf0)],
  "udp-bad-length": [altered(udp4, 38, 0, 7), altered(udp4, 38, 1, 0)],
  "dccp-bad-offset": [
    hostToRouter()
      .ip4({ ...OUTWARDS4, protocol: 33 })
      .payload(hex("0001 0002 02 00 0000 04 00 0000")),
  ],
  "gre-bad-header": [
    hostToRouter()
      .ip4({ ...OUTWARDS4, protocol: 47 })
      .payload(hex("b000 0800")),
  ],
};

/** An option that demands a drop; with the top bits 10, and an error too (RFC 8200 4.2). */
const unknownOption = (kind: string) =>
  hostToRouter()
    .ip6(OUTWARDS6)
    .extension(0, hex(`${kind} 04 00000000`))
    .udp(PORTS);

export const MALFORMED: readonly PathRow[] = [
  ...Object.entries(MALFORMED_PACKETS).map(
    ([reason, packets]): PathRow => ({
      what: reason,
      router: LENIENT,
      send: packets.map((packet) => arrival("lan", packet)),
      drops: { [reason]: packets.length },
    }),
  ),
  {
    what: "ip6-unknown-option, with the error that the option asks for",
    send: [arrival("lan", unknownOption("5e")), arrival("lan", unknownOption("9e"))],
    out: [
      [
        "lan",
        routerToHost()
          .ip6({ from: LAN.ip6, to: HOST.ip6 })
          .icmp6(4, 2, 42)
          .payload(unknownOption("9e").bytes().subarray(14)),
      ],
    ],
    drops: { "ip6-unknown-option": 2 },
    originated: 1,
  },
  {
    what: "ip6-unknown-option in frames that the port does not take: nobody is told",
    send: [
      ethernet("02:77:77:77:77:77", HOST.mac),
      hostToRouter().vlan(5),
      hostToRouter().mpls(16),
      hostToRouter().pppoe(),
    ].map((link) =>
      arrival("lan", link.ip6(OUTWARDS6).extension(0, hex("9e 04 00000000")).udp(PORTS)),
    ),
    drops: { "ip6-unknown-option": 4 },
  },
];
