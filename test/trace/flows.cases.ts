// Flow tables, a frame, and what its trace says of each look-up: the lines of the text.

import { FAR, GATEWAY, gatewayToRouter, HOST, hostToRouter, SERVER } from "../path/world.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";

export interface FlowTraceRow {
  readonly what: string;
  /** YAML: `tables` and what they name. */
  readonly tables: string;
  readonly port?: "lan" | "wan" | "dmz";
  readonly frame: PacketBuilder;
  /** The steps "flow", "miss", "respond" and "verdict": heads and facts, with single blanks. */
  readonly lines: readonly string[];
}

const SYN = 0x02;
const hostToFar = (options = {}) => hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4, ...options });
const farToHost = (options = {}) =>
  gatewayToRouter().ip4({ from: FAR.ip4, to: HOST.ip4, ...options });
const web = hostToFar().tcp({ from: 40_000, to: 80 }, SYN);
const dns = hostToFar().udp({ from: 40_000, to: 53 });

const POLICY = `
sets:
  office: { type: ipv4, elements: [192.0.2.0/25, 198.51.100.17] }
meters:
  m10: { rate: 10mbit, burst: 64KiB, exceed: drop }
tables:
  policy:
    attach: forward
    miss: drop
    flows:
      - { id: established, priority: 1000, match: { ct_state: [established, related] }, actions: [accept] }
      - { priority: 900, match: { ct_state: [invalid] }, actions: [drop] }
      - { id: web, priority: 500, match: { in_port: lan, ip_proto: tcp, ipv4_src: 10.0.0.0/8, tcp_dst: [22, 443, 8000-8099] }, actions: [accept] }
      - { id: office, priority: 400, match: { ipv4_src: "@office" }, actions: [{ meter: m10 }, accept] }
      - { id: plain, priority: 300, match: { ip_proto: tcp, eth_type: ipv4, tcp_dst: 80, tcp_src: "!22" }, actions: [accept] }`;

const WITHOUT_CONNECTION = [
  "established (priority 1000)",
  "ct_state: expected [+established, +related], packet has new,tracked",
  "number 3 (priority 900): { ct_state: +invalid }",
  "ct_state: expected +invalid, packet has new,tracked",
];

const policy: readonly FlowTraceRow[] = [
  {
    what: "the flow that matched, and the near misses above it, nearest first",
    tables: POLICY,
    frame: web,
    lines: [
      "flow continue",
      "point forward",
      "table policy",
      "flow plain",
      "priority 300",
      'match { ip_proto: tcp, eth_type: ipv4, tcp_dst: 80, tcp_src: "!22" }',
      "actions [accept]",
      "near misses above it",
      ...WITHOUT_CONNECTION,
      "web (priority 500)",
      "tcp_dst: expected [22, 443, 8000-8099], packet has 80",
      "office (priority 400)",
      "ipv4_src: expected @office, packet has 10.0.0.2",
      "verdict transmit",
      "result transmitted by wan",
      "length 54",
    ],
  },
  {
    what: "a miss that drops, and what came nearest to matching",
    tables: POLICY,
    port: "wan",
    frame: farToHost().udp({ from: 53, to: 443 }),
    lines: [
      "miss drop: table-miss",
      "point forward",
      "table policy",
      "flow none matches",
      "miss drop",
      "near misses",
      ...WITHOUT_CONNECTION,
      "office (priority 400)",
      "ipv4_src: expected @office, packet has 198.51.100.7",
      "plain (priority 300)",
      "ip_proto: expected tcp, packet has udp",
      "tcp_dst: expected 80, packet has none",
      "web (priority 500)",
      "in_port: expected lan, packet has wan",
      "ip_proto: expected tcp, packet has udp",
      "ipv4_src: expected 10.0.0.0/8, packet has 198.51.100.7",
      "verdict drop: table-miss",
      "result dropped: table-miss",
      "by table policy, no flow matched",
      "reason No flow of a table matched, and the table's miss is drop.",
    ],
  },
];

const flows = (count: number) =>
  Array.from(
    { length: count },
    (_, number) =>
      `      - { id: f${number}, priority: ${50 - number}, match: { ip_ttl: ${number} }, actions: [drop] }`,
  ).join("\n");

