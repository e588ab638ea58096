// Wrong tables, groups, meters, mirrors and sets, and exactly what is said about them. They follow
// BASE of problems.cases.ts and begin in line 6.

export interface TableProblemCase {
  readonly code?: "CONFIG_UNSUPPORTED";
  readonly tail: string;
  readonly problems: readonly string[];
}

export const TABLE_PROBLEMS: readonly TableProblemCase[] = [
  {
    tail: `tables:
  a:
    attach: forwad
    priority: 40000
    miss: reject
    flow: []
`,
    problems: [
      "8:13 /tables/a/attach: expected one of 'ingress', 'raw', 'prerouting', 'input', 'forward', 'output', 'postrouting', found \"forwad\"",
      "9:15 /tables/a/priority: expected an integer from -32768 to 32767, found 40000",
      "10:11 /tables/a/miss: expected one of 'accept', 'drop', 'normal', 'return', or { goto: name }, found \"reject\"",
      "11:5 /tables/a/flow: unknown key 'flow'; did you mean 'flows'?",
    ],
  },
  {
    // What a flow looks like and what it means, in several flows, all at once.
    tail: `tables:
  a:
    attach: forward
    miss: { goto: bb }
    flows:
      - { id: web, match: { tcp_dst: 80, ip_proto: udp }, actions: [accept] }
      - { prority: 5, match: { ipv4_src: "@offices" }, actions: [accept] }
      - { id: x, match: { ipv4_src: 10.0.0.300, foo: 1 }, actions: [drop, accept] }
      - accept
      - { id: y, priority: -1, actions: [{ dnat: "10.0.0.1" }] }
      - { id: web, actions: [{ output: wan }] }
`,
    problems: [
      "9:19 /tables/a/miss/goto: unknown table 'bb'",
      "11:29 /tables/a/flows/0/match/tcp_dst: flow 'web': tcp_dst needs ip_proto tcp, but ip_proto is udp",
      "12:11 /tables/a/flows/1/prority: flow 1: unknown key 'prority'; did you mean 'priority'?",
      "13:37 /tables/a/flows/2/match/ipv4_src: flow 'x': ipv4_src: expected an IPv4 address, prefix or range, found \"10.0.0.300\"",
      "13:49 /tables/a/flows/2/match/foo: flow 'x': unknown field 'foo'",
      "13:75 /tables/a/flows/2/actions/1: flow 'x': nothing can follow 'drop', which ends the flow",
      '14:9 /tables/a/flows/3: flow 3: expected a flow: { match, actions, … }, found "accept"',
      "15:28 /tables/a/flows/4/priority: flow 'y': expected an integer from 0 to 65535, found -1",
      "16:9 /tables/a/flows/5: flow 'web': output works only in tables reached from ingress alone, and packets come from forward (a)",
    ],
  },
  {
    // Beside what the schema finds elsewhere, flows are judged by their form.
    tail: `tables: { a: { flows: [{ id: web, cookie: x, actions: [] }] } }
engine: { queues: 0 }
`,
    problems: [
      "6:43 /tables/a/flows/0/cookie: flow 'web': expected a number of 64 bits, in quotes above 2^53, such as 7 or 0x2a, found \"x\"",
      "7:19 /engine/queues: expected an integer from 1 to 32, found 0",
    ],
  },
  {
    tail: `tables:
  a: { flows: [{ id: web, actions: [accept] }, { id: web, actions: [drop] }] }
  b: { flows: [{ id: web, actions: [accept] }] }
`,
    problems: [
      "7:54 /tables/a/flows/1/id: flow 'web': the table has a flow of this id already, at 7:22",
    ],
  },
  {
    tail: `tables:
  a: { attach: forward, miss: return }
  b: { miss: { goto: c } }
  c: { miss: { goto: d } }
  d: { flows: [{ id: back, actions: [{ jump: b }] }] }
  e: { miss: { goto: e } }
`,
    problems: [
      "7:31 /tables/a/miss: expected where packets go on, found \"return\": nothing jumps to table at 'forward', so there is nowhere to return to",
      "10:16 /tables/d/flows/0: flow 'back': tables must not lead in a circle: d -> b -> c -> d",
      "11:14 /tables/e/miss: tables must not lead in a circle: e -> e",
    ],
  },
  {
    tail: `tables:
  sent: { flows: [{ actions: [{ output: wan }] }] }
  pipeline: { attach: ingress, flows: [{ actions: [{ goto: sent }] }] }
  policy: { attach: forward, flows: [{ id: p, actions: [{ jump: sent }] }] }
`,
    problems: [
      "9:38 /tables/policy/flows/0: flow 'p': table 'sent' cannot be reached from here: output works only in tables reached from ingress alone, and packets come from forward (policy)",
    ],
  },
  {
    tail: `tables: { a: { flows: [{ actions: [] }, { actions: [] }] }, b: { flows: [{ actions: [] }] } }
sets: { s: { type: number, elements: [1, 2, 3] } }
engine: { limits: { rules: 2, set_elements: 2 } }
`,
    problems: [
      "6:9 /tables: expected at most 2 flows in all (engine.limits.rules), found 3",
      "7:7 /sets: expected at most 2 elements in all (engine.limits.set_elements), found 3",
    ],
  },
  {
    tail: `sets:
  a: { type: ip4 }
  b: { type: ipv4, element: [] }
  1c: { type: ipv4 }
tables: { t: { flows: [{ match: { ipv4_src: "@a" }, actions: [acept] }] } }
`,
    problems: [
      "7:14 /sets/a/type: expected ipv4, ipv6, mac, port or number, or several as in 'ipv4 . port', found \"ip4\"",
      "8:20 /sets/b/element: unknown key 'element'; did you mean 'elements'?",
      "9:3 /sets/1c: expected a name: a letter, then up to 31 letters, digits, '_', '.' or '-', found \"1c\"",
    ],
  },
  {
    tail: `sets:
  a: { type: ipv4, elements: [10.0.0.1, "fd00::1", 5] }
  b: { type: ipv4 . port, elements: ["10.0.0.1 . 80", "10.0.0.1", [10.0.0.2, 70000]] }
`,
    problems: [
      '7:41 /sets/a/elements/1: expected an IPv4 address, prefix or range, found "fd00::1"',
      "7:52 /sets/a/elements/2: expected an IPv4 address, prefix or range, found 5",
      '8:55 /sets/b/elements/1: expected an element made of ipv4 . port, found "10.0.0.1"',
      "8:67 /sets/b/elements/2: expected a number from 0 to 65535, a range or value/mask, found 70000",
    ],
  },
  {
    tail: `groups:
  a: { type: some, buckets: [] }
  b: { type: select }
`,
    problems: [
      "7:14 /groups/a/type: expected one of 'all', 'select', 'indirect', 'fast_failover', found \"some\"",
      "8:6 /groups/b: key 'buckets' is missing",
    ],
  },
  {
    tail: `groups:
  a: { type: all, buckets: [{ weight: 2, actions: [accept] }, { watch_port: lan, actions: [clear] }] }
  b: { type: fast_failover, buckets: [{ actions: [] }, { watch_port: wann, actions: [{ group: c }] }] }
  c: { type: indirect, buckets: [{ actions: [{ group: d }] }, { actions: [] }] }
  d: { type: all, buckets: [{ actions: [{ group: c }] }] }
`,
    problems: [
      "7:31 /groups/a/buckets/0/weight: 'weight' has no meaning in a group of type all; remove it",
      "7:52 /groups/a/buckets/0/actions/0: 'accept' ends a flow and has no meaning in a group",
      "7:65 /groups/a/buckets/1/watch_port: 'watch_port' has no meaning in a group of type all; remove it",
      "7:92 /groups/a/buckets/1/actions/0: 'clear' has no meaning in a group, which has no action set",
      "8:39 /groups/b/buckets/0: a bucket of a fast_failover group needs 'watch_port'",
      "8:70 /groups/b/buckets/1/watch_port: unknown port 'wann'; did you mean 'wan'?",
      "9:6 /groups/c: groups must not use each other in a circle: c -> d -> c",
      "9:33 /groups/c/buckets: expected the one bucket of an indirect group, found 2",
    ],
  },
  {
    tail: `meters:
  a: { rate: 10/s }
  b: { rate: 0mbit, burst: 64KB/s, exceed: dropp }
  c: { bands: [] }
`,
    problems: [
      '7:14 /meters/a/rate: expected a rate above zero such as 10mbit or 2kpps, found "10/s"',
      '8:14 /meters/b/rate: expected a rate above zero such as 10mbit or 2kpps, found "0mbit"',
      '8:28 /meters/b/burst: expected a size such as 64KiB, or a number of packets, found "64KB/s"',
      "8:44 /meters/b/exceed: expected one of 'drop', found \"dropp\"",
      "9:15 /meters/c/bands: expected a list of 1 to 4 items, found 0",
    ],
  },
  {
    tail: `meters:
  a: {}
  b: { rate: 2kpps, burst: 64KiB }
  c: { rate: 1mbit, bands: [{ rate: 1mbit }, { rate: 1kpps }] }
  d: { rate: 1mbit, exceed: {} }
`,
    problems: [
      "7:6 /meters/a: a meter needs 'rate' or 'bands'",
      '8:28 /meters/b/burst: expected a number of packets, as the rate\'s, found "64KiB"',
      "9:8 /meters/c/rate: 'rate' belongs into the bands of a meter that has some; remove it",
      '9:54 /meters/c/bands/1/rate: expected a rate in bits as in the first band, found "1kpps"',
      "10:29 /meters/d/exceed: expected one of 'drop', { dscp: n } and { dscp_remark: n }",
    ],
  },
  {
    tail: `mirrors:
  - { name: a, to: wann }
  - { name: a, to: wan }
`,
    problems: [
      "7:20 /mirrors/0/to: unknown port 'wann'; did you mean 'wan'?",
      "8:13 /mirrors/1/name: 'a' is listed twice, first at 7:13",
    ],
  },
  {
    tail: `mirrors:
  - { name: c, to: wan, ports: [lan], direction: ingress, vlans: [10, 30-20, 4095, x] }
`,
    problems: [
      "7:50 /mirrors/0/direction: expected one of 'in', 'out', 'both', found \"ingress\"",
      '7:71 /mirrors/0/vlans/1: expected a VLAN from 0 (untagged) to 4094, or a range such as 20-29, found "30-20"',
      "7:78 /mirrors/0/vlans/2: expected a VLAN from 0 (untagged) to 4094, or a range such as 20-29, found 4095",
      '7:84 /mirrors/0/vlans/3: expected a VLAN from 0 (untagged) to 4094, or a range such as 20-29, found "x"',
    ],
  },
  {
    tail: `mirrors:
  - { name: a, to: wan, ports: [lan, wan, lann, lan] }
  - { name: b, to: wan, direction: in }
`,
    problems: [
      "7:38 /mirrors/0/ports/1: 'wan' is where the copies go: expected another",
      "7:43 /mirrors/0/ports/2: unknown port 'lann'; did you mean 'lan'?",
      "7:49 /mirrors/0/ports/3: 'lan' is listed twice",
      "8:36 /mirrors/1/direction: a direction is that of 'ports' or 'vlans', and this mirror has neither",
    ],
  },
  {
    code: "CONFIG_UNSUPPORTED",
    tail: `mirrors: [{ name: a, to: wan, ports: [] }]
tables: { t: { attach: raw, flows: [{ id: f, actions: [learn] }, { actions: [{ learn: {} }] }] } }
`,
    problems: [
      "7:56 /tables/t/flows/0/actions/0: flow 'f': action 'learn' is not implemented in this version, but comes with a later one",
      "7:80 /tables/t/flows/1/actions/0/learn: flow 1: action 'learn' is not implemented in this version, but comes with a later one",
    ],
  },
];
