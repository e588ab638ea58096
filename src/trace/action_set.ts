// The action set of a packet at ingress: what flows have written there, to be done when the
// pipeline ends (OpenFlow 1.3.5 5.10).

import type { ActionModel } from "../config/model.ts";

type Type = ActionModel["type"];

/** In the order in which a set is done. There is one of each, and of set_field one per field. */
const ORDER: readonly (readonly Type[])[] = [
  ["copy_ttl_in"],
  ["pop_vlan"],
  ["pop_mpls"],
  ["pop_pbb"],
  ["push_mpls"],
  ["push_pbb"],
  ["push_vlan"],
  ["copy_ttl_out"],
  ["dec_ttl"],
  ["dec_mpls_ttl"],
  ["set_ttl"],
  ["set_mpls_ttl"],
  ["meter"],
  ["set_field"],
  ["group"],
  ["output", "in_port", "flood", "all", "normal", "local"],
];
const OUTPUT = ORDER.length - 1;

export class ActionSet {
  readonly #actions = new Map<string, ActionModel>();

  clear(): void {
    this.#actions.clear();
  }

  /** Takes over what a flow's actions write; others mean nothing here. */
  heed(actions: readonly ActionModel[]): void {
    for (const action of actions) {
      if (action.type === "clear") this.clear();
      if (action.type !== "write") continue;
      for (const one of action.actions) this.#actions.set(slotOf(one), one);
    }
  }

  /** What is to be done, in order. A group takes the place of an output. */
  get actions(): ActionModel[] {
    const all = [...this.#actions.values()].sort((a, b) => placeOf(a) - placeOf(b));
    const isGrouped = all.some(({ type }) => type === "group");
    return isGrouped ? all.filter((action) => placeOf(action) !== OUTPUT) : all;
  }
}

function placeOf({ type }: ActionModel): number {
  return ORDER.findIndex((types) => types.includes(type));
}

function slotOf(action: ActionModel): string {
  return action.type === "set_field" ? `set_field ${action.field}` : `${placeOf(action)}`;
}
