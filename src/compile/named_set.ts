// One named set: the list of its hash tables, one per mask, in memory that workers read
// (assembly/layout.ts, "named sets").

import * as layout from "../../assembly/layout.ts";
import type { SetElementType, TermModel } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Limbo } from "./limbo.ts";
import { SetElement } from "./set_element.ts";
import { SetHashTable } from "./set_hash_table.ts";

export class NamedSet {
  /** Address of the header: the same for ever. */
  readonly address: number;
  /** Elements that are there. */
  size = 0;
  readonly #types: readonly SetElementType[];
  readonly #region: Region;
  readonly #arena: Arena;
  readonly #limbo: Limbo;
  readonly #element: SetElement;
  #tables: SetHashTable[] = [];
  /** The list in memory, 0 = none, and its bytes. */
  #list = 0;
  #listBytes = 0;

  /** An empty set. Throws LIMIT_EXCEEDED. */
  constructor(region: Region, arena: Arena, limbo: Limbo, types: readonly SetElementType[]) {
    this.#region = region;
    this.#arena = arena;
    this.#limbo = limbo;
    this.#types = types;
    this.#element = new SetElement(types);
    this.address = arena.allocate(layout.SET_HEADER_BYTES);
  }

  get hasUnsettled(): boolean {
    return this.#tables.some((table) => table.hasUnsettled);
  }

  has(terms: readonly TermModel[]): boolean {
    this.#element.read(terms);
    return (this.#tableFor(this.#element)?.find(this.#element) ?? -1) >= 0;
  }

  /** False when it was there. Throws LIMIT_EXCEEDED, with nothing changed. */
  add(terms: readonly TermModel[], version: number): boolean {
    const element = this.#element;
    element.read(terms);
    let table = this.#tableFor(element);
    if (table === undefined) {
      table = this.#addTable(element, version);
    } else {
      const slot = table.find(element, version);
      if (slot >= 0) {
        if (!table.isRemoved(slot)) return false;
        table.restore(slot);
        this.size++;
        return true;
      }
      if (table.isFull) this.#rewrite(table, version);
    }
    table.insert(element, version);
    this.size++;
    return true;
  }

  /** False when it was not there. */
  delete(terms: readonly TermModel[], version: number): boolean {
    this.#element.read(terms);
    const table = this.#tableFor(this.#element);
    const slot = table?.find(this.#element) ?? -1;
    if (table === undefined || slot < 0) return false;
    table.remove(slot, version);
    this.size--;
    return true;
  }

  /** Takes back an add() that returned true with the same version, before it was published. */
  unadd(terms: readonly TermModel[], version: number): void {
    this.#element.read(terms);
    const table = this.#tableFor(this.#element) as SetHashTable;
    const slot = table.find(this.#element);
    if (table.isNew(slot, version)) table.erase(slot);
    else table.remove(slot, version);
    this.size--;
  }

  /**
   * Every worker has reached a version: what is gone since then is taken out.
   * @param given the latest version there is
   */
  settle(version: number, given: number): void {
    for (const table of this.#tables) table.settle(version);
    for (const table of this.#tables) {
      if (table.isSparse && table.entries > 0) this.#try(() => this.#rewrite(table, given));
    }
    const left = this.#tables.filter((table) => table.entries > 0);
    if (left.length === this.#tables.length) return;
    this.#try(() => {
      const gone = this.#tables.filter((table) => table.entries === 0);
      this.#writeList(left, given);
      for (const { address, bytes } of gone) this.#retire(address, bytes, given);
    });
  }

  /** The elements, in no order. */
  *elements(): Generator<TermModel[]> {
    for (const table of this.#tables) {
      for (const words of table.elements()) {
        yield SetElement.terms(this.#types, table.mask, ...words);
      }
    }
  }

  #tableFor(element: SetElement): SetHashTable | undefined {
    for (const table of this.#tables) if (table.matches(element)) return table;
    return undefined;
  }

  #addTable(element: SetElement, version: number): SetHashTable {
    const table = new SetHashTable(this.#region, this.#arena, element);
    try {
      this.#writeList([...this.#tables, table], version);
    } catch (error) {
      this.#arena.release(table.address, table.bytes);
      throw error;
    }
    return table;
  }

  #rewrite(table: SetHashTable, version: number): void {
    const { bytes } = table;
    const old = table.rewrite();
    const place = this.#tables.indexOf(table);
    const entry = this.#list + layout.SET_LIST_FIRST + place * this.#entryBytes;
    Atomics.store(this.#region.i32, (entry + layout.SET_LIST_TABLE) / 4, table.address);
    this.#retire(old, bytes, version);
  }

  get #entryBytes(): number {
    return layout.SET_LIST_MASK + this.#element.lanes * 8;
  }

  /** Writes a new list and lets workers have it. */
  #writeList(tables: SetHashTable[], version: number): void {
    const bytes = layout.SET_LIST_FIRST + tables.length * this.#entryBytes;
    const list = tables.length === 0 ? 0 : this.#arena.allocate(bytes);
    if (list !== 0) this.#region.setU32(list + layout.SET_LIST_COUNT, tables.length);
    let entry = list + layout.SET_LIST_FIRST;
    for (const { address, mask } of tables) {
      this.#region.setU32(entry + layout.SET_LIST_TABLE, address);
      this.#region.i32.set(mask, (entry + layout.SET_LIST_MASK) / 4);
      entry += this.#entryBytes;
    }
    Atomics.store(this.#region.i32, (this.address + layout.SET_LIST) / 4, list);
    if (this.#list !== 0) this.#retire(this.#list, this.#listBytes, version);
    this.#tables = tables;
    this.#list = list;
    this.#listBytes = bytes;
  }

  /** Gives back what nothing leads to any more; version 0 = no worker is running. */
  #retire(address: number, bytes: number, version: number): void {
    if (version === 0) this.#arena.release(address, bytes);
    else this.#limbo.add(address, bytes, version);
  }

  /** Tidying up takes memory first; where there is none it waits. */
  #try(tidy: () => void): void {
    try {
      tidy();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== "LIMIT_EXCEEDED") throw error;
    }
  }
}
