// What is written of the measurements: JSON for machines, tables for people, and the page of docs/.

import { type EndToEndCase, GOALS, type Goal } from "./cases.ts";
import type { Machine } from "./machine.ts";
import type { CaseResult, StageResult } from "./session.ts";
import { megaPackets, ratios, type Summary, summarize } from "./statistics.ts";

export interface Results {
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  /** Versions of what sluice is compared with; undefined = not on this machine. */
  readonly compiler: string | undefined;
  readonly testpmd: string | undefined;
  readonly rounds: number;
  readonly seconds: number;
  /** The largest share of the processors that others used, looked at between cases. */
  readonly foreignLoad: number | undefined;
  readonly cases: readonly CaseResult[];
  readonly stages: readonly StageResult[];
}

export const OWN = "sluice";
export const TWO_QUEUES = "sluice, 2 queues";
export const TWIN = "twin";
/** Names people know contestants by. */
export const LABELS: Readonly<Record<string, string>> = {
  [OWN]: "sluice, one queue",
  [TWO_QUEUES]: "sluice, two queues",
  [TWIN]: "native twin (C), one thread",
  macswap: "testpmd macswap",
  "5tswap": "testpmd 5tswap",
};

function fixed(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

function spread({ median, least, most }: Summary): string {
  return `${fixed(median)} (${fixed(least)}–${fixed(most)})`;
}

/** A Markdown table. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = heads.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
}

/** Contestants of a case that has several, with rates and with times as multiples of sluice's. */
function rivalTable(result: CaseResult): string {
  const own = result.samples[OWN]!;
  const rows = Object.entries(result.samples).map(([name, samples]) => {
    const time = summarize(samples);
    const rate = summarize(samples.map(megaPackets));
    // Rates compare inversely to times.
    return [LABELS[name] ?? name, spread(rate), spread(time), spread(ratios(own, samples))];
  });
  return table(["", "Mpps", "ns per packet", "rate, to one queue's"], rows);
}

function sweepTable(results: readonly CaseResult[]): string {
  const rows = results.map(({ title, samples }) => {
    const own = samples[OWN]!;
    const twin = samples[TWIN];
    const compared =
      twin === undefined ? ["–", "–"] : [spread(summarize(twin)), spread(ratios(own, twin))];
    return [title, spread(summarize(own.map(megaPackets))), spread(summarize(own)), ...compared];
  });
  return table(["", "Mpps", "ns per packet", "twin, ns", "to the twin"], rows);
}

function stageTable(stages: readonly StageResult[]): string {
  const rows = stages.map(({ title, samples }) => {
    const own = samples[OWN]!;
    const twin = samples[TWIN];
    const compared =
      twin === undefined ? ["–", "–"] : [spread(summarize(twin)), spread(ratios(own, twin))];
    return [title, spread(summarize(own)), ...compared];
  });
  return table(["", "sluice, ns", "twin, ns", "to the twin"], rows);
}

interface GoalResult {
  readonly goal: Goal;
  readonly value: Summary;
  readonly reached: boolean;
}

/** The project's goals, as far as a session has measured them. */
export function judgeGoals(cases: readonly CaseResult[], first: EndToEndCase): GoalResult[] {
  const samples = cases.find(({ id }) => id === first.id)?.samples;
  const own = samples?.[OWN];
  if (samples === undefined || own === undefined) return [];
  const judged: GoalResult[] = [];
  const judge = (goal: Goal, over: readonly number[] | undefined, under: readonly number[]) => {
    if (over === undefined) return;
    const value = ratios(over, under);
    const { limit, kind } = goal;
    const reached = kind === "at most" ? value.median <= limit : value.median >= limit;
    judged.push({ goal, value, reached });
  };
  const { [TWIN]: twin, "5tswap": testpmd, [TWO_QUEUES]: two } = samples;
  if (twin !== undefined) judge(GOALS.twin, own, twin);
  judge(GOALS.testpmd, testpmd, own);
  if (two !== undefined) judge(GOALS.queues, own, two);
  return judged;
}

function goalTable(results: readonly GoalResult[]): string {
  const rows = results.map(({ goal, value, reached }) => {
    return [goal.text, `${goal.kind} ${goal.limit}`, spread(value), reached ? "yes" : "no"];
  });
  return table(["Goal (64 B, 4,096 flows, full table)", "limit", "measured", "reached"], rows);
}

function conditions(results: Results): string {
  const { machine, compiler, testpmd, foreignLoad } = results;
  const busy = foreignLoad === undefined ? "unknown" : `${Math.round(foreignLoad * 100)} %`;
  return [
    `- ${machine.processor}, ${machine.processors} processors, ${machine.memoryGibibytes} GiB, ` +
      `${machine.kernel}, Node ${machine.node}`,
    `- twin: ${compiler ?? "not built, no gcc"}; testpmd: ${testpmd ?? "not installed"}`,
    `- ${results.date}, \`${results.command}\`: ${results.rounds} rounds of ` +
      `${results.seconds} s each; other load before and between cases: at most ${busy}`,
    `- routes: ${[...new Set(results.cases.map((one) => one.table))].join("; ")}`,
  ].join("\n");
}

/** Everything as Markdown, without headings above level 2. */
export function renderResults(results: Results, cases: readonly EndToEndCase[]): string {
  const known = results.cases.flatMap((result) => {
    const definition = cases.find(({ id }) => id === result.id);
    return definition === undefined ? [] : [{ result, definition }];
  });
  const parts = [conditions(results)];
  const goals = judgeGoals(results.cases, cases[0]!);
  if (goals.length > 0) parts.push(goalTable(goals));
  for (const { result } of known.filter(({ definition }) => definition.rivals)) {
    const bytes = fixed(result.frameBytes);
    parts.push(`## ${result.title}`, `${bytes} bytes a frame without FCS.`, rivalTable(result));
  }
  const sweep = known.filter(({ definition }) => !definition.rivals).map(({ result }) => result);
  if (sweep.length > 0) parts.push("## Flows, routes, IPv6", sweepTable(sweep));
  if (results.stages.length > 0) parts.push("## Single stages", stageTable(results.stages));
  return `${parts.join("\n\n")}\n`;
}

const BEGIN = "<!-- results: written by npm run bench -- --write-docs -->";
const END = "<!-- end of results -->";

/** The page with its results replaced. Throws when the page has no place for them. */
export function replaceResults(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("docs/performance.md has lost its result marks");
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`;
}
