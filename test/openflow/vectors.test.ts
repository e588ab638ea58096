// Every case of the OpenFlow switch tests: what Open vSwitch passes passes here too, and of the
// rest all but those whose reason is written down.

import { describe, expect, it } from "vitest";
import { EXPLAINED } from "./differences.ts";
import { type Outcome, runVector } from "./runner.ts";
import { withSctpChecksums } from "./sctp.ts";
import { nameOf, readVectors, type Vector } from "./vectors.ts";

const vectors = readVectors(new URL("../data/openflow13.jsonl.gz", import.meta.url));

/** Cases whose outcome is not `status`, with the reason. */
async function others(cases: readonly Vector[], status: Outcome["status"]): Promise<string[]> {
  const found: string[] = [];
  for (const vector of cases) {
    const outcome = await runVector(vector);
    if (outcome.status === status) continue;
    const why = outcome.status === "passed" ? "" : `: ${outcome.reason}`;
    found.push(`${nameOf(vector)}: ${outcome.status}${why}`);
  }
  return found;
}

describe("OpenFlow 1.3 switch tests", () => {
  const kinds = [...new Set(vectors.map(({ kind }) => kind))];

  it("are all there", () => {
    expect(vectors.length).toBe(650);
    expect(vectors.filter(({ ovs_3_1 }) => ovs_3_1 === "pass").length).toBe(449);
    expect(new Set(vectors.map(nameOf)).size).toBe(vectors.length);
  });

  it.each(kinds)("of kind %s that Open vSwitch passes", async (kind) => {
    const cases = vectors.filter((vector) => vector.kind === kind && vector.ovs_3_1 === "pass");
    expect(cases.filter((vector) => EXPLAINED.has(nameOf(vector)))).toEqual([]);
    expect(await others(cases, "passed")).toEqual([]);
  });

  it.each(kinds)("of kind %s that it does not pass", async (kind) => {
    const cases = vectors.filter((vector) => vector.kind === kind && vector.ovs_3_1 !== "pass");
    const clear = cases.filter((vector) => !EXPLAINED.has(nameOf(vector)));
    expect(await others(clear, "passed")).toEqual([]);
  });

  it("of the rest exactly those pass that nobody has explained", async () => {
    for (const [name, { status }] of EXPLAINED) {
      const vector = vectors.find((candidate) => nameOf(candidate) === name);
      expect(vector, name).toBeDefined();
      expect(await others([vector as Vector], status)).toEqual([]);
    }
  });

  it("about SCTP pass with checksums as RFC 9260 has them", async () => {
    const cases = vectors.filter(({ file }) => file.includes("_SCTP_"));
    const repaired = cases.map(withSctpChecksums);
    const changed = repaired.filter((vector, place) => {
      return JSON.stringify(vector) !== JSON.stringify(cases[place]);
    });
    expect(changed.length).toBeGreaterThanOrEqual(EXPLAINED.size);
    expect(await others(repaired, "passed")).toEqual([]);
  });
});
