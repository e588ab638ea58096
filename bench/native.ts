// The native twin: built from bench/native with the constants of assembly/, run as a process that
// takes one command a line.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as drops from "../assembly/drops.ts";
import * as layout from "../assembly/layout.ts";
import { LineProcess } from "./process.ts";

/** Sources lie in bench/native, seen from bench/ as well as from dist/bench/. */
const SOURCES = import.meta.url.endsWith(".ts")
  ? new URL("native/", import.meta.url)
  : new URL("../../bench/native/", import.meta.url);

const FLAGS = ["-std=gnu11", "-O3", "-march=native", "-Wall", "-Wextra", "-Werror"];

/** The compiler's version line, or undefined where there is none. */
export function compilerVersion(): string | undefined {
  try {
    return execFileSync("gcc", ["--version"], { encoding: "utf8" }).split("\n")[0];
  } catch {
    return undefined;
  }
}

/** Every constant of the memory map and every drop reason, as C sees them. */
export function layoutHeader(): string {
  const lines = Object.entries<unknown>({ ...layout, ...drops })
    .filter((entry): entry is [string, number] => typeof entry[1] === "number")
    .map(([name, value]) => `#define ${name} ${value}`);
  return ["// Generated from assembly/layout.ts and assembly/drops.ts.", ...lines, ""].join("\n");
}

/** Compiles the twin into a folder; returns the program. Throws what the compiler says. */
export function buildTwin(folder: string): string {
  return build(folder, "twin");
}

/** The same of what sends captures to the kernel. */
export function buildSender(folder: string): string {
  return build(folder, "sender");
}

function build(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "layout.h"), layoutHeader());
  const program = join(folder, name);
  const source = fileURLToPath(new URL(`${name}.c`, SOURCES));
  execFileSync("gcc", [...FLAGS, `-I${folder}`, "-o", program, source], { encoding: "utf8" });
  return program;
}

export interface TwinAnswer {
  readonly nanoseconds: number;
  /** Packets of a run, or what a stage adds up. */
  readonly result: bigint;
}

/** A twin at work on the image of a memory. */
export class Twin {
  readonly #process: LineProcess;

  /** @param bytes size of the image file */
  constructor(program: string, image: string, bytes: number) {
    this.#process = new LineProcess(spawn(program, [image, String(bytes)]), "twin");
  }

  /** One command of those twin.c lists. Throws when the twin has ended. */
  async command(...words: readonly (string | number)[]): Promise<TwinAnswer> {
    this.#process.write(`${words.join(" ")}\n`);
    const line = await this.#process.lineMatching(/^\d+ \d+$/);
    const [nanoseconds = "0", result = "0"] = line.split(" ");
    return { nanoseconds: Number(nanoseconds), result: BigInt(result) };
  }

  close(): Promise<void> {
    return this.#process.end();
  }
}
