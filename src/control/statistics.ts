// What tables, groups, meters and named counters have counted in a run, by their names.

import type { FlowTables } from "../compile/flows.ts";
import type { GroupCounts } from "../compile/groups.ts";
import type { MeterCounts } from "../compile/meters.ts";
import type { Model } from "../config/model.ts";
import type { Statistics } from "../memory/statistics.ts";
import type { ConnectionControl } from "./connections.ts";

interface Count {
  readonly packets: number;
  readonly bytes: number;
}

export interface TableCounts extends Count {
  /** Flows in the table; `packets` and `bytes` are those that a flow matched. */
  readonly flows: number;
  /** Packets that no flow matched. */
  readonly misses: number;
}

/** Connections: created = active + expired + evicted + deleted. */
export interface ConnectionStatistics {
  readonly active: number;
  readonly created: number;
  readonly expired: number;
  readonly evicted: number;
  readonly deleted: number;
}

export interface FlowStatistics {
  readonly tables: Readonly<Record<string, TableCounts>>;
  readonly groups: Readonly<Record<string, GroupCounts>>;
  readonly meters: Readonly<Record<string, MeterCounts>>;
  readonly counters: Readonly<Record<string, Count>>;
}

/**
 * Adds up the counters of everything in the flow tables. Flows that were taken away during the run
 * took their counts with them.
 * @param counters names of counters, those that came later included
 */
export function flowStatistics(
  tables: FlowTables,
  model: Model,
  counters: readonly string[],
): FlowStatistics {
  const named = counters.map((name, place) => {
    const { packets, bytes } = tables.counters.read(tables.programs.namedCounter(place));
    return [name, { packets, bytes }] as const;
  });
  return {
    tables: byName(model.tables, (_, place) => tableCounts(tables, place)),
    groups: byName(model.groups, (_, place) => tables.groups.read(place)),
    meters: byName(model.meters, (_, place) => tables.meters.read(place)),
    counters: Object.fromEntries(named),
  };
}

/**
 * What became of connections. Those whose time was over when the run ended have expired, whether
 * their places were reclaimed by then or not. Undefined without connection tracking.
 */
export function connectionStatistics(
  { conntrack }: Model,
  { connections }: Statistics,
  table: ConnectionControl,
): ConnectionStatistics | undefined {
  if (!conntrack.enabled) return undefined;
  const { live, over } = table.census();
  const { created, expired, evicted, deleted } = connections;
  return { active: live, created, expired: expired + over, evicted, deleted };
}

function tableCounts(tables: FlowTables, table: number): TableCounts {
  let packets = 0;
  let bytes = 0;
  let flows = 0;
  for (const { counter, expired } of tables.everyFlow(table)) {
    if (expired === undefined) flows++;
    const count = tables.counters.read(counter);
    packets += count.packets;
    bytes += count.bytes;
  }
  const misses = tables.counters.read(tables.miss(table).counter).packets;
  return { flows, packets, bytes, misses };
}

function byName<T extends { readonly name: string }, R>(
  all: readonly T[],
  read: (one: T, place: number) => R,
): Record<string, R> {
  return Object.fromEntries(all.map((one, place) => [one.name, read(one, place)]));
}
