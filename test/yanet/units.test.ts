// Units of a software router's tests: what passes, what is compared of the others, and why not all.

import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EXPLAINED, PASSED } from "./differences.ts";
import { type Outcome, runUnit } from "./runner.ts";
import { Unit } from "./unit.ts";

const OWN = new URL("../data/yanet/", import.meta.url);
const SHARED = new URL("../../../shared/data/yanet/", import.meta.url);
const UNIT_NAME = /^\d{3}_/;

function unitsIn(folder: URL): string[] {
  return readdirSync(folder).filter((name) => UNIT_NAME.test(name));
}

/** What the table says of a unit. */
function wanted(name: string): Outcome | undefined {
  const steps = PASSED.get(name);
  if (steps !== undefined) return { status: "passed", reasons: [], compared: steps, steps };
  const explained = EXPLAINED.get(name);
  return explained && { status: "unsupported", ...explained };
}

function runIn(folder: URL, name: string): Promise<Outcome> {
  return runUnit(new Unit(fileURLToPath(new URL(name, folder))));
}

describe("units of a software router's tests", () => {
  it.each(unitsIn(OWN))("%s", async (name) => {
    expect(await runIn(OWN, name)).toEqual(wanted(name));
  });

  it("are told of in one table", () => {
    expect([...PASSED.keys()].filter((name) => EXPLAINED.has(name))).toEqual([]);
    expect([...EXPLAINED].filter(([, { reasons }]) => reasons.length === 0)).toEqual([]);
  });

  const isThere = existsSync(SHARED);
  describe.skipIf(!isThere)("all of them (skipped without ../shared/data)", () => {
    const names = isThere ? unitsIn(SHARED) : [];

    it("are in the table", () => {
      expect(names.toSorted()).toEqual([...PASSED.keys(), ...EXPLAINED.keys()].toSorted());
    });

    it.each(names)("%s", async (name) => {
      expect(await runIn(SHARED, name)).toEqual(wanted(name));
    });
  });
});
