// ICMP errors of every kind about packets of connections (RFC 792, RFC 4443, RFC 5508): they are
// RELATED, and where the connection is translated they are, outside and in what they quote.

import { altered } from "../../support/builder.ts";
import { fragments4, icmpError, type Station, tcp, udp } from "../../support/stations.ts";
import {
  as,
  CLIENT,
  CLIENT6,
  chain,
  datagram,
  echo,
  error,
  errorAbout,
  exchange,
  handshake,
  LAN_ROUTER,
  LOCAL,
  LOCAL6,
  REMOTE,
  REMOTE6,
  type Scenario,
  type Step,
  send,
  table,
  tables,
  WAN_ROUTER,
  WAN_ROUTER6,
} from "./scenario.ts";

type Kind = readonly [type: number, code: number, rest?: number];

/** Net, host, protocol, port unreachable, too big, source route, prohibited; quench; redirect; … */
const KINDS: readonly Kind[] = [
  [3, 0],
  [3, 1],
  [3, 2],
  [3, 3],
  [3, 4, 1280],
  [3, 5],
  [3, 13],
  [4, 0],
  [5, 1, 0x0a000001],
  [11, 0],
  [11, 1],
  [12, 0, 0x10000000],
];
/** No route, prohibited, address, port unreachable, too big, hop limit, reassembly, parameter. */
const KINDS6: readonly Kind[] = [
  [1, 0],
  [1, 1],
  [1, 3],
  [1, 4],
  [2, 0, 1280],
  [3, 0],
  [3, 1],
  [4, 0, 6],
];

/** Who speaks: the opener in the lan or wan, as the accepter sees it, and so on. */
interface Parties {
  readonly opener: Station;
  readonly accepter: Station;
  /** What the other side takes it for. */
  readonly openerSeen: Station;
  readonly accepterSeen: Station;
  /** Routers that complain, on the accepter's and the opener's side. */
  readonly beyond: Station;
  readonly before: Station;
}

const PROTOCOLS = {
  tcp: ({ opener, accepter, openerSeen, accepterSeen }: Parties) => [
    ...handshake(opener, accepter, { opener: openerSeen, accepter: accepterSeen }),
    ...exchange(opener, accepter, { opener: openerSeen, accepter: accepterSeen }),
  ],
  udp: ({ opener, accepter, openerSeen, accepterSeen }: Parties) => [
    datagram(opener, accepterSeen),
    datagram(accepter, openerSeen),
  ],
  echo: ({ opener, accepter, openerSeen, accepterSeen }: Parties) => [
    echo(opener, accepterSeen, "request"),
    echo(accepter, openerSeen, "reply"),
  ],
} as const;

type Protocol = keyof typeof PROTOCOLS;

/** A conversation, then errors of all kinds about its last packet in each direction. */
function steps(protocol: Protocol, parties: Parties, kinds: readonly Kind[]): Step[] {
  const talk = PROTOCOLS[protocol](parties);
  const { beyond, before, openerSeen, accepterSeen } = parties;
  const about = (from: Station, to: Station, place: number) =>
    kinds.map(([type, code, rest = 0]) => errorAbout(from, to, [type, code], { rest, place }));
  return [
    ...talk,
    ...about(beyond, openerSeen, talk.length - 2),
    ...about(before, accepterSeen, talk.length - 1),
  ];
}

const OUT: Parties = {
  opener: CLIENT,
  accepter: REMOTE,
  openerSeen: CLIENT,
  accepterSeen: REMOTE,
  beyond: WAN_ROUTER,
  before: LAN_ROUTER,
};

const SNAT: Parties = { ...OUT, openerSeen: as(CLIENT, "192.0.2.10") };
const SNAT_RULES = {
  nftables: table("ip", chain("srcnat", "oifname wan ip saddr 10.0.0.2 snat to 192.0.2.10")),
  configuration: tables({
    srcnat: ['match: { out_port: wan, ipv4_src: 10.0.0.2 }, actions: [{ snat: "192.0.2.10" }]'],
  }),
};

const PEER = as(REMOTE, REMOTE.ip, 50_000);
const IN: Parties = {
  opener: PEER,
  accepter: LOCAL,
  openerSeen: PEER,
  accepterSeen: as(LOCAL, "192.0.2.20", 8080),
  beyond: as(LOCAL, "192.168.3.99"),
  before: WAN_ROUTER,
};
const DNAT_RULE = `match: { ipv4_dst: 192.0.2.20, ip_proto:`;
const DNAT_RULES = {
  nftables: table(
    "ip",
    chain(
      "dstnat",
      "ip daddr 192.0.2.20 meta l4proto { tcp, udp } dnat to 192.168.3.2:80",
      "ip daddr 192.0.2.20 dnat to 192.168.3.2",
    ),
  ),
  configuration: tables({
    dstnat: [
      `${DNAT_RULE} [tcp, udp] }, actions: [{ dnat: "192.168.3.2:80" }]`,
      `${DNAT_RULE} icmp }, actions: [{ dnat: "192.168.3.2" }]`,
    ],
  }),
};

