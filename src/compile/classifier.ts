// The classifiers of all tables, changed row by row while workers look up without locks
// (assembly/table/classifier.ts). A row is seen by workers from the version it was added in up to
// the one it was removed in; its memory is used again when no worker can be reading it any more.

import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { type Rank, type RowMatch, Rows } from "./classifier_rows.ts";
import { TableClassifier, tableOfPlace } from "./classifier_table.ts";

export type { Rank, RowMatch } from "./classifier_rows.ts";

/** What a row is known by until it is settled after its removal. */
export type RowHandle = number;

/** Rows and the version of each, oldest first; those before #done are through. */
class Aging {
  readonly #rows: number[] = [];
  readonly #versions: number[] = [];
  #done = 0;

  push(row: number, version: number): void {
    this.#rows.push(row);
    this.#versions.push(version);
  }

  /** Calls back for each row whose version is at most this one, and forgets it. */
  settle(version: number, visit: (row: number, version: number) => void): void {
    const end = this.#rows.length;
    for (; this.#done < end; this.#done++) {
      const own = this.#versions[this.#done]!;
      if (((version - own) | 0) < 0) break;
      visit(this.#rows[this.#done]!, own);
    }
    if (this.#done * 2 < end) return;
    this.#rows.splice(0, this.#done);
    this.#versions.splice(0, this.#done);
    this.#done = 0;
  }
}

export class Classifier {
  readonly #region: Region;
  readonly #rows: Rows;
  readonly #tables: (TableClassifier | undefined)[] = [];
  readonly #added = new Aging();
  readonly #removed = new Aging();
  /** Tables that rows have been added to or taken from since they were put in order. */
  readonly #changed = new Set<TableClassifier>();
  /** Address of the row of each handle; handle 0 is none. */
  readonly #byHandle: number[] = [0];
  readonly #freeHandles: number[] = [];
  /** The last version given out, published or not. */
  #given = 0;

  /** @param arena of REGION_RULES */
  constructor(region: Region, arena: Arena) {
    this.#region = region;
    this.#rows = new Rows(region, arena);
  }

  /** How many subtables a table's rows are spread over. */
  subtables(table: number): number {
    return this.#tables[table]?.subtables ?? 0;
  }

  /**
   * Adds a row, which workers see from `version` on. What `row` refers to is copied. Rows are filed
   * best when those of higher rank come first.
   * @param table number of the table
   * @param flow number of the flow, below 2^24
   * @throws SluiceError LIMIT_EXCEEDED; the rows are then as they were
   */
  insert(table: number, rank: Rank, flow: number, row: RowMatch, version: number): RowHandle {
    this.#give(version);
    const classifier = this.#tables[table] ?? this.#open(table);
    this.#changed.add(classifier);
    const address = classifier.insert(row, rank, flow, version, this.#given);
    const handle = this.#freeHandles.pop() ?? this.#byHandle.length;
    this.#byHandle[handle] = address;
    this.#rows.setHandle(address, handle);
    this.#added.push(address, version);
    return handle;
  }

  /** Removes a row: workers see it no more from `version` on. */
  remove(handle: RowHandle, version: number): void {
    this.#give(version);
    this.#remove(this.#byHandle[handle]!, version);
  }

  /** Takes the removal of a row back, whose version has not been published. */
  restore(handle: RowHandle): void {
    this.#rows.publish(this.#byHandle[handle]! + layout.ROW_REMOVED, 0);
  }

  /**
   * Unlinks what was removed up to `version`, and uses again what was unlinked before it. Every
   * worker has begun a burst under this version or a later one; when none is running it may be any
   * version, and `idle` makes all of it usable at once.
   */
  settle(version: number, idle = false): void {
    const rows = this.#rows;
    this.#give(this.#region.observe(layout.CONTROL_TABLES_WRITING));
    this.#added.settle(version, (row) => {
      rows.publish(row + layout.ROW_ADDED, 0);
    });
    this.#removed.settle(version, (row, since) => {
      // Not if that was taken back; and once, if it was then removed again.
      if (rows.removedOf(row) === since && rows.isLinked(row)) this.#unlink(row);
    });
    this.#tidy();
    rows.limbo.settle(version, idle);
  }

  /** Where memory does not suffice, another time will do: the tables work as they are. */
  #tidy(): void {
    for (const table of this.#changed) {
      try {
        table.tidy(this.#given);
        this.#changed.delete(table);
      } catch (error) {
        if (!(error instanceof SluiceError) || error.code !== "LIMIT_EXCEEDED") throw error;
      }
    }
  }

  #unlink(row: number): void {
    const rows = this.#rows;
    const table = this.#tables[tableOfPlace(rows.placeOf(row))]!;
    table.unlink(row);
    this.#changed.add(table);
    const handle = rows.handleOf(row);
    if (handle !== 0) this.#freeHandles.push(handle);
    rows.setUnlinked(row);
    rows.limbo.add(row, rows.bytesOf(row), this.#given);
  }

  #remove(row: number, version: number): void {
    this.#rows.publish(row + layout.ROW_REMOVED, version);
    this.#removed.push(row, version);
  }

  #open(table: number): TableClassifier {
    const base = this.#region.base(layout.REGION_TABLES) + table * layout.TABLE_STRIDE;
    const word = base + layout.TABLE_SUBTABLES;
    const opened = new TableClassifier(this.#rows, table, word, (row, copy, version) => {
      const handle = this.#rows.handleOf(row);
      this.#byHandle[handle] = copy;
      this.#rows.setHandle(copy, handle);
      this.#rows.setHandle(row, 0);
      this.#added.push(copy, version);
      this.#remove(row, version);
    });
    this.#tables[table] = opened;
    return opened;
  }

  #give(version: number): void {
    if (this.#given === 0 || ((version - this.#given) | 0) > 0) this.#given = version;
  }
}
