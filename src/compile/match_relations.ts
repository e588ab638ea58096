// How matches relate to each other: whether two are the same, one is at least as specific as
// another, or some packet can match both (OpenFlow 1.3.5 6.4). Decided field by field; where that
// leaves open whether packets exist, they are taken to.

import { FIELDS, type FieldName } from "../config/fields.ts";
import type {
  FieldMatchModel,
  FieldValue,
  MatchModel,
  SetMatchModel,
  TermModel,
} from "../config/model.ts";

type Match = readonly MatchModel[];

/** 32 bits of a value; what is lost of wider ones costs comparisons, not correctness. */
function fold(value: FieldValue): number {
  if (typeof value === "number") return value | 0;
  const half = value ^ (value >> 64n);
  return Number(BigInt.asUintN(32, half ^ (half >> 32n))) | 0;
}

function hashTerm(term: TermModel): number {
  const isMasked = term.kind === "masked";
  const first = fold(isMasked ? term.value : term.low);
  const second = fold(isMasked ? term.mask : term.high);
  const hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ (isMasked ? 1 : 2), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

/** Names of fields differ in their length or last letter, nearly always. */
function hashName(field: FieldName): number {
  const last = field.length - 1;
  return (field.charCodeAt(last) << 8) ^ last;
}

function hashCondition(condition: MatchModel): number {
  let hash = condition.negated ? 0x5bd1e995 : 0;
  if (condition.kind === "set") {
    hash = (hash + condition.set + 1) | 0;
    for (const field of condition.fields) hash = Math.imul(hash ^ hashName(field), 0xc2b2ae35);
    return hash;
  }
  const { terms } = condition;
  for (let place = 0; place < terms.length; place++) {
    hash = (hash + hashTerm(terms[place] as TermModel)) | 0;
  }
  return Math.imul(hash ^ hashName(condition.field), 0xc2b2ae35);
}

/** Equal for matches that are the same, in whatever order they are written; 32 bits, signed. */
export function hashOfMatch(match: Match, priority: number): number {
  let hash = Math.imul(priority + 1, 0x27d4eb2f);
  for (let place = 0; place < match.length; place++) {
    const part = hashCondition(match[place] as MatchModel);
    hash = (hash + (part ^ (part >>> 16))) | 0;
  }
  return hash;
}

/** Whether the matches say the same, in whatever order. */
export function isSameMatch(one: Match, other: Match): boolean {
  if (one.length !== other.length) return false;
  for (let place = 0; place < one.length; place++) {
    // they are nearly always in the same order
    const condition = one[place] as MatchModel;
    if (isSameCondition(condition, other[place] as MatchModel)) continue;
    if (!other.some((candidate) => isSameCondition(condition, candidate))) return false;
  }
  return true;
}

function isSameCondition(one: MatchModel, other: MatchModel): boolean {
  if (one === other) return true;
  if (one.negated !== other.negated) return false;
  if (one.kind === "set") return other.kind === "set" && isSameSet(one, other);
  return (
    other.kind === "field" && one.field === other.field && areSameTerms(one.terms, other.terms)
  );
}

function areSameTerms(one: readonly TermModel[], other: readonly TermModel[]): boolean {
  if (one.length !== other.length) return false;
  for (let place = 0; place < one.length; place++) {
    const term = one[place] as TermModel;
    if (isSameTerm(term, other[place] as TermModel)) continue;
    if (!other.some((candidate) => isSameTerm(term, candidate))) return false;
  }
  return true;
}

function isSameSet(one: SetMatchModel, other: SetMatchModel): boolean {
  return (
    one.set === other.set &&
    one.fields.length === other.fields.length &&
    one.fields.every((field, place) => field === other.fields[place])
  );
}

function isSameTerm(one: TermModel, other: TermModel): boolean {
  if (one.kind === "masked") {
    return other.kind === "masked" && one.value === other.value && one.mask === other.mask;
  }
  return other.kind === "range" && one.low === other.low && one.high === other.high;
}

/** Whether every packet that `match` matches is matched by `wider` too. */
export function isWithin(match: Match, wider: Match): boolean {
  return wider.every((condition) => match.some((candidate) => implies(candidate, condition)));
}

function implies(condition: MatchModel, wider: MatchModel): boolean {
  if (condition.kind === "set" || wider.kind === "set") return isSameCondition(condition, wider);
  if (condition.field !== wider.field) return false;
  const { field } = condition;
  if (wider.negated) {
    return condition.negated
      ? wider.terms.every((term) => isCovered(field, term, condition.terms))
      : condition.terms.every((term) => isApart(field, term, wider.terms));
  }
  return !condition.negated && condition.terms.every((term) => isCovered(field, term, wider.terms));
}

/** Whether some packet may match both. */
export function canOverlap(one: Match, other: Match): boolean {
  return !one.some((condition) => other.some((candidate) => excludes(condition, candidate)));
}

function excludes(one: MatchModel, other: MatchModel): boolean {
  if (one.kind === "set" || other.kind === "set") {
    return (
      one.kind === "set" &&
      other.kind === "set" &&
      one.negated !== other.negated &&
      isSameSet(one, other)
    );
  }
  if (one.field !== other.field) return false;
  if (!one.negated && !other.negated) {
    return one.terms.every((term) => isApart(one.field, term, other.terms));
  }
  return one.negated !== other.negated && (isOutside(one, other) || isOutside(other, one));
}

/** All of what is wanted is what the other condition forbids. */
function isOutside(wanted: FieldMatchModel, forbidden: FieldMatchModel): boolean {
  return (
    !wanted.negated &&
    forbidden.negated &&
    wanted.terms.every((term) => isCovered(wanted.field, term, forbidden.terms))
  );
}

function isCovered(field: FieldName, term: TermModel, by: readonly TermModel[]): boolean {
  return by.some((wider) => isTermWithin(field, term, wider));
}

function isApart(field: FieldName, term: TermModel, from: readonly TermModel[]): boolean {
  return from.every((other) => areTermsApart(field, term, other));
}

/** All bits of a field. */
function allBits(field: FieldName): bigint {
  return (1n << BigInt(FIELDS[field].bits)) - 1n;
}

/** The smallest and the largest value a term allows; all between them too, or only some. */
function boundsOf(field: FieldName, term: TermModel): { low: bigint; high: bigint; all: boolean } {
  if (term.kind === "range") return { low: BigInt(term.low), high: BigInt(term.high), all: true };
  const open = allBits(field) & ~BigInt(term.mask);
  const low = BigInt(term.value);
  // What is left open is a run of the lowest bits: a prefix.
  return { low, high: low | open, all: (open & (open + 1n)) === 0n };
}

function isTermWithin(field: FieldName, term: TermModel, wider: TermModel): boolean {
  if (term.kind === "masked" && wider.kind === "masked") {
    const mask = BigInt(wider.mask);
    return (
      (BigInt(term.mask) & mask) === mask && (BigInt(term.value) & mask) === BigInt(wider.value)
    );
  }
  const inner = boundsOf(field, term);
  const outer = boundsOf(field, wider);
  return outer.all && inner.low >= outer.low && inner.high <= outer.high;
}

function areTermsApart(field: FieldName, one: TermModel, other: TermModel): boolean {
  if (one.kind === "masked" && other.kind === "masked") {
    const common = BigInt(one.mask) & BigInt(other.mask);
    return ((BigInt(one.value) ^ BigInt(other.value)) & common) !== 0n;
  }
  const first = boundsOf(field, one);
  const second = boundsOf(field, other);
  return first.high < second.low || second.high < first.low;
}
