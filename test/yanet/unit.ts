// The files of a unit: controlplane.conf (JSON: modules that lead to each other), autotest.yaml
// (steps) and what both name.

import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { type CapturedPacket, readEthernet } from "../support/pcap.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** One module of a pipeline. */
export interface Module extends Fields {
  readonly type: string;
  readonly nextModule?: string;
  readonly nextModules?: readonly string[];
}

export interface ControlPlane {
  readonly modules: Readonly<Record<string, Module>>;
  readonly hostConfig?: Fields;
  readonly rib?: Fields;
}

/** A step: its kind and what is said of it. */
export type Step = readonly [kind: string, value: unknown];

const CONTROL_PLANE = "controlplane.conf";
const STEPS = "autotest.yaml";

/** What keeps a folder from being a unit; undefined: it is one. */
export function whatIsMissing(folder: string): string | undefined {
  const missing = [CONTROL_PLANE, STEPS].filter((file) => !existsSync(join(folder, file)));
  if (missing.length === 0) return undefined;
  return `${folder}: expected the folder of a unit, with ${missing.join(" and ")} in it`;
}

export class Unit {
  readonly name: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
    this.name = basename(this.#folder);
    const problem = whatIsMissing(this.#folder);
    if (problem !== undefined) throw new Error(problem);
  }

  text(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }

  json(file: string): unknown {
    return JSON.parse(this.text(file));
  }

  controlPlane(file = CONTROL_PLANE): ControlPlane {
    return this.json(file) as ControlPlane;
  }

  frames(file: string): CapturedPacket[] {
    return readEthernet(join(this.#folder, file));
  }

  steps(): Step[] {
    const { steps } = parse(this.text(STEPS)) as { readonly steps: readonly Fields[] };
    return steps.flatMap((step) => Object.entries(step));
  }
}

/** A value that may stand alone or in a list. */
export function listOf<T>(value: unknown): T[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]) as T[];
}
