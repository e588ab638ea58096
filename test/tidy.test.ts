// Rules of the house that a machine can check: layers, sizes, and what the release module may hold.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ASSEMBLY, type Directions, HOST, PACKAGES } from "./tidy/directions.ts";
import * as wasm from "./tidy/module.ts";
import { FILES, functionsOf, importsOf, ROOT, SOURCES, under } from "./tidy/sources.ts";

const LONGEST_FILE = 350;
const LONGEST_FUNCTION = 70;
const WIDEST_LINE = 100;

/** The map of the memory is one file, however long; tables of cases may be long. */
const LONG_FILES = /^assembly\/(layout|drops)\.ts$|\.cases\.ts$|^test\/assembly\/parse\.test\.ts$/;

/** "assembly/stage/route" -> "stage", "src/engine" -> "engine". */
function partOf(path: string): string {
  return (path.split("/")[1] as string).replace(/\.ts$/, "");
}

function violations(tree: "assembly" | "src", directions: Directions): string[] {
  const outside = tree === "src" ? "assembly" : "src";
  return under(tree).flatMap((file) =>
    importsOf(file)
      .filter(({ to }) => to.startsWith("assembly/") || to.startsWith("src/"))
      .filter(({ to }) => {
        const target = to.startsWith(`${outside}/`) ? outside : partOf(to);
        return directions[partOf(file.path)]?.includes(target) !== true;
      })
      .map(({ from, line, to }) => `${from}:${line} imports ${to}`),
  );
}

describe("layout", () => {
  it("folders are the layers that are known", () => {
    const parts = (tree: string) => [...new Set(under(tree).map(({ path }) => partOf(path)))];
    expect(Object.keys(ASSEMBLY)).toEqual(expect.arrayContaining(parts("assembly")));
    const known = [...Object.keys(HOST), "webassembly.d"];
    expect(known).toEqual(expect.arrayContaining(parts("src")));
  });

  it("file names are lower case, of words joined by _ or -", () => {
    const odd = SOURCES.map(({ path }) => path).filter(
      (path) =>
        !/^([a-z0-9-]+\/)*[a-z0-9]+([_-][a-z0-9]+)*(\.(test|cases|config))?\.ts$/.test(path),
    );
    expect(odd).toEqual([]);
  });
});

