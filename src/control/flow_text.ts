// Flows as people write them: the model printed back into the form of the configuration. Reading
// what is printed gives the same flow again.

import { SYNTAX } from "../config/field_syntax.ts";
import type { FieldName } from "../config/fields.ts";
import type {
  ActionModel,
  FieldMatchModel,
  FlowModel,
  MatchModel,
  Model,
  TermModel,
} from "../config/model.ts";
import { writeTerm } from "../config/terms.ts";
import { ctText, natText } from "./nat_text.ts";

/** A condition of a match: a value, a list of values, "@set", or { in, not } of these. */
export type ConditionText = string | number | readonly (string | number)[] | ConditionParts;
interface ConditionParts {
  readonly in?: ConditionText;
  readonly not?: ConditionText;
}
export type MatchText = Readonly<Record<string, ConditionText>>;
export type ActionText = string | Readonly<Record<string, unknown>>;

/** The keys are those of a flow in the configuration. */
export interface FlowText {
  readonly id?: string;
  readonly priority: number;
  readonly cookie?: string;
  readonly idle_timeout?: string;
  readonly hard_timeout?: string;
  readonly match: MatchText;
  readonly actions: readonly ActionText[];
}

type Names = Pick<Model, "ports" | "sets" | "tables" | "groups" | "meters" | "mirrors">;
type Log = Extract<ActionModel, { type: "log" }>;

/** Default burst of log actions, which need not be printed. */
const MILLISECONDS_UNIT = "ms";

export class FlowWriter {
  readonly #names: Names;
  readonly #ports: readonly string[];
  readonly #counters: () => readonly string[];

  /** @param counters names of counters, those that came later included */
  constructor(names: Names, counters: () => readonly string[]) {
    this.#names = names;
    this.#ports = names.ports.map(({ name }) => name);
    this.#counters = counters;
  }

  flow(flow: FlowModel): FlowText {
    const { id, cookie, priority, idleTimeout, hardTimeout } = flow;
    return {
      ...(id === undefined ? {} : { id }),
      priority,
      ...(cookie === 0n ? {} : { cookie: `0x${cookie.toString(16)}` }),
      ...(idleTimeout === 0 ? {} : { idle_timeout: `${idleTimeout}${MILLISECONDS_UNIT}` }),
      ...(hardTimeout === 0 ? {} : { hard_timeout: `${hardTimeout}${MILLISECONDS_UNIT}` }),
      match: this.match(flow.match),
      actions: this.actions(flow.actions),
    };
  }

  /** Prerequisites are printed too: reading them again changes nothing. */
  match(match: readonly MatchModel[]): MatchText {
    const text: Record<string, ConditionText> = {};
    for (const condition of match) {
      const key = condition.kind === "set" ? condition.fields.join(" . ") : condition.field;
      const before = text[key];
      text[key] =
        before === undefined
          ? this.#condition(condition)
          : { ...partsOf(before), ...this.#part(condition) };
    }
    return text;
  }

  actions(actions: readonly ActionModel[]): ActionText[] {
    return actions.map((action) => this.#action(action));
  }

  #condition(condition: MatchModel): ConditionText {
    const text = this.#positive(condition);
    if (!condition.negated) return text;
    return typeof text === "string" || typeof text === "number" ? `!${text}` : { not: text };
  }

  #part(condition: MatchModel): ConditionParts {
    const text = this.#positive(condition);
    return condition.negated ? { not: text } : { in: text };
  }

  #positive(condition: MatchModel): string | number | readonly (string | number)[] {
    if (condition.kind === "set") return `@${this.#names.sets[condition.set]?.name}`;
    const texts = condition.terms.map((term) => this.#term(condition, term));
    return texts.length === 1 ? (texts[0] as string | number) : texts;
  }

  #term({ field }: Pick<FieldMatchModel, "field">, term: TermModel): string | number {
    const text = writeTerm(SYNTAX.get(field)!, term, this.#ports);
    return /^\d{1,15}$/.test(text) ? Number(text) : text;
  }

  #action(action: ActionModel): ActionText {
    const { ports, tables, groups, meters, mirrors } = this.#names;
    switch (action.type) {
      case "reject":
        return { reject: action.kind };
      case "goto":
      case "jump":
        return { [action.type]: tables[action.table]?.name };
      case "output":
        return { output: ports[action.port]?.name };
      case "set_field":
        return { set_field: { [action.field]: this.#value(action) } };
      case "push_vlan":
      case "push_mpls":
      case "pop_mpls":
      case "push_pbb":
        return { [action.type]: `0x${action.etherType.toString(16).padStart(4, "0")}` };
      case "set_ttl":
      case "set_mpls_ttl":
        return { [action.type]: action.ttl };
      case "group":
        return { group: groups[action.group]?.name };
      case "meter":
        return { meter: meters[action.meter]?.name };
      case "mirror":
        return { mirror: mirrors[action.mirror]?.name };
      case "count":
        return { count: this.#counters()[action.counter] };
      case "snat":
      case "dnat":
      case "masquerade":
      case "redirect":
        return natText(action.nat);
      case "ct":
        return ctText(action, tables);
      case "helper":
        return { helper: action.helper };
      case "log":
        return { log: logText(action) };
      case "write":
        return { write: this.actions(action.actions) };
      default:
        return action.type;
    }
  }

  #value(action: Extract<ActionModel, { type: "set_field" }>): string | number {
    const { field, value, mask }: { field: FieldName } & Omit<typeof action, "type"> = action;
    return this.#term({ field }, { kind: "masked", value, mask });
  }
}

function partsOf(text: ConditionText): ConditionParts {
  if (typeof text === "object" && !Array.isArray(text)) return text as ConditionParts;
  return typeof text === "string" && text.startsWith("!") ? { not: text.slice(1) } : { in: text };
}

function logText({ text, perSecond, burst }: Log): Readonly<Record<string, unknown>> {
  return {
    ...(perSecond === undefined ? {} : { rate: rateText(perSecond) }),
    burst,
    ...(text === "" ? {} : { prefix: text }),
  };
}

/** In the largest unit of time that makes it whole. */
function rateText(perSecond: number): string {
  for (const [unit, seconds] of [
    ["s", 1],
    ["m", 60],
    ["h", 3600],
  ] as const) {
    const rate = Math.round(perSecond * seconds * 1e6) / 1e6;
    if (Number.isInteger(rate)) return `${rate}/${unit}`;
  }
  return `${perSecond.toFixed(9)}/s`;
}
