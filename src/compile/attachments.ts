// Which tables a packet meets at each point of its path, and in which order.

import * as layout from "../../assembly/layout.ts";
import type { AttachPoint, TableModel } from "../config/model.ts";
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

/** Writes the lists of attached tables, once: tables do not move. */
export function writeAttachments(
  region: Region,
  arena: Arena,
  tables: readonly TableModel[],
): void {
  let bits = 0;
  for (const [name, point] of Object.entries(POINT_NUMBERS)) {
    const numbers = tablesAt(name as AttachPoint, tables);
    if (numbers.length === 0) continue;
    const list = arena.allocate((numbers.length + 1) * 4);
    region.setU32(list, numbers.length);
    region.u32.set(numbers, list / 4 + 1);
    region.setU32(layout.CONTROL_POINT_TABLES + point * 4, list);
    bits |= 1 << point;
  }
  region.publish(layout.CONTROL_POINTS, bits);
}
