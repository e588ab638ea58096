// How much memory flow tables need, by the limits and by what the configuration names.

import * as layout from "../../assembly/layout.ts";
import type { GroupModel, Model } from "../config/model.ts";
import type { MemorySizes } from "../memory/map.ts";
import { MOST_BUCKETS } from "./buckets.ts";
import { portMirrorBytes } from "./mirrors.ts";

type FlowSizes = Pick<
  MemorySizes,
  | "flows"
  | "flowCounters"
  | "ruleBytes"
  | "groups"
  | "meters"
  | "mirrors"
  | "portMirrorBytes"
  | "cacheEntries"
>;

/**
 * A flow that is replaced stays until no worker sees it any more: all flows may be replaced at
 * once, so there is room for each of them twice.
 */
const GENERATIONS = 2;
/** Rows hold the numbers of flows in this many bits. */
const MOST_FLOWS = 2 ** layout.ROW_FLOW_BITS;
/** Bytes of a flow's row, its share of a hash table, its program and predicates; measured. */
const RULE_BYTES = 512;
/** Bytes of a set's element, its share of a hash table that grows included; measured. */
const ELEMENT_BYTES = 192;
/** What every table, set or point takes before there is anything in it. */
const HOLDER_BYTES = 16_384;
/** Counters for names that flows bring which are added later. */
const LATER_COUNTERS = 1024;

/** Log actions with a rate of their own; those of flows that are replaced included. */
const MOST_LOG_LIMITS = 16_384;

/** The part of the memory's sizes that flow tables ask for. */
export function flowSizes(model: Model): FlowSizes {
  const { groups, meters, mirrors, ports, sets, tables, engine } = model;
  const { rules, setElements, cachedFlows } = engine.limits;
  const flows = Math.min(GENERATIONS * rules + tables.length + 1, MOST_FLOWS);
  const counters = flows + countersOf(model) + LATER_COUNTERS;
  const holders = tables.length + sets.length + layout.POINTS;
  return {
    flows,
    // Blocks of different workers begin on lines of their own.
    flowCounters: Math.ceil(counters / 4) * 4,
    ruleBytes:
      GENERATIONS * rules * RULE_BYTES +
      setElements * ELEMENT_BYTES +
      holders * HOLDER_BYTES +
      groups.reduce((sum, group) => sum + groupBytes(group), 0),
    groups: groups.length + 1,
    // A flow may limit the rate of its log.
    meters: meters.length + Math.min(GENERATIONS * rules, MOST_LOG_LIMITS) + 1,
    mirrors: mirrors.length + 1,
    portMirrorBytes: portMirrorBytes(mirrors, ports),
    cacheEntries:
      cachedFlows === 0 ? 0 : 2 ** Math.ceil(Math.log2(Math.max(cachedFlows / layout.SHARDS, 4))),
  };
}

/** Counters of groups and their buckets, meters and their bands, and names. */
function countersOf({ groups, meters, counters }: Model): number {
  const buckets = groups.reduce((sum, group) => sum + group.buckets.length, 0);
  const bands = meters.reduce((sum, meter) => sum + meter.bands.length, 0);
  return groups.length + buckets + meters.length + bands + counters.length;
}

function groupBytes({ buckets }: GroupModel): number {
  const actions = buckets.reduce((sum, bucket) => sum + 1 + bucket.actions.length, 0);
  return (
    MOST_BUCKETS * 4 +
    layout.CACHE_LINE * (buckets.length + 1) +
    (actions + buckets.length) * layout.CACHE_LINE
  );
}
