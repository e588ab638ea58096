// The library's front of named sets: elements come and go while flows that look them up stay.

import type { FlowTables } from "../compile/flows.ts";
import type { FlowReader } from "../config/flow_reader.ts";
import type { Model } from "../config/model.ts";

/** An element as in the configuration: "192.0.2.0/25", 443, "10.0.0.1 . 80", ["10.0.0.1", 80]. */
export type ElementInput = string | number | bigint | readonly (string | number | bigint)[];

/** `engine.sets`: changes elements while packets are looked up in them. */
export class SetControl {
  readonly #tables: FlowTables;
  readonly #model: Model;
  readonly #reader: FlowReader;

  constructor(tables: FlowTables, model: Model, reader: FlowReader) {
    this.#tables = tables;
    this.#model = model;
    this.#reader = reader;
  }

  /** Names of the sets, in the order of the configuration. */
  get names(): readonly string[] {
    return this.#model.sets.map(({ name }) => name);
  }

  /**
   * Adds elements, all at once or none; returns how many were not there yet.
   * Throws FLOW_INVALID and LIMIT_EXCEEDED, with the set as before.
   */
  add(set: string, elements: readonly ElementInput[]): number {
    const read = elements.map((element) => this.#reader.element(set, element));
    return this.#tables.addElements(this.#reader.set(set), read);
  }

  /** Takes elements away, all at once; returns how many were there. Throws FLOW_INVALID. */
  delete(set: string, elements: readonly ElementInput[]): number {
    const read = elements.map((element) => this.#reader.element(set, element));
    return this.#tables.deleteElements(this.#reader.set(set), read);
  }

  /** Whether the very element is in the set, not one that contains it. Throws FLOW_INVALID. */
  has(set: string, element: ElementInput): boolean {
    return this.#tables.sets.has(this.#reader.set(set), this.#reader.element(set, element));
  }

  /** Elements of a set. Throws FLOW_INVALID when there is none of this name. */
  size(set: string): number {
    return this.#tables.sets.size(this.#reader.set(set));
  }
}