const pipeline: readonly FlowTraceRow[] = [
  {
    what: "what a pipeline changes on the way, and the action set at its end",
    tables: `
tables:
  first:
    attach: ingress
    flows:
      - id: mark-voice
        priority: 10
        match: { in_port: lan, eth_type: 0x0800, ip_dscp: 46 }
        actions: [{ set_field: { metadata: 7 } }, { push_vlan: 0x8100 }, { set_field: { vlan_vid: 10 } }, { write: [{ output: wan }, dec_ttl] }, { goto: shaped }]
  shaped:
    flows:
      - { match: { metadata: 7 }, actions: [{ set_field: { eth_dst: "02:00:00:00:00:fe" } }] }`,
    frame: hostToFar({ service: 46 << 2 }).udp({ from: 1, to: 2 }),
    lines: [
      "flow continue",
      "point ingress",
      "table first",
      "flow mark-voice",
      "priority 10",
      "match { in_port: lan, eth_type: ipv4, ip_dscp: 46 }",
      "actions [{ set_field: { metadata: 7 } }, { push_vlan: 0x8100 }, { set_field: { vlan_vid: 10 } }, { write: [{ output: wan }, dec_ttl] }, { goto: shaped }]",
      "vlan vid none -> 10",
      "vlan pcp none -> 0",
      "length 42 -> 46",
      "metadata 0 -> 7",
      "flow transmit",
      "point ingress",
      "table shaped",
      "flow number 3",
      "priority 32768",
      "match { metadata: 7 }",
      'actions [{ set_field: { eth_dst: "02:00:00:00:00:fe" } }]',
      "action set [dec_ttl, { output: wan }]",
      "eth dst 02:00:00:00:00:01 -> 02:00:00:00:00:fe",
      "ip ttl 64 -> 63",
      "verdict transmit",
      "result transmitted by wan",
      "length 46",
    ],
  },
  {
    what: "the bucket that a group has chosen",
    tables: `
groups:
  first: { type: fast_failover, buckets: [{ watch_port: dmz, actions: [{ output: dmz }] }, { watch_port: wan, actions: [{ output: wan }] }] }
  all: { type: all, buckets: [{ actions: [{ output: wan }] }, { actions: [{ output: dmz }] }] }
tables:
  switch:
    attach: ingress
    flows:
      - { id: both, match: {}, actions: [{ group: all }, { group: first }] }`,
    frame: dns,
    lines: [
      "flow transmit",
      "point ingress",
      "table switch",
      "flow both",
      "priority 32768",
      "match {}",
      "actions [{ group: all }, { group: first }]",
      "group all (all): each of 2 buckets; first (fast_failover): bucket 1 of 2, [{ output: dmz }]",
      "verdict transmit",
      "result transmitted by dmz",
      "length 42",
    ],
  },
  {
    what: "ARP at ingress, and a flow without an output",
    tables: `
tables:
  switch:
    attach: ingress
    flows:
      - { id: ip, priority: 2, match: { ipv4_dst: 10.0.0.1 }, actions: [normal] }
      - { id: nowhere, priority: 1, match: { arp_op: request }, actions: [{ count: seen }] }`,
    frame: ethernet("ff:ff:ff:ff:ff:ff", HOST.mac).arp(
      "request",
      { mac: HOST.mac, ip: HOST.ip4 },
      { ip: "10.0.0.1" },
    ),
    lines: [
      "flow drop: no-output",
      "point ingress",
      "table switch",
      "flow nowhere",
      "priority 1",
      "match { arp_op: request, eth_type: arp }",
      "actions [{ count: seen }]",
      "near misses above it",
      "ip (priority 2)",
      "eth_type: expected ipv4, packet has arp",
      "verdict drop: no-output",
      "result dropped: no-output",
      "by table switch, flow nowhere (priority 1)",
      "reason The packet's flows at ingress sent it nowhere (OpenFlow: no output, or only to the port it came by).",
    ],
  },
  {
    what: "five near misses of many, and says how many more there are",
    tables: `
tables:
  many:
    attach: ingress
    flows:
${flows(20)}`,
    frame: dns,
    lines: [
      "miss continue",
      "point ingress",
      "table many",
      "flow none matches",
      "miss normal",
      "near misses",
      ...[0, 1, 2, 3, 4].flatMap((ttl) => [
        `f${ttl} (priority ${50 - ttl})`,
        `ip_ttl: expected ${ttl}, packet has 64`,
      ]),
      "and 15 more",
      "verdict transmit",
      "result transmitted by wan",
      "length 42",
    ],
  },
];

const CHAINS = `
tables:
  top:
    attach: forward
    flows:
      - { id: above, priority: 50, match: { ip_proto: icmp }, actions: [accept] }
      - { id: into, priority: 40, match: {}, actions: [{ jump: chain }] }
      - { id: between, priority: 30, match: { udp_dst: 54 }, actions: [accept] }
      - { id: counted, priority: 20, match: {}, actions: [{ count: all }] }
      - { id: last, priority: 10, match: { udp_dst: 53 }, actions: [{ reject: port-unreachable }] }
  chain:
    flows:
      - { id: inner, priority: 1, match: { ipv4_dst: 192.168.0.0/16 }, actions: [drop] }`;

const ABOVE = ["above (priority 50)", "ip_proto: expected icmp, packet has udp"];

