// Which tables a packet meets at each point of its path, and in which order.

import * as layout from "../../assembly/layout.ts";
import type { AttachPoint, TableModel } from "../config/model.ts";
import type { NatTables } from "../config/nat_tables.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";

/** Numbers of the points. */
const POINT_NUMBERS: Readonly<Record<AttachPoint, number>> = {
  ingress: layout.POINT_INGRESS,
  raw: layout.POINT_RAW,
  prerouting: layout.POINT_PREROUTING,
  input: layout.POINT_INPUT,
  output: layout.POINT_OUTPUT,
  forward: layout.POINT_FORWARD,
  postrouting: layout.POINT_POSTROUTING,
};

/** Name of a POINT_* number. */
export function pointName(number: number): AttachPoint {
  const found = Object.entries(POINT_NUMBERS).find(([, point]) => point === number);
  return (found?.[0] ?? "ingress") as AttachPoint;
}

/** Numbers of the tables attached at a point: by priority, then by their order in the file. */
export function tablesAt(point: AttachPoint, tables: readonly TableModel[]): number[] {
  return tables
    .map(({ attach, priority }, number) => ({ attach, priority, number }))
    .filter(({ attach }) => attach === point)
    .toSorted((a, b) => a.priority - b.priority || a.number - b.number)
    .map(({ number }) => number);
}

/**
 * Writes the lists of attached tables, once: tables do not move, and which of them translate is
 * settled. Those have lists of their own.
 */
export function writeAttachments(
  region: Region,
  arena: Arena,
  tables: readonly TableModel[],
  nat: NatTables,
): void {
  const base = region.base(layout.REGION_TABLES);
  for (const number of nat.all) {
    region.setU32(base + number * layout.TABLE_STRIDE + layout.TABLE_NAT, 1);
  }
  let ordinary = 0;
  let translating = 0;
  for (const [name, point] of Object.entries(POINT_NUMBERS)) {
    const numbers = tablesAt(name as AttachPoint, tables);
    const others = numbers.filter((number) => !nat.attached.has(number));
    const nats = numbers.filter((number) => nat.attached.has(number));
    const at = point * 4;
    if (writeList(region, arena, layout.CONTROL_POINT_TABLES + at, others)) ordinary |= 1 << point;
    if (writeList(region, arena, layout.CONTROL_POINT_NAT_TABLES + at, nats)) {
      translating |= 1 << point;
    }
  }
  region.publish(layout.CONTROL_NAT_POINTS, translating);
  region.publish(layout.CONTROL_POINTS, ordinary);
}

/** Whether there is anything in the list. */
function writeList(
  region: Region,
  arena: Arena,
  place: number,
  numbers: readonly number[],
): boolean {
  if (numbers.length === 0) return false;
  const list = arena.allocate((numbers.length + 1) * 4);
  region.setU32(list, numbers.length);
  region.u32.set(numbers, list / 4 + 1);
  region.setU32(place, list);
  return true;
}
