// Flows in memory and in the host's indexes, changed in bundles: staged one by one, then published
// all at once or taken back. What was published stays readable for workers that have not seen a
// newer version; settle() takes it back when all have.

import * as layout from "../../assembly/layout.ts";
import { whyNotFor } from "../config/action_checks.ts";
import type { ActionModel, FlowModel, MissModel, Model } from "../config/model.ts";
import { type NatTables, natTablesOf } from "../config/nat_tables.ts";
import { TableGraph } from "../config/table_graph.ts";
import { SluiceError } from "../errors.ts";
import type { FlowCounters } from "../memory/flow_counters.ts";
import type { Region } from "../memory/region.ts";
import type { ChangeRing } from "./changes.ts";
import { Flow, MOST_ORDER } from "./flow.ts";
import { FlowEntries } from "./flow_entries.ts";
import { FlowIndex } from "./flow_index.ts";
import type { FlowRows } from "./flow_rows.ts";
import type { Program, Programs } from "./programs.ts";

/** Whether shards leave out of account what a flow translates (compile/steering.ts). */
export type Covers = (flow: Pick<FlowModel, "match" | "actions">) => boolean;

/** What flows are put together from. */
export interface FlowParts {
  readonly rows: FlowRows;
  readonly programs: Programs;
  readonly counters: FlowCounters;
  readonly ring: ChangeRing;
  readonly covers: Covers;
}

/** What a new flow takes over from one of the same match that was removed in the same bundle. */
export interface FlowPlace {
  readonly before: Flow | undefined;
  readonly keepsTimes: boolean;
  readonly keepsCounter: boolean;
}

/** That of a flow that is new altogether. */
export const NO_PLACE: FlowPlace = { before: undefined, keepsTimes: false, keepsCounter: false };

export class FlowStore {
  readonly entries: FlowEntries;
  readonly indexes: readonly FlowIndex[];
  /** Flows with a timeout. */
  readonly timed = new Set<Flow>();
  readonly natTables: NatTables;
  readonly #region: Region;
  readonly #parts: FlowParts;
  readonly #graph: TableGraph;
  readonly #limit: number;
  readonly #byNumber: (Flow | undefined)[] = [];
  /** Steps of the bundle at hand: the flow, and whether it was added, else removed. */
  #steps: Flow[] = [];
  #isAdded: boolean[] = [];
  /** Flows added in it that go on with the counter of another. */
  readonly #givers = new Map<Flow, Flow>();
  #size = 0;
  #serial: number;
  /** Flows that are gone, and since which version; those before #settled are taken back. */
  #gone: Flow[] = [];
  #goneSince: number[] = [];
  #settled = 0;

