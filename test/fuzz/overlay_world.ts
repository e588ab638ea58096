// A router with everything of bridges and tunnels on, and loops of every kind within reach.
//
//   t1-t4, q1 ── [br0, VLANs] ── vx, gn, gt        x1 ── [br1] ══ cables ══ [br2] ── y1
//   lan ── [router] ── wan ── gateway, and all remotes     r1 ══ cable ══ r2: tunnels in a circle

import { DMZ, FAR, GATEWAY, HOST, LAN, OTHER, WAN } from "../path/world.ts";

export const REMOTES = ["198.51.100.7", "198.51.100.8", "198.51.100.9"] as const;
export const BRIDGE_MACS = {
  br0: "02:00:00:00:0b:00",
  vlan10: "02:00:00:00:0b:10",
  br1: "02:00:00:00:0b:01",
  routed: "02:00:00:00:99:01",
} as const;
/** What leaves by one of the two comes in by the other. */
export const CABLES: readonly (readonly [string, string])[] = [
  ["x2", "y2"],
  ["x3", "y3"],
  ["r1", "r2"],
];

const PORTS = `
  wan: { device: "pcap:", mac: "${WAN.mac}", addresses: [${WAN.ip4}/24, "${WAN.ip6}/64"], mss: mtu }
  lan: { device: "pcap:", mac: "${LAN.mac}", addresses: [${LAN.ip4}/24, "${LAN.ip6}/64"] }
  dmz: { device: "pcap:", mac: "${DMZ.mac}", mtu: 1280, addresses: [${DMZ.ip4}/24, "${DMZ.ip6}/64"] }
  t1: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20-29], native: 1 }, storm: { unknown: slow } }
  t2: { device: "pcap:", bridge: br0, vlan: { access: 10 }, mac_limit: 50, split_horizon: 3 }
  t3: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 100], native: 10, native_tagged: true, translate: { 110: 100 } }, split_horizon: 3 }
  t4: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 100], protocol: 802.1ad }, hairpin: true, mss: 1200 }
  q1: { device: "pcap:", bridge: br0, vlan: { tunnel: 100 }, storm: { broadcast: slow, multicast: slow } }
  x1: { device: "pcap:", bridge: br1 }
  x2: { device: "pcap:", bridge: br1 }
  x3: { device: "pcap:", bridge: br1 }
  y1: { device: "pcap:", bridge: br2 }
  y2: { device: "pcap:", bridge: br2 }
  y3: { device: "pcap:", bridge: br2 }
  r1: { device: "pcap:", mac: "02:00:00:00:00:51", vrf: red, addresses: [10.50.0.1/24] }
  r2: { device: "pcap:", mac: "02:00:00:00:00:52", vrf: blue, addresses: [10.50.0.2/24] }
  span: { device: "pcap:" }`;

const BRIDGES = `
  br0:
    mac: "${BRIDGE_MACS.br0}"
    ageing: 10s
    vlan_filtering: true
    suppression: true
    proxy: true
    loop_guard: 1000
    mac_limit: 2000
    addresses: [10.20.0.1/24, "fd00:20::1/64"]
    vlans:
      10: { mac: "${BRIDGE_MACS.vlan10}", addresses: [10.30.0.1/24], mtu: 1400 }
    stations:
      - { mac: "02:00:00:00:00:c1", vlan: 10, port: t2, ips: [10.30.0.7] }
      - { mac: "02:00:00:00:00:c2", vlan: 10, port: vx, remote: ${REMOTES[1]}, ips: [10.30.0.8] }
  br1: { mac: "${BRIDGE_MACS.br1}", mac_limit: 500, addresses: [10.40.0.1/24], forward_reserved: [14] }
  br2: { mac_limit: 500, loop_guard: 100 }`;

const END4 = `local: ${WAN.ip4}, remote: ${FAR.ip4}`;
const END6 = `local: "${WAN.ip6}", remote: "${FAR.ip6}"`;
const TUNNELS = `
  vx: { type: vxlan, vni: 100, local: ${WAN.ip4}, remote: [${REMOTES.join(", ")}], bridge: br0, vlan: { access: 10 } }
  vr: { type: vxlan, vni: 101, ${END4}, mac: "${BRIDGE_MACS.routed}", addresses: [10.99.0.1/24], ttl: inherit, df: inherit, mss: mtu }
  v6: { type: vxlan, vni: 102, ${END6}, bridge: br1, checksum: true }
  gn: { type: geneve, vni: 200, ${END4}, bridge: br0, vlan: { trunk: [10, 20-29, 100] }, options: [{ class: 0x0103, type: 0x80, data: "0a0b0c0d" }] }
  gf: { type: geneve, vni: flow, local: ${WAN.ip4}, remote: flow, mac: "${BRIDGE_MACS.routed}", addresses: [10.97.0.1/24] }
  g6: { type: geneve, vni: flow, local: "${WAN.ip6}", remote: flow, bridge: br1 }
  gr: { type: gre, ${END4} }
  gk: { type: gre, key: 7, ${END4}, checksum: true, sequence: true, df: false, addresses: [10.98.0.1/30] }
  gt: { type: gretap, key: 9, ${END4}, bridge: br0, vlan: { access: 20 }, sequence: true, split_horizon: 3 }
  nv: { type: nvgre, vsid: 4097, ${END4}, bridge: br1 }
  ii: { type: ipip, ${END4}, ttl: inherit, df: inherit }
  si: { type: sit, ${END4} }
  i6: { type: ip6tnl, ${END6} }
  mu: { type: mpls_udp, label: 100, ${END4} }
  e2: { type: erspan, version: 2, session: 5, ${END4} }
  e3: { type: erspan, version: 3, session: 6, ${END6} }
  self: { type: gre, key: 91, remote: 10.91.0.9 }
  one: { type: gre, key: 92, remote: 10.93.0.9, addresses: [10.90.0.2/32] }
  two: { type: ipip, remote: 10.92.0.9, addresses: [10.90.0.3/32] }
  la: { type: vxlan, vni: 105, local: 10.70.0.1, remote: 10.71.0.9, addresses: [10.70.0.1/24], mac: "02:00:00:00:00:70" }
  lb: { type: gretap, key: 106, local: 10.71.0.1, remote: 10.70.0.9, addresses: [10.71.0.1/24], mac: "02:00:00:00:00:71" }
  here: { type: vxlan, vni: 103, remote: 10.50.9.9, bridge: br1 }
  ring: { type: vxlan, vni: 104, local: 10.50.0.1, remote: 10.50.0.2, underlay: red, bridge: br1 }
  gnir: { type: vxlan, vni: 104, local: 10.50.0.2, remote: 10.50.0.1, underlay: blue, bridge: br2 }`;

