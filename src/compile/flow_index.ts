// The flows of one table, found by what they match, by id, or one after the other.

import type { MatchModel } from "../config/model.ts";
import type { Flow } from "./flow.ts";
import { isSameMatch } from "./match_relations.ts";

export class FlowIndex {
  /** All of them, in no order. */
  readonly flows: Flow[] = [];
  readonly #byHash = new Map<number, Flow>();
  readonly #byId = new Map<string, Flow>();

  insert(flow: Flow): void {
    flow.place = this.flows.length;
    this.flows.push(flow);
    flow.next = this.#byHash.get(flow.hash);
    this.#byHash.set(flow.hash, flow);
    if (flow.id !== undefined) this.#byId.set(flow.id, flow);
  }

  remove(flow: Flow): void {
    const last = this.flows.pop() as Flow;
    if (last !== flow) {
      this.flows[flow.place] = last;
      last.place = flow.place;
    }
    flow.place = -1;
    this.#unchain(flow);
    if (flow.id !== undefined) this.#byId.delete(flow.id);
  }

  /** The flow of exactly this match and priority; `hash` is hashOfMatch() of them. */
  find(match: readonly MatchModel[], priority: number, hash: number): Flow | undefined {
    let flow = this.#byHash.get(hash);
    while (flow !== undefined) {
      if (flow.priority === priority && isSameMatch(flow.match, match)) return flow;
      flow = flow.next;
    }
    return undefined;
  }

  findId(id: string): Flow | undefined {
    return this.#byId.get(id);
  }

  #unchain(flow: Flow): void {
    const first = this.#byHash.get(flow.hash) as Flow;
    if (first === flow) {
      if (flow.next === undefined) this.#byHash.delete(flow.hash);
      else this.#byHash.set(flow.hash, flow.next);
      return;
    }
    let before = first;
    while (before.next !== flow) before = before.next as Flow;
    before.next = flow.next;
  }
}
