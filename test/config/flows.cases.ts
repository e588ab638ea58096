// Matches and actions as people write them, and what is made or said of them. The world they are
// read in is WORLD.

export const WORLD = `version: 1
ports:
  lan: { device: "pcap:" }
  wan: { device: "pcap:" }
sets:
  office: { type: ipv4, elements: [192.0.2.0/25] }
  pairs: { type: ipv4 . port }
  macs: { type: mac }
  numbers: { type: number }
  both6: { type: [ipv6, ipv6, number] }
tables:
  pipeline: { attach: ingress, flows: [{ actions: [{ goto: shaped }] }] }
  shaped: {}
  policy: { attach: forward, flows: [{ actions: [{ jump: chain }] }] }
  chain: {}
  early: { attach: raw }
  alone: {}
groups: { g: { type: all, buckets: [{ actions: [{ output: wan }] }] } }
meters: { m: { rate: 10mbit } }
mirrors: [{ name: span, to: wan }]
`;

export interface MatchCase {
  readonly match: Readonly<Record<string, unknown>>;
  /** As writeMatch() shows it, prerequisites and all. */
  readonly text: string;
}

const IP = "eth_type [ipv4, ipv6]";
const TCP = `${IP}, ip_proto tcp`;

export const MATCH_CASES: readonly MatchCase[] = [
  { match: {}, text: "every packet" },
  { match: { in_port: "lan" }, text: "in_port lan" },
  { match: { in_port: ["lan", "wan"] }, text: "in_port [lan, wan]" },
  { match: { in_port: "!lan" }, text: "in_port !lan" },
  { match: { out_port: { not: ["wan"] } }, text: "out_port !wan" },
  { match: { eth_type: 0x0800 }, text: "eth_type ipv4" },
  { match: { eth_type: "ip" }, text: "eth_type ipv4" },
  { match: { eth_type: "0x88cc" }, text: "eth_type 0x88cc" },
  { match: { eth_type: "0x0800/0xff00" }, text: "eth_type 0x800/0xff00" },
  { match: { eth_dst: "02:00:00:00:00:0A" }, text: "eth_dst 02:00:00:00:00:0a" },
  { match: { eth_dst: "0200.0000.000a" }, text: "eth_dst 02:00:00:00:00:0a" },
  { match: { eth_dst: "02-00-00-00-00-0a" }, text: "eth_dst 02:00:00:00:00:0a" },
  {
    match: { eth_src: "03:00:00:00:00:01/01:00:00:00:00:00" },
    text: "eth_src 01:00:00:00:00:00/01:00:00:00:00:00",
  },
  {
    match: { eth_src: "02-00-00-00-00-01-02-00-00-00-00-09" },
    text: "eth_src 02:00:00:00:00:01-02:00:00:00:00:09",
  },
  { match: { eth_src: "@macs" }, text: "eth_src @macs" },
  { match: { vlan_vid: 10 }, text: "vlan_vid 10" },
  { match: { vlan_vid: 0x100a }, text: "vlan_vid 10" },
  { match: { vlan_vid: "none" }, text: "vlan_vid none" },
  { match: { vlan_vid: "!none" }, text: "vlan_vid !none" },
  { match: { vlan_vid: "any" }, text: "vlan_vid any" },
  { match: { vlan_vid: "0x1000/0x1000" }, text: "vlan_vid any" },
  { match: { vlan_vid: "0/0x1000" }, text: "vlan_vid none" },
  { match: { vlan_vid: [5, "10-20", "none"] }, text: "vlan_vid [5, 10-20, none]" },
  { match: { vlan_vid: "4/0xff4" }, text: "vlan_vid 0x1004/0x1ff4" },
  { match: { vlan_pcp: 0 }, text: "vlan_pcp 0, vlan_vid any" },
  { match: { vlan_pcp: 3, vlan_vid: 7 }, text: "vlan_pcp 3, vlan_vid 7" },
  { match: { vlan_pcp: 3, vlan_vid: ["none", 7] }, text: "vlan_pcp 3, vlan_vid 7" },
  { match: { vlan_pcp: 3, vlan_vid: "!7" }, text: "vlan_pcp 3, vlan_vid !7, vlan_vid any" },
  { match: { inner_vlan_pcp: 1 }, text: "inner_vlan_pcp 1, inner_vlan_vid any" },
  { match: { mpls_label: 16 }, text: "mpls_label 16, eth_type [mpls, 0x8848]" },
  { match: { mpls_bos: 1, eth_type: 0x8848 }, text: "mpls_bos 1, eth_type 0x8848" },
  { match: { pbb_isid: "0xabc" }, text: "pbb_isid 2748, eth_type pbb" },
  { match: { arp_op: "request" }, text: "arp_op request, eth_type arp" },
  {
    match: { arp_tpa: "10.0.0.1", arp_sha: "02:00:00:00:00:01" },
    text: "arp_tpa 10.0.0.1, arp_sha 02:00:00:00:00:01, eth_type arp",
  },
  { match: { ip_proto: "tcp" }, text: `ip_proto tcp, ${IP}` },
  { match: { ip_proto: [6, 17] }, text: `ip_proto [tcp, udp], ${IP}` },
  { match: { ip_proto: "!tcp", eth_type: "ipv4" }, text: "ip_proto !tcp, eth_type ipv4" },
  { match: { ip_dscp: 46, eth_type: 0x0800 }, text: "ip_dscp 46, eth_type ipv4" },
  { match: { ip_frag: "later" }, text: `ip_frag later, ${IP}` },
  { match: { ip_frag: ["no", "first"] }, text: `ip_frag [no, first], ${IP}` },
  { match: { ipv4_src: "10.0.0.0/8" }, text: "ipv4_src 10.0.0.0/8, eth_type ipv4" },
  { match: { ipv4_src: "10.1.2.3/8" }, text: "ipv4_src 10.0.0.0/8, eth_type ipv4" },
  {
    match: { ipv4_src: "10.0.0.5/255.0.0.255" },
    text: "ipv4_src 10.0.0.5/255.0.0.255, eth_type ipv4",
  },
  { match: { ipv4_src: "10.0.0.1-10.0.0.9" }, text: "ipv4_src 10.0.0.1-10.0.0.9, eth_type ipv4" },
  { match: { ipv4_dst: "0.0.0.0/0" }, text: "ipv4_dst 0.0.0.0/0, eth_type ipv4" },
  { match: { ipv4_src: "!@office" }, text: "ipv4_src !@office, eth_type ipv4" },
  {
    match: { ipv4_src: { in: "10.0.0.0/8", not: "@office" } },
    text: "ipv4_src 10.0.0.0/8, ipv4_src !@office, eth_type ipv4",
  },
  { match: { ipv6_src: "FD00::/8" }, text: "ipv6_src fd00::/8, eth_type ipv6" },
  { match: { ipv6_dst: "::1/::ffff" }, text: "ipv6_dst ::1/::ffff, eth_type ipv6" },
  { match: { ipv6_dst: "::1-::5" }, text: "ipv6_dst ::1-::5, eth_type ipv6" },
  { match: { ipv6_exthdr: "+hop-frag" }, text: "ipv6_exthdr -frag+hop, eth_type ipv6" },
  {
    match: { ipv6_nd_target: "fe80::1" },
    text: "ipv6_nd_target fe80::1, eth_type ipv6, ip_proto icmpv6, icmpv6_type [135, 136]",
  },
  {
    match: { ipv6_nd_tll: "02:00:00:00:00:01" },
    text: "ipv6_nd_tll 02:00:00:00:00:01, eth_type ipv6, ip_proto icmpv6, icmpv6_type 136",
  },
  {
    match: { ipv6_nd_target: "fe80::1", icmpv6_type: 135 },
    text: "ipv6_nd_target fe80::1, icmpv6_type 135, eth_type ipv6, ip_proto icmpv6",
  },
  { match: { tcp_dst: 22 }, text: `tcp_dst 22, ${TCP}` },
  { match: { tcp_dst: [22, 443, "8000-8099"] }, text: `tcp_dst [22, 443, 8000-8099], ${TCP}` },
  { match: { tcp_dst: "0x1f40/0xfff8" }, text: `tcp_dst 0x1f40/0xfff8, ${TCP}` },
  { match: { tcp_dst: "80-80" }, text: `tcp_dst 80, ${TCP}` },
  { match: { tcp_dst: { not: [22, 23] } }, text: `tcp_dst not [22, 23], ${TCP}` },
  {
    match: { ipv4_src: "10.0.0.1", tcp_dst: 22 },
    text: "ipv4_src 10.0.0.1, tcp_dst 22, eth_type ipv4, ip_proto tcp",
  },
  {
    match: { eth_type: ["ip", "ipv6", "arp"], tcp_src: 1 },
    text: "eth_type [ipv4, ipv6], tcp_src 1, ip_proto tcp",
  },
  { match: { eth_type: "!ipv6", udp_src: 1 }, text: "eth_type ipv4, udp_src 1, ip_proto udp" },
  { match: { tcp_flags: "syn" }, text: `tcp_flags +syn, ${TCP}` },
  { match: { tcp_flags: "+syn-ack" }, text: `tcp_flags +syn-ack, ${TCP}` },
  { match: { tcp_flags: "syn/syn,ack" }, text: `tcp_flags +syn-ack, ${TCP}` },
  { match: { tcp_flags: "0/syn,ack" }, text: `tcp_flags -syn-ack, ${TCP}` },
  { match: { tcp_flags: 2 }, text: `tcp_flags 0x2, ${TCP}` },
  { match: { tcp_flags: ["fin", "rst"] }, text: `tcp_flags [+fin, +rst], ${TCP}` },
  { match: { ct_state: ["established", "related"] }, text: "ct_state [+established, +related]" },
  { match: { ct_state: "!invalid" }, text: "ct_state !+invalid" },
  { match: { icmpv4_type: 8 }, text: "icmpv4_type 8, eth_type ipv4, ip_proto icmp" },
  { match: { length: "0-128" }, text: "length 0-128" },
  { match: { tunnel_src: "10.0.0.0/8" }, text: "tunnel_src 10.0.0.0/8" },
  { match: { tunnel_src: "fd00::1" }, text: "tunnel_src fd00::1" },
  { match: { tunnel_dst: "192.0.2.1" }, text: "tunnel_dst 192.0.2.1" },
  {
    match: { metadata: "0xff00000000000000/0xff00000000000000" },
    text: "metadata 0xff00000000000000/0xff00000000000000",
  },
  { match: { metadata: 5 }, text: "metadata 5" },
  { match: { metadata: 0xffff_ffff_ffff_ffffn }, text: "metadata 18446744073709551615" },
  { match: { reg3: "0x10/0xf0", mark: "!0" }, text: "reg3 0x10/0xf0, mark !0" },
  {
    match: { "ipv4_src . tcp_dst": "@pairs" },
    text: "ipv4_src . tcp_dst @pairs, eth_type ipv4, ip_proto tcp",
  },
  {
    match: { "ipv4_src.udp_dst": "!@pairs" },
    text: "ipv4_src . udp_dst !@pairs, eth_type ipv4, ip_proto udp",
  },
  {
    match: { "ipv4_dst . sctp_src": { not: "@pairs" } },
    text: "ipv4_dst . sctp_src !@pairs, eth_type ipv4, ip_proto sctp",
  },
  {
    match: { "ipv6_src . ipv6_dst . ip_proto": "@both6" },
    text: "ipv6_src . ipv6_dst . ip_proto @both6, eth_type ipv6",
  },
  { match: { tcp_dst: "@numbers" }, text: `tcp_dst @numbers, ${TCP}` },
];

