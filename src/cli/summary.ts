// The report of a replay in words and tables.

import { createRequire } from "node:module";
import { DROP_REASONS, type Model } from "../engine.ts";
import { hintsFor } from "./hints.ts";
import { count, duration, rate, share, whole } from "./numbers.ts";
import type { Report } from "./report.ts";
import type { Emphasis, Style } from "./style.ts";
import { type Row, tableLines } from "./table.ts";

/** What was asked for, as far as the summary shows it. */
export interface Occasion {
  readonly captures: readonly string[];
  readonly config: string | undefined;
  readonly loops: number;
  /** Files by port name. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The summary's lines, joined, with a final newline. */
export function formatSummary(
  report: Report,
  model: Model,
  occasion: Occasion,
  style: Style,
): string {
  const sections = [
    headLines(report, occasion, style),
    verdictLines(report, style),
    dropLines(report, style),
    connectionLines(report, style),
    portLines(report, style),
    queueLines(report, style),
    noteLines(report, occasion, style),
    hintLines(report, model, style),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${text.join("\n\n")}\n`;
}

function headLines(report: Report, occasion: Occasion, style: Style): string[] {
  const { captures, config, loops } = occasion;
  const times = loops > 1 ? `, ${whole(loops)} times` : "";
  const through = config === undefined ? "passed through" : `through ${config}`;
  const queues = count(report.queues.length, "queue");
  const { received } = report.packets;
  const rates =
    report.seconds > 0
      ? `: ${style.bold(rate(report.mpps * 1e6, "pps"))}, ${rate(report.gbps * 1e9, "bit/s")}`
      : "";
  return [
    `${captures.join(", ")}${times}, ${through}, ${queues}`,
    `${count(received, "packet")} in ${duration(report.seconds)}${rates}`,
  ];
}

function heading(style: Style, ...titles: readonly string[]): Row {
  return titles.map((text) => ({ text, emphasis: style.dim }));
}

function verdictLines({ packets, bytes, in_flight }: Report, style: Style): string[] {
  const row = (name: keyof typeof packets, emphasis: Emphasis): Row => [
    { text: name, emphasis },
    whole(packets[name]),
    share(packets[name], packets.received),
    whole(bytes[name]),
  ];
  const none: Emphasis = (text) => text;
  const held: Row[] =
    in_flight > 0 ? [["in flight", whole(in_flight), share(in_flight, packets.received), ""]] : [];
  const rows = [
    heading(style, "verdict", "packets", "share", "bytes"),
    row("transmitted", style.green),
    row("delivered", none),
    row("consumed", none),
    row("dropped", packets.dropped > 0 ? style.red : none),
    ...held,
    row("received", style.bold),
  ];
  return tableLines(rows, "lrrr");
}

const SENTENCES: ReadonlyMap<string, string> = new Map(
  DROP_REASONS.map(({ name, sentence }) => [name, sentence]),
);

function dropLines({ drops, packets }: Report, style: Style): string[] {
  const found = Object.entries(drops).sort(([, a], [, b]) => b - a);
  if (found.length === 0) return [];
  const rows = found.map(
    ([reason, number]): Row => [
      { text: reason, emphasis: style.red },
      whole(number),
      share(number, packets.received),
      SENTENCES.get(reason) ?? "",
    ],
  );
  return tableLines([heading(style, "dropped", "packets", "share", "why"), ...rows], "lrrl");
}

function connectionLines({ flows, ct }: Report, style: Style): string[] {
  if (flows === undefined || ct === undefined) return [];
  const numbers = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, number]) => `${whole(number)} ${name}`)
      .join(", ");
  const rows: Row[] = [
    [{ text: "connections", emphasis: style.dim }, numbers({ ...flows })],
    [{ text: "ct state", emphasis: style.dim }, numbers({ ...ct })],
  ];
  return tableLines(rows, "ll");
}

function portLines({ ports }: Report, style: Style): string[] {
  const rows = Object.entries(ports).map(
    ([name, { rx, tx }]): Row => [
      name,
      whole(rx.packets),
      whole(rx.bytes),
      whole(tx.packets),
      whole(tx.bytes),
    ],
  );
  const head = heading(style, "port", "rx packets", "rx bytes", "tx packets", "tx bytes");
  return tableLines([head, ...rows], "lrrrr");
}

function queueLines({ queues, packets }: Report, style: Style): string[] {
  if (queues.length < 2) return [];
  const rows = queues.map(
    (received, number): Row => [String(number), whole(received), share(received, packets.received)],
  );
  return tableLines([heading(style, "queue", "packets", "share"), ...rows], "lrr");
}

function noteLines(report: Report, occasion: Occasion, style: Style): string[] {
  const { originated, skipped, digest, ports } = report;
  const rows: [string, string][] = [];
  if (originated.packets + originated.limited + originated.lost > 0) {
    rows.push(["own packets", ownPackets(originated)]);
  }
  for (const [linkType, number] of Object.entries(skipped)) {
    rows.push(["skipped", `${count(number, "packet")} of link type ${linkType}`]);
  }
  for (const [port, file] of Object.entries(occasion.outputs)) {
    const name = file === "-" ? "stdout" : file;
    rows.push(["written", `${name}: ${count(ports[port]?.tx.packets ?? 0, "packet")} of ${port}`]);
  }
  if (digest !== undefined) rows.push(["digest", `sha256 ${digest}`]);
  rows.push(["huge pages", report.huge_pages ? "yes" : `no: ${whyNoHugePages()}`]);
  if (report.interrupted) rows.push(["interrupted", "stopped before the end; all files are whole"]);
  const cells = rows.map(([name, text]): Row => [{ text: name, emphasis: style.dim }, text]);
  return tableLines(cells, "ll");
}

function ownPackets({ packets, bytes, limited, lost }: Report["originated"]): string {
  const parts = [`${whole(packets)} sent (${whole(bytes)} bytes)`];
  if (limited > 0) parts.push(`${count(limited, "ICMP error")} kept back by the rate limit`);
  if (lost > 0) parts.push(`${whole(lost)} without a way to their receiver`);
  return parts.join(", ");
}

function whyNoHugePages(): string {
  if (process.platform !== "linux") return "only on Linux";
  try {
    createRequire(import.meta.url).resolve("koffi");
    return "the kernel gave none";
  } catch {
    return "koffi is not installed";
  }
}

function hintLines({ drops }: Report, model: Model, style: Style): string[] {
  const rows = hintsFor(drops, model).map(
    ([reason, advice]): Row => [{ text: "hint", emphasis: style.yellow }, reason, advice],
  );
  return tableLines(rows, "lll");
}
