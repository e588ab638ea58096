// Actions about connections as people write them, and what is made or said of them: in WORLD, by a
// flow that matches MATCH.

import type { BadCase } from "./flows.cases.ts";

export const WORLD = `version: 1
ports:
  lan: { device: "pcap:" }
  wan: { device: "pcap:" }
conntrack: {}
tables:
  pipeline: { attach: ingress }
  early: { attach: raw }
  pre: { attach: prerouting, flows: [{ actions: [redirect] }] }
  post: { attach: postrouting, flows: [{ actions: [masquerade] }] }
  own: { attach: output, flows: [{ match: { ct_mark: 9 }, actions: [{ dnat: 10.0.0.9 }] }] }
  policy: { attach: forward, flows: [{ actions: [{ jump: chain }] }] }
  chain: {}
  plain: { attach: postrouting }
  alone: {}
`;

export const MATCH = { ip_proto: ["tcp", "udp", "sctp", "dccp"] };

const V4 = (...bytes: number[]) => Uint8Array.of(...bytes);
const v6 = (...ends: [number, number, number]) => {
  const bytes = new Uint8Array(16);
  bytes[0] = ends[0];
  bytes[1] = ends[1];
  bytes[15] = ends[2];
  return bytes;
};
const PLAIN = { addresses: undefined, prefix: undefined, ports: undefined };
const one = (ip: Uint8Array) => ({ low: ip, high: ip });
const nat = (kind: string, rest: object) => [
  { type: kind, nat: { kind, ...PLAIN, random: false, persistent: false, ...rest } },
];
const A = V4(203, 0, 113, 2);
const B = V4(203, 0, 113, 9);
const SIX = v6(0xfd, 0, 1);
const SEVEN = v6(0xfd, 0, 7);

export interface ConnectionCase {
  readonly table: string;
  readonly actions: readonly unknown[];
  readonly model: readonly unknown[];
  /** As it is written back; without it as it was written. */
  readonly text?: readonly unknown[];
}

const snat = (written: unknown, rest: object, text?: unknown): ConnectionCase => ({
  table: "post",
  actions: [{ snat: written }],
  model: nat("snat", rest),
  ...(text === undefined ? {} : { text: [{ snat: text }] }),
});

const CT = {
  type: "ct",
  commit: false,
  force: false,
  zone: undefined,
  table: undefined,
  mark: undefined,
  label: undefined,
  nat: undefined,
  helper: undefined,
};

