// The library's front of flow tables and sets: changes given as documents of the configuration or
// in the model's terms, and what was counted.

import type { Flow } from "../compile/flow.ts";
import type { FlowSelection, FlowTableChange } from "../compile/flow_changes.ts";
import type { FlowTables } from "../compile/flows.ts";
import { FlowReader } from "../config/flow_reader.ts";
import { cookieOf } from "../config/flow_values.ts";
import type { ActionModel, FlowModel, MatchModel, Model } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import { type FlowText, FlowWriter } from "./flow_text.ts";

type Document = Readonly<Record<string, unknown>>;
/** A flow as in the configuration, or as the model has it. */
export type FlowInput = FlowModel | Document;
export type MatchInput = readonly MatchModel[] | Document;
export type ActionsInput = readonly ActionModel[] | readonly unknown[];

/** Which flows: all that fulfil every condition that is given (OpenFlow 1.3.5 6.4). */
export interface FlowSelector {
  /** Default: all tables. */
  readonly table?: string;
  readonly id?: string;
  /** Flows at least as specific as this; with `strict` those of the very same match. */
  readonly match?: MatchInput;
  readonly strict?: boolean;
  /** Only flows of this priority; with `strict`, but no id, the default is 32768. */
  readonly priority?: number;
  /** Flows with this cookie in all bits of the mask (default: all of the 64). */
  readonly cookie?: number | bigint | string;
  readonly cookieMask?: number | bigint | string;
  /** Flows with an action that sends to the port, or to the group. */
  readonly outPort?: string;
  readonly outGroup?: string;
}

export interface AddOptions {
  /** Refuse it if a flow of the same priority can match the same packets. */
  readonly checkOverlap?: boolean;
}

export interface ModifyOptions {
  /** Start counting anew. */
  readonly resetCounters?: boolean;
}

export type FlowChange =
  | ({ readonly type: "add"; readonly table: string; readonly flow: FlowInput } & AddOptions)
  | ({ readonly type: "modify"; readonly actions: ActionsInput } & FlowSelector & ModifyOptions)
  | ({ readonly type: "delete" } & FlowSelector);

/** A flow and what it has counted in the run that is going on or was last. */
export interface FlowStatus {
  readonly table: string;
  readonly flow: FlowText;
  readonly packets: number;
  readonly bytes: number;
  /** Seconds since it was made. */
  readonly duration: number;
  /** Nanoseconds since 1970; undefined when no packet has met it. */
  readonly lastHit: bigint | undefined;
}

/** A flow whose time is over, and by which of its timeouts. */
export interface ExpiredFlow extends FlowStatus {
  readonly reason: "idle" | "hard";
}

/** `engine.tables`: changes flows while packets go through them. */
export class FlowControl {
  readonly #tables: FlowTables;
  readonly #model: Model;
  readonly #reader: FlowReader;
  readonly #writer: FlowWriter;

  constructor(tables: FlowTables, model: Model, reader: FlowReader) {
    this.#tables = tables;
    this.#model = model;
    this.#reader = reader;
    this.#writer = new FlowWriter(model, () => reader.counters);
  }

  /** Flows in all tables. */
  get size(): number {
    return this.#tables.size;
  }

  /** Names of the tables, in the order of the configuration. */
  get names(): readonly string[] {
    return this.#model.tables.map(({ name }) => name);
  }

  /** Bytes of shared memory that flows, sets and groups take, and that are reserved for them. */
  get memory(): { readonly used: number; readonly reserved: number } {
    return this.#tables.memory;
  }

  /**
   * Adds a flow. One of the same match and priority gives way to it, and its counters with it.
   * Throws FLOW_INVALID, FLOW_OVERLAP and LIMIT_EXCEEDED, with everything as before.
   */
  add(table: string, flow: FlowInput, options: AddOptions = {}): void {
    this.#tables.bundle([this.#read({ type: "add", table, flow, ...options })]);
  }

  /**
   * Gives flows other actions; cookies, timeouts and counters stay. Returns how many there were.
   * Throws FLOW_INVALID and LIMIT_EXCEEDED, with everything as before.
   */
  modify(selector: FlowSelector, actions: ActionsInput, options: ModifyOptions = {}): number {
    const change: FlowChange = { ...selector, ...options, type: "modify", actions };
    return this.#tables.bundle([this.#read(change)])[0] as number;
  }

  /** Takes flows away; returns how many there were. Throws FLOW_INVALID. */
  delete(selector: FlowSelector): number {
    return this.#tables.bundle([this.#read({ ...selector, type: "delete" })])[0] as number;
  }

