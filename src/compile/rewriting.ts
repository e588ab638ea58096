// Whether flows may give a packet another flow before it is tracked: then its connection belongs to
// another shard than the packet came in by, and workers take turns.

import type { FieldName } from "../config/fields.ts";
import type { ActionModel, AttachPoint, Model } from "../config/model.ts";

/** Points that packets meet before they are tracked. */
const EARLY: readonly (AttachPoint | undefined)[] = ["ingress", "raw"];
/** Fields that a flow hash is made of. */
const HASHED = new Set<FieldName>([
  "ipv4_src",
  "ipv4_dst",
  "ipv6_src",
  "ipv6_dst",
  "tcp_src",
  "tcp_dst",
  "udp_src",
  "udp_dst",
  "sctp_src",
  "sctp_dst",
]);
/** What brings to light the packet within. */
const OPENING: readonly ActionModel["type"][] = ["pop_mpls", "pop_pbb"];

export function rewritesBeforeTracking({ tables, groups }: Model): boolean {
  const early = new Set<number>();
  const next = tables.flatMap(({ attach }, number) => (EARLY.includes(attach) ? [number] : []));
  for (let number = next.pop(); number !== undefined; number = next.pop()) {
    if (early.has(number)) continue;
    early.add(number);
    next.push(...tables[number]!.flows.flatMap(({ actions }) => actions.flatMap(targetsOf)));
  }
  const flows = [...early].flatMap((number) => tables[number]!.flows);
  const actions = flows.flatMap((flow) => flow.actions);
  const usesGroups = actions.some(isOrHas(({ type }) => type === "group"));
  const buckets = usesGroups ? groups.flatMap((group) => group.buckets) : [];
  return [...actions, ...buckets.flatMap((bucket) => bucket.actions)].some(isOrHas(rewrites));
}

function targetsOf(action: ActionModel): number[] {
  if (action.type === "goto" || action.type === "jump") return [action.table];
  return action.type === "ct" && action.table !== undefined ? [action.table] : [];
}

/** Of the action itself, or of one that it keeps in the action set. */
function isOrHas(test: (action: ActionModel) => boolean): (action: ActionModel) => boolean {
  return (action) => test(action) || (action.type === "write" && action.actions.some(test));
}

function rewrites(action: ActionModel): boolean {
  return action.type === "set_field" ? HASHED.has(action.field) : OPENING.includes(action.type);
}
