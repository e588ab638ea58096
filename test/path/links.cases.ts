// The link layer: which frames a port takes, what captures without Ethernet become, cross-connects.

import * as layout from "../../assembly/layout.ts";
import { altered, bare, ethernet } from "../support/builder.ts";
import { concat, hex } from "../support/octets.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import { FAR, HOST, hostToRouter, LAN, NO_MAC, routerToGateway, world } from "./world.ts";

const PORTS = { from: 1000, to: 53 };
const OUTWARDS4 = { from: HOST.ip4, to: FAR.ip4 };
const OUTWARDS6 = { from: HOST.ip6, to: FAR.ip6 };

const out4 = routerToGateway()
  .ip4({ ...OUTWARDS4, ttl: 63 })
  .udp(PORTS)
  .payload(6);
const out6 = routerToGateway()
  .ip6({ ...OUTWARDS6, hops: 63 })
  .udp(PORTS)
  .payload(6);
const bare4 = bare().ip4(OUTWARDS4).udp(PORTS).payload(6).bytes();
const bare6 = bare().ip6(OUTWARDS6).udp(PORTS).payload(6).bytes();

const PROMISCUOUS = world({
  ports: `
  tap: { device: "pcap:", mac: "02:00:00:00:00:0a" }
  one: { device: "pcap:", mac: "02:00:00:00:00:0b", cross_connect: two }
  two: { device: "pcap:", mac: "02:00:00:00:00:0c", cross_connect: one }`,
});

const stranger = ethernet("02:77:77:77:77:77", HOST.mac).ip4(OUTWARDS4).udp(PORTS).payload(6);

/** | type 2 | arphrd 2 | length 2 | address 8 | EtherType 2 | */
const sll = (type: string, packet: Uint8Array) =>
  concat(hex("0000 0001 0006 0200000000a2 0000"), hex(type), packet);
/** | EtherType 2 | 0 2 | ifindex 4 | arphrd 2 | type 1 | length 1 | address 8 | */
const sll2 = (type: string, packet: Uint8Array) =>
  concat(hex(type), hex("0000 00000003 0001 00 06 0200000000a2 0000"), packet);

const RAW = { link: layout.LINK_RAW_IP };
const NULL = { link: layout.LINK_NULL };
const SLL = { link: layout.LINK_SLL };
const SLL2 = { link: layout.LINK_SLL2 };
const PPP = { link: layout.LINK_PPP };

const UNKNOWN_TYPE = altered(hostToRouter().payload(60).bytes(), 12, 0x88, 0xcc);

