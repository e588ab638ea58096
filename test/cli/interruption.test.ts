// Signals in the middle of a replay: the outputs are whole, the report is printed, nothing hangs.
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../io/collect.ts";
import { DEMO, type Finished, jsonOf, ROUTER, sluice } from "./command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-signal-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Bytes an output has when the replay is certainly under way. */
const UNDER_WAY = 300_000;

/** Signals a command once its output has this many bytes; it listens for signals before that. */
function signalAt(file: string, bytes: number, signal: NodeJS.Signals): (c: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (!existsSync(file) || statSync(file).size < bytes) return;
      clearInterval(timer);
      child.kill(signal);
    }, 20);
    child.on("close", () => clearInterval(timer));
  };
}

/** Starts an endless replay into a file, and signals it once the file has grown. */
async function interrupted(
  file: string,
  signal: NodeJS.Signals,
  more: readonly string[],
): Promise<Finished> {
  const args = ["replay", DEMO, "-c", ROUTER, "--in", "lan", "--loop", "1000000000"];
  return sluice([...args, "-o", `wan=${file}`, ...more], {
    attend: signalAt(file, UNDER_WAY, signal),
  });
}

describe("a signal", () => {
  it.each([
    ["SIGINT", 130, "int.pcap"],
    ["SIGTERM", 143, "term.pcapng.gz"],
  ] as const)("%s ends with status %i and a whole output", async (signal, status, name) => {
    const file = join(folder, name);
    const run = await interrupted(file, signal, ["--json", "--queues", "2", "--speed", "50kpps"]);
    expect(run.stderr).toBe("");
    expect(run.status).toBe(status);
    const report = jsonOf(run);
    expect(report.interrupted).toBe(true);
    const { packets, error } = await collect(file);
    expect(error).toBeUndefined();
    const ports = report.ports as Record<string, { tx: { packets: number } }>;
    expect(packets).toHaveLength(ports.wan!.tx.packets);
    const counts = report.packets as Record<string, number>;
    const { received, transmitted, delivered, consumed, dropped } = counts;
    expect(transmitted! + delivered! + consumed! + dropped!).toBe(received);
  });

  it.each([
    ["nothing", 0],
    ["half a capture", 20_000],
  ])("does not wait for stdin, of which %s has come", async (_, bytes) => {
    const file = join(folder, `stdin-${bytes}.pcap`);
    const run = await sluice(["replay", "-", "--json", "-o", `output=${file}`], {
      input: readFileSync(DEMO).subarray(0, bytes),
      keepOpen: true,
      attend: signalAt(file, 1, "SIGINT"),
    });
    expect(run.stderr).toBe("");
    expect(run.status).toBe(130);
    expect(jsonOf(run).interrupted).toBe(true);
  });

  it("leaves a summary that says so", async () => {
    const file = join(folder, "words.pcap");
    const run = await interrupted(file, "SIGINT", ["--speed", "50kpps"]);
    expect(run.status).toBe(130);
    expect(run.stdout.toString()).toMatch(/^interrupted +stopped before the end/m);
  });
});
