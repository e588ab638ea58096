// Flow tables: the flows of every table, changed as OpenFlow 1.3.5 6.4 says, in bundles that are
// done as a whole or not at all.

import * as layout from "../../assembly/layout.ts";
import type { Model, SetModel } from "../config/model.ts";
import { type ErrorPlace, SluiceError } from "../errors.ts";
import { Arena } from "../memory/arena.ts";
import { latestTime, passedTime } from "../memory/clock.ts";
import { FlowCounters } from "../memory/flow_counters.ts";
import type { Region } from "../memory/region.ts";
import { clearFlowCache, oldestTablesVersion } from "../memory/run.ts";
import { writeAttachments } from "./attachments.ts";
import { ChangeRing } from "./changes.ts";
import type { Flow } from "./flow.ts";
import type { FlowTableChange } from "./flow_changes.ts";
import type { FlowIndex } from "./flow_index.ts";
import { FlowMods } from "./flow_mods.ts";
import { FlowRows } from "./flow_rows.ts";
import { type Covers, FlowStore } from "./flow_store.ts";
import { expireFlows } from "./flow_timeouts.ts";
import { Groups } from "./groups.ts";
import { Meters } from "./meters.ts";
import { writeMirrors } from "./mirrors.ts";
import { Programs } from "./programs.ts";
import { SetTable } from "./sets.ts";

/** Everything about flow tables of one engine. */
export class FlowTables {
  readonly counters: FlowCounters;
  readonly programs: Programs;
  readonly groups: Groups;
  readonly meters: Meters;
  readonly sets: SetTable;
  readonly #rows: FlowRows;
  readonly #region: Region;
  readonly #arena: Arena;
  readonly #model: Model;
  readonly #ring: ChangeRing;
  readonly #store: FlowStore;
  readonly #mods: FlowMods;
  /** The flow that stands for each table's miss. */
  readonly #misses: Flow[] = [];
  #isRunning = false;
  #hasRun = false;

