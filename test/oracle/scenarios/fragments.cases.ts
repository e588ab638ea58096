// Fragments through connection tracking: put together before it, cut again behind it (RFC 791 3.2,
// RFC 8200 4.5, RFC 5722).

import { concat } from "../../support/octets.ts";
import {
  echo as echoFrame,
  fragment4,
  fragment6,
  fragments4,
  fragments6,
  icmp,
  udp,
} from "../../support/stations.ts";
import {
  as,
  CLIENT,
  CLIENT6,
  chain,
  datagram,
  LOCAL,
  REMOTE,
  REMOTE6,
  type Scenario,
  type Step,
  send,
  table,
  tables,
} from "./scenario.ts";

/** The fragments in this order, from the client. */
function pieces(frames: readonly Uint8Array[], ...order: readonly number[]): Step[] {
  return order.map((place) => {
    const frame = frames[place]!;
    return send(`fragment ${place + 1} of ${frames.length}`, CLIENT, frame);
  });
}

function back(frames: readonly Uint8Array[], station = REMOTE): Step[] {
  return frames.map((frame, place) => send(`answer's fragment ${place + 1}`, station, frame));
}

const SNAT = {
  nftables: table("ip", chain("srcnat", "oifname wan snat to 192.0.2.10")),
  configuration: tables({
    srcnat: ['match: { out_port: wan, eth_type: ipv4 }, actions: [{ snat: "192.0.2.10" }]'],
  }),
};

const LONG = fragments4(udp(CLIENT, REMOTE, 2000, { id: 77 }), 77, 0, 800, 1600);
const TWO = fragments4(udp(CLIENT, REMOTE, 1000), 78, 0, 504);
const LONG6 = fragments6(udp(CLIENT6, REMOTE6, 2000), 77, 0, 800, 1600);
const TWO6 = fragments6(udp(CLIENT6, REMOTE6, 1000), 79, 0, 504);
const SEVENS = (length: number) => new Uint8Array(length).fill(7);

