// Random choices that are usual ones most of the time, so that a packet with many fields is often
// right in all of them.

import fc from "fast-check";

/** One of `usual` nine times out of ten, else one of `odd`. */
export function mostly<T>(usual: readonly T[], odd: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}