  /**
   * Makes all changes, in order, or none: workers see them all at once. Returns how many flows each
   * was about. Errors are those of the single changes, and say in which one they are (from 0).
   */
  bundle(changes: readonly FlowChange[]): number[] {
    const read = (place: number) => this.#read(changes[place] as FlowChange, place);
    return this.#tables.bundleOf(changes.length, read);
  }

  /** The flow of a table that has this id. */
  get(table: string, id: string): FlowStatus | undefined {
    const flow = this.#tables.byId(this.#reader.table(table), id);
    return flow?.expired === undefined && flow !== undefined ? this.#status(flow) : undefined;
  }

  /** Flows in the order packets try them, of one table or of all. */
  flows(table?: string): FlowStatus[] {
    const numbers =
      table === undefined ? this.#model.tables.keys() : [this.#reader.table(table)].values();
    return [...numbers].flatMap((number) =>
      this.#tables.flows(number).map((flow) => this.#status(flow)),
    );
  }

  /** Takes flows away whose time is over. A replay begins with those again that it began with. */
  expire(): ExpiredFlow[] {
    return this.#tables.expire().map((flow) => ({
      ...this.#status(flow),
      reason: flow.expired ?? "hard",
    }));
  }

  #status(flow: Flow): FlowStatus {
    const { packets, bytes, last } = this.#tables.counters.read(flow.counter);
    const created = this.#tables.createdAt(flow);
    const { now } = this.#tables;
    return {
      table: (this.#model.tables[flow.table] as Model["tables"][number]).name,
      flow: this.#writer.flow(flow),
      packets,
      bytes,
      duration: created === 0n || now < created ? 0 : Number(now - created) / 1e9,
      lastHit: last === 0n ? undefined : last,
    };
  }

  #read(change: FlowChange, place?: number): FlowTableChange {
    switch (change.type) {
      case "add": {
        const { table, flow, checkOverlap } = change;
        const number = this.#reader.table(table);
        return { type: "add", table: number, flow: this.#flow(table, flow, place), checkOverlap };
      }
      case "modify": {
        const { actions, resetCounters, table } = change;
        const [first] = this.names;
        const list = isModels(actions)
          ? (actions as readonly ActionModel[])
          : this.#reader.actions(table ?? (first as string), actions);
        const selection = this.#selection(change);
        return { type: "modify", selection, actions: list, resetCounters };
      }
      case "delete":
        return { type: "delete", selection: this.#selection(change) };
    }
  }

  #flow(table: string, flow: FlowInput, place?: number): FlowModel {
    return Array.isArray(flow.match) ? (flow as FlowModel) : this.#reader.flow(table, flow, place);
  }

  #selection(selector: FlowSelector): FlowSelection {
    const { table, id, match, strict, priority, cookie, cookieMask, outPort, outGroup } = selector;
    const { ports, groups } = this.#model;
    return {
      table: table === undefined ? undefined : this.#reader.table(table),
      id,
      match: match === undefined || Array.isArray(match) ? match : this.#reader.match(match),
      strict,
      priority,
      cookie: cookie === undefined ? undefined : cookieIn(cookie),
      cookieMask: cookieMask === undefined ? undefined : cookieIn(cookieMask),
      outPort: outPort === undefined ? undefined : placeOf("port", outPort, ports),
      outGroup: outGroup === undefined ? undefined : placeOf("group", outGroup, groups),
    };
  }
}

/** Whether the list is in the model's terms: documents have words, or one key for each action. */
function isModels(actions: ActionsInput): boolean {
  return (
    actions.length > 0 &&
    actions.every((action) => typeof (action as { type?: unknown } | null)?.type === "string")
  );
}

function cookieIn(written: number | bigint | string): bigint {
  const cookie = cookieOf(written);
  if (cookie !== undefined) return cookie;
  throw new SluiceError("FLOW_INVALID", `cookie: expected a number of 64 bits, found ${written}`);
}

function placeOf(what: string, name: string, all: readonly { readonly name: string }[]): number {
  const place = all.findIndex((one) => one.name === name);
  if (place >= 0) return place;
  throw new SluiceError("FLOW_INVALID", `no ${what} is named '${name}'`);
}

/**
 * Reads what comes while the engine runs. Where tables lead to is left to the flow tables: they
 * know what a bundle has changed before.
 */
export function runtimeReader(model: Model): FlowReader {
  const tables = model.tables.map((table): Model["tables"][number] => {
    return { ...table, attach: undefined, miss: { type: "return" }, flows: [] };
  });
  return new FlowReader({ ...model, tables });
}
