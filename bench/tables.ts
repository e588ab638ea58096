// Routing tables: how long a full one takes to build, the memory it needs, what a change costs.
//
//   npm run bench:tables

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePrefix } from "../src/config/address.ts";
import type { RouteModel } from "../src/config/model.ts";
import { Engine } from "../src/engine.ts";
import { type Family, fullTable, prefixText } from "./routes.ts";
import { summarize } from "./statistics.ts";
import { buildRouter } from "./world.ts";

/** dist/bench/ -> the folder beside the repository that may hold the real tables. */
const SHARED = new URL("../../../shared/data/routes/", import.meta.url);
const ROUNDS = 5;
const CHANGES = 2000;

/** Milliseconds of a call. */
async function timed(action: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

const text = ({ median, least, most }: { median: number; least: number; most: number }) =>
  `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;

/** Deletes routes of the table one by one, each a commit of its own, and puts them back. */
async function changeTimes(engine: Engine, prefixes: readonly string[]): Promise<number[]> {
  const [via] = engine.model.routeFiles[0]!.via;
  const samples: number[] = [];
  for (const prefix of prefixes) {
    const to = parsePrefix(prefix)!;
    const route: RouteModel = { vrf: 0, to, type: "unicast", via: [via!] };
    samples.push(await timed(() => void engine.deleteRoutes([{ vrf: 0, to }])));
    samples.push(await timed(() => engine.setRoutes([route])));
  }
  return samples.map((milliseconds) => milliseconds * 1000);
}

async function measure(family: Family, folder: string): Promise<string> {
  const table = await fullTable(family, SHARED, 1);
  const model = buildRouter(join(folder, `${family}`), [table], 1);
  const builds: number[] = [];
  let memory = 0;
  let changes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let engine: Engine | undefined;
    builds.push(
      (await timed(async () => {
        engine = await Engine.create(model);
      })) / 1000,
    );
    memory = engine!.routes.used / 2 ** 20;
    if (round === ROUNDS - 1) {
      const step = Math.floor(table.lengths.length / CHANGES);
      const some = Array.from({ length: CHANGES }, (_, place) => prefixText(table, place * step));
      changes = await changeTimes(engine!, some);
    }
    await engine!.close();
  }
  const name = `IPv${family}, ${table.lengths.length} prefixes`;
  return `| ${name} | ${text(summarize(builds))} | ${memory.toFixed(1)} | ${text(summarize(changes))} |`;
}

const folder = mkdtempSync(join(tmpdir(), "sluice-tables-"));
try {
  console.log("| table | engine with it made from route files, s | memory, MiB | one change, µs |");
  console.log("| --- | ---: | ---: | ---: |");
  for (const family of [4, 6] as const) console.log(await measure(family, folder));
} finally {
  rmSync(folder, { recursive: true });
}
