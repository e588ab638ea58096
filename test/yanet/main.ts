// npm run yanet -- UNIT_DIR...: runs units and tells of each that does not pass.

import { resolve } from "node:path";
import { runUnit } from "./runner.ts";
import { Unit, whatIsMissing } from "./unit.ts";

async function main(folders: readonly string[]): Promise<number> {
  if (folders.length === 0) {
    console.error("usage: npm run yanet -- UNIT_DIR...      folders of units, each with its files");
    return 2;
  }
  const counts = { passed: 0, failed: 0, unsupported: 0 };
  for (const folder of folders) {
    // npm runs scripts in the project's folder; people name folders from where they are.
    const path = resolve(process.env.INIT_CWD ?? "", folder);
    const problem = whatIsMissing(path);
    if (problem !== undefined) {
      console.error(problem);
      return 2;
    }
    const unit = new Unit(path);
    const { status, reasons, compared, steps } = await runUnit(unit);
    counts[status] += 1;
    console.log(`${status}: ${unit.name} (${compared} of ${steps} steps compared)`);
    for (const reason of reasons) console.log(`  ${reason}`);
  }
  const { passed, failed, unsupported } = counts;
  console.log(`${passed} passed, ${failed} failed, ${unsupported} unsupported`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
