// Matches as people write them: for messages, the trace and listings.

import { SYNTAX } from "./field_syntax.ts";
import type { MatchModel, Model } from "./model.ts";
import { writeTerm } from "./terms.ts";

/** Ports and sets have numbers in the model; without names those are shown. */
export interface MatchNames {
  readonly ports: readonly string[];
  readonly sets: readonly string[];
}

const NO_NAMES: MatchNames = { ports: [], sets: [] };

export function matchNames(model: Pick<Model, "ports" | "sets">): MatchNames {
  return {
    ports: model.ports.map(({ name }) => name),
    sets: model.sets.map(({ name }) => name),
  };
}

/** "22", "[22, 443]", "!10.0.0.0/8", "not [22, 443]", "@office" */
export function writeCondition(condition: MatchModel, names = NO_NAMES): string {
  if (condition.kind === "set") {
    const name = names.sets[condition.set] ?? `set ${condition.set}`;
    return `${condition.negated ? "!" : ""}@${name}`;
  }
  const { field, negated, terms } = condition;
  const syntax = SYNTAX.get(field)!;
  const texts = terms.map((term) => writeTerm(syntax, term, names.ports));
  if (texts.length === 1) return `${negated ? "!" : ""}${texts[0]}`;
  return `${negated ? "not " : ""}[${texts.join(", ")}]`;
}

/** "ipv4_src 10.0.0.0/8, tcp_dst [22, 443]"; "every packet" when nothing is asked. */
export function writeMatch(match: readonly MatchModel[], names = NO_NAMES): string {
  if (match.length === 0) return "every packet";
  const texts = match.map((one) => {
    const fields = one.kind === "set" ? one.fields.join(" . ") : one.field;
    return `${fields} ${writeCondition(one, names)}`;
  });
  return texts.join(", ");
}
