// The slow twin of matching: conditions gone through one by one, on values that are all bigints.

import type { FieldName } from "../../src/config/fields.ts";
import type { MatchModel, TermModel } from "../../src/config/model.ts";

export function termHolds(term: TermModel, value: bigint): boolean {
  if (term.kind === "range") return value >= BigInt(term.low) && value <= BigInt(term.high);
  return (value & BigInt(term.mask)) === BigInt(term.value);
}

/** Whether the values are those of an element: one term per value. */
export function isElementOf(
  elements: readonly (readonly TermModel[])[],
  values: readonly bigint[],
): boolean {
  return elements.some((terms) => terms.every((term, n) => termHolds(term, values[n] as bigint)));
}

export function matchHolds(
  match: readonly MatchModel[],
  valueIn: (field: FieldName) => bigint,
  sets: readonly (readonly (readonly TermModel[])[])[] = [],
): boolean {
  return match.every((condition) => {
    const holds =
      condition.kind === "set"
        ? isElementOf(sets[condition.set] ?? [], condition.fields.map(valueIn))
        : condition.terms.some((term) => termHolds(term, valueIn(condition.field)));
    return holds !== condition.negated;
  });
}
