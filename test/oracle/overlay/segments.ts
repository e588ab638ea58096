// Tunnels that carry Ethernet frames, as members of a bridge: Geneve, GRETAP, ERSPAN.

import type { KernelPart } from "../../support/kernel_network.ts";
import { concat, type Octets } from "../../support/octets.ts";
import { Random } from "../../support/random.ts";
import type { Difference, OverlayScenario, OverlayStep } from "../overlay.ts";
import { erspan2, erspan3, geneve, gre } from "./carriers.ts";
import { COPIED_MARK, MARK_BEHIND_TAG } from "./marks.ts";
import { BROADCAST, macOfStation, randomFrame, step } from "./stations.ts";
import { FAR4, FAR6, WAN } from "./underlay.ts";
import { bridgedDocument, bridgedKernel, conversation } from "./vxlan.ts";

const PORTS = { p1: "02:00:00:00:00:01", p2: "02:00:00:00:00:02", wan: WAN.mac } as const;

interface Segment {
  readonly name: string;
  readonly needs: KernelPart;
  readonly family: 4 | 6;
  /** After "ip link add vx type". */
  readonly kernel: string;
  readonly engine: string;
  readonly carry: (remote: string, frame: Octets, random: Random, number: number) => Octets;
  readonly more?: readonly OverlayStep[];
  readonly differs?: readonly Difference[];
}

/** The kernel's GRE looks for no packet behind a tag. */
const CLASS_BEHIND_TAG: Difference = {
  why: "what is inherited is that of packets with a tag before them, too",
  at: ({ what }) => what.includes("tagged"),
};

/** RFC 8926 3.4: what is for the endpoint itself is not carried on. */
const CONTROL: Difference = {
  why: "a control packet is the endpoint's own",
  at: ({ what }) => what === "a control packet",
};

const frame = randomFrame(new Random(77), BROADCAST, macOfStation(9));
const from = { from: FAR4[0] };
const OPTION = [0x01, 0x02, 0x80, 1, 1, 2, 3, 4];
const MINOR = [0x01, 0x02, 0x00, 1, 1, 2, 3, 4];

const geneveDoubts: readonly OverlayStep[] = [
  step("wan", "no options", geneve(from, { vni: 300 }, frame)),
  step("wan", "an option", geneve(from, { vni: 300, options: concat(MINOR) }, frame)),
  step(
    "wan",
    "a critical option",
    geneve(from, { vni: 300, critical: true, options: concat(OPTION) }, frame),
  ),
  step("wan", "another VNI", geneve(from, { vni: 301 }, frame)),
  step("wan", "another version", geneve(from, { vni: 300, version: 1 }, frame)),
  step("wan", "a control packet", geneve(from, { vni: 300, control: true }, frame)),
  step("wan", "IPv4 inside", geneve(from, { vni: 300, type: 0x0800 }, frame.subarray(14))),
  step(
    "wan",
    "options past the end",
    geneve(from, { vni: 300, options: new Uint8Array(252) }, frame).subarray(0, 100),
  ),
];

const SEGMENTS: readonly Segment[] = [
  {
    name: "geneve4",
    needs: "geneve",
    family: 4,
    kernel: `geneve id 300 remote ${FAR4[0]} ttl 64 tos inherit df unset noudpcsum`,
    engine: "type: geneve, vni: 300, ttl: 64, dscp: inherit, df: false, checksum: false",
    carry: (remote, inner, random) =>
      geneve({ from: remote, service: random.below(4) }, { vni: 300 }, inner),
    more: geneveDoubts,
    differs: [MARK_BEHIND_TAG, CONTROL],
  },
  {
    name: "geneve6",
    needs: "geneve",
    family: 6,
    kernel: `geneve id 300 remote ${FAR6[0]} ttl 9 tos 0x28 udp6zerocsumrx`,
    engine: "type: geneve, vni: 300, ttl: 9, dscp: 10, checksum: true",
    carry: (remote, inner) => geneve({ from: remote }, { vni: 300 }, inner),
    differs: [COPIED_MARK],
  },
  {
    name: "gretap4",
    needs: "gre",
    family: 4,
    kernel: [
      `gretap local ${WAN.ip4} remote ${FAR4[0]} ttl 64 tos inherit`,
      "nopmtudisc ignore-df key 9",
    ].join(" "),
    engine: "type: gretap, key: 9, ttl: 64, dscp: inherit, df: false",
    carry: (remote, inner, random) =>
      gre({ from: remote, service: random.below(4) }, { key: 9 }, 0x6558, inner),
    differs: [CLASS_BEHIND_TAG],
  },
  {
    name: "gretap6",
    needs: "ip6gre",
    family: 6,
    kernel: [
      `ip6gretap local ${WAN.ip6} remote ${FAR6[0]} hoplimit 64`,
      "tclass inherit encaplimit none",
    ].join(" "),
    engine: "type: gretap, ttl: 64, dscp: inherit",
    carry: (remote, inner) => gre({ from: remote }, {}, 0x6558, inner),
  },
  {
    name: "erspan2",
    needs: "erspan",
    family: 4,
    kernel: [
      `erspan local ${WAN.ip4} remote ${FAR4[0]} ttl 64 tos 0`,
      "nopmtudisc ignore-df seq key 100 erspan_ver 1 erspan 123",
    ].join(" "),
    engine: "type: erspan, version: 2, session: 100, index: 123, ttl: 64, dscp: 0, df: false",
    carry: (remote, inner, _random, number) => erspan2({ from: remote }, 100, 123, number, inner),
    differs: [COPIED_MARK],
  },
  {
    name: "erspan3",
    needs: "erspan",
    family: 4,
    kernel: [
      `erspan local ${WAN.ip4} remote ${FAR4[0]} ttl 64 tos 0`,
      "nopmtudisc ignore-df seq key 100 erspan_ver 2 erspan_dir",
      "egress erspan_hwid 17",
    ].join(" "),
    engine:
      "type: erspan, version: 3, session: 100, hardware: 17, direction: egress, ttl: 64, dscp: 0, df: false",
    carry: (remote, inner, _random, number) =>
      erspan3({ from: remote }, 100, (17 << 4) | 8, number, inner),
    differs: [COPIED_MARK],
  },
];

function scenario(segment: Segment): OverlayScenario {
  const { name, needs, family, kernel, engine, carry, more = [] } = segment;
  const [local, remote] = family === 4 ? [WAN.ip4, FAR4[0]] : [WAN.ip6, FAR6[0]];
  return {
    name,
    needs: ["bridge", needs],
    ports: PORTS,
    kernel: bridgedKernel(`ip link add vx type ${kernel}`),
    engine: bridgedDocument(`{ ${engine}, local: "${local}", remote: "${remote}", bridge: br0 }`),
    steps: [...conversation(name.length * 7 + family, 50, [remote], carry), ...more],
    differs: segment.differs ?? [],
  };
}

export const SEGMENT_TUNNELS: readonly OverlayScenario[] = SEGMENTS.map(scenario);
