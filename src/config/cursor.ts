// Where a reader is in a document, and whom it tells what is wrong there.

import type { ErrorCode } from "../errors.ts";
import type { Path } from "./problems.ts";
import type { Report } from "./validator.ts";

export class Cursor {
  /** Problems told so far. */
  count = 0;
  /** What messages begin with: "flow 'web': ". */
  subject = "";
  readonly #report: Report;
  readonly #path: (string | number)[];

  constructor(report: Report, path: Path = []) {
    this.#report = report;
    this.#path = [...path];
  }

  /** From the root to here. */
  get path(): Path {
    return this.#path;
  }

  enter(step: string | number): void {
    this.#path.push(step);
  }

  leave(): void {
    this.#path.pop();
  }

  /** What is wrong here; the result is "no value". */
  wrong(message: string, code: ErrorCode = "CONFIG_INVALID", atKey = false): undefined {
    this.count++;
    this.#report([...this.#path], this.subject + message, code, atKey);
  }

  /** What is wrong one step further down. */
  wrongAt(
    step: string | number,
    message: string,
    code: ErrorCode = "CONFIG_INVALID",
    atKey = false,
  ): undefined {
    this.enter(step);
    this.wrong(message, code, atKey);
    this.leave();
  }
}

/** A mapping as YAML and JSON give it. */
export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
