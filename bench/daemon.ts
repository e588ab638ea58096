// A daemon that lasts no longer than this process, and can be made to stand still.

import { spawn } from "node:child_process";
import { LineProcess } from "./process.ts";

/**
 * Tells the daemon's process id and ends it when its own input ends: when end() says so, or when
 * this process is gone, however it went. A daemon that stands still hears of no other signal.
 */
const GUARD =
  'trap "" INT; "$@" </dev/null >/dev/null & echo $!; read -r line; kill -KILL $!; wait';

export class Daemon {
  readonly #guard: LineProcess;
  readonly #id: number;

  private constructor(guard: LineProcess, id: number) {
    this.#guard = guard;
    this.#id = id;
  }

  /** @param command its words; a command that it makes way for keeps its process id (`ip netns`) */
  static async start(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Daemon> {
    const guard = new LineProcess(
      spawn("sh", ["-c", GUARD, "sh", ...command], { env }),
      command[0] as string,
    );
    return new Daemon(guard, Number(await guard.lineMatching(/^\d+$/)));
  }

  /** Takes no time of any processor from now on, until resume(). */
  suspend(): void {
    process.kill(this.#id, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.#id, "SIGCONT");
  }

  /** Returns when it has gone. */
  end(): Promise<void> {
    return this.#guard.end();
  }
}
