// How long it takes to make a service's table anew, as a change of one of its backends does.

import { maglevSize, maglevTable } from "../src/compile/maglev.ts";
import { sourceHashSize, sourceHashTable } from "../src/compile/source_hash.ts";

const ROUNDS = 21;

function median(act: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  });
  return times.toSorted((a, b) => a - b)[ROUNDS >> 1] as number;
}

const rows = [2, 10, 100, 1000, 10_000].map((count) => {
  const members = Array.from({ length: count }, (_, place) => ({
    number: place + 1,
    ip: Uint8Array.of(10, place >> 16, (place >> 8) & 255, place & 255),
    port: 80,
    weight: 1,
  }));
  const size = maglevSize(count);
  const milliseconds = (value: number) => Number(value.toFixed(3));
  return {
    backends: count,
    places: size,
    maglev: milliseconds(median(() => maglevTable(members, size))),
    sh: milliseconds(median(() => sourceHashTable(members, sourceHashSize(count)))),
  };
});
process.stdout.write(`${JSON.stringify({ unit: "ms per table", rows }, undefined, 2)}\n`);