describe("imports", () => {
  it("of the kernels follow the layers", () => {
    expect(violations("assembly", ASSEMBLY)).toEqual([]);
  });

  it("of the host follow the layers", () => {
    expect(violations("src", HOST)).toEqual([]);
  });

  it("of the kernels by the host are of the map and the drop reasons only", () => {
    const others = under("src").flatMap((file) =>
      importsOf(file).filter(
        ({ to }) =>
          to.startsWith("assembly/") && to !== "assembly/layout" && to !== "assembly/drops",
      ),
    );
    expect(others).toEqual([]);
  });

  it("of some packages have one place", () => {
    const strays = under("src").flatMap((file) =>
      importsOf(file)
        .filter(({ to, from }) => PACKAGES[to]?.test(from) === false)
        .map(({ from, line, to }) => `${from}:${line} imports ${to}`),
    );
    expect(strays).toEqual([]);
  });

  it("carry their extension in TypeScript and none in AssemblyScript", () => {
    const relative = /from "(\.[^"]*)"/g;
    const wrong = SOURCES.flatMap(({ path, text }) => {
      const isKernel = path.startsWith("assembly/") || path.endsWith("_entry.ts");
      return [...text.matchAll(relative)]
        .filter(([, target]) => (target as string).endsWith(".ts") === isKernel)
        .map(([found]) => `${path}: ${found}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe("sizes", () => {
  it(`files have at most ${LONGEST_FILE} lines`, () => {
    const long = SOURCES.filter(({ path }) => !LONG_FILES.test(path))
      .filter(({ lines }) => lines.length - 1 > LONGEST_FILE)
      .map(({ path, lines }) => `${path}: ${lines.length - 1}`);
    expect(long).toEqual([]);
  });

  it(`functions have at most ${LONGEST_FUNCTION} lines`, () => {
    const long = SOURCES.flatMap((file) =>
      functionsOf(file)
        .filter(({ lines }) => lines > LONGEST_FUNCTION)
        .map(({ name, line, lines }) => `${file.path}:${line} ${name}: ${lines}`),
    );
    expect(long).toEqual([]);
  });

  it("the function scanner finds what there is", () => {
    const lines = [
      "export function one(",
      "  a: number,",
      "): number {",
      "  return two(",
      "    a,",
      "  );",
      "}",
      "class Three {",
      "  async #four(): Promise<void> {",
      "    if (true) {",
      "    }",
      "  }",
      "}",
      "const five = (a: number) => {",
      "};",
    ];
    const found = functionsOf({ path: "", text: "", lines });
    expect(found.map(({ name, lines: count }) => [name, count])).toEqual([
      ["one", 7],
      ["#four", 4],
      ["five", 2],
    ]);
  });

  it(`lines have at most ${WIDEST_LINE} columns, but for a single long string`, () => {
    const wide = SOURCES.filter(({ path }) => !path.endsWith(".cases.ts")).flatMap(
      ({ path, lines }) =>
        lines
          .map((line, place) => ({ line, place: `${path}:${place + 1}` }))
          .filter(({ line }) => line.length > WIDEST_LINE && !isOneString(line))
          .map(({ place }) => place),
    );
    expect(wide).toEqual([]);
  });
});

/** A sentence, or a table's row in a template, that cannot be broken. */
function isOneString(line: string): boolean {
  return /^\s*(return )?["`'].*["`'][;,)]*$/.test(line) || /^\s*(-|\||via:)/.test(line);
}

describe("code", () => {
  it("has no default exports, but where a tool's configuration demands one", () => {
    const found = SOURCES.filter(({ path }) => path !== "vitest.config.ts")
      .filter(({ text }) => /^export default /m.test(text))
      .map(({ path }) => path);
    expect(found).toEqual([]);
  });

  it("silences no compiler and leaves nothing for later", () => {
    // Written apart, so that this file does not find itself.
    const words = ["@ts-" + "ignore", "@ts-" + "nocheck", "TO" + "DO", "FIX" + "ME", "X" + "XX"];
    const found = FILES.filter(({ path }) => path !== "package-lock.json").flatMap(
      ({ path, text }) =>
        words.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`),
    );
    expect(found).toEqual([]);
  });

  it("skips no test without saying so, and singles out none", () => {
    const tests = under("test").filter(({ path }) => path.endsWith(".test.ts"));
    const bare = new RegExp("\\.(only|todo|skip|fails)" + "[(.]");
    const found = tests.flatMap(({ path, lines }) =>
      lines
        .filter((line) => bare.test(line) && !line.includes("new RegExp"))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
    const silent = tests.flatMap(({ path, text }) =>
      [...text.matchAll(/\.skipIf\(/g)]
        .filter(
          ({ index }) => !/skipped|needs|Linux|missing|absent/.test(text.slice(index, index + 300)),
        )
        .map(({ index }) => `${path}: ${text.slice(index, index + 60)}`),
    );
    expect(silent).toEqual([]);
  });
});

describe("portability", () => {
  it("names no folder of a machine and no host of a registry", () => {
    const machine = /(^|[\s"'`(=:])\/(work|root|home|Users|mnt|opt)\/\w/m;
    const registry = /registry\.npmjs|npmmirror|artifactory|verdaccio|:4873/i;
    const found = FILES.filter(({ path }) => path !== "test/tidy.test.ts")
      .filter(({ text }) => machine.test(text) || registry.test(text))
      .map(({ path }) => path);
    expect(found).toEqual([]);
  });

  it("locks packages by their content, not by where they came from", () => {
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    const packages = Object.entries<{ resolved?: string; integrity?: string; link?: boolean }>(
      lock.packages,
    ).filter(([name]) => name !== "");
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(packages.filter(([, { integrity, link }]) => !integrity && !link)).toEqual([]);
  });
});

describe("the release module", () => {
  const module = readFileSync(join(ROOT, "dist/sluice.wasm"));
  const text = readFileSync(join(ROOT, "dist/sluice.wat"), "utf8");
  const sections = wasm.sectionsOf(module);

  it("imports its memory, shared, and nothing else", () => {
    expect(wasm.entriesOf(sections, wasm.SECTION_IMPORT)).toBe(1);
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(module));
    expect(imports).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    expect(text).toMatch(/\(import "env" "memory" \(memory \$\S+ \d+ \d+ shared\)\)/);
  });

  it("exports the ABI", () => {
    const names = WebAssembly.Module.exports(new WebAssembly.Module(module)).map(
      ({ name }) => name,
    );
    expect(names).toEqual(expect.arrayContaining(["attach", "step"]));
  });

  it("has no data segment, which every instance would write into the shared memory again", () => {
    expect(wasm.entriesOf(sections, wasm.SECTION_DATA)).toBe(0);
    expect(wasm.entriesOf(sections, wasm.SECTION_DATA_COUNT)).toBe(0);
    expect(text).not.toMatch(/\(data\b/);
  });

  it("never grows its memory and calls nothing indirectly", () => {
    expect(text).not.toMatch(/memory\.grow|call_indirect|call_ref/);
    expect(wasm.entriesOf(sections, wasm.SECTION_ELEMENT)).toBe(0);
  });
});
