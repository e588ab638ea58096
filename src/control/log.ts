// What `log` actions say, with names instead of numbers.

import { pointName } from "../compile/attachments.ts";
import type { FlowTables } from "../compile/flows.ts";
import type { AttachPoint, Model } from "../config/model.ts";
import type { RawLogEntry } from "../memory/log.ts";

export interface LogEntry {
  /** Number of the packet in the run, from 1. */
  readonly packet: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** The prefix of the action. */
  readonly text: string;
  readonly point: AttachPoint;
  /** Where the flow is, as far as it still is; and how it is called. */
  readonly table: string | undefined;
  readonly flow: string | undefined;
  readonly priority: number | undefined;
  readonly input: string;
  /** Undefined where no port has been chosen. */
  readonly output: string | undefined;
  /** Bytes of the frame, and the first of them. */
  readonly length: number;
  readonly frame: Uint8Array;
}

/** Names what an entry of a log ring is about. */
export function logEntry(entry: RawLogEntry, tables: FlowTables, model: Model): LogEntry {
  const flow = tables.byNumber(entry.flow);
  return {
    packet: entry.sequence + 1,
    time: entry.time,
    text: tables.programs.texts.text(entry.text),
    point: pointName(entry.point),
    table: flow === undefined ? undefined : model.tables[flow.table]?.name,
    flow: flow?.id,
    priority: flow?.priority,
    input: model.ports[entry.inPort]?.name ?? "",
    output: model.ports[entry.outPort]?.name,
    length: entry.length,
    frame: entry.frame,
  };
}