export interface BadCase {
  readonly wrong: unknown;
  /** "pointer: message" of every problem. */
  readonly problems: readonly string[];
}

const RANGE = "a range or value/mask";

export const BAD_MATCHES: readonly BadCase[] = [
  { wrong: { foo: 1 }, problems: ["/foo: unknown field 'foo'"] },
  {
    wrong: { tcp_dstt: 1 },
    problems: ["/tcp_dstt: unknown field 'tcp_dstt'; did you mean 'tcp_dst'?"],
  },
  {
    wrong: { __proto__x: 1, constructor: 2 },
    problems: [
      "/__proto__x: unknown field '__proto__x'",
      "/constructor: unknown field 'constructor'",
    ],
  },
  {
    wrong: { in_port: "lann" },
    problems: ["/in_port: in_port: unknown port 'lann'; did you mean 'lan'?"],
  },
  { wrong: { in_port: 0 }, problems: ["/in_port: in_port: expected the name of a port, found 0"] },
  {
    wrong: { tcp_dst: 70000, ipv4_src: "fd00::1" },
    problems: [
      `/tcp_dst: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found 70000`,
      '/ipv4_src: ipv4_src: expected an IPv4 address, prefix or range, found "fd00::1"',
    ],
  },
  {
    wrong: { tcp_dst: -1 },
    problems: [`/tcp_dst: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found -1`],
  },
  {
    wrong: { tcp_dst: 1.5 },
    problems: [`/tcp_dst: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found 1.5`],
  },
  {
    wrong: { tcp_dst: "022" },
    problems: [`/tcp_dst: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found "022"`],
  },
  {
    wrong: { tcp_dst: null },
    problems: [`/tcp_dst: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found nothing`],
  },
  { wrong: { tcp_dst: [] }, problems: ["/tcp_dst: tcp_dst: an empty list matches nothing"] },
  {
    wrong: { tcp_dst: [1, "x"] },
    problems: [`/tcp_dst/1: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found "x"`],
  },
  {
    wrong: { tcp_dst: [[1]] },
    problems: [`/tcp_dst/0: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found a list`],
  },
  {
    wrong: { tcp_dst: "9-3" },
    problems: ["/tcp_dst: tcp_dst: the range 9-3 is empty; did you mean 3-9?"],
  },
  {
    wrong: { ipv4_src: "10.0.0.9-10.0.0.1" },
    problems: [
      "/ipv4_src: ipv4_src: the range 10.0.0.9-10.0.0.1 is empty; did you mean 10.0.0.1-10.0.0.9?",
    ],
  },
  {
    wrong: { tcp_dst: [22, "!23"] },
    problems: [
      `/tcp_dst/1: tcp_dst: expected a number from 0 to 65535, ${RANGE}, found "!23": '!' negates a whole condition; use { in: …, not: … }`,
    ],
  },
  {
    wrong: { tcp_dst: {} },
    problems: ["/tcp_dst: tcp_dst: expected 'in', 'not' or both, found nothing"],
  },
  {
    wrong: { tcp_dst: { nott: 1 } },
    problems: ["/tcp_dst/nott: tcp_dst: unknown key 'nott'; did you mean 'not'?"],
  },
  {
    wrong: { tcp_dst: { in: [22, 23], not: "20-30" } },
    problems: ["/tcp_dst: tcp_dst: 'not' takes away everything that 'in' asks for"],
  },
  {
    wrong: { ipv4_src: "10.0.0.0/33" },
    problems: [
      '/ipv4_src: ipv4_src: expected an IPv4 address, prefix or range, found "10.0.0.0/33"',
    ],
  },
  {
    wrong: { metadata: 2 ** 60 },
    problems: [
      "/metadata: metadata: write a number this large in quotes, or it is rounded; found 1152921504606847000",
    ],
  },
  {
    wrong: { tcp_flags: "syn,ack" },
    problems: [
      '/tcp_flags: tcp_flags: "syn,ack" has two readings: write "+a+b" for all of them, [a, b] for any',
    ],
  },
  {
    wrong: { ip_frag: "maybe" },
    problems: [
      "/ip_frag: ip_frag: expected one of 'no', 'yes', 'first', 'later', 'not_later', found \"maybe\"",
    ],
  },
  {
    wrong: { vlan_vid: 9000 },
    problems: [
      "/vlan_vid: vlan_vid: expected a VLAN from 0 to 4095, 'none', 'any', a range or value/mask, found 9000",
    ],
  },
  // Prerequisites and contradictions
  {
    wrong: { tcp_dst: 80, ip_proto: "udp" },
    problems: ["/tcp_dst: tcp_dst needs ip_proto tcp, but ip_proto is udp"],
  },
  {
    wrong: { ipv4_src: "10.0.0.1", eth_type: "ipv6" },
    problems: ["/ipv4_src: ipv4_src needs eth_type ipv4, but eth_type is ipv6"],
  },
  {
    wrong: { ipv4_src: "10.0.0.1", ipv6_dst: "::1" },
    problems: ["/ipv6_dst: ipv6_dst needs eth_type ipv6, but ipv4_src needs eth_type ipv4"],
  },
  {
    wrong: { tcp_dst: 80, udp_dst: 80 },
    problems: ["/udp_dst: udp_dst needs ip_proto udp, but tcp_dst needs ip_proto tcp"],
  },
  {
    wrong: { arp_op: 1, ip_proto: 6 },
    problems: ["/ip_proto: ip_proto needs eth_type ipv4 or ipv6, but arp_op needs eth_type arp"],
  },
  {
    wrong: { tcp_dst: 80, ip_proto: "!tcp" },
    problems: ["/tcp_dst: tcp_dst needs ip_proto tcp, but ip_proto is !tcp"],
  },
  {
    wrong: { ipv6_nd_sll: "02:00:00:00:00:01", icmpv6_type: 136 },
    problems: ["/ipv6_nd_sll: ipv6_nd_sll needs icmpv6_type 135, but icmpv6_type is 136"],
  },
  {
    wrong: { vlan_pcp: 3, vlan_vid: "none" },
    problems: ["/vlan_pcp: vlan_pcp needs a tag, but vlan_vid is none"],
  },
  {
    wrong: { "ipv4_src . tcp_dst": "@pairs", eth_type: "arp" },
    problems: ["/ipv4_src . tcp_dst: ipv4_src needs eth_type ipv4, but eth_type is arp"],
  },
  // Sets
  {
    wrong: { ipv4_src: "@offices" },
    problems: ["/ipv4_src: ipv4_src: unknown set 'offices'; did you mean 'office'?"],
  },
  {
    wrong: { ipv6_src: "@office" },
    problems: ["/ipv6_src: ipv6_src: set 'office' is made of ipv4, expected ipv6"],
  },
  {
    wrong: { ipv4_src: "@pairs" },
    problems: ["/ipv4_src: ipv4_src: set 'pairs' is made of ipv4 . port, expected ipv4"],
  },
  {
    wrong: { vlan_vid: "@numbers" },
    problems: [
      "/vlan_vid: vlan_vid: set 'numbers' is made of number, which this field takes no set for",
    ],
  },
  {
    wrong: { ipv4_src: ["@office"] },
    problems: [
      '/ipv4_src/0: ipv4_src: expected an IPv4 address, prefix or range, found "@office": a set stands alone; use { in: …, not: … }',
    ],
  },
  { wrong: { "ipv4_src . foo": "@pairs" }, problems: ["/ipv4_src . foo: unknown field 'foo'"] },
  {
    wrong: { "ipv4_src . tcp_dst": "x" },
    problems: [
      '/ipv4_src . tcp_dst: ipv4_src . tcp_dst: expected a set such as "@pairs" or "!@pairs", found "x"',
    ],
  },
  { wrong: [], problems: [": expected a mapping of fields to conditions, found a list"] },
];

