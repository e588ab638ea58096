// Compiles AssemblyScript entries in memory, with the options of asconfig.json: kernels for tests
// that want single functions of the data path rather than the whole module.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const OPTIONS =
  "--outFile kernel.wasm --runtime stub --importMemory --sharedMemory --initialMemory 16 " +
  "--maximumMemory 65536 --enable simd,threads,bulk-memory --use abort= --bindings none";

export interface CompileOptions {
  /** Keep assertions and build without the heavy optimisations. */
  readonly probe?: boolean;
}

/**
 * Compiles an entry file (relative to the repository's root, e.g. "test/assembly/parse_entry.ts").
 * The module imports `env.memory`, shared; instantiate it with newMemory() or one of your own.
 */
export async function compileKernel(
  entryFile: string,
  options: CompileOptions = {},
): Promise<WebAssembly.Module> {
  const level = options.probe ? ["-O1", "--debug"] : ["-O3", "--noAssert"];
  const files = new Map<string, Uint8Array>();
  const { error, stderr } = await asc.main(
    [entryFile, "--baseDir", ROOT, ...OPTIONS.split(" "), ...level],
    {
      readFile: (name) => readSource(name),
      writeFile: (name, contents) => {
        files.set(name, contents as Uint8Array);
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${entryFile}: ${error.message}\n${stderr.toString()}`);
  const wasm = files.get("kernel.wasm");
  if (!wasm) throw new Error(`${entryFile}: the compiler wrote no module\n${stderr.toString()}`);
  return new WebAssembly.Module(new Uint8Array(wasm));
}

function readSource(name: string): string | null {
  // its entries and targets are those of the whole module
  if (name.endsWith("asconfig.json")) return null;
  try {
    return readFileSync(fileURLToPath(new URL(name, `file://${ROOT}`)), "utf8");
  } catch {
    return null;
  }
}

/** A shared memory as the kernels import it; one page has 64 KiB. */
export function newMemory(pages = 64): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Instantiates a kernel over the memory and returns its exports, typed by the caller. */
export function instantiate<Exports>(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Exports {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as Exports;
}
