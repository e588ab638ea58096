// Tunnels of the network layer between a router and one remote: packets both ways.

import { altered, ethernet } from "../../support/builder.ts";
import type { KernelPart } from "../../support/kernel_network.ts";
import { concat, type Octets } from "../../support/octets.ts";
import { Random } from "../../support/random.ts";
import type { Difference, OverlayScenario, OverlayStep } from "../overlay.ts";
import { gre, packetOf, plain, typeOf } from "./carriers.ts";
import { COPIED_MARK, ecnOf } from "./marks.ts";
import { ENGINE, macOfStation, step } from "./stations.ts";
import {
  FAR4,
  FAR6,
  KERNEL_UNDERLAY,
  outer,
  WAN,
  WAN_NEIGHBORS,
  WAN_PORT,
  WAN_ROUTES,
} from "./underlay.ts";

const PORTS = { p1: "02:00:00:00:00:01", wan: WAN.mac } as const;
const HOST = { mac: macOfStation(1), ip4: "10.20.0.9", ip6: "fd00:20::9" } as const;
const OTHER = { ip4: "10.99.0.2", ip6: "fd00:99::2" } as const;
const ROUND = 40;

interface Routed {
  readonly name: string;
  readonly needs: KernelPart;
  /** Of the underlay. */
  readonly family: 4 | 6;
  /** What it carries. */
  readonly inner: readonly (4 | 6)[];
  /** After "ip link add tun". */
  readonly kernel: string;
  readonly engine: string;
  readonly carry: (remote: string, frame: Octets, number: number, random: Random) => Octets;
  /** More steps behind the random ones. */
  readonly more?: (remote: string) => readonly OverlayStep[];
  readonly differs?: readonly Difference[];
}

/** An IP packet between the host and the other, in a frame from the host. */
function between(random: Random, inner: 4 | 6, away: boolean): Octets {
  const service = random.below(256);
  const ttl = 2 + random.below(250);
  const size = random.below(80);
  const [from, to] = away ? [HOST, OTHER] : [OTHER, HOST];
  const frame = ethernet(PORTS.p1, HOST.mac);
  const packet =
    inner === 4
      ? frame.ip4({
          from: from.ip4,
          to: to.ip4,
          service,
          ttl,
          id: random.below(65536),
          dontFragment: random.oneIn(2),
        })
      : frame.ip6({ from: from.ip6, to: to.ip6, service, hops: ttl });
  return packet.udp({ from: 1000, to: 2000 }).payload(size).bytes();
}

function stepsOf({ inner, family, carry, more }: Routed): OverlayStep[] {
  const random = new Random(inner.length * 100 + family);
  const remote = family === 4 ? FAR4[0] : FAR6[0];
  const both = Array.from({ length: ROUND }, (_, number) => {
    const kind = inner[random.below(inner.length)] ?? 4;
    const away = random.oneIn(2);
    const frame = between(random, kind, away);
    if (away) return step("p1", `${number}: IPv${kind} out`, frame);
    return step("wan", `${number}: IPv${kind} in`, carry(remote, frame, number, random));
  });
  return [...both, ...(more?.(remote) ?? [])];
}

export function routedScenario(routed: Routed): OverlayScenario {
  const { name, needs, family, kernel, engine } = routed;
  const [local, remote] = family === 4 ? [WAN.ip4, FAR4[0]] : [WAN.ip6, FAR6[0]];
  return {
    name,
    needs: [needs],
    ports: PORTS,
    kernel: [
      ...KERNEL_UNDERLAY,
      "ip addr add 10.20.0.1/24 dev p1",
      "ip addr add fd00:20::1/64 dev p1 nodad",
      `ip neigh replace ${HOST.ip4} lladdr ${HOST.mac} dev p1 nud permanent`,
      `ip neigh replace ${HOST.ip6} lladdr ${HOST.mac} dev p1 nud permanent`,
      `ip link add tun type ${kernel} local ${local} remote ${remote}`,
      "ip link set tun mtu 1400 up",
      "ip addr add 10.99.0.1/24 dev tun",
      "ip addr add fd00:99::1/64 dev tun nodad",
    ],
    engine: `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", mac: "${PORTS.p1}", addresses: [10.20.0.1/24, "fd00:20::1/64"] }
${WAN_PORT}
tunnels:
  tun:
    { ${engine}, local: "${local}", remote: "${remote}", mtu: 1400,
      addresses: [10.99.0.1/24, "fd00:99::1/64"] }
${WAN_ROUTES}
${WAN_NEIGHBORS}
  - { port: p1, ip: ${HOST.ip4}, mac: "${HOST.mac}" }
  - { port: p1, ip: "${HOST.ip6}", mac: "${HOST.mac}" }
`,
    steps: stepsOf(routed),
    differs: routed.differs ?? [],
  };
}

