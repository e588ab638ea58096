// What changes of flow tables do to flows (OpenFlow 1.3.5 6.4).

import type { ActionModel, FlowModel, TableModel } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import { Flow } from "./flow.ts";
import { type FlowTableChange, selectFlows } from "./flow_changes.ts";
import type { FlowIndex } from "./flow_index.ts";
import { type FlowPlace, type FlowStore, NO_PLACE } from "./flow_store.ts";
import { canOverlap, hashOfMatch } from "./match_relations.ts";

export class FlowMods {
  readonly #store: FlowStore;
  readonly #tables: readonly TableModel[];

  constructor(store: FlowStore, tables: readonly TableModel[]) {
    this.#store = store;
    this.#tables = tables;
  }

  /**
   * Stages a change; returns how many flows it was about. Throws FLOW_INVALID, FLOW_OVERLAP and
   * LIMIT_EXCEEDED; then roll back.
   * @param isRunning flows made now are gone for good when their time is over
   */
  apply(change: FlowTableChange, isRunning: boolean): number {
    switch (change.type) {
      case "add":
        this.#add(change.table, change.flow, change.checkOverlap ?? false, isRunning);
        return 1;
      case "modify": {
        const flows = selectFlows(this.#store.indexes, change.selection);
        for (const flow of flows) this.#modify(flow, change.actions, change.resetCounters ?? false);
        return flows.length;
      }
      case "delete": {
        const flows = selectFlows(this.#store.indexes, change.selection);
        for (const flow of flows) this.#store.remove(flow);
        return flows.length;
      }
    }
  }

  /** A flow of the same match and priority gives way, and the new one has its place. */
  #add(table: number, model: FlowModel, checkOverlap: boolean, isRunning: boolean): void {
    const index = this.#store.indexes[table] as FlowIndex;
    const hash = hashOfMatch(model.match, model.priority);
    if (checkOverlap) this.#checkOverlap(table, model);
    const present = index.find(model.match, model.priority, hash);
    const flow = new Flow(table, model, hash, present?.serial ?? this.#store.nextSerial());
    flow.lasting = !isRunning;
    if (present !== undefined) this.#store.remove(present);
    this.#insert(flow, present === undefined ? NO_PLACE : { ...NO_PLACE, before: present });
  }

  #checkOverlap(table: number, { id, match, priority }: FlowModel): void {
    const other = (this.#store.indexes[table] as FlowIndex).flows.find(
      (flow) => flow.priority === priority && canOverlap(flow.match, match),
    );
    if (other === undefined) return;
    const name = other.id === undefined ? "a flow" : `flow '${other.id}'`;
    const reason = `match: ${name} of the same priority can match the same packets`;
    throw new SluiceError("FLOW_OVERLAP", `${this.#nameOf(table, id)}: ${reason}`);
  }

  /** Cookie, timeouts and place stay, counters unless asked otherwise. */
  #modify(flow: Flow, actions: readonly ActionModel[], resetCounters: boolean): void {
    const modified = new Flow(flow.table, { ...modelOf(flow), actions }, flow.hash, flow.serial);
    modified.lasting = flow.lasting;
    this.#store.remove(flow);
    this.#insert(modified, {
      before: flow,
      keepsTimes: true,
      keepsCounter: !resetCounters,
    });
  }

  #insert(flow: Flow, place: FlowPlace): void {
    try {
      this.#store.insert(flow, place);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== "FLOW_INVALID") throw error;
      const message = `${this.#nameOf(flow.table, flow.id)}: ${error.message}`;
      throw new SluiceError("FLOW_INVALID", message, error.place, error);
    }
  }

  #nameOf(table: number, id: string | undefined): string {
    const { name } = this.#tables[table] as TableModel;
    return `${id === undefined ? "flow" : `flow '${id}'`} of table '${name}'`;
  }

  /** Gives every flow a new order, in their old order: the numbers had run out. */
  renumber(): void {
    const flows = this.#store.indexes.flatMap((index) => index.flows);
    flows.sort((a, b) => b.order - a.order);
    this.#store.restartSerials();
    for (const flow of flows) {
      const serial = this.#store.nextSerial();
      const renumbered = new Flow(flow.table, modelOf(flow), flow.hash, serial);
      renumbered.lasting = flow.lasting;
      renumbered.expired = flow.expired;
      this.#store.remove(flow);
      this.#store.insert(renumbered, { before: flow, keepsTimes: true, keepsCounter: true });
    }
    this.#store.commit();
  }
}

function modelOf(flow: Flow): FlowModel {
  const { id, cookie, priority, match, actions, idleTimeout, hardTimeout } = flow;
  return { id, cookie, priority, match, actions, idleTimeout, hardTimeout };
}
