// The slow twin of the flow tables: a list of flows, gone through from the front for every packet
// and every change.

import type { FlowSelection, FlowTableChange } from "../../src/compile/flow_changes.ts";
import { canOverlap, isSameMatch, isWithin } from "../../src/compile/match_relations.ts";
import type { ActionModel, FieldValue, FlowModel, MatchModel } from "../../src/config/model.ts";
import type { PacketFields } from "./flow_rig.ts";

const ALL_BITS = 2n ** 64n - 1n;

export interface TwinFlow extends FlowModel {
  readonly table: number;
  /** Lower was there first. */
  readonly serial: number;
}

export class FlowTwin {
  flows: readonly TwinFlow[] = [];
  #serial = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Makes all changes and returns how many flows each was about; or none, and says why not. */
  bundle(changes: readonly FlowTableChange[]): number[] | string {
    const before = this.flows;
    const counts: number[] = [];
    for (const change of changes) {
      const count = this.#apply(change);
      if (typeof count === "string") {
        this.flows = before;
        return count;
      }
      counts.push(count);
    }
    return counts;
  }

  /** Flows of a table, first those that packets try first. */
  sorted(table: number): TwinFlow[] {
    return this.flows
      .filter((flow) => flow.table === table)
      .toSorted((a, b) => b.priority - a.priority || a.serial - b.serial);
  }

  match(table: number, packet: PacketFields): TwinFlow | undefined {
    return this.sorted(table).find(({ match }) => match.every((one) => holds(one, packet)));
  }

  #apply(change: FlowTableChange): number | string {
    if (change.type === "add") return this.#add(change);
    const chosen = this.flows.filter((flow) => isSelected(flow, change.selection));
    if (change.type === "delete") {
      this.flows = this.flows.filter((flow) => !chosen.includes(flow));
    } else {
      const { actions } = change;
      this.flows = this.flows.map((flow) => (chosen.includes(flow) ? { ...flow, actions } : flow));
    }
    return chosen.length;
  }

  #add(change: Extract<FlowTableChange, { type: "add" }>): number | string {
    const { table, flow, checkOverlap } = change;
    const others = this.flows.filter((one) => one.table === table);
    const rivals = others.filter(({ priority }) => priority === flow.priority);
    if (checkOverlap && rivals.some(({ match }) => canOverlap(match, flow.match))) {
      return "FLOW_OVERLAP";
    }
    const replaced = rivals.find(({ match }) => isSameMatch(match, flow.match));
    const named = others.find(({ id }) => id !== undefined && id === flow.id);
    const left = this.flows.filter((one) => one !== replaced);
    if (left.length >= this.#limit) return "LIMIT_EXCEEDED";
    if (named !== undefined && named !== replaced) return "FLOW_INVALID";
    this.flows = [...left, { ...flow, table, serial: replaced?.serial ?? this.#serial++ }];
    return 1;
  }
}

function isSelected(flow: TwinFlow, selection: FlowSelection): boolean {
  const { table, id, match, strict, priority, cookie, outPort } = selection;
  const mask = selection.cookieMask ?? ALL_BITS;
  // Who names an id need not say the rest.
  const isWhole = strict === true && id === undefined;
  const wanted = isWhole ? (match ?? []) : match;
  const level = isWhole ? (priority ?? 32768) : priority;
  return (
    (table === undefined || flow.table === table) &&
    (id === undefined || flow.id === id) &&
    (level === undefined || flow.priority === level) &&
    (wanted === undefined ||
      (strict === true ? isSameMatch(flow.match, wanted) : isWithin(flow.match, wanted))) &&
    (cookie === undefined || (flow.cookie & mask) === (cookie & mask)) &&
    (outPort === undefined || sendsTo(flow.actions, outPort))
  );
}

function sendsTo(actions: readonly ActionModel[], port: number): boolean {
  return actions.some(
    (action) =>
      (action.type === "output" && action.port === port) ||
      (action.type === "write" && sendsTo(action.actions, port)),
  );
}

/** Fields the packet does not name are zero. */
function holds(condition: MatchModel, packet: PacketFields): boolean {
  if (condition.kind === "set") throw new Error("the twin knows no sets");
  const value: FieldValue = packet[condition.field] ?? 0;
  const isAny = condition.terms.some((term) =>
    term.kind === "masked"
      ? (BigInt(value) & BigInt(term.mask)) === BigInt(term.value)
      : value >= term.low && value <= term.high,
  );
  return isAny !== condition.negated;
}
