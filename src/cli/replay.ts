// sluice replay: captures through the data path, and a report of it.

import { parseSpeed } from "../config/units.ts";
import { Engine, type Model, type Pace, type ReplayResult, SluiceError } from "../engine.ts";
import { printFailure } from "./failure.ts";
import { Interruption } from "./interruption.ts";
import {
  chooseModel,
  type EngineFlags,
  parseInput,
  refuseOverwriting,
  writesToStdout,
} from "./options.ts";
import { createProgress } from "./progress.ts";
import { reportOf } from "./report.ts";
import { styleFor } from "./style.ts";
import { formatSummary } from "./summary.ts";
import type { Outputs } from "./values.ts";

/** Its name as a capture. */
const STDIN = "-";

export interface ReplayFlags extends EngineFlags {
  readonly output?: Outputs;
  readonly queues?: number;
  readonly speed: string;
  readonly loop: number;
  readonly json?: boolean;
  readonly digest?: boolean;
}

/** Where packets enter, and how fast. */
interface Way {
  readonly input: ReturnType<typeof parseInput>;
  readonly pace: Pace;
}

/** Replays, prints the report, and resolves to the exit status. */
export async function replay(captures: readonly string[], flags: ReplayFlags): Promise<number> {
  const { output: outputs = {} } = flags;
  if (flags.json && writesToStdout(outputs)) {
    throw new SluiceError("USAGE", "--json and an output to stdout (-) cannot both have it");
  }
  refuseOverwriting(captures, outputs);
  const way: Way = { input: parseInput(flags.in), pace: parseSpeed(flags.speed) };
  const model = await chooseModel(flags, flags.queues);
  const interruption = new Interruption();
  const engine = await Engine.create(model);
  try {
    if (captures.includes(STDIN)) closeOnAbort(interruption.signal);
    const result = withoutCutStdin(
      await runEngine(engine, captures, way, flags, interruption.signal),
    );
    print(result, model, engine.hugePages, captures, flags);
    if (result.failure !== undefined) return printFailure(result.failure);
    return interruption.exitStatus ?? 0;
  } finally {
    interruption.release();
    await engine.close();
  }
}

/** Whoever writes to stdin may be silent for long: a stopped replay does not wait for it. */
function closeOnAbort(signal: AbortSignal): void {
  signal.addEventListener("abort", () => process.stdin.destroy(), { once: true });
}

/** That stdin was left before its end is no failure of a replay that was stopped. */
function withoutCutStdin(result: ReplayResult): ReplayResult {
  const cut = result.interrupted && result.failure?.place.file === "stdin";
  return cut ? { ...result, failure: undefined } : result;
}

async function runEngine(
  engine: Engine,
  captures: readonly string[],
  { input, pace }: Way,
  flags: ReplayFlags,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const progress = flags.json ? undefined : createProgress(process.stderr, flags.loop);
  try {
    return await engine.replay({
      captures,
      ...(input === undefined ? {} : { input }),
      outputs: flags.output ?? {},
      pace,
      loops: flags.loop,
      digest: flags.digest ?? false,
      resolveNeighbors: flags.resolveNeighbors ?? false,
      signal,
      ...(progress === undefined ? {} : { onProgress: progress.update }),
    });
  } finally {
    progress?.stop();
  }
}

function print(
  result: ReplayResult,
  model: Model,
  hugePages: boolean,
  captures: readonly string[],
  flags: ReplayFlags,
): void {
  const { config, loop: loops, output: outputs = {} } = flags;
  const report = reportOf(result, model, hugePages);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  // Where nothing could be read the error says it all.
  if (result.failure !== undefined && report.packets.received === 0) return;
  const stream = writesToStdout(outputs) ? process.stderr : process.stdout;
  const occasion = { captures, config, loops, outputs };
  stream.write(formatSummary(report, model, occasion, styleFor(stream)));
}
