// Flow entries and the tables they are in, as the host writes them.

import {
  CONTROL_POINT_NAT_TABLES,
  CONTROL_POINT_TABLES,
  FLOW_COUNTER,
  FLOW_FLAGS,
  FLOW_PROGRAM,
  FLOW_RANK,
  FLOW_STRIDE,
  FLOW_TABLE,
  GROUP_STRIDE,
  METER_STRIDE,
  MIRROR_STRIDE,
  TABLE_MISS,
  TABLE_STRIDE,
} from "../layout";
import { flows, groups, meters, mirrors, tables } from "../memory/directory";

export function flowOf(number: u32): usize {
  return flows + <usize>number * FLOW_STRIDE;
}
export function flowNumber(flow: usize): u32 {
  return <u32>((flow - flows) / FLOW_STRIDE);
}
/** Priority, and what decides between equals: the higher wins. */
export function flowRank(flow: usize): u64 {
  return load<u64>(flow, FLOW_RANK);
}
/** Address of its first operation. */
export function flowProgram(flow: usize): usize {
  return load<u32>(flow, FLOW_PROGRAM);
}
/** FLOW_* bits. */
export function flowFlags(flow: usize): u32 {
  return load<u32>(flow, FLOW_FLAGS);
}
export function flowCounter(flow: usize): u32 {
  return load<u32>(flow, FLOW_COUNTER);
}

export function tableOf(number: u32): usize {
  return tables + <usize>number * TABLE_STRIDE;
}
/** The flow that stands for "no flow matched". */
export function missOf(table: usize): usize {
  return flowOf(load<u32>(table, TABLE_MISS));
}

/** Whether the flow is one that stands for "no flow matched". */
export function isMiss(flow: usize): bool {
  return missOf(tableOf(load<u32>(flow, FLOW_TABLE))) === flow;
}

/** Address of the list of tables attached at a POINT_*; 0 = there are none. */
export function tablesAt(point: u32): usize {
  return load<u32>(<usize>CONTROL_POINT_TABLES + ((<usize>point) << 2));
}
/** The same of NAT tables. */
export function natTablesAt(point: u32): usize {
  return load<u32>(<usize>CONTROL_POINT_NAT_TABLES + ((<usize>point) << 2));
}
/** Tables of a list; and the one at each place. */
export function listCount(list: usize): u32 {
  return list === 0 ? 0 : load<u32>(list);
}
export function listTable(list: usize, place: u32): usize {
  return tableOf(load<u32>(list + ((<usize>place) << 2), 4));
}

export function groupOf(number: u32): usize {
  return groups + <usize>number * GROUP_STRIDE;
}
export function meterOf(number: u32): usize {
  return meters + <usize>number * METER_STRIDE;
}
export function mirrorOf(number: u32): usize {
  return mirrors + <usize>number * MIRROR_STRIDE;
}
