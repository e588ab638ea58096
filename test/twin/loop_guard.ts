// Moves of one MAC, kept as a list of their times: the twin of noteMove().

const SECOND = 1_000_000_000n;

export class MoveTwin {
  /** Of the second at hand. */
  #moves: bigint[] = [];
  #blockedUntil: bigint | undefined;

  /** Whether the move at `now` may be. */
  note(now: bigint, most: number): boolean {
    if (this.#blockedUntil !== undefined) {
      if (now < this.#blockedUntil) return false;
      this.#blockedUntil = undefined;
      this.#moves = [];
    }
    const [first] = this.#moves;
    if (first !== undefined && now - first >= SECOND) this.#moves = [];
    this.#moves.push(now);
    if (this.#moves.length <= most) return true;
    this.#blockedUntil = now + 10n * SECOND;
    return false;
  }
}
