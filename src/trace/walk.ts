// Which flows a look-up was about: those below a bound, which follows from the flows met before it.
// This is the order of assembly/stage/tables.ts, gone through once more.

import type { ActionModel, AttachPoint } from "../config/model.ts";
import { rankOf, type TracedFlow } from "./tables.ts";

/** A look-up in a table, by the packet in some frame, at some point. */
export interface LookUpPlace {
  readonly table: number;
  readonly point: AttachPoint;
  readonly frame: number;
}

const UNBOUNDED = Number.POSITIVE_INFINITY;
/** Below every flow: nothing but the table's miss is left. */
const NOTHING = 0;

/** The way of a packet through the tables of one point. */
export class Walk {
  /** What is expected next; undefined at the beginning of an attached table. */
  #next: LookUpPlace | undefined;
  #attached = 0;
  #below = UNBOUNDED;
  #returns: { readonly table: number; readonly below: number }[] = [];

  /** The rank below which the look-up took flows. */
  boundOf(place: LookUpPlace): number {
    if (!this.#isNext(place)) {
      this.#attached = place.table;
      this.#below = UNBOUNDED;
      this.#returns = [];
    }
    this.#next = place;
    return this.#below;
  }

  /** Goes on behind the flow that was found; a table's miss is one too. */
  follow(flow: TracedFlow | undefined, isMiss: boolean): void {
    if (flow === undefined || this.#next === undefined) {
      this.#next = undefined;
      return;
    }
    const last = flow.actions.at(-1);
    switch (last?.type) {
      case "accept":
      case "drop":
      case "reject":
      case "snat":
      case "dnat":
      case "masquerade":
      case "redirect":
        this.#next = undefined;
        break;
      case "goto":
        this.#enter(last.table, UNBOUNDED);
        break;
      case "jump":
        this.#returns.push({ table: flow.table, below: rankOf(flow) });
        this.#enter(last.table, UNBOUNDED);
        break;
      case "return":
        this.#return(isMiss && flow.table === this.#attached);
        break;
      default:
        this.#goOn(last, rankOf(flow));
    }
  }

  /** Without a final action an OpenFlow pipeline ends, and a hook's table goes on. */
  #goOn(last: ActionModel | undefined, rank: number): void {
    const ends = last?.type !== "continue" && this.#next?.point === "ingress";
    if (last?.type === "ct" && last.table !== undefined) this.#enter(last.table, UNBOUNDED);
    else if (ends) this.#next = undefined;
    else this.#below = rank;
  }

  #return(isAttachedMiss: boolean): void {
    const caller = this.#returns.pop();
    if (caller !== undefined) this.#enter(caller.table, caller.below);
    else if (isAttachedMiss) this.#next = undefined;
    else this.#enter(this.#attached, NOTHING);
  }

  #enter(table: number, below: number): void {
    if (this.#next !== undefined) this.#next = { ...this.#next, table };
    this.#below = below;
  }

  #isNext({ table, point, frame }: LookUpPlace): boolean {
    const next = this.#next;
    return next?.table === table && next.point === point && next.frame === frame;
  }
}
