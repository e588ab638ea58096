// The command line and its page agree; the demo capture is what its script makes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { DEMO, ROOT } from "./command.ts";

describe("docs/cli.md", () => {
  const page = readFileSync(`${ROOT}docs/cli.md`, "utf8");
  const program = createProgram();

  for (const command of program.commands) {
    const section = page.split(/^## /m).find((text) => text.startsWith(`sluice ${command.name()}`));
    it(`has each option of sluice ${command.name()}`, () => {
      for (const { flags } of command.options) {
        for (const part of flags.split(", ")) expect(section, part).toContain(`\`${part}`);
      }
    });
  }

  it("has the options of all commands, and an example of each command", () => {
    for (const { short, long } of program.options) {
      expect(page).toContain(short);
      expect(page).toContain(long);
    }
    for (const command of program.commands) {
      expect(page).toMatch(
        new RegExp(`^(\\$ )?sluice ${command.name()} [^<\\n]*\\.(yaml|pcap)`, "m"),
      );
    }
  });
});

describe("pcaps/router-demo.pcap", () => {
  it("is what scripts/demo.mjs writes", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-demo-"));
    const file = join(folder, "demo.pcap");
    execFileSync(process.execPath, [`${ROOT}scripts/demo.mjs`, file]);
    expect(readFileSync(file).equals(readFileSync(DEMO))).toBe(true);
    rmSync(folder, { recursive: true });
  });
});
