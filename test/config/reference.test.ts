import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as drops from "../../assembly/drops.ts";
import {
  MAX_PORTS,
  MAX_SET_LANES,
  MAX_TABLES,
  MAX_VRFS,
  MAX_WORKERS,
  METER_BANDS,
} from "../../assembly/layout.ts";
import * as defaults from "../../src/config/defaults.ts";
import { configurationPage, dropReasonsPage, errorsPage } from "../../src/config/reference.ts";
import { ERROR_CODES } from "../../src/errors.ts";

// When they differ: npm run build && node scripts/docs.mjs
describe("generated pages are those of the sources", () => {
  it.each([
    ["configuration.md", configurationPage()],
    ["drop-reasons.md", dropReasonsPage(drops, drops.dropSentence)],
    ["errors.md", errorsPage(ERROR_CODES)],
  ])("docs/%s", (file, content) => {
    expect(readFileSync(new URL(`../../docs/${file}`, import.meta.url), "utf8")).toBe(content);
  });

  it("have every drop reason once, with its own number", () => {
    const reasons = Object.entries(drops).filter(
      ([name, value]) => typeof value === "number" && name !== "DROP_SLOTS",
    );
    const page = dropReasonsPage(drops, drops.dropSentence);
    expect(new Set(reasons.map(([, number]) => number)).size).toBe(reasons.length);
    expect(page.match(/^\| `/gm)).toHaveLength(reasons.length);
    expect(page).toContain("| `no-route` | 66 | No route matches the destination. |");
  });
});

describe("limits of the configuration", () => {
  it("are those of the memory map", () => {
    const { MAX_PORTS: ports, MAX_VRFS: vrfs, MAX_QUEUES: queues } = defaults;
    const { MAX_TABLES: tables, MAX_BANDS: bands } = defaults;
    expect({ ports, vrfs, queues, tables, bands }).toEqual({
      ports: MAX_PORTS,
      vrfs: MAX_VRFS,
      queues: MAX_WORKERS,
      tables: MAX_TABLES,
      bands: METER_BANDS,
    });
    // An IPv6 address takes two lanes.
    expect(defaults.MAX_SET_TYPES * 2).toBe(MAX_SET_LANES);
  });
});
