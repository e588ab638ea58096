// VXLAN (RFC 7348) between a bridge or a router and remotes: frames both ways.

import { altered, ethernet } from "../../support/builder.ts";
import { concat, type Octets } from "../../support/octets.ts";
import { Random } from "../../support/random.ts";
import type { OverlayScenario, OverlayStep } from "../overlay.ts";
import { kernelBridge } from "./bridge.ts";
import { COPIED_MARK, MARK_BEHIND_TAG } from "./marks.ts";
import { BROADCAST, ENGINE, macOfStation, pick, randomFrame, step, tagged } from "./stations.ts";
import {
  FAR4,
  FAR6,
  KERNEL_UNDERLAY,
  vxlan,
  WAN,
  WAN_NEIGHBORS,
  WAN_PORT,
  WAN_ROUTES,
} from "./underlay.ts";

const PORTS = { p1: "02:00:00:00:00:01", p2: "02:00:00:00:00:02", wan: WAN.mac } as const;
const BRIDGED = `ports:
  p1: { device: "pcap:", mac: "${PORTS.p1}", bridge: br0 }
  p2: { device: "pcap:", mac: "${PORTS.p2}", bridge: br0 }
${WAN_PORT}`;
const BRIDGE = `bridges:\n  br0: { mac: "02:00:00:00:00:b0", vlan_filtering: false }`;

/** A bridge of p1, p2 and the tunnel. */
export const bridgedDocument = (tunnel: string) =>
  [
    "version: 1",
    ENGINE,
    BRIDGED,
    BRIDGE,
    `tunnels:\n  vx: ${tunnel}`,
    WAN_ROUTES,
    WAN_NEIGHBORS,
    "",
  ].join("\n");
export const bridgedKernel = (...tunnel: readonly string[]) => [
  ...KERNEL_UNDERLAY,
  ...tunnel,
  ...kernelBridge(["p1", "p2", "vx"]),
  "ip link set vx up",
];

/** The first six stations are at p1 and p2, the others at remotes; they speak in turns. */
export function conversation(
  seed: number,
  count: number,
  remotes: readonly string[],
  carry: (remote: string, frame: Octets, random: Random, number: number) => Octets,
): OverlayStep[] {
  const random = new Random(seed);
  const NEAR = 4;
  const ALL = NEAR + 2 * remotes.length;
  return Array.from({ length: count }, (_, number) => {
    const from = random.below(ALL);
    const to = random.oneIn(6) ? BROADCAST : macOfStation(random.below(ALL + 1));
    const inner = randomFrame(random, to, macOfStation(from));
    const frame = random.oneIn(5) ? tagged(inner, pick(random, [5, 0x2005])) : inner;
    const remote = remotes[(from - NEAR) >> 1] ?? "";
    const words = `${number}: ${from} to ${to}${frame === inner ? "" : ", tagged"}`;
    if (from < NEAR) return step(`p${1 + (from & 1)}`, words, frame);
    return step("wan", `${words}, from ${remote}`, carry(remote, frame, random, number));
  });
}

const VNI = 100;
/** Over IPv6 without checksums only where that is said (RFC 6935 5). */
const carried = (remote: string, frame: Octets, random: Random) =>
  vxlan({ from: remote, vni: VNI, summed: remote.includes(":") || random.oneIn(2) }, frame);

interface Simple {
  readonly name: string;
  readonly family: 4 | 6;
  /** Options of iproute2 and of the configuration. */
  readonly kernel: string;
  readonly engine: string;
  readonly seed: number;
  /** Some frames have marked packets behind tags. */
  readonly inherits?: boolean;
}

