// The table of source hashing: as IPVS, every backend has as many places in a row as it has weight,
// round after round until the table is full.

import { byName, type Member } from "./maglev.ts";

/** Full rounds a table has room for at least, so that the one cut off weighs little. */
const ROUNDS = 4;
const LEAST = 1024;
const MOST = 65536;

/** Places of a table for so many backends: a power of two. */
export function sourceHashSize(backends: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, backends) * 64));
  return Math.min(MOST, Math.max(LEAST, wanted));
}

/** The backend's number at each place. There is a member at least. */
export function sourceHashTable(members: readonly Member[], size: number): Uint16Array {
  const sorted = members.toSorted(byName);
  const runs = runLengths(
    sorted.map(({ weight }) => weight),
    size / ROUNDS,
  );
  const table = new Uint16Array(size);
  for (let place = 0, member = 0; place < size; member = (member + 1) % sorted.length) {
    const end = place + (runs[member] as number);
    table.fill((sorted[member] as Member).number, place, end);
    place = end;
  }
  return table;
}

/** The weights without their common divisor, made smaller if a round would be too long. */
function runLengths(weights: readonly number[], longest: number): number[] {
  const divisor = commonDivisor(weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0) / divisor;
  const scale = Math.min(1, longest / total) / divisor;
  return weights.map((weight) => Math.max(1, Math.round(weight * scale)));
}

/** Greatest common divisor; that of nothing is 1. */
export function commonDivisor(weights: readonly number[]): number {
  const divide = (a: number, b: number): number => (b === 0 ? a : divide(b, a % b));
  return weights.reduce((divisor, weight) => divide(divisor, weight), 0) || 1;
}
