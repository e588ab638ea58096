// Everything about flows, from the document to the model: sets, tables, groups, meters, mirrors.

import { checkLimit } from "./checks.ts";
import { Cursor } from "./cursor.ts";
import { FlowNames } from "./flow_names.ts";
import { FlowParser } from "./flow_parser.ts";
import { GroupBuilder } from "./groups.ts";
import { buildMeter } from "./meters.ts";
import { buildMirrors } from "./mirrors.ts";
import type { GroupModel, LimitsModel, MeterModel, Model, SetModel } from "./model.ts";
import type { ConfigurationDocument } from "./schema.ts";
import { buildSet, setTypes } from "./sets.ts";
import type { Source } from "./source.ts";
import { trackingIsOff } from "./table_graph.ts";
import { trackingAction, useOf } from "./table_use.ts";
import { TableBuilder } from "./tables.ts";

type FlowPart = Pick<Model, "sets" | "tables" | "groups" | "meters" | "mirrors" | "counters">;

/** Reports what is wrong to the source; `limits` are those of the same document. */
export function buildFlowModel(
  document: ConfigurationDocument,
  ports: readonly string[],
  limits: LimitsModel,
  source: Source,
): FlowPart {
  const names = namesOf(document, ports);
  const parser = new FlowParser(names);
  const at = (key: string) => new Cursor(source.report.bind(source), [key]);
  const sets = buildSets(document, at("sets"));
  const groups = new GroupBuilder(names, parser).groups(document.groups ?? {}, at("groups"));
  const isUntracked = document.conntrack?.enabled === false;
  if (isUntracked) refuseTracking(groups, at("groups"));
  const meters = buildMeters(document, at("meters"));
  const mirrors = buildMirrors(document.mirrors ?? [], names, source, at("mirrors"));
  const builder = new TableBuilder(names, parser, source, isUntracked);
  const tables = builder.tables(document.tables ?? {}, at("tables"));
  const count = Object.values(document.tables ?? {}).reduce(
    (sum, { flows = [] }) => sum + flows.length,
    0,
  );
  checkLimit(count, limits.rules, "flows", "rules", at("tables"));
  const elements = sets.reduce((sum, set) => sum + set.elements.length, 0);
  checkLimit(elements, limits.setElements, "elements", "set_elements", at("sets"));
  return { sets, tables, groups, meters, mirrors, counters: names.counters };
}

function refuseTracking(groups: readonly GroupModel[], cursor: Cursor): void {
  for (const { name, buckets } of groups) {
    const what = trackingAction(buckets.flatMap(({ actions }) => actions));
    if (what !== undefined) cursor.wrongAt(name, trackingIsOff(what));
  }
}

/** Whether a flow, or a bucket of a group, looks at connections or acts on them. */
export function asksForTracking({ tables, groups }: Pick<Model, "tables" | "groups">): boolean {
  return (
    tables.some(({ flows }) => flows.some((flow) => useOf(flow).tracking !== undefined)) ||
    groups.some(({ buckets }) =>
      buckets.some(({ actions }) => trackingAction(actions) !== undefined),
    )
  );
}

function namesOf(document: ConfigurationDocument, ports: readonly string[]): FlowNames {
  return new FlowNames({
    ports,
    sets: Object.entries(document.sets ?? {}).map(([name, set]) => {
      return { name, types: setTypes(set.type) };
    }),
    tables: Object.keys(document.tables ?? {}),
    groups: Object.keys(document.groups ?? {}),
    meters: Object.keys(document.meters ?? {}),
    mirrors: (document.mirrors ?? []).map(({ name }) => name),
    counters: [],
  });
}

function buildSets(document: ConfigurationDocument, cursor: Cursor): SetModel[] {
  return Object.entries(document.sets ?? {}).map(([name, set]) => {
    cursor.enter(name);
    const model = buildSet(name, set, cursor);
    cursor.leave();
    return model;
  });
}

function buildMeters(document: ConfigurationDocument, cursor: Cursor): MeterModel[] {
  return Object.entries(document.meters ?? {}).map(([name, meter]) => {
    cursor.enter(name);
    const model = buildMeter(name, meter, cursor);
    cursor.leave();
    return model;
  });
}
