// What a trace asks (src/trace), answered by the tables of an engine.

import { pointName } from "../compile/attachments.ts";
import { readKeyField } from "../compile/key_reader.ts";
import type { Tables } from "../compile/tables.ts";
import type { FieldValue, FlowModel, IpBytes, Model } from "../config/model.ts";
import { termHolds } from "../config/terms.ts";
import { Connections } from "../memory/connections.ts";
import { inspectBucket, inspectForwarding, inspectNeighbor } from "../memory/inspect.ts";
import type { Region } from "../memory/region.ts";
import { backendsOf } from "./backends.ts";
import { connectionDocument } from "./connection.ts";
import { FlowWriter } from "./flow_text.ts";

/**
 * Routes, neighbors and flows by the numbers of a packet's record.
 * @param counters names of counters, those that came later included
 */
export function describeTables(
  region: Region,
  tables: Tables,
  model: Model,
  counters: readonly string[],
) {
  const connections = new Connections(region);
  const names = backendsOf(model, tables.services);
  return {
    match: (vrf: number, address: IpBytes) => tables.routes.match(vrf, address),
    forwarding: (number: number) => inspectForwarding(region, number),
    neighbor: (number: number) => inspectNeighbor(region, number),
    connection: (entry: Uint8Array, time: bigint) => {
      return connectionDocument(connections.viewOf(entry, time), names);
    },
    flows: describeFlows(region, tables, new FlowWriter(model, () => counters)),
  };
}

function describeFlows(region: Region, { flows }: Tables, writer: FlowWriter) {
  return {
    flow: (number: number) => flows.byNumber(number),
    flows: (table: number) => flows.everyFlow(table),
    point: pointName,
    value: readKeyField,
    isInSet: (set: number, values: readonly FieldValue[]) => {
      for (const element of flows.sets.elements(set)) {
        if (element.every((term, place) => termHolds(term, values[place]!))) return true;
      }
      return false;
    },
    document: ({ match, actions }: Pick<FlowModel, "match" | "actions">) => ({
      match: writer.match(match),
      actions: writer.actions(actions),
    }),
    // Number 0 of groups is none.
    bucket: (group: number, hash: number) => inspectBucket(region, group + 1, hash),
  };
}