  /** @param serial number of the first flow made; they run out after 2^32 */
  constructor(region: Region, model: Model, covers: Covers = () => true, serial = 0) {
    this.#region = region;
    this.#model = model;
    this.#arena = new Arena(region, layout.REGION_RULES, "the flow tables", "engine.limits.rules");
    this.counters = new FlowCounters(region);
    this.meters = new Meters(region, this.counters);
    this.programs = new Programs(region, this.#arena, this.meters, this.counters, model.groups);
    this.groups = new Groups(region, this.#arena, this.programs, this.counters);
    this.#ring = new ChangeRing(region);
    this.sets = new SetTable(region, this.#arena, model.sets, model.engine.limits.setElements);
    this.#rows = new FlowRows(region, this.#arena, this.sets);
    this.#store = new FlowStore(
      region,
      {
        rows: this.#rows,
        programs: this.programs,
        counters: this.counters,
        ring: this.#ring,
        covers,
      },
      model,
      serial,
    );
    this.#mods = new FlowMods(this.#store, model.tables);
  }

  /** Fills the tables from the model. Throws FLOW_INVALID and LIMIT_EXCEEDED. */
  load(): void {
    const { groups, meters, mirrors, ports, tables } = this.#model;
    this.meters.load(meters);
    writeMirrors(this.#region, mirrors, ports);
    this.groups.load(groups);
    for (const { miss } of tables)
      this.#misses.push(this.#store.addMiss(this.#misses.length, miss));
    writeAttachments(this.#region, this.#arena, tables, this.#store.natTables);
    // Rows are filed best with the highest first; flows of one priority stay in their order.
    const changes = tables
      .flatMap(({ flows }, table) =>
        flows.map((flow) => ({ type: "add", table, flow }) satisfies FlowTableChange),
      )
      .sort((a, b) => b.flow.priority - a.flow.priority);
    this.#make(
      changes.length,
      (place) => changes[place] as FlowTableChange,
      (_, error) => error,
    );
  }

  /** Flows in all tables, misses not counted. */
  get size(): number {
    return this.#store.size;
  }

  /** Bytes of shared memory that rules take, and that are reserved for them. */
  get memory(): { readonly used: number; readonly reserved: number } {
    return { used: this.#arena.used, reserved: this.#arena.reserved };
  }

  /** Version of the tables, and flows that are gone while a worker may still use them. */
  get version(): number {
    return this.#ring.version;
  }
  get waiting(): number {
    return this.#store.waiting;
  }

  /**
   * Makes a version without any change of flows: what other tables replaced before it, no burst
   * under it sees. Returns the version before.
   */
  publishNothing(): number {
    const before = this.#ring.version;
    this.#ring.noteNothing();
    this.#ring.publish();
    return before;
  }

  /** The oldest version that a worker may be using, 0 = not known; undefined: none is running. */
  get oldestVersion(): number | undefined {
    return this.#isRunning ? oldestTablesVersion(this.#region) : undefined;
  }

  /**
   * Makes all changes, in order, or none; workers see them all at once. Returns how many flows
   * each change was about. Errors name the change by its place, from 0, if there are several:
   * FLOW_INVALID, FLOW_OVERLAP, LIMIT_EXCEEDED.
   */
  bundle(changes: readonly FlowTableChange[]): number[] {
    return this.bundleOf(changes.length, (place) => changes[place] as FlowTableChange);
  }

  /**
   * The same for changes that are made one by one as they are needed, which spares memory; what
   * `change` throws ends the bundle, too.
   */
  bundleOf(count: number, change: (place: number) => FlowTableChange): number[] {
    return this.#make(count, change, count > 1 ? inChange : (_, error) => error);
  }

  #make(
    count: number,
    change: (place: number) => FlowTableChange,
    tell: (place: number, error: unknown) => unknown,
  ): number[] {
    this.settle();
    if (this.#isRunning) this.#store.entries.now = latestTime(this.#region);
    if (this.#store.isExhausted(count)) this.#mods.renumber();
    const counts: number[] = [];
    try {
      for (let place = 0; place < count; place++) {
        counts.push(this.#mods.apply(change(place), this.#isRunning));
      }
    } catch (error) {
      this.#store.rollback();
      this.settle();
      throw tell(counts.length, error);
    }
    this.#store.commit();
    this.settle();
    return counts;
  }

  /**
   * Adds elements to a set, all at once, and returns how many were not there yet.
   * Throws LIMIT_EXCEEDED, with the set as before.
   */
  addElements(set: number, elements: SetModel["elements"]): number {
    this.settle();
    const added = this.sets.add(set, elements, this.#ring.next);
    this.#publishElements(set, elements);
    return added;
  }

  /** Takes elements away, all at once, and returns how many were there. */
  deleteElements(set: number, elements: SetModel["elements"]): number {
    this.settle();
    const deleted = this.sets.delete(set, elements, this.#ring.next);
    this.#publishElements(set, elements);
    return deleted;
  }

  #publishElements(set: number, elements: SetModel["elements"]): void {
    this.#rows.noteElements(set, elements, this.#ring);
    this.#ring.publish();
    this.settle();
  }

  /** The flows of a table that are alive, in the order packets try them. */
  flows(table: number): Flow[] {
    return (this.#store.indexes[table] as FlowIndex).flows
      .filter(({ expired }) => expired === undefined)
      .sort((a, b) => b.priority - a.priority || b.order - a.order);
  }

  /** The flows of a table, in no order, with those whose time is over in this run. */
  everyFlow(table: number): readonly Flow[] {
    return (this.#store.indexes[table] as FlowIndex).flows;
  }

  /** The flow that stands for a table's miss. */
  miss(table: number): Flow {
    return this.#misses[table] as Flow;
  }

  /** The flow with this number, of those that are there; misses too. */
  byNumber(number: number): Flow | undefined {
    return this.#store.byNumber(number);
  }

  /** The flow of this id. */
  byId(table: number, id: string): Flow | undefined {
    return (this.#store.indexes[table] as FlowIndex).findId(id);
  }

  /** When it was made, in nanoseconds since 1970; 0 when no run has begun since. */
  createdAt(flow: Flow): bigint {
    return this.#store.entries.times(flow.number).created;
  }

  /** Time of the run that is going on or was last, in nanoseconds since 1970. */
  get now(): bigint {
    return latestTime(this.#region);
  }

  /**
   * Before a run: forgets what the last one has counted, and lets flows whose time was over live
   * again. No worker may be running.
   */
  beginRun(): void {
    this.counters.clearAll();
    this.meters.reset();
    // Without a table at any point nothing is cached.
    const isCaching = this.#region.getU32(layout.CONTROL_POINTS) !== 0;
    if (this.#hasRun && isCaching) clearFlowCache(this.#region);
    this.#hasRun = true;
    for (const { flows } of this.#store.indexes) {
      for (const flow of flows) flow.lasting = true;
    }
    for (const flow of this.#store.timed) flow.expired = undefined;
    this.startTime(0n);
    this.#isRunning = true;
  }

  /** The run's first packet has this time, in nanoseconds since 1970: that of all flows begins. */
  startTime(first: bigint): void {
    const { entries, indexes } = this.#store;
    entries.now = first;
    for (const { number } of this.#misses) entries.start(number, 0);
    for (const { flows } of indexes) {
      for (const flow of flows) entries.start(flow.number, flow.hardTimeout);
    }
  }

  /** No worker is running any more. */
  endRun(): void {
    this.#isRunning = false;
    this.expire();
    this.#store.entries.now = 0n;
    this.settle();
  }

  /**
   * Takes flows away whose time is over, and returns them with the reason in `expired`. Flows that
   * were there when the run began come back with the next.
   */
  expire(): Flow[] {
    const isIdle = !this.#isRunning;
    const now = isIdle ? latestTime(this.#region) : passedTime(this.#region);
    const expired = expireFlows(this.#store, this.counters, now, isIdle);
    const forGood = expired.filter(({ lasting }) => !lasting);
    for (const flow of forGood) this.#store.remove(flow);
    if (forGood.length > 0) this.#store.commit();
    return expired;
  }

  /** Takes memory back that no worker uses any more. */
  settle(): void {
    const isIdle = !this.#isRunning;
    const version = isIdle ? this.#ring.next : oldestTablesVersion(this.#region);
    // A worker that has not begun its first burst says nothing yet.
    if (version === 0) return;
    this.#store.settle(version, isIdle);
    this.sets.settle(version, isIdle);
  }
}

/** The same error, which says in which change of a bundle it is. */
export function inChange(place: number, error: unknown): unknown {
  if (!(error instanceof SluiceError)) return error;
  const pointer = `/${place}${error.place.pointer ?? ""}`;
  const at: ErrorPlace = { ...error.place, pointer };
  return new SluiceError(error.code, `change ${place}: ${error.message}`, at, error);
}
