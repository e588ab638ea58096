// sluice check: is a configuration right, and does everything it names fit into the engine?

import { ConfigurationError } from "../config/problems.ts";
import { Engine, loadConfiguration, type Model, SluiceError } from "../engine.ts";
import { printFailure } from "./failure.ts";
import { count } from "./numbers.ts";

export interface CheckFlags {
  readonly config: string;
  readonly json?: boolean;
}

/** Checks a configuration and prints the result; resolves to the exit status. */
export async function check(flags: CheckFlags): Promise<number> {
  const { config: file, json = false } = flags;
  try {
    const model = await loadConfiguration(file);
    // Only filling the tables reads the route files and finds limits that are too small.
    const engine = await Engine.create(model);
    const found = contentOf(model, engine);
    await engine.close();
    const text = json ? JSON.stringify({ file, ok: true, ...found, errors: [] }) : "";
    process.stdout.write(`${json ? text : `${file}: ok: ${inWords(found)}`}\n`);
    return 0;
  } catch (error) {
    if (!json || !(error instanceof SluiceError)) return printFailure(error);
    const result = { file, ok: false, errors: problemsOf(error) };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return error.exitStatus;
  }
}

type Content = ReturnType<typeof contentOf>;

function contentOf(model: Model, engine: Engine) {
  return {
    ports: model.ports.length,
    vrfs: model.vrfs.length,
    routes: model.routes.length,
    route_files: model.routeFiles.length,
    neighbors: model.neighbors.length,
    prefixes: engine.routes.count,
    memory_bytes: engine.memoryBytes,
  };
}

function inWords(content: Content): string {
  const { ports, vrfs, routes, route_files, neighbors, prefixes, memory_bytes } = content;
  const parts = [count(ports, "port"), count(routes, "route"), count(neighbors, "neighbor")];
  if (vrfs > 1) parts.push(count(vrfs, "VRF"));
  if (route_files > 0) parts.push(count(route_files, "route file"));
  parts.push(count(prefixes, "prefix", "prefixes"));
  parts.push(count(Math.ceil(memory_bytes / 2 ** 20), "MiB", "MiB"));
  return parts.join(", ");
}

function problemsOf(error: SluiceError): readonly object[] {
  if (error instanceof ConfigurationError) return error.details;
  return [{ code: error.code, message: error.message, ...error.place }];
}
