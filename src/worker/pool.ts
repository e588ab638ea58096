// The workers: piscina threads, one endless task per queue. The only file that knows piscina.

import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { SluiceError } from "../errors.ts";
import { loadModule } from "./kernel.ts";
import type { WorkerTask } from "./main.ts";

/** Node 20 runs no TypeScript: workers start from what the build made, also under a test runner. */
function workerFile(): string {
  const here = import.meta.url;
  const path = here.endsWith(".ts") ? "../../dist/src/worker/main.js" : "./main.js";
  return fileURLToPath(new URL(path, here));
}

/** Threads for `queues` workers, started once and used for run after run. */
export class WorkerPool {
  readonly #pool: Piscina;
  readonly #module = loadModule();
  readonly #queues: number;

  constructor(queues: number) {
    this.#queues = queues;
    this.#pool = new Piscina({
      filename: workerFile(),
      minThreads: queues,
      maxThreads: queues,
      concurrentTasksPerWorker: 1,
      // Workers sleep in the kernels, not in piscina, and idle threads should cost nothing.
      atomics: "disabled",
    });
  }

  /**
   * Starts every worker over the memory. Resolves when all have finished, with the time
   * (process.hrtime.bigint()) of the last packet.
   * Throws WORKER_FAILED when one stopped for a reason of its own.
   */
  async run(memory: WebAssembly.Memory, cpus: readonly number[] | undefined): Promise<bigint> {
    const tasks = Array.from({ length: this.#queues }, (_, number): Promise<bigint> => {
      const task: WorkerTask = { module: this.#module, memory, number, cpu: cpus?.[number] };
      return this.#pool.run(task, { name: "run" });
    });
    try {
      const ends = await Promise.all(tasks);
      return ends.toSorted((a, b) => Number(a - b)).at(-1) as bigint;
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new SluiceError("WORKER_FAILED", `a worker stopped: ${reason}`, {}, cause);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
