// The flows of one table, found by what they match, by id, or one after the other.

import type { MatchModel } from "../config/model.ts";
import type { Flow } from "./flow.ts";
import { isSameMatch } from "./match_relations.ts";

const LEAST_CHAINS = 16;

export class FlowIndex {
  /** All of them, in no order. */
  readonly flows: Flow[] = [];
  /** First flows of the chains: as many as there are flows or more, a power of two. */
  #chains = chains(LEAST_CHAINS);
  readonly #byId = new Map<string, Flow>();

  insert(flow: Flow): void {
    flow.place = this.flows.length;
    this.flows.push(flow);
    if (this.flows.length <= this.#chains.length) this.#chain(flow);
    else this.#grow();
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
    let flow = this.#chains[hash & (this.#chains.length - 1)];
    while (flow !== undefined) {
      const isAlike = flow.hash === hash && flow.priority === priority;
      if (isAlike && isSameMatch(flow.match, match)) return flow;
      flow = flow.next;
    }
    return undefined;
  }

  findId(id: string): Flow | undefined {
    return this.#byId.get(id);
  }

  #chain(flow: Flow): void {
    const chain = flow.hash & (this.#chains.length - 1);
    flow.next = this.#chains[chain];
    this.#chains[chain] = flow;
  }

  #unchain(flow: Flow): void {
    const chain = flow.hash & (this.#chains.length - 1);
    let before = this.#chains[chain] as Flow;
    if (before === flow) {
      this.#chains[chain] = flow.next;
      return;
    }
    while (before.next !== flow) before = before.next as Flow;
    before.next = flow.next;
  }

  #grow(): void {
    this.#chains = chains(this.#chains.length * 2);
    for (const flow of this.flows) this.#chain(flow);
  }
}

function chains(count: number): (Flow | undefined)[] {
  return new Array<Flow | undefined>(count).fill(undefined);
}
