// The flows of one table, found by what they match, by id, or one after the other.

import type { MatchModel } from "../config/model.ts";
import type { Flow } from "./flow.ts";
import { FlowSlots } from "./flow_slots.ts";
import { isSameMatch } from "./match_relations.ts";

export class FlowIndex {
  readonly #byNumber: readonly (Flow | undefined)[];
  readonly #matches = new FlowSlots();
  readonly #ids = new FlowSlots();

  /** @param byNumber flows of all tables by their numbers, those of this index among them */
  constructor(byNumber: readonly (Flow | undefined)[]) {
    this.#byNumber = byNumber;
  }

  get size(): number {
    return this.#matches.count;
  }

  /** All of them, in no order; a new list. */
  get flows(): Flow[] {
    return this.#matches.numbers().map((number) => this.#byNumber[number] as Flow);
  }

  insert(flow: Flow): void {
    flow.isPresent = true;
    this.#matches.add(flow.hash, flow.number);
    if (flow.id !== undefined) this.#ids.add(hashOfId(flow.id), flow.number);
  }

  remove(flow: Flow): void {
    flow.isPresent = false;
    this.#matches.remove(flow.hash, flow.number);
    if (flow.id !== undefined) this.#ids.remove(hashOfId(flow.id), flow.number);
  }

  /** The flow of exactly this match and priority; `hash` is hashOfMatch() of them. */
  find(match: readonly MatchModel[], priority: number, hash: number): Flow | undefined {
    const slots = this.#matches;
    for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash)) {
      const flow = this.#byNumber[slots.numberAt(slot)] as Flow;
      if (flow.priority === priority && isSameMatch(flow.match, match)) return flow;
    }
    return undefined;
  }

  findId(id: string): Flow | undefined {
    const slots = this.#ids;
    const hash = hashOfId(id);
    for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash)) {
      const flow = this.#byNumber[slots.numberAt(slot)] as Flow;
      if (flow.id === id) return flow;
    }
    return undefined;
  }
}

function hashOfId(id: string): number {
  let hash = id.length;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash, 31) + id.charCodeAt(at);
  return hash | 0;
}
