// What options mean: the model they make, ports, files.

import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfiguration, type Model, passThroughModel, SluiceError } from "../engine.ts";
import type { Outputs } from "./values.ts";

/** What replay and trace have in common. */
export interface EngineFlags {
  readonly config?: string;
  readonly in?: string;
  /** False with --no-checksum. */
  readonly checksum: boolean;
  readonly resolveNeighbors?: boolean;
}

const STDIO = "-";

/**
 * "lan", or "0=lan,1=wan" as a list by capture interface.
 * Throws USAGE when the numbers are not 0, 1, 2 … without a gap.
 */
export function parseInput(text: string | undefined): string | string[] | undefined {
  if (text === undefined || !text.includes("=")) return text;
  const ports: string[] = [];
  const items = text.split(",").map((item) => item.split("="));
  for (const [number = "", port = "", ...rest] of items) {
    const known = /^\d{1,4}$/.test(number) && port !== "" && rest.length === 0;
    if (!known || ports[Number(number)] !== undefined) {
      throw new SluiceError("USAGE", `--in: expected PORT or 0=PORT,1=PORT, found "${text}"`);
    }
    ports[Number(number)] = port;
  }
  const gap = Array.from(ports, (port) => port === undefined).indexOf(true);
  if (gap < 0) return ports;
  throw new SluiceError("USAGE", `--in: capture interface ${gap} has no port in "${text}"`);
}

/** The configuration, or a pass-through one, with what the options change of it. */
export async function chooseModel(flags: EngineFlags, queues?: number): Promise<Model> {
  const { config } = flags;
  const model = config === undefined ? passThroughModel() : await loadConfiguration(config);
  const { engine, conntrack } = model;
  return {
    ...model,
    conntrack: flags.checksum ? conntrack : { ...conntrack, checksum: false },
    engine: {
      ...engine,
      ...(flags.checksum ? {} : { verifyChecksums: "none" }),
      // CPUs were chosen for the configured number of queues.
      ...(queues === undefined || queues === engine.queues ? {} : { queues, cpus: undefined }),
    },
  };
}

/** Throws USAGE when an output would overwrite a capture that is read, or another output. */
export function refuseOverwriting(captures: readonly string[], outputs: Outputs): void {
  const taken = new Map(
    captures.filter(isFile).map((file) => [realpathSync(file), "a capture to replay"]),
  );
  for (const [port, file] of Object.entries(outputs)) {
    if (file !== STDIO && isDevice(file)) continue;
    const path = file === STDIO ? STDIO : realPath(file);
    const owner = taken.get(path);
    if (owner !== undefined) {
      throw new SluiceError("USAGE", `-o ${port}=${file}: the same file is ${owner}`);
    }
    taken.set(path, `the output of '${port}'`);
  }
}

export function writesToStdout(outputs: Outputs): boolean {
  return Object.values(outputs).includes(STDIO);
}

function realPath(file: string): string {
  return isFile(file) ? realpathSync(file) : resolve(file);
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Pipes, /dev/null and the like: several outputs may go there. */
function isDevice(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile();
}
