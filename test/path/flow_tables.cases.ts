// Flow tables on the packet's way: what flows drop, reject, copy and send, at ingress and at the
// hooks. Matching and actions have tests of their own; these rows are about the path around them.

import { ethernet } from "../support/builder.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import {
  FAR,
  HOST,
  hostToRouter,
  LAN,
  routerToGateway,
  routerToHost,
  SERVER,
  WORLD,
} from "./world.ts";

const tables = (text: string, more = "") => `${WORLD}\ntables:\n${text}\n${more}`;

const PORTS = { from: 1000, to: 53 };
const query = (ttl = 64, to: string = FAR.ip4) =>
  hostToRouter().ip4({ from: HOST.ip4, to, ttl }).udp(PORTS).payload(20);
const querySent = () =>
  routerToGateway().ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 63 }).udp(PORTS).payload(20);
const segment = (to = 80) =>
  hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4 }).tcp({ from: 1000, to }, 2);
const labelled = (ttl: number) =>
  ethernet(LAN.mac, HOST.mac).mpls(16, true, ttl).ip4({ from: HOST.ip4, to: FAR.ip4 }).udp(PORTS);

/** Tables t1 … t<count>, each jumping to the next. */
const jumps = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const attach = i === 0 ? "attach: forward, " : "";
    const actions = i === count - 1 ? "[accept]" : `[{ jump: t${i + 2} }]`;
    return `  t${i + 1}: { ${attach}flows: [{ match: {}, actions: ${actions} }] }`;
  }).join("\n");

