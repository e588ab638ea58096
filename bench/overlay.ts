// npm run bench:overlay: bridges and VXLAN tunnels, beside the native twin and Open vSwitch.
// bench/README.md explains the options.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, foreignLoad } from "./machine.ts";
import { OVERLAY_CASES } from "./overlay_cases.ts";
import { type OverlayResults, renderOverlays, replaceOverlays } from "./overlay_report.ts";
import { type OverlayResult, OverlaySession } from "./overlay_session.ts";

const ROOT = new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url);
const USAGE = `usage: npm run bench:overlay -- [options]
  --quick          few MACs, short rounds
  --only TEXT      cases whose id contains TEXT
  --rounds N       rounds of each case, 5 by default
  --no-others      the engine and its twin, without Open vSwitch
  --json FILE      where the results go (bench/results/overlay.json)
  --write-docs     also docs/performance.md; only on a quiet machine
  --list           the cases and their ids
`;
/** Above this share of foreign load numbers are not worth publishing. */
const QUIET = 0.05;

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string" },
      "no-others": { type: "boolean", default: false },
      json: { type: "string" },
      "write-docs": { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const { quick, only, rounds, json, list } = values;
  const count = rounds === undefined ? (quick ? 3 : 5) : Number(rounds);
  if (!Number.isInteger(count) || count < 1) throw new TypeError(`--rounds ${rounds}: not a count`);
  const others = !values["no-others"];
  const writeDocs = values["write-docs"];
  if (writeDocs && (only !== undefined || !others)) {
    throw new TypeError("--write-docs writes the whole section: not with --only or --no-others");
  }
  const file = json ?? fileURLToPath(new URL("bench/results/overlay.json", ROOT));
  const pace = { rounds: count, seconds: quick ? 0.15 : 0.5 };
  return { quick, only, pace, others, json: file, writeDocs, list };
}

type Options = ReturnType<typeof readOptions>;

async function measure(session: OverlaySession, options: Options): Promise<OverlayResults> {
  const { quick, only, pace } = options;
  let load = await foreignLoad();
  const cases: OverlayResult[] = [];
  for (const one of OVERLAY_CASES) {
    if (only === undefined ? quick && !one.quick : !one.id.includes(only)) continue;
    console.error(`measuring ${one.title} …`);
    cases.push(await session.runCase(one, pace));
    const more = await foreignLoad();
    if (more !== undefined) load = Math.max(load ?? 0, more);
  }
  const words = process.argv.slice(2).join(" ");
  return {
    date: new Date().toISOString().slice(0, 10),
    command: `npm run bench:overlay${words === "" ? "" : ` -- ${words}`}`,
    machine: describeMachine(),
    compiler: session.compiler,
    openVSwitch: describeOpenVSwitch(session),
    ...pace,
    foreignLoad: load,
    cases,
  };
}

function describeOpenVSwitch(session: OverlaySession): string {
  const { openVSwitchObstacle, openVSwitchVersion, openVSwitchPorts } = session;
  if (openVSwitchObstacle !== undefined) return `not measured: ${openVSwitchObstacle}`;
  return `${openVSwitchVersion}, user-space datapath, ports of type ${openVSwitchPorts}`;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.list) {
    for (const { id, title } of OVERLAY_CASES) console.log(`${id.padEnd(20)}${title}`);
    return;
  }
  const session = new OverlaySession(options.others);
  const { compiler, openVSwitchObstacle } = session;
  if (compiler === undefined) console.error("no gcc: not compared with the native twin");
  if (openVSwitchObstacle !== undefined) {
    console.error(`not compared with Open vSwitch: ${openVSwitchObstacle}`);
  }
  // Namespaces and folders are taken away at exit, and a signal alone is none.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  let results: OverlayResults;
  try {
    results = await measure(session, options);
  } finally {
    session.close();
  }
  mkdirSync(new URL("bench/results/", ROOT), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  const text = renderOverlays(results);
  console.log(text);
  const busy = results.foreignLoad !== undefined && results.foreignLoad > QUIET;
  if (busy) console.error("others used the processors: these numbers are not reliable");
  if (!options.writeDocs) return;
  if (busy) throw new Error("docs/ is left as it was; try again on a quiet machine");
  const page = new URL("docs/performance.md", ROOT);
  writeFileSync(page, replaceOverlays(readFileSync(page, "utf8"), text));
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  if (error instanceof TypeError) console.error(USAGE);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
