// Tunnels of Open vSwitch's user-space datapath: what flows send into them, and what comes out.

import type { Octets } from "../../support/octets.ts";
import { Random } from "../../support/random.ts";
import type { Difference, OverlayStep } from "../overlay.ts";
import { erspan2, erspan3, geneve, gre, packetOf, typeOf } from "./carriers.ts";
import { COPIED_MARK, HEARD_MARK, isTagged } from "./marks.ts";
import { ENGINE, macOfStation, randomFrame, step, tagged } from "./stations.ts";
import { FAR4, FAR6, vxlan, WAN, WAN_NEIGHBORS, WAN_PORT, WAN_ROUTES } from "./underlay.ts";

export interface SwitchScenario {
  readonly name: string;
  /** Columns of the tunnel's interface, as ovs-vsctl(8) sets them. */
  readonly tunnel: readonly string[];
  readonly engine: string;
  readonly steps: readonly OverlayStep[];
  /** Words of fields that flows set on the way into the tunnel. */
  readonly options: readonly SwitchOption[];
  readonly differs: readonly Difference[];
}

/** A Geneve option of one word, as a field. */
export interface SwitchOption {
  readonly field: string;
  readonly optionClass: number;
  readonly type: number;
  readonly value: number;
}

interface Kind {
  readonly name: string;
  readonly family: 4 | 6;
  readonly tunnel: readonly string[];
  readonly engine: string;
  /** Only IP packets without tags, as a tunnel of the network layer carries them. */
  readonly network?: boolean;
  readonly carry: (remote: string, frame: Octets, number: number, random: Random) => Octets;
  readonly options?: readonly SwitchOption[];
  readonly differs?: readonly Difference[];
}

const ROUND = 60;
const OPTIONS: readonly SwitchOption[] = [
  { field: "tun_metadata0", optionClass: 0x0102, type: 0x80, value: 0xa0b0c0d0 },
  { field: "tun_metadata1", optionClass: 0x0103, type: 0x01, value: 0x01020304 },
];
const GENEVE_OPTIONS = Uint8Array.from([
  ...[0x01, 0x02, 0x80, 1, 0xa0, 0xb0, 0xc0, 0xd0],
  ...[0x01, 0x03, 0x01, 1, 1, 2, 3, 4],
]);

/** draft-foschiano-erspan-03 4.2; the kernel says the VLAN, too. */
const VLAN_TOLD: Difference = {
  why: "ERSPAN's header says the VLAN of a tagged frame",
  at: ({ port, frame }) => port === "p1" && isTagged(frame),
};

function stepsOf({ family, network = false, carry }: Kind, seed: number): OverlayStep[] {
  const random = new Random(seed);
  const remote = family === 4 ? FAR4[0] : FAR6[0];
  return Array.from({ length: ROUND }, (_, number) => {
    let frame = randomFrame(random, macOfStation(2), macOfStation(1));
    const isIp = () => typeOf(frame) === 0x0800 || typeOf(frame) === 0x86dd;
    while (network && !isIp()) frame = randomFrame(random, macOfStation(2), macOfStation(1));
    if (!network && random.oneIn(4)) frame = tagged(frame, 0x2005);
    if (random.oneIn(2)) return step("p1", `${number}: out`, frame);
    return step("wan", `${number}: in`, carry(remote, frame, number, random));
  });
}