export const LINKS: readonly PathRow[] = [
  {
    what: "a port takes frames to its own MAC only",
    send: [arrival("lan", stranger)],
    drops: { "not-our-mac": 1 },
  },
  {
    what: "a promiscuous port takes them all",
    router: PROMISCUOUS,
    send: [arrival("tap", stranger)],
    out: [["wan", out4]],
  },
  {
    what: "tagged, labelled and PPPoE frames belong to sub-interfaces, which there are none of",
    send: [
      arrival("lan", hostToRouter().vlan(7).ip4(OUTWARDS4).udp(PORTS)),
      arrival("lan", hostToRouter().vlan(7, 0x88a8).vlan(8).ip6(OUTWARDS6).udp(PORTS)),
      arrival(
        "lan",
        hostToRouter().vlan(0).arp("request", { mac: HOST.mac, ip: HOST.ip4 }, { ip: LAN.ip4 }),
      ),
      arrival("lan", hostToRouter().mpls(16).ip4(OUTWARDS4).udp(PORTS)),
      arrival("lan", hostToRouter().mpls(16, false).mpls(17).ip6(OUTWARDS6).udp(PORTS)),
      arrival("lan", hostToRouter().pppoe().ip4(OUTWARDS4).udp(PORTS)),
    ],
    drops: { "vlan-unknown": 3, "label-unknown": 2, "pppoe-unknown": 1 },
  },
  {
    what: "other EtherTypes, and 802.3 frames without one, are not routed",
    send: [
      arrival("lan", UNKNOWN_TYPE),
      arrival("lan", ethernet(LAN.mac, HOST.mac, 3).payload(hex("424203")).padded(60)),
    ],
    drops: { "unsupported-ethertype": 2 },
  },
  {
    what: "a packet in an LLC/SNAP frame leaves in an Ethernet II frame",
    send: [
      arrival("lan", hostToRouter().snap().ip4(OUTWARDS4).udp(PORTS).payload(6)),
      arrival("lan", hostToRouter().snap().ip6(OUTWARDS6).udp(PORTS).payload(6)),
    ],
    out: [
      ["wan", out4],
      ["wan", out6],
    ],
  },
  {
    what: "padding behind the packet is cut off, and counted as sent it is not",
    send: [
      arrival("lan", hostToRouter().ip4(OUTWARDS4).udp(PORTS).payload(6).padded(60)),
      arrival("lan", hostToRouter().ip6(OUTWARDS6).udp(PORTS).payload(6).padded(200)),
    ],
    out: [
      ["wan", out4],
      ["wan", out6],
    ],
  },
  {
    what: "a cut capture: what lacks padding only is sent, what lacks packet is not",
    send: [
      arrival("lan", hostToRouter().ip4(OUTWARDS4).udp(PORTS).payload(6).padded(60), { cut: 48 }),
      arrival("lan", hostToRouter().ip4(OUTWARDS4).udp(PORTS).payload(6).padded(60), { cut: 47 }),
      arrival("lan", hostToRouter().ip6(OUTWARDS6).udp(PORTS).payload(600), { cut: 128 }),
    ],
    out: [["wan", out4]],
    drops: { truncated: 2 },
  },
  {
    what: "raw IP captures enter as frames to the port",
    send: [arrival("lan", bare4, RAW), arrival("lan", bare6, RAW)],
    out: [
      ["wan", out4],
      ["wan", out6],
    ],
  },
  {
    what: "NULL and LOOP captures: the address family in either byte order is not relied on",
    send: [
      arrival("lan", concat(hex("02000000"), bare4), NULL),
      arrival("lan", concat(hex("00000002"), bare4), NULL),
      arrival("lan", concat(hex("0000001e"), bare6), NULL),
    ],
    out: [
      ["wan", out4],
      ["wan", out4],
      ["wan", out6],
    ],
  },
  {
    what: "cooked captures: EtherType from their header",
    send: [arrival("lan", sll("0800", bare4), SLL), arrival("lan", sll2("86dd", bare6), SLL2)],
    out: [
      ["wan", out4],
      ["wan", out6],
    ],
  },
  {
    what: "cooked captures keep the sender's MAC, others have none",
    router: PROMISCUOUS,
    send: [arrival("one", sll("0800", bare4), SLL), arrival("one", bare6, RAW)],
    out: [
      ["two", ethernet("02:00:00:00:00:0b", HOST.mac).ip4(OUTWARDS4).udp(PORTS).payload(6)],
      ["two", ethernet("02:00:00:00:00:0b", NO_MAC).ip6(OUTWARDS6).udp(PORTS).payload(6)],
    ],
  },
  {
    what: "PPP captures, with and without address field and compressed protocol",
    send: [
      arrival("lan", concat(hex("ff03 0021"), bare4), PPP),
      arrival("lan", concat(hex("0021"), bare4), PPP),
      arrival("lan", concat(hex("21"), bare4), PPP),
      arrival("lan", concat(hex("ff03 0057"), bare6), PPP),
      arrival("lan", concat(hex("ff03 c021"), hex("01010004"), new Uint8Array(20)), PPP),
    ],
    out: [
      ["wan", out4],
      ["wan", out4],
      ["wan", out4],
      ["wan", out6],
    ],
    drops: { "unsupported-link-payload": 1 },
  },
  {
    what: "what is too short to tell, or to be a frame",
    send: [
      arrival("lan", new Uint8Array(0), RAW),
      arrival("lan", hex("020000"), NULL),
      arrival("lan", hostToRouter().payload(0).bytes().subarray(0, 13)),
      arrival("lan", sll("0800", bare4).subarray(0, 10), { ...SLL, wireLength: 60 }),
    ],
    drops: { "frame-too-short": 3, truncated: 1 },
  },
  {
    what: "a frame larger than the engine's frames is not received",
    send: [arrival("lan", hostToRouter().ip4(OUTWARDS4).udp(PORTS).payload(5000))],
    drops: { "frame-too-large": 1 },
  },
  {
    what: "a cross-connect hands on every whole frame unchanged, tags, padding and strangers too",
    router: PROMISCUOUS,
    send: [
      arrival("one", stranger),
      arrival(
        "two",
        hostToRouter()
          .vlan(7)
          .ip4({ ...OUTWARDS4, ttl: 0 })
          .udp(PORTS)
          .padded(80),
      ),
      arrival("one", UNKNOWN_TYPE),
    ],
    out: [
      ["two", stranger],
      [
        "one",
        hostToRouter()
          .vlan(7)
          .ip4({ ...OUTWARDS4, ttl: 0 })
          .udp(PORTS)
          .padded(80),
      ],
      ["two", UNKNOWN_TYPE],
    ],
  },
  {
    what: "a cross-connect does not hand on what is malformed",
    router: PROMISCUOUS,
    send: [arrival("one", altered(stranger.bytes(), 24, 0xff, 0xff))],
    drops: { "ip4-bad-checksum": 1 },
  },
];
