// Errors on stderr: one line for each, with its code, and what to do next where that is known.

import { ConfigurationError } from "../config/problems.ts";
import { type ErrorCode, SluiceError } from "../errors.ts";

const NEXT_STEPS: Partial<Record<ErrorCode, string>> = {
  CONFIG_INVALID: "docs/configuration.md explains every key",
  CONFIG_UNSUPPORTED: "leave the key out; docs/configuration.md lists those of this version",
  CAPTURE_CORRUPT: "what came before that place was replayed and is counted",
  LIMIT_EXCEEDED: "the limits are keys of the configuration: docs/configuration.md",
  USAGE: "'sluice --help' and 'sluice <command> --help' show the options",
  WORKER_FAILED: "this is a mistake of the engine: please report it with the capture",
};

/** Lines for an error, without a final newline; never a stack trace. */
export function failureLines(error: SluiceError): string[] {
  const messages = error.message.split("\n");
  const lines = messages.map((message, place) => {
    // A configuration's message has a line for each problem, which may differ in code.
    const problem = error instanceof ConfigurationError ? error.details[place] : undefined;
    return `sluice: error ${problem?.code ?? error.code}: ${message}`;
  });
  const next = NEXT_STEPS[error.code];
  return next === undefined ? lines : [...lines, `sluice: ${next}`];
}

/** Prints an error and gives the exit status it stands for. */
export function printFailure(error: unknown): 1 | 2 {
  if (error instanceof SluiceError) {
    process.stderr.write(`${failureLines(error).join("\n")}\n`);
    return error.exitStatus;
  }
  // A mistake of ours: the stack is what a report of it needs.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`sluice: error INTERNAL: please report this: ${text}\n`);
  return 1;
}

/** Prints an error of the command line as commander words it. */
export function printUsageError(text: string): void {
  const message = text.trim().replace(/^error: /, "");
  const next = NEXT_STEPS.USAGE;
  process.stderr.write(`sluice: error USAGE: ${message}\nsluice: ${next}\n`);
}
