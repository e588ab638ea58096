// Changes of flow tables, as OpenFlow 1.3.5 6.4 has them, in the model's terms; and which flows a
// change is about.

import type { ActionModel, FlowModel, MatchModel } from "../config/model.ts";
import type { Flow } from "./flow.ts";
import type { FlowIndex } from "./flow_index.ts";
import { hashOfMatch, isSameMatch, isWithin } from "./match_relations.ts";

/** Which flows: all that fulfil every condition that is given. */
export interface FlowSelection {
  /** Number of the table; undefined = all tables. */
  readonly table: number | undefined;
  readonly id?: string | undefined;
  /**
   * Flows that match nothing else than this does: the very same with `strict`, else at least as
   * specific.
   */
  readonly match?: readonly MatchModel[] | undefined;
  readonly strict?: boolean | undefined;
  /** Looked at if given; a strict selection without it, and without id, means 32768. */
  readonly priority?: number | undefined;
  /** Flows whose cookie is this one in all bits of the mask (default: all 64). */
  readonly cookie?: bigint | undefined;
  readonly cookieMask?: bigint | undefined;
  /** Flows with an output to the port, or an action for the group. */
  readonly outPort?: number | undefined;
  readonly outGroup?: number | undefined;
}

export type FlowTableChange =
  | {
      readonly type: "add";
      readonly table: number;
      readonly flow: FlowModel;
      readonly checkOverlap?: boolean | undefined;
    }
  | {
      readonly type: "modify";
      readonly selection: FlowSelection;
      readonly actions: readonly ActionModel[];
      readonly resetCounters?: boolean | undefined;
    }
  | { readonly type: "delete"; readonly selection: FlowSelection };

export const DEFAULT_PRIORITY = 32768;
const ALL_BITS = 2n ** 64n - 1n;
const ANY: readonly MatchModel[] = [];

/** The flows of the tables that a selection is about; a new list. */
export function selectFlows(indexes: readonly FlowIndex[], selection: FlowSelection): Flow[] {
  const { table } = selection;
  if (table !== undefined) return selectIn(indexes[table] as FlowIndex, selection);
  return indexes.flatMap((index) => selectIn(index, selection));
}

function selectIn(index: FlowIndex, selection: FlowSelection): Flow[] {
  if (selection.id !== undefined) {
    const flow = index.findId(selection.id);
    return flow !== undefined && isSelected(flow, selection) ? [flow] : [];
  }
  if (selection.strict === true) {
    const { match = ANY, priority = DEFAULT_PRIORITY } = selection;
    const flow = index.find(match, priority, hashOfMatch(match, priority));
    return flow !== undefined && hasRest(flow, selection) ? [flow] : [];
  }
  return index.flows.filter((flow) => isSelected(flow, selection));
}

function isSelected(flow: Flow, selection: FlowSelection): boolean {
  const { match, priority, strict } = selection;
  if (priority !== undefined && flow.priority !== priority) return false;
  if (match !== undefined) {
    if (strict === true ? !isSameMatch(flow.match, match) : !isWithin(flow.match, match)) {
      return false;
    }
  }
  return hasRest(flow, selection);
}

/** What is looked at besides match and priority. */
function hasRest(flow: Flow, selection: FlowSelection): boolean {
  const { cookie, cookieMask = ALL_BITS, outPort, outGroup } = selection;
  if (cookie !== undefined && ((flow.cookie ^ cookie) & cookieMask) !== 0n) return false;
  if (outPort !== undefined && !leadsTo(flow.actions, "output", outPort)) return false;
  return outGroup === undefined || leadsTo(flow.actions, "group", outGroup);
}

function leadsTo(
  actions: readonly ActionModel[],
  type: "output" | "group",
  number: number,
): boolean {
  return actions.some((action) => {
    if (action.type === "output") return type === "output" && action.port === number;
    if (action.type === "group") return type === "group" && action.group === number;
    return action.type === "write" && leadsTo(action.actions, type, number);
  });
}
