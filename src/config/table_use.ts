// What flows ask of the tables they are in: where these lead to, the points they may be reached
// from, whether they translate, and whether connections have to be tracked.

import { ACTIONS, type ActionName, type ActionWord } from "./action_words.ts";
import { ATTACH_POINTS, pointBits } from "./attach_points.ts";
import { CT_STATE_NAMES, type FieldName } from "./fields.ts";
import type { ActionModel, AttachPoint, FlowModel, MatchModel } from "./model.ts";
import { conditionHolds } from "./prerequisites.ts";

/** Something that works only in tables which packets reach from some points, and no others. */
export interface Need {
  /** "output works only in tables reached from ingress alone" */
  readonly sentence: string;
  /** pointBits() */
  readonly points: number;
}

/** What a flow asks of the table it is in. */
export interface TableUse {
  readonly targets: readonly number[];
  readonly needs: readonly Need[];
  /** The action that translates: a table with one is a nat table. */
  readonly nat: string | undefined;
  /** What of the flow asks for connection tracking. */
  readonly tracking: string | undefined;
  /** Its match holds for no packet that may be the first of its connection. */
  readonly isLater: boolean;
}

const NONE: readonly never[] = [];

/** What flows ask that may be in any table: most of them. */
export const NO_USE: TableUse = Object.freeze({
  targets: NONE,
  needs: NONE,
  nat: undefined,
  tracking: undefined,
  isLater: false,
});

/** One object for each need: they are counted. */
function needOf(what: string, points: readonly AttachPoint[]): Need {
  const from = points.join(" and ");
  const sentence = `${what} works only in tables reached from ${from} alone`;
  return Object.freeze({ sentence, points: pointBits(...points) });
}

const OF_WORDS: ReadonlyMap<string, Need> = new Map(
  Object.entries(ACTIONS).flatMap(([name, word]): [string, Need][] => {
    const { points }: ActionWord = word;
    return points === undefined ? [] : [[name, needOf(name, points)]];
  }),
);

/** Fields of layer 2, which packets have at ingress alone. */
const LAYER_2 = /^(eth|vlan|mpls|pbb|arp)_/;
const OF_FIELDS = new Map<FieldName, Need | undefined>();

function needOfField(field: FieldName): Need | undefined {
  if (!OF_FIELDS.has(field)) {
    const what = `set_field of ${field}`;
    OF_FIELDS.set(field, LAYER_2.test(field) ? needOf(what, ["ingress"]) : undefined);
  }
  return OF_FIELDS.get(field);
}

/** Before tracking the zone and the helper can be chosen; to track at once is for pipelines. */
const CT_EARLY = needOf("ct", ["ingress", "raw"]);
const CT_FULL = needOf("ct with more than zone and helper", ["ingress"]);

export const OUT_PORT: Need = Object.freeze({
  sentence: "out_port is known only behind routing",
  points: pointBits(...ATTACH_POINTS) & ~pointBits("ingress", "raw", "prerouting"),
});

function needOfAction(action: ActionModel): Need | undefined {
  if (action.type === "set_field") return needOfField(action.field);
  if (action.type !== "ct") return OF_WORDS.get(action.type);
  const { commit, force, mark, label, nat, table } = action;
  const isMore = commit || force || mark !== undefined || label !== undefined;
  return isMore || nat !== undefined || table !== undefined ? CT_FULL : CT_EARLY;
}

const CONNECTION_FIELDS: ReadonlySet<string> = new Set<FieldName>([
  "ct_state",
  "ct_zone",
  "ct_mark",
  "ct_label",
]);
const TRACKING_ACTIONS: ReadonlySet<string> = new Set<ActionName>([
  "ct",
  "snat",
  "dnat",
  "masquerade",
  "redirect",
  "notrack",
  "save_mark",
  "restore_mark",
  "helper",
]);

/** The first of the actions that connections have to be tracked for. */
export function trackingAction(actions: readonly ActionModel[]): string | undefined {
  for (const action of actions) {
    if (TRACKING_ACTIONS.has(action.type)) return action.type;
    if (action.type === "write") {
      const kept = trackingAction(action.actions);
      if (kept !== undefined) return kept;
    }
    if (action.type !== "set_field" || !CONNECTION_FIELDS.has(action.field)) continue;
    return `set_field of ${action.field}`;
  }
  return undefined;
}

function fieldsOf(condition: MatchModel): readonly FieldName[] {
  return condition.kind === "field" ? [condition.field] : condition.fields;
}

/** States the first packet of a connection may be in: it may also be one that was expected. */
const FIRST_STATES = [CT_STATE_NAMES.new, CT_STATE_NAMES.related].flatMap((state) =>
  [0, CT_STATE_NAMES.snat].flatMap((source) =>
    [0, CT_STATE_NAMES.dnat].map((target) => CT_STATE_NAMES.tracked | state | source | target),
  ),
);

function isLater(match: readonly MatchModel[]): boolean {
  const states = match.filter((one) => one.kind === "field" && one.field === "ct_state");
  if (states.length === 0) return false;
  return !FIRST_STATES.some((state) =>
    states.every((one) => one.kind === "field" && conditionHolds(one, state)),
  );
}

export function useOf({ match, actions }: Pick<FlowModel, "match" | "actions">): TableUse {
  let targets: readonly number[] = NONE;
  let needs: readonly Need[] = NONE;
  let nat: string | undefined;
  for (const action of actions) {
    if (action.type === "goto" || action.type === "jump") targets = [...targets, action.table];
    else if (action.type === "ct" && action.table !== undefined) {
      targets = [...targets, action.table];
    }
    if ("nat" in action && action.type !== "ct") nat = action.type;
    const need = needOfAction(action);
    if (need !== undefined && !needs.includes(need)) needs = [...needs, need];
  }
  let tracking = trackingAction(actions);
  for (const condition of match) {
    for (const field of fieldsOf(condition)) {
      if (field === "out_port" && !needs.includes(OUT_PORT)) needs = [...needs, OUT_PORT];
      if (CONNECTION_FIELDS.has(field)) tracking ??= field;
    }
  }
  if (targets === NONE && needs === NONE && tracking === undefined) return NO_USE;
  return { targets, needs, nat, tracking, isLater: tracking !== undefined && isLater(match) };
}
