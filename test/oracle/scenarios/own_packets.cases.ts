// Packets of the router's own: what it answers, refuses and complains about, also where the packet
// they are about was translated.

import { LAN, WAN } from "../../path/world.ts";
import { icmp, tcp, udp } from "../../support/stations.ts";
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
  OPENER,
  REMOTE,
  REMOTE6,
  type Scenario,
  segment,
  send,
  table,
  tables,
} from "./scenario.ts";

const PEER = as(REMOTE, REMOTE.ip, 50_000);
const PEER6 = as(REMOTE6, REMOTE6.ip, 50_000);
const PUBLIC = as(LOCAL, "192.0.2.20");
const PUBLIC6 = as(LOCAL6, "2001:db8:9::20");

const DNAT = chain("dstnat", "ip daddr 192.0.2.20 dnat to 192.168.3.2");
const DNAT_FLOWS = ['match: { ipv4_dst: 192.0.2.20 }, actions: [{ dnat: "192.168.3.2" }]'];
const DNAT6 = chain("dstnat", "ip6 daddr 2001:db8:9::20 dnat to fd00:d::2");
const DNAT6_FLOWS = ['match: { ipv6_dst: "2001:db8:9::20" }, actions: [{ dnat: "fd00:d::2" }]'];
const SNAT = chain("srcnat", "oifname wan ip saddr 10.0.0.0/24 snat to 192.0.2.10");
const SNAT_FLOWS = [
  'match: { out_port: wan, ipv4_src: 10.0.0.0/24 }, actions: [{ snat: "192.0.2.10" }]',
];

