// Named sets in memory, changed while workers look things up in them.
//
// Elements carry versions, as the classifier's rows do: all that a change adds and takes away with
// one version appears to a worker at once, when it begins a burst under that version. Adding or
// deleting one is a few words written, and, each time a hash table has filled up, a new table
// written in the old one's stead: some hundred nanoseconds per element in the long run, and once in
// a while some milliseconds for a set of 64 k elements.

import { CONTROL_TABLES_WRITING } from "../../assembly/layout.ts";
import type { SetModel, TermModel } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { Limbo } from "./limbo.ts";
import { NamedSet } from "./named_set.ts";

/** One term per type of the set. */
export type SetElementModel = readonly TermModel[];

/** No worker is running: what changes is settled at once. */
const NO_VERSION = 0;

export class SetTable {
  readonly #region: Region;
  readonly #sets: readonly NamedSet[];
  readonly #limbo: Limbo;
  readonly #limit: number;
  /** Sets that have changed since they were last tidied up. */
  readonly #changed = new Set<NamedSet>();
  /** The last version a change was made with. */
  #given = 0;

  /**
   * The sets of a model, filled. No worker may be running.
   * @param arena of REGION_RULES
   * @param limit elements of all sets together (engine.limits.set_elements)
   * @throws SluiceError LIMIT_EXCEEDED
   */
  constructor(region: Region, arena: Arena, models: readonly SetModel[], limit: number) {
    this.#region = region;
    this.#limbo = new Limbo(arena);
    this.#limit = limit;
    this.#sets = models.map(({ types }) => new NamedSet(region, arena, this.#limbo, types));
    for (const [set, { elements }] of models.entries()) this.add(set, elements);
  }

  /** Address of a set's header, which predicates hold: the same as long as the engine lives. */
  address(set: number): number {
    return this.#at(set).address;
  }

  /** Elements of a set; of all sets. */
  size(set: number): number {
    return this.#at(set).size;
  }
  get total(): number {
    return this.#sets.reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether the very element is there; not whether another one contains it. */
  has(set: number, element: SetElementModel): boolean {
    return this.#at(set).has(element);
  }

  /** The elements of a set, in no order. */
  elements(set: number): Iterable<TermModel[]> {
    return this.#at(set).elements();
  }

  /**
   * Adds elements and returns how many were not there yet.
   * @param version from which on workers see them: the one to be published next; 0 only while no
   *   worker is running
   * @throws SluiceError LIMIT_EXCEEDED; the set then has the elements it had
   */
  add(set: number, elements: readonly SetElementModel[], version = NO_VERSION): number {
    const named = this.#begin(set, version);
    const room = this.#limit - this.total;
    const added: SetElementModel[] = [];
    try {
      for (const element of elements) {
        if (!named.add(element, version)) continue;
        added.push(element);
        if (added.length > room) throw this.#exceeded();
      }
    } catch (error) {
      for (const element of added) named.unadd(element, version);
      throw error;
    }
    return added.length;
  }

  /** Takes elements away, as add() puts them in, and returns how many were there. */
  delete(set: number, elements: readonly SetElementModel[], version = NO_VERSION): number {
    const named = this.#begin(set, version);
    let deleted = 0;
    for (const element of elements) if (named.delete(element, version)) deleted++;
    return deleted;
  }

  /**
   * Every worker has begun a burst under `version` or a later one, or none is running and `version`
   * is any; with `idle`, all memory that is left over can be used again at once.
   */
  settle(version: number, idle = false): void {
    const writing = this.#region.observe(CONTROL_TABLES_WRITING);
    const given = ((writing - this.#given) | 0) > 0 ? writing : this.#given;
    for (const named of this.#changed) {
      named.settle(version, given);
      if (!named.hasUnsettled) this.#changed.delete(named);
    }
    this.#limbo.settle(version, idle);
  }

  #at(set: number): NamedSet {
    return this.#sets[set] as NamedSet;
  }

  #begin(set: number, version: number): NamedSet {
    if (version !== NO_VERSION) this.#given = version;
    const named = this.#at(set);
    this.#changed.add(named);
    return named;
  }

  #exceeded(): SluiceError {
    const message =
      `the sets would have more than ${this.#limit} elements, which is what ` +
      "engine.limits.set_elements allows; raise it";
    return new SluiceError("LIMIT_EXCEEDED", message);
  }
}
