// sluice replay: captures through the data path, and a report of it.

import { parseSpeed } from "../config/units.ts";
import { Engine, type Model, type ReplayResult, SluiceError } from "../engine.ts";
import { printFailure } from "./failure.ts";
import { Interruption } from "./interruption.ts";
import {
  chooseModel,
  type EngineFlags,
  type Outputs,
  parseInput,
  refuseOverwriting,
  writesToStdout,
} from "./options.ts";
import { createProgress } from "./progress.ts";
import { reportOf } from "./report.ts";
import { styleFor } from "./style.ts";
import { formatSummary } from "./summary.ts";

export interface ReplayFlags extends EngineFlags {
  readonly output?: Outputs;
  readonly queues?: number;
  readonly speed: string;
  readonly loop: number;
  readonly json?: boolean;
  readonly digest?: boolean;
}

/** Replays, prints the report, and resolves to the exit status. */
export async function replay(captures: readonly string[], flags: ReplayFlags): Promise<number> {
  const { output: outputs = {} } = flags;
  if (flags.json && writesToStdout(outputs)) {
    throw new SluiceError("USAGE", "--json and an output to stdout (-) cannot both have it");
  }
  refuseOverwriting(captures, outputs);
  const model = await chooseModel(flags, flags.queues);
  const interruption = new Interruption();
  const engine = await Engine.create(model);
  try {
    const result = await runEngine(engine, captures, flags, interruption.signal);
    print(result, model, engine.hugePages, captures, flags);
    if (result.failure !== undefined) return printFailure(result.failure);
    return interruption.exitStatus ?? 0;
  } finally {
    interruption.release();
    await engine.close();
  }
}

async function runEngine(
  engine: Engine,
  captures: readonly string[],
  flags: ReplayFlags,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const input = parseInput(flags.in);
  const pace = parseSpeed(flags.speed);
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
