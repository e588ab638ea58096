// Random OpenFlow tables and packets, through Open vSwitch's user-space datapath and through ours:
// every frame that comes out of either must come out of the other, byte for byte.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hex, toHex } from "../support/octets.ts";
import { OpenVSwitch, ovsAbsence } from "../support/ovs.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import { differences, explain, orders, type Sent } from "./ovs_comparison.ts";
import { RULES } from "./ovs_differences.ts";
import { type Description, ovsBundle, sluiceDocument } from "./ovs_flows.ts";
import { Generator } from "./ovs_generator.ts";
import { PacketMaker, type RandomPacket } from "./ovs_packets.ts";
import { Pool } from "./ovs_pool.ts";
import { PORTS } from "./ovs_terms.ts";

const TABLES = 500;
const BATCH = 50;
const PACKETS = 40;
/** Numbers of packets are theirs among all of the run. */
const NUMBERS = 64;
const SHOWN = 3;

const absent = ovsAbsence();
const reason = absent === undefined ? "" : ` (skipped: ${absent})`;

interface Case {
  readonly description: Description;
  readonly packets: readonly RandomPacket[];
}

function caseOf(seed: number): Case {
  const random = new Random(seed);
  const pool = new Pool(random);
  const generator = new Generator(random, pool);
  const description = generator.description();
  const maker = new PacketMaker(random, pool, generator.mostTags);
  const packets = Array.from({ length: PACKETS }, (_, n) => {
    const wanted = random.oneIn(4) ? undefined : pool.pick(description.flows);
    return maker.packet(seed * NUMBERS + n, wanted);
  });
  return { description, packets };
}

interface EngineAnswer {
  readonly frames: readonly Sent[];
  /** The same packets once more: what the flow cache remembers of them. */
  readonly again: readonly Sent[];
  readonly cacheHits: number;
}

async function throughEngine({ description, packets }: Case): Promise<EngineAnswer> {
  const router = await TestRouter.create(sluiceDocument(description));
  const pass = (time: number) => packets.map(({ port, bytes }) => arrival(port, bytes, { time }));
  const { departures, statistics } = router.run([...pass(0), ...pass(1)]);
  expect(frameLeaks(router.region)).toEqual([]);
  const frames = departures.filter(({ time }) => time < 1);
  const again = departures.filter(({ time }) => time >= 1);
  return { frames, again, cacheHits: statistics.cache.hits };
}

describe.skipIf(absent !== undefined)(`Open vSwitch${reason}`, () => {
  let ovs: OpenVSwitch;
  let compared = 0;
  let forwarded = 0;
  let cacheHits = 0;
  const explained = new Map(RULES.map(({ why }) => [why, 0]));

  beforeAll(async () => {
    ovs = await OpenVSwitch.start(PORTS);
  });
  afterAll(() => ovs?.close());

  it("does what its flows say", async () => {
    const address = "0a000007";
    const head = "0200000000020200000000010800";
    const frame = hex(`${head}4500001c0000000040060000${address}0a0000080000000000000000`);
    await ovs.load([
      "group add group_id=1,type=all,bucket=actions=output:2,bucket=actions=output:3",
      "flow add table=0,priority=5,in_port=1,eth_type=0x0800,actions=group:1",
      "flow add table=0,priority=4,eth_type=0x0800,actions=set_field:10.0.0.9->ip_src,output:1",
    ]);
    const out = await ovs.send([
      { port: "p1", bytes: frame },
      { port: "p2", bytes: frame },
    ]);
    expect(out.map(({ port }) => port)).toEqual(["p1", "p2", "p3"]);
    expect(out.map(({ bytes }) => toHex(bytes).slice(52, 60))).toEqual([
      "0a000009",
      address,
      address,
    ]);
  });

  /** What nobody has explained of a case. */
  async function unexplained(seed: number): Promise<string[]> {
    const one = caseOf(seed);
    const lines = ovsBundle(one.description);
    await ovs.load(lines);
    const theirs = await ovs.send(one.packets);
    const { frames, again, ...answer } = await throughEngine(one);
    cacheHits += answer.cacheHits;
    expect(differences(one.packets, frames, again)).toEqual([]);
    const found = differences(one.packets, theirs, frames);
    const open = found.filter((difference) => {
      const rule = RULES.find(({ holds }) => holds(difference));
      if (rule !== undefined) explained.set(rule.why, explained.get(rule.why)! + 1);
      return rule === undefined;
    });
    compared += one.packets.length;
    forwarded += new Set(theirs.map(({ bytes }) => toHex(bytes.slice(-4)))).size;
    if (found.length === 0) {
      expect(orders(one.packets, frames)).toEqual(orders(one.packets, theirs));
    }
    return open.map((difference) => `table ${seed}, ${explain(difference, lines)}`);
  }

  const batches = Array.from({ length: TABLES / BATCH }, (_, batch) => batch * BATCH + 1);
  it.each(batches)(`forwards the same with tables from number %i on`, async (first) => {
    const open: string[] = [];
    for (let seed = first; seed < first + BATCH; seed++) open.push(...(await unexplained(seed)));
    expect(open.slice(0, SHOWN), `${open.length} packets`).toEqual([]);
  });

  it("has been compared with on enough packets, and no rule for differences is idle", () => {
    expect(compared).toBeGreaterThanOrEqual(20_000);
    expect(forwarded).toBeGreaterThanOrEqual(compared / 2);
    expect(cacheHits).toBeGreaterThanOrEqual(compared / 2);
    expect([...explained].filter(([, times]) => times === 0)).toEqual([]);
  });
});
