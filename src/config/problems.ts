// What is wrong with a configuration: every finding has a place, and all of them are reported.

import { type ErrorCode, SluiceError } from "../errors.ts";

/** Keys and indexes from the root to a value. */
export type Path = readonly (string | number)[];

/** One finding. Line and column count from 1; the pointer is RFC 6901, "" for the whole. */
export interface Problem {
  readonly code: ErrorCode;
  /** What was expected, without the place. */
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly pointer: string;
}

/** RFC 6901 3: "~" and "/" within a key are escaped. */
export function pointerOf(path: Path): string {
  return path.map((step) => `/${String(step).replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");
}

/** Lines a message shows; `details` always has every problem. */
const SHOWN = 50;

/** A configuration with problems: the message has a line for each, `place` is the first's. */
export class ConfigurationError extends SluiceError {
  /** Every problem, in the order of the file. */
  readonly details: readonly Problem[];

  constructor(problems: readonly Problem[], file?: string) {
    const details = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    const first = details[0]!;
    const lines = details.slice(0, SHOWN).map((problem) => formatProblem(problem, file));
    if (details.length > SHOWN) lines.push(`and ${details.length - SHOWN} more`);
    const { line, column, pointer } = first;
    const place = { line, column, pointer };
    super(codeOf(details), lines.join("\n"), file === undefined ? place : { file, ...place });
    this.details = Object.freeze(details);
  }
}

/** An unsupported key is the error only when nothing else is wrong. */
function codeOf(details: readonly Problem[]): ErrorCode {
  return (details.find((detail) => detail.code !== "CONFIG_UNSUPPORTED") ?? details[0]!).code;
}

function formatProblem(problem: Problem, file: string | undefined): string {
  const pointer = problem.pointer === "" ? "" : ` ${problem.pointer}`;
  const name = file ?? "configuration";
  return `${name}:${problem.line}:${problem.column}${pointer}: ${problem.message}`;
}
