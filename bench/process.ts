// A child process that is spoken to by lines.

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";

export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #name: string;
  readonly #lines: string[] = [];
  readonly #exit: Promise<void>;
  #errors = "";
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param name what errors call it */
  constructor(child: ChildProcessWithoutNullStreams, name: string) {
    this.#child = child;
    this.#name = name;
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#wake?.();
    });
    child.stderr.on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-4096);
    });
    // A process that has gone is told by its exit, not by a broken pipe.
    child.stdin.on("error", () => undefined);
    this.#exit = new Promise((resolve) => {
      const done = () => {
        this.#ended = true;
        this.#wake?.();
        resolve();
      };
      child.on("close", done);
      child.on("error", (error) => {
        this.#errors += error.message;
        done();
      });
    });
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** The next line that matches; those before it are passed over. Throws when there is none. */
  async lineMatching(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line === undefined) {
        if (this.#ended) throw new Error(`${this.#name} has ended: ${this.#errors.trim()}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if (pattern.test(line)) {
        return line;
      }
    }
  }

  /** Closes its input and waits until it has gone; ends it if it does not. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.#exit;
    clearTimeout(late);
  }
}
