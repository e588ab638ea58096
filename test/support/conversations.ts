// Random conversations of TCP: mostly as two ends would have them, with losses, repetitions,
// strange numbers and flags among them.

import fc from "fast-check";
import type { Segment } from "./segments.ts";

/** What an end does next; numbers are relative to where it, and the other, should be. */
export interface Move {
  readonly reply: boolean;
  readonly flags: string;
  readonly sequence: number;
  readonly ack: number;
  readonly zero: boolean;
  readonly length: number;
  readonly window: number;
  readonly scale: number | undefined;
  readonly sackPermitted: boolean;
  readonly sack: number | undefined;
  /** Seconds since the move before. */
  readonly pause: number;
}

const OFFSETS = [-70000, -5000, -1, 1, 100, 9000, 70000, 2 ** 31, -(2 ** 30)] as const;
const offset = fc.oneof(
  { arbitrary: fc.constant(0), weight: 8 },
  { arbitrary: fc.constantFrom(...OFFSETS), weight: 1 },
);
const flags = fc.oneof(
  { arbitrary: fc.constantFrom("A", "PA", "S", "SA", "FA", "R", "RA"), weight: 12 },
  { arbitrary: fc.constantFrom("", "F", "SF", "SR", "AU", "FAU", "SU", "SC", "ASC"), weight: 1 },
);
// No sum of these comes near a timeout
const pause = fc.oneof(
  { arbitrary: fc.constantFrom(0.0137, 0.313), weight: 10 },
  { arbitrary: fc.constantFrom(11.37, 61.713, 131.9171), weight: 1 },
  { arbitrary: fc.constant(307.3331), weight: 1 },
);

const move: fc.Arbitrary<Move> = fc.record({
  reply: fc.boolean(),
  flags,
  sequence: offset,
  ack: offset,
  zero: fc.nat(30).map((dice) => dice === 0),
  length: fc.constantFrom(0, 0, 0, 1, 100, 1460),
  window: fc.constantFrom(0, 1, 500, 8192, 8192, 65535),
  scale: fc.constantFrom(undefined, undefined, 0, 3, 7, 15),
  sackPermitted: fc.boolean(),
  sack: fc.constantFrom(undefined, undefined, undefined, 1, 1000, 80000),
  pause,
});

function plain(reply: boolean, letters: string): Move {
  return {
    reply,
    flags: letters,
    sequence: 0,
    ack: 0,
    zero: false,
    length: 0,
    window: 8192,
    scale: letters.startsWith("S") ? 3 : undefined,
    sackPermitted: letters.startsWith("S"),
    sack: undefined,
    pause: 0.0137,
  };
}

const HANDSHAKE = [plain(false, "S"), plain(true, "SA"), plain(false, "A")];
const SIMULTANEOUS = [plain(false, "S"), plain(true, "S"), plain(true, "SA"), plain(false, "SA")];
const CLOSED = [...HANDSHAKE, plain(false, "FA"), plain(true, "A"), plain(true, "FA")];
const ENDED = [...CLOSED, plain(false, "A")];

/** Beginnings worth having, and then anything. */
export const conversation: fc.Arbitrary<Move[]> = fc
  .tuple(
    fc.constantFrom<Move[]>([], [], HANDSHAKE, HANDSHAKE, SIMULTANEOUS, CLOSED, ENDED),
    fc.array(move, { minLength: 1, maxLength: 25 }),
  )
  .map(([beginning, rest]) => [...beginning, ...rest]);

/** Makes segments of moves: keeps where each end is, as if everything had arrived. */
export class Ends {
  readonly #next: [number, number];

  constructor(first: number, second: number) {
    this.#next = [first, second];
  }

  segment(made: Move): Segment {
    const own = made.reply ? 1 : 0;
    const next = this.#next[own];
    const sequence = made.zero ? 0 : (next + made.sequence) >>> 0;
    const acks = made.flags.includes("A");
    const ack = acks && !(made.zero && made.flags.includes("R")) ? this.#ackOf(made) : 0;
    const counted = [...made.flags].filter((flag) => flag === "S" || flag === "F").length;
    const end = (sequence + made.length + counted) >>> 0;
    if (((end - next) | 0) > 0 && made.sequence >= 0 && made.sequence < 10000) {
      this.#next[own] = end;
    }
    const edges = made.sack === undefined ? undefined : [ack + made.sack, ack + made.sack + 100];
    const { reply, flags: letters, window, length, scale, sackPermitted } = made;
    const sack = edges && !letters.includes("S") ? [[edges[0], edges[1]]] : undefined;
    return {
      reply,
      flags: letters,
      sequence,
      ack,
      window,
      length,
      ...(scale === undefined ? {} : { scale }),
      sackPermitted,
      ...(sack ? { sack: sack as [number, number][] } : {}),
    };
  }

  #ackOf({ reply, ack }: Move): number {
    return (this.#next[reply ? 0 : 1] + ack) >>> 0;
  }
}
