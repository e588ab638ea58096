// What the classifier finds, by looking at every row.

import type { Rank, RowMatch } from "../../src/compile/classifier.ts";

interface SlowRow {
  readonly table: number;
  readonly rank: bigint;
  readonly flow: number;
  readonly match: RowMatch;
  readonly added: number;
  /** 0 = not removed. */
  removed: number;
}

/** Rows by handles of the caller's; versions as the classifier has them. */
export class SlowClassifier {
  readonly #rows = new Map<number, SlowRow>();

  insert(
    handle: number,
    table: number,
    rank: Rank,
    flow: number,
    match: RowMatch,
    version: number,
  ): void {
    const number = (BigInt(rank.priority) << 32n) | BigInt(rank.order);
    const copy = { ...match, mask: match.mask.slice(), value: match.value.slice() };
    this.#rows.set(handle, { table, rank: number, flow, match: copy, added: version, removed: 0 });
  }

  remove(handle: number, version: number): void {
    this.#rows.get(handle)!.removed = version;
  }

  restore(handle: number): void {
    this.#rows.get(handle)!.removed = 0;
  }

  /** Flow and rank of the best row below a rank that a worker at this version sees. */
  lookup(
    table: number,
    key: Uint32Array,
    below: bigint,
    version: number,
  ): { flow: number; rank: bigint } | undefined {
    let best: SlowRow | undefined;
    for (const row of this.#rows.values()) {
      if (row.table !== table || row.rank >= below || !isVisible(row, version)) continue;
      if (!matches(row.match, key)) continue;
      if (best === undefined || row.rank > best.rank) best = row;
    }
    return best;
  }
}

/** Whether a version is the other or later, modulo 2^32. */
function isSince(version: number, other: number): boolean {
  return (version - other) >>> 0 < 2 ** 31;
}

function isVisible({ added, removed }: SlowRow, version: number): boolean {
  return isSince(version, added) && (removed === 0 || !isSince(version, removed));
}

function matches(match: RowMatch, key: Uint32Array): boolean {
  for (let at = 0; at < key.length; at++) {
    if (((key[at]! ^ match.value[at]!) & match.mask[at]!) !== 0) return false;
  }
  const ranged = new DataView(key.buffer, key.byteOffset).getUint16(match.rangeOffset);
  return ranged >= match.rangeLow && ranged <= match.rangeHigh;
}