function simple({ name, family, kernel, engine, seed, inherits = false }: Simple): OverlayScenario {
  const [local, remote] = family === 4 ? [WAN.ip4, FAR4[0]] : [WAN.ip6, FAR6[0]];
  const ends = `local ${local} remote ${remote} dstport 4789`;
  const keys = `type: vxlan, vni: ${VNI}, local: "${local}", remote: "${remote}"`;
  const document = `{ ${keys}, bridge: br0, ${engine} }`;
  return {
    name,
    needs: ["bridge", "vxlan"],
    ports: PORTS,
    kernel: bridgedKernel(`ip link add vx type vxlan id ${VNI} ${ends} ${kernel}`),
    engine: bridgedDocument(document),
    steps: conversation(seed, 80, [remote], carried),
    differs: inherits ? [COPIED_MARK, MARK_BEHIND_TAG] : [COPIED_MARK],
  };
}

const SIMPLE: readonly Simple[] = [
  {
    name: "vxlan4",
    family: 4,
    kernel: "nolearning ttl 64 tos inherit df unset noudpcsum",
    engine: "ttl: 64, dscp: inherit, df: false, checksum: false",
    seed: 11,
  },
  {
    name: "vxlan4-checksum",
    family: 4,
    kernel: "nolearning ttl 9 tos 0x28 df set udpcsum",
    engine: "ttl: 9, dscp: 10, df: true, checksum: true",
    seed: 12,
  },
  {
    name: "vxlan4-inherit",
    family: 4,
    kernel: "nolearning ttl inherit tos inherit df inherit noudpcsum",
    engine: "ttl: inherit, dscp: inherit, df: inherit, checksum: false",
    seed: 13,
    inherits: true,
  },
  {
    name: "vxlan6",
    family: 6,
    kernel: "nolearning ttl 64 tos inherit udp6zerocsumrx",
    engine: "ttl: 64, dscp: inherit, checksum: true",
    seed: 14,
    inherits: true,
  },
  {
    name: "vxlan6-zero",
    family: 6,
    kernel: "nolearning ttl 5 tos 0x28 udp6zerocsumtx udp6zerocsumrx",
    engine: "ttl: 5, dscp: 10, checksum: false",
    seed: 15,
  },
];

/** Head-end replication, and remotes learned from what comes from them. */
const several: OverlayScenario = {
  name: "vxlan-several",
  needs: ["bridge", "vxlan"],
  ports: PORTS,
  kernel: bridgedKernel(
    `ip link add vx type vxlan id ${VNI} local ${WAN.ip4} dstport 4789 learning ttl 64 noudpcsum`,
    ...FAR4.map((remote) => `bridge fdb append 00:00:00:00:00:00 dev vx dst ${remote}`),
  ).concat([
    `bridge fdb append ${macOfStation(10)} dev vx dst ${FAR4[1]}`,
    `bridge fdb replace ${macOfStation(10)} dev vx master static sticky`,
  ]),
  engine: bridgedDocument(
    `{ type: vxlan, vni: ${VNI}, local: ${WAN.ip4}, remote: [${FAR4.join(", ")}], bridge: br0, ttl: 64, dscp: 0, df: false, checksum: false, learning: true }`,
  ).replace(
    "vlan_filtering: false",
    `vlan_filtering: false, stations: [{ mac: "${macOfStation(10)}", port: vx, remote: ${FAR4[1]} }]`,
  ),
  steps: conversation(16, 150, FAR4, (remote, frame) => vxlan({ from: remote, vni: VNI }, frame)),
  differs: [COPIED_MARK],
};

const inner = (service: number) =>
  ethernet(BROADCAST, macOfStation(9))
    .ip4({ from: "10.20.0.9", to: "10.20.0.1", service })
    .udp({ from: 1000, to: 2000 })
    .payload(20)
    .bytes();
const inner6 = (service: number) =>
  ethernet(BROADCAST, macOfStation(9))
    .ip6({ from: "fd00::9", to: "fd00::1", service })
    .udp({ from: 1000, to: 2000 })
    .payload(20)
    .bytes();

