// What the fields of a match need of the packet: filled in where it is missing, refused where two
// of them contradict each other (OpenFlow 1.3.5 7.2.3.6, 1.5.1 7.2.3.6).
//
// What can be needed of eth_type, ip_proto and icmpv6_type are few values: sets of them are bits of
// a number, and the condition for each set is made once and shared by all flows.

import { SYNTAX } from "./field_syntax.ts";
import { FIELDS, type FieldName, type Prerequisite } from "./fields.ts";
import { writeCondition } from "./match_text.ts";
import type { FieldMatchModel, FieldValue, MatchModel, TermModel } from "./model.ts";
import { VLAN_PRESENT } from "./term_words.ts";
import { termHolds } from "./terms.ts";

type Tag = "vlan_vid" | "inner_vlan_vid";
type Slot = "eth_type" | "ip_proto" | "icmpv6_type";
const SLOTS: readonly Slot[] = ["eth_type", "ip_proto", "icmpv6_type"];

/** Values any field needs of a slot: bit i of a set stands for value i. */
const VALUES: Readonly<Record<Slot, readonly number[]>> = {
  eth_type: neededOf("eth_type"),
  ip_proto: neededOf("ip_proto"),
  icmpv6_type: neededOf("icmpv6_type"),
};

function neededOf(slot: Slot): number[] {
  const all = Object.values(FIELDS).flatMap(({ needs }) => (needs as Prerequisite)[slot] ?? []);
  return [...new Set(all)];
}

/** Any value will do, also those that are in no list. */
const ANYTHING = -1;

function bitsFor(slot: Slot, values: readonly number[] | undefined): number {
  if (values === undefined) return ANYTHING;
  return values.reduce((bits, value) => bits | (1 << VALUES[slot].indexOf(value)), 0);
}

/** The values of a set of them. */
function valuesOf(slot: Slot, bits: number): number[] {
  return VALUES[slot].filter((_, i) => (bits & (1 << i)) !== 0);
}

interface Needs {
  /** In the order of SLOTS. */
  readonly bits: readonly number[];
  readonly vlan: Tag | undefined;
}

const NEEDS: ReadonlyMap<FieldName, Needs> = new Map(
  (Object.keys(FIELDS) as FieldName[]).flatMap((name): [FieldName, Needs][] => {
    const needs: Prerequisite = FIELDS[name].needs;
    const bits = SLOTS.map((slot) => bitsFor(slot, needs[slot]));
    const vlan = needs.vlan ? "vlan_vid" : needs.inner_vlan ? "inner_vlan_vid" : undefined;
    const isFree = vlan === undefined && bits.every((one) => one === ANYTHING);
    return isFree ? [] : [[name, { bits, vlan }]];
  }),
);

/** Conditions for sets of values, by slot and set. */
const CONDITIONS = SLOTS.map((slot) =>
  Array.from({ length: 1 << VALUES[slot].length }, (_, bits) => {
    const { full } = SYNTAX.get(slot)!;
    const terms = valuesOf(slot, bits).map((value) => exactTerm(value, full));
    return freeze({ kind: "field", field: slot, negated: false, terms });
  }),
);

const TAGGED = Object.fromEntries(
  (["vlan_vid", "inner_vlan_vid"] as const).map((field) => {
    const terms = [exactTerm(VLAN_PRESENT, VLAN_PRESENT)];
    return [field, freeze({ kind: "field", field, negated: false, terms })];
  }),
) as Record<Tag, FieldMatchModel>;

function exactTerm(value: FieldValue, mask: FieldValue): TermModel {
  return Object.freeze({ kind: "masked", value, mask });
}

function freeze(condition: FieldMatchModel): FieldMatchModel {
  Object.freeze(condition.terms);
  return Object.freeze(condition);
}

/** The field at fault, and what is wrong with it. */
export interface Refusal {
  readonly field: FieldName;
  readonly message: string;
}

/** Most matches need no tags, and are refused nothing. */
const NO_TAGS: readonly (readonly [Tag, FieldName])[] = [];
const NO_REFUSALS: readonly Refusal[] = [];

/** What is needed so far, and which field was the last to narrow it. */
class Needed {
  isContradiction = false;
  tags = NO_TAGS;
  refusals = NO_REFUSALS;
  readonly #bits = [ANYTHING, ANYTHING, ANYTHING];
  readonly #by: (FieldName | undefined)[] = [undefined, undefined, undefined];

  clear(): void {
    this.isContradiction = false;
    this.tags = NO_TAGS;
    this.refusals = NO_REFUSALS;
    for (let slot = 0; slot < SLOTS.length; slot++) this.#bits[slot] = ANYTHING;
  }

  refuse(field: FieldName, message: string): void {
    this.refusals = [...this.refusals, { field, message }];
  }

  add(field: FieldName): void {
    const needs = NEEDS.get(field);
    if (needs === undefined) return;
    if (needs.vlan !== undefined) this.tags = [...this.tags, [needs.vlan, field]];
    for (let slot = 0; slot < SLOTS.length; slot++) {
      const before = this.#bits[slot]!;
      const after = before & needs.bits[slot]!;
      if (after === before) continue;
      if (after === 0) {
        const own = shown(slot, needs.bits[slot]!);
        const others = shown(slot, before);
        this.refuse(field, `needs ${own}, but ${this.#by[slot]} needs ${others}`);
        this.isContradiction = true;
        return;
      }
      this.#bits[slot] = after;
      this.#by[slot] = field;
    }
  }