export const OWN_PACKETS: readonly Scenario[] = [
  {
    name: "echo-to-the-router",
    why: "Requests to the router and its replies are a connection, too.",
    steps: [
      echo(CLIENT, as(CLIENT, LAN.ip4), "request"),
      echo(CLIENT, as(CLIENT, LAN.ip4), "request"),
      echo(CLIENT6, as(CLIENT6, LAN.ip6), "request"),
      echo(PEER, as(PEER, LAN.ip4), "request"),
    ],
  },
  {
    name: "time-exceeded",
    why: "TTL 1: the error is related to a connection that does not begin.",
    steps: [
      send("TTL 1", CLIENT, udp(CLIENT, REMOTE, 12, { ttl: 1 })),
      datagram(REMOTE, CLIENT),
      send("TTL 1", CLIENT, udp(CLIENT, REMOTE, 12, { ttl: 1 })),
      send("hop limit 1", CLIENT6, udp(CLIENT6, REMOTE6, 12, { ttl: 1 })),
    ],
  },
  {
    name: "time-exceeded-after-dnat",
    why: "The quote shows the packet as its sender knows it: the public address.",
    nftables: `${table("ip", DNAT)}\n${table("ip6", DNAT6)}`,
    configuration: tables({ dstnat: [...DNAT_FLOWS, ...DNAT6_FLOWS] }),
    steps: [
      send("TTL 1", PEER, udp(PEER, PUBLIC, 12, { ttl: 1 })),
      send("TTL 1, TCP", PEER, tcp(PEER, PUBLIC, "S", { seq: 1 }, { ttl: 1 })),
      send("TTL 1, echo", PEER, icmp(PEER, PUBLIC, [8, 0], 0x10001, 20, { ttl: 1 })),
      datagram(PEER, PUBLIC),
      send("TTL 1", PEER, udp(PEER, PUBLIC, 12, { ttl: 1 })),
      send("TTL 1, answer", LOCAL, udp(LOCAL, PEER, 12, { ttl: 1 })),
      send("hop limit 1", PEER6, udp(PEER6, PUBLIC6, 12, { ttl: 1 })),
    ],
  },
  {
    name: "time-exceeded-with-snat",
    why: "TTL 1 in a translated connection, both ways.",
    nftables: table("ip", SNAT),
    configuration: tables({ srcnat: SNAT_FLOWS }),
    steps: [
      send("TTL 1, first", CLIENT, udp(CLIENT, REMOTE, 12, { ttl: 1 })),
      datagram(CLIENT, REMOTE),
      send("TTL 1", CLIENT, udp(CLIENT, REMOTE, 12, { ttl: 1 })),
      send("TTL 1, answer", REMOTE, udp(REMOTE, as(CLIENT, "192.0.2.10"), 12, { ttl: 1 })),
    ],
  },
  {
    name: "too-big-after-dnat",
    why: "The server's link is smaller (1280): path MTU discovery works through DNAT (RFC 1191).",
    nftables: `${table("ip", DNAT)}\n${table("ip6", DNAT6)}`,
    configuration: tables({ dstnat: [...DNAT_FLOWS, ...DNAT6_FLOWS] }),
    steps: [
      datagram(PEER, PUBLIC),
      send("1400 bytes", PEER, udp(PEER, PUBLIC, 1372, { dontFragment: true })),
      send("1400 bytes to be cut", PEER, udp(PEER, PUBLIC, 1372, { id: 7 })),
      send("1400 bytes of IPv6", PEER6, udp(PEER6, PUBLIC6, 1352)),
    ],
  },
  {
    name: "reset-of-a-translated-connection",
    why: "Refused by a rule: the reset comes from the public address and port.",
    nftables: table(
      "ip",
      chain("dstnat", "ip daddr 192.0.2.20 tcp dport 8080 dnat to 192.168.3.2:80"),
      chain("forward", "tcp dport 80 reject with tcp reset"),
    ),
    configuration: tables({
      dstnat: [
        'match: { ipv4_dst: 192.0.2.20, tcp_dst: 8080 }, actions: [{ dnat: "192.168.3.2:80" }]',
      ],
      forward: ["match: { eth_type: ipv4, tcp_dst: 80 }, actions: [{ reject: tcp-reset }]"],
    }),
    steps: [
      segment(PEER, as(PUBLIC, PUBLIC.ip, 8080), "S", { seq: OPENER }),
      segment(PEER, as(PUBLIC, PUBLIC.ip, 8080), "S", { seq: OPENER }),
      segment(PEER, as(PUBLIC, PUBLIC.ip, 8080), "A", { seq: OPENER + 1, ack: 5 }),
    ],
  },
  {
    name: "reset-in-an-established-connection",
    why: "A rule that begins to refuse: the reset ends the connection in both tables.",
    nftables: table("ip", SNAT, chain("forward", "tcp flags & psh == psh reject with tcp reset")),
    configuration: tables({
      srcnat: SNAT_FLOWS,
      forward: ['match: { eth_type: ipv4, tcp_flags: "+psh" }, actions: [{ reject: tcp-reset }]'],
    }),
    steps: [
      ...handshake(CLIENT, REMOTE, { opener: as(CLIENT, "192.0.2.10") }),
      ...exchange(CLIENT, REMOTE, { opener: as(CLIENT, "192.0.2.10") }),
    ],
  },
  {
    name: "reject-of-a-translated-packet",
    why: "ICMP errors by a rule quote the packet as its sender knows it.",
    nftables: `${table("ip", DNAT, SNAT, chain("forward", "udp dport 80 reject with icmp admin-prohibited"))}\n${table(
      "ip6",
      DNAT6,
      chain("forward", "udp dport 80 reject with icmpv6 admin-prohibited"),
    )}`,
    configuration: tables({
      dstnat: [...DNAT_FLOWS, ...DNAT6_FLOWS],
      srcnat: SNAT_FLOWS,
      forward: [
        "match: { eth_type: ipv4, udp_dst: 80 }, actions: [{ reject: icmp-admin-prohibited }]",
        "match: { eth_type: ipv6, udp_dst: 80 }, actions: [{ reject: icmp6-adm-prohibited }]",
      ],
    }),
    steps: [datagram(PEER, PUBLIC), datagram(CLIENT, REMOTE), datagram(PEER6, PUBLIC6)],
  },
  {
    name: "reject-of-an-answer",
    why: "The other side's packet is refused, with both directions translated.",
    nftables: table(
      "ip",
      DNAT,
      SNAT,
      chain("forward", "udp sport 80 reject with icmp port-unreachable"),
    ),
    configuration: tables({
      dstnat: DNAT_FLOWS,
      srcnat: SNAT_FLOWS,
      forward: [
        "match: { eth_type: ipv4, udp_src: 80 }, actions: [{ reject: icmp-port-unreachable }]",
      ],
    }),
    steps: [
      datagram(PEER, PUBLIC),
      datagram(LOCAL, PEER),
      datagram(CLIENT, REMOTE),
      datagram(REMOTE, as(CLIENT, "192.0.2.10")),
    ],
  },
  {
    name: "unreachable-after-dnat",
    why: "No route behind the translation: the error speaks of the public address.",
    nftables: table("ip", chain("dstnat", "ip daddr 192.0.2.20 dnat to 172.16.9.9")),
    configuration: `${tables({
      dstnat: ['match: { ipv4_dst: 192.0.2.20 }, actions: [{ dnat: "172.16.9.9" }]'],
    })}`,
    steps: [datagram(PEER, PUBLIC)],
  },
  {
    name: "masqueraded-echo-of-the-router",
    why: "The router's replies are not translated: theirs is the reply direction.",
    nftables: table("ip", chain("srcnat", "masquerade")),
    configuration: tables({ srcnat: ["match: { eth_type: ipv4 }, actions: [masquerade]"] }),
    steps: [
      echo(CLIENT, as(CLIENT, LAN.ip4), "request"),
      echo(CLIENT, as(CLIENT, WAN.ip4), "request"),
      send("TTL 1", CLIENT, udp(CLIENT, REMOTE, 12, { ttl: 1 })),
    ],
  },
];