export const CONNECTION_CASES: readonly ConnectionCase[] = [
  snat("203.0.113.2", { addresses: one(A) }),
  snat("203.0.113.2:80", { addresses: one(A), ports: { low: 80, high: 80 } }),
  snat("203.0.113.2:1024-65535", { addresses: one(A), ports: { low: 1024, high: 65535 } }),
  snat("203.0.113.2:7-7", { addresses: one(A), ports: { low: 7, high: 7 } }, "203.0.113.2:7"),
  snat("203.0.113.2-203.0.113.9", { addresses: { low: A, high: B } }),
  snat("203.0.113.2-203.0.113.2", { addresses: one(A) }, "203.0.113.2"),
  snat("203.0.113.2-203.0.113.9:1-2", {
    addresses: { low: A, high: B },
    ports: { low: 1, high: 2 },
  }),
  snat("fd00::1", { addresses: one(SIX) }),
  snat("[fd00::1]", { addresses: one(SIX) }, "fd00::1"),
  snat("[fd00::1]:80", { addresses: one(SIX), ports: { low: 80, high: 80 } }),
  snat("fd00::1-fd00::7", { addresses: { low: SIX, high: SEVEN } }),
  snat("[fd00::1]-[fd00::7]:8-9", {
    addresses: { low: SIX, high: SEVEN },
    ports: { low: 8, high: 9 },
  }),
  snat(
    "[fd00::1-fd00::7]:8",
    { addresses: { low: SIX, high: SEVEN }, ports: { low: 8, high: 8 } },
    "[fd00::1]-[fd00::7]:8",
  ),
  snat("198.51.100.0/24", {
    addresses: { low: V4(198, 51, 100, 0), high: V4(198, 51, 100, 255) },
    prefix: 24,
  }),
  snat("fd00::/125", { addresses: { low: v6(0xfd, 0, 0), high: SEVEN }, prefix: 125 }),
  snat(
    { to: "203.0.113.2:80" },
    { addresses: one(A), ports: { low: 80, high: 80 } },
    "203.0.113.2:80",
  ),
  snat({ to: "203.0.113.2", random: true }, { addresses: one(A), random: true }),
  snat(
    { to: "203.0.113.2", random: false, persistent: true },
    { addresses: one(A), persistent: true },
    { to: "203.0.113.2", persistent: true },
  ),
  {
    table: "pre",
    actions: [{ dnat: ":80" }],
    model: nat("dnat", { ports: { low: 80, high: 80 } }),
  },
  {
    table: "own",
    actions: [{ dnat: "203.0.113.2:8-9" }],
    model: nat("dnat", { addresses: one(A), ports: { low: 8, high: 9 } }),
  },
  { table: "post", actions: ["masquerade"], model: nat("masquerade", {}) },
  {
    table: "post",
    actions: [{ masquerade: {} }],
    model: nat("masquerade", {}),
    text: ["masquerade"],
  },
  {
    table: "post",
    actions: [{ masquerade: { ports: "1024-65535", random: true, persistent: true } }],
    model: nat("masquerade", { ports: { low: 1024, high: 65535 }, random: true, persistent: true }),
  },
  {
    table: "post",
    actions: [{ masquerade: { ports: 7 } }],
    model: nat("masquerade", { ports: { low: 7, high: 7 } }),
  },
  { table: "pre", actions: ["redirect"], model: nat("redirect", {}) },
  {
    table: "pre",
    actions: [{ redirect: 3128 }],
    model: nat("redirect", { ports: { low: 3128, high: 3128 } }),
  },
  {
    table: "pre",
    actions: [{ redirect: "8000-8010" }],
    model: nat("redirect", { ports: { low: 8000, high: 8010 } }),
  },
  {
    table: "own",
    actions: [{ redirect: { to: 3128, random: true } }],
    model: nat("redirect", { ports: { low: 3128, high: 3128 }, random: true }),
  },
  {
    table: "pre",
    actions: [{ redirect: { random: true } }],
    model: nat("redirect", { random: true }),
  },
  { table: "early", actions: ["notrack"], model: [{ type: "notrack" }] },
  {
    table: "own",
    actions: ["notrack", "accept"],
    model: [{ type: "notrack" }, { type: "accept" }],
  },
  {
    table: "policy",
    actions: ["save_mark", "restore_mark", { helper: "ftp" }, { helper: "tftp" }],
    model: [
      { type: "save_mark" },
      { type: "restore_mark" },
      { type: "helper", helper: "ftp" },
      { type: "helper", helper: "tftp" },
    ],
  },
  {
    table: "policy",
    actions: [{ set_field: { ct_mark: "0x1/0xff" } }, { set_field: { ct_label: "0x1/0xff" } }],
    model: [
      { type: "set_field", field: "ct_mark", value: 1, mask: 255 },
      { type: "set_field", field: "ct_label", value: 1n, mask: 255n },
    ],
  },
  { table: "pipeline", actions: ["ct"], model: [CT] },
  {
    table: "pipeline",
    actions: [{ ct: {} }, "normal"],
    model: [CT, { type: "normal" }],
    text: ["ct", "normal"],
  },
  {
    table: "early",
    actions: [{ ct: { zone: 5, helper: "ftp" } }],
    model: [{ ...CT, zone: 5, helper: "ftp" }],
  },
  {
    table: "pipeline",
    actions: [
      {
        ct: {
          zone: 65535,
          commit: true,
          force: true,
          mark: "0x1/0xff",
          label: "0x1/0xff",
          nat: { snat: "203.0.113.2:80" },
          helper: "ftp",
          table: "alone",
        },
      },
    ],
    model: [
      {
        ...CT,
        zone: 65535,
        commit: true,
        force: true,
        mark: { value: 1, mask: 255 },
        label: { value: 1n, mask: 255n },
        nat: (
          nat("snat", { addresses: one(A), ports: { low: 80, high: 80 } })[0] as { nat: object }
        ).nat,
        helper: "ftp",
        table: 8,
      },
    ],
  },
  {
    table: "pipeline",
    actions: [{ ct: { zone: 0, nat: true, table: "alone" } }],
    model: [{ ...CT, zone: 0, nat: "existing", table: 8 }],
  },
  { table: "pipeline", actions: [{ ct: { nat: false } }], model: [CT], text: ["ct"] },
  {
    table: "pipeline",
    actions: [{ ct: { commit: true, mark: 7, nat: { dnat: { to: "fd00::1", random: true } } } }],
    model: [
      {
        ...CT,
        commit: true,
        mark: { value: 7, mask: 0xffffffff },
        nat: (nat("dnat", { addresses: one(SIX), random: true })[0] as { nat: object }).nat,
      },
    ],
  },
];

