// Translation of destinations: DNAT, redirect, prefixes, hairpin, and both ends at once.

import { DMZ, LAN, OTHER, WAN } from "../../path/world.ts";
import { udp } from "../../support/stations.ts";
import {
  as,
  CLIENT,
  CLIENT6,
  chain,
  datagram,
  echo,
  exchange,
  handshake,
  LOCAL,
  LOCAL6,
  OTHER_CLIENT,
  REMOTE,
  REMOTE6,
  type Scenario,
  send,
  table,
  tables,
} from "./scenario.ts";

/** The remote station opens connections to the router's address; the server is in the dmz. */
const PEER = as(REMOTE, REMOTE.ip, 50_000);
const PEER6 = as(REMOTE6, REMOTE6.ip, 50_000);
const PUBLIC = as(LOCAL, WAN.ip4, 8080);
const PUBLIC6 = as(LOCAL6, WAN.ip6, 8080);

const PUBLISHED = {
  nftables: table(
    "ip",
    chain("dstnat", "ip daddr 203.0.113.2 tcp dport 8080 dnat to 192.168.3.2:80"),
  ),
  configuration: tables({
    dstnat: [
      `match: { ipv4_dst: 203.0.113.2, tcp_dst: 8080 }, actions: [{ dnat: "192.168.3.2:80" }]`,
    ],
  }),
};

const HAIRPIN = {
  nftables: table(
    "ip",
    chain("dstnat", "ip daddr 203.0.113.2 udp dport 8080 dnat to 10.0.0.3:80"),
    chain("srcnat", "ip saddr 10.0.0.0/24 ip daddr 10.0.0.3 masquerade"),
  ),
  configuration: tables({
    dstnat: [`match: { ipv4_dst: 203.0.113.2, udp_dst: 8080 }, actions: [{ dnat: "10.0.0.3:80" }]`],
    srcnat: ["match: { ipv4_src: 10.0.0.0/24, ipv4_dst: 10.0.0.3 }, actions: [masquerade]"],
  }),
};

