// sluice replay as a child process: report, outputs, exit statuses.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseModel } from "../../src/cli/options.ts";
import { collect, collectBytes } from "../io/collect.ts";
import { DEMO, DEMO_PACKETS, jsonOf, ROUTER, sluice } from "./command.ts";

const THROUGH_ROUTER = ["replay", DEMO, "-c", ROUTER, "--in", "lan"];
const hasCapinfos = spawnSync("capinfos", ["--version"]).status === 0;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-replay-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the report", () => {
  it("is one JSON object with exactly the documented keys", async () => {
    const run = await sluice([...THROUGH_ROUTER, "--json"]);
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    expect(run.stdout.toString()).toMatch(/^\{.*\}\n$/);
    const report = jsonOf(run);
    const verdicts = ["received", "transmitted", "delivered", "consumed", "dropped"];
    expect(Object.keys(report)).toEqual([
      ...["packets", "bytes", "drops", "ports", "originated", "copied", "mirrored", "in_flight"],
      ...["tables", "groups", "meters", "counters", "cache", "log", "skipped", "queues"],
      ...["seconds", "mpps", "gbps", "huge_pages", "interrupted"],
    ]);
    expect(Object.keys(report.packets as object)).toEqual(verdicts);
    expect(Object.keys(report.bytes as object)).toEqual(verdicts);
    expect(Object.keys(report.originated as object)).toEqual(
      expect.arrayContaining(["packets", "bytes", "limited", "lost"]),
    );
    expect(Object.keys(report.ports as object)).toEqual(["lan", "wan"]);
    expect(report.skipped).toEqual({});
    expect(report.interrupted).toBe(false);
  });

  it("accounts for every packet of the demo capture", async () => {
    const report = jsonOf(await sluice([...THROUGH_ROUTER, "--json", "--queues", "3"]));
    const packets = report.packets as Record<string, number>;
    const drops = Object.values(report.drops as Record<string, number>);
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    const { received, transmitted, delivered, consumed, dropped } = packets;
    expect(received).toBe(DEMO_PACKETS);
    expect(transmitted! + delivered! + consumed! + dropped!).toBe(received);
    expect(sum(drops)).toBe(dropped);
    expect(sum(report.queues as number[])).toBe(received);
    expect(report.queues).toHaveLength(3);
    for (const count of [transmitted, delivered, consumed, dropped])
      expect(count).toBeGreaterThan(0);
    expect(drops.length).toBeGreaterThanOrEqual(8);
  });

  it("has the same digest for any number of queues", async () => {
    const digests = [];
    for (const queues of ["1", "2", "4"]) {
      const args = [...THROUGH_ROUTER, "--json", "--digest", "--loop", "20", "--queues", queues];
      digests.push(jsonOf(await sluice(args)).digest);
    }
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(digests).size).toBe(1);
  });

  it("is words and tables without --json, plain when it is no terminal", async () => {
    const output = join(folder, "words.pcap");
    const args = [...THROUGH_ROUTER, "--queues", "2", "--digest", "-o", `wan=${output}`];
    const run = await sluice(args);
    const text = run.stdout.toString();
    expect(run.status).toBe(0);
    expect(text).not.toContain("\u001b");
    expect(text).toMatch(/723 packets in [\d.]+ s: [\d.]+ [kM]?pps, [\d.]+ [kMG]?bit\/s/);
    expect(text).toMatch(/^transmitted +675 +93\.4 % +118,114$/m);
    expect(text).toMatch(/^ttl-exceeded +6 +0\.8 % {2}The TTL or hop limit ran out here;/m);
    expect(text).toMatch(/^lan +723 +131,770 /m);
    expect(text).toMatch(/^queue +packets +share\n0 +\d+ +[\d.]+ %\n1 +\d+/m);
    expect(text).toMatch(/^own packets +\d+ sent/m);
    expect(text).toMatch(/^huge pages +(yes|no: .+)$/m);
    expect(text).toMatch(/^written +\S+words\.pcap: 558 packets of wan$/m);
    expect(text).toMatch(/^digest +sha256 [0-9a-f]{64}$/m);
    expect(text).toMatch(/^hint +no-neighbor +list the next hops/m);
  });
});

describe("options", () => {
  it("--no-checksum lets packets with a wrong header checksum pass", async () => {
    const drops = async (...more: string[]) =>
      jsonOf(await sluice([...THROUGH_ROUTER, "--json", ...more])).drops;
    expect(await drops()).toHaveProperty("ip4-bad-checksum", 3);
    expect(await drops("--no-checksum")).not.toHaveProperty("ip4-bad-checksum");
  });

  it("--no-checksum is for the tracking of connections, too", async () => {
    const { conntrack, engine } = await chooseModel({ checksum: false });
    expect(conntrack).toMatchObject({ enabled: true, checksum: false });
    expect(engine.verifyChecksums).toBe("none");
  });

  it("--in takes a port by name", async () => {
    const run = await sluice(["replay", DEMO, "-c", ROUTER, "--in", "0=wan", "--json"]);
    const ports = jsonOf(run).ports as Record<string, { rx: { packets: number } }>;
    expect(ports.wan!.rx.packets).toBe(DEMO_PACKETS);
  });

  it("--loop repeats all captures", async () => {
    const run = await sluice(["replay", DEMO, DEMO, "--loop", "3", "--json"]);
    expect(jsonOf(run).packets).toHaveProperty("received", 6 * DEMO_PACKETS);
  });

  it("--speed 1kpps takes about the time it should", async () => {
    const run = await sluice([...THROUGH_ROUTER, "--speed", "1kpps", "--json"]);
    const seconds = jsonOf(run).seconds as number;
    // Deadlines are absolute, so it is never early; a busy machine may be late.
    expect(seconds).toBeGreaterThan(0.7);
    expect(seconds).toBeLessThan(10);
  });
});