const greCarry: Routed["carry"] = (from, frame) =>
  gre({ from, service: 0 }, {}, typeOf(frame), packetOf(frame));
const plainCarry: Routed["carry"] = (from, frame, _number, random) =>
  plain({ from, service: random.below(4) }, packetOf(frame));

const sample = between(new Random(5), 4, false);
const inside = packetOf(sample);
const sample6 = between(new Random(6), 6, false);

/** The kernel's GRE over IPv6 leaves a traffic class it was told as it is (RFC 6040 4.1: no). */
const MARK_OF_SIX: Difference = {
  why: "the outer header has the inner ECN field beside a DSCP of its own",
  at: ({ port, frame }) => port === "p1" && ecnOf(frame) !== 0,
};

/** The kernel says port unreachable; for us it may be for a host's own protocols. */
const NO_TUNNEL: Difference = {
  why: "what belongs to no tunnel is the host's, who need not answer",
  at: ({ what }) => ["a key", "another key", "no key", "another remote"].includes(what),
};

/** RFC 2784 2.3: a receiver does as the packet's checksum bit says. */
const CHECKSUM_TAKEN: Difference = {
  why: "a checksum nobody demands is verified, and the packet taken",
  at: ({ what }) => what === "a checksum",
};

/** What a GRE endpoint with a key, checksums and sequence numbers does not take. */
function greDoubts(from: string): OverlayStep[] {
  const at = { from };
  const all = { key: 7, summed: true };
  const good = gre(at, { ...all, sequence: 1001 }, 0x0800, inside);
  const head = from.includes(":") ? 54 : 34;
  return [
    step("wan", "sequence 1000", gre(at, { ...all, sequence: 1000 }, 0x0800, inside)),
    step("wan", "sequence 1000 again", gre(at, { ...all, sequence: 1000 }, 0x0800, inside)),
    step("wan", "sequence 999", gre(at, { ...all, sequence: 999 }, 0x0800, inside)),
    step("wan", "no sequence", gre(at, all, 0x0800, inside)),
    step("wan", "no checksum", gre(at, { key: 7, sequence: 1010 }, 0x0800, inside)),
    step("wan", "wrong checksum", altered(good, head + 4, 1, 2)),
    step("wan", "another key", gre(at, { ...all, key: 8, sequence: 1011 }, 0x0800, inside)),
    step("wan", "no key", gre(at, { summed: true, sequence: 1012 }, 0x0800, inside)),
    step("wan", "sequence 5000", gre(at, { ...all, sequence: 5000 }, 0x0800, inside)),
  ];
}

/** What a GRE endpoint without any of these does not take. */
function greOddities(from: string): OverlayStep[] {
  const at = { from };
  return [
    step("wan", "version 1", gre(at, { flags: 1 }, 0x0800, inside)),
    step("wan", "routing", gre(at, { flags: 0x4000 }, 0x0800, inside)),
    step("wan", "a key", gre(at, { key: 3 }, 0x0800, inside)),
    step("wan", "a sequence number", gre(at, { sequence: 3 }, 0x0800, inside)),
    step("wan", "a checksum", gre(at, { summed: true }, 0x0800, inside)),
    step("wan", "IPv6 said to be IPv4", gre(at, {}, 0x0800, packetOf(sample6))),
    step("wan", "nothing inside", gre(at, {}, 0x0800, new Uint8Array())),
    step("wan", "half a header inside", gre(at, {}, 0x0800, inside.subarray(0, 12))),
    step("wan", "a longer packet said inside", gre(at, {}, 0x0800, inside.subarray(0, 30))),
    step("wan", "padding inside", gre(at, {}, 0x0800, concat(inside, new Uint8Array(7)))),
    step("wan", "half a GRE header", outer(at, 47).payload(2)),
    step("wan", "another remote", gre({ from: from.replace("7", "8") }, {}, 0x0800, inside)),
  ];
}