export interface BadConnectionCase extends BadCase {
  readonly table?: string;
}

const TARGET =
  'expected an address, a range or a prefix, with or without ports, such as 203.0.113.2, 203.0.113.2:2000-3000 or "[fd00::1]:80"';
const PORTS = "expected a port from 1 to 65535 or a range of them such as 8000-8010";
const badSnat = (written: unknown, message: string): BadConnectionCase => ({
  wrong: [{ snat: written }],
  problems: [`/0/snat: ${message}`],
});
const badCt = (ct: unknown, ...problems: string[]): BadConnectionCase => ({
  table: "pipeline",
  wrong: [{ ct }],
  problems: problems.map((problem) => `/0/ct${problem}`),
});
const COMES = "and packets come from";

export const BAD_CONNECTION_CASES: readonly BadConnectionCase[] = [
  { wrong: ["snat"], problems: ["/0: 'snat' needs an argument, as in { snat: … }"] },
  badSnat("x", `${TARGET}, found "x"`),
  badSnat(5, `${TARGET}, found 5`),
  badSnat("", `${TARGET}, found ""`),
  badSnat("10.0.0.300", `${TARGET}, found "10.0.0.300"`),
  badSnat("[10.0.0.1]:80", `${TARGET}, found "[10.0.0.1]:80"`),
  badSnat(
    "fd00::1:8-9",
    `${TARGET}, found "fd00::1:8-9"; IPv6 addresses with ports stand in brackets`,
  ),
  badSnat("10.0.0.1:", `${PORTS}, found ""`),
  badSnat("10.0.0.1:0", `${PORTS}, found "0"`),
  badSnat("10.0.0.1:65536", `${PORTS}, found "65536"`),
  badSnat("10.0.0.1:1-70000", `${PORTS}, found "1-70000"`),
  badSnat("10.0.0.1:080", `${PORTS}, found "080"`),
  badSnat("10.0.0.1:9-3", "the range 9-3 is empty; did you mean 3-9?"),
  badSnat(
    "10.0.0.9-10.0.0.1:80",
    "the range 10.0.0.9-10.0.0.1 is empty; did you mean 10.0.0.1-10.0.0.9?",
  ),
  badSnat("10.0.0.9-fd00::1", "the range 10.0.0.9-fd00::1 is of two families"),
  badSnat("10.0.0.0/24:80", "a prefix takes no ports: all of them are kept"),
  badSnat("10.0.0.1/24", "10.0.0.1/24 has bits beyond its length; did you mean 10.0.0.0/24?"),
  badSnat("10.0.0.0/33", `${TARGET}, found "10.0.0.0/33"`),
  badSnat("127.0.0.1", "127.0.0.1 is a loopback address"),
  badSnat("10.0.0.1-224.0.0.1", "224.0.0.1 is a multicast address"),
  badSnat("0.0.0.0/0", "0.0.0.0 is an unspecified address"),
  badSnat(":80", "snat needs an address; masquerade with ports takes the port's own"),
  { wrong: [{ snat: { random: true } }], problems: ["/0/snat: key 'to' is missing"] },
  {
    wrong: [{ snat: { to: "x", randon: true, persistent: 1 } }],
    problems: [
      "/0/snat/randon: unknown key 'randon'; did you mean 'random'?",
      `/0/snat/to: ${TARGET}, found "x"`,
      "/0/snat/persistent: expected true or false, found 1",
    ],
  },
  {
    wrong: [{ masquerade: "1024-65535" }],
    problems: ['/0/masquerade: expected { ports, random, persistent }, found "1024-65535"'],
  },
  {
    wrong: [{ masquerade: { ports: 0 } }],
    problems: [`/0/masquerade/ports: ${PORTS}, found 0`],
  },
  {
    wrong: [{ redirect: "10.0.0.1:80" }],
    problems: [`/0/redirect: ${PORTS}, found "10.0.0.1:80"`],
  },
  { wrong: [{ redirect: { to: 1.5 } }], problems: [`/0/redirect/to: ${PORTS}, found 1.5`] },
  {
    wrong: ["masquerade", "log"],
    problems: ["/1: nothing can follow 'masquerade', which ends the flow"],
  },
  {
    wrong: [{ helper: "sip" }],
    problems: ["/0/helper: helper 'sip' is not implemented in this version"],
  },
  {
    wrong: [{ helper: "irc" }],
    problems: ["/0/helper: expected one of 'ftp', 'tftp', found \"irc\""],
  },
  {
    wrong: [{ notrack: true }],
    problems: ["/0/notrack: 'notrack' takes nothing; write it as a word"],
  },
  {
    table: "pipeline",
    wrong: [{ write: ["masquerade"] }],
    problems: ["/0/write/0: the action set cannot keep 'masquerade'"],
  },
  {
    wrong: [{ set_field: { ct_state: 1 } }],
    problems: ["/0/set_field/ct_state: ct_state cannot be set"],
  },
  badCt(5, ": expected { zone, commit, force, mark, label, nat, helper, table }, found 5"),
  badCt({ zome: 5 }, "/zome: unknown key 'zome'; did you mean 'zone'?"),
  badCt({ zone: 65536 }, "/zone: expected a number from 0 to 65535, found 65536"),
  badCt({ zone: "1/1" }, '/zone: expected a number from 0 to 65535, found "1/1"'),
  badCt({ commit: 1 }, "/commit: expected true or false, found 1"),
  badCt(
    { force: true, mark: 1, label: 1, nat: { snat: "10.0.0.1" } },
    "/force: force needs commit: true",
    "/mark: mark needs commit: true",
    "/label: label needs commit: true",
    "/nat: nat with an address needs commit: true",
  ),
  badCt(
    { commit: true, mark: "1-2" },
    '/mark: expected a number from 0 to 4294967295 or value/mask, found "1-2"',
  ),
  badCt({ nat: "10.0.0.1" }, '/nat: expected true, { snat: … } or { dnat: … }, found "10.0.0.1"'),
  badCt(
    { nat: { masquerade: {} } },
    "/nat: expected true, { snat: … } or { dnat: … }, found a mapping",
  ),
  badCt(
    { commit: true, nat: { snat: ":80" } },
    "/nat/snat: snat needs an address; masquerade with ports takes the port's own",
  ),
  badCt({ table: "alon" }, "/table: unknown table 'alon'; did you mean 'alone'?"),
  badCt({ table: 5 }, "/table: expected the name of a table, found 5"),
  {
    table: "pipeline",
    wrong: [{ ct: { table: "alone" } }, "drop"],
    problems: ["/1: nothing can follow 'ct', which ends the flow"],
  },
  // Where they may stand
  ...["snat", "masquerade"].map((name) => ({
    table: "policy",
    wrong: [name === "snat" ? { snat: "10.0.0.1" } : name],
    problems: [
      `: ${name} works only in tables reached from postrouting alone, ${COMES} forward (policy)`,
    ],
  })),
  ...["dnat", "redirect"].map((name) => ({
    table: "chain",
    wrong: [name === "dnat" ? { dnat: "10.0.0.1" } : name],
    problems: [
      `: ${name} works only in tables reached from prerouting and output alone, ${COMES} forward (policy -> chain)`,
    ],
  })),
  {
    table: "pre",
    wrong: ["notrack"],
    problems: [
      `: notrack works only in tables reached from raw and output alone, ${COMES} prerouting (pre)`,
    ],
  },
  {
    table: "policy",
    wrong: ["ct"],
    problems: [
      `: ct works only in tables reached from ingress and raw alone, ${COMES} forward (policy)`,
    ],
  },
  ...[{ commit: true }, { nat: true }, { table: "alone" }].map((ct) => ({
    table: "early",
    wrong: [{ ct }],
    problems: [
      `: ct with more than zone and helper works only in tables reached from ingress alone, ${COMES} raw (early)`,
    ],
  })),
  {
    table: "plain",
    wrong: ["masquerade"],
    problems: [
      ": masquerade works only in tables that translated when the engine started, and 'plain', which leads here, is none",
    ],
  },
];

