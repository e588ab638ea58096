// The chart of docs/: one bar per contestant and case, its length the median rate, with a line from
// the slowest to the fastest round. Plain SVG; colours follow the reader's light or dark setting.

import { LABELS, OWN, TWO_QUEUES } from "./report.ts";
import type { CaseResult } from "./session.ts";
import { megaPackets, summarize } from "./statistics.ts";

const WIDTH = 760;
const LEFT = 210;
const RIGHT = 70;
const BAR = 18;
const STEP = 28;
const TITLE = 34;
const BOTTOM = 34;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .quiet { fill: #59636e } .grid { stroke: #d1d9e0 }
  .own { fill: #0969da } .other { fill: #8c959f } .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
    .own { fill: #4493f8 } .other { fill: #6e7681 } .spread { stroke: #e6edf3 }
  }
`;

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A round number of Mpps at or above `most`, and the distance of grid lines. */
function axis(most: number): { end: number; step: number } {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  return { end: Math.ceil(most / step) * step, step };
}

/** The chart of the cases that have several contestants; "" when there is none. */
export function renderChart(results: readonly CaseResult[]): string {
  const groups = results.map(({ title, samples }) => ({
    title,
    bars: Object.entries(samples).map(([name, times]) => ({
      name,
      rate: summarize(times.map(megaPackets)),
    })),
  }));
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ rate }) => rate.most)));
  if (!Number.isFinite(most)) return "";
  const { end, step } = axis(most);
  const x = (rate: number) => LEFT + (rate / end) * (WIDTH - LEFT - RIGHT);
  const parts: string[] = [];
  let y = 0;
  for (const { title, bars } of groups) {
    parts.push(`<text class="title" x="0" y="${y + 22}">${escapeText(title)}</text>`);
    y += TITLE;
    for (const { name, rate } of bars) {
      parts.push(bar(name, rate, y, x));
      y += STEP;
    }
  }
  const height = y + BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    "<title>Packets per second of sluice, its native twin and DPDK testpmd</title>",
    `<style>${STYLE}</style>`,
    grid(end, step, y, x),
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function bar(
  name: string,
  rate: { median: number; least: number; most: number },
  y: number,
  x: (rate: number) => number,
): string {
  const kind = name === OWN || name === TWO_QUEUES ? "own" : "other";
  const middle = y + BAR / 2;
  const [left, from, to] = [x(0), x(rate.least).toFixed(1), x(rate.most).toFixed(1)];
  const width = (x(rate.median) - left).toFixed(1);
  const label = escapeText(LABELS[name] ?? name);
  return [
    `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${label}</text>`,
    `<rect class="${kind}" x="${left}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
    `<path class="spread" d="M${from} ${middle}H${to}"/>`,
    `<text x="${Number(to) + 8}" y="${y + 14}">${rate.median.toFixed(1)}</text>`,
  ].join("\n");
}

function grid(end: number, step: number, bottom: number, x: (rate: number) => number): string {
  const lines: string[] = [];
  for (let rate = 0; rate <= end + step / 2; rate += step) {
    const at = x(rate).toFixed(1);
    lines.push(`<path class="grid" d="M${at} ${TITLE - 6}V${bottom}"/>`);
    const label = Number(rate.toFixed(3));
    const place = `x="${at}" y="${bottom + 18}" text-anchor="middle"`;
    lines.push(`<text class="quiet" ${place}>${label}</text>`);
  }
  lines.push(`<text class="quiet" x="${WIDTH}" y="${bottom + 18}" text-anchor="end">Mpps</text>`);
  return lines.join("\n");
}
