// Ten million hostile packets through the whole path: no trap, no lost frame, balanced books, no
// byte of the tables changed, nothing sent that is no frame.

import { expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import type { FrameSink, SentFrame } from "../../src/memory/outputs.ts";
import type { Region } from "../../src/memory/region.ts";
import type { Statistics } from "../../src/memory/statistics.ts";
import { world } from "../path/world.ts";
import { imbalances } from "../support/accounts.ts";
import { Mutation } from "../support/mutation.ts";
import { frameLeaks, type RunOptions, TestRouter } from "../support/path.ts";
import { fuzzSeeds } from "./seeds.ts";

interface Campaign {
  readonly what: string;
  readonly configuration: string;
  readonly packets: number;
  readonly seed: number;
  /** Nanoseconds between packets. */
  readonly gap: number;
  readonly options?: RunOptions;
  /** Ports packets enter by: the first so many. */
  readonly ports?: number;
}

/** Everything on lan, wan and dmz, and two ports that take any MAC. */
const OPEN = `
  any: { device: "pcap:", addresses: [10.9.0.1/24, "fd00:9::1/64"] }
  red: { device: "pcap:", vrf: red, addresses: [10.0.0.1/24] }`;
const ROUTES = `
  - { to: 198.51.100.0/28, type: unreachable }
  - { to: 198.51.100.16/28, type: prohibit }
  - { to: 172.16.0.0/12, via: [{ ip: 10.0.0.2, weight: 2 }, { ip: 203.0.113.1 }, { ip: 10.0.0.77 }] }`;
const router = (engine: string) =>
  world({ ports: OPEN, routes: ROUTES, vrfs: "{ red: {} }", engine: `${engine}, ${FAST_ERRORS}` });
const FAST_ERRORS = "icmp_errors: { rate: 100000/s, burst: 1000 }";
const CROSS = world({
  ports: `
  one: { device: "pcap:", cross_connect: two }
  two: { device: "pcap:", cross_connect: one }`,
  engine: "verify_checksums: all",
})
  // The cross-connected ports come first, for packets to enter by.
  .replace(/ports:([\s\S]*)(\n {2}one[\s\S]*)\nneighbors/, "ports:$2$1\nneighbors");

const FEW = "limits: { flows: 5000, datagrams: 500, flow_extensions: 500,";

/** Connections, NAT of every kind, a service, fragments: in small tables that are soon full. */
const STATEFUL = (engine: string) => `
${router(engine).replace("limits: {", FEW)}
conntrack: { fragment_timeout: 1s, max_per_source: 300, zone_limits: { 5: 100 } }
services:
  - name: web
    vip: 203.0.113.80
    proto: tcp
    port: "1-65535"
    backends: [{ ip: 192.168.3.2 }, { ip: 192.168.3.3, port: 8080 }]
tables:
  zones:
    attach: raw
    flows:
      - { match: { udp_dst: 0-1023 }, actions: [{ ct: { zone: 5 } }, accept] }
      - { match: { udp_dst: 1024-2047 }, actions: [notrack, accept] }
  ports:
    attach: prerouting
    flows:
      - { match: { ipv4_dst: 198.51.100.32/28, ip_proto: tcp }, actions: [{ dnat: 192.168.3.2 }] }
      - { match: { in_port: lan, udp_dst: 53 }, actions: [redirect] }
  policy:
    attach: forward
    flows:
      - { match: { ct_state: [new], ip_proto: udp }, actions: [{ set_field: { ct_label: 7 } }, accept] }
  sources:
    attach: postrouting
    flows:
      - { match: { ipv4_src: 10.0.0.0/24, ip_proto: udp }, actions: [{ snat: "203.0.113.9:5000-5100" }] }
      - { match: { out_port: wan }, actions: [masquerade] }`;

const CAMPAIGNS: readonly Campaign[] = [
  {
    what: "router, IPv4 header checksums verified",
    configuration: router("queues: 1"),
    packets: 4_000_000,
    seed: 1,
    gap: 1_000,
  },
  {
    what: "router on three queues, all checksums verified",
    configuration: router("queues: 3, verify_checksums: all"),
    packets: 1_500_000,
    seed: 2,
    gap: 20_000,
  },
  {
    what: "router that believes everything and resolves its neighbors",
    configuration: router("verify_checksums: none"),
    packets: 2_000_000,
    seed: 3,
    gap: 300_000,
    options: { resolve: true },
  },
  {
    what: "router with the smallest frames",
    configuration: router("queues: 2").replace("frame_size: 4096", "frame_size: 512"),
    packets: 500_000,
    seed: 4,
    gap: 1_000,
  },
  {
    what: "cross-connect",
    configuration: CROSS,
    packets: 2_000_000,
    seed: 5,
    gap: 1_000,
    ports: 2,
  },
];
const WITH_STATE: readonly Campaign[] = [
  {
    what: "router with connections, NAT, services and fragments",
    configuration: STATEFUL("queues: 1"),
    packets: 1_000_000,
    seed: 6,
    gap: 100_000,
  },
  {
    what: "the same, no checksums verified, by another seed",
    configuration: STATEFUL("verify_checksums: none"),
    packets: 500_000,
    seed: 7,
    gap: 300_000,
  },
];
/** The same again with assertions. */
const PROBES: readonly Campaign[] = [...CAMPAIGNS, ...WITH_STATE].map((campaign) => ({
  ...campaign,
  what: `${campaign.what}, probe build`,
  packets: 150_000,
  seed: campaign.seed + 100,
  options: { ...campaign.options, build: "probe" },
}));

const seeds = fuzzSeeds();

/** Regions that only the host writes: a stray store of a kernel would show here. */
const READ_ONLY = [
  layout.REGION_PORTS,
  layout.REGION_VRFS,
  layout.REGION_FORWARDING,
  layout.REGION_BUCKETS,
  layout.REGION_LPM,
];

function tablesOf(region: Region): Buffer[] {
  return READ_ONLY.map((slot) =>
    Buffer.from(region.bytes(region.base(slot), Math.min(region.map.bytes[slot]!, 1 << 20))),
  );
}

/** Counts the frames that break a limit. */
class Limits {
  frames = 0;
  broken = 0;
  readonly #ports: number;
  readonly #longest: number;

  constructor(region: Region) {
    this.#ports = region.map.sizes.ports;
    this.#longest = region.map.sizes.frameSize - layout.HEADROOM;
  }

  readonly sink: FrameSink = ({ port, length, wireLength }: SentFrame) => {
    this.frames++;
    const sane = length >= 14 && length <= wireLength && length <= this.#longest;
    if (!sane || port >= this.#ports) this.broken++;
  };
}

interface Outcome {
  readonly statistics: Statistics;
  readonly limits: Limits;
  readonly tablesKept: boolean;
}

function runCampaign(router: TestRouter, campaign: Campaign): Outcome {
  const { packets, seed, gap, options = {} } = campaign;
  const ports = campaign.ports ?? router.model.ports.length;
  const mutation = new Mutation({ seed, frames: seeds, ports, gap });
  const limits = new Limits(router.region);
  const run = router.begin(options);
  const tables = tablesOf(router.region);
  for (let done = 0; done < packets; ) {
    const chunk = run.takeChunk(limits.sink);
    mutation.fill(chunk, packets - done);
    run.publish(chunk);
    done += chunk.count;
    run.step(limits.sink);
  }
  const statistics = run.finish(limits.sink);
  const now = tablesOf(router.region);
  return { statistics, limits, tablesKept: now.every((t, slot) => t.equals(tables[slot]!)) };
}

it("amounts to ten million packets", () => {
  expect(CAMPAIGNS.reduce((sum, { packets }) => sum + packets, 0)).toBe(10_000_000);
});

it.each([...CAMPAIGNS, ...WITH_STATE, ...PROBES])(
  "$what: $packets packets",
  async (campaign) => {
    const router = await TestRouter.create(campaign.configuration);
    const { statistics, limits, tablesKept } = runCampaign(router, campaign);
    const { packets, originated } = statistics;
    expect(packets.received).toBe(campaign.packets);
    expect(imbalances(statistics)).toEqual([]);
    expect(frameLeaks(router.region)).toEqual([]);
    expect(limits.broken).toBe(0);
    expect(limits.frames).toBe(packets.transmitted + originated.packets);
    expect(tablesKept).toBe(true);
    // A campaign that never gets anywhere would prove nothing.
    expect(packets.transmitted).toBeGreaterThan(campaign.packets / 20);
    expect(Object.keys(statistics.drops).length).toBeGreaterThan(20);
  },
  120_000,
);

it("makes no packet twice", async () => {
  const made = await TestRouter.create(router("queues: 1"));
  const mutation = new Mutation({ seed: 9, frames: seeds, ports: 1, gap: 1 });
  const chunk = made.begin().takeChunk(() => {});
  const seen = new Set<string>();
  let total = 0;
  for (let round = 0; round < 12; round++) {
    chunk.reset([0]);
    const view = new DataView(made.region.buffer, chunk.address + layout.CHUNK_DESCRIPTORS);
    mutation.fill(chunk, 8192);
    for (let number = 0; number < chunk.count; number++) {
      const at = number * layout.DESCRIPTOR_STRIDE;
      const offset = view.getUint32(at, true);
      const length = view.getUint32(at + layout.DESCRIPTOR_LENGTH, true);
      // Of the very short ones there are not enough different ones.
      if (length < 24) continue;
      total++;
      const bytes = Buffer.from(chunk.data.slice(offset, offset + length));
      seen.add(`${view.getUint8(at + layout.DESCRIPTOR_LINK)} ${bytes.toString("latin1")}`);
    }
  }
  expect(seen.size).toBeGreaterThan(total * 0.98);
});