const NEIGHBORS = `
  - { port: lan, ip: ${HOST.ip4}, mac: "${HOST.mac}" }
  - { port: lan, ip: "${HOST.ip6}", mac: "${HOST.mac}" }
  - { port: lan, ip: ${OTHER.ip4}, mac: "${OTHER.mac}" }
  - { port: wan, ip: ${GATEWAY.ip4}, mac: "${GATEWAY.mac}" }
  - { port: wan, ip: "${GATEWAY.ip6}", mac: "${GATEWAY.mac}" }
  - { port: vr, ip: 10.99.0.2, mac: "02:00:00:00:99:02" }
  - { port: gf, ip: 10.97.0.2, mac: "02:00:00:00:97:02" }
  - { port: br0.10, ip: 10.30.0.8, mac: "02:00:00:00:00:c2" }
  - { port: r1, ip: 10.50.0.2, mac: "02:00:00:00:00:52" }
  - { port: r2, ip: 10.50.0.1, mac: "02:00:00:00:00:51" }`;

const ROUTES = `
  - { to: 0.0.0.0/0, via: ${GATEWAY.ip4} }
  - { to: "::/0", via: "${GATEWAY.ip6}" }
  - { to: 10.91.0.0/16, port: self }
  - { to: 10.92.0.0/16, port: one }
  - { to: 10.93.0.0/16, port: two }
  - { to: 10.60.0.0/24, port: gr }
  - { to: 10.61.0.0/24, port: ii }
  - { to: 10.62.0.0/24, port: mu }
  - { to: "fd00:60::/64", port: si }
  - { to: "fd00:61::/64", port: i6 }
  - { to: 10.63.0.0/24, via: [{ ip: 10.99.0.2 }, { ip: 10.98.0.2 }] }`;

/** Flows at ingress that send into tunnels, before and beside what is built in. */
const FLOWS = `
tunnel_metadata:
  tun_metadata0: { class: 0x0102, type: 0x80, word: 0 }
  tun_metadata1: { class: 0x0102, type: 0x81, word: 1 }
tables:
  first:
    attach: ingress
    miss: accept
    flows:
      - { match: { in_port: lan, udp_dst: 7000 }, actions: [{ set_field: { tunnel_id: 5 } }, { set_field: { tunnel_dst: ${FAR.ip4} } }, { output: gf }, { output: vr }, { output: gt }, { output: dmz }] }
      - { match: { in_port: lan, udp_dst: 7001 }, actions: [{ set_field: { tunnel_id: 6 } }, { set_field: { tunnel_dst: "${FAR.ip6}" } }, { set_field: { tun_metadata0: 9 } }, { output: g6 }, { output: i6 }, normal] }
      - { match: { in_port: lan, udp_dst: 7002 }, actions: [flood] }
      - { match: { in_port: gf, tun_metadata0: 9 }, actions: [{ output: gf }] }
      - { match: { in_port: gn, tunnel_src: ${FAR.ip4}, udp_dst: 7003 }, actions: [{ output: self }, { output: br1 }, { output: ring }] }
      - { match: { in_port: x1, eth_type: 0x88b5 }, actions: [{ output: br0 }, { output: e2 }, normal] }
  policy:
    attach: forward
    flows:
      - { match: { udp_dst: 7004 }, actions: [reject] }
      - { match: { udp_dst: 7005 }, actions: [drop] }
`;

const MIRRORS = `
mirrors:
  - { name: all, ports: [lan, t1, vx, br0], direction: both, to: e2, snaplen: 128 }
  - { name: some, ports: [wan], direction: in, to: e3, sample: 3 }
  - { name: vlan, ports: [t3], direction: both, vlans: [10], to: span }
`;
const METERS = `
meters:
  slow: { bands: [{ rate: 10000pps, burst: 1000, exceed: drop }] }
`;

export interface OverlayOptions {
  /** More keys of `engine`. */
  readonly engine?: string;
  /** More of the configuration. */
  readonly more?: string;
  /** Nobody's MAC is known. */
  readonly strangers?: boolean;
}

export function overlayWorld({ engine, more = "", strangers }: OverlayOptions): string {
  const limits = "routes: 500, neighbors: 300, next_hops: 300, datagrams: 300, flows: 5000";
  const engines = `frames: 2048, frame_size: 4096${engine === undefined ? "" : `, ${engine}`}`;
  return `version: 1
engine: { ${engines}, icmp_errors: { rate: 100000/s, burst: 1000 }, limits: { ${limits} } }
vrfs: { red: {}, blue: {} }
ports:${PORTS}
bridges:${BRIDGES}
tunnels:${TUNNELS}
neighbors:${strangers ? " []" : NEIGHBORS}
routes:${ROUTES}
${METERS}${FLOWS}${MIRRORS}${more}`;
}
