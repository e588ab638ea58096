// The parser, case by case: what passes with which fields, and which packet is dropped for what.

import { beforeAll, describe, expect, it } from "vitest";
import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import * as layers from "../support/layers.ts";
import {
  arp,
  concat,
  icmp,
  icmp6,
  ip,
  ip4,
  ip6,
  type Octets,
  u16,
  u32,
} from "../support/octets.ts";
import { ParserKernel } from "../support/parser.ts";
import type { ParsedPacket } from "../twin/fields.ts";
import { parsePacket } from "../twin/parser.ts";

const { frame, PAIR4, PAIR6, tcp, udp, zeros } = layers;
const PORTS = { source: 1000, destination: 2000 };
const TCP4 = ip4({ ...PAIR4, protocol: 6 }, tcp(PAIR4, PORTS));
const UDP6 = ip6({ ...PAIR6, next: 17 }, udp(PAIR6, PORTS, [1, 2, 3]));
const IS4 = layout.PACKET_IP4 | layout.PACKET_L4;
const IS6 = layout.PACKET_IP6 | layout.PACKET_L4;

let kernel: ParserKernel;
beforeAll(async () => {
  kernel = await ParserKernel.compile();
});

type Passing = readonly [what: string, packet: Octets, fields: Partial<ParsedPacket>];
type Dropped = readonly [what: string, packet: Octets, reason: number, wireLength?: number];

/** A packet to an address of the test with this protocol and payload. */
const over4 = (protocol: number, payload: Uint8Array): Octets =>
  frame(0x0800, ip4({ ...PAIR4, protocol }, payload));
const over6 = (next: number, payload: Uint8Array): Octets =>
  frame(0x86dd, ip6({ ...PAIR6, next }, payload));
const udpTo = (destination: number): Octets =>
  over4(17, udp(PAIR4, { source: 50000, destination }, zeros(8)));
const fragment4 = (fragment: number, protocol: number, payload: Uint8Array): Octets =>
  frame(0x0800, ip4({ ...PAIR4, protocol, fragment }, payload));
const withOptions = (...options: number[]): Octets =>
  frame(
    0x0800,
    ip4({ ...PAIR4, protocol: 6, options: Uint8Array.from(options) }, tcp(PAIR4, PORTS)),
  );
/** A frame with some bytes replaced; checksums are not mended. */
function changed(packet: Octets, at: number, ...bytes: number[]): Octets {
  const copy = packet.slice();
  copy.set(bytes, at);
  return copy;
}
const jumbo = (length: number, present: number): Octets => {
  const hop = layers.extension(17, [0xc2, 4, ...u32(length)]);
  const datagram = udp(PAIR6, PORTS, zeros(present - 16), 0);
  return changed(over6(0, concat(hop, datagram)), 18, 0, 0);
};
const tcp6 = tcp(PAIR6, PORTS);
const hops = (count: number): Octets =>
  concat(...Array.from({ length: count }, (_, n) => layers.extension(n < count - 1 ? 60 : 6, [])));

