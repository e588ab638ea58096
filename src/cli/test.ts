// sluice test: policy tests, a line for each, and what is different where one fails.

import { SluiceError } from "../engine.ts";
import { type PacketFailure, runPolicyTests, type TestResult } from "../policy/runner.ts";
import { loadPolicyFile } from "../policy/test_file.ts";
import { formatTrace } from "../trace/text.ts";
import { printFailure } from "./failure.ts";
import { count } from "./numbers.ts";
import { type Style, styleFor } from "./style.ts";

export interface TestFlags {
  readonly json?: boolean;
}

interface FileResult {
  readonly file: string;
  readonly tests: TestResult[];
  readonly error?: unknown;
}

/**
 * Runs the tests of all files and prints the results. Resolves to the exit status: 0 all passed, 1
 * some failed, 2 a file or a configuration is wrong.
 */
export async function test(files: readonly string[], flags: TestFlags): Promise<number> {
  const style = styleFor(process.stdout);
  const results: FileResult[] = [];
  for (const file of files) results.push(await runFile(file, flags.json ? undefined : style));
  const all = results.flatMap(({ tests }) => tests);
  const failed = all.filter((result) => !hasPassed(result)).length;
  const passed = all.length - failed;
  if (flags.json) process.stdout.write(`${JSON.stringify(report(results, passed, failed))}\n`);
  else process.stdout.write(`${summaryLine(passed, failed, style)}\n`);
  const statuses = results.map(({ error }) => (error === undefined ? 0 : printFailure(error)));
  return Math.max(failed > 0 ? 1 : 0, ...statuses);
}

function hasPassed({ failures, connections }: TestResult): boolean {
  return failures.length === 0 && connections.length === 0;
}

/** What is wrong with one file keeps no other from being run. */
async function runFile(file: string, style: Style | undefined): Promise<FileResult> {
  const tests: TestResult[] = [];
  try {
    for await (const result of runPolicyTests(await loadPolicyFile(file))) {
      tests.push(result);
      if (style !== undefined) process.stdout.write(`${testLines(file, result, style)}\n`);
    }
    return { file, tests };
  } catch (error) {
    return { file, tests, error };
  }
}

function summaryLine(passed: number, failed: number, style: Style): string {
  const failures = `${failed} failed`;
  return `${passed} passed, ${failed > 0 ? style.red(failures) : failures}`;
}

function testLines(file: string, result: TestResult, style: Style): string {
  const { name, line, packets, failures, connections } = result;
  const mark = hasPassed(result) ? style.green("pass") : style.red("FAIL");
  const head = `${mark}  ${name}  ${style.dim(`${file}:${line}, ${count(packets, "packet")}`)}`;
  const lines = failures.flatMap((failure) => failureLines(file, failure, style));
  return [head, ...lines, ...connections.flatMap((one) => connectionLines(file, one, style))].join(
    "\n",
  );
}

function failureLines(file: string, failure: PacketFailure, style: Style): string[] {
  const { packet, label, port, time, line, column, sent, trace } = failure;
  const widths = failure.differences.map(({ what }) => what.length);
  const differences = failure.differences.flatMap(({ what, expected, found }) => [
    `      ${what.padEnd(Math.max(...widths))}  expected  ${style.green(expected)}`,
    `      ${" ".repeat(Math.max(...widths))}  found     ${style.red(found)}`,
  ]);
  const frames = sent.map((frame) => `      sent by ${frame.port}: ${frame.text}`);
  const steps = formatTrace(trace, { step: style.bold, drop: style.red, name: style.dim });
  return [
    `    packet ${packet}, by ${port} at ${time} s, ${file}:${line}:${column}: ${label}`,
    ...differences,
    ...frames,
    ...steps.split("\n").map((text) => `      | ${text}`),
  ];
}

function connectionLines(
  file: string,
  { filter, line, expected, found, listed }: TestResult["connections"][number],
  style: Style,
): string[] {
  return [
    `    connections ${JSON.stringify(filter)}, ${file}:${line}`,
    `      expected  ${style.green(expected)}`,
    `      found     ${style.red(String(found))}`,
    ...listed.map((text) => `      | ${text}`),
  ];
}

function report(results: readonly FileResult[], passed: number, failed: number): object {
  return {
    passed,
    failed,
    files: results.map(({ file, tests, error }) => ({
      file,
      tests: tests.map((result) => ({
        ...result,
        passed: hasPassed(result),
      })),
      ...(error instanceof SluiceError
        ? { error: { code: error.code, message: error.message, ...error.place } }
        : {}),
    })),
  };
}