export const FRAGMENTS: readonly Scenario[] = [
  {
    name: "fragments",
    why: "Three fragments are one packet of the connection, and leave in three.",
    steps: [...pieces(LONG, 0, 1, 2), datagram(REMOTE, CLIENT)],
  },
  {
    name: "fragments-out-of-order",
    why: "The last one first; then the middle one last.",
    steps: [
      ...pieces(LONG, 2, 1, 0),
      ...pieces(fragments4(udp(CLIENT, REMOTE, 2000), 99, 0, 800, 1600), 0, 2, 1),
    ],
  },
  {
    name: "fragments-snat",
    why: "The first fragment has the ports, all of them the address.",
    ...SNAT,
    steps: [
      ...pieces(TWO, 1, 0),
      ...back(fragments4(udp(REMOTE, as(CLIENT, "192.0.2.10"), 1000), 5, 0, 1000)),
    ],
  },
  {
    name: "fragments-dnat",
    why: "The destination of all fragments is translated, and the way out decides their size.",
    nftables: table(
      "ip",
      chain("dstnat", "ip daddr 192.0.2.20 udp dport 80 dnat to 192.168.3.2:81"),
    ),
    configuration: tables({
      dstnat: [
        'match: { ipv4_dst: 192.0.2.20, udp_dst: 80 }, actions: [{ dnat: "192.168.3.2:81" }]',
      ],
    }),
    steps: [
      ...pieces(fragments4(udp(CLIENT, as(LOCAL, "192.0.2.20"), 2400), 3, 0, 1480), 0, 1),
      ...back(fragments4(udp(as(LOCAL, LOCAL.ip, 81), CLIENT, 1500), 4, 0, 1200), LOCAL),
    ],
  },
  {
    name: "fragments-smaller-than-the-way",
    why: "The largest fragment that came is the largest that leaves.",
    steps: pieces(fragments4(udp(CLIENT, REMOTE, 300), 6, 0, 64, 128, 256), 0, 1, 2, 3),
  },
  {
    name: "fragments-not-to-be-fragmented",
    why: "Fragments with DF are cut again only as they came.",
    steps: [
      ...pieces(
        fragments4(udp(CLIENT, REMOTE, 1000), 8, 0, 504).map((frame) => withDontFragment(frame)),
        0,
        1,
      ),
      ...pieces(
        fragments4(udp(CLIENT, LOCAL, 2000), 9, 0, 1400).map((frame) => withDontFragment(frame)),
        0,
        1,
      ),
    ],
  },
  {
    name: "fragments-with-one-missing",
    why: "What is not whole goes nowhere, and is no packet of any connection.",
    steps: [...pieces(LONG, 0, 2), datagram(CLIENT, REMOTE)],
  },
  {
    name: "fragments-twice",
    why: "The same fragment twice does no harm; a later one begins a packet of its own.",
    steps: [...pieces(TWO, 0, 0, 1), ...pieces(TWO, 1)],
  },
  {
    name: "fragments-overlapping",
    why: "Fragments that overlap otherwise are dropped with all of their packet.",
    steps: [
      ...pieces(LONG, 0),
      send("overlapping", CLIENT, fragment4(udp(CLIENT, REMOTE, 0), 77, 400, SEVENS(800), true)),
      ...pieces(LONG, 1, 2),
    ],
  },
  {
    name: "fragments-beyond-the-end",
    why: "Two last fragments that do not agree, and one that ends beyond 65535.",
    steps: [
      ...pieces(TWO, 1),
      send("another end", CLIENT, fragment4(udp(CLIENT, REMOTE, 0), 78, 1600, SEVENS(80), false)),
      ...pieces(TWO, 0),
      send("too far", CLIENT, fragment4(udp(CLIENT, REMOTE, 0), 79, 65_528, SEVENS(80), false)),
      send("no multiple of 8", CLIENT, fragment4(udp(CLIENT, REMOTE, 0), 80, 0, SEVENS(81), true)),
    ],
  },
  {
    name: "fragments-of-two-protocols",
    why: "Packets are told apart by protocol and identification (RFC 791 3.2).",
    steps: [
      ...pieces(TWO, 0),
      send(
        "of ICMP",
        CLIENT,
        fragments4(icmp(CLIENT, REMOTE, [8, 0], 0x10001, 800), 78, 0, 504)[1]!,
      ),
      ...pieces(TWO, 1),
      send(
        "of ICMP",
        CLIENT,
        fragments4(icmp(CLIENT, REMOTE, [8, 0], 0x10001, 800), 78, 0, 504)[0]!,
      ),
    ],
  },
  {
    name: "fragments-of-an-echo-to-the-router",
    why: "The router itself answers what came in fragments.",
    steps: back(
      fragments4(icmp(CLIENT, as(REMOTE, "10.0.0.1"), [8, 0], 0x10001, 2000), 9, 0, 1200),
      CLIENT,
    ),
  },
  {
    name: "fragments-not-tracked",
    why: "Without tracking too they are put together before the rules, as nf_defrag does.",
    nftables: table("ip", chain("raw", "notrack")),
    configuration: tables({ raw: ["match: { eth_type: ipv4 }, actions: [notrack]"] }),
    steps: [...pieces(TWO, 0, 1)],
  },
  {
    name: "fragments-with-wrong-checksum",
    why: "The checksum of the whole is verified.",
    steps: pieces([TWO[0]!, flipped(TWO[1]!)], 0, 1),
  },
  {
    name: "fragments-ipv6",
    why: "The same of IPv6: put together, tracked, cut again.",
    steps: [...pieces(LONG6, 0, 1, 2), datagram(REMOTE6, CLIENT6)],
  },
  {
    name: "fragments-ipv6-out-of-order",
    why: "In another order.",
    steps: [...pieces(LONG6, 2, 0, 1)],
  },
  {
    name: "fragments-ipv6-snat",
    why: "Translated as one packet.",
    nftables: table("ip6", chain("srcnat", "oifname wan snat to 2001:db8:9::10")),
    configuration: tables({
      srcnat: ['match: { out_port: wan, eth_type: ipv6 }, actions: [{ snat: "2001:db8:9::10" }]'],
    }),
    steps: [
      ...pieces(TWO6, 0, 1),
      ...back(fragments6(udp(REMOTE6, as(CLIENT6, "2001:db8:9::10"), 1000), 5, 0, 1000)),
    ],
  },
  {
    name: "fragments-ipv6-overlapping",
    why: "RFC 5722: all of the packet is dropped.",
    steps: [
      ...pieces(TWO6, 0),
      send("overlapping", CLIENT6, fragment6(udp(CLIENT6, REMOTE6, 0), 79, 400, SEVENS(200), true)),
      ...pieces(TWO6, 1),
    ],
  },
  {
    name: "fragments-ipv6-atomic",
    why: "A fragment header with nothing else to come is a whole packet (RFC 6946).",
    steps: [...pieces(fragments6(udp(CLIENT6, REMOTE6, 100), 3, 0), 0)],
  },
  {
    name: "fragments-ipv6-with-one-missing",
    why: "What is not whole goes nowhere.",
    steps: [...pieces(LONG6, 0, 2), datagram(CLIENT6, REMOTE6)],
  },
  {
    name: "fragments-of-an-echo",
    why: "Echo requests in fragments.",
    steps: [
      ...pieces(fragments4(icmp(CLIENT, REMOTE, [8, 0], 0x10001, 1000), 9, 0, 800), 0, 1),
      send("whole", CLIENT, echoFrame(CLIENT, REMOTE, "request")),
    ],
  },
];

/** With DF, and the header's checksum right again: the flag is worth 0x4000. */
function withDontFragment(frame: Uint8Array): Uint8Array {
  const copy = concat(frame);
  copy[20] = copy[20]! | 0x40;
  const sum = copy[24]! * 256 + copy[25]! - 0x4000;
  const folded = sum < 0 ? sum + 0xffff : sum;
  copy.set([folded >> 8, folded & 255], 24);
  return copy;
}

function flipped(frame: Uint8Array): Uint8Array {
  const copy = concat(frame);
  copy[60] = copy[60]! ^ 0x55;
  return copy;
}