const LINK: Passing[] = [
  ["untagged TCP", frame(0x0800, TCP4), { flags: IS4, l3: 14, l4: 34, payload: 54 }],
  ["padding after it", frame(0x0800, concat(TCP4, zeros(6))), { flags: IS4, l3Length: 40 }],
  ["one tag", layers.tagged([0x8100], 0x0800, TCP4), { vlanTags: 1, l3: 18, etherType: 0x0800 }],
  ["three kinds of tag", layers.tagged([0x88a8, 0x9100, 0x8100], 0x86dd, UDP6), { vlanTags: 3 }],
  ["eight tags", layers.tagged(Array(8).fill(0x8100), 0x0800, TCP4), { vlanTags: 8, l3: 46 }],
  ["SNAP", layers.logicalLink([...layers.SNAP, 8, 0], TCP4), { flags: IS4, l3: 22 }],
  ["LLC", layers.logicalLink([0x42, 0x42, 3], zeros(35)), { flags: 0, etherType: 0, l3: 14 }],
  ["SNAP of Cisco", layers.logicalLink([0xaa, 0xaa, 3, 0, 0, 12, 32, 0], zeros(9)), { flags: 0 }],
  ["PPPoE", layers.pppoe(0x21, TCP4), { flags: IS4 | layout.PACKET_PPPOE, l3: 22 }],
  ["PPPoE, IPv6", layers.pppoe(0x57, UDP6), { flags: IS6 | layout.PACKET_PPPOE, l4: 62 }],
  ["PPPoE, LCP", layers.pppoe(0xc021, zeros(8)), { flags: layout.PACKET_PPPOE, etherType: 0x8864 }],
  ["labels", layers.labelled(3, TCP4), { mplsLabels: 3, flags: IS4, etherType: 0x8847, l3: 26 }],
  ["a label, IPv6", layers.labelled(1, UDP6), { mplsLabels: 1, flags: IS6 }],
  ["a control word", layers.labelled(1, zeros(20)), { mplsLabels: 1, flags: 0 }],
  ["an unknown type", frame(0x88cc, [1, 2]), { flags: 0, etherType: 0x88cc, l3: 14 }],
  [
    "broadcast",
    changed(frame(0x88cc, [1]), 0, 255, 255, 255, 255, 255, 255),
    { flags: layout.PACKET_L2_GROUP | layout.PACKET_L2_BROADCAST },
  ],
  ["multicast", changed(frame(0x0800, TCP4), 0, 1), { flags: IS4 | layout.PACKET_L2_GROUP }],
  [
    "ARP",
    frame(
      0x0806,
      arp({
        operation: 1,
        senderMac: zeros(6),
        senderIp: zeros(4),
        targetMac: zeros(6),
        targetIp: zeros(4),
      }),
    ),
    { flags: layout.PACKET_ARP, l3: 14, payload: 42, l3Length: 28 },
  ],
];

const NETWORK: Passing[] = [
  ["UDP over IPv6", frame(0x86dd, UDP6), { flags: IS6, l4: 54, payload: 62, protocol: 17 }],
  ["options", withOptions(1, 7, 3, 4), { flags: IS4 | layout.PACKET_OPTIONS, l4: 38 }],
  [
    "an unused source route",
    withOptions(131, 7, 4, 9, 9, 9, 9, 0),
    { flags: IS4 | layout.PACKET_OPTIONS | layout.PACKET_SOURCE_ROUTED },
  ],
  ["a used one", withOptions(131, 7, 8, 9, 9, 9, 9, 0), { flags: IS4 | layout.PACKET_OPTIONS }],
  [
    "a first fragment",
    fragment4(0x2000, 17, udp(PAIR4, PORTS, zeros(16), 4000)),
    { flags: IS4 | layout.PACKET_FRAGMENT, payload: 42 },
  ],
  [
    "a later fragment",
    fragment4(0x0005, 17, zeros(7)),
    { flags: layout.PACKET_IP4 | layout.PACKET_FRAGMENT | layout.PACKET_LATER_FRAGMENT, l4: 34 },
  ],
  ["hop-by-hop", over6(0, concat(layers.extension(6, [5, 2, 0, 0]), tcp6)), { l4: 62 }],
  [
    "segments left",
    over6(43, concat(layers.extension(6, [0, 1, 0, 0, 0, 0, ...PAIR6.source]), tcp6)),
    { flags: IS6 | layout.PACKET_SOURCE_ROUTED, l4: 78 },
  ],
  ["sixteen extensions", over6(60, concat(hops(16), tcp6)), { flags: IS6, protocol: 6 }],
  [
    "an atomic fragment",
    over6(44, concat(layers.fragmentHeader(6, 0, false), tcp6)),
    { flags: IS6 },
  ],
  [
    "a later fragment of IPv6",
    over6(44, concat(layers.fragmentHeader(60, 64, true), zeros(16))),
    {
      flags: layout.PACKET_IP6 | layout.PACKET_FRAGMENT | layout.PACKET_LATER_FRAGMENT,
      protocol: 60,
      l4: 62,
    },
  ],
  [
    "AH before TCP",
    over6(51, concat([6, 4], zeros(22), tcp6)),
    { flags: IS6 | layout.PACKET_IPSEC, l4: 78, protocol: 6 },
  ],
  ["ESP", over6(50, zeros(40)), { flags: layout.PACKET_IP6 | layout.PACKET_IPSEC, protocol: 50 }],
  ["no next header", over6(59, zeros(3)), { flags: layout.PACKET_IP6, protocol: 59 }],
  ["a jumbogram", jumbo(65544, 65544), { flags: IS6 | layout.PACKET_OPTIONS, l3Length: 65584 }],
  ["a whole mobility header", over6(135, layers.extension(59, zeros(6))), { protocol: 59 }],
];