const ROUTED: readonly Routed[] = [
  {
    name: "gre4",
    needs: "gre",
    family: 4,
    inner: [4, 6],
    kernel: "gre ttl 64 tos inherit nopmtudisc ignore-df",
    engine: "type: gre, ttl: 64, dscp: inherit, df: false",
    carry: (from, frame, _number, random) =>
      gre({ from, service: random.below(4) }, {}, typeOf(frame), packetOf(frame)),
    more: greOddities,
    differs: [COPIED_MARK, NO_TUNNEL, CHECKSUM_TAKEN],
  },
  {
    name: "gre4-inherit",
    needs: "gre",
    family: 4,
    inner: [4, 6],
    kernel: "gre tos inherit ttl inherit pmtudisc",
    engine: "type: gre, ttl: inherit, dscp: inherit, df: true",
    carry: greCarry,
    differs: [COPIED_MARK],
  },
  {
    name: "gre4-all",
    needs: "gre",
    family: 4,
    inner: [4, 6],
    kernel: "gre ttl 64 tos 0x28 nopmtudisc ignore-df key 7 csum seq",
    engine: "type: gre, key: 7, checksum: true, sequence: true, ttl: 64, dscp: 10, df: false",
    carry: (from, frame, sequence) =>
      gre({ from }, { key: 7, summed: true, sequence }, typeOf(frame), packetOf(frame)),
    more: greDoubts,
    differs: [COPIED_MARK, NO_TUNNEL],
  },
  {
    name: "gre6",
    needs: "ip6gre",
    family: 6,
    inner: [4, 6],
    kernel: "ip6gre hoplimit 64 tclass inherit encaplimit none",
    engine: "type: gre, ttl: 64, dscp: inherit",
    carry: greCarry,
    more: greOddities,
    differs: [NO_TUNNEL, CHECKSUM_TAKEN],
  },
  {
    name: "gre6-all",
    needs: "ip6gre",
    family: 6,
    inner: [4, 6],
    kernel: "ip6gre hoplimit 64 tclass 0x28 encaplimit none key 7 csum seq",
    engine: "type: gre, key: 7, checksum: true, sequence: true, ttl: 64, dscp: 10",
    carry: (from, frame, sequence) =>
      gre({ from }, { key: 7, summed: true, sequence }, typeOf(frame), packetOf(frame)),
    more: greDoubts,
    differs: [NO_TUNNEL, MARK_OF_SIX],
  },
  {
    name: "ipip",
    needs: "ipip",
    family: 4,
    inner: [4],
    kernel: "ipip ttl 64 tos inherit pmtudisc",
    engine: "type: ipip, ttl: 64, dscp: inherit, df: true",
    carry: plainCarry,
    differs: [COPIED_MARK],
  },
  {
    name: "sit",
    needs: "sit",
    family: 4,
    inner: [6],
    kernel: "sit ttl 64 tos inherit pmtudisc",
    engine: "type: sit, ttl: 64, dscp: inherit, df: true",
    carry: plainCarry,
    differs: [COPIED_MARK],
  },
  {
    name: "ip6tnl",
    needs: "ip6tnl",
    family: 6,
    inner: [4, 6],
    kernel: "ip6tnl mode any hoplimit 64 tclass inherit encaplimit none",
    engine: "type: ip6tnl, ttl: 64, dscp: inherit",
    carry: plainCarry,
    differs: [COPIED_MARK],
  },
];

export const TUNNELS: readonly OverlayScenario[] = ROUTED.map(routedScenario);