  /** Replaces conditions on the slot's field by those values of them that are needed. */
  fillSlot(match: MatchModel[], slot: number): void {
    const bits = this.#bits[slot]!;
    if (bits === ANYTHING) return;
    const field = SLOTS[slot]!;
    let left = bits;
    let place = -1;
    for (let i = 0; i < match.length; i++) {
      const one = match[i]!;
      if (one.kind !== "field" || one.field !== field) continue;
      place = place < 0 ? i : place;
      left &= bitsHolding(one, field);
    }
    if (left === 0) {
      const asked = match.filter((one) => one.kind === "field" && one.field === field);
      const found = asked.map((one) => writeCondition(one)).join(" and ");
      this.refuse(this.#by[slot]!, `needs ${shown(slot, bits)}, but ${field} is ${found}`);
      return;
    }
    const condition = CONDITIONS[slot]![left]!;
    if (place < 0) {
      match.push(condition);
      return;
    }
    match[place] = condition;
    for (let i = match.length - 1; i > place; i--) {
      const one = match[i]!;
      if (one.kind === "field" && one.field === field) match.splice(i, 1);
    }
  }
}

/** One for all matches, in turn: they come by the hundred thousand. */
const found = new Needed();

/** Conditions on these, where there are any, are looked at and may be replaced. */
const DECISIVE: ReadonlySet<string> = new Set([...SLOTS, ...Object.keys(TAGGED)]);

/** The match before, and what became of it: most matches are of the same fields as the last. */
let asked: readonly MatchModel[] = [];
let filled: readonly MatchModel[] = [];

/** Does the same with the match as with the one before, where it comes to the same. */
function fillLikeBefore(match: MatchModel[]): boolean {
  if (match.length !== asked.length) return false;
  for (let i = 0; i < match.length; i++) {
    const one = match[i]!;
    const before = asked[i]!;
    if (one === before) continue;
    if (one.kind === "set" || before.kind === "set" || one.field !== before.field) return false;
    if (DECISIVE.has(one.field)) return false;
  }
  for (let i = 0; i < asked.length; i++) if (match[i] === asked[i]) match[i] = filled[i]!;
  for (let i = asked.length; i < filled.length; i++) match.push(filled[i]!);
  return true;
}

/** Adds to `match` what the fields in it need; refuses what can hold for no packet. */
export function fillPrerequisites(match: MatchModel[]): readonly Refusal[] {
  if (fillLikeBefore(match)) return NO_REFUSALS;
  const before = match.slice();
  const refusals = fill(match);
  if (refusals.length === 0 && before.every((one, i) => isInPlace(one, match[i]))) {
    asked = before;
    filled = match.slice();
  }
  return refusals;
}

/** Whether a condition of a match is where it was, as it was or narrowed. */
function isInPlace(one: MatchModel, now: MatchModel | undefined): boolean {
  if (one.kind === "set" || now?.kind !== "field") return one === now;
  return one.field === now.field;
}

function fill(match: MatchModel[]): readonly Refusal[] {
  found.clear();
  for (const one of match) {
    if (one.kind === "field") found.add(one.field);
    else for (const field of one.fields) found.add(field);
  }
  if (found.isContradiction) return found.refusals;
  for (let slot = 0; slot < SLOTS.length; slot++) found.fillSlot(match, slot);
  for (const [field, by] of found.tags) fillTag(match, field, by);
  return found.refusals;
}

/** "eth_type ipv4 or ipv6" */
function shown(slot: number, bits: number): string {
  const name = SLOTS[slot]!;
  const { write } = SYNTAX.get(name)!;
  return `${name} ${valuesOf(name, bits).map(write).join(" or ")}`;
}

/** Whether a field of this value meets the condition. */
export function conditionHolds({ terms, negated }: FieldMatchModel, value: FieldValue): boolean {
  for (const term of terms) if (termHolds(term, value)) return !negated;
  return negated;
}

function bitsHolding(condition: FieldMatchModel, slot: Slot): number {
  const values = VALUES[slot];
  let bits = 0;
  for (let i = 0; i < values.length; i++) {
    if (conditionHolds(condition, values[i]!)) bits |= 1 << i;
  }
  return bits;
}

/** A tag must be there: what asks for none is left out, what says nothing of it is added to. */
function fillTag(match: MatchModel[], field: Tag, by: FieldName): void {
  let isCertain = false;
  for (const [i, one] of match.entries()) {
    if (one.kind !== "field" || one.field !== field || one.negated) continue;
    const terms = one.terms.filter(isTagged);
    if (terms.length === 0) found.refuse(by, `needs a tag, but ${field} is none`);
    if (terms.length < one.terms.length) match[i] = { ...one, terms };
    isCertain = true;
  }
  if (!isCertain) match.push(TAGGED[field]);
}

function isTagged(term: TermModel): boolean {
  return term.kind === "range" || (Number(term.value) & VLAN_PRESENT) !== 0;
}