const OUT6: Parties = {
  opener: CLIENT6,
  accepter: REMOTE6,
  openerSeen: CLIENT6,
  accepterSeen: REMOTE6,
  beyond: WAN_ROUTER6,
  before: as(CLIENT6, "fd00:a::99"),
};
const SNAT6_RULES = {
  nftables: table("ip6", chain("srcnat", "oifname wan ip6 saddr fd00:a::2 snat to 2001:db8:9::10")),
  configuration: tables({
    srcnat: [
      'match: { out_port: wan, ipv6_src: "fd00:a::2" }, actions: [{ snat: "2001:db8:9::10" }]',
    ],
  }),
};
const PEER6 = as(REMOTE6, REMOTE6.ip, 50_000);
const IN6: Parties = {
  opener: PEER6,
  accepter: LOCAL6,
  openerSeen: PEER6,
  accepterSeen: as(LOCAL6, "2001:db8:9::20"),
  beyond: as(LOCAL6, "fd00:d::99"),
  before: WAN_ROUTER6,
};
const DNAT6_RULES = {
  nftables: table("ip6", chain("dstnat", "ip6 daddr 2001:db8:9::20 dnat to fd00:d::2")),
  configuration: tables({
    dstnat: ['match: { ipv6_dst: "2001:db8:9::20" }, actions: [{ dnat: "fd00:d::2" }]'],
  }),
};

const ALL_KINDS: readonly Scenario[] = (["tcp", "udp", "echo"] as const).flatMap((protocol) => [
  {
    name: `icmp-errors-${protocol}`,
    why: `Errors about ${protocol} without translation, of both sides.`,
    steps: steps(protocol, OUT, KINDS),
  },
  {
    name: `icmp-errors-${protocol}-snat`,
    why: `Errors about ${protocol} through SNAT: the quoted source, or destination, is put back.`,
    ...SNAT_RULES,
    steps: steps(protocol, SNAT, KINDS),
  },
  {
    name: `icmp-errors-${protocol}-dnat`,
    why: `Errors about ${protocol} through DNAT, of the server's side and of the client's.`,
    ...DNAT_RULES,
    steps: steps(protocol, IN, KINDS),
  },
  {
    name: `icmpv6-errors-${protocol}`,
    why: `ICMPv6 errors about ${protocol} without translation.`,
    steps: steps(protocol, OUT6, KINDS6),
  },
  {
    name: `icmpv6-errors-${protocol}-snat`,
    why: `ICMPv6 errors about ${protocol} through SNAT.`,
    ...SNAT6_RULES,
    steps: steps(protocol, { ...OUT6, openerSeen: as(CLIENT6, "2001:db8:9::10") }, KINDS6),
  },
  {
    name: `icmpv6-errors-${protocol}-dnat`,
    why: `ICMPv6 errors about ${protocol} through DNAT.`,
    ...DNAT6_RULES,
    steps: steps(protocol, IN6, KINDS6),
  },
]);

const SENT = udp(CLIENT, REMOTE);
const STRANGE = udp(as(CLIENT, "10.0.0.9", 9), REMOTE);

