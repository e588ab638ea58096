// Moves of one MAC, kept as a list of their times: the twin of noteMove().

const SECOND = 1_000_000_000n;

export class MoveTwin {
  /** Of the second at hand. */
  #moves: { from: number; time: bigint }[] = [];
  #blockedUntil: bigint | undefined;

  /** Whether the move away from a port may be, and where the MAC was before it began to move. */
  note(from: number, now: bigint, most: number): { allowed: boolean; home: number } {
    const allowed = this.#isAllowed(from, now, most);
    return { allowed, home: this.#moves[0]!.from };
  }

  #isAllowed(from: number, now: bigint, most: number): boolean {
    if (this.#blockedUntil !== undefined) {
      if (now < this.#blockedUntil) return false;
      this.#blockedUntil = undefined;
      this.#moves = [];
    }
    const [first] = this.#moves;
    if (first !== undefined && now - first.time >= SECOND) this.#moves = [];
    this.#moves.push({ from, time: now });
    if (this.#moves.length <= most) return true;
    this.#blockedUntil = now + 10n * SECOND;
    return false;
  }
}
