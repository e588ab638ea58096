// Running the built command as a user does: a child process, its output, its exit status.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const DEMO = `${ROOT}pcaps/router-demo.pcap`;
export const ROUTER = `${ROOT}examples/router.yaml`;
/** Packets of the demo capture. */
export const DEMO_PACKETS = 723;

/** The file that package.json names as the command. */
export const BIN = `${ROOT}${JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")).bin.sluice}`;

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Uint8Array;
  /** Stdin is not ended after the input. */
  readonly keepOpen?: boolean;
  readonly folder?: string;
  readonly bin?: string;
  /** Called with the process once it runs. */
  readonly attend?: (child: ChildProcess) => void;
}

/** Runs `sluice` to its end. */
export function sluice(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [options.bin ?? BIN, ...args], {
    cwd: options.folder ?? ROOT,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: undefined },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => stdout.push(piece));
  child.stderr.on("data", (piece: Buffer) => stderr.push(piece));
  // A command that ends without reading its input breaks the pipe.
  child.stdin.on("error", () => {});
  child.stdin.write(options.input ?? new Uint8Array(0));
  if (!options.keepOpen) child.stdin.end();
  options.attend?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      const text = Buffer.concat(stderr).toString();
      resolve({ status, signal, stdout: Buffer.concat(stdout), stderr: text });
    });
  });
}

/** The one JSON object a command prints. */
export function jsonOf(finished: Finished): Record<string, unknown> {
  return JSON.parse(finished.stdout.toString());
}
