// A flow as the host knows it: what was asked for, and where it is in memory.

import type { ActionModel, FlowModel, MatchModel } from "../config/model.ts";
import { NO_USE, type TableUse, useOf } from "../config/table_use.ts";
import type { Program } from "./programs.ts";

/** Why a flow's time is over. */
export type ExpiryReason = "idle" | "hard";

/** The low half of a rank: of two flows of a priority, the one that was there first has more. */
export const MOST_ORDER = 0xffffffff;

export class Flow implements FlowModel {
  readonly table: number;
  readonly id: string | undefined;
  readonly cookie: bigint;
  readonly priority: number;
  readonly match: readonly MatchModel[];
  readonly actions: readonly ActionModel[];
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  /** hashOfMatch() of its match. */
  readonly hash: number;
  /** As which flow it was made, from 0: 32 bits, signed, which takes no memory of their own. */
  readonly serial: number;
  /** It is in the index of its table. */
  isPresent = false;
  /** Number of its entry; 0 while it has none. */
  number = 0;
  counter = 0;
  /** Another flow goes on counting in its counter. */
  handedOn = false;
  program: Program | undefined;
  /** What it asks of its table; undefined when that is nothing. */
  readonly use: TableUse | undefined;
  /** Handle of its row, 0 = none, and address of the predicates; and of further rows, if any. */
  row = 0;
  predicates = 0;
  moreRows: { readonly row: number; readonly predicates: number }[] | undefined;
  /** It was there when the run began, or no run is going on: the next run begins with it. */
  lasting = true;
  expired: ExpiryReason | undefined;

  constructor(table: number, model: FlowModel, hash: number, serial: number) {
    this.table = table;
    this.id = model.id;
    this.cookie = model.cookie;
    this.priority = model.priority;
    this.match = model.match;
    this.actions = model.actions;
    this.idleTimeout = model.idleTimeout;
    this.hardTimeout = model.hardTimeout;
    this.hash = hash;
    this.serial = serial | 0;
    const use = useOf(model);
    this.use = use === NO_USE ? undefined : use;
  }

  /** Decides among flows of one priority: higher wins. */
  get order(): number {
    return MOST_ORDER - (this.serial >>> 0);
  }

  get hasTimeout(): boolean {
    return this.idleTimeout > 0 || this.hardTimeout > 0;
  }
}