describe("outputs", () => {
  it.each(["out.pcap", "out.pcapng", "out.pcap.gz", "out.pcapng.gz"])(
    "%s is whole",
    async (name) => {
      const file = join(folder, name);
      const run = await sluice([...THROUGH_ROUTER, "-o", `wan=${file}`, "--json"]);
      const { packets, description, error } = await collect(file);
      const ports = jsonOf(run).ports as Record<string, { tx: { packets: number } }>;
      expect(error).toBeUndefined();
      expect(packets).toHaveLength(ports.wan!.tx.packets);
      expect(description.startsWith(name.includes("pcapng") ? "pcapng" : "pcap,")).toBe(true);
      expect(description.includes("gzip")).toBe(name.endsWith(".gz"));
    },
  );

  it.skipIf(!hasCapinfos)(
    "capinfos counts the same (skipped where it is not installed)",
    async () => {
      const file = join(folder, "counted.pcapng");
      await sluice([...THROUGH_ROUTER, "-o", `wan=${file}`]);
      const said = execFileSync("capinfos", ["-Mc", file], { encoding: "utf8" });
      expect(said).toMatch(/Number of packets:\s+558\b/);
    },
  );

  it("may be stdout, the summary then goes to stderr, and stdin may be the capture", async () => {
    const run = await sluice(["replay", "-", "-o", "output=-"], { input: readFileSync(DEMO) });
    expect(run.status).toBe(0);
    expect(run.stderr).toMatch(/723 packets in/);
    const { packets, error } = await collectBytes(run.stdout);
    expect(error).toBeUndefined();
    expect(packets).toHaveLength(717);
  });
});

describe("failures", () => {
  it("replays what a cut capture still holds, reports it, and exits with 1", async () => {
    const cut = join(folder, "cut.pcap");
    writeFileSync(cut, readFileSync(DEMO).subarray(0, 5000));
    const run = await sluice(["replay", cut, "--json"]);
    const { packets, error } = jsonOf(run) as Record<string, Record<string, unknown>>;
    expect(run.status).toBe(1);
    expect(packets!.received).toBeGreaterThan(20);
    expect(error!.code).toBe("CAPTURE_CORRUPT");
    expect(run.stderr).toMatch(/^sluice: error CAPTURE_CORRUPT: \S+cut\.pcap: .* byte \d+/);
    expect(run.stderr).not.toContain("    at ");
  });

  it.each<[string, string[], number, RegExp]>([
    ["no capture", ["replay"], 2, /error USAGE: missing required argument/],
    ["no such capture", ["replay", "nowhere.pcap"], 1, /error CAPTURE_NOT_FOUND: nowhere\.pcap/],
    ["an unknown option", ["replay", DEMO, "--frobnicate"], 2, /error USAGE: unknown option/],
    ["an unknown command", ["frobnicate"], 2, /error USAGE: unknown command/],
    ["an unknown port", ["replay", DEMO, "--in", "nose"], 2, /USAGE: no port is named 'nose'/],
    ["an odd speed", ["replay", DEMO, "--speed", "fast"], 2, /error USAGE: speed: expected/],
    ["no queues", ["replay", DEMO, "--queues", "0"], 2, /USAGE: .*from 1 to 32/],
    ["no loops", ["replay", DEMO, "--loop", "0"], 2, /USAGE: .*whole number from 1/],
    ["an output without a file", ["replay", DEMO, "-o", "output"], 2, /USAGE: .*PORT=FILE/],
    ["an output twice", ["replay", DEMO, "-o", "input=a", "-o", "input=b"], 2, /already/],
    [
      "an output over its input",
      ["replay", DEMO, "-o", `output=${DEMO}`],
      2,
      /a capture to replay/,
    ],
    ["JSON and a capture", ["replay", DEMO, "--json", "-o", "output=-"], 2, /error USAGE: --json/],
    [
      "no folder",
      ["replay", DEMO, "-o", "output=no/x.pcap"],
      1,
      /error CAPTURE_OUTPUT: no\/x\.pcap/,
    ],
    ["no configuration", ["replay", DEMO, "-c", "no.yaml"], 2, /error CONFIG_NOT_FOUND/],
  ])("says what is wrong with %s", async (_, args, status, message) => {
    const run = await sluice(args, { folder });
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toContain("    at ");
    expect(run.stdout.toString()).toBe("");
    expect(run.status).toBe(status);
  });

  it("never overwrites the capture it reads", () => {
    expect(readFileSync(DEMO).length).toBeGreaterThan(100_000);
  });
});