const hooks: readonly FlowTraceRow[] = [
  {
    what: "a chain: each near miss once, below the flow before; a rejection and its answer",
    tables: CHAINS,
    frame: dns,
    lines: [
      ...["flow continue", "point forward", "table top", "flow into", "priority 40"],
      ...["match {}", "actions [{ jump: chain }]", "near misses above it", ...ABOVE],
      ...["miss continue", "point forward", "table chain", "flow none matches", "miss return"],
      ...["near misses", "inner (priority 1)"],
      "ipv4_dst: expected 192.168.0.0/16, packet has 198.51.100.7",
      ...["flow continue", "point forward", "table top", "flow counted", "priority 20"],
      ...["match {}", "actions [{ count: all }]", "near misses above it"],
      ...["between (priority 30)", "udp_dst: expected 54, packet has 53"],
      ...["flow drop: rejected", "point forward", "table top", "flow last", "priority 10"],
      "match { udp_dst: 53, eth_type: [ipv4, ipv6], ip_proto: udp }",
      "actions [{ reject: port-unreachable }]",
      ...["verdict drop: rejected", "result dropped: rejected"],
      "by table top, flow last (priority 10)",
      "reason A flow's action is to reject the packet: the sender is told so.",
    ],
  },
  {
    what: "a return with nowhere to return to: the attached table's miss, and nothing above it",
    tables: `
tables:
  top:
    attach: forward
    flows:
      - { id: back, priority: 9, match: { tcp_flags: +syn-ack }, actions: [return] }
      - { id: never, priority: 1, match: { tcp_flags: ack }, actions: [drop] }`,
    frame: web,
    lines: [
      ...["flow continue", "point forward", "table top", "flow back", "priority 9"],
      "match { tcp_flags: +syn-ack, eth_type: [ipv4, ipv6], ip_proto: tcp }",
      "actions [return]",
      ...["miss continue", "point forward", "table top", "flow none matches", "miss accept"],
      ...["verdict transmit", "result transmitted by wan", "length 54"],
    ],
  },
  {
    what: "headers rewritten before routing, negations, sets of addresses and ports",
    tables: `
sets:
  services: { type: [ipv4, port], elements: ["198.51.100.7 . 81", "198.51.100.7 . 443"] }
tables:
  first:
    attach: prerouting
    flows:
      - { id: known, priority: 3, match: { ipv4_dst . tcp_dst: "@services" }, actions: [drop] }
      - { id: others, priority: 2, match: { ipv4_src: "!10.0.0.0/24", vlan_vid: any, in_port: dmz, ip_frag: later }, actions: [drop] }
      - { id: inward, priority: 1, match: { ipv4_dst: 198.51.100.7 }, actions: [{ set_field: { ipv4_dst: ${SERVER.ip4} } }, { set_field: { tcp_dst: 8080 } }, { set_field: { ip_dscp: 10 } }, accept] }`,
    frame: web,
    lines: [
      ...["flow continue", "point prerouting", "table first", "flow inward", "priority 1"],
      "match { ipv4_dst: 198.51.100.7, eth_type: ipv4 }",
      `actions [{ set_field: { ipv4_dst: ${SERVER.ip4} } }, { set_field: { tcp_dst: 8080 } }, { set_field: { ip_dscp: 10 } }, accept]`,
      "ip dscp 0 -> 10",
      "ipv4 dst 198.51.100.7 -> 192.168.3.2",
      "tcp dst 80 -> 8080",
      "near misses above it",
      "known (priority 3)",
      "ipv4_dst . tcp_dst: expected @services, packet has 198.51.100.7 . 80",
      "others (priority 2)",
      "ipv4_src: expected !10.0.0.0/24, packet has 10.0.0.2",
      "vlan_vid: expected any, packet has none",
      "in_port: expected dmz, packet has lan",
      "ip_frag: expected later, packet has no",
      ...["verdict transmit", "result transmitted by dmz", "length 54"],
    ],
  },
  {
    what: "the engine's own packets, which hooks may drop",
    tables: `
tables:
  answers:
    attach: output
    flows:
      - { id: silent, match: { icmpv4_type: 0, ipv4_dst: ${HOST.ip4} }, actions: [drop] }`,
    frame: hostToRouter().ip4({ from: HOST.ip4, to: "10.0.0.1" }).icmp(8).payload(8),
    lines: [
      ...["flow drop: by-flow", "point output", "table answers", "flow silent", "priority 32768"],
      `match { icmpv4_type: 0, ipv4_dst: ${HOST.ip4}, eth_type: ipv4, ip_proto: icmp }`,
      "actions [drop]",
      ...["verdict consume", "result consumed by the engine itself"],
    ],
  },
  {
    what: "several tables at one point, and their order",
    tables: `
tables:
  late: { attach: postrouting, priority: 5, flows: [{ id: out, match: { out_port: dmz }, actions: [drop] }] }
  early: { attach: postrouting, priority: -5, flows: [{ id: in, match: { eth_src: "${GATEWAY.mac}" }, actions: [accept] }] }`,
    port: "wan",
    frame: farToHost({ ttl: 9 }).udp({ from: 1, to: 2 }),
    lines: [
      ...["flow continue", "point postrouting", "table early", "flow in", "priority 32768"],
      `match { eth_src: "${GATEWAY.mac}" }`,
      "actions [accept]",
      ...["miss continue", "point postrouting", "table late", "flow none matches", "miss accept"],
      ...["near misses", "out (priority 32768)", "out_port: expected dmz, packet has lan"],
      ...["verdict transmit", "result transmitted by lan", "length 42"],
    ],
  },
];

export const FLOW_TRACES: readonly FlowTraceRow[] = [...policy, ...pipeline, ...hooks];
