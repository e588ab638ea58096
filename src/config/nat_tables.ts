// Nat tables: attached tables that translate, themselves or by one they lead to. Packets meet them
// behind the other tables of their point, and of each connection the first packet alone: so which
// tables are some has to be settled when the engine starts.

import type { TableModel } from "./model.ts";

type Tables = readonly Pick<TableModel, "attach" | "miss" | "flows">[];

export interface NatTables {
  /** Numbers of those that are attached. */
  readonly attached: ReadonlySet<number>;
  /** With those that packets reach from these alone. */
  readonly all: ReadonlySet<number>;
}

export function natTablesOf(tables: Tables): NatTables {
  const leads = tables.map(leadsTo);
  const translate = tables.map(({ flows }) => flows.some(translates));
  const attached = new Set<number>();
  const ordinary = new Set<number>();
  const all = new Set<number>();
  for (const [number, { attach }] of tables.entries()) {
    if (attach === undefined) continue;
    const reached = reachedFrom(number, leads);
    const isNat = [...reached].some((one) => translate[one]);
    if (isNat) attached.add(number);
    for (const one of reached) (isNat ? all : ordinary).add(one);
  }
  for (const number of ordinary) all.delete(number);
  return { attached, all };
}

function translates({ actions }: TableModel["flows"][number]): boolean {
  const last = actions.at(-1)?.type;
  return last === "snat" || last === "dnat" || last === "masquerade" || last === "redirect";
}

function leadsTo({ miss, flows }: Tables[number]): ReadonlySet<number> {
  const targets = new Set<number>();
  if (miss.type === "goto") targets.add(miss.table);
  for (const { actions } of flows) {
    const last = actions.at(-1);
    if (last?.type === "goto" || last?.type === "jump") targets.add(last.table);
    else if (last?.type === "ct" && last.table !== undefined) targets.add(last.table);
  }
  return targets;
}

function reachedFrom(start: number, leads: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  const reached = new Set([start]);
  for (const table of reached) for (const next of leads[table] ?? []) reached.add(next);
  return reached;
}
