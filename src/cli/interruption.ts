// Ctrl-C and termination: the first signal stops the work in good order, a second one kills.

import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export class Interruption {
  readonly #controller = new AbortController();
  readonly #handler = (name: NodeJS.Signals) => this.#stop(name);
  #status: number | undefined;

  /** Listens from now on, until release(). */
  constructor() {
    for (const name of SIGNALS) process.on(name, this.#handler);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 128 and the signal's number, as shells have it; undefined without one. */
  get exitStatus(): number | undefined {
    return this.#status;
  }

  release(): void {
    for (const name of SIGNALS) process.off(name, this.#handler);
  }

  #stop(name: NodeJS.Signals): void {
    // Without a listener the next signal has its usual effect.
    this.release();
    this.#status = 128 + constants.signals[name];
    this.#controller.abort();
  }
}
