// Writes the captures of examples/: what goes in, made by hand, and with --expected also what comes
// out, and what became of the packets, by the commands in each example's README.md. Always the same
// bytes.
//
//   node scripts/examples.mjs [--expected] [folder]

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pcapngOf } from "./captures.mjs";
import * as geneveOptions from "./examples/geneve-options.mjs";
import * as greOffice from "./examples/gre-office.mjs";
import * as mplsVlanVxlan from "./examples/mpls-vlan-vxlan.mjs";
import * as qinqProviderEdge from "./examples/qinq-provider-edge.mjs";
import * as vxlanFabric from "./examples/vxlan-fabric.mjs";

const EXAMPLES = {
  "vxlan-fabric": vxlanFabric,
  "geneve-options": geneveOptions,
  "qinq-provider-edge": qinqProviderEdge,
  "gre-office": greOffice,
  "mpls-vlan-vxlan": mplsVlanVxlan,
};
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SLUICE = join(ROOT, "dist/src/cli/main.js");
/** 2026-01-01T00:00:00Z, and nanoseconds from packet to packet: one a millisecond. */
const START = 1_767_225_600n * 1_000_000_000n;
const GAP = 1_000_000n;

function writeInputs(name, folder) {
  mkdirSync(folder, { recursive: true });
  for (const [file, { interfaces, arrivals }] of Object.entries(EXAMPLES[name].captures)) {
    writeFileSync(join(folder, file), pcapngOf(interfaces, arrivals, START, GAP));
  }
}

/** The replays an example's README.md tells its reader to run, as lists of words. */
function replaysOf(name) {
  const text = readFileSync(join(ROOT, "examples", name, "README.md"), "utf8");
  return text
    .replaceAll(/ *\\\n */g, " ")
    .split("\n")
    .filter((line) => line.startsWith("npx sluice replay "))
    .map((line) => line.split(" ").slice(2));
}

/** Runs them where a reader would, in a folder that has `examples`. */
function writeExpected(name, target) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-examples-"));
  symlinkSync(join(ROOT, "examples"), join(folder, "examples"));
  const counts = replaysOf(name).map((words) => {
    const report = execFileSync(process.execPath, [SLUICE, ...words, "--json"], { cwd: folder });
    for (const file of outputsOf(words)) {
      const expected = file.replace(/\.pcap$/, ".expected.pcap");
      writeFileSync(join(target, expected), readFileSync(join(folder, file)));
    }
    return countsOf(JSON.parse(report.toString()));
  });
  writeFileSync(join(target, "expected.json"), `${JSON.stringify(counts, null, 2)}\n`);
  rmSync(folder, { recursive: true });
}

function outputsOf(words) {
  return words.filter((_, at) => words[at - 1] === "-o").map((word) => word.split("=")[1]);
}

/** What of a report is the same on every machine. */
function countsOf({ packets, drops, originated, copied, tunnels, bridges }) {
  const known = { packets, drops, originated: originated.packets, copied: copied.packets };
  return { ...known, tunnels, bridges };
}

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
for (const name of Object.keys(EXAMPLES)) {
  const folder = join(words[0] ?? join(ROOT, "examples"), name);
  writeInputs(name, folder);
  if (process.argv.includes("--expected")) writeExpected(name, folder);
}
