// Configurations that remember: NAT of all kinds, services, connections tracked at ingress; and
// which conversations go through them.

export interface Answer {
  readonly by: "lan" | "wan" | "dmz";
  /** Default: what the client has spoken to. */
  readonly from?: string;
  readonly port?: number;
  /** Whom it sees as the client; default: the client itself. */
  readonly to?: string;
}

/** One way conversations go. */
export interface Translation {
  readonly by: "lan" | "wan" | "dmz";
  readonly family: 4 | 6;
  readonly protocol?: "tcp" | "udp";
  /** Default: one of SERVERS. */
  readonly to?: string;
  readonly port?: number;
  readonly answers: readonly Answer[];
}

type Host = (number: number) => string;
type Hosts = Readonly<Record<4 | 6, Host>>;

export const CLIENTS: Readonly<Record<Translation["by"], Hosts>> = {
  lan: { 4: (n) => `10.2.${n & 3}.${1 + n}`, 6: (n) => `fd00:2::${(n + 1).toString(16)}` },
  wan: { 4: (n) => `192.0.2.${1 + n}`, 6: (n) => `2001:db8:5::${(n + 1).toString(16)}` },
  dmz: { 4: (n) => `10.1.0.${100 + (n & 63)}`, 6: (n) => `fd00:d::1:${(n + 1).toString(16)}` },
};
export const SERVERS: Hosts = {
  4: (n) => `198.51.100.${1 + n}`,
  6: (n) => `2001:db8:9::${n + 1}`,
};

const OUTSIDE = "203.0.113.2";
const BACKENDS = ["10.1.0.11", "10.1.0.12", "10.1.0.13"];
const fromBackends = (port?: number): Answer[] =>
  BACKENDS.map((from) => ({ by: "dmz", from, ...(port === undefined ? {} : { port }) }));

const SCHEDULERS = ["maglev", "rr", "wrr", "lc", "wlc", "sh"] as const;
const MODES = ["nat", "dsr", "ipip"] as const;

interface Service {
  readonly name: string;
  readonly vip: string;
  readonly scheduler: string;
  readonly mode: string;
  readonly proto: "tcp" | "udp";
}

/** Each scheduler in each mode. */
const SERVICES: readonly Service[] = SCHEDULERS.flatMap((scheduler, row) =>
  MODES.map((mode, column) => ({
    name: `${scheduler}-${mode}`,
    vip: `203.0.113.${100 + row * 3 + column}`,
    scheduler,
    mode,
    proto: (row + column) % 3 === 2 ? ("udp" as const) : ("tcp" as const),
  })),
);

export const translations: readonly Translation[] = [
  // Out by masquerade, by a range, by one address, and back
  { by: "lan", family: 4, answers: [{ by: "wan", to: OUTSIDE }] },
  { by: "lan", family: 4, answers: [{ by: "wan", to: OUTSIDE }] },
  { by: "lan", family: 6, answers: [{ by: "wan", to: "2001:db8:1::2" }] },
  { by: "dmz", family: 4, answers: [{ by: "wan", to: "203.0.113.20" }] },
  { by: "lan", family: 4, port: 443, answers: [{ by: "wan", to: "203.0.113.30" }] },
  // In by dnat, from outside and from inside
  {
    by: "wan",
    family: 4,
    protocol: "tcp",
    to: OUTSIDE,
    port: 8080,
    answers: [{ by: "dmz", from: "10.1.0.11", port: 80 }],
  },
  {
    by: "wan",
    family: 4,
    protocol: "udp",
    to: OUTSIDE,
    port: 53,
    answers: [{ by: "dmz", from: "10.1.0.12" }],
  },
  {
    by: "lan",
    family: 4,
    protocol: "tcp",
    to: OUTSIDE,
    port: 8080,
    answers: [{ by: "dmz", from: "10.1.0.11", port: 80 }],
  },
  {
    by: "dmz",
    family: 4,
    protocol: "tcp",
    to: OUTSIDE,
    port: 8080,
    answers: [{ by: "dmz", from: "10.1.0.11", port: 80, to: "10.1.0.1" }],
  },
  // To an address that flows exchange for another without NAT
  {
    by: "wan",
    family: 4,
    to: "203.0.113.200",
    answers: [{ by: "dmz", from: "10.1.0.13" }],
  },
  ...SERVICES.map(
    ({ vip, mode, proto }): Translation => ({
      by: "wan",
      family: 4,
      protocol: proto,
      to: vip,
      port: 80,
      answers: fromBackends(mode === "nat" ? 8080 : undefined),
    }),
  ),
];