const ECN = [0, 1, 2, 3];
/** RFC 6040: every mark outside with every mark inside. */
const marks: OverlayStep[] = ECN.flatMap((without) =>
  ECN.flatMap((within) => {
    const options = { from: FAR4[0], vni: VNI, service: 0xb8 + without };
    const words = `${without} outside, ${within} inside`;
    return [
      step("wan", `IPv4, ECN ${words}`, vxlan(options, inner(0x50 + within))),
      step("wan", `IPv6, ECN ${words}`, vxlan(options, inner6(0x50 + within))),
      step("wan", `tagged, ECN ${words}`, vxlan(options, tagged(inner(0x50 + within), 7))),
    ];
  }),
);

const from = { from: FAR4[0], vni: VNI };
const whole = vxlan(from, inner(0));
/** The IP and UDP lengths say what they say, and there is only so much. */
function shortened(carriedBytes: number): Octets {
  return vxlan(from, inner(0).subarray(0, carriedBytes));
}

const hostile: OverlayStep[] = [
  step("wan", "all is well", whole),
  step("wan", "another VNI", vxlan({ ...from, vni: 101 }, inner(0))),
  step("wan", "an unknown remote", vxlan({ ...from, from: "192.0.2.99" }, inner(0))),
  step("wan", "to another address", vxlan({ ...from, to: "192.0.2.50" }, inner(0))),
  step("wan", "no valid VNI", vxlan({ ...from, flags: 0 }, inner(0))),
  step("wan", "another flag", vxlan({ ...from, flags: 0x0c000000 }, inner(0))),
  step("wan", "reserved bits in the flags", vxlan({ ...from, flags: 0x08000001 }, inner(0))),
  step("wan", "reserved byte behind the VNI", vxlan({ ...from, reserved: 5 }, inner(0))),
  step("wan", "a right checksum", vxlan({ ...from, summed: true }, inner(0))),
  step("wan", "a wrong checksum", altered(vxlan({ ...from, summed: true }, inner(0)), 40, 1, 2)),
  step("wan", "a wrong IP checksum", altered(whole, 24, 1, 2)),
  step("wan", "TTL 1", vxlan({ ...from, ttl: 1 }, inner(0))),
  step("wan", "nothing carried", shortened(0)),
  step("wan", "half an Ethernet header carried", shortened(7)),
  step("wan", "an Ethernet header carried", shortened(14)),
  step("wan", "an IP header cut short", shortened(24)),
  step("wan", "padding behind the datagram", concat(whole, new Uint8Array(9))),
  step("wan", "UDP length beyond the packet", altered(whole, 38, 2, 0)),
  step("wan", "UDP length 7", altered(whole, 38, 0, 7)),
  step("wan", "UDP length less than the packet", altered(whole, 38, 0, 40)),
  step("wan", "source is the bridge", vxlan(from, altered(inner(0), 6, 2, 0, 0, 0, 0, 0xb0))),
  step("wan", "source is a group", vxlan(from, altered(inner(0), 6, 1))),
  step("wan", "another port", vxlan({ ...from, port: 4790 }, inner(0))),
];

const received: OverlayScenario = {
  ...simple({
    name: "vxlan-received",
    family: 4,
    kernel: "nolearning ttl 64 noudpcsum",
    engine: "ttl: 64, dscp: 0, df: false, checksum: false",
    seed: 17,
  }),
  steps: [...marks, ...hostile],
  differs: [
    {
      why: "RFC 6040 for packets with a tag before them, too",
      at: ({ what }) => /^tagged, ECN (1 outside, 2|3 outside, [012]) inside$/.test(what),
    },
    {
      why: "only its remotes are heard by a tunnel that has any",
      at: ({ what }) => what === "an unknown remote",
    },
    {
      why: "RFC 7348 5: reserved bits are ignored",
      at: ({ what }) =>
        ["another flag", "reserved bits in the flags", "reserved byte behind the VNI"].includes(
          what,
        ),
    },
    {
      why: "what belongs to no tunnel is the host's, who need not answer",
      at: ({ what }) => what === "another port",
    },
  ],
};

const HOST = { mac: macOfStation(1), ip4: "10.20.0.9", ip6: "fd00:20::9" } as const;
const OTHER = { mac: macOfStation(2), ip4: "10.99.0.2", ip6: "fd00:99::2" } as const;
const VX_MAC = "02:00:00:00:00:0a";