const TRANSPORT: Passing[] = [
  ["TCP options", over4(6, tcp(PAIR4, PORTS, [], 15)), { payload: 34 + 60 }],
  ["UDP-Lite", over4(136, layers.udpLite(PAIR4, PORTS, 0, [1])), { flags: IS4, payload: 42 }],
  ["SCTP", over4(132, layers.sctp(PORTS, zeros(4))), { flags: IS4, payload: 46 }],
  ["DCCP", over4(33, layers.dccp(PAIR4, PORTS, 0, [1])), { flags: IS4, payload: 46 }],
  ["IGMP", over4(2, concat([0x16, 0, 9, 9], zeros(4))), { flags: IS4, payload: 42 }],
  ["ICMP", over4(1, icmp(8, 0, zeros(4))), { flags: IS4, payload: 42 }],
  ["ICMP over IPv6", over6(1, icmp(8, 0, zeros(4))), { flags: layout.PACKET_IP6 }],
  ["an ICMP error", over4(1, icmp(3, 1, zeros(4))), { flags: IS4 | layout.PACKET_ICMP_ERROR }],
  ["an unknown protocol", over4(200, zeros(4)), { flags: layout.PACKET_IP4, protocol: 200 }],
  [
    "AH over IPv4",
    over4(51, concat([6, 4], zeros(22))),
    { flags: layout.PACKET_IP4 | layout.PACKET_IPSEC },
  ],
  ["VXLAN", udpTo(4789), { tunnel: layout.TUNNEL_VXLAN }],
  ["Linux's VXLAN", udpTo(8472), { tunnel: layout.TUNNEL_VXLAN }],
  ["Geneve", udpTo(6081), { tunnel: layout.TUNNEL_GENEVE }],
  ["GTP-U", udpTo(2152), { tunnel: layout.TUNNEL_GTP_U }],
  ["MPLS in UDP", udpTo(6635), { tunnel: layout.TUNNEL_MPLS_UDP }],
  ["Teredo", udpTo(3544), { tunnel: layout.TUNNEL_TEREDO }],
  ["no tunnel", udpTo(4788), { tunnel: layout.TUNNEL_NONE }],
  [
    "from a Teredo server",
    over4(17, udp(PAIR4, { source: 3544, destination: 9 })),
    { tunnel: layout.TUNNEL_TEREDO },
  ],
  ["GRE", over4(47, layers.gre(0, 0x0800, TCP4)), { tunnel: layout.TUNNEL_GRE, payload: 38 }],
  ["GRE with all", over4(47, layers.gre(0xb000, 0x0800, TCP4)), { payload: 50, flags: IS4 }],
  ["NVGRE", over4(47, layers.gre(0x2000, 0x6558, zeros(14))), { tunnel: layout.TUNNEL_NVGRE }],
  ["ERSPAN II", over4(47, layers.gre(0x1000, 0x88be, zeros(8))), { tunnel: layout.TUNNEL_ERSPAN }],
  ["ERSPAN III", over4(47, layers.gre(0x1000, 0x22eb, zeros(8))), { tunnel: layout.TUNNEL_ERSPAN }],
  ["PPTP", over4(47, concat(u16(0x3081), u16(0x880b), u16(2), zeros(12))), { payload: 50 }],
  [
    "IPv4 in IPv4",
    over4(4, TCP4),
    { tunnel: layout.TUNNEL_IPIP, flags: layout.PACKET_IP4, l4: 34 },
  ],
  ["protocol 94", over4(94, TCP4), { tunnel: layout.TUNNEL_IPIP }],
  ["6in4", over4(41, UDP6), { tunnel: layout.TUNNEL_IP6 }],
  ["6in6", over6(41, UDP6), { tunnel: layout.TUNNEL_IP6 }],
];

