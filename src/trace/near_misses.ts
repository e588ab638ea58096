// Near misses: flows that a packet would have met before the one it did, had they matched, and what
// of their matches it is that does not hold.

import { type MatchNames, writeCondition } from "../config/match_text.ts";
import type { FieldValue, MatchModel } from "../config/model.ts";
import { termHolds } from "../config/terms.ts";
import { type FieldReader, presentFields, valueText } from "./fields.ts";
import { type FlowDocument, type FlowsDescription, rankOf, type TracedFlow } from "./tables.ts";

/** A condition that does not hold for the packet. */
export interface Failure {
  /** The field, or the fields of a concatenation: "ipv4_src . tcp_dst". */
  readonly field: string;
  /** As it is written in the match. */
  readonly expected: string;
  /** What the packet has there. */
  readonly packet: string;
}

export interface NearMiss extends FlowDocument {
  readonly id: string | undefined;
  readonly number: number;
  readonly priority: number;
  /** Empty for a flow that does match and was not there: its time was over, or it came later. */
  readonly failures: readonly Failure[];
  readonly expired: "idle" | "hard" | undefined;
}

export interface NearMisses {
  /** Those that fail in the fewest conditions come first, then those of higher rank. */
  readonly nearest: readonly NearMiss[];
  /** How many more there are. */
  readonly further: number;
}

/** Near misses shown of one look-up. */
const MOST_SHOWN = 5;

/** What is asked about one packet at one look-up. */
export class Evaluation {
  readonly #key: Uint8Array;
  readonly #tables: FlowsDescription;
  readonly #names: MatchNames;
  readonly #present: FieldReader;
  /** By set and fields: many flows may ask the same of a set. */
  readonly #memberships = new Map<string, boolean>();

  constructor(key: Uint8Array, tables: FlowsDescription, names: MatchNames) {
    this.#key = key;
    this.#tables = tables;
    this.#names = names;
    this.#present = presentFields((field) => tables.value(key, field));
  }

  /** The conditions of a match that do not hold. */
  failing(match: readonly MatchModel[]): MatchModel[] {
    return match.filter((condition) => this.#holds(condition) === condition.negated);
  }

  /** Says of such a condition what was expected, and what there is. */
  describe(condition: MatchModel): Failure {
    const fields = condition.kind === "set" ? condition.fields : [condition.field];
    const values = fields.map((field) => valueText(field, this.#present(field), this.#names.ports));
    return {
      field: fields.join(" . "),
      expected: writeCondition(condition, this.#names),
      packet: values.join(" . "),
    };
  }

  /** Whether any of the terms holds, or the set has it: negation is not looked at. */
  #holds(condition: MatchModel): boolean {
    if (condition.kind === "field") {
      const value = this.#tables.value(this.#key, condition.field);
      return condition.terms.some((term) => termHolds(term, value));
    }
    const { set, fields } = condition;
    const question = `${set} ${fields.join(" ")}`;
    const known = this.#memberships.get(question);
    if (known !== undefined) return known;
    const values = fields.map((field): FieldValue => this.#tables.value(this.#key, field));
    const isIn = this.#tables.isInSet(set, values);
    this.#memberships.set(question, isIn);
    return isIn;
  }
}

interface Candidate {
  readonly flow: TracedFlow;
  readonly failing: readonly MatchModel[];
}

/** The flows of a table with a rank above `above` and below `below`, none of which was taken. */
export function nearMisses(
  tables: FlowsDescription,
  evaluation: Evaluation,
  table: number,
  above: number,
  below: number,
): NearMisses {
  const candidates = tables
    .flows(table)
    .filter((flow) => rankOf(flow) > above && rankOf(flow) < below)
    .map((flow): Candidate => ({ flow, failing: evaluation.failing(flow.match) }))
    .sort((a, b) => a.failing.length - b.failing.length || rankOf(b.flow) - rankOf(a.flow));
  const nearest = candidates.slice(0, MOST_SHOWN).map(({ flow, failing }): NearMiss => {
    const { id, number, priority, expired } = flow;
    const failures = failing.map((condition) => evaluation.describe(condition));
    return { id, number, priority, ...tables.document(flow), failures, expired };
  });
  return { nearest, further: candidates.length - nearest.length };
}