  /** @param serial number of the first flow made */
  constructor(region: Region, parts: FlowParts, model: Model, serial = 0) {
    const { tables, conntrack, engine } = model;
    this.#region = region;
    this.#parts = parts;
    this.natTables = natTablesOf(tables);
    this.#graph = new TableGraph(tables, {
      natTables: this.natTables.attached,
      isTracking: conntrack.enabled,
    });
    for (const [table, { miss }] of tables.entries()) this.#graph.addMiss(table, miss);
    this.#limit = engine.limits.rules;
    this.#serial = serial;
    this.entries = new FlowEntries(region);
    this.indexes = tables.map(() => new FlowIndex(this.#byNumber));
  }

  /** Flows in all tables, misses not counted. */
  get size(): number {
    return this.#size;
  }

  /** Flows that are gone but not yet taken back. */
  get waiting(): number {
    return this.#gone.length - this.#settled;
  }

  /** The flow that has this number, or had it until a moment ago. */
  byNumber(number: number): Flow | undefined {
    return this.#byNumber[number];
  }

  /** Writes the flow that stands for a table's miss: always there, in no index. */
  addMiss(table: number, miss: MissModel): Flow {
    const actions = [actionOf(miss)];
    const flow = new Flow(table, { ...MISS, actions }, 0, MOST_ORDER);
    flow.program = this.#parts.programs.acquire(actions);
    flow.counter = this.#parts.counters.allocate();
    flow.number = this.entries.allocate();
    this.#byNumber[flow.number] = flow;
    this.#writeEntry(flow, flow.program);
    const at = this.#region.base(layout.REGION_TABLES) + table * layout.TABLE_STRIDE;
    this.#region.setU32(at + layout.TABLE_MISS, flow.number);
    return flow;
  }

  /** The number of one more flow; see isExhausted. */
  nextSerial(): number {
    return this.#serial++;
  }

  /** Whether numbers run out: then all flows need new ones, see renumber(). */
  isExhausted(wanted: number): boolean {
    return this.#serial + wanted >= MOST_ORDER;
  }

  /** Lets numbers begin anew, when every flow is about to get one. */
  restartSerials(): void {
    this.#serial = 0;
  }

  /**
   * Stages a flow, which may take the place of another. Throws FLOW_INVALID and LIMIT_EXCEEDED;
   * then roll back.
   */
  insert(flow: Flow, place: FlowPlace = NO_PLACE): void {
    const { counters, programs, ring, rows } = this.#parts;
    const index = this.indexes[flow.table] as FlowIndex;
    this.#check(flow, index);
    const { before, keepsTimes, keepsCounter } = place;
    const giver = keepsCounter ? before : undefined;
    this.#step(flow, true);
    flow.program = programs.acquire(flow.actions);
    if (giver === undefined) {
      flow.counter = counters.allocate();
    } else {
      this.#givers.set(flow, giver);
      flow.counter = giver.counter;
      giver.handedOn = true;
    }
    flow.number = this.entries.allocate();
    this.#byNumber[flow.number] = flow;
    this.#writeEntry(flow, flow.program);
    if (before !== undefined && keepsTimes) this.entries.copyTimes(flow.number, before.number);
    // What packets are concerned was noted when the other went.
    rows.insert(flow, before === undefined ? ring : undefined, ring.next);
    this.#enter(flow, index);
  }

  /** Stages that a flow is gone. */
  remove(flow: Flow): void {
    this.#parts.rows.note(flow, this.#parts.ring);
    this.#step(flow, false);
    this.#leave(flow);
  }

  /** Makes everything staged visible to the workers. */
  commit(): void {
    const { ring } = this.#parts;
    const version = ring.next;
    for (let place = 0; place < this.#steps.length; place++) {
      if (!this.#isAdded[place]) this.#retire(this.#steps[place] as Flow, version);
    }
    this.#forgetSteps();
    for (const [table, { size }] of this.indexes.entries()) {
      const at = this.#region.base(layout.REGION_TABLES) + table * layout.TABLE_STRIDE;
      this.#region.setU32(at + layout.TABLE_FLOWS, size);
    }
    this.#parts.rows.writeKeyMask(ring);
    ring.publish();
  }

  /** Takes back everything staged. */
  rollback(): void {
    const version = this.#parts.ring.next;
    for (let place = this.#steps.length - 1; place >= 0; place--) {
      const flow = this.#steps[place] as Flow;
      if (this.#isAdded[place]) this.#takeBack(flow, version);
      else this.#enter(flow, this.indexes[flow.table] as FlowIndex);
    }
    const { ring, rows } = this.#parts;
    const wasStaged = this.#isAdded.length > 0;
    this.#forgetSteps();
    ring.rollback();
    rows.rollback();
    if (!wasStaged) return;
    // No worker sees the rows, but one may be on its way through them: it is known to have left
    // them when it uses another version.
    ring.noteNothing();
    ring.publish();
  }

  /**
   * Takes back what no worker sees any more: what is gone since `version` or longer.
   * @param isIdle no worker is running
   */
  settle(version: number, isIdle: boolean): void {
    while (this.#settled < this.#gone.length) {
      if (((version - (this.#goneSince[this.#settled] as number)) | 0) < 0) break;
      this.#release(this.#gone[this.#settled] as Flow);
      this.#settled++;
    }
    this.#parts.rows.settle(version, isIdle);
    if (this.#settled === 0 || this.#settled < this.#gone.length / 2) return;
    this.#gone = this.#gone.slice(this.#settled);
    this.#goneSince = this.#goneSince.slice(this.#settled);
    this.#settled = 0;
  }

  #step(flow: Flow, isAdded: boolean): void {
    this.#steps.push(flow);
    this.#isAdded.push(isAdded);
  }

  #forgetSteps(): void {
    this.#steps = [];
    this.#isAdded = [];
    this.#givers.clear();
  }

  /** Undoes that a flow was added, as far as that had come. */
  #takeBack(flow: Flow, version: number): void {
    if (flow.isPresent) this.#leave(flow);
    const giver = this.#givers.get(flow);
    if (giver !== undefined) {
      giver.handedOn = false;
      flow.handedOn = true;
    }
    this.#retire(flow, version);
  }

  #check(flow: Flow, index: FlowIndex): void {
    if (this.#size >= this.#limit) {
      const message = `more flows than engine.limits.rules (${this.#limit}) allows`;
      throw new SluiceError("LIMIT_EXCEEDED", message);
    }
    const reason = (flow.use && this.#graph.whyNot(flow.table, flow.use)) ?? whyNotFor(flow);
    if (reason !== undefined) throw new SluiceError("FLOW_INVALID", `actions: ${reason}`);
    if (!this.#parts.covers(flow)) {
      const message = "translates what shards go by: add such a flow while no packets run";
      throw new SluiceError("FLOW_INVALID", `actions: ${message}`);
    }
    if (flow.id !== undefined && index.findId(flow.id) !== undefined) {
      throw new SluiceError("FLOW_INVALID", "id: another flow of the table has it");
    }
  }

  #writeEntry(flow: Flow, program: Program): void {
    let flags = program.flags;
    if (flow.hasTimeout) flags |= layout.FLOW_HAS_TIMEOUT;
    if (flow.idleTimeout > 0) flags |= layout.FLOW_ORDERED;
    this.entries.write(flow.number, flow, program.address, flags);
  }

  #enter(flow: Flow, index: FlowIndex): void {
    index.insert(flow);
    if (flow.use !== undefined) this.#graph.add(flow.table, flow.use);
    if (flow.hasTimeout) this.timed.add(flow);
    this.#size++;
  }

  #leave(flow: Flow): void {
    (this.indexes[flow.table] as FlowIndex).remove(flow);
    if (flow.use !== undefined) this.#graph.remove(flow.table, flow.use);
    if (flow.hasTimeout) this.timed.delete(flow);
    this.#size--;
  }

  #retire(flow: Flow, version: number): void {
    this.#parts.rows.remove(flow, version);
    this.#gone.push(flow);
    this.#goneSince.push(version);
  }

  #release(flow: Flow): void {
    const { counters, programs, rows } = this.#parts;
    rows.release(flow);
    if (flow.program !== undefined) programs.release(flow.program);
    if (flow.counter !== 0 && !flow.handedOn) counters.release(flow.counter);
    if (flow.number === 0) return;
    this.#byNumber[flow.number] = undefined;
    this.entries.release(flow.number);
  }
}

/** A miss has the lowest rank there is. */
const MISS = {
  id: undefined,
  cookie: 0n,
  priority: 0,
  match: [],
  idleTimeout: 0,
  hardTimeout: 0,
} as const;

/** At ingress the built-in path is what comes next: normal is accept. */
function actionOf(miss: MissModel): ActionModel {
  return miss.type === "normal" ? { type: "accept" } : miss;
}
