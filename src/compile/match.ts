// Matches as rows of the classifier: what of the key a row looks at, and what it demands beyond.
//
// A condition with one value or prefix goes into the mask. One with several becomes as many rows,
// as long as a match has no more than MOST_ROWS of them: rows are found by their hash, while the
// terms of a predicate are gone through for every packet that comes near the row. Beyond that, rows
// cost more than they save (memory, time to add, one record of the change each), so the longer
// lists stay together as predicates. Of a range, and of a list as a whole, the leading bits that
// all its values have in common are in the mask nevertheless.

import type { FieldName } from "../config/fields.ts";
import type { FieldMatchModel, MatchModel, SetMatchModel, TermModel } from "../config/model.ts";
import { type KeyField, keyFieldOf, MaskedKey } from "./key.ts";
import type { PredicateModel } from "./predicates.ts";
import {
  commonBits,
  isPrefix,
  type MaskedTerm,
  mergeRanges,
  prefixesOf,
  rangeOf,
  type ValueRange,
} from "./ranges.ts";

/** Rows of one match at most: EtherType, protocol and a list of ports together take up to 16. */
export const MOST_ROWS = 16;

/** One way for a packet to match. */
export interface RowModel {
  readonly key: MaskedKey;
  /** All of them hold; those that cost least come first. */
  readonly predicates: readonly PredicateModel[];
}

const NONE: readonly PredicateModel[] = [];

class Row implements RowModel {
  readonly key = new MaskedKey();
  predicates = NONE;

  begin(): void {
    this.key.clear();
    this.predicates = NONE;
  }
}

// Flows come by the hundred thousand: rows are made once and used for each match in turn.
const pool = Array.from({ length: MOST_ROWS }, () => new Row());
let rows: Row[] = [];

/**
 * The rows of a match whose prerequisites are filled in: a packet matches if one of them does. The
 * result, keys included, is valid until the next call, which uses the same memory.
 */
export function compileMatch(match: readonly MatchModel[]): readonly RowModel[] {
  const first = pool[0] as Row;
  first.begin();
  rows = [first];
  let others: MatchModel[] | undefined;
  for (const condition of match) {
    if (condition.kind === "field") {
      const { field, negated, terms } = condition;
      const term = terms[0];
      if (!negated && terms.length === 1 && term?.kind === "masked") {
        first.key.write(keyFieldOf(field), term.value, term.mask);
        continue;
      }
    }
    others ??= [];
    others.push(condition);
  }
  if (others !== undefined) addOthers(others);
  return rows;
}

/** Adds the conditions that are more than one masked value. */
function addOthers(conditions: readonly MatchModel[]): void {
  const wanted: FieldMatchModel[] = [];
  const unwanted: FieldMatchModel[] = [];
  const sets: SetMatchModel[] = [];
  for (const condition of conditions) {
    if (condition.kind === "set") sets.push(condition);
    else if (condition.negated) unwanted.push(condition);
    else wanted.push(condition);
  }
  // the shorter the list, the more other conditions its rows are worth being multiplied with
  wanted.sort((a, b) => a.terms.length - b.terms.length);
  for (const { field, terms } of wanted) addTerms(field, terms);
  for (const condition of unwanted) demand(predicateOf(condition));
  for (const { fields, negated, set } of sets) demand({ kind: "set", fields, negated, set });
}

function demand(predicate: PredicateModel): void {
  for (const row of rows) row.predicates = [...row.predicates, predicate];
}

function addTerms(name: FieldName, terms: readonly TermModel[]): void {
  const field = keyFieldOf(name);
  if (terms.length * rows.length <= MOST_ROWS) {
    multiply(name, field, terms);
    return;
  }
  const ranges = terms.map((term) => rangeOf(term, field.bits));
  if (ranges.includes(undefined)) {
    demand(predicateOf({ kind: "field", field: name, negated: false, terms }));
    return;
  }
  const merged = mergeRanges(ranges as ValueRange[]);
  if (merged.length * rows.length <= MOST_ROWS) {
    const fewer = merged.map((range): TermModel => ({ kind: "range", ...range }));
    multiply(name, field, fewer);
    return;
  }
  const [low, high] = [(merged[0] as ValueRange).low, (merged.at(-1) as ValueRange).high];
  const { mask, value } = commonBits({ low, high }, field.bits);
  for (const { key } of rows) key.write(field, value, mask);
  demand({ kind: "ranges", field: name, negated: false, ranges: merged });
}

/** Makes as many of each row as there are terms; with none, no packet matches. */
function multiply(name: FieldName, field: KeyField, terms: readonly TermModel[]): void {
  const before = rows.length;
  for (const [place, term] of terms.entries()) {
    const isLast = place === terms.length - 1;
    for (let n = 0; n < before; n++) {
      const base = rows[n] as Row;
      if (isLast) {
        addTerm(base, name, field, term);
        continue;
      }
      const row = pool[rows.length] as Row;
      row.begin();
      rows.push(row);
      row.key.copy(base.key);
      row.predicates = base.predicates;
      addTerm(row, name, field, term);
    }
  }
  if (terms.length === 0) rows = [];
}

function addTerm(row: Row, name: FieldName, field: KeyField, term: TermModel): void {
  if (term.kind === "masked") {
    row.key.write(field, term.value, term.mask);
    return;
  }
  const common = commonBits(term, field.bits);
  row.key.write(field, common.value, common.mask);
  if (isPrefix(term, common, field.bits)) return;
  const { low, high } = term;
  const ranges = [{ low, high }];
  row.predicates = [...row.predicates, { kind: "ranges", field: name, negated: false, ranges }];
}

/** A condition as one predicate. */
function predicateOf({ field, negated, terms }: FieldMatchModel): PredicateModel {
  const { bits } = keyFieldOf(field);
  const ranges = terms.map((term) => rangeOf(term, bits));
  const isMasked = terms.length === 1 && terms[0]?.kind === "masked";
  if (!isMasked && !ranges.includes(undefined)) {
    return { kind: "ranges", field, negated, ranges: mergeRanges(ranges as ValueRange[]) };
  }
  const masked = terms.flatMap((term): readonly MaskedTerm[] =>
    term.kind === "masked" ? [term] : prefixesOf(term, bits),
  );
  return { kind: "masked", field, negated, terms: masked };
}
