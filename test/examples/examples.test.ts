// examples/: the commands each README.md tells its reader to run give what it says they give.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonOf, ROOT, sluice } from "../cli/command.ts";
import { collect } from "../io/collect.ts";
import { dissect, tsharkVersion } from "../support/tshark.ts";

const EXAMPLES = join(ROOT, "examples");
const NAMES = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const REASON = tsharkVersion() === undefined ? " (skipped: tshark is not installed)" : "";
/** Checksums that are there and wrong. */
const BAD_CHECKSUM = "0";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-examples-"));
  symlinkSync(EXAMPLES, join(folder, "examples"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function readmeOf(name: string): string {
  return readFileSync(join(EXAMPLES, name, "README.md"), "utf8");
}

/** The replays a README.md tells its reader to run, each as its words behind `sluice`. */
function replaysOf(name: string): string[][] {
  return readmeOf(name)
    .replaceAll(/ *\\\n */g, " ")
    .split("\n")
    .filter((line) => line.startsWith("npx sluice replay "))
    .map((line) => line.split(" ").slice(2));
}

function outputsOf(words: readonly string[]): string[] {
  return words.filter((_, at) => words[at - 1] === "-o").map((word) => word.split("=")[1]!);
}

function expectedFile(name: string, output: string): string {
  return join(EXAMPLES, name, output.replace(/\.pcap$/, ".expected.pcap"));
}

function expectedFiles(name: string): string[] {
  return readdirSync(join(EXAMPLES, name)).filter((file) => file.endsWith(".expected.pcap"));
}

async function framesOf(file: string) {
  const { packets, error } = await collect(file);
  expect(error).toBeUndefined();
  return packets.map(({ hex, seconds, nanoseconds }) => ({ hex, seconds, nanoseconds }));
}

/** What of a report expected.json has. */
function countsOf(report: Readonly<Record<string, unknown>>) {
  const { packets, drops, originated, copied, tunnels, bridges } = report;
  const own = (originated as { packets: number }).packets;
  const copies = (copied as { packets: number }).packets;
  return { packets, drops, originated: own, copied: copies, tunnels, bridges };
}

describe.each(NAMES)("examples/%s", (name) => {
  it.each([1, 2])(
    "gives the frames and counts expected, with %i queues",
    async (queues) => {
      const counts = [];
      const written: string[] = [];
      for (const words of replaysOf(name)) {
        const run = await sluice([...words, "--json", "--queues", String(queues)], { folder });
        expect(run.stderr).toBe("");
        expect(run.status).toBe(0);
        counts.push(JSON.parse(JSON.stringify(countsOf(jsonOf(run)))));
        for (const output of outputsOf(words)) {
          const file = expectedFile(name, output);
          expect(await framesOf(join(folder, output)), output).toEqual(await framesOf(file));
          expect(readFileSync(join(folder, output)).equals(readFileSync(file)), output).toBe(true);
          written.push(output.replace(/\.pcap$/, ".expected.pcap"));
        }
      }
      expect(written.sort()).toEqual(expectedFiles(name).sort());
      const file = join(EXAMPLES, name, "expected.json");
      expect(counts).toEqual(JSON.parse(readFileSync(file, "utf8")));
    },
    60_000,
  );

  it.skipIf(REASON !== "")(`is nothing malformed to tshark${REASON}`, () => {
    const decodeAs = [...readmeOf(name).matchAll(/ -d (\S+)/g)].map(([, rule]) => rule!);
    for (const file of expectedFiles(name)) {
      const capture = pathToFileURL(join(EXAMPLES, name, file));
      for (const [number, packet] of dissect(capture, decodeAs)) {
        expect(packet["_ws.malformed"], `${file}:${number}`).toEqual([]);
        const checksums = Object.entries(packet).filter(([field]) => field.endsWith(".status"));
        for (const [field, values] of checksums) {
          expect(values, `${file}:${number} ${field}`).not.toContain(BAD_CHECKSUM);
        }
      }
    }
  });

  it("is listed for readers", () => {
    expect(readFileSync(join(EXAMPLES, "README.md"), "utf8")).toContain(`(${name}/README.md)`);
  });
});

it("scripts/examples.mjs makes the captures that are there", () => {
  const target = mkdtempSync(join(tmpdir(), "sluice-examples-"));
  try {
    execFileSync(process.execPath, [join(ROOT, "scripts/examples.mjs"), target]);
    for (const name of readdirSync(target)) {
      for (const file of readdirSync(join(target, name))) {
        const made = readFileSync(join(target, name, file));
        const there = readFileSync(join(EXAMPLES, name, file));
        expect(made.equals(there), `${name}/${file}`).toBe(true);
      }
    }
    expect(readdirSync(target).sort()).toEqual([...NAMES].sort());
  } finally {
    rmSync(target, { recursive: true });
  }
});
