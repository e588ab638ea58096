// Look-ups in flow tables, explained: the flow that matched or that none did, what it has changed,
// and the near misses above it.

import { type MatchNames, matchNames } from "../config/match_text.ts";
import type { ActionModel, AttachPoint, Model } from "../config/model.ts";
import { stepName } from "../memory/names.ts";
import type { TracedLookUp, TraceEntry } from "../memory/traces.ts";
import { ActionSet } from "./action_set.ts";
import { inlineText } from "./document.ts";
import type { Facts } from "./facts.ts";
import { type FieldChange, type FieldReader, fieldChanges, presentFields } from "./fields.ts";
import { headerFields } from "./headers.ts";
import { Evaluation, type NearMiss, nearMisses } from "./near_misses.ts";
import {
  type FlowDocument,
  type FlowsDescription,
  flowName,
  rankOf,
  type TracedFlow,
} from "./tables.ts";
import { Walk } from "./walk.ts";

/** The flow that matched, in the form of the configuration. */
export interface MatchedFlow extends FlowDocument {
  readonly id: string | undefined;
  readonly number: number;
  readonly priority: number;
}

/** One look-up in one table. */
export interface LookUp {
  readonly point: AttachPoint;
  readonly table: string;
  /** Undefined: none matched, and the table's miss is done. */
  readonly flow: MatchedFlow | undefined;
  /** The miss, in the form of the configuration, if that was it. */
  readonly miss: unknown;
  /** The action set, where it was done. */
  readonly actionSet: readonly unknown[];
  /** Fields the packet had other values of behind the flow. */
  readonly changes: readonly FieldChange[];
  readonly nearMisses: readonly NearMiss[];
  /** How many more flows above it did not match. */
  readonly furtherMisses: number;
}

export interface ExplainedLookUp {
  readonly lookUp: LookUp;
  readonly facts: Facts;
}

const EVERYTHING_MISSED = -1;

/** Explains the look-ups of one trace, in their order. */
export class LookUpExplainer {
  readonly #model: Model;
  readonly #tables: FlowsDescription;
  readonly #names: MatchNames;
  readonly #walk = new Walk();
  readonly #actionSet = new ActionSet();

  constructor(model: Model, tables: FlowsDescription) {
    this.#model = model;
    this.#tables = tables;
    this.#names = matchNames(model);
  }

  /** @param next what the step behind the look-up left */
  explain(entry: TraceEntry, made: TracedLookUp, next?: TraceEntry): ExplainedLookUp {
    const { isMiss } = made;
    const flow = this.#tables.flow(made.flow);
    const point = this.#tables.point(made.point);
    const changes = this.#changes(entry, made, next);
    if (flow === undefined) return goneSince(made.flow, point, changes);
    const { table } = flow;
    const below = this.#walk.boundOf({ table, point, frame: entry.record.frameNumber });
    this.#walk.follow(flow, isMiss);
    const evaluation = new Evaluation(made.key, this.#tables, this.#names);
    const above = isMiss ? EVERYTHING_MISSED : rankOf(flow);
    const { nearest, further } = nearMisses(this.#tables, evaluation, table, above, below);
    const done = point === "ingress" ? this.#endOfPipeline(flow) : [];
    const lookUp: LookUp = {
      point,
      table: this.#model.tables[table]?.name ?? `table ${table}`,
      flow: isMiss ? undefined : this.#matched(flow),
      miss: isMiss ? this.#missOf(table) : undefined,
      actionSet: this.#actionTexts(done),
      changes,
      nearMisses: nearest,
      furtherMisses: further,
    };
    const groups = this.#groups([...flow.actions, ...done], entry.record.hash);
    return { lookUp, facts: factsOf(lookUp, groups) };
  }

  /** "policy, flow web (priority 500)": what a verdict is put down to. */
  culprit({ flow: number, isMiss }: TracedLookUp): string {
    const flow = this.#tables.flow(number);
    if (flow === undefined) return `flow ${number}, which is gone since`;
    const table = this.#model.tables[flow.table]?.name ?? `${flow.table}`;
    const what = isMiss ? "no flow matched" : `flow ${flowName(flow)} (priority ${flow.priority})`;
    return `table ${table}, ${what}`;
  }

  #matched(flow: TracedFlow): MatchedFlow {
    const { id, number, priority } = flow;
    return { id, number, priority, ...this.#tables.document(flow) };
  }

  #missOf(table: number): unknown {
    const miss = this.#model.tables[table]?.miss;
    return miss?.type === "goto" ? { goto: this.#model.tables[miss.table]?.name } : miss?.type;
  }

  /** The action set's actions, if the flow makes an end of the pipeline. */
  #endOfPipeline({ actions }: TracedFlow): ActionModel[] {
    this.#actionSet.heed(actions);
    const action = actions.at(-1);
    const last = action?.type ?? "clear";
    if (["goto", "jump", "return", "continue"].includes(last)) return [];
    if (action?.type === "ct" && action.table !== undefined) return [];
    const isDropped = ["accept", "drop", "reject"].includes(last);
    const done = isDropped ? [] : this.#actionSet.actions;
    this.#actionSet.clear();
    return done;
  }

  #actionTexts(actions: readonly ActionModel[]): readonly unknown[] {
    return this.#tables.document({ match: [], actions }).actions;
  }