export const NAT_DESTINATION: readonly Scenario[] = [
  {
    name: "dnat-address-and-port",
    why: "Published: the opener sees the router's address and port, the server its own.",
    ...PUBLISHED,
    steps: [
      ...handshake(PEER, LOCAL, { accepter: PUBLIC }),
      ...exchange(PEER, LOCAL, { accepter: PUBLIC }),
    ],
  },
  {
    name: "dnat-address",
    why: "Without a port in the rule the packet's is kept; UDP and echo.",
    nftables: table("ip", chain("dstnat", "ip daddr 192.0.2.20 dnat to 192.168.3.2")),
    configuration: tables({
      dstnat: [`match: { ipv4_dst: 192.0.2.20 }, actions: [{ dnat: "192.168.3.2" }]`],
    }),
    steps: [
      datagram(PEER, as(LOCAL, "192.0.2.20")),
      datagram(LOCAL, PEER),
      echo(PEER, as(LOCAL, "192.0.2.20"), "request"),
      echo(LOCAL, PEER, "reply"),
    ],
  },
  {
    name: "dnat-port-only",
    why: "Only the port changes.",
    nftables: table("ip", chain("dstnat", "ip protocol udp udp dport 8080 dnat to :80")),
    configuration: tables({
      dstnat: [`match: { eth_type: ipv4, udp_dst: 8080 }, actions: [{ dnat: ":80" }]`],
    }),
    steps: [datagram(PEER, as(LOCAL, LOCAL.ip, 8080)), datagram(LOCAL, PEER)],
  },
  {
    name: "dnat-clash",
    why: "Two public ports lead to one: the second connection of the same source port must differ.",
    nftables: table(
      "ip",
      chain("dstnat", "ip daddr 203.0.113.2 udp dport { 8080, 8081 } dnat to 192.168.3.2:80"),
    ),
    configuration: tables({
      dstnat: [
        `match: { ipv4_dst: 203.0.113.2, udp_dst: [8080, 8081] }, actions: [{ dnat: "192.168.3.2:80" }]`,
      ],
    }),
    random: [1024, 65_535],
    steps: [
      datagram(PEER, PUBLIC),
      datagram(PEER, as(PUBLIC, PUBLIC.ip, 8081)),
      datagram(LOCAL, PEER),
    ],
  },
  {
    name: "dnat-port-range",
    why: "The first free port of the range, beginning with its lowest.",
    nftables: table(
      "ip",
      chain("dstnat", "ip daddr 203.0.113.2 udp dport 8080 dnat to 192.168.3.2:9000-9002"),
    ),
    configuration: tables({
      dstnat: [
        `match: { ipv4_dst: 203.0.113.2, udp_dst: 8080 }, actions: [{ dnat: "192.168.3.2:9000-9002" }]`,
      ],
    }),
    steps: [
      datagram(PEER, PUBLIC),
      datagram(as(PEER, PEER.ip, 50_001), PUBLIC),
      datagram(as(LOCAL, LOCAL.ip, 9000), PEER),
    ],
  },
  {
    name: "dnat-late",
    why: "Replies of untranslated connections are not asked about.",
    ...PUBLISHED,
    steps: handshake(as(LOCAL, LOCAL.ip, 40_000), as(REMOTE, REMOTE.ip, 8080)),
  },
  {
    name: "redirect",
    why: "To the router itself: its address on the port the packet came by.",
    delivers: true,
    random: [1024, 65_535],
    nftables: table("ip", chain("dstnat", "udp dport 53 redirect to :5353")),
    configuration: tables({
      dstnat: ["match: { eth_type: ipv4, udp_dst: 53 }, actions: [{ redirect: 5353 }]"],
    }),
    steps: [
      datagram(CLIENT, as(REMOTE, REMOTE.ip, 53)),
      datagram(CLIENT, as(REMOTE, REMOTE.ip, 54)),
      datagram(CLIENT, as(REMOTE, LAN.ip4, 53)),
    ],
  },
  {
    name: "redirect-echo",
    why: "What the router answers itself leaves with the address that was asked.",
    nftables: table("ip", chain("dstnat", "icmp type echo-request redirect")),
    configuration: tables({ dstnat: ["match: { icmpv4_type: 8 }, actions: [redirect]"] }),
    steps: [echo(CLIENT, REMOTE, "request"), echo(as(CLIENT, CLIENT.ip, 7), LOCAL, "request")],
  },
  {
    name: "redirect-ipv6",
    why: "The same of IPv6.",
    delivers: true,
    nftables: table(
      "ip6",
      chain("dstnat", "udp dport 53 redirect to :5353", "icmpv6 type echo-request redirect"),
    ),
    configuration: tables({
      dstnat: [
        "match: { eth_type: ipv6, udp_dst: 53 }, actions: [{ redirect: 5353 }]",
        "match: { icmpv6_type: 128 }, actions: [redirect]",
      ],
    }),
    steps: [datagram(CLIENT6, as(REMOTE6, REMOTE6.ip, 53)), echo(CLIENT6, REMOTE6, "request")],
  },
  {
    name: "dnat-to-the-router",
    why: "A destination may become the router's own: it answers echo requests to it.",
    nftables: table("ip", chain("dstnat", "ip daddr 192.0.2.20 dnat to 10.0.0.1")),
    configuration: tables({
      dstnat: [`match: { ipv4_dst: 192.0.2.20 }, actions: [{ dnat: "${LAN.ip4}" }]`],
    }),
    steps: [
      echo(PEER, as(LOCAL, "192.0.2.20"), "request"),
      echo(as(PEER, PEER.ip, 7), as(LOCAL, "10.0.0.1"), "request"),
    ],
  },
  {
    name: "dnat-prefix",
    why: "Host bits are kept, the prefix is exchanged (netmap).",
    nftables: table(
      "ip",
      chain(
        "dstnat",
        "iifname wan dnat ip prefix to ip daddr map { 192.0.2.0/24 : 192.168.3.0/24 }",
      ),
    ),
    configuration: tables({
      dstnat: [
        'match: { in_port: wan, ipv4_dst: 192.0.2.0/24 }, actions: [{ dnat: "192.168.3.0/24" }]',
      ],
    }),
    steps: [datagram(PEER, as(LOCAL, "192.0.2.2")), datagram(LOCAL, PEER)],
  },
  {
    name: "hairpin",
    why: "A client reaches its neighbor by the public address: both ends change (RFC 4787 6).",
    ...HAIRPIN,
    steps: [
      datagram(CLIENT, PUBLIC),
      datagram(as(OTHER_CLIENT, OTHER.ip4, 80), as(CLIENT, LAN.ip4)),
      datagram(CLIENT, PUBLIC),
      datagram(PEER, PUBLIC),
      datagram(as(OTHER_CLIENT, OTHER.ip4, 80), PEER),
    ],
  },
  {
    name: "hairpin-to-oneself",
    why: "A client reaches itself: without the source's translation replies would not pass here.",
    ...HAIRPIN,
    steps: [
      datagram(OTHER_CLIENT, PUBLIC),
      datagram(as(OTHER_CLIENT, OTHER.ip4, 80), as(OTHER_CLIENT, LAN.ip4)),
    ],
  },
  {
    name: "dnat-and-snat",
    why: "Both ends of one connection, TCP over IPv4.",
    nftables: table(
      "ip",
      chain("dstnat", "ip daddr 203.0.113.2 tcp dport 8080 dnat to 192.168.3.2:80"),
      chain("srcnat", "oifname dmz masquerade"),
    ),
    configuration: tables({
      dstnat: [
        `match: { ipv4_dst: 203.0.113.2, tcp_dst: 8080 }, actions: [{ dnat: "192.168.3.2:80" }]`,
      ],
      srcnat: ["match: { out_port: dmz, eth_type: ipv4 }, actions: [masquerade]"],
    }),
    steps: [
      ...handshake(PEER, LOCAL, { accepter: PUBLIC, opener: as(PEER, DMZ.ip4) }),
      ...exchange(PEER, LOCAL, { accepter: PUBLIC, opener: as(PEER, DMZ.ip4) }),
    ],
  },
  {
    name: "dnat-and-snat-ipv6",
    why: "Both ends of one connection over IPv6.",
    nftables: table(
      "ip6",
      chain("dstnat", "ip6 daddr 2001:db8:1::2 tcp dport 8080 dnat to [fd00:d::2]:80"),
      chain("srcnat", "oifname dmz snat to fd00:d::99"),
    ),
    configuration: tables({
      dstnat: [
        `match: { ipv6_dst: "2001:db8:1::2", tcp_dst: 8080 }, actions: [{ dnat: "[fd00:d::2]:80" }]`,
      ],
      srcnat: ['match: { out_port: dmz, eth_type: ipv6 }, actions: [{ snat: "fd00:d::99" }]'],
    }),
    steps: [
      ...handshake(PEER6, LOCAL6, { accepter: PUBLIC6, opener: as(PEER6, "fd00:d::99") }),
      ...exchange(PEER6, LOCAL6, { accepter: PUBLIC6, opener: as(PEER6, "fd00:d::99") }),
    ],
  },
  {
    name: "dnat-ipv6",
    why: "DNAT alone of IPv6: UDP and echo.",
    nftables: table("ip6", chain("dstnat", "ip6 daddr 2001:db8:9::20 dnat to fd00:d::2")),
    configuration: tables({
      dstnat: [`match: { ipv6_dst: "2001:db8:9::20" }, actions: [{ dnat: "fd00:d::2" }]`],
    }),
    steps: [
      datagram(PEER6, as(LOCAL6, "2001:db8:9::20")),
      datagram(LOCAL6, PEER6),
      echo(PEER6, as(LOCAL6, "2001:db8:9::20"), "request"),
      echo(LOCAL6, PEER6, "reply"),
    ],
  },
  {
    name: "dnat-of-a-dropped-packet",
    why: "A first packet that is dropped leaves no connection and no translation.",
    random: [1024, 65_535],
    nftables: table(
      "ip",
      chain("dstnat", "ip daddr 192.0.2.20 dnat to 192.168.3.2"),
      chain("forward", "udp dport 80 udp sport 50000 udp length 20 drop"),
    ),
    configuration: tables({
      dstnat: [`match: { ipv4_dst: 192.0.2.20 }, actions: [{ dnat: "192.168.3.2" }]`],
      forward: ["match: { udp_dst: 80, length: 54 }, actions: [drop]"],
    }),
    steps: [
      datagram(PEER, as(LOCAL, "192.0.2.20")),
      datagram(LOCAL, PEER),
      send("longer", PEER, udp(PEER, as(LOCAL, "192.0.2.20"), 30)),
    ],
  },
];
