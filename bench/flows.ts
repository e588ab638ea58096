// Flow tables in the whole path: what a packet costs with no table, one flow and thousands, with
// and without the flow cache; how fast flows are added and deleted; what is lost while they change.
//
//   npm run bench:flows

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Engine, type ReplayOptions } from "../src/engine.ts";
import { filterSets } from "./classbench.ts";
import { ReplayContestant, takeTurns } from "./contestants.ts";
import { type FlowText, flowRouter, flowsOf, headersFor, writeHeaders } from "./flow_traffic.ts";
import { ratios, type Summary, summarize } from "./statistics.ts";

const ROOT = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url),
);
const ROUNDS = 9;
const SECONDS = 0.4;
const FLOWS = 4096;
const PACKETS = 65_536;
const BUNDLE = 50_000;
/** Changes a second, one by one, and milliseconds between groups of them. */
const CHANGES_PER_SECOND = 1000;
const TICK = 5;

const text = ({ median, least, most }: Summary, digits = 2) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;

/** A flow that no packet of the capture matches, though it looks at all they are told apart by. */
const ONE_FLOW: FlowText = {
  id: "one",
  priority: 1,
  match: { ipv4_src: "10.9.9.9", ipv4_dst: "10.9.9.8", tcp_src: 1, tcp_dst: 2 },
  actions: ["accept"],
};

const opened: Engine[] = [];

async function contestant(
  name: string,
  flows: readonly FlowText[] | undefined,
  capture: string,
  options: Partial<ReplayOptions> = {},
): Promise<ReplayContestant> {
  const engine = await Engine.create(flowRouter(flows));
  opened.push(engine);
  return new ReplayContestant(name, PACKETS, (loops) =>
    engine.replay({ captures: [capture], loops, copyOut: true, ...options }),
  );
}

/** Nanoseconds per packet, by number of flows, cached and not. */
async function measurePath(capture: string): Promise<void> {
  const sets = filterSets(ROOT);
  const contestants = [
    await contestant("no table", undefined, capture),
    await contestant("1 flow", [ONE_FLOW], capture),
  ];
  for (const { filters } of sets) {
    const flows = flowsOf(filters);
    contestants.push(await contestant(`${flows.length} flows`, flows, capture));
    const off = { flowCache: "off" } as const;
    contestants.push(await contestant(`${flows.length} flows, no cache`, flows, capture, off));
  }
  const samples = await takeTurns(contestants, ROUNDS, SECONDS);
  console.log("\n| forwarding, 64 B, 4,096 flows | ns per packet | Mpps | time to 1 flow's |");
  console.log("| --- | ---: | ---: | ---: |");
  for (const { name } of contestants) {
    const own = samples[name]!;
    const time = summarize(own);
    const ratio = text(ratios(own, samples["1 flow"]!));
    console.log(`| ${name} | ${text(time, 1)} | ${(1000 / time.median).toFixed(2)} | ${ratio} |`);
  }
}

/** Flows a second, added and deleted in one bundle each. */
async function measureBundles(): Promise<void> {
  const engine = await Engine.create(flowRouter([ONE_FLOW]));
  opened.push(engine);
  const flows = Array.from({ length: BUNDLE }, (_, place) => ({
    id: `b${place}`,
    priority: 100,
    match: {
      in_port: "lan",
      ipv4_src: `10.${place >> 16}.${(place >> 8) & 255}.${place & 255}`,
      tcp_dst: 80,
    },
    actions: ["accept"],
  }));
  const adds: number[] = [];
  const deletes: number[] = [];
  for (let round = 0; round < ROUNDS + 2; round++) {
    let start = performance.now();
    engine.tables.bundle(flows.map((flow) => ({ type: "add", table: "policy", flow })));
    const added = performance.now();
    start = added - start;
    engine.tables.bundle(
      flows.map(({ priority, match }) => ({
        type: "delete",
        table: "policy",
        strict: true,
        priority,
        match,
      })),
    );
    const deleted = performance.now() - added;
    if (round < 2) continue;
    adds.push(BUNDLE / start / 1000);
    deletes.push(BUNDLE / deleted / 1000);
  }
  console.log("\n| flows in one bundle of 50,000 | millions a second |");
  console.log("| --- | ---: |");
  console.log(`| added | ${text(summarize(adds))} |`);
  console.log(`| deleted | ${text(summarize(deletes))} |`);
}

/** Packets a second with flows changed one by one meanwhile, to those without. */
async function measureChurn(capture: string): Promise<void> {
  const set = filterSets(ROOT)[0]!;
  const engine = await Engine.create(flowRouter(flowsOf(set.filters)));
  opened.push(engine);
  let made = 0;
  const change = () => {
    const flow = {
      id: `churn${made >> 1}`,
      priority: 10,
      match: { ipv4_src: `10.1.${(made >> 9) & 255}.${(made >> 1) & 255}`, tcp_dst: 80 },
      actions: ["accept"],
    };
    const { priority, match } = flow;
    if (made % 2 === 0) engine.tables.add("policy", flow);
    else engine.tables.delete({ table: "policy", strict: true, priority, match });
    made++;
  };
  const replay = (loops: number) => engine.replay({ captures: [capture], loops, copyOut: true });
  const changing = async (loops: number) => {
    const start = performance.now();
    const first = made;
    const timer = setInterval(() => {
      const due = ((performance.now() - start) * CHANGES_PER_SECOND) / 1000;
      while (made - first < due) change();
    }, TICK);
    try {
      return await replay(loops);
    } finally {
      clearInterval(timer);
    }
  };
  const contestants = [
    new ReplayContestant("still", PACKETS, replay),
    new ReplayContestant("changing", PACKETS, changing),
  ];
  const samples = await takeTurns(contestants, ROUNDS, SECONDS * 2);
  const lost = ratios(samples.changing!, samples.still!);
  console.log("\n| while 1,000 single flows a second are added and deleted | |");
  console.log("| --- | ---: |");
  console.log(`| time per packet, to that without changes | ${text(lost, 3)} |`);
  console.log(`| changes made | ${made} |`);
}

const folder = mkdtempSync(join(tmpdir(), "sluice-flows-"));
try {
  const filters = filterSets(ROOT).at(-1)!.filters;
  const capture = join(folder, "flows.pcap");
  writeHeaders(capture, headersFor(filters, FLOWS), PACKETS);
  await measurePath(capture);
  await measureBundles();
  await measureChurn(capture);
} finally {
  for (const engine of opened) await engine.close();
  rmSync(folder, { recursive: true });
}
