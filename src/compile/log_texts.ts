// Texts of log actions, by the numbers that entries of the log rings carry. Actions with the same
// text share a number.

import { SluiceError } from "../errors.ts";

/** OP_ARG16 holds a number. */
const MOST_TEXTS = 65536;

export class LogTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #users: number[] = [];
  readonly #free: number[] = [];

  /** Number of the text, with one more user. Throws LIMIT_EXCEEDED. */
  acquire(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#users[known] = (this.#users[known] as number) + 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#texts.length;
    if (number >= MOST_TEXTS) {
      throw new SluiceError(
        "LIMIT_EXCEEDED",
        `more than ${MOST_TEXTS} different texts of log actions`,
      );
    }
    this.#numbers.set(text, number);
    this.#texts[number] = text;
    this.#users[number] = 1;
    return number;
  }

  /** One user less; the number may then stand for another text. */
  release(number: number): void {
    const left = (this.#users[number] as number) - 1;
    this.#users[number] = left;
    if (left > 0) return;
    this.#numbers.delete(this.#texts[number] as string);
    this.#free.push(number);
  }

  /** The text, also for a while after its last user is gone. */
  text(number: number): string {
    return this.#texts[number] ?? "";
  }
}