const DROPPED_LINK: Dropped[] = [
  ["13 bytes", zeros(13), drops.DROP_FRAME_TOO_SHORT],
  ["half a tag", frame(0x8100, [0, 1, 8]), drops.DROP_FRAME_TOO_SHORT],
  ["half a tag, cut", frame(0x8100, [0, 1, 8]), drops.DROP_TRUNCATED, 60],
  ["nine tags", layers.tagged(Array(9).fill(0x8100), 0x0800, TCP4), drops.DROP_TOO_MANY_TAGS],
  ["a length past the frame", layers.logicalLink([66, 66, 3], [1], 9), drops.DROP_BAD_LLC],
  ["a length of 1520", frame(1520, zeros(1520)), drops.DROP_BAD_LLC],
  ["half of SNAP", layers.logicalLink([0xaa, 0xaa, 3], [0], 4), drops.DROP_BAD_LLC],
  ["17 labels", layers.labelled(17, TCP4), drops.DROP_TOO_MANY_LABELS],
  ["no bottom label", layers.labelled(3, [], false), drops.DROP_TOO_MANY_LABELS],
  ["PPPoE too long", layers.pppoe(0x21, TCP4, 43), drops.DROP_BAD_PPPOE],
  ["PPPoE too short", layers.pppoe(0x21, TCP4, 41), drops.DROP_IP_BAD_LENGTH],
  ["PPPoE of version 2", changed(layers.pppoe(0x21, TCP4), 14, 0x21), drops.DROP_BAD_PPPOE],
  ["a short ARP", frame(0x0806, zeros(27)), drops.DROP_BAD_ARP],
  ["ARP of another kind", frame(0x0806, zeros(28)), drops.DROP_BAD_ARP],
  ["a cut unknown frame", frame(0x88cc, [1]), drops.DROP_TRUNCATED, 60],
];

