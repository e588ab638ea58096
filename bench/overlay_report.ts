// What is written of bridges and tunnels: tables for people, and their section of
// docs/performance.md.

import type { Machine } from "./machine.ts";
import { OVERLAY_GOALS } from "./overlay_cases.ts";
import type { OverlayResult } from "./overlay_session.ts";
import { megaPackets, ratios, type Summary, summarize } from "./statistics.ts";

export interface OverlayResults {
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly compiler: string | undefined;
  /** Which Open vSwitch was measured and how, or why none was. */
  readonly openVSwitch: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly foreignLoad: number | undefined;
  readonly cases: readonly OverlayResult[];
}

const NONE = "–";

function spread({ median, least, most }: Summary): string {
  const fixed = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  return `${fixed(median)} (${fixed(least)}–${fixed(most)})`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function head(cells: readonly string[]): string[] {
  return [row(cells), row(cells.map((_, column) => (column === 0 ? "---" : "---:")))];
}

function caseRow({ title, samples }: OverlayResult): string {
  const { sluice = [], twin, ovs } = samples;
  return row([
    title,
    spread(summarize(sluice.map(megaPackets))),
    spread(summarize(sluice)),
    twin === undefined ? NONE : spread(summarize(twin)),
    twin === undefined ? NONE : spread(ratios(sluice, twin)),
    ovs === undefined ? NONE : spread(summarize(ovs)),
    ovs === undefined ? NONE : spread(ratios(ovs, sluice)),
  ]);
}

function goals(cases: readonly OverlayResult[]): string[] {
  const lines = head(["Goal", "limit", "measured", "reached"]);
  for (const { title, samples } of cases) {
    const { sluice, twin, ovs } = samples;
    if (sluice === undefined) continue;
    if (twin !== undefined) {
      const ratio = ratios(sluice, twin);
      const most = OVERLAY_GOALS.twin;
      const reached = ratio.median <= most ? "yes" : "no";
      lines.push(row([`time to the twin's: ${title}`, `at most ${most}`, spread(ratio), reached]));
    }
    if (ovs !== undefined) {
      const ratio = ratios(ovs, sluice);
      const least = OVERLAY_GOALS.openVSwitch;
      const reached = ratio.median >= least ? "yes" : "no";
      const text = `rate to Open vSwitch's: ${title}`;
      lines.push(row([text, `at least ${least}`, spread(ratio), reached]));
    }
  }
  return lines;
}

/** What says whether Open vSwitch or the sender was the slower one. */
function lossLines(cases: readonly OverlayResult[]): string[] {
  const shares = cases.flatMap(({ title, lost }) => {
    if (lost === undefined) return [];
    return [`${title}: ${(summarize(lost).median * 100).toFixed(0)} %`];
  });
  if (shares.length === 0) return [];
  return ["", `What was sent to Open vSwitch and it did not take: ${shares.join("; ")}.`];
}

export function renderOverlays(results: OverlayResults): string {
  const { machine, compiler, foreignLoad, openVSwitch } = results;
  const load = foreignLoad === undefined ? "not known" : `${(foreignLoad * 100).toFixed(0)} %`;
  return [
    `- ${machine.processor}, ${machine.processors} processors, ${machine.memoryGibibytes} GiB, ` +
      `${machine.kernel}, Node ${machine.node}`,
    `- twin: ${compiler ?? "not measured: no gcc"}`,
    `- Open vSwitch: ${openVSwitch}`,
    `- ${results.date}, \`${results.command}\`: ${results.rounds} rounds of ${results.seconds} s ` +
      `each; other load before and between cases: at most ${load}`,
    "",
    ...goals(results.cases),
    "",
    ...head([
      "64 B",
      "Mpps",
      "ns per packet",
      "twin, ns",
      "time to the twin's",
      "Open vSwitch, ns",
      "rate to Open vSwitch's",
    ]),
    ...results.cases.map(caseRow),
    ...lossLines(results.cases),
    "",
  ].join("\n");
}

const BEGIN = "<!-- overlays: written by npm run bench:overlay -- --write-docs -->";
const END = "<!-- end of overlays -->";

/** The page with its section about bridges and tunnels exchanged. */
export function replaceOverlays(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("docs/performance.md has lost its marks");
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`;
}