  /** From one key to the next, or, where no look-up follows, from one frame to the next. */
  #changes(entry: TraceEntry, made: TracedLookUp, next?: TraceEntry): FieldChange[] {
    if (next === undefined || next.record.frameNumber !== entry.record.frameNumber) return [];
    const { ports } = this.#names;
    if (next.lookUp !== undefined) {
      return fieldChanges(this.#keyFields(made.key), this.#keyFields(next.lookUp.key), ports);
    }
    const changes = fieldChanges(headerFields(entry), headerFields(next), ports);
    // An own packet was given its link header between the two.
    return stepName(next.step) === "respond"
      ? changes.filter(({ field }) => !field.startsWith("eth_"))
      : changes;
  }

  #keyFields(key: Uint8Array): FieldReader {
    return presentFields((field) => this.#tables.value(key, field));
  }

  #groups(actions: readonly ActionModel[], hash: number): string {
    const texts = actions.flatMap((action) =>
      action.type === "group" ? [this.#groupText(action.group, hash)] : [],
    );
    return texts.join("; ");
  }

  #groupText(number: number, hash: number): string {
    const { name = "", type = "all", buckets = [] } = this.#model.groups[number] ?? {};
    if (type === "all") return `${name} (all): each of ${buckets.length} buckets`;
    const place = this.#tables.bucket(number, hash);
    if (place === undefined) return `${name} (${type}): no bucket`;
    const actions = inlineText(this.#actionTexts(buckets[place]?.actions ?? []));
    return `${name} (${type}): bucket ${place + 1} of ${buckets.length}, ${actions}`;
  }
}

/** Of a flow that was taken away while the trace was made, nothing but its number is known. */
function goneSince(number: number, point: AttachPoint, changes: FieldChange[]): ExplainedLookUp {
  const flow = { id: undefined, number, priority: 0, match: {}, actions: [] };
  const rest = { miss: undefined, actionSet: [], changes, nearMisses: [], furtherMisses: 0 };
  const facts = { point, flow: `number ${number}, which is gone since`, ...changeFacts(changes) };
  return { lookUp: { point, table: "", flow, ...rest }, facts };
}

function factsOf(lookUp: LookUp, groups: string): Facts {
  const { point, table, flow, miss, actionSet, changes } = lookUp;
  return {
    point,
    table,
    ...(flow === undefined
      ? { flow: "none matches", miss: inlineText(miss) }
      : {
          flow: flowName(flow),
          priority: flow.priority,
          match: inlineText(flow.match),
          actions: inlineText(flow.actions),
        }),
    ...(actionSet.length === 0 ? {} : { action_set: inlineText(actionSet) }),
    ...(groups === "" ? {} : { group: groups }),
    ...changeFacts(changes),
  };
}

function changeFacts(changes: readonly FieldChange[]): Facts {
  return Object.fromEntries(
    changes.map(({ field, before, after }) => [field, `${before} -> ${after}`]),
  );
}
