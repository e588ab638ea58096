import { describe, expect, it } from "vitest";
import { CASES, GOALS } from "../../bench/cases.ts";
import { renderChart } from "../../bench/chart.ts";
import { judgeGoals, type Results, renderResults, replaceResults } from "../../bench/report.ts";
import { ratios, summarize } from "../../bench/statistics.ts";

const SAMPLES = {
  sluice: [50, 40, 60],
  twin: [40, 32, 50],
  "sluice, 2 queues": [27, 22, 33],
  macswap: [70, 66, 80],
  "5tswap": [75, 60, 60],
};
const RESULTS: Results = {
  date: "2020-01-01",
  command: "npm run bench",
  machine: { processor: "P", processors: 2, memoryGibibytes: 4, kernel: "linux 6", node: "v20" },
  compiler: "gcc 1",
  testpmd: undefined,
  rounds: 3,
  seconds: 0.5,
  foreignLoad: 0.01,
  cases: [
    { id: CASES[0]!.id, title: "first", frameBytes: 60, table: "a table", samples: SAMPLES },
    {
      id: "flows-1",
      title: "one <flow>",
      frameBytes: 60,
      table: "a table",
      samples: { sluice: [9] },
    },
  ],
  stages: [{ title: "parse", samples: { sluice: [5], twin: [4] } }],
};

describe("summaries", () => {
  it("takes the middle of an odd number of samples, the mean of both of an even one", () => {
    expect(summarize([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
    expect(summarize([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
    expect(() => summarize([])).toThrow(RangeError);
  });

  it("compares round by round", () => {
    expect(ratios([10, 40], [10, 20])).toEqual({ median: 1.5, least: 1, most: 2 });
  });
});

describe("report", () => {
  it("judges the goals by ratios of rounds", () => {
    const judged = judgeGoals(RESULTS.cases, CASES[0]!);
    expect(judged.map(({ goal, reached }) => [goal, reached])).toEqual([
      [GOALS.twin, true],
      [GOALS.testpmd, true],
      [GOALS.queues, true],
    ]);
    expect(judged[0]!.value.median).toBeCloseTo(1.25);
  });

  it("has a row for everybody and a dash for who was not there", () => {
    const text = renderResults(RESULTS, CASES);
    expect(text).toContain("| sluice, one queue | 20.0 (16.7–25.0) | 50.0 (40.0–60.0) |");
    expect(text).toContain("testpmd: not installed");
  });

  it("puts the results between their marks and nowhere else", () => {
    const page =
      "a\n<!-- results: written by npm run bench -- --write-docs -->\nold\n<!-- end of results -->\nb\n";
    const once = replaceResults(page, "new\n");
    expect(once).toContain("a\n<!--");
    expect(once).not.toContain("old");
    expect(replaceResults(once, "new\n")).toBe(once);
    expect(() => replaceResults("nothing", "new")).toThrow("marks");
  });
});

describe("chart", () => {
  it("has a bar for everybody, well formed", () => {
    const chart = renderChart(RESULTS.cases);
    expect(chart.match(/<rect /g)).toHaveLength(6);
    expect(chart).toContain("one &lt;flow&gt;");
    const tags = chart.replace(/<style>[\s\S]*<\/style>/, "").match(/<[^>]+>/g)!;
    const open: string[] = [];
    for (const tag of tags) {
      if (tag.startsWith("</")) expect(open.pop()).toBe(tag.slice(2, -1));
      else if (!tag.endsWith("/>")) open.push(/^<(\w+)/.exec(tag)![1]!);
    }
    expect(open).toEqual([]);
  });

  it("is empty when nothing was measured", () => {
    expect(renderChart([])).toBe("");
  });
});
