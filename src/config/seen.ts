// Things a configuration may name only once.

import type { Path } from "./problems.ts";
import type { Source } from "./source.ts";

export class Seen {
  readonly #source: Source;
  readonly #paths = new Map<string, Path>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** "line:column" of the first time the key was met, or undefined when this is it. */
  firstPlaceOf(key: string, path: Path): string | undefined {
    const first = this.#paths.get(key);
    if (first === undefined) {
      this.#paths.set(key, path);
      return undefined;
    }
    const { line, column } = this.#source.placeOf(first);
    return `${line}:${column}`;
  }
}
