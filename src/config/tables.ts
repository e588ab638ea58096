// Flow tables: from the document to the model.

import type { Cursor } from "./cursor.ts";
import type { FlowNames } from "./flow_names.ts";
import { type FlowParser, flowLabel } from "./flow_parser.ts";
import type { FlowModel, MissModel, TableModel } from "./model.ts";
import { natTablesOf } from "./nat_tables.ts";
import type { Source } from "./source.ts";
import { NEVER_FIRST, TableGraph, trackingIsOff } from "./table_graph.ts";
import type { TableDocument } from "./table_schema.ts";
import { type TableUse, useOf } from "./table_use.ts";

type TableDocuments = Readonly<Record<string, TableDocument>>;

/** Where a flow is written that matches no packet which may be the first of its connection. */
interface LaterFlow {
  readonly table: number;
  readonly place: number;
  readonly subject: string;
}

export class TableBuilder {
  readonly #names: FlowNames;
  readonly #parser: FlowParser;
  readonly #source: Source;
  /** The configuration says that connections are not tracked. */
  readonly #isUntracked: boolean;
  #later: LaterFlow[] = [];

  constructor(names: FlowNames, parser: FlowParser, source: Source, isUntracked = false) {
    this.#names = names;
    this.#parser = parser;
    this.#source = source;
    this.#isUntracked = isUntracked;
  }

  /** In the order of the document; flows with something wrong are left out. */
  tables(documents: TableDocuments, cursor: Cursor): TableModel[] {
    const heads = Object.entries(documents).map(([name, document]) => {
      const { attach, priority = 0 } = document;
      cursor.enter(name);
      const miss = this.#miss(document, cursor);
      cursor.leave();
      return { name, attach: attach as TableModel["attach"], priority, miss };
    });
    const graph = new TableGraph(heads);
    this.#later = [];
    const tables = heads.map((head, number) => {
      cursor.enter(head.name);
      const reason = graph.addMiss(number, head.miss);
      if (reason !== undefined) cursor.wrongAt("miss", reason);
      const flows = this.#flows(documents[head.name]!, number, graph, cursor);
      cursor.leave();
      return { ...head, flows };
    });
    this.#checkNat(tables, cursor);
    return tables;
  }

  /** Which tables translate is known when all of them are read. */
  #checkNat(tables: readonly TableModel[], cursor: Cursor): void {
    const { attached, all } = natTablesOf(tables);
    for (const number of attached) {
      const { name, miss } = tables[number]!;
      if (miss.type === "accept" || miss.type === "normal") continue;
      const message =
        'expected "accept": a table that translates lets pass what it has no flow for';
      cursor.enter(name);
      cursor.wrongAt("miss", message);
      cursor.leave();
    }
    for (const { table, place, subject } of this.#later) {
      if (!all.has(table)) continue;
      const path = [tables[table]!.name, "flows", place, "match"];
      for (const step of path) cursor.enter(step);
      cursor.subject = subject;
      cursor.wrongAt("ct_state", NEVER_FIRST);
      cursor.subject = "";
      for (const _ of path) cursor.leave();
    }
  }

  #miss({ attach, miss }: TableDocument, cursor: Cursor): MissModel {
    if (typeof miss === "object") {
      const name = (miss as { goto: string }).goto;
      const table = this.#names.number("table", name);
      if (table !== undefined) return { type: "goto", table };
      cursor.enter("miss");
      cursor.wrongAt("goto", this.#names.whyNot("table", name));
      cursor.leave();
    }
    if (miss === "return" && attach !== undefined) {
      const message = `expected where packets go on, found "return": nothing jumps to table at`;
      cursor.wrongAt("miss", `${message} '${attach}', so there is nowhere to return to`);
    }
    if (typeof miss === "string") return { type: miss as "accept" };
    if (attach === undefined) return { type: "return" };
    return { type: attach === "ingress" ? "normal" : "accept" };
  }

  #flows(
    { flows = [] }: TableDocument,
    table: number,
    graph: TableGraph,
    cursor: Cursor,
  ): FlowModel[] {
    const read: FlowModel[] = [];
    const ids = new Map<string, number>();
    cursor.enter("flows");
    for (const [i, document] of flows.entries()) {
      cursor.enter(i);
      cursor.subject = `${flowLabel(document, i)}: `;
      const flow = this.#parser.flow(document, cursor);
      if (flow !== undefined) {
        const use = useOf(flow);
        const reason = this.#untracked(use) ?? graph.add(table, use);
        if (reason !== undefined) cursor.wrong(reason);
        if (use.isLater) this.#later.push({ table, place: i, subject: cursor.subject });
        this.#checkId(flow.id, i, ids, cursor);
        read.push(flow);
      }
      cursor.subject = "";
      cursor.leave();
    }
    cursor.leave();
    return read;
  }

  #untracked({ tracking }: TableUse): string | undefined {
    return this.#isUntracked && tracking !== undefined ? trackingIsOff(tracking) : undefined;
  }

  #checkId(id: string | undefined, place: number, ids: Map<string, number>, cursor: Cursor): void {
    if (id === undefined) return;
    const first = ids.get(id);
    if (first === undefined) {
      ids.set(id, place);
      return;
    }
    const table = cursor.path.slice(0, -1);
    const { line, column } = this.#source.placeOf([...table, first, "id"]);
    cursor.wrongAt("id", `the table has a flow of this id already, at ${line}:${column}`);
  }
}
