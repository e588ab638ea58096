// sluice check as a child process.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BIN, DEMO, jsonOf, ROUTER, sluice } from "./command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-check-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const WRONG = `version: 1
ports:
  a: { device: "pcap:", mac: nonsense, mtu: -1 }
`;

describe("sluice check", () => {
  it("says ok and what is in a right configuration", async () => {
    const run = await sluice(["check", "-c", ROUTER]);
    expect(run.stdout.toString()).toMatch(
      /router\.yaml: ok: 2 ports, 5 routes, 5 neighbors, \d+ prefixes, \d+ MiB\n$/,
    );
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
  });

  it("says so in JSON", async () => {
    const result = jsonOf(await sluice(["check", "-c", ROUTER, "--json"]));
    expect(result).toMatchObject({ ok: true, ports: 2, routes: 5, neighbors: 5, errors: [] });
  });

  it("prints a line for each error, with file, line, column and pointer", async () => {
    const run = await sluice(["check", "-c", write("wrong.yaml", WRONG)]);
    const lines = run.stderr.trim().split("\n");
    expect(lines[0]).toMatch(
      /^sluice: error CONFIG_INVALID: \S+wrong\.yaml:3:\d+ \/ports\/a\/mac: expected/,
    );
    expect(lines[1]).toMatch(
      /^sluice: error CONFIG_INVALID: \S+wrong\.yaml:3:\d+ \/ports\/a\/mtu: expected/,
    );
    expect(run.stdout.toString()).toBe("");
    expect(run.status).toBe(2);
  });

  it("lists the errors in JSON", async () => {
    const run = await sluice(["check", "--json", "-c", write("wrong2.yaml", WRONG)]);
    const { ok, errors } = jsonOf(run);
    expect(ok).toBe(false);
    expect(errors).toMatchObject([
      { code: "CONFIG_INVALID", line: 3, pointer: "/ports/a/mac" },
      { code: "CONFIG_INVALID", line: 3, pointer: "/ports/a/mtu" },
    ]);
    expect(run.status).toBe(2);
  });

  it("reads the route files", async () => {
    write("routes.txt", "198.51.100.0/24\nnot a prefix\n");
    const file = write(
      "files.yaml",
      `version: 1
ports:
  a: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: [10.0.0.1/24] }
route_files:
  - { file: routes.txt, type: blackhole }
`,
    );
    const run = await sluice(["check", "-c", file]);
    expect(run.stderr).toMatch(/error ROUTE_FILE: .*routes\.txt:2/);
    expect(run.status).toBe(2);
  });

  it("finds limits that are too small", async () => {
    const file = write(
      "small.yaml",
      `version: 1
engine: { limits: { routes: 2 } }
ports:
  a: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: [10.0.0.1/24] }
`,
    );
    const run = await sluice(["check", "-c", file]);
    expect(run.stderr).toMatch(/error LIMIT_EXCEEDED: .*engine\.limits\.routes/);
    expect(run.status).toBe(1);
  });
});

describe("the command", () => {
  it("works from another folder and through a link, as npx and npm link call it", async () => {
    const link = join(folder, "sluice");
    symlinkSync(BIN, link);
    const run = await sluice(["replay", DEMO, "--json"], { folder, bin: link });
    expect(run.stderr).toBe("");
    expect(jsonOf(run).packets).toHaveProperty("received", 723);
  });

  it("knows its version, and shows help when asked nothing", async () => {
    expect((await sluice(["--version"])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
    const run = await sluice([]);
    expect(run.stderr).toMatch(/Usage: sluice/);
    expect(run.status).toBe(2);
  });
});
