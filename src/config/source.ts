// The text of a configuration: YAML 1.2 (of which JSON is a part) -> plain values, and the place
// in the text of every one of them.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { ErrorCode } from "../errors.ts";
import { ConfigurationError, type Path, type Problem, pointerOf } from "./problems.ts";

/** Levels of lists and mappings; the schema needs six. */
const MAX_DEPTH = 32;
/** Values that come from aliases: a few lines could otherwise stand for billions. */
const MAX_ALIASED = 10_000;
/** Syntax errors shown; those after the first are often its echo. */
const MAX_SYNTAX_ERRORS = 20;

/** A parsed text. Mappings are objects without prototype, so that no key is special. */
export class Source {
  readonly value: unknown;
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #file: string | undefined;
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, Node>();
  /** What an alias meant where it was met first: anchors may be redefined further down. */
  readonly #targets = new Map<Node, Node>();
  #aliased = 0;

  /** Throws CONFIG_SYNTAX when the text is not YAML; duplicate keys go to `problems`. */
  constructor(text: string, file?: string) {
    this.#text = text;
    this.#file = file;
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      schema: "core",
      // Found by plainMap(), which knows their pointer.
      uniqueKeys: false,
    });
    this.#refuseSyntaxErrors();
    const { contents } = this.#document;
    this.value = contents === null ? null : this.#plain(contents as Node, [], false);
  }

  /** Notes a problem with the value at the path, or with its key. */
  report(path: Path, message: string, code: ErrorCode = "CONFIG_INVALID", atKey = false): void {
    const { line, column } = this.placeOf(path, atKey);
    this.problems.push({ code, message, line, column, pointer: pointerOf(path) });
  }

  /** Throws everything reported so far, if anything. */
  throwProblems(): void {
    if (this.problems.length > 0) throw new ConfigurationError(this.problems, this.#file);
  }

  /**
   * The text of the value at a path, as a document of its own: blanks are in the place of what is
   * before it, so that lines and columns stay what they are.
   */
  excerpt(path: Path): string {
    const node = this.#document.getIn([...path], true) as Node | undefined;
    const [start = 0, end = 0] = node?.range ?? [];
    return this.#text.slice(0, start).replace(/[^\n]/g, " ") + this.#text.slice(start, end);
  }

  /** Line and column, from 1, of the value at a path (or its key), or of what encloses it. */
  placeOf(path: Path, atKey = false): { line: number; column: number } {
    let node = this.#document.contents as Node | null;
    let offset = node?.range?.[0] ?? 0;
    path.forEach((step, depth) => {
      if (isAlias(node)) node = this.#targets.get(node) ?? null;
      let next: unknown = null;
      let key: unknown = null;
      if (isMap(node)) {
        const pair = node.items.find((item) => keyText(item) === step);
        key = pair?.key;
        next = pair?.value;
      } else if (isSeq(node)) {
        next = node.items[step as number];
      }
      const last = depth === path.length - 1;
      offset = rangeStart(last && atKey ? key : next) ?? rangeStart(key) ?? offset;
      node = next as Node | null;
    });
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #refuseSyntaxErrors(): void {
    const { errors, warnings, directives } = this.#document;
    const tooDeep = errors.find((error) => error.code === "RESOURCE_EXHAUSTION");
    if (tooDeep !== undefined) this.#refuse(tooDeep.pos[0], tooDeepMessage());
    const found = [...errors, ...warnings].slice(0, MAX_SYNTAX_ERRORS);
    if (found.length > 0) {
      const problems = found.map((error) => {
        const isSecond = error.code === "MULTIPLE_DOCS";
        const message = isSecond ? "expected one document, found a second" : error.message;
        return this.#syntaxProblem(error.pos[0], message);
      });
      throw new ConfigurationError(problems, this.#file);
    }
    // Version 1.1 reads "yes" as true, 02:00 as a number and "<<" as a merge.
    const version = directives?.yaml.version ?? "1.2";
    if (version !== "1.2") this.#refuse(0, `expected YAML 1.2, found %YAML ${version}`);
  }

  #syntaxProblem(offset: number, message: string, path: Path = []): Problem {
    const { line, col } = this.#lines.linePos(offset);
    const place = { line: Math.max(1, line), column: Math.max(1, col), pointer: pointerOf(path) };
    return { code: "CONFIG_SYNTAX", message, ...place };
  }

  #refuse(offset: number, message: string, path: Path = []): never {
    throw new ConfigurationError([this.#syntaxProblem(offset, message, path)], this.#file);
  }

  #plain(node: unknown, path: Path, aliased: boolean): unknown {
    if (node === null || node === undefined) return null;
    const one = node as Node;
    if (path.length > MAX_DEPTH) this.#refuse(rangeStart(one) ?? 0, tooDeepMessage());
    if (aliased && ++this.#aliased > MAX_ALIASED) {
      const message = `aliases stand for more than ${MAX_ALIASED} values`;
      this.#refuse(rangeStart(one) ?? 0, message);
    }
    if (isAlias(one)) return this.#plain(this.#targetOf(one, path), path, true);
    const { anchor } = one as Scalar;
    if (anchor !== undefined && !aliased) this.#anchors.set(anchor, one);
    if (isMap(one)) return this.#plainMap(one, path, aliased);
    if (isSeq(one)) return one.items.map((item, i) => this.#plain(item, [...path, i], aliased));
    return isScalar(one) ? one.value : null;
  }

  #targetOf(alias: Node & { source: string }, path: Path): Node {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#refuse(rangeStart(alias) ?? 0, `alias '*${alias.source}' has no anchor`, path);
    }
    this.#targets.set(alias, target);
    return target;
  }

  #plainMap(map: YAMLMap, path: Path, aliased: boolean): Record<string, unknown> {
    const plain: Record<string, unknown> = Object.create(null);
    const seen = new Map<string, unknown>();
    for (const pair of map.items) {
      const key = keyText(pair);
      if (key === undefined) {
        this.#refuse(rangeStart(pair.key) ?? rangeStart(map) ?? 0, "expected a name as key", path);
      }
      if (seen.has(key)) {
        const first = this.#lines.linePos(rangeStart(seen.get(key)) ?? 0);
        this.#reportDuplicate(pair, [...path, key], `${first.line}:${first.col}`);
        continue;
      }
      seen.set(key, pair.key);
      plain[key] = this.#plain(pair.value, [...path, key], aliased);
    }
    return plain;
  }

  #reportDuplicate(pair: Pair, path: Path, first: string): void {
    const { line, col } = this.#lines.linePos(rangeStart(pair.key) ?? 0);
    const message = `duplicate key '${path.at(-1)}', first at ${first}`;
    const code = "CONFIG_INVALID";
    this.problems.push({ code, message, line, column: col, pointer: pointerOf(path) });
  }
}

function tooDeepMessage(): string {
  return `nested more than ${MAX_DEPTH} levels deep`;
}

/** A key as written: 1 and "1" are the same; undefined when it is not a scalar. */
function keyText(pair: Pair): string | undefined {
  const key = pair.key as unknown;
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