const DROPPED_NETWORK: Dropped[] = [
  ["19 bytes of IPv4", frame(0x0800, TCP4.subarray(0, 19)), drops.DROP_IP4_BAD_HEADER_LENGTH],
  ["version 6 as IPv4", frame(0x0800, UDP6), drops.DROP_IP_BAD_VERSION],
  ["version 4 as IPv6", frame(0x86dd, TCP4), drops.DROP_IP_BAD_VERSION],
  ["header length 16", changed(frame(0x0800, TCP4), 14, 0x44), drops.DROP_IP4_BAD_HEADER_LENGTH],
  [
    "a header past the frame",
    frame(0x0800, withOptions(1, 1, 1, 1).subarray(14, 36)),
    drops.DROP_IP4_BAD_HEADER_LENGTH,
  ],
  ["a wrong checksum", changed(frame(0x0800, TCP4), 25, 0), drops.DROP_IP4_BAD_CHECKSUM],
  ["less than its length", frame(0x0800, TCP4.subarray(0, 39)), drops.DROP_IP_BAD_LENGTH],
  ["cut off", frame(0x0800, TCP4.subarray(0, 39)), drops.DROP_TRUNCATED, 54],
  ["cut off, yet too short", frame(0x0800, TCP4.subarray(0, 30)), drops.DROP_IP_BAD_LENGTH, 53],
  ["39 bytes of IPv6", frame(0x86dd, UDP6.subarray(0, 39)), drops.DROP_IP_BAD_LENGTH],
  ["less than IPv6 says", frame(0x86dd, UDP6.subarray(0, 50)), drops.DROP_IP_BAD_LENGTH],
  ["an option of length 1", withOptions(7, 1, 0, 0), drops.DROP_IP4_BAD_OPTIONS],
  ["an option past the header", withOptions(1, 1, 7, 3), drops.DROP_IP4_BAD_OPTIONS],
  ["half an option", withOptions(1, 1, 1, 7), drops.DROP_IP4_BAD_OPTIONS],
  ["a fragment of 7 bytes", fragment4(0x2005, 17, zeros(7)), drops.DROP_BAD_FRAGMENT],
  ["an empty fragment", fragment4(0x0005, 17, zeros(0)), drops.DROP_BAD_FRAGMENT],
  ["a fragment past 65535", fragment4(0x1fff, 17, zeros(8)), drops.DROP_BAD_FRAGMENT],
  [
    "a tiny fragment",
    fragment4(0x2000, 6, tcp(PAIR4, PORTS).subarray(0, 16)),
    drops.DROP_BAD_FRAGMENT,
  ],
  ["TCP's second at 8", fragment4(0x2001, 6, zeros(16)), drops.DROP_BAD_FRAGMENT],
  [
    "land",
    frame(0x0800, ip4({ source: PAIR4.source, destination: PAIR4.source, protocol: 6 }, zeros(20))),
    drops.DROP_LAND,
  ],
  [
    "land of IPv6",
    frame(0x86dd, ip6({ source: PAIR6.source, destination: PAIR6.source, next: 6 }, tcp6)),
    drops.DROP_LAND,
  ],
  ["17 extensions", over6(60, concat(hops(17), tcp6)), drops.DROP_IP6_TOO_MANY_EXTENSIONS],
  ["a cut extension", over6(60, zeros(7)), drops.DROP_IP6_BAD_EXTENSION],
  ["an extension too long", over6(60, concat([6, 9], zeros(30))), drops.DROP_IP6_BAD_EXTENSION],
  [
    "hop-by-hop second",
    over6(60, concat(hops(1).fill(0, 0, 1), hops(1), tcp6)),
    drops.DROP_IP6_BAD_EXTENSION,
  ],
  ["an option too long", over6(0, layers.extension(59, [5, 9])), drops.DROP_IP6_BAD_EXTENSION],
  ["an unknown option", over6(0, layers.extension(59, [0x41, 0])), drops.DROP_IP6_UNKNOWN_OPTION],
  [
    "a jumbo option too many",
    over6(0, layers.extension(59, [0xc2, 4, 0, 1, 0, 0])),
    drops.DROP_IP6_BAD_EXTENSION,
  ],
  ["a jumbogram of 100", jumbo(100, 92), drops.DROP_IP_BAD_LENGTH],
  ["a cut jumbogram", jumbo(70000, 65544).subarray(0, 300), drops.DROP_TRUNCATED, 70054],
  ["a longer jumbogram", jumbo(70000, 65544), drops.DROP_IP_BAD_LENGTH],
  [
    "no jumbo option",
    changed(over6(0, layers.extension(59, [])), 18, 0, 0),
    drops.DROP_IP_BAD_LENGTH,
  ],
  ["segments nobody has", over6(43, layers.extension(59, [0, 9])), drops.DROP_IP6_BAD_EXTENSION],
  [
    "two fragment headers",
    over6(44, concat(layers.fragmentHeader(44, 0, true), zeros(16))),
    drops.DROP_IP6_BAD_EXTENSION,
  ],
  [
    "a short chain",
    over6(44, concat(layers.fragmentHeader(6, 0, true), zeros(16))),
    drops.DROP_BAD_FRAGMENT,
  ],
  ["an empty AH", over6(51, concat([59, 0], zeros(8))), drops.DROP_IP6_BAD_EXTENSION],
];

