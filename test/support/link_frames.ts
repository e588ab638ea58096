// Frames whose headers random packets seldom have whole: ARP, neighbor discovery, backbone tags,
// label stacks, and all kinds of link layers around IP.

import { bare, ethernet } from "./builder.ts";
import * as layers from "./layers.ts";
import { concat, hex, ip, ip4, type Octets, u16, u32 } from "./octets.ts";

const TO = "22:22:22:22:22:22";
const FROM = "12:11:11:11:11:11";
const FOUR = { from: "192.168.10.10", to: "192.168.20.20", ttl: 32, service: 0x20 };
const SIX = { from: "10::10", to: "20::20", hops: 32, service: 0x20 };
const PORTS = { from: 11111, to: 2222 };

/** Neighbor solicitation or advertisement with an option before the one that counts. */
function discovery(type: number, option: number): Octets {
  const body = concat(
    ip("20::20"),
    [14, 1, 1, 2, 3, 4, 5, 6],
    [option, 1],
    hex("12 11 11 11 11 11"),
  );
  return ethernet(TO, FROM).ip6(SIX).icmp6(type).payload(body).bytes();
}

function backbone(inner: Octets, tags = 0): Octets {
  const frame = concat(u16(0x88e7), u32(0x20000064), inner);
  const outer = Array.from({ length: tags }, () => [0x88, 0xa8, 0x60, 10]).flat();
  return concat(hex(TO), hex(FROM), outer, frame);
}

const TCP4 = ethernet(TO, FROM).ip4(FOUR).tcp(PORTS).payload(20).bytes();
const UDP6 = ethernet(TO, FROM).ip6(SIX).udp(PORTS).payload(21).bytes();
const TAGGED = ethernet(TO, FROM).vlan(0x6064).ip4(FOUR).udp(PORTS).payload(9).bytes();
const ARP = ethernet(TO, FROM)
  .arp("request", { mac: FROM, ip: FOUR.from }, { mac: TO, ip: FOUR.to })
  .padded(60)
  .bytes();

/** An SCTP packet of the builder's addresses. */
const SCTP = concat(
  TCP4.subarray(0, 14),
  ip4(
    { source: ip(FOUR.from), destination: ip(FOUR.to), protocol: 132 },
    layers.sctp({ source: 11111, destination: 2222 }, hex("00 03 00 14 0102030405060708 0001")),
  ),
);

/** The first eight data bytes' worth of a UDP datagram, and the rest of it. */
const DATAGRAM = bare().ip4(FOUR).udp(PORTS).payload(40).bytes().subarray(20);
const fragment = (from: number, to: number, more: boolean): Octets =>
  ethernet(TO, FROM)
    .ip4({ ...FOUR, protocol: 17, offset: from, moreFragments: more })
    .payload(DATAGRAM.subarray(from, to))
    .bytes();

export const FRAMES = {
  tcp4: TCP4,
  udp6: UDP6,
  tagged: TAGGED,
  twice: ethernet(TO, FROM).vlan(0xb00a, 0x88a8).vlan(0x6064).ip6(SIX).tcp(PORTS, 2).bytes(),
  arp: ARP,
  taggedArp: concat(ARP.subarray(0, 12), [0x81, 0, 0x60, 0x64], ARP.subarray(12)),
  solicitation: discovery(135, 1),
  advertisement: discovery(136, 2),
  sctp: SCTP,
  icmp: ethernet(TO, FROM).ip4(FOUR).icmp(8, 0, 0x10002).payload(7).bytes(),
  icmp6: ethernet(TO, FROM).ip6(SIX).icmp6(128, 0, 0x10002).payload(7).bytes(),
  noSum: concat(TAGGED.subarray(0, 44), [0, 0], TAGGED.subarray(46)),
  labelled4: ethernet(TO, FROM).mpls(100).ip4(FOUR).udp(PORTS).bytes(),
  labelled6: ethernet(TO, FROM).vlan(5).mpls(100, false).mpls(7).ip6(SIX).tcp(PORTS).bytes(),
  labelledArp: concat(ARP.subarray(0, 12), hex("8847 00064740"), ARP.subarray(14)),
  backbone: backbone(TAGGED),
  backboneTagged: backbone(TCP4, 1),
  backboneTwice: backbone(backbone(ARP)),
  snap: ethernet(TO, FROM).snap().ip4(FOUR).tcp(PORTS).payload(3).bytes(),
  taggedSnap: layers.tagged([0x8100], 68, concat(layers.SNAP, u16(0x0800), TCP4.subarray(14))),
  llc: layers.logicalLink([0x42, 0x42, 3], new Uint8Array(35)),
  pppoe: ethernet(TO, FROM).pppoe().ip4(FOUR).udp(PORTS).bytes(),
  firstFragment: fragment(0, 24, true),
  laterFragment: fragment(24, 48, false),
  fragment6: ethernet(TO, FROM).ip6(SIX).fragment6(0, true).udp(PORTS).payload(16).bytes(),
  options6: ethernet(TO, FROM)
    .ip6(SIX)
    .extension(0, hex("05 02 00 00 01 00"))
    .extension(60, hex("01 04 00 00 00 00"))
    .tcp(PORTS)
    .payload(5)
    .bytes(),
} as const satisfies Readonly<Record<string, Octets>>;
