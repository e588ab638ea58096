// Flows printed back into the form of the configuration: reading that gives the same flow again.

import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { FlowWriter } from "../../src/control/flow_text.ts";
import { runtimeReader } from "../../src/control/flows.ts";

const model = parseConfiguration(`
version: 1
ports:
  lan: { device: "null:", mac: "02:00:00:00:00:01" }
  wan: { device: "null:", mac: "02:00:00:00:00:02" }
sets: { office: { type: ipv4 }, pairs: { type: ipv4 . port } }
groups: { g: { type: all, buckets: [{ actions: [flood] }] } }
meters: { m: { rate: 10mbit, exceed: drop } }
mirrors: [{ name: span, to: wan }]
tables: { t: { attach: ingress }, u: {} }
conntrack: {}`);
const reader = runtimeReader(model);
const writer = new FlowWriter(model, () => reader.counters);

const MATCHES: readonly object[] = [
  {},
  { in_port: "lan" },
  { in_port: ["lan", "wan"] },
  { eth_src: "02:00:00:00:00:01", eth_dst: "01:00:00:00:00:00/01:00:00:00:00:00" },
  { vlan_vid: "none" },
  { vlan_vid: "any", vlan_pcp: 3 },
  { vlan_vid: [10, "20-30"] },
  { ipv4_src: "10.0.0.0/8", ipv4_dst: "!192.0.2.7" },
  { ipv4_src: "10.0.0.5-10.0.0.9" },
  { ipv4_src: "0.0.0.1/0.0.0.255" },
  { ipv6_dst: "2001:db8::/32", ipv6_flabel: "0x10/0xf0" },
  { ipv4_src: "@office" },
  { ipv4_src: "!@office" },
  { ipv4_src: { in: "10.0.0.0/8", not: ["10.1.0.0/16", "10.2.0.0/16"] } },
  { "ipv4_src . tcp_dst": "@pairs" },
  { "ipv4_src . tcp_dst": "!@pairs" },
  { tcp_dst: [22, 443, "8000-8099"] },
  { tcp_dst: "!1-1023", tcp_flags: "+syn-ack" },
  { tcp_flags: ["syn", "rst"] },
  { udp_src: { not: [53, 123] } },
  { ip_proto: "sctp", ip_frag: "later" },
  { ip_dscp: 46, ip_ecn: 1, ip_ttl: "0-1" },
  { icmpv6_type: 135, ipv6_nd_target: "fe80::1" },
  { arp_op: "request", arp_tpa: "10.0.0.1" },
  { mpls_label: 16, mpls_bos: 1 },
  { metadata: "0x1122334455667788/0xff00ff00ff00ff00", reg3: 7, mark: "0x80/0x80" },
  { tunnel_id: "18446744073709551615", tunnel_src: "198.51.100.7" },
  { ct_state: ["established", "related"], length: "64-127" },
];

const ACTIONS: readonly (readonly unknown[])[] = [
  ["accept"],
  ["drop"],
  [],
  [{ reject: "tcp-reset" }],
  [{ reject: "icmp-admin-prohibited" }],
  [{ goto: "u" }],
  [{ jump: "u" }],
  ["return"],
  [{ output: "wan" }, "in_port", "flood", "all", "normal", "local", "continue"],
  [{ set_field: { ipv4_dst: "10.0.0.1", tcp_dst: 80, vlan_vid: 7, eth_src: "02:00:00:00:00:09" } }],
  [{ set_field: { ipv6_src: "2001:db8::/64", ip_dscp: "0x8/0x38" } }],
  [{ mark: "0x10/0xf0" }, { metadata: 5 }, { register: { reg0: 1, reg7: 2 } }],
  [{ push_vlan: "qinq" }, "pop_vlan", { push_mpls: 0x8847 }, { pop_mpls: 0x0800 }],
  [{ push_pbb: 0x88e7 }, "pop_pbb", "dec_ttl", { set_ttl: 64 }, "dec_mpls_ttl"],
  [{ set_mpls_ttl: 3 }, "copy_ttl_in", "copy_ttl_out", { group: "g" }, { meter: "m" }],
  [{ mirror: "span" }, { count: "seen" }, { count: "again" }, "log"],
  [{ log: { rate: "10/s", burst: 7, prefix: "new: " } }, { log: { rate: "1/h" } }, "drop"],
  ["clear", { write: [{ output: "lan" }, { set_field: { vlan_pcp: 5 } }, { group: "g" }] }],
  [{ dnat: "[2001:db8::1]-[2001:db8::9]:80-90" }],
  [{ snat: { to: "198.51.100.0/24", persistent: true } }],
  [{ masquerade: { ports: 7, random: true } }],
  [{ redirect: 3128 }],
  ["save_mark", "restore_mark", "notrack", { helper: "tftp" }, "masquerade"],
  [{ ct: { zone: 5, commit: true, mark: "1/0xff", nat: { dnat: "10.0.0.5:80" }, table: "u" } }],
  ["ct", { set_field: { ct_mark: "1/0xff", ct_label: 7 } }, { ct: { nat: true } }],
];

/** A match of TCP, which a reset needs. */
const TCP = { ip_proto: "tcp" };

describe("flows as text", () => {
  it.each(MATCHES.map((match) => [JSON.stringify(match), match] as const))("%s", (_, match) => {
    const flow = reader.flow("t", { match, actions: ["drop"] });
    const text = writer.flow(flow);
    expect(reader.flow("t", JSON.parse(JSON.stringify(text)))).toEqual(flow);
  });

  it.each(ACTIONS.map((list) => [JSON.stringify(list), list] as const))("%s", (_, actions) => {
    const flow = reader.flow("t", { match: TCP, actions });
    const text = writer.flow(flow);
    expect(reader.flow("t", JSON.parse(JSON.stringify(text)))).toEqual(flow);
  });

  it("with everything else that flows have", () => {
    const document = {
      id: "web",
      priority: 7,
      cookie: "0x1234567890abcdef",
      idle_timeout: "1500ms",
      hard_timeout: "2h",
    };
    const flow = reader.flow("t", { ...document, actions: ["drop"] });
    expect(writer.flow(flow)).toEqual({
      ...document,
      hard_timeout: "7200000ms",
      match: {},
      actions: ["drop"],
    });
    expect(reader.flow("t", writer.flow(flow))).toEqual(flow);
  });
});