/** What follows BASE of problems.cases.ts, from line 6 on. */
export interface ConnectionProblem {
  readonly code?: "CONFIG_UNSUPPORTED";
  readonly tail: string;
  readonly problems: readonly string[];
}

const SERVICE = "name: web, vip: 203.0.113.10, proto: tcp, port: 80";

export const CONNECTION_PROBLEMS: readonly ConnectionProblem[] = [
  {
    tail: `tables:
  p:
    attach: postrouting
    miss: drop
    flows:
      - { id: a, match: { ct_state: established }, actions: [accept] }
      - { id: b, match: { ct_state: [new, related] }, actions: [{ goto: q }] }
      - { id: c, match: { ct_state: "!new" }, actions: [accept] }
  q:
    flows:
      - { id: d, match: { ct_state: +reply }, actions: [return] }
      - { match: { ct_state: { not: [new, related] } }, actions: [return] }
      - { actions: [masquerade] }
`,
    problems: [
      '9:11 /tables/p/miss: expected "accept": a table that translates lets pass what it has no flow for',
      "11:37 /tables/p/flows/0/match/ct_state: flow 'a': ct_state: a nat table sees the first packet of each connection alone, which is never in this state",
      "16:37 /tables/q/flows/0/match/ct_state: flow 'd': ct_state: a nat table sees the first packet of each connection alone, which is never in this state",
      "17:30 /tables/q/flows/1/match/ct_state: flow 1: ct_state: a nat table sees the first packet of each connection alone, which is never in this state",
    ],
  },
  {
    tail: `tables:
  a:
    attach: postrouting
    flows:
      - { match: { ip_proto: icmp }, actions: [{ snat: "10.0.0.1:80" }] }
      - { match: { ipv6_dst: "::/0" }, actions: [{ snat: 10.0.0.1 }] }
      - { match: { eth_type: ipv4 }, actions: [{ snat: "fd00::/64" }] }
      - { match: { ip_proto: [tcp, icmp] }, actions: [{ masquerade: { ports: 1-9 } }] }
      - { match: { ip_proto: "!icmp" }, actions: [{ masquerade: { ports: 1-9 } }] }
      - { match: { tcp_dst: 80 }, actions: [{ snat: 10.0.0.1 }] }
  b:
    attach: prerouting
    flows: [{ actions: [{ redirect: 80 }] }]
  c: { flows: [{ match: { eth_type: ipv6 }, actions: [{ ct: { commit: true, nat: { dnat: 10.0.0.1 } } }] }] }
`,
    problems: [
      "10:47 /tables/a/flows/0/actions: flow 0: snat: ports need ip_proto tcp, udp, sctp or dccp in the match",
      "11:49 /tables/a/flows/1/actions: flow 1: snat: an IPv4 address, but the match is for other packets than IPv4",
      "12:47 /tables/a/flows/2/actions: flow 2: snat: an IPv6 address, but the match is for other packets than IPv6",
      "13:54 /tables/a/flows/3/actions: flow 3: masquerade: ports need ip_proto tcp, udp, sctp or dccp in the match",
      "14:50 /tables/a/flows/4/actions: flow 4: masquerade: ports need ip_proto tcp, udp, sctp or dccp in the match",
      "18:24 /tables/b/flows/0/actions: flow 0: redirect: ports need ip_proto tcp, udp, sctp or dccp in the match",
      "19:54 /tables/c/flows/0/actions: flow 0: dnat: an IPv4 address, but the match is for other packets than IPv4",
    ],
  },
  {
    tail: `conntrack: { enabled: false }
tables:
  a: { flows: [{ id: x, match: { ct_mark: 1 }, actions: [drop] }, { actions: [save_mark] }, { actions: [{ write: [{ set_field: { ct_label: 1 } }] }] }] }
groups: { g: { type: all, buckets: [{ actions: [{ set_field: { ct_mark: 1 } }] }] } }
services: [{ ${SERVICE} }]
`,
    problems: [
      "8:16 /tables/a/flows/0: flow 'x': ct_mark needs connection tracking, which is off: set conntrack.enabled to true",
      "8:67 /tables/a/flows/1: flow 1: save_mark needs connection tracking, which is off: set conntrack.enabled to true",
      "8:93 /tables/a/flows/2: flow 2: set_field of ct_label needs connection tracking, which is off: set conntrack.enabled to true",
      "9:14 /groups/g: set_field of ct_mark needs connection tracking, which is off: set conntrack.enabled to true",
      "10:11 /services: a service needs connection tracking, which is off: set conntrack.enabled to true",
    ],
  },
  {
    tail: `groups:
  g: { type: all, buckets: [{ actions: [masquerade, notrack, { ct: { table: t } }] }] }
tables: { t: {} }
`,
    problems: [
      "7:41 /groups/g/buckets/0/actions/0: 'masquerade' ends a flow and has no meaning in a group",
      "7:53 /groups/g/buckets/0/actions/1: 'notrack' has no meaning in a group",
      "7:62 /groups/g/buckets/0/actions/2: a group leads to no table",
    ],
  },
  {
    tail: `conntrack:
  enabled: 1
  chekcsum: true
  helpers: [ftp, irc]
  fragment_timeout: 0s
  max_per_source: -1
  zone_limits: { a: 1, 5: x }
  timeouts: { tcp_establishd: 5d, udp: 30, icmp: 25d }
`,
    problems: [
      "7:12 /conntrack/enabled: expected true or false, found 1",
      "8:3 /conntrack/chekcsum: unknown key 'chekcsum'; did you mean 'checksum'?",
      "9:18 /conntrack/helpers/1: expected one of 'ftp', 'tftp', found \"irc\"",
      '10:21 /conntrack/fragment_timeout: expected a duration above zero and up to 24d, such as 30s or 5m, found "0s"',
      "11:19 /conntrack/max_per_source: expected an integer from 0 to 8000000, found -1",
      '12:18 /conntrack/zone_limits/a: expected a zone from 0 to 65535, found "a"',
      '12:27 /conntrack/zone_limits/5: expected an integer from 0 to 8000000, found "x"',
      "13:15 /conntrack/timeouts/tcp_establishd: unknown key 'tcp_establishd'; did you mean 'tcp_established'?",
      "13:40 /conntrack/timeouts/udp: expected a duration above zero and up to 24d, such as 30s or 5m, found 30",
      '13:50 /conntrack/timeouts/icmp: expected a duration above zero and up to 24d, such as 30s or 5m, found "25d"',
    ],
  },
  {
    code: "CONFIG_UNSUPPORTED",
    tail: "conntrack: { helpers: [sip] }\n",
    problems: ["6:24 /conntrack/helpers/0: helper 'sip' is not implemented in this version"],
  },
  {
    tail: "conntrack: { zone_limits: { 70000: 1 } }\n",
    problems: ['6:29 /conntrack/zone_limits/70000: expected a zone from 0 to 65535, found "70000"'],
  },
  {
    tail: `services:
  - { name: web, vip: 203.0.113, proto: icmp, port: [80], weight: 5 }
  - { ${SERVICE}, scheduler: mglev, mode: l2, affinity: 5, removal: kep, masquerade: 1 }
  - { ${SERVICE}, backends: [{ port: 0, weight: 65536 }] }
`,
    problems: [
      '7:23 /services/0/vip: expected an IPv4 or IPv6 address such as 10.0.0.1 or fd00::1, found "203.0.113"',
      "7:41 /services/0/proto: expected one of 'tcp', 'udp', 'sctp', found \"icmp\"",
      "7:53 /services/0/port: expected a port from 1 to 65535 or a range of them such as 8000-8010, found a list",
      "7:59 /services/0/weight: unknown key 'weight'",
      "8:70 /services/1/scheduler: expected one of 'maglev', 'rr', 'wrr', 'lc', 'wlc', 'sh', found \"mglev\"",
      "8:83 /services/1/mode: expected one of 'nat', 'dsr', 'ipip', found \"l2\"",
      "8:97 /services/1/affinity: expected a duration above zero and up to 24d, such as 30s or 5m, found 5",
      "8:109 /services/1/removal: expected one of 'keep', 'reset', found \"kep\"",
      "8:126 /services/1/masquerade: expected true or false, found 1",
      "9:70 /services/2/backends/0: key 'ip' is missing",
      "9:78 /services/2/backends/0/port: expected an integer from 1 to 65535, found 0",
      "9:89 /services/2/backends/0/weight: expected an integer from 0 to 65535, found 65536",
    ],
  },
  {
    tail: `services:
  - { ${SERVICE}, backends: [{ ip: "fd00::1" }, { ip: 10.0.0.1 }, { ip: 10.0.0.1, weight: 0 }] }
  - { ${SERVICE} }
  - { name: b, vip: 203.0.113.10, proto: tcp, port: "70-90" }
  - { name: c, vip: 203.0.113.10, proto: udp, port: "90-70" }
  - { name: d, vip: 224.0.0.1, proto: udp, port: 0, backends: [{ ip: 127.0.0.1 }] }
  - { name: e, vip: 203.0.113.11, proto: tcp, port: 80, mode: dsr, masquerade: true, backends: [{ ip: 10.0.0.1, port: 81 }, { ip: 10.0.0.2, port: 80 }] }
  - { name: f, vip: 203.0.113.12, proto: tcp, port: 80-81, mode: ipip, backends: [{ ip: "fd00::1", port: 80 }] }
engine: { limits: { backends: 3 } }
`,
    problems: [
      "7:3 /services: expected at most 3 backends in all (engine.limits.backends), found 7",
      "7:76 /services/0/backends/0/ip: expected an IPv4 address as the VIP's: mode nat changes no family; found fd00::1",
      "7:107 /services/0/backends/2: it is the same backend as number 1 (from 0)",
      "8:13 /services/1/name: 'web' is listed twice, first at 7:13",
      "8:55 /services/1/port: service 'web' at 7:55 has tcp 203.0.113.10 port 80 already",
      "9:53 /services/2/port: service 'web' at 7:55 has tcp 203.0.113.10 port 80 already",
      "10:53 /services/3/port: the range 90-70 is empty; did you mean 70-90?",
      "11:21 /services/4/vip: expected the address of a station, found a multicast address",
      "11:50 /services/4/port: expected a port from 1 to 65535 or a range of them such as 8000-8010, found 0",
      "11:70 /services/4/backends/0/ip: expected the address of a station, found a loopback address",
      "12:80 /services/5/masquerade: mode dsr translates nothing; remove 'masquerade' or use mode nat",
      "12:119 /services/5/backends/0/port: mode dsr changes no port, packets keep that of the service; remove it",
      "13:106 /services/6/backends/0/port: mode ipip changes no port, packets keep that of the service; remove it",
    ],
  },
];
