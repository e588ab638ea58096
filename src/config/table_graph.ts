// Which tables lead to which, and from where packets reach each: tables must not lead in circles,
// what OpenFlow means by its actions exists at ingress only, and a port to leave by is known only
// behind routing. Counted, so that flows can be added and removed one by one.

import { ingressOnly } from "./action_words.ts";
import type { AttachPoint, FlowModel, MissModel } from "./model.ts";

export const ATTACH_POINTS: readonly AttachPoint[] = [
  "ingress",
  "raw",
  "prerouting",
  "input",
  "forward",
  "output",
  "postrouting",
];

const INGRESS = 1 << ATTACH_POINTS.indexOf("ingress");
const HOOKS = (1 << ATTACH_POINTS.length) - 1 - INGRESS;
/** Points a packet passes before its route is known. */
const BEFORE_ROUTING =
  INGRESS | (1 << ATTACH_POINTS.indexOf("raw")) | (1 << ATTACH_POINTS.indexOf("prerouting"));

/** What a flow asks of the table it is in. */
export interface TableUse {
  readonly targets: readonly number[];
  /** Works only in tables reached from ingress alone. */
  readonly ingressOnly: string | undefined;
  /** Looks at the port the packet leaves by. */
  readonly outPort: boolean;
}

const NOTHING: readonly number[] = [];

/** What flows ask that may be in any table: most of them. */
export const NO_USE: TableUse = Object.freeze({
  targets: NOTHING,
  ingressOnly: undefined,
  outPort: false,
});

export function useOf({ match, actions }: Pick<FlowModel, "match" | "actions">): TableUse {
  let targets = NOTHING;
  let only: string | undefined;
  for (const action of actions) {
    if (action.type === "goto" || action.type === "jump") targets = [action.table];
    else only ??= ingressOnly(action);
  }
  let outPort = false;
  for (const one of match) {
    if (one.kind === "field") outPort ||= one.field === "out_port";
    else outPort ||= one.fields.includes("out_port");
  }
  const isFree = targets === NOTHING && only === undefined && !outPort;
  return isFree ? NO_USE : { targets, ingressOnly: only, outPort };
}

/** What is attached where, for the graph. */
export interface GraphTable {
  readonly name: string;
  readonly attach: AttachPoint | undefined;
  readonly miss: MissModel;
}

/** A table in the graph. */
interface Node {
  readonly name: string;
  readonly point: number;
  /** Flows that lead to a table, by its number. */
  readonly edges: Map<number, number>;
  /** Flows with each kind of action that works at ingress only. */
  readonly ingressOnly: Map<string, number>;
  outPorts: number;
}

export class TableGraph {
  readonly #nodes: readonly Node[];
  /** Bit p = reached from ATTACH_POINTS[p], by table; undefined when edges changed since. */
  #points: number[] | undefined;

