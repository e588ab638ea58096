// The project's own files, and what can be read from their text alone.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What is made, fetched or measured, and what git keeps for itself. */
const NOT_OURS = new Set(["node_modules", "dist", "build", "coverage", "results", ".git"]);
const BINARY = /\.(pcap|pcapng|gz|wasm|png|o)$/;

export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    if (NOT_OURS.has(name)) return [];
    const path = folder === "" ? name : `${folder}/${name}`;
    return statSync(join(ROOT, path)).isDirectory() ? walk(path) : [path];
  });
}

/** Every text file of the project. */
export const FILES: readonly SourceFile[] = walk("")
  .filter((path) => !BINARY.test(path))
  .map((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    return { path, text, lines: text.split("\n") };
  });

/** TypeScript and AssemblyScript. */
export const SOURCES = FILES.filter(({ path }) => path.endsWith(".ts") && !path.endsWith(".d.ts"));

export function under(...folders: readonly string[]): SourceFile[] {
  return SOURCES.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)));
}

export interface Import {
  readonly from: string;
  /** A file of the project (without extension) or the name of a package. */
  readonly to: string;
  readonly line: number;
}

const IMPORT = /^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|\b(?:require|import)\("([^"]+)"\)/gm;

/** What a file imports or re-exports, require() of a literal included. */
export function importsOf({ path, text }: SourceFile): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => {
    const target = (match[1] ?? match[2]) as string;
    const relative = target.startsWith(".");
    const to = relative ? normalize(join(dirname(path), target)) : target;
    const line = text.slice(0, match.index).split("\n").length;
    return { from: path, to: to.replaceAll("\\", "/").replace(/\.(ts|js)$/, ""), line };
  });
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

const MODIFIERS = "(?:(?:export|async|static|override|public|private|protected|get|set) )*";
const HEADS = [
  new RegExp(`^(\\s*)${MODIFIERS}function\\*? ?([\\w]+)`),
  new RegExp(`^(\\s+)${MODIFIERS}\\*?(#?\\w+)(?:<.*>)?\\(.*(?:\\{|\\()$`),
  new RegExp(`^(\\s*)${MODIFIERS}const (\\w+) = (?:async )?(?:<.*>)?\\(?.*(?:=> \\{|\\()$`),
];
const NO_NAMES = new Set(["if", "for", "while", "switch", "catch", "return", "await", "super"]);

/**
 * The functions of a file and their lengths. The formatter has seen to it that a function's last
 * line is the next one with its first line's indentation that begins with a closing brace.
 */
export function functionsOf({ lines }: SourceFile): FunctionSpan[] {
  return lines.flatMap((line, at): FunctionSpan[] => {
    const head = HEADS.map((pattern) => pattern.exec(line)).find((match) => match !== null);
    if (!head || NO_NAMES.has(head[2] as string)) return [];
    const end = endOf(lines, at, head[1] as string);
    return end < 0 ? [] : [{ name: head[2] as string, line: at + 1, lines: end - at + 1 }];
  });
}

/** Place of the function's last line; -1 when it has no body, or is none. */
function endOf(lines: readonly string[], at: number, indent: string): number {
  let place = at;
  if (!(lines[at] as string).endsWith("{")) {
    // A head of several lines ends with ") … {"; a call with arguments below does not.
    place = lines.findIndex((line, n) => n > at && line.startsWith(`${indent})`));
    if (place < 0 || !(lines[place] as string).endsWith("{")) return -1;
  }
  return lines.findIndex((line, n) => n > place && line.startsWith(`${indent}}`));
}
