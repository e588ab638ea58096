// Where a measurement was taken, and whether the machine was doing something else.

import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGibibytes: number;
  readonly kernel: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  const list = cpus();
  return {
    processor: list[0]?.model ?? process.arch,
    processors: list.length,
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  };
}

/** Share of all processors' time that was used since the start, by anybody; undefined off Linux. */
function readTimes(): { idle: number; all: number } | undefined {
  try {
    const [first = ""] = readFileSync("/proc/stat", "utf8").split("\n");
    const times = first.trim().split(/\s+/).slice(1).map(Number);
    const idle = (times[3] ?? 0) + (times[4] ?? 0);
    return { idle, all: times.reduce((sum, time) => sum + time, 0) };
  } catch {
    return undefined;
  }
}

/** Milliseconds over which the load is looked at. */
const LOOK = 500;

/** Share (0 to 1) of the processors that others keep busy while this process waits. */
export async function foreignLoad(): Promise<number | undefined> {
  const before = readTimes();
  await wait(LOOK);
  const after = readTimes();
  if (before === undefined || after === undefined || after.all === before.all) return undefined;
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}
