// Loading the kernels: the module file, compiled once, instantiated per worker.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { instantiateSync } from "@assemblyscript/loader";

/** What assembly/index.ts exports. */
export interface Kernel {
  /** Makes the instance worker `number`; false when the memory is of another layout. */
  attach(number: number): number;
  /** Runs at most one burst; `now` in nanoseconds since the start of the run. Returns RUN_*. */
  step(now: number): number;
}

export type Build = "release" | "probe";

/** The compiled kernels; dist/ is found from the sources as well as from dist/src. */
export function loadModule(build: Build = "release"): WebAssembly.Module {
  const name = build === "release" ? "sluice.wasm" : "sluice.probe.wasm";
  const here = import.meta.url;
  const folder = here.endsWith(".ts") ? "../../dist/" : "../../";
  return new WebAssembly.Module(readFileSync(fileURLToPath(new URL(folder + name, here))));
}

/** An instance over the engine's memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const { exports } = instantiateSync(module, { env: { memory } });
  return exports as unknown as Kernel;
}
