// Reassembly, slowly and obviously: a datagram is an array of bytes with holes.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";

/** A fragment as plain data; what it is of is named by its key. */
export interface TwinFragment {
  readonly key: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly more: boolean;
  /** 0 to 3. */
  readonly ecn: number;
}

export type TwinOutcome =
  | { readonly kind: "whole"; readonly bytes: Uint8Array; readonly congested: boolean }
  | { readonly kind: "kept" }
  | { readonly kind: "dropped"; readonly reason: number };

interface Datagram {
  readonly deadline: number;
  /** As far as known; what is missing is undefined. */
  readonly bytes: (number | undefined)[];
  readonly ecn: Set<number>;
  pieces: number;
  total: number | undefined;
  dead: number;
}

export class TwinReassembly {
  readonly #datagrams = new Map<string, Datagram>();
  readonly #timeout: number;
  /** Fragments given up after they had been kept, by reason. */
  readonly givenUp = new Map<number, number>();

  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  get waiting(): number {
    return [...this.#datagrams.values()].reduce((sum, { pieces }) => sum + pieces, 0);
  }

  receive(fragment: TwinFragment, tick: number): TwinOutcome {
    this.#expire(fragment.key, tick);
    const fresh: Datagram = {
      deadline: tick + this.#timeout,
      bytes: [],
      ecn: new Set(),
      pieces: 0,
      total: undefined,
      dead: 0,
    };
    const datagram = this.#datagrams.get(fragment.key) ?? fresh;
    this.#datagrams.set(fragment.key, datagram);
    if (datagram.dead !== 0) return { kind: "dropped", reason: datagram.dead };
    const refusal = this.#refusal(datagram, fragment);
    if (refusal === drops.DROP_FRAGMENT_DUPLICATE) return { kind: "dropped", reason: refusal };
    if (refusal !== 0) return this.#giveUp(datagram, refusal);
    return this.#join(datagram, fragment);
  }

  #expire(key: string, tick: number): void {
    const datagram = this.#datagrams.get(key);
    if (!datagram || datagram.deadline > tick) return;
    this.#count(drops.DROP_FRAGMENT_TIMEOUT, datagram.pieces);
    this.#datagrams.delete(key);
  }

  #refusal(
    { bytes, total, pieces }: Datagram,
    { offset, bytes: part, more }: TwinFragment,
  ): number {
    const end = offset + part.length;
    if (total !== undefined && (end > total || (!more && end !== total))) {
      return drops.DROP_FRAGMENT_INCONSISTENT;
    }
    if (!more && end < bytes.length) return drops.DROP_FRAGMENT_INCONSISTENT;
    const known = part.reduce((sum, _, at) => sum + (bytes[offset + at] === undefined ? 0 : 1), 0);
    if (known === part.length) return drops.DROP_FRAGMENT_DUPLICATE;
    if (known > 0) return drops.DROP_FRAGMENT_OVERLAP;
    return pieces >= layout.MAX_DATAGRAM_PIECES ? drops.DROP_FRAGMENT_TOO_MANY : 0;
  }

  #join(datagram: Datagram, { key, offset, bytes, more, ecn }: TwinFragment): TwinOutcome {
    bytes.forEach((byte, at) => {
      datagram.bytes[offset + at] = byte;
    });
    datagram.ecn.add(ecn);
    if (!more) datagram.total = offset + bytes.length;
    if (datagram.bytes.length !== datagram.total || datagram.bytes.includes(undefined)) {
      datagram.pieces += 1;
      return { kind: "kept" };
    }
    const seen = datagram.ecn;
    // A sender is capable of congestion notification or it is not (RFC 3168 5.3).
    if (seen.has(0) && seen.size > 1) {
      return this.#giveUp(datagram, drops.DROP_FRAGMENT_INCONSISTENT);
    }
    this.#datagrams.delete(key);
    const whole = Uint8Array.from(datagram.bytes as number[]);
    return { kind: "whole", bytes: whole, congested: seen.has(3) };
  }

  #giveUp(datagram: Datagram, reason: number): TwinOutcome {
    this.#count(reason, datagram.pieces);
    datagram.dead = reason;
    datagram.pieces = 0;
    return { kind: "dropped", reason };
  }

  #count(reason: number, fragments: number): void {
    this.givenUp.set(reason, (this.givenUp.get(reason) ?? 0) + fragments);
  }
}