function base(queues: number): string {
  return `
version: 1
engine:
  queues: ${queues}
  frames: ${queues * 64}
  frame_size: 131072
  verify_checksums: none
  icmp_errors: { rate: 20/s, burst: 3 }
  limits: { routes: 1000, neighbors: 64, next_hops: 64, flows: 2048, flow_extensions: 512,
    datagrams: 256, fragment_bytes: 262144, expectations: 256, backends: 256 }
ports:
  lan: { device: "pcap:", mtu: 1400, addresses: [10.0.0.1/24, "fd00:a::1/64"] }
  wan: { device: "pcap:", mtu: 1280, addresses: [203.0.113.2/24, "2001:db8:1::2/64"] }
  dmz: { device: "pcap:", mtu: 1280, addresses: [10.1.0.1/24, "fd00:d::1/64"] }
neighbors:
  - { port: wan, ip: 203.0.113.11, mac: "02:00:00:00:01:01" }
  - { port: lan, ip: 10.0.0.13, mac: "02:00:00:00:01:03" }
  - { port: wan, ip: "2001:db8:1::11", mac: "02:00:00:00:01:01" }
  - { port: lan, ip: "fd00:a::13", mac: "02:00:00:00:01:03" }
${[...BACKENDS, ...Array.from({ length: 64 }, (_, n) => CLIENTS.dmz[4](n))]
  .slice(0, 40)
  .map((ip, n) => `  - { port: dmz, ip: ${ip}, mac: "02:00:00:00:02:${(n + 16).toString(16)}" }`)
  .join("\n")}
routes:
  - { to: 0.0.0.0/0, via: 203.0.113.11 }
  - { to: 10.2.0.0/16, via: 10.0.0.13 }
  - { to: "::/0", via: "2001:db8:1::11" }
  - { to: "fd00:2::/64", via: "fd00:a::13" }
  - { to: 10.128.0.0/9, type: unreachable }
conntrack:
  checksum: false
  fragment_timeout: 5s
  timeouts: { tcp_established: 20s, tcp_syn_sent: 4s, udp: 3s, udp_stream: 6s, icmp: 2s }
`;
}

const NAT = `
tables:
  policy:
    attach: forward
    miss: accept
    flows:
      - { priority: 9, match: { ct_state: invalid, in_port: lan }, actions: [drop] }
      - { priority: 8, match: { ct_state: [established, related] }, actions: [accept] }
      - { priority: 7, match: { in_port: wan, ct_state: new, ip_proto: udp },
          actions: [{ set_field: { ct_mark: 7 } }, accept] }
  incoming:
    attach: prerouting
    flows:
      - { match: { ipv4_dst: 203.0.113.2, tcp_dst: 8080 }, actions: [{ dnat: "10.1.0.11:80" }] }
      - { match: { ipv4_dst: 203.0.113.2, udp_dst: 53 }, actions: [{ dnat: 10.1.0.12 }] }
  outgoing:
    attach: postrouting
    flows:
      - { priority: 9, match: { out_port: dmz, ipv4_src: 10.1.0.0/24 }, actions: [masquerade] }
      - { priority: 9, match: { out_port: wan, ipv4_src: 10.1.0.0/24 },
          actions: [{ snat: 203.0.113.20-203.0.113.23 }] }
      - { priority: 8, match: { out_port: wan, ipv4_src: 10.2.0.0/16, tcp_dst: 443 },
          actions: [{ snat: "203.0.113.30:2000-2400" }] }
      - { priority: 7, match: { out_port: wan, ipv4_src: 10.0.0.0/8 }, actions: [masquerade] }
      - { priority: 7, match: { out_port: wan, ipv6_src: "fd00::/16" }, actions: [masquerade] }
`;