  /** Without edges: misses are added like flows, by addMiss(). */
  constructor(tables: readonly GraphTable[]) {
    this.#nodes = tables.map(({ name, attach }) => ({
      name,
      point: attach === undefined ? 0 : 1 << ATTACH_POINTS.indexOf(attach),
      edges: new Map(),
      ingressOnly: new Map(),
      outPorts: 0,
    }));
  }

  /** Notes what a miss leads to, or says why it cannot. */
  addMiss(table: number, miss: MissModel): string | undefined {
    if (miss.type !== "goto") return undefined;
    return this.add(table, { targets: [miss.table], ingressOnly: undefined, outPort: false });
  }

  /** Notes a flow, or says why it cannot be in the table. */
  add(table: number, use: TableUse): string | undefined {
    const reason = this.whyNot(table, use);
    if (reason === undefined) this.#count(table, use, 1);
    return reason;
  }

  /** Forgets a flow that was added. */
  remove(table: number, use: TableUse): void {
    this.#count(table, use, -1);
  }

  /** Why a flow cannot be in the table, or undefined when it can. Changes nothing. */
  whyNot(table: number, use: TableUse): string | undefined {
    if (use === NO_USE) return undefined;
    for (const target of use.targets) {
      if (this.#nodes[table]!.edges.has(target)) continue;
      const back = this.#way(target, (one) => one === table);
      if (back !== undefined) {
        return `tables must not lead in a circle: ${this.#shown([table, ...back])}`;
      }
    }
    const points = this.#pointsOf(table);
    const reason = this.#whyNotAt(table, points, use.ingressOnly, use.outPort);
    if (reason !== undefined) return reason;
    for (const target of use.targets) {
      const below = this.#whyNotBelow(table, target, points);
      if (below !== undefined) return below;
    }
    return undefined;
  }

  /** The tables a new edge leads to are reached from more points than before. */
  #whyNotBelow(table: number, target: number, points: number): string | undefined {
    if (points === 0 || this.#nodes[table]!.edges.has(target)) return undefined;
    let reason: string | undefined;
    this.#way(target, (one) => {
      const { name, ingressOnly: actions, outPorts } = this.#nodes[one]!;
      const [only] = actions.keys();
      const why = this.#whyNotAt(one, points, only, outPorts > 0, table);
      if (why !== undefined) reason = `table '${name}' cannot be reached from here: ${why}`;
      return why !== undefined;
    });
    return reason;
  }

  #whyNotAt(
    table: number,
    points: number,
    only: string | undefined,
    outPort: boolean,
    via = table,
  ): string | undefined {
    if (only !== undefined && (points & HOOKS) !== 0) {
      const from = this.#origin(via, HOOKS);
      return `${only} works only in tables reached from ingress alone, and packets come ${from}`;
    }
    if (outPort && (points & BEFORE_ROUTING) !== 0) {
      const from = this.#origin(via, BEFORE_ROUTING);
      return `out_port is known only behind routing, and packets come ${from}`;
    }
    return undefined;
  }

  /** "from forward (policy -> shaped)" */
  #origin(table: number, points: number): string {
    for (const [start, { point }] of this.#nodes.entries()) {
      if ((point & points) === 0) continue;
      const way = this.#way(start, (one) => one === table);
      if (way === undefined) continue;
      const name = ATTACH_POINTS[31 - Math.clz32(point)]!;
      return `from ${name} (${this.#shown(way)})`;
    }
    return "from elsewhere";
  }

  #shown(way: readonly number[]): string {
    return way.map((table) => this.#nodes[table]!.name).join(" -> ");
  }

  /** Tables from `start` to the first that `isEnd` accepts, both included; undefined: none. */
  #way(start: number, isEnd: (table: number) => boolean): number[] | undefined {
    const from = new Map<number, number>([[start, -1]]);
    const queue = [start];
    for (const table of queue) {
      if (isEnd(table)) {
        const way: number[] = [];
        for (let at = table; at >= 0; at = from.get(at)!) way.unshift(at);
        return way;
      }
      for (const next of this.#nodes[table]!.edges.keys()) {
        if (from.has(next)) continue;
        from.set(next, table);
        queue.push(next);
      }
    }
    return undefined;
  }

  #pointsOf(table: number): number {
    this.#points ??= this.#reach();
    return this.#points[table]!;
  }

  #reach(): number[] {
    const points = this.#nodes.map(() => 0);
    for (const [start, { point }] of this.#nodes.entries()) {
      if (point === 0) continue;
      this.#way(start, (one) => {
        points[one]! |= point;
        return false;
      });
    }
    return points;
  }

  #count(table: number, use: TableUse, step: 1 | -1): void {
    const { targets, ingressOnly: only, outPort } = use;
    const node = this.#nodes[table]!;
    for (const target of targets) {
      if (countIn(node.edges, target, step)) this.#points = undefined;
    }
    if (only !== undefined) countIn(node.ingressOnly, only, step);
    if (outPort) node.outPorts += step;
  }
}

/** Whether the key came or went. */
function countIn<K>(counts: Map<K, number>, key: K, step: 1 | -1): boolean {
  const before = counts.get(key) ?? 0;
  const after = before + step;
  if (after > 0) counts.set(key, after);
  else counts.delete(key);
  return before === 0 || after === 0;
}