export interface ActionCase {
  readonly table?: string;
  readonly actions: readonly unknown[];
  readonly model: readonly unknown[];
}

const set = (field: string, value: unknown, mask: unknown) => ({
  type: "set_field",
  field,
  value,
  mask,
});

export const ACTION_CASES: readonly ActionCase[] = [
  { actions: [], model: [] },
  { actions: ["accept"], model: [{ type: "accept" }] },
  { actions: ["drop"], model: [{ type: "drop" }] },
  { actions: ["reject"], model: [{ type: "reject", kind: "port-unreachable" }] },
  {
    actions: [{ reject: "icmp-admin-prohibited" }],
    model: [{ type: "reject", kind: "admin-prohibited" }],
  },
  {
    actions: [{ reject: "icmp6-adm-prohibited" }],
    model: [{ type: "reject", kind: "admin-prohibited" }],
  },
  { actions: [{ reject: "icmp6-no-route" }], model: [{ type: "reject", kind: "net-unreachable" }] },
  {
    actions: [{ reject: "icmp-proto-unreachable" }],
    model: [{ type: "reject", kind: "protocol-unreachable" }],
  },
  {
    actions: [{ reject: "prot-unreachable" }],
    model: [{ type: "reject", kind: "protocol-unreachable" }],
  },
  { actions: [{ reject: "tcp-reset" }], model: [{ type: "reject", kind: "tcp-reset" }] },
  { actions: [{ goto: "alone" }], model: [{ type: "goto", table: 5 }] },
  { actions: [{ jump: "alone" }], model: [{ type: "jump", table: 5 }] },
  { actions: ["return"], model: [{ type: "return" }] },
  { actions: ["continue"], model: [{ type: "continue" }] },
  {
    actions: [{ meter: "m" }, { mirror: "span" }, { count: "c" }],
    model: [
      { type: "meter", meter: 0 },
      { type: "mirror", mirror: 0 },
      { type: "count", counter: 0 },
    ],
  },
  { actions: ["log"], model: [{ type: "log", text: "", perSecond: undefined, burst: 5 }] },
  {
    actions: [{ log: { rate: "30/m", burst: 7, prefix: "x: " } }],
    model: [{ type: "log", text: "x: ", perSecond: 0.5, burst: 7 }],
  },
  { actions: [{ mark: 5 }], model: [set("mark", 5, 0xffffffff)] },
  { actions: [{ mark: "0x15/0xf0" }], model: [set("mark", 0x10, 0xf0)] },
  { actions: [{ metadata: "1/0xff" }], model: [set("metadata", 1n, 255n)] },
  {
    actions: [{ register: { reg0: 5, reg7: "0x1" } }],
    model: [set("reg0", 5, 0xffffffff), set("reg7", 1, 0xffffffff)],
  },
  {
    actions: [{ set_field: { ipv4_dst: "10.0.0.1", ipv6_src: "::1/64", tcp_src: 80 } }],
    model: [
      set("ipv4_dst", 0x0a000001, 0xffffffff),
      set("ipv6_src", 0n, ((1n << 64n) - 1n) << 64n),
      set("tcp_src", 80, 65535),
    ],
  },
  {
    actions: ["dec_ttl", { set_ttl: 64 }],
    model: [{ type: "dec_ttl" }, { type: "set_ttl", ttl: 64 }],
  },
  {
    table: "pipeline",
    actions: [
      { push_vlan: "qinq" },
      { set_field: { vlan_vid: 7, eth_dst: "02:00:00:00:00:01" } },
      { push_mpls: 0x8847 },
      { set_mpls_ttl: 3 },
      "copy_ttl_out",
      { pop_mpls: "ipv6" },
      { push_pbb: "pbb" },
      "pop_pbb",
      "pop_vlan",
      { output: "wan" },
      "in_port",
      "flood",
      "all",
      "normal",
      "local",
      { group: "g" },
      { goto: "shaped" },
    ],
    model: [
      { type: "push_vlan", etherType: 0x88a8 },
      set("vlan_vid", 0x1007, 0x1fff),
      set("eth_dst", 0x020000000001, 2 ** 48 - 1),
      { type: "push_mpls", etherType: 0x8847 },
      { type: "set_mpls_ttl", ttl: 3 },
      { type: "copy_ttl_out" },
      { type: "pop_mpls", etherType: 0x86dd },
      { type: "push_pbb", etherType: 0x88e7 },
      { type: "pop_pbb" },
      { type: "pop_vlan" },
      { type: "output", port: 1 },
      { type: "in_port" },
      { type: "flood" },
      { type: "all" },
      { type: "normal" },
      { type: "local" },
      { type: "group", group: 0 },
      { type: "goto", table: 1 },
    ],
  },
  {
    table: "shaped",
    actions: [
      "clear",
      { write: [{ output: "lan" }, "dec_mpls_ttl", { set_field: { ip_dscp: 1 } }] },
    ],
    model: [
      { type: "clear" },
      {
        type: "write",
        actions: [{ type: "output", port: 0 }, { type: "dec_mpls_ttl" }, set("ip_dscp", 1, 63)],
      },
    ],
  },
];