const KINDS: readonly Kind[] = [
  {
    name: "VXLAN over IPv4",
    family: 4,
    tunnel: ["type=vxlan", "options:key=100", "options:tos=inherit", "options:df_default=false"],
    engine: "type: vxlan, vni: 100, ttl: 64, dscp: inherit, df: false, checksum: false",
    carry: (from, frame, _number, random) =>
      vxlan({ from, vni: 100, service: random.below(4), summed: random.oneIn(2) }, frame),
    differs: [COPIED_MARK, HEARD_MARK],
  },
  {
    name: "VXLAN over IPv4 with checksums, a DSCP and DF",
    family: 4,
    tunnel: [
      "type=vxlan",
      "options:key=5000",
      "options:tos=0x28",
      "options:csum=true",
      "options:ttl=7",
    ],
    engine: "type: vxlan, vni: 5000, ttl: 7, dscp: 10, df: true, checksum: true",
    carry: (from, frame) => vxlan({ from, vni: 5000, summed: true }, frame),
    differs: [COPIED_MARK],
  },
  {
    name: "VXLAN over IPv6",
    family: 6,
    tunnel: ["type=vxlan", "options:key=100", "options:tos=inherit", "options:csum=true"],
    engine: "type: vxlan, vni: 100, ttl: 64, dscp: inherit, checksum: true",
    carry: (from, frame) => vxlan({ from, vni: 100, summed: true }, frame),
    differs: [COPIED_MARK],
  },
  {
    name: "Geneve over IPv4 with options",
    family: 4,
    tunnel: ["type=geneve", "options:key=300", "options:tos=inherit", "options:df_default=false"],
    engine: "type: geneve, vni: 300, ttl: 64, dscp: inherit, df: false, checksum: false",
    options: OPTIONS,
    carry: (from, frame) =>
      geneve({ from }, { vni: 300, critical: true, options: GENEVE_OPTIONS }, frame),
    differs: [COPIED_MARK],
  },
  {
    name: "Geneve over IPv6",
    family: 6,
    tunnel: ["type=geneve", "options:key=300", "options:csum=true"],
    engine: "type: geneve, vni: 300, ttl: 64, dscp: 0, checksum: true",
    carry: (from, frame) => geneve({ from }, { vni: 300 }, frame),
    differs: [COPIED_MARK],
  },
  {
    name: "GRE of frames with a key and checksums",
    family: 4,
    tunnel: ["type=gre", "options:key=9", "options:csum=true"],
    engine: "type: gretap, key: 9, checksum: true, ttl: 64, dscp: 0, df: true",
    carry: (from, frame) => gre({ from }, { key: 9, summed: true }, 0x6558, frame),
    differs: [COPIED_MARK],
  },
  {
    // Not with checksums, too: those of Open vSwitch 3.1 are made before the number is there.
    name: "GRE of frames with sequence numbers",
    family: 4,
    tunnel: ["type=gre", "options:seq=true"],
    engine: "type: gretap, sequence: true, ttl: 64, dscp: 0, df: true",
    carry: (from, frame, sequence) => gre({ from }, { sequence }, 0x6558, frame),
    differs: [COPIED_MARK],
  },
  {
    name: "GRE of frames over IPv6",
    family: 6,
    tunnel: ["type=gre", "options:tos=inherit"],
    engine: "type: gretap, ttl: 64, dscp: inherit",
    carry: (from, frame) => gre({ from }, {}, 0x6558, frame),
    differs: [COPIED_MARK],
  },
  {
    name: "GRE of packets",
    family: 4,
    network: true,
    tunnel: ["type=gre", "options:packet_type=legacy_l3", "options:key=9"],
    engine: "type: gre, key: 9, ttl: 64, dscp: 0, df: true",
    carry: (from, frame) => gre({ from }, { key: 9 }, typeOf(frame), packetOf(frame)),
    differs: [COPIED_MARK],
  },
  {
    name: "ERSPAN type II",
    family: 4,
    tunnel: ["type=erspan", "options:key=100", "options:erspan_ver=1", "options:erspan_idx=0x7b"],
    engine: "type: erspan, version: 2, session: 100, index: 123, ttl: 64, dscp: 0, df: true",
    carry: (from, frame, number) => erspan2({ from }, 100, 123, number, frame),
    differs: [COPIED_MARK, VLAN_TOLD],
  },
  {
    name: "ERSPAN type III",
    family: 4,
    tunnel: [
      ...["type=erspan", "options:key=100", "options:erspan_ver=2"],
      ...["options:erspan_dir=1", "options:erspan_hwid=0x11"],
    ],
    engine:
      "type: erspan, version: 3, session: 100, hardware: 17, direction: egress, ttl: 64, dscp: 0, df: true",
    carry: (from, frame, number) => erspan3({ from }, 100, (17 << 4) | 8, number, frame),
    differs: [COPIED_MARK, VLAN_TOLD],
  },
];

const metadata = (options: readonly SwitchOption[]) =>
  options.map(
    ({ field, optionClass, type }) =>
      `  ${field}: { class: ${optionClass}, type: ${type}, word: 0 }`,
  );

/** What goes in by p1 goes into the tunnel; what comes out of it, with its options, to p1. */
function documentOf({ family, engine, options = [] }: Kind): string {
  const [local, remote] = family === 4 ? [WAN.ip4, FAR4[0]] : [WAN.ip6, FAR6[0]];
  const set = options.map(({ field, value }) => `{ set_field: { ${field}: ${value} } }, `).join("");
  const match = options.map(({ field, value }) => `, ${field}: ${value}`).join("");
  const words = options.length > 0 ? ["tunnel_metadata:", ...metadata(options)] : [];
  return [
    "version: 1",
    ENGINE,
    'ports:\n  p1: { device: "pcap:", mac: "02:00:00:00:00:01" }',
    WAN_PORT,
    `tunnels:\n  tun: { ${engine}, local: "${local}", remote: "${remote}" }`,
    ...words,
    WAN_ROUTES,
    WAN_NEIGHBORS,
    "tables:\n  t0:\n    attach: ingress\n    miss: normal\n    flows:",
    `      - { match: { in_port: p1 }, actions: [${set}{ output: tun }] }`,
    `      - { match: { in_port: tun${match} }, actions: [{ output: p1 }] }`,
    "",
  ].join("\n");
}

export const SWITCH_TUNNELS: readonly SwitchScenario[] = KINDS.map((kind, number) => {
  const remote = kind.family === 4 ? FAR4[0] : FAR6[0];
  return {
    name: kind.name,
    // It takes no local address for its own without the system's routes.
    tunnel: [...kind.tunnel, `options:remote_ip="${remote}"`],
    engine: documentOf(kind),
    steps: stepsOf(kind, 500 + number),
    options: kind.options ?? [],
    differs: kind.differs ?? [],
  };
});
