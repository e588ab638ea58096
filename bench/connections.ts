// npm run bench:connections: tracked and translated connections, beside the native twin, the kernel
// with nftables and Open vSwitch; new connections; memory. bench/README.md explains the options.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CONNECTION_CASES, MEMORY_CONNECTIONS } from "./connection_cases.ts";
import {
  type ConnectionResults,
  renderConnections,
  replaceConnections,
} from "./connection_report.ts";
import { type ConnectionResult, ConnectionSession } from "./connection_session.ts";
import type { Forwarders } from "./forwarders.ts";
import { describeMachine, foreignLoad } from "./machine.ts";

const ROOT = new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url);
const USAGE = `usage: npm run bench:connections -- [options]
  --quick          few connections, short rounds
  --only TEXT      cases whose id contains TEXT ("memory": the memory alone)
  --rounds N       rounds of each case, 5 by default
  --json FILE      where the results go (bench/results/connections.json)
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
      json: { type: "string" },
      "write-docs": { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const { quick, only, rounds, json, list } = values;
  const count = rounds === undefined ? (quick ? 3 : 5) : Number(rounds);
  if (!Number.isInteger(count) || count < 1) throw new TypeError(`--rounds ${rounds}: not a count`);
  const writeDocs = values["write-docs"];
  if (writeDocs && only !== undefined) {
    throw new TypeError("--write-docs writes the whole section: not with --only");
  }
  const file = json ?? fileURLToPath(new URL("bench/results/connections.json", ROOT));
  const pace = { rounds: count, seconds: quick ? 0.15 : 0.5 };
  return { quick, only, pace, json: file, writeDocs, list };
}

type Options = ReturnType<typeof readOptions>;

async function measure(session: ConnectionSession, options: Options): Promise<ConnectionResults> {
  const { quick, only, pace } = options;
  let load = await foreignLoad();
  const cases: ConnectionResult[] = [];
  for (const one of CONNECTION_CASES) {
    if (only === undefined ? quick && !one.quick : !one.id.includes(only)) continue;
    console.error(`measuring ${one.title} …`);
    cases.push(await session.runCase(one, pace));
    const more = await foreignLoad();
    if (more !== undefined) load = Math.max(load ?? 0, more);
  }
  const withMemory = only === undefined || only === "memory";
  if (withMemory) console.error("measuring memory …");
  const words = process.argv.slice(2).join(" ");
  const { forwarders } = session;
  return {
    date: new Date().toISOString().slice(0, 10),
    command: `npm run bench:connections${words === "" ? "" : ` -- ${words}`}`,
    machine: describeMachine(),
    compiler: session.compiler,
    kernelObstacle: forwarders.kernelObstacle,
    openVSwitch: describeOpenVSwitch(forwarders),
    ...pace,
    foreignLoad: load,
    cases,
    memory: withMemory ? await session.measureMemory(MEMORY_CONNECTIONS) : undefined,
  };
}

function tellObstacles({ compiler, forwarders }: ConnectionSession): void {
  const { kernelObstacle, openVSwitchObstacle } = forwarders;
  if (compiler === undefined) console.error("no gcc: not compared with the native twin");
  if (kernelObstacle !== undefined) {
    console.error(`not compared with the kernel: ${kernelObstacle}`);
  }
  if (openVSwitchObstacle !== undefined) {
    console.error(`not compared with Open vSwitch: ${openVSwitchObstacle}`);
  }
}

function describeOpenVSwitch(forwarders: Forwarders): string {
  const { openVSwitchObstacle, openVSwitchVersion, openVSwitchPorts } = forwarders;
  if (openVSwitchObstacle !== undefined) return `not measured: ${openVSwitchObstacle}`;
  if (openVSwitchPorts === undefined) return "not measured in these cases";
  return `${openVSwitchVersion}, user-space datapath, ports of type ${openVSwitchPorts}`;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.list) {
    for (const { id, title } of CONNECTION_CASES) console.log(`${id.padEnd(20)}${title}`);
    return;
  }
  const session = new ConnectionSession(fileURLToPath(ROOT));
  tellObstacles(session);
  // Namespaces and folders are taken away at exit, and a signal alone is none.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  let results: ConnectionResults;
  try {
    results = await measure(session, options);
  } finally {
    session.close();
  }
  mkdirSync(new URL("bench/results/", ROOT), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  const text = renderConnections(results);
  console.log(text);
  const busy = results.foreignLoad !== undefined && results.foreignLoad > QUIET;
  if (busy) console.error("others used the processors: these numbers are not reliable");
  if (!options.writeDocs) return;
  if (busy) throw new Error("docs/ is left as it was; try again on a quiet machine");
  const page = new URL("docs/performance.md", ROOT);
  writeFileSync(page, replaceConnections(readFileSync(page, "utf8"), text));
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  if (error instanceof TypeError) console.error(USAGE);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