export interface BadActions extends BadCase {
  readonly table?: string;
}

const ONLY = "works only in tables reached from ingress alone, and packets come from";

export const BAD_ACTIONS: readonly BadActions[] = [
  { wrong: "accept", problems: [': expected a list of actions, found "accept"'] },
  { wrong: ["acept"], problems: ["/0: unknown action 'acept'; did you mean 'accept'?"] },
  {
    wrong: ["learn"],
    problems: ["/0: action 'learn' is not implemented in this version, but comes with a later one"],
  },
  { wrong: ["toString"], problems: ["/0: unknown action 'toString'"] },
  {
    wrong: [5, {}, { drop: null }],
    problems: [
      "/0: expected an action: a word such as accept, or one key as in { output: wan }; found 5",
      "/1: expected an action: a word such as accept, or one key as in { output: wan }; found a mapping",
      "/2/drop: 'drop' takes nothing; write it as a word",
    ],
  },
  {
    wrong: [{ mark: 1, count: "x" }],
    problems: [
      "/0: expected an action: a word such as accept, or one key as in { output: wan }; found the keys mark, count",
    ],
  },
  { wrong: ["drop", "log"], problems: ["/1: nothing can follow 'drop', which ends the flow"] },
  { wrong: ["goto"], problems: ["/0: 'goto' needs an argument, as in { goto: … }"] },
  {
    wrong: [{ goto: "pollicy" }],
    problems: ["/0/goto: unknown table 'pollicy'; did you mean 'policy'?"],
  },
  { wrong: [{ output: 1 }], problems: ["/0/output: expected the name of a port, found 1"] },
  {
    wrong: [{ reject: "tcp-rest" }],
    problems: [
      "/0/reject: expected one of 'net-unreachable', 'host-unreachable', 'protocol-unreachable', 'port-unreachable', 'net-prohibited', 'host-prohibited', 'admin-prohibited', 'policy-fail', 'reject-route', 'tcp-reset', found \"tcp-rest\"; did you mean 'tcp-reset'?",
    ],
  },
  {
    wrong: [{ set_ttl: 300 }, { set_ttl: "" }],
    problems: [
      "/0/set_ttl: expected a number from 0 to 255, found 300",
      '/1/set_ttl: expected a number from 0 to 255, found ""',
    ],
  },
  {
    wrong: [{ count: "a b" }],
    problems: [
      "/0/count: expected a name: a letter, then up to 31 letters, digits, '_', '.' or '-', found \"a b\"",
    ],
  },
  {
    wrong: [{ set_field: { in_port: "lan" } }],
    problems: ["/0/set_field/in_port: in_port cannot be set"],
  },
  {
    wrong: [{ set_field: { tcp_dsts: 1 } }],
    problems: ["/0/set_field/tcp_dsts: unknown field 'tcp_dsts'; did you mean 'tcp_dst'?"],
  },
  {
    wrong: [{ set_field: {} }],
    problems: ["/0/set_field: expected fields and values as in { eth_dst: … }, found a mapping"],
  },
  {
    wrong: [{ set_field: { tcp_dst: "1-5" } }],
    problems: [
      '/0/set_field/tcp_dst: tcp_dst: expected a number from 0 to 65535 or value/mask, found "1-5"',
    ],
  },
  {
    wrong: [{ set_field: { ipv4_dst: [1] } }],
    problems: ["/0/set_field/ipv4_dst: ipv4_dst: expected an IPv4 address or prefix, found a list"],
  },
  {
    table: "pipeline",
    wrong: [{ set_field: { vlan_vid: "none" } }],
    problems: [
      '/0/set_field/vlan_vid: vlan_vid: expected a VLAN from 0 to 4095 or value/mask, found "none"',
    ],
  },
  { wrong: [{ register: { mark: 1 } }], problems: ["/0/register/mark: unknown field 'mark'"] },
  {
    table: "pipeline",
    wrong: [{ push_vlan: 0x8847 }],
    problems: ["/0/push_vlan: expected an EtherType (vlan, qinq, 0x8100, 0x88a8), found 34887"],
  },
  {
    table: "pipeline",
    wrong: [{ pop_mpls: 5 }],
    problems: [
      "/0/pop_mpls: expected an EtherType (ip, ipv4, ipv6, arp, mpls, vlan, qinq, pbb, a number from 0x600), found 5",
    ],
  },
  {
    table: "pipeline",
    wrong: [{ write: ["drop", "log"] }, { write: "x" }],
    problems: [
      "/0/write/0: the action set cannot keep 'drop'",
      "/0/write/1: the action set cannot keep 'log'",
      '/1/write: expected a list of actions, found "x"',
    ],
  },
  {
    wrong: [{ log: { rates: 1, rate: "10mbit", burst: 0, prefix: 5 } }],
    problems: [
      "/0/log/rates: unknown key 'rates'; did you mean 'rate'?",
      '/0/log/rate: expected a rate above zero such as 10/s or 30/m, found "10mbit"',
      "/0/log/burst: expected an integer from 1 to 1000000, found 0",
      "/0/log/prefix: expected a text of at most 127 characters, found 5",
    ],
  },
  // Where actions may be
  { wrong: [{ output: "wan" }], problems: [`: output ${ONLY} forward (policy)`] },
  {
    table: "chain",
    wrong: ["pop_vlan"],
    problems: [`: pop_vlan ${ONLY} forward (policy -> chain)`],
  },
  {
    table: "early",
    wrong: [{ set_field: { eth_dst: "02:00:00:00:00:01" } }],
    problems: [`: set_field of eth_dst ${ONLY} raw (early)`],
  },
  { wrong: [{ write: [{ output: "wan" }] }], problems: [`: write ${ONLY} forward (policy)`] },
  {
    table: "chain",
    wrong: [{ goto: "policy" }],
    problems: [": tables must not lead in a circle: chain -> policy -> chain"],
  },
  {
    table: "alone",
    wrong: [{ jump: "alone" }],
    problems: [": tables must not lead in a circle: alone -> alone"],
  },
];
