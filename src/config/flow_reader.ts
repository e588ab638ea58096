// Flows, matches and set elements that come while the engine runs: the same reading as that of the
// configuration, with the names and tables of a model.

import { SluiceError } from "../errors.ts";
import { Cursor } from "./cursor.ts";
import { FlowNames } from "./flow_names.ts";
import { FlowParser, flowLabel } from "./flow_parser.ts";
import type { ActionModel, FlowModel, MatchModel, Model, TermModel } from "./model.ts";
import { natTablesOf } from "./nat_tables.ts";
import { type Path, pointerOf } from "./problems.ts";
import { readElement } from "./sets.ts";
import { TableGraph } from "./table_graph.ts";
import { useOf } from "./table_use.ts";
import { unknownName } from "./wording.ts";

interface Finding {
  readonly path: Path;
  readonly message: string;
}

/**
 * Every method throws FLOW_INVALID with a line for each thing that is wrong: the flow's id or
 * number, the JSON pointer in the document, the field and what was expected. What they give is not
 * frozen, but parts of it are shared: treat it as frozen.
 */
export class FlowReader {
  /** Tables and what leads where. Whoever adds and removes flows tells it. */
  readonly graph: TableGraph;
  readonly #names: FlowNames;
  readonly #parser: FlowParser;
  #findings: Finding[] = [];
  readonly #cursor = new Cursor((path, message) => this.#findings.push({ path, message }));

  /** @param graph that of the tables as they are; by default one of the model's flows */
  constructor(model: Model, graph = graphOf(model)) {
    this.#names = FlowNames.ofModel(model);
    this.#parser = new FlowParser(this.#names);
    this.graph = graph;
  }

  /** Those of the model, then new ones in the order they were met. */
  get counters(): readonly string[] {
    return this.#names.counters;
  }

  /** Number of a table; throws when there is none of this name. */
  table(name: string): number {
    const number = this.#names.number("table", name);
    if (number !== undefined) return number;
    throw new SluiceError("FLOW_INVALID", unknownName("table", name, this.#names.tables));
  }

  /** Number of a set; throws when there is none of this name. */
  set(name: string): number {
    const number = this.#names.number("set", name);
    if (number !== undefined) return number;
    throw new SluiceError("FLOW_INVALID", this.#names.whyNot("set", name));
  }

  /** `place` names a flow without id: its place in a bundle. */
  flow(table: string, document: unknown, place?: number): FlowModel {
    const number = this.table(table);
    const flow = this.#parser.flow(document, this.#cursor);
    if (flow !== undefined) {
      const reason = this.graph.whyNot(number, useOf(flow));
      if (reason === undefined) return flow;
      this.#cursor.wrong(reason);
    }
    this.#refuse(`table '${table}', ${flowLabel(document, place)}`);
  }

  /** A match with its prerequisites. */
  match(document: unknown): MatchModel[] {
    const match = this.#parser.match(document, this.#cursor);
    if (this.#cursor.count > 0) this.#refuse("match");
    return match;
  }

  /**
   * Actions a flow of the table can have, or, without table, one of some table. What they ask of
   * its match is not looked at.
   */
  actions(table: string | undefined, document: unknown): readonly ActionModel[] {
    const number = table === undefined ? undefined : this.table(table);
    const actions = this.#parser.actions(document, this.#cursor);
    if (number !== undefined) {
      const reason = this.graph.whyNot(number, useOf({ match: [], actions }));
      if (reason !== undefined) this.#cursor.wrong(reason);
    }
    if (this.#cursor.count > 0) {
      this.#refuse(table === undefined ? "actions" : `table '${table}', actions`);
    }
    return actions;
  }

  /** An element: one term per type of the set. */
  element(set: string, value: unknown): TermModel[] {
    const named = this.#names.sets[this.set(set)]!;
    const element = readElement(named, value, this.#cursor);
    if (element === undefined) this.#refuse(`set '${set}'`);
    return element;
  }

  /** Throws what was told since the last call. */
  #refuse(subject: string): never {
    const findings = this.#findings;
    this.#findings = [];
    this.#cursor.count = 0;
    const lines = findings.map(({ path, message }) => {
      return `${subject}${path.length === 0 ? "" : `, ${pointerOf(path)}`}: ${message}`;
    });
    const pointer = pointerOf(findings[0]?.path ?? []);
    throw new SluiceError("FLOW_INVALID", lines.join("\n"), { pointer });
  }
}

function graphOf({ tables, conntrack }: Model): TableGraph {
  const natTables = natTablesOf(tables).attached;
  const graph = new TableGraph(tables, { natTables, isTracking: conntrack.enabled });
  for (const [number, table] of tables.entries()) {
    graph.addMiss(number, table.miss);
    for (const flow of table.flows) graph.add(number, useOf(flow));
  }
  return graph;
}