const say4 = (ttl: number, service: number, size = 30, dontFragment = true) =>
  ethernet(PORTS.p1, HOST.mac)
    .ip4({ from: HOST.ip4, to: OTHER.ip4, ttl, service, dontFragment, id: 99 })
    .udp({ from: 1000, to: 2000 })
    .payload(size);
const say6 = (hops: number, service: number, size = 30) =>
  ethernet(PORTS.p1, HOST.mac)
    .ip6({ from: HOST.ip6, to: OTHER.ip6, hops, service })
    .udp({ from: 1000, to: 2000 })
    .payload(size);
const answer4 = ethernet(VX_MAC, OTHER.mac)
  .ip4({ from: OTHER.ip4, to: HOST.ip4, ttl: 33, service: 4 })
  .udp({ from: 2000, to: 1000 })
  .payload(30)
  .bytes();
const arp4 = ethernet(BROADCAST, OTHER.mac)
  .arp("request", { mac: OTHER.mac, ip: OTHER.ip4 }, { ip: "10.99.0.1" })
  .bytes();

/** A VXLAN device with addresses of its own. */
const routed: OverlayScenario = {
  name: "vxlan-routed",
  needs: ["vxlan"],
  ports: PORTS,
  kernel: [
    ...KERNEL_UNDERLAY,
    "ip addr add 10.20.0.1/24 dev p1",
    "ip addr add fd00:20::1/64 dev p1 nodad",
    `ip neigh replace ${HOST.ip4} lladdr ${HOST.mac} dev p1 nud permanent`,
    `ip link add vx address ${VX_MAC} type vxlan id ${VNI} local ${WAN.ip4} remote ${FAR4[0]} dstport 4789 ttl 64 tos inherit noudpcsum`,
    "ip link set vx mtu 1400 up",
    "ip addr add 10.99.0.1/24 dev vx",
    "ip addr add fd00:99::1/64 dev vx nodad",
    `ip neigh replace ${OTHER.ip4} lladdr ${OTHER.mac} dev vx nud permanent`,
    `ip neigh replace ${OTHER.ip6} lladdr ${OTHER.mac} dev vx nud permanent`,
  ],
  engine: `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", mac: "${PORTS.p1}", addresses: [10.20.0.1/24, "fd00:20::1/64"] }
  p2: { device: "pcap:", mac: "${PORTS.p2}" }
${WAN_PORT}
tunnels:
  vx:
    { type: vxlan, vni: ${VNI}, local: ${WAN.ip4}, remote: ${FAR4[0]}, ttl: 64, dscp: inherit,
      df: false, checksum: false, mtu: 1400, mac: "${VX_MAC}",
      addresses: [10.99.0.1/24, "fd00:99::1/64"] }
${WAN_ROUTES}
${WAN_NEIGHBORS}
  - { port: p1, ip: ${HOST.ip4}, mac: "${HOST.mac}" }
  - { port: vx, ip: ${OTHER.ip4}, mac: "${OTHER.mac}" }
  - { port: vx, ip: "${OTHER.ip6}", mac: "${OTHER.mac}" }
`,
  steps: [
    step("p1", "IPv4", say4(64, 0x2e)),
    step("p1", "IPv6", say6(64, 0x2d)),
    step("p1", "TTL 1", say4(1, 0)),
    step("p1", "as big as fits", say4(64, 0, 1372)),
    step("p1", "too big", say4(64, 0, 1373)),
    step("p1", "too big, and may be fragmented", say4(64, 0, 1400, false)),
    step("p1", "IPv6, as big as fits", say6(64, 0, 1352)),
    step("wan", "the other's packet", vxlan(from, answer4)),
    step("wan", "the other's packet, to another MAC", vxlan(from, altered(answer4, 5, 0x77))),
    step("wan", "the other asks for us", vxlan(from, arp4)),
  ],
};

export const VXLAN: readonly OverlayScenario[] = [...SIMPLE.map(simple), several, received, routed];