const DROPPED_TRANSPORT: Dropped[] = [
  ["19 bytes of TCP", over4(6, zeros(19)), drops.DROP_L4_TOO_SHORT],
  ["7 bytes of UDP", over6(17, zeros(7)), drops.DROP_L4_TOO_SHORT],
  ["7 bytes of ICMP", over4(1, zeros(7)), drops.DROP_L4_TOO_SHORT],
  ["7 bytes of ICMPv6", over6(58, zeros(7)), drops.DROP_L4_TOO_SHORT],
  ["11 bytes of SCTP", over4(132, zeros(11)), drops.DROP_L4_TOO_SHORT],
  ["7 bytes of ESP", over4(50, zeros(7)), drops.DROP_L4_TOO_SHORT],
  ["7 bytes of IGMP", over4(2, zeros(7)), drops.DROP_L4_TOO_SHORT],
  ["a TCP offset of 4", changed(frame(0x0800, TCP4), 46, 0x40), drops.DROP_TCP_BAD_OFFSET],
  ["a TCP offset of 6", changed(frame(0x0800, TCP4), 46, 0x60), drops.DROP_TCP_BAD_OFFSET],
  ["a UDP length of 7", over4(17, udp(PAIR4, PORTS, [], 7)), drops.DROP_UDP_BAD_LENGTH],
  ["a UDP length of 9", over4(17, udp(PAIR4, PORTS, [], 9)), drops.DROP_UDP_BAD_LENGTH],
  ["a UDP length of 0", over6(17, udp(PAIR6, PORTS, [], 0)), drops.DROP_UDP_BAD_LENGTH],
  ["a coverage of 7", over4(136, layers.udpLite(PAIR4, PORTS, 7, [])), drops.DROP_UDP_BAD_LENGTH],
  ["a coverage of 9", over4(136, layers.udpLite(PAIR4, PORTS, 9, [])), drops.DROP_UDP_BAD_LENGTH],
  [
    "a DCCP offset of 2",
    changed(over4(33, layers.dccp(PAIR4, PORTS, 0, [])), 38, 2),
    drops.DROP_DCCP_BAD_OFFSET,
  ],
  [
    "a DCCP offset of 4",
    changed(over4(33, layers.dccp(PAIR4, PORTS, 0, [])), 38, 4),
    drops.DROP_DCCP_BAD_OFFSET,
  ],
  ["GRE with routes", over4(47, layers.gre(0x4000, 0x0800, TCP4)), drops.DROP_GRE_BAD_HEADER],
  ["GRE of version 2", over4(47, layers.gre(0x0002, 0x0800, TCP4)), drops.DROP_GRE_BAD_HEADER],
  [
    "half a GRE",
    over4(47, layers.gre(0x2000, 0x0800, []).subarray(0, 7)),
    drops.DROP_GRE_BAD_HEADER,
  ],
  [
    "PPTP too long",
    over4(47, concat(u16(0x3081), u16(0x880b), u16(9), zeros(12))),
    drops.DROP_GRE_BAD_HEADER,
  ],
];

const passing: [string, Passing[]][] = [
  ["link layers", LINK],
  ["network layers", NETWORK],
  ["transports and tunnels", TRANSPORT],
];

/** What a record says of a packet, and that the twin says the same. */
function parseBoth(packet: Octets, wireLength = packet.length): ParsedPacket {
  const fast = kernel.parse(packet, wireLength);
  const slow = parsePacket({ bytes: packet, wireLength, verifyHeader: true });
  expect({ drop: fast.drop, hash: fast.hash }).toEqual({ drop: slow.drop, hash: slow.hash });
  if (slow.drop === 0) expect(fast).toEqual(slow);
  return fast;
}

describe.each(passing)("%s", (_, cases) => {
  it.each(cases)("passes %s", (_what, packet, fields) => {
    expect(parseBoth(packet)).toMatchObject({ drop: 0, ...fields });
  });
});

const dropped: [string, Dropped[]][] = [
  ["bad link layers", DROPPED_LINK],
  ["bad network layers", DROPPED_NETWORK],
  ["bad transports", DROPPED_TRANSPORT],
];

describe.each(dropped)("%s", (_, cases) => {
  const rows = cases.map(([what, packet, reason, wireLength]) => ({
    what,
    packet,
    reason,
    wireLength,
  }));
  it.each(rows)("drops $what", ({ packet, reason, wireLength }) => {
    expect(parseBoth(packet, wireLength).drop).toBe(reason);
  });
});

describe("the header checksum", () => {
  it("is not looked at unless asked", () => {
    const wrong = changed(frame(0x0800, TCP4), 25, 0);
    expect(kernel.parse(wrong, wrong.length, false).drop).toBe(0);
    const options = changed(withOptions(1, 1, 1, 1), 25, 0);
    expect(kernel.parse(options, options.length, false).drop).toBe(0);
    expect(kernel.parse(options).drop).toBe(drops.DROP_IP4_BAD_CHECKSUM);
  });
});

describe("a probe build", () => {
  it("parses alike", async () => {
    const probe = await ParserKernel.compile(true);
    for (const [, packet] of [...LINK, ...NETWORK, ...TRANSPORT]) {
      expect(probe.parse(packet)).toEqual(kernel.parse(packet));
    }
    const neighbor = icmp6(
      PAIR6.source,
      PAIR6.destination,
      135,
      0,
      concat(zeros(4), ip("fe80::1")),
    );
    expect(probe.parse(over6(58, neighbor)).drop).toBe(0);
  });
});
