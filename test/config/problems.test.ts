import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { SluiceError } from "../../src/errors.ts";
import { failure } from "./failure.ts";
import { BASE, PROBLEM_CASES } from "./problems.cases.ts";

const CONTRACT = new URL("../data/config/contract.yaml", import.meta.url);
const EXAMPLE = new URL("../../examples/router.yaml", import.meta.url);

describe("wrong configurations", () => {
  it.each(PROBLEM_CASES)("$problems.0", ({ code, text, tail, problems }) => {
    const error = failure(text ?? BASE + tail, "router.yaml");
    const expected = problems.map((problem) => `router.yaml:${problem}`);
    expect(error.message.split("\n")).toEqual(expected);
    expect(error.code).toBe(code ?? "CONFIG_INVALID");
    expect(error.exitStatus).toBe(2);
    const { line, column, pointer } = error.details[0]!;
    expect(error.place).toEqual({ file: "router.yaml", line, column, pointer });
    expect(error.details).toHaveLength(problems.length);
  });

  it("name no file when there is none", () => {
    const error = failure("version: 1\nports: []\n");
    expect(error.message).toBe(
      "configuration:2:8 /ports: expected a mapping of 1 to 256 keys, found a list",
    );
    expect(error.place).toEqual({ line: 2, column: 8, pointer: "/ports" });
  });

  it("show fifty problems and keep the others in details", () => {
    const routes = Array.from({ length: 80 }, () => "  - { to: x, type: local }\n").join("");
    const error = failure(`${BASE}routes:\n${routes}`);
    const lines = error.message.split("\n");
    expect(lines).toHaveLength(51);
    expect(lines[50]).toBe("and 30 more");
    expect(error.details).toHaveLength(80);
    expect(error.details[79]).toMatchObject({ line: 86, column: 11, pointer: "/routes/79/to" });
  });

  it("may nest no deeper than the stack of the parser", () => {
    const message = "nested more than 32 levels deep";
    for (const depth of [40, 5000, 50_000]) {
      for (const text of [`${"[".repeat(depth)}${"]".repeat(depth)}`, "- ".repeat(depth)]) {
        expect(failure(text)).toMatchObject({ code: "CONFIG_SYNTAX" });
        expect(failure(text).details[0]!.message).toBe(message);
      }
    }
  });

  it("bound ports and VRFs", () => {
    const ports = (count: number) =>
      Array.from({ length: count }, (_, i) => `  p${i}: { device: "null:" }\n`).join("");
    const vrfs = (count: number) =>
      Array.from({ length: count }, (_, i) => `  v${i}: {}\n`).join("");
    const text = (portCount: number, vrfCount: number) =>
      `version: 1\nports:\n${ports(portCount)}vrfs:\n${vrfs(vrfCount)}`;
    const model = parseConfiguration(text(256, 255));
    expect([model.ports.length, model.vrfs.length]).toEqual([256, 256]);
    expect(failure(text(257, 1)).details[0]!.message).toBe(
      "expected a mapping of 1 to 256 keys, found 257",
    );
    expect(failure(text(1, 256)).details[0]!.message).toBe(
      "expected at most 256 VRFs with 'main', found 257",
    );
  });

  it("escape keys in pointers", () => {
    expect(failure("version: 1\nports: { a: { device: 'null:' } }\na/b~c: 1\n").message).toBe(
      "configuration:3:1 /a~1b~0c: unknown key 'a/b~c'",
    );
  });
});

describe("any text", () => {
  /** Every outcome but a model or a coded error with a place fails the test. */
  function outcome(text: string): void {
    try {
      expect(parseConfiguration(text).ports.length).toBeGreaterThan(0);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const { line, column, pointer } = error.place;
      expect(line! >= 1 && column! >= 1 && pointer !== undefined).toBe(true);
      expect(line!).toBeLessThanOrEqual(text.split("\n").length);
    }
  }

  it("gives a model or a coded error: random JSON", () => {
    const key = fc.constantFrom("version", "ports", "engine", "lan", "routes", "to", "__proto__");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(1, "pcap:", "10.0.0.0/8", null, true, -1, 1e300, "lan", ""),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
      ),
    }));
    const property = fc.property(
      fc.oneof(
        fc.json(),
        tree.map((value) => JSON.stringify(value)),
      ),
      outcome,
    );
    fc.assert(property, { seed: 41, numRuns: 3000 });
  });

  it("gives a model or a coded error: cut, repeated and altered lines of the examples", () => {
    const sources = [CONTRACT, EXAMPLE].map((url) => readFileSync(url, "utf8"));
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat(12),
      text: fc.oneof(
        fc.constantFrom(
          "",
          "\n",
          " ",
          ":",
          "{",
          "}",
          "[",
          "]",
          "*a",
          "&a ",
          "'",
          '"',
          "#",
          "-",
          "0",
        ),
        fc.string({ maxLength: 4 }),
      ),
    });
    const property = fc.property(
      fc.constantFrom(...sources),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (source, edits) => {
        let text = source;
        for (const { at, length, text: inserted } of edits) {
          const start = Math.floor(at * text.length);
          text = text.slice(0, start) + inserted + text.slice(start + length);
        }
        outcome(text);
      },
    );
    fc.assert(property, { seed: 42, numRuns: 600 });
  });
});
