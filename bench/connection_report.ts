// What is written of connections: tables for people, and their section of docs/performance.md.

import { CONNECTION_GOALS } from "./connection_cases.ts";
import type { ConnectionMemory, ConnectionResult } from "./connection_session.ts";
import type { Machine } from "./machine.ts";
import { megaPackets, ratios, type Summary, summarize } from "./statistics.ts";

export interface ConnectionResults {
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly compiler: string | undefined;
  /** Why the kernel was not measured. */
  readonly kernelObstacle: string | undefined;
  /** Which Open vSwitch was measured and how, or why none was. */
  readonly openVSwitch: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly foreignLoad: number | undefined;
  readonly cases: readonly ConnectionResult[];
  readonly memory: ConnectionMemory | undefined;
}

const OWN = "sluice";
const TWO_QUEUES = "sluice, 2 queues";
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

/** Time of one to another's of the same rounds. */
function timeTo({ samples }: ConnectionResult, name: string, other: string): string {
  const [own, reference] = [samples[name], samples[other]];
  return own === undefined || reference === undefined ? NONE : spread(ratios(own, reference));
}

function caseRow(result: ConnectionResult): string {
  const own = result.samples[OWN] ?? [];
  const twin = result.samples.twin;
  return row([
    result.title,
    spread(summarize(own.map(megaPackets))),
    spread(summarize(own)),
    twin === undefined ? NONE : spread(summarize(twin)),
    timeTo(result, OWN, "twin"),
    timeTo(result, "kernel", OWN),
    timeTo(result, "ovs", OWN),
    timeTo(result, OWN, TWO_QUEUES),
  ]);
}

function goals({ cases, memory }: ConnectionResults): string[] {
  const lines = head(["Goal", "limit", "measured", "reached"]);
  const add = (text: string, limit: string, measured: string, reached: boolean) =>
    lines.push(row([text, limit, measured, reached ? "yes" : "no"]));
  for (const result of cases) {
    const { sluice, twin, kernel, ovs } = result.samples;
    if (sluice === undefined) continue;
    if (twin !== undefined && !result.id.startsWith("plain")) {
      const ratio = ratios(sluice, twin);
      const most = CONNECTION_GOALS.twin;
      const text = `time to the twin's: ${result.title}`;
      add(text, `at most ${most}`, spread(ratio), ratio.median <= most);
    }
    if (kernel !== undefined) {
      const ratio = ratios(kernel, sluice);
      const least = CONNECTION_GOALS.kernel;
      const text = `rate to the kernel's: ${result.title}`;
      add(text, `at least ${least}`, spread(ratio), ratio.median >= least);
    }
    if (ovs !== undefined) {
      const ratio = ratios(ovs, sluice);
      const least = CONNECTION_GOALS.openVSwitch;
      const text = `rate to Open vSwitch's: ${result.title}`;
      add(text, `at least ${least}`, spread(ratio), ratio.median >= least);
    }
  }
  if (memory !== undefined) {
    const bytes = memory.table / memory.connections;
    const most = CONNECTION_GOALS.bytes;
    add("bytes per idle connection", `at most ${most}`, bytes.toFixed(1), bytes <= most);
  }
  return lines;
}

function memoryLine({ connections, table, beside }: ConnectionMemory): string {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const each = (table / connections).toFixed(1);
  return (
    `${connections} idle connections: ${mebibytes(table)} of entries, index and timer wheels, ` +
    `${each} bytes each; beside them, whatever their number: ${mebibytes(beside)} of extensions, ` +
    "expectations, events, fragments and steering."
  );
}

/** What says whether Open vSwitch or the sender was the slower one. */
function lossLines(cases: readonly ConnectionResult[]): string[] {
  const shares = cases.flatMap(({ title, lost }) => {
    if (lost === undefined) return [];
    return [`${title}: ${(summarize(lost).median * 100).toFixed(0)} %`];
  });
  if (shares.length === 0) return [];
  return ["", `What was sent to Open vSwitch and it did not take: ${shares.join("; ")}.`];
}

export function renderConnections(results: ConnectionResults): string {
  const { machine, compiler, foreignLoad, kernelObstacle, openVSwitch } = results;
  const load = foreignLoad === undefined ? "not known" : `${(foreignLoad * 100).toFixed(0)} %`;
  const kernel = kernelObstacle === undefined ? machine.kernel : `not measured: ${kernelObstacle}`;
  return [
    `- ${machine.processor}, ${machine.processors} processors, ${machine.memoryGibibytes} GiB, ` +
      `${machine.kernel}, Node ${machine.node}`,
    `- twin: ${compiler ?? "not measured: no gcc"}; kernel with nftables: ${kernel}`,
    `- Open vSwitch: ${openVSwitch}`,
    `- ${results.date}, \`${results.command}\`: ${results.rounds} rounds of ${results.seconds} s ` +
      `each; other load before and between cases: at most ${load}`,
    "",
    ...goals(results),
    "",
    ...head([
      "64 B, both directions",
      "Mpps",
      "ns per packet",
      "twin, ns",
      "time to the twin's",
      "rate to the kernel's",
      "rate to Open vSwitch's",
      "rate of two queues to one",
    ]),
    ...results.cases.map(caseRow),
    ...lossLines(results.cases),
    ...(results.memory === undefined ? [] : ["", memoryLine(results.memory)]),
    "",
  ].join("\n");
}

const BEGIN = "<!-- connections: written by npm run bench:connections -- --write-docs -->";
const END = "<!-- end of connections -->";

/** The page with its section about connections exchanged. */
export function replaceConnections(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("docs/performance.md has lost its marks");
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`;
}
