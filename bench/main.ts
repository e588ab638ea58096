// npm run bench: measures, prints, writes bench/results/. bench/README.md explains the options.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES } from "./cases.ts";
import { renderChart } from "./chart.ts";
import { describeMachine, foreignLoad } from "./machine.ts";
import { type Results, renderResults, replaceResults } from "./report.ts";
import { type CaseResult, type Pace, Session, type StageResult } from "./session.ts";

const ROOT = new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url);
const USAGE = `usage: npm run bench -- [options]
  --quick          under a minute: few cases, short rounds
  --only NAME      cases whose id, or stages whose title, contains NAME ("stages": all stages)
  --rounds N       rounds of each case, 5 by default
  --json FILE      where the results go (bench/results/latest.json)
  --write-docs     also docs/performance.md and docs/performance.svg; only on a quiet machine
  --list           the cases and their ids
`;
/** Above this share of foreign load numbers are not worth publishing. */
const QUIET = 0.05;

interface Options {
  readonly quick: boolean;
  readonly only: string | undefined;
  readonly pace: Pace;
  readonly json: string;
  readonly writeDocs: boolean;
  readonly list: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string" },
      json: { type: "string" },
      "write-docs": { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const { quick, only, rounds } = values;
  const count = rounds === undefined ? (quick ? 3 : 5) : Number(rounds);
  if (!Number.isInteger(count) || count < 1) throw new TypeError(`--rounds ${rounds}: not a count`);
  if (only !== undefined && values["write-docs"]) {
    throw new TypeError("--write-docs writes the whole page: not with --only");
  }
  return {
    quick,
    only,
    pace: { rounds: count, seconds: quick ? 0.15 : 0.5 },
    json: values.json ?? fileURLToPath(new URL("bench/results/latest.json", ROOT)),
    writeDocs: values["write-docs"],
    list: values.list,
  };
}

/** Measures the cases and stages asked for; prints what is going on to stderr. */
class Bench {
  readonly #session = new Session();
  readonly #options: Options;
  readonly #cases: CaseResult[] = [];
  #stages: StageResult[] = [];
  #load: number | undefined;

  constructor(options: Options) {
    this.#options = options;
    const { compiler, testpmd } = this.#session;
    if (compiler === undefined) console.error("no gcc: not compared with the native twin");
    if (testpmd === undefined) console.error("no dpdk-testpmd: not compared with it");
  }

  async run(): Promise<Results> {
    try {
      await this.#measure();
    } finally {
      this.#session.close();
    }
    const { compiler, testpmd } = this.#session;
    const words = process.argv.slice(2).join(" ");
    return {
      date: new Date().toISOString().slice(0, 10),
      command: `npm run bench${words === "" ? "" : ` -- ${words}`}`,
      machine: describeMachine(),
      compiler,
      testpmd,
      ...this.#options.pace,
      foreignLoad: this.#load,
      cases: this.#cases,
      stages: this.#stages,
    };
  }

  async #measure(): Promise<void> {
    const { quick, only, pace } = this.#options;
    await this.#lookAtLoad();
    for (const one of CASES) {
      if (only === undefined ? quick && !one.quick : !one.id.includes(only)) continue;
      console.error(`measuring ${one.title} …`);
      this.#cases.push(await this.#session.runCase(one, pace));
      await this.#lookAtLoad();
    }
    if (only !== undefined && this.#cases.length > 0) return;
    console.error("measuring single stages …");
    const short = { ...pace, seconds: pace.seconds / 3 };
    this.#stages = await this.#session.runStages(short, only === "stages" ? "" : only);
    await this.#lookAtLoad();
  }

  async #lookAtLoad(): Promise<void> {
    const load = await foreignLoad();
    if (load !== undefined) this.#load = Math.max(this.#load ?? 0, load);
  }
}

function writeDocs(results: Results): void {
  const page = new URL("docs/performance.md", ROOT);
  const text = renderResults(results, CASES);
  writeFileSync(page, replaceResults(readFileSync(page, "utf8"), text));
  const rivals = CASES.filter((one) => one.rivals).map(({ id }) => id);
  const chart = renderChart(results.cases.filter(({ id }) => rivals.includes(id)));
  if (chart !== "") writeFileSync(new URL("docs/performance.svg", ROOT), chart);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.list) {
    for (const { id, title } of CASES) console.log(`${id.padEnd(16)}${title}`);
    return;
  }
  const results = await new Bench(options).run();
  mkdirSync(new URL("bench/results/", ROOT), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  console.log(renderResults(results, CASES));
  const busy = results.foreignLoad !== undefined && results.foreignLoad > QUIET;
  if (busy) {
    const share = Math.round(results.foreignLoad * 100);
    console.error(`others used up to ${share} % of the processors: these numbers are not reliable`);
  }
  if (!options.writeDocs) return;
  if (busy) throw new Error("docs/ is left as it was; try again on a quiet machine");
  writeDocs(results);
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  if (error instanceof TypeError) console.error(USAGE);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
