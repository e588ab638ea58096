// sluice replay: captures through the data path, and a report of it.

import { parseSpeed } from "../config/units.ts";
import {
  type Connection,
  type ConnectionFilter,
  checkConnectionFilter,
  Engine,
  formatConnection,
  type Model,
  type Pace,
  parseConnectionFilter,
  type ReplayResult,
  SluiceError,
} from "../engine.ts";
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
import { type Report, reportOf } from "./report.ts";
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
  /** List connections at the end: those of a filter, or, true, all. */
  readonly flows?: string | true;
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
  const filter = filterOf(flags, model);
  const interruption = new Interruption();
  const engine = await Engine.create(model);
  try {
    if (captures.includes(STDIN)) closeOnAbort(interruption.signal);
    const result = withoutCutStdin(
      await runEngine(engine, captures, way, flags, interruption.signal),
    );
    const connections = flags.flows === undefined ? undefined : engine.flows.iterate(filter);
    print(result, model, engine.hugePages, captures, flags, connections);
    if (result.failure !== undefined) return printFailure(result.failure);
    return interruption.exitStatus ?? 0;
  } finally {
    interruption.release();
    await engine.close();
  }
}

/** Throws USAGE before anything is replayed. */
function filterOf({ flows }: ReplayFlags, model: Model): ConnectionFilter {
  try {
    const filter = typeof flows === "string" ? parseConnectionFilter(flows) : {};
    checkConnectionFilter(filter, model);
    return filter;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new SluiceError("USAGE", `--flows: ${error.message}`);
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
  connections: Iterable<Connection> | undefined,
): void {
  const { config, loop: loops, output: outputs = {} } = flags;
  const report = reportOf(result, model, hugePages);
  if (flags.json) {
    printJson(report, connections);
    return;
  }
  // Where nothing could be read the error says it all.
  if (result.failure !== undefined && report.packets.received === 0) return;
  const stream = writesToStdout(outputs) ? process.stderr : process.stdout;
  const occasion = { captures, config, loops, outputs };
  stream.write(formatSummary(report, model, occasion, styleFor(stream)));
  if (connections === undefined) return;
  stream.write("\n");
  for (const connection of connections) stream.write(`${formatConnection(connection)}\n`);
}

/** Connections are written one by one: there may be more than one string can hold. */
function printJson(report: Report, connections: Iterable<Connection> | undefined): void {
  const text = JSON.stringify(report);
  if (connections === undefined) {
    process.stdout.write(`${text}\n`);
    return;
  }
  process.stdout.write(`${text.slice(0, -1)},"connections":[`);
  let separator = "";
  for (const connection of connections) {
    process.stdout.write(separator + JSON.stringify(connection));
    separator = ",";
  }
  process.stdout.write("]}\n");
}
