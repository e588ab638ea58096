// How many connections each zone and source has: all entries of the table looked at, one by one.

import * as layout from "../../assembly/layout.ts";
import type { Connections, Tuple } from "../support/connections.ts";

export interface OwnerCounts {
  readonly zones: ReadonlyMap<number, number>;
  /** By sourceKey(). */
  readonly sources: ReadonlyMap<string, number>;
  /** Tick at which the first of them is over. */
  readonly earliest: number;
}

/** The address that a tuple's connections are counted under. */
export function sourceKey({ from }: Tuple): string {
  return from.address.join(".");
}

/** @param shards how many are looked at, from the first on */
export function countOwners(table: Connections, shards: number): OwnerCounts {
  const { region, sizes } = table;
  const zones = new Map<number, number>();
  const sources = new Map<string, number>();
  let earliest = Number.POSITIVE_INFINITY;
  for (let shard = 0; shard < shards; shard++) {
    const index = sizes.connectionBuckets * layout.CONNECTION_BUCKET_BYTES;
    const first = table.shard(shard) + layout.CONNECTIONS_INDEX + index;
    for (let number = 1; number < sizes.connections; number++) {
      const entry = first + number * layout.CONNECTION_STRIDE;
      const status = region.getU32(entry + layout.CONNECTION_STATUS);
      if ((status & layout.CT_CONFIRMED) === 0) continue;
      const zone = region.u16[(entry + layout.CONNECTION_ZONE) / 2] as number;
      const bytes = (status & layout.CT_IP6) === 0 ? 4 : 16;
      const source = entry + layout.CONNECTION_SRC;
      const key = region.u8.slice(source, source + bytes).join(".");
      zones.set(zone, (zones.get(zone) ?? 0) + 1);
      sources.set(key, (sources.get(key) ?? 0) + 1);
      earliest = Math.min(earliest, region.getU32(entry + layout.CONNECTION_DEADLINE));
    }
  }
  return { zones, sources, earliest };
}
