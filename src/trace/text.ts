// A trace as text: a line for each step, and under it what the step found.

import type { Trace, TraceStep } from "./explain.ts";

/** How parts of the text are emphasised; identity functions for plain text. */
export interface TraceStyle {
  readonly step: (text: string) => string;
  readonly drop: (text: string) => string;
  readonly name: (text: string) => string;
}

const PLAIN: TraceStyle = { step: (t) => t, drop: (t) => t, name: (t) => t };

/** Lines of the trace, without a final newline. */
export function formatTrace(trace: Trace, style: TraceStyle = PLAIN): string {
  const width = Math.max(...trace.steps.map(({ step }) => step.length));
  return trace.steps.flatMap((step) => stepLines(step, width, style)).join("\n");
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
  return [head, ...lines];
}