const BALANCED = `
services:
${SERVICES.map(({ name, vip, proto, scheduler, mode }, number) => {
  const port = mode === "nat" ? ", port: 8080" : "";
  const backends = BACKENDS.map((ip, n) => `{ ip: ${ip}${port}, weight: ${n + 1} }`);
  const affinity = number % 4 === 0 ? "\n    affinity: 5s" : "";
  return `  - name: ${name}
    vip: ${vip}
    proto: ${proto}
    port: 80
    scheduler: ${scheduler}
    mode: ${mode}${affinity}
    backends: [${backends.join(", ")}]`;
}).join("\n")}
`;

/** Zones by port; translation and marks at ingress, and then the built-in path. */
const AT_INGRESS = `
tables:
  start:
    attach: ingress
    miss: accept
    flows:
      - { priority: 9, match: { in_port: lan, eth_type: ipv4 },
          actions: [{ ct: { zone: 7, nat: true, table: known } }] }
      - { priority: 9, match: { in_port: wan, eth_type: ipv4 },
          actions: [{ ct: { zone: 7, nat: true, table: known } }] }
      - { priority: 5, match: { in_port: dmz, eth_type: ipv4 },
          actions: [{ ct: { zone: 3, commit: true, mark: 3/0xf } }, normal] }
      - { priority: 5, match: { eth_type: ipv6 }, actions: [{ ct: { table: known } }] }
  known:
    miss: accept
    flows:
      - { priority: 9, match: { ct_state: invalid, in_port: wan }, actions: [drop] }
      - { priority: 8, match: { in_port: lan, ct_state: +new-related, ipv4_src: 10.2.0.0/16 },
          actions: [{ ct: { zone: 7, commit: true, mark: 1, nat: { snat: 203.0.113.2 } } },
            { ct: { zone: 9, table: second } }] }
      - { priority: 7, match: { in_port: wan, ct_state: +new-related, ipv4_dst: 203.0.113.2,
            tcp_dst: 8080 },
          actions: [{ ct: { zone: 7, commit: true, mark: 2, label: 0x5,
            nat: { dnat: "10.1.0.11:80" } } }, normal] }
      - { priority: 6, match: { ct_state: new, eth_type: ipv6 },
          actions: [{ ct: { commit: true, mark: 6 } }, normal] }
  second:
    miss: accept
    flows:
      - { match: { ct_state: new, eth_type: ipv4 },
          actions: [{ ct: { zone: 9, commit: true } }, normal] }
`;

/** Addresses exchanged before packets are tracked, and back behind that; in two places. */
const REWRITTEN = `
tables:
  early:
    attach: ingress
    miss: accept
    flows:
      - { match: { ipv4_dst: 203.0.113.200, ip_proto: tcp },
          actions: [{ set_field: { ipv4_dst: 10.1.0.13 } }, normal] }
  raw:
    attach: raw
    miss: accept
    flows:
      - { match: { ipv4_dst: 203.0.113.200 },
          actions: [{ set_field: { ipv4_dst: 10.1.0.13 } }, accept] }
  policy:
    attach: forward
    miss: accept
    flows:
      - { match: { ct_state: +established+reply }, actions: [{ set_field: { ct_mark: 1 } }, accept] }
  late:
    attach: postrouting
    flows:
      - { match: { ipv4_src: 10.1.0.13, out_port: wan },
          actions: [{ set_field: { ipv4_src: 203.0.113.200 } }, accept] }
`;

export const SETUPS: Readonly<Record<string, (queues: number) => string>> = {
  NAT: (queues) => `${base(queues)}${NAT}`,
  services: (queues) => `${base(queues)}${BALANCED}`,
  "NAT and services": (queues) => `${base(queues)}${NAT}${BALANCED}`,
  "addresses set before tracking": (queues) => `${base(queues)}${REWRITTEN}`,
  "ct at ingress": (queues) => `${base(queues)}${AT_INGRESS}`,
};
