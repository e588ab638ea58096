// A trace as text: a line for each step, and under it what the step found.

import { inlineText } from "./document.ts";
import type { LookUp, NearMiss, Trace, TraceStep } from "./explain.ts";
import { flowName } from "./tables.ts";

/** How parts of the text are emphasised; identity functions for plain text. */
export interface TraceStyle {
  readonly step: (text: string) => string;
  readonly drop: (text: string) => string;
  readonly name: (text: string) => string;
}

const PLAIN: TraceStyle = { step: (t) => t, drop: (t) => t, name: (t) => t };

/** Lines of the trace, without a final newline. */
export function formatTrace({ steps, lost }: Trace, style: TraceStyle = PLAIN): string {
  const width = Math.max(...steps.map(({ step }) => step.length));
  const lines = steps.flatMap((step) => stepLines(step, width, style));
  if (lost > 0) lines.push(`${lost} more steps, for which the trace has no room`);
  return lines.join("\n");
}

function stepLines(step: TraceStep, width: number, style: TraceStyle): string[] {
  const verdict = step.verdict.startsWith("drop") ? style.drop(step.verdict) : step.verdict;
  const head = `${style.step(step.step.padEnd(width))}  ${verdict}`;
  const facts = Object.entries(step.facts);
  const names = Math.max(0, ...facts.map(([name]) => name.length));
  const indent = " ".repeat(width + 2);
  const lines = facts.map(([name, value]) => {
    const label = name.replaceAll("_", " ").padEnd(names);
    return `${indent}${style.name(label)}  ${value}`;
  });
  const missed = step.lookUp === undefined ? [] : nearMissLines(step.lookUp, style);
  return [head, ...lines, ...missed.map((line) => indent + line)];
}

function nearMissLines(lookUp: LookUp, style: TraceStyle): string[] {
  const { flow, nearMisses, furtherMisses } = lookUp;
  if (nearMisses.length === 0) return [];
  const lines = nearMisses.flatMap((miss) => [
    `  ${flowName(miss)} (priority ${miss.priority})${matchOfUnnamed(miss)}`,
    ...reasonsOf(miss).map((reason) => `    ${reason}`),
  ]);
  const rest = furtherMisses === 0 ? [] : [`  and ${furtherMisses} more`];
  const title = flow === undefined ? "near misses" : "near misses above it";
  return [style.name(title), ...lines, ...rest];
}

/** A flow without an id is recognised by what it matches. */
function matchOfUnnamed({ id, match }: NearMiss): string {
  return id === undefined ? `: ${inlineText(match)}` : "";
}

function reasonsOf({ failures, expired }: NearMiss): string[] {
  if (failures.length === 0) {
    const reason = expired === undefined ? "was not there yet" : `its ${expired} time was over`;
    return [`matches, but ${reason}`];
  }
  return failures.map(
    ({ field, expected, packet }) => `${field}: expected ${expected}, packet has ${packet}`,
  );
}
