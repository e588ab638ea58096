// npm run openflow -- FILE: runs the cases of a file and tells of each that does not pass.

import { resolve } from "node:path";
import { runVector } from "./runner.ts";
import { nameOf, readVectors } from "./vectors.ts";

const STANDARD_INPUT = 0;

async function main([file]: readonly string[]): Promise<number> {
  if (file === undefined) {
    console.error("usage: npm run openflow -- FILE      a file of cases, or - for standard input");
    return 2;
  }
  const counts = { passed: 0, failed: 0, unsupported: 0 };
  // npm runs scripts in the project's folder; people name files from where they are.
  const path = file === "-" ? STANDARD_INPUT : resolve(process.env.INIT_CWD ?? "", file);
  for (const vector of readVectors(path)) {
    const outcome = await runVector(vector);
    counts[outcome.status] += 1;
    if (outcome.status === "passed") continue;
    console.log(`${outcome.status}: ${nameOf(vector)}\n  ${outcome.reason}`);
  }
  const { passed, failed, unsupported } = counts;
  console.log(`${passed} passed, ${failed} failed, ${unsupported} unsupported`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
