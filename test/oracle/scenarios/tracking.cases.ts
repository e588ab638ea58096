// What rules make of tracking: notrack, zones, marks, matches of state; and timeouts.

import { icmpError, tcp, udp } from "../../support/stations.ts";
import {
  ACCEPTER,
  as,
  CLIENT,
  CLIENT6,
  chain,
  datagram,
  echo,
  error,
  exchange,
  handshake,
  LOCAL,
  OPENER,
  OTHER_CLIENT,
  REMOTE,
  REMOTE6,
  type Scenario,
  type Step,
  segment,
  send,
  table,
  tables,
  WAN_ROUTER,
} from "./scenario.ts";

const FIREWALL = {
  nftables: table(
    "inet",
    chain(
      "forward",
      "ct state established,related accept",
      "ct state invalid drop",
      "iifname lan ct state new accept",
      "drop",
    ),
  ),
  configuration: tables({
    forward: [
      "match: { ct_state: [established, related] }, actions: [accept]",
      "match: { ct_state: [invalid] }, actions: [drop]",
      "match: { in_port: lan, ct_state: new }, actions: [accept]",
      "match: {}, actions: [drop]",
    ],
  }),
};

function later(step: Step, after: number): Step {
  return { ...step, after };
}

export const TRACKING: readonly Scenario[] = [
  {
    name: "firewall",
    why: "The stateful rules everybody has: out is allowed, in is what belongs to it.",
    ...FIREWALL,
    steps: [
      datagram(REMOTE, CLIENT),
      datagram(CLIENT, REMOTE),
      datagram(REMOTE, CLIENT),
      datagram(as(REMOTE, "198.51.100.8"), CLIENT),
      error(WAN_ROUTER, CLIENT, [3, 3], udp(CLIENT, REMOTE)),
      error(WAN_ROUTER, CLIENT, [3, 3], udp(CLIENT, as(REMOTE, REMOTE.ip, 9))),
      ...handshake(CLIENT, REMOTE),
      segment(REMOTE, CLIENT, "PA", { seq: ACCEPTER + 900_000, ack: OPENER + 1, data: 10 }),
      segment(as(REMOTE, REMOTE.ip, 81), CLIENT, "S", { seq: 1 }),
      echo(REMOTE, CLIENT, "request"),
      echo(CLIENT, REMOTE, "request"),
    ],
  },
  {
    name: "first-packet-dropped",
    why: "A connection begins with the first packet that gets through.",
    nftables: table("ip", chain("forward", "udp length > 30 drop")),
    configuration: tables({
      forward: ["match: { ip_proto: udp, length: 65-9999 }, actions: [drop]"],
    }),
    steps: [
      send("long", CLIENT, udp(CLIENT, REMOTE, 60)),
      datagram(REMOTE, CLIENT),
      send("long", CLIENT, udp(CLIENT, REMOTE, 60)),
      datagram(CLIENT, REMOTE),
    ],
  },
  {
    name: "no-route",
    why: "What finds no route leaves no connection; the error about it is related to it all the same.",
    steps: [datagram(CLIENT, as(REMOTE, "172.16.9.9")), datagram(CLIENT, REMOTE)],
  },
  {
    name: "notrack",
    why: "Untracked by a rule before tracking; the answers are then of nothing known.",
    nftables: table("ip", chain("raw", "udp dport 80 notrack")),
    configuration: tables({ raw: ["match: { eth_type: ipv4, udp_dst: 80 }, actions: [notrack]"] }),
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(REMOTE, CLIENT),
      datagram(CLIENT, REMOTE),
      datagram(CLIENT, as(REMOTE, REMOTE.ip, 81)),
      send(
        "error about it",
        WAN_ROUTER,
        icmpError(WAN_ROUTER, CLIENT, [3, 3], udp(CLIENT, REMOTE)),
      ),
    ],
  },
  {
    name: "notrack-and-nat",
    why: "What is not tracked is not translated.",
    nftables: table(
      "ip",
      chain("raw", "udp dport 80 notrack"),
      chain("srcnat", "oifname wan snat to 192.0.2.10"),
    ),
    configuration: tables({
      raw: ["match: { eth_type: ipv4, udp_dst: 80 }, actions: [notrack]"],
      srcnat: ['match: { out_port: wan, eth_type: ipv4 }, actions: [{ snat: "192.0.2.10" }]'],
    }),
    steps: [datagram(CLIENT, REMOTE), datagram(CLIENT, as(REMOTE, REMOTE.ip, 81))],
  },
  {
    name: "zones",
    why: "The same ends in two zones are two connections.",
    nftables: table(
      "ip",
      chain("raw", "iifname { lan, wan } ct zone set 5", "iifname dmz ct zone set 6"),
    ),
    configuration: tables({
      raw: [
        "match: { in_port: lan, eth_type: ipv4 }, actions: [{ ct: { zone: 5 } }]",
        "match: { in_port: wan, eth_type: ipv4 }, actions: [{ ct: { zone: 5 } }]",
        "match: { in_port: dmz, eth_type: ipv4 }, actions: [{ ct: { zone: 6 } }]",
      ],
    }),
    steps: [
      datagram(CLIENT, REMOTE),
      send("the same from the dmz", LOCAL, udp(as(LOCAL, CLIENT.ip, 40_000), REMOTE)),
      datagram(REMOTE, CLIENT),
      send(
        "error about it",
        WAN_ROUTER,
        icmpError(WAN_ROUTER, CLIENT, [3, 3], udp(CLIENT, REMOTE)),
      ),
    ],
  },
  {
    name: "marks",
    why: "A connection keeps a mark for all its packets (CONNMARK save and restore).",
    nftables: table(
      "ip",
      chain(
        "prerouting",
        "meta mark set ct mark",
        "meta mark 0 iifname lan udp dport 80 meta mark set 7",
        "ct mark set meta mark",
      ),
      chain("forward", "meta mark 7 ip dscp set 10", "ct mark 7 counter"),
    ),
    configuration: tables({
      prerouting: [
        "match: { eth_type: ipv4 }, actions: [restore_mark]",
        "match: { mark: 0, in_port: lan, udp_dst: 80, eth_type: ipv4 }, actions: [{ mark: 7 }]",
        "match: { eth_type: ipv4 }, actions: [save_mark]",
      ],
      forward: ["match: { mark: 7, eth_type: ipv4 }, actions: [{ set_field: { ip_dscp: 10 } }]"],
    }),
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(REMOTE, CLIENT),
      datagram(CLIENT, as(REMOTE, REMOTE.ip, 81)),
      datagram(as(REMOTE, REMOTE.ip, 81), CLIENT),
      send(
        "error about it",
        WAN_ROUTER,
        icmpError(WAN_ROUTER, CLIENT, [3, 3], udp(CLIENT, REMOTE)),
      ),
    ],
  },
  {
    name: "mark-of-the-connection",
    why: "Set where it is new, matched by later packets both ways.",
    nftables: table(
      "ip",
      chain(
        "forward",
        "ct state new ct mark set 0x9",
        "ct mark 0x9 ct direction reply ip dscp set 12",
      ),
    ),
    configuration: tables({
      forward: [
        "match: { ct_state: new, eth_type: ipv4 }, actions: [{ set_field: { ct_mark: 9 } }]",
        "match: { ct_mark: 9, ct_state: reply, eth_type: ipv4 }, actions: [{ set_field: { ip_dscp: 12 } }]",
      ],
    }),
    steps: [datagram(CLIENT, REMOTE), datagram(REMOTE, CLIENT), datagram(CLIENT, REMOTE)],
  },
  {
    name: "timeout-udp",
    why: "Over: an answer is no answer any more, and the next packet begins anew.",
    settings: { udp_timeout: 1 },
    configuration: "conntrack: { timeouts: { udp: 1s } }",
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(REMOTE, CLIENT),
      later(datagram(REMOTE, CLIENT), 1.6),
      datagram(CLIENT, REMOTE),
    ],
  },
  {
    name: "timeout-renewed",
    why: "Each packet begins the time anew.",
    settings: { udp_timeout: 3, icmp_timeout: 1 },
    configuration: "conntrack: { timeouts: { udp: 3s, icmp: 1s } }",
    steps: [
      datagram(CLIENT, REMOTE),
      echo(CLIENT, REMOTE, "request"),
      later(datagram(CLIENT, REMOTE), 1.8),
      echo(REMOTE, CLIENT, "reply"),
      later(datagram(REMOTE, CLIENT), 1.8),
    ],
  },
  {
    name: "timeout-tcp",
    why: "An established connection forgotten: its data is taken up anew, its SYN and ACK is not.",
    settings: {
      tcp_timeout_established: 1,
      tcp_timeout_unacknowledged: 1,
      tcp_timeout_syn_sent: 1,
    },
    configuration:
      "conntrack: { timeouts: { tcp_established: 1s, tcp_unacknowledged: 1s, tcp_syn_sent: 1s } }",
    steps: [
      ...handshake(CLIENT, REMOTE),
      later(segment(REMOTE, CLIENT, "PA", { seq: ACCEPTER + 1, ack: OPENER + 1, data: 10 }), 1.6),
      ...handshake(OTHER_CLIENT, REMOTE).slice(0, 1),
      later(handshake(OTHER_CLIENT, REMOTE)[1] as Step, 1.6),
    ],
  },
  {
    name: "timeout-tcp-not-loose",
    why: "The same where nothing is taken up: invalid.",
    settings: { tcp_timeout_established: 1, tcp_loose: 0 },
    configuration: "conntrack: { loose: false, timeouts: { tcp_established: 1s } }",
    steps: [
      ...handshake(CLIENT, REMOTE),
      later(segment(REMOTE, CLIENT, "PA", { seq: ACCEPTER + 1, ack: OPENER + 1, data: 10 }), 1.6),
    ],
  },
  {
    name: "timeout-frees-the-translation",
    why: "A port of a full range is free again when its connection is over.",
    nftables: table("ip", chain("srcnat", "oifname wan ip protocol udp snat to 192.0.2.10:5000")),
    configuration: `conntrack: { timeouts: { udp: 1s } }\n${tables({
      srcnat: [
        'match: { out_port: wan, ip_proto: udp, eth_type: ipv4 }, actions: [{ snat: "192.0.2.10:5000" }]',
      ],
    })}`,
    settings: { udp_timeout: 1 },
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(OTHER_CLIENT, REMOTE),
      later(datagram(OTHER_CLIENT, REMOTE), 1.6),
      datagram(REMOTE, as(OTHER_CLIENT, "192.0.2.10", 5000)),
    ],
  },
  {
    name: "two-families",
    why: "IPv4 and IPv6 side by side.",
    ...FIREWALL,
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(CLIENT6, REMOTE6),
      datagram(REMOTE6, CLIENT6),
      datagram(REMOTE, CLIENT),
      send("SYN from outside", REMOTE6, tcp(REMOTE6, CLIENT6, "S", { seq: 1 })),
      ...exchange(REMOTE6, CLIENT6),
    ],
  },
];
