// The classifier without the flow cache: look-ups a second with ClassBench sets, beside DPDK's
// rte_acl (dpdk-test-acl) where that is installed; what adding and removing rows costs, and memory.
//
//   npm run bench:classifier [-- --json]

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as layout from "../assembly/layout.ts";
import { Classifier } from "../src/compile/classifier.ts";
import { Arena } from "../src/memory/arena.ts";
import { planMemory } from "../src/memory/map.ts";
import { Region } from "../src/memory/region.ts";
import { SMALL_SIZES } from "../test/support/memory_sizes.ts";
import { aclRate, aclVersion } from "./acl.ts";
import {
  derivedHeaders,
  type Filter,
  filterSets,
  firstMatch,
  type Header,
  rowsOf,
  writeKey,
} from "./classbench.ts";
import { Random } from "./random.ts";
import { megaPackets, type Summary, summarize } from "./statistics.ts";

const ROOT = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url),
);
const ROUNDS = 7;
const HEADERS = 16_384;
const TABLE = 0;
/** Rows added before what counts: the host's code is compiled as it runs. */
const WARM_ROWS = 100_000;
/** Rows that come or go alone in a round. */
const CHANGES = 2000;
/** Nanoseconds a round of look-ups takes, about. */
const ROUND_TIME = 1e8;

interface Kernel {
  openDirectory(worker: number): number;
  matchAll(table: number, key: number, blocks: number, count: number, rounds: number): bigint;
}

/** What is measured of one set; nanoseconds unless it says otherwise. */
interface Outcome {
  readonly set: string;
  readonly filters: number;
  readonly rows: number;
  readonly subtables: number;
  readonly bytesPerRow: number;
  readonly lookup: Summary;
  readonly insert: Summary;
  readonly remove: Summary;
  /** A row removed or added on its own, published and settled. */
  readonly change: Summary;
  /** rte_acl, millions of look-ups a second; by its algorithm. */
  readonly acl: Readonly<Record<string, Summary>>;
}