export const FLOW_TABLES: readonly PathRow[] = [
  {
    what: "a flow drops, a table's miss drops, the rest is forwarded",
    router: tables(`  policy:
    attach: forward
    miss: drop
    flows:
      - { priority: 2, match: { udp_dst: 53 }, actions: [accept] }
      - { priority: 1, match: { tcp_dst: 80 }, actions: [drop] }`),
    send: [arrival("lan", query()), arrival("lan", segment(80)), arrival("lan", segment(81))],
    out: [["wan", querySent()]],
    drops: { "by-flow": 1, "table-miss": 1 },
  },
  {
    what: "a rejection tells the sender",
    router: tables(`  policy:
    attach: forward
    flows: [{ match: {}, actions: [{ reject: icmp-admin-prohibited }] }]`),
    send: [arrival("lan", query())],
    out: [
      [
        "lan",
        routerToHost()
          .ip4({ from: LAN.ip4, to: HOST.ip4, service: 0xc0, dontFragment: true })
          .icmp(3, 13, 0)
          // The TTL has been taken from when the hook is reached.
          .payload(query(63).bytes().subarray(14)),
      ],
    ],
    drops: { rejected: 1 },
    originated: 1,
  },
  {
    what: "at ingress flows send frames as they are: to a port, to several, back, everywhere",
    router: tables(`  switch:
    attach: ingress
    miss: drop
    flows:
      - { priority: 4, match: { udp_dst: 53 }, actions: [{ output: wan }] }
      - { priority: 3, match: { tcp_dst: 80 }, actions: [{ output: wan }, { output: dmz }, { output: lan }] }
      - { priority: 2, match: { tcp_dst: 81 }, actions: [in_port] }
      - { priority: 1, match: { tcp_dst: 82 }, actions: [flood] }`),
    send: [arrival("lan", query()), ...[80, 81, 82].map((port) => arrival("lan", segment(port)))],
    out: [
      ["wan", query()],
      ["wan", segment(80)],
      ["dmz", segment(80)],
      ["lan", segment(81)],
      ["wan", segment(82)],
      ["dmz", segment(82)],
    ],
    copied: 2,
  },
  {
    what: "a flow at ingress that sends nothing, or only to where the packet came from, drops it",
    router: tables(`  switch:
    attach: ingress
    flows:
      - { priority: 2, match: { udp_dst: 53 }, actions: [{ output: lan }] }
      - { priority: 1, match: {}, actions: [] }`),
    send: [arrival("lan", query()), arrival("lan", segment())],
    drops: { "no-output": 2 },
  },
  {
    what: "a copy takes the built-in path while the packet goes elsewhere",
    router: tables(`  switch:
    attach: ingress
    flows: [{ match: {}, actions: [normal, { output: dmz }] }]`),
    send: [arrival("lan", query())],
    out: [
      ["dmz", query()],
      ["wan", querySent()],
    ],
    originated: 1,
  },
  {
    what: "local delivers the frame",
    router: tables(`  switch:
    attach: ingress
    flows: [{ match: {}, actions: [local] }]`),
    send: [arrival("lan", query())],
    delivered: 1,
  },
  {
    what: "a meter drops what is beyond its rate and burst, by the capture's clock",
    router: tables(
      `  policy:
    attach: forward
    flows: [{ match: {}, actions: [{ meter: slow }, accept] }]`,
      "meters: { slow: { rate: 1pps, burst: 2, exceed: drop } }",
    ),
    send: [0, 0, 0, 1.5].map((time) => arrival("lan", query(), { time })),
    out: [1, 2, 3].map(() => ["wan", querySent()] as const),
    drops: { meter: 1 },
  },
  {
    what: "a select group without buckets drops",
    router: tables(
      `  switch:
    attach: ingress
    flows: [{ match: {}, actions: [{ group: none }] }]`,
      "groups: { none: { type: select, buckets: [] } }",
    ),
    send: [arrival("lan", query())],
    drops: { "group-empty": 1 },
  },
  {
    what: "headers are pushed until there is no room in front",
    router: tables(`  switch:
    attach: ingress
    flows: [{ match: {}, actions: [${"{ push_pbb: 0x88e7 }, ".repeat(15)}{ output: wan }] }]`),
    send: [arrival("lan", query())],
    drops: { "no-headroom": 1 },
  },
  {
    what: "sixteen jumps deep and no deeper",
    router: tables(jumps(18)),
    send: [arrival("lan", query())],
    drops: { "too-many-jumps": 1 },
  },
  {
    what: "an MPLS TTL that runs out",
    router: tables(`  switch:
    attach: ingress
    flows: [{ match: {}, actions: [dec_mpls_ttl, { output: wan }] }]`),
    send: [arrival("lan", labelled(2)), arrival("lan", labelled(1))],
    out: [["wan", labelled(1)]],
    drops: { "mpls-ttl-exceeded": 1 },
  },
  {
    what: "the hooks in netfilter's order, each marking for the next",
    router:
      tables(`  a: { attach: raw, flows: [{ match: { mark: 0 }, actions: [{ mark: 1 }, accept] }] }
  b: { attach: prerouting, flows: [{ match: { mark: 1 }, actions: [{ mark: 2 }, accept] }] }
  c: { attach: forward, flows: [{ match: { mark: 2, out_port: wan }, actions: [{ mark: 3 }, accept] }] }
  d: { attach: postrouting, flows: [{ match: { mark: 3 }, actions: [drop] }] }
  e: { attach: input, flows: [{ match: { mark: 2 }, actions: [drop] }] }`),
    send: [arrival("lan", query()), arrival("lan", query(64, LAN.ip4))],
    drops: { "by-flow": 2 },
  },
  {
    what: "a destination set before routing is what is routed",
    router: tables(`  nat:
    attach: prerouting
    flows: [{ match: { ipv4_dst: ${FAR.ip4} }, actions: [{ set_field: { ipv4_dst: ${SERVER.ip4} } }, accept] }]`),
    send: [arrival("lan", query()), arrival("lan", query())],
    out: [1, 2].map(
      () =>
        [
          "dmz",
          ethernet(SERVER.mac, "02:00:00:00:00:03")
            .ip4({ from: HOST.ip4, to: SERVER.ip4, ttl: 63 })
            .udp(PORTS)
            .payload(20),
        ] as const,
    ),
  },
  {
    what: "own packets pass output and postrouting: an echo reply is dropped there, and lost",
    router: tables(
      `  mine: { attach: output, flows: [{ match: { icmpv4_type: 0 }, actions: [drop] }] }`,
    ),
    send: [
      arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).icmp(8, 0).payload(8)),
    ],
    consumed: 1,
    lost: 1,
  },
];
