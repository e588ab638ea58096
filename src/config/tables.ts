// Flow tables: from the document to the model.

import type { Cursor } from "./cursor.ts";
import type { FlowNames } from "./flow_names.ts";
import { type FlowParser, flowLabel } from "./flow_parser.ts";
import type { FlowModel, MissModel, TableModel } from "./model.ts";
import type { Source } from "./source.ts";
import { TableGraph, useOf } from "./table_graph.ts";
import type { TableDocument } from "./table_schema.ts";

type TableDocuments = Readonly<Record<string, TableDocument>>;

export class TableBuilder {
  readonly #names: FlowNames;
  readonly #parser: FlowParser;
  readonly #source: Source;

  constructor(names: FlowNames, parser: FlowParser, source: Source) {
    this.#names = names;
    this.#parser = parser;
    this.#source = source;
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
    return heads.map((head, number) => {
      cursor.enter(head.name);
      const reason = graph.addMiss(number, head.miss);
      if (reason !== undefined) cursor.wrongAt("miss", reason);
      const flows = this.#flows(documents[head.name]!, number, graph, cursor);
      cursor.leave();
      return { ...head, flows };
    });
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
        const reason = graph.add(table, useOf(flow));
        if (reason !== undefined) cursor.wrong(reason);
        this.#checkId(flow.id, i, ids, cursor);
        read.push(flow);
      }
      cursor.subject = "";
      cursor.leave();
    }
    cursor.leave();
    return read;
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
