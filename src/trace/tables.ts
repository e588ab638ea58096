// What a trace asks of flow tables: the flows that were looked at, and values out of keys.

import type { FieldName } from "../config/fields.ts";
import type { AttachPoint, FieldValue, FlowModel } from "../config/model.ts";

/** A flow, and its place among others. */
export interface TracedFlow extends FlowModel {
  /** Number of its entry, as the kernels note it. */
  readonly number: number;
  /** Place of its table in the model. */
  readonly table: number;
  /** Decides among flows of one priority: higher wins. */
  readonly order: number;
  /** Which of its timeouts has ended it, if one has. */
  readonly expired: "idle" | "hard" | undefined;
}

/** A flow in the form of the configuration. */
export interface FlowDocument {
  readonly match: Readonly<Record<string, unknown>>;
  readonly actions: readonly unknown[];
}

/** How a trace asks the flow tables of an engine. */
export interface FlowsDescription {
  /** The flow of a number; undefined when it is gone since. A table's miss has one too. */
  flow(number: number): TracedFlow | undefined;
  /** All flows of a table, in any order, those whose time is over too. */
  flows(table: number): readonly TracedFlow[];
  /** Name of a POINT_* number. */
  point(number: number): AttachPoint;
  /** The value of a field in a packet's key. */
  value(key: Uint8Array, field: FieldName): FieldValue;
  /** Whether the values, together, are in the named set. */
  isInSet(set: number, values: readonly FieldValue[]): boolean;
  document(flow: Pick<FlowModel, "match" | "actions">): FlowDocument;
  /** Place of the bucket that a group gives a packet of this flow hash to; undefined for none. */
  bucket(group: number, hash: number): number | undefined;
}

/** Distance between two priorities in a rank. */
const ORDERS = 2 ** 32;

/** Of flows that match, the one with the highest rank is taken. */
export function rankOf({ priority, order }: Pick<TracedFlow, "priority" | "order">): number {
  return priority * ORDERS + order;
}

/** "web", or the number of a flow without id. */
export function flowName({ id, number }: Pick<TracedFlow, "id" | "number">): string {
  return id ?? `number ${number}`;
}
