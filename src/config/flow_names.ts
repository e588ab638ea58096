// Everything flows refer to by name -> its number.

import type { Model, SetElementType } from "./model.ts";
import { unknownName } from "./wording.ts";

export interface NamedSet {
  readonly name: string;
  /** Undefined when its type is wrong: it fits everywhere. */
  readonly types: readonly SetElementType[] | undefined;
}

/** In the order of their numbers. */
export interface NameLists {
  readonly ports: readonly string[];
  readonly sets: readonly NamedSet[];
  readonly tables: readonly string[];
  readonly groups: readonly string[];
  readonly meters: readonly string[];
  readonly mirrors: readonly string[];
  readonly counters: readonly string[];
}

export type NameKind = "port" | "set" | "table" | "group" | "meter" | "mirror";

type Numbers = ReadonlyMap<string, number>;

export class FlowNames {
  readonly ports: readonly string[];
  readonly sets: readonly NamedSet[];
  readonly tables: readonly string[];
  readonly #numbers: Readonly<Record<NameKind, Numbers>>;
  readonly #counters: Map<string, number>;

  constructor(lists: NameLists) {
    this.ports = lists.ports;
    this.sets = lists.sets;
    this.tables = lists.tables;
    this.#numbers = {
      port: numbered(lists.ports),
      set: numbered(lists.sets.map(({ name }) => name)),
      table: numbered(lists.tables),
      group: numbered(lists.groups),
      meter: numbered(lists.meters),
      mirror: numbered(lists.mirrors),
    };
    this.#counters = numbered(lists.counters);
  }

  static ofModel(model: Model): FlowNames {
    const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
    return new FlowNames({
      ports: names(model.ports),
      sets: model.sets,
      tables: names(model.tables),
      groups: names(model.groups),
      meters: names(model.meters),
      mirrors: names(model.mirrors),
      counters: model.counters,
    });
  }

  /** The number of a name, or undefined: whyNot() says why. */
  number(kind: NameKind, name: unknown): number | undefined {
    return this.#numbers[kind].get(name as string);
  }

  /** "unknown port 'lann'; did you mean 'lan'?" */
  whyNot(kind: NameKind, name: string): string {
    return unknownName(kind, name, [...this.#numbers[kind].keys()]);
  }

  /** Counters need no declaration: a new name gets the next number. */
  counter(name: string): number {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    this.#counters.set(name, this.#counters.size);
    return this.#counters.size - 1;
  }

  get counters(): readonly string[] {
    return [...this.#counters.keys()];
  }
}

function numbered(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, number) => [name, number]));
}