function compile(folder: string): WebAssembly.Module {
  const file = join(folder, "classifier.wasm");
  const options =
    "--config none --runtime stub --importMemory --sharedMemory --initialMemory 16 " +
    "--maximumMemory 65536 --enable simd,threads,bulk-memory --use abort= --bindings none -O3 --converge --noAssert";
  const compiler = "node_modules/assemblyscript/bin/asc.js";
  execFileSync(
    process.execPath,
    [compiler, "bench/classifier_entry.ts", "--outFile", file, ...options.split(" ")],
    { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
  );
  return new WebAssembly.Module(readFileSync(file));
}

function openRegion(filters: number): Region {
  return new Region(
    planMemory({
      ...SMALL_SIZES,
      lpmBytes: layout.KEY_BYTES + HEADERS * layout.KEY_BLOCK,
      flows: filters + 1,
      flowCounters: 1,
      ruleBytes: 64 << 20,
    }),
  );
}

/** The set in a classifier, and how long its rows take to come and go. */
class Table {
  readonly region: Region;
  readonly #arena: Arena;
  readonly #classifier: Classifier;
  readonly #rows;
  #handles: number[] = [];
  #version = 1;

  constructor(filters: readonly Filter[]) {
    this.region = openRegion(filters.length);
    this.#arena = new Arena(this.region, layout.REGION_RULES, "the rows", "engine.limits.rules");
    this.#classifier = new Classifier(this.region, this.#arena);
    this.#rows = filters.flatMap((filter, place) =>
      rowsOf(filter).map((row) => [place + 1, row] as const),
    );
  }

  get rows(): number {
    return this.#rows.length;
  }
  get subtables(): number {
    return this.#classifier.subtables(TABLE);
  }
  get bytesPerRow(): number {
    return this.#arena.used / this.rows;
  }

  /** Adds all rows in a bundle, and removes them in another. Nanoseconds a row. */
  turnOver(): { insert: number; remove: number } {
    const start = performance.now();
    this.fill();
    const filled = performance.now();
    for (const handle of this.#handles) this.#classifier.remove(handle, this.#version);
    this.#publish();
    const end = performance.now();
    const each = (milliseconds: number) => (milliseconds * 1e6) / this.#handles.length;
    return { insert: each(filled - start), remove: each(end - filled) };
  }

  fill(): void {
    this.#handles = [];
    for (const place of this.#rows.keys()) this.#handles.push(this.#insert(place));
    this.#publish();
  }

  /** Takes random rows out and puts them back, each change by itself. Nanoseconds a change. */
  change(random: Random): number {
    const start = performance.now();
    for (let change = 0; change < CHANGES; change += 2) {
      const place = random.below(this.#rows.length);
      this.#classifier.remove(this.#handles[place]!, this.#version);
      this.#publish();
      this.#handles[place] = this.#insert(place);
      this.#publish();
    }
    return ((performance.now() - start) * 1e6) / CHANGES;
  }

  #insert(place: number): number {
    const [flow, row] = this.#rows[place]!;
    const rank = { priority: 1, order: 0xffffffff - flow };
    return this.#classifier.insert(TABLE, rank, flow, row, this.#version);
  }

  #publish(): void {
    this.region.publish(layout.CONTROL_TABLES_WRITING, this.#version);
    this.region.publish(layout.CONTROL_TABLES_VERSION, this.#version);
    this.#classifier.settle(this.#version++, true);
  }
}

function writeKeys(region: Region, headers: readonly Header[]): void {
  const view = new DataView(region.buffer);
  const blocks = region.base(layout.REGION_LPM) + layout.KEY_BYTES;
  for (const [place, header] of headers.entries()) {
    writeKey(view, blocks + place * layout.KEY_BLOCK, header);
  }
}

/** Nanoseconds a look-up takes, in each round; between rounds others have their turn. */
function lookups(
  module: WebAssembly.Module,
  region: Region,
  headers: readonly Header[],
  wanted: number,
  between: () => void,
): number[] {
  const instance = new WebAssembly.Instance(module, { env: { memory: region.memory } });
  const kernel = instance.exports as unknown as Kernel;
  kernel.openDirectory(0);
  const table = region.base(layout.REGION_TABLES) + TABLE * layout.TABLE_STRIDE;
  const key = region.base(layout.REGION_LPM);
  const blocks = key + layout.KEY_BYTES;
  const all = (rounds: number) => {
    const start = performance.now();
    const sum = kernel.matchAll(table, key, blocks, headers.length, rounds);
    if (Number(sum) !== wanted * rounds) throw new Error("the classifier found other filters");
    return ((performance.now() - start) * 1e6) / (headers.length * rounds);
  };
  all(1);
  const rounds = Math.max(1, Math.round(ROUND_TIME / (all(20) * headers.length)));
  return Array.from({ length: ROUNDS }, () => {
    between();
    return all(rounds);
  });
}

function measure(
  module: WebAssembly.Module,
  folder: string,
  name: string,
  filters: readonly Filter[],
  text: string,
): Outcome {
  const table = new Table(filters);
  for (let rows = 0; rows < WARM_ROWS; rows += table.rows) table.turnOver();
  const turns = Array.from({ length: ROUNDS }, () => table.turnOver());
  table.fill();
  const random = new Random(2);
  const changes = Array.from({ length: ROUNDS }, () => table.change(random));
  const headers = derivedHeaders(filters, HEADERS, new Random(1));
  writeKeys(table.region, headers);
  const wanted = headers.reduce((sum, header) => sum + firstMatch(filters, header) + 1, 0);
  const files = { rules: join(folder, "rules"), trace: join(folder, "trace") };
  writeFileSync(files.rules, text);
  writeFileSync(files.trace, `${headers.map((header) => header.join("\t")).join("\n")}\n`);
  const acl: Record<string, number[]> = { scalar: [], avx2: [] };
  const installed = aclVersion() !== undefined;
  const nanoseconds = lookups(module, table.region, headers, wanted, () => {
    if (!installed) return;
    for (const [algorithm, rates] of Object.entries(acl)) rates.push(aclRate(algorithm, files));
  });
  return {
    set: name,
    filters: filters.length,
    rows: table.rows,
    subtables: table.subtables,
    bytesPerRow: table.bytesPerRow,
    lookup: summarize(nanoseconds),
    insert: summarize(turns.map(({ insert }) => insert)),
    remove: summarize(turns.map(({ remove }) => remove)),
    change: summarize(changes),
    acl: Object.fromEntries(
      Object.entries(acl)
        .filter(([, rates]) => rates.length > 0)
        .map(([algorithm, rates]) => [algorithm, summarize(rates)]),
    ),
  };
}

const spread = ({ median, least, most }: Summary, digits: number) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;

function line(outcome: Outcome): string {
  const { least, median, most } = outcome.lookup;
  const rate = { median: megaPackets(median), least: megaPackets(most), most: megaPackets(least) };
  const acl = ["scalar", "avx2"].map((algorithm) => {
    const found = outcome.acl[algorithm];
    return found === undefined ? "–" : spread(found, 1);
  });
  return `| ${[
    `${outcome.set}, ${outcome.filters} filters`,
    outcome.subtables,
    spread(rate, 2),
    ...acl,
    spread(outcome.insert, 0),
    spread(outcome.remove, 0),
    spread(outcome.change, 0),
    outcome.bytesPerRow.toFixed(0),
  ].join(" | ")} |`;
}

const folder = mkdtempSync(join(tmpdir(), "sluice-classifier-"));
try {
  const module = compile(folder);
  const json = process.argv.includes("--json");
  const outcomes: Outcome[] = [];
  if (!json) {
    console.log(
      "| set | subtables | look-ups, M/s | rte_acl scalar, M/s | rte_acl AVX2, M/s " +
        "| row added, ns | row removed, ns | one change, ns | bytes per row |",
    );
    console.log(`| --- |${" ---: |".repeat(8)}`);
  }
  for (const { name, filters, text } of filterSets(ROOT)) {
    const outcome = measure(module, folder, name, filters, text);
    outcomes.push(outcome);
    if (!json) console.log(line(outcome));
  }
  if (json) console.log(JSON.stringify({ acl: aclVersion(), outcomes }, null, 2));
} finally {
  rmSync(folder, { recursive: true });
}