export const ICMP_ERRORS: readonly Scenario[] = [
  ...ALL_KINDS,
  {
    name: "icmp-errors-both-translated",
    why: "Both ends translated: the quote gets both back.",
    nftables: table(
      "ip",
      chain("dstnat", "ip daddr 192.0.2.20 dnat to 192.168.3.2"),
      chain("srcnat", "oifname dmz snat to 192.168.3.50"),
    ),
    configuration: tables({
      dstnat: ['match: { ipv4_dst: 192.0.2.20 }, actions: [{ dnat: "192.168.3.2" }]'],
      srcnat: ['match: { out_port: dmz, eth_type: ipv4 }, actions: [{ snat: "192.168.3.50" }]'],
    }),
    steps: steps(
      "udp",
      { ...IN, openerSeen: as(PEER, "192.168.3.50"), accepterSeen: as(LOCAL, "192.0.2.20") },
      KINDS.slice(0, 4),
    ),
  },
  {
    name: "icmp-errors-by-the-end",
    why: "The accepter itself refuses, the most usual of all: port unreachable through SNAT.",
    ...SNAT_RULES,
    steps: [
      datagram(CLIENT, REMOTE),
      errorAbout(REMOTE, as(CLIENT, "192.0.2.10"), [3, 3]),
      datagram(CLIENT, REMOTE),
    ],
  },
  {
    name: "icmp-errors-of-short-quotes",
    why: "At least eight bytes behind the header are quoted (RFC 792); less is invalid.",
    ...SNAT_RULES,
    steps: [
      datagram(CLIENT, REMOTE),
      ...[28, 27, 24, 20, 12].map((quoted) =>
        errorAbout(WAN_ROUTER, as(CLIENT, "192.0.2.10"), [11, 0], { quoted, place: 0 }),
      ),
    ],
  },
  {
    name: "icmp-errors-about-tcp-headers",
    why: "TCP quoted with and without its checksum: only what is there is translated.",
    ...SNAT_RULES,
    steps: [
      ...handshake(CLIENT, REMOTE, { opener: as(CLIENT, "192.0.2.10") }).slice(0, 1),
      ...[28, 32, 37, 38, 40, 44].map((quoted) =>
        errorAbout(WAN_ROUTER, as(CLIENT, "192.0.2.10"), [11, 0], { quoted, place: 0 }),
      ),
    ],
  },
  {
    name: "icmp-errors-about-nothing",
    why: "Errors about packets of no connection, or quoting what is no packet, are invalid.",
    steps: [
      error(WAN_ROUTER, CLIENT, [11, 0], SENT),
      datagram(CLIENT, REMOTE),
      error(WAN_ROUTER, CLIENT, [11, 0], STRANGE),
      error(WAN_ROUTER, CLIENT, [11, 0], SENT),
      error(WAN_ROUTER, CLIENT, [11, 0], altered(SENT, 14, 0x46)),
      error(WAN_ROUTER, CLIENT, [11, 0], altered(SENT, 14, 0x65)),
      error(WAN_ROUTER, CLIENT, [11, 0], altered(SENT, 24, 1, 2)),
      error(WAN_ROUTER, CLIENT, [3, 16], SENT),
      error(WAN_ROUTER, CLIENT, [11, 0], fragments4(udp(CLIENT, REMOTE, 40), 7, 0, 16)[1]!),
      error(WAN_ROUTER, CLIENT, [11, 0], fragments4(udp(CLIENT, REMOTE, 40), 7, 0, 16)[0]!),
    ],
  },
  {
    name: "icmp-errors-to-another",
    why: "An error that does not go to the sender of what it quotes is none of the connection's.",
    steps: [
      datagram(CLIENT, REMOTE),
      error(WAN_ROUTER, as(CLIENT, "10.0.0.3"), [11, 0], SENT),
      error(LAN_ROUTER, REMOTE, [11, 0], SENT),
      datagram(REMOTE, CLIENT),
      error(LAN_ROUTER, as(REMOTE, "198.51.100.8"), [3, 3], udp(REMOTE, CLIENT)),
    ],
  },
  {
    name: "icmp-errors-about-errors",
    why: "No errors about errors (RFC 1122 3.2.2): they are of no connection.",
    steps: [
      datagram(CLIENT, REMOTE),
      error(WAN_ROUTER, CLIENT, [3, 3], SENT),
      error(LAN_ROUTER, WAN_ROUTER, [11, 0], icmpError(WAN_ROUTER, CLIENT, [3, 3], SENT)),
    ],
  },
  {
    name: "icmp-errors-of-wrong-checksums",
    why: "An error with a wrong checksum is invalid; that of the quote is not verified.",
    ...SNAT_RULES,
    steps: [
      datagram(CLIENT, REMOTE),
      send(
        "wrong checksum",
        WAN_ROUTER,
        altered(icmpError(WAN_ROUTER, as(CLIENT, "192.0.2.10"), [11, 0], SENT), 36, 1, 2),
      ),
      error(
        WAN_ROUTER,
        as(CLIENT, "192.0.2.10"),
        [11, 0],
        altered(udp(as(CLIENT, "192.0.2.10"), REMOTE), 40, 7, 7),
      ),
      error(
        WAN_ROUTER,
        as(CLIENT, "192.0.2.10"),
        [11, 0],
        altered(udp(as(CLIENT, "192.0.2.10"), REMOTE), 40, 0, 0),
      ),
    ],
  },
  {
    name: "icmp-errors-untranslated-quote",
    why: "Who quotes the address behind the translation has never seen that packet.",
    ...SNAT_RULES,
    steps: [
      datagram(CLIENT, REMOTE),
      error(WAN_ROUTER, as(CLIENT, "192.0.2.10"), [11, 0], SENT),
      error(WAN_ROUTER, CLIENT, [11, 0], SENT),
    ],
  },
  {
    name: "icmp-errors-end-nothing",
    why: "An error about a SYN does not end the attempt (RFC 5461).",
    steps: [
      ...handshake(CLIENT, REMOTE).slice(0, 1),
      error(WAN_ROUTER, CLIENT, [3, 1], tcp(CLIENT, REMOTE, "S", { seq: 1000 })),
      ...handshake(CLIENT, REMOTE).slice(1),
    ],
  },
];
