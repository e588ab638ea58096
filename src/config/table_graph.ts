// Which tables lead to which, and from where packets reach each: tables must not lead in circles,
// and what a flow asks for may exist at some points only (table_use.ts). Counted, so that flows can
// be added and removed one by one.

import { ATTACH_POINTS, pointBits } from "./attach_points.ts";
import type { AttachPoint, MissModel } from "./model.ts";
import { type Need, NO_USE, type TableUse } from "./table_use.ts";

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
  /** Flows with each need. */
  readonly needs: Map<Need, number>;
  /** Flows that translate. */
  nats: number;
}

/** What was settled when the engine started. Without it nothing is settled yet. */
export interface Settled {
  /** Attached tables that translate: see nat_tables.ts. */
  readonly natTables: ReadonlySet<number>;
  /** Connections are tracked. */
  readonly isTracking: boolean;
}

/** From where packets reach a table. */
interface Reach {
  /** Bit p = from ATTACH_POINTS[p]. */
  points: number;
  /** From a nat table; and a table attached that is none, from which, too. */
  isNat: boolean;
  ordinary: number | undefined;
}

export class TableGraph {
  readonly #nodes: readonly Node[];
  readonly #settled: Settled | undefined;
  /** By table; undefined when edges changed since. */
  #reached: Reach[] | undefined;

  /** Without edges: misses are added like flows, by addMiss(). */
  constructor(tables: readonly GraphTable[], settled?: Settled) {
    this.#settled = settled;
    this.#nodes = tables.map(({ name, attach }) => ({
      name,
      point: attach === undefined ? 0 : pointBits(attach),
      edges: new Map(),
      needs: new Map(),
      nats: 0,
    }));
  }

  /** Notes what a miss leads to, or says why it cannot. */
  addMiss(table: number, miss: MissModel): string | undefined {
    if (miss.type !== "goto") return undefined;
    return this.add(table, { ...NO_USE, targets: [miss.table] });
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
    const reach = this.#reachOf(table);
    const reason = this.#whyNotAt(table, reach, use.needs) ?? this.#whyNotSettled(use, reach);
    if (reason !== undefined) return reason;
    for (const target of use.targets) {
      const below = this.#whyNotBelow(table, target, reach);
      if (below !== undefined) return below;
    }
    return undefined;
  }

  #whyNotSettled({ nat, tracking, isLater }: TableUse, reach: Reach): string | undefined {
    if (this.#settled === undefined) return undefined;
    if (tracking !== undefined && !this.#settled.isTracking) return trackingIsOff(tracking);
    if (nat !== undefined && reach.ordinary !== undefined) return this.#ordinary(nat, reach);
    if (isLater && reach.isNat && reach.ordinary === undefined) return NEVER_FIRST;
    return undefined;
  }

  /** The tables a new edge leads to are reached from more points than before. */
  #whyNotBelow(table: number, target: number, reach: Reach): string | undefined {
    if (reach.points === 0 || this.#nodes[table]!.edges.has(target)) return undefined;
    let reason: string | undefined;
    this.#way(target, (one) => {
      const { name, needs, nats } = this.#nodes[one]!;
      let why = this.#whyNotAt(one, reach, needs.keys(), table);
      if (this.#settled !== undefined && nats > 0 && reach.ordinary !== undefined) {
        why ??= this.#ordinary("NAT", reach);
      }
      if (why !== undefined) reason = `table '${name}' cannot be reached from here: ${why}`;
      return why !== undefined;
    });
    return reason;
  }

  /** What packets meet in a table differs in kind: which table is of which is settled at start. */
  #ordinary(what: string, { ordinary }: Reach): string {
    const { name } = this.#nodes[ordinary!]!;
    const which = `and '${name}', which leads here, is none`;
    return `${what} works only in tables that translated when the engine started, ${which}`;
  }

  #whyNotAt(
    table: number,
    { points }: Reach,
    needs: Iterable<Need>,
    via = table,
  ): string | undefined {
    for (const { sentence, points: allowed } of needs) {
      if ((points & ~allowed) === 0) continue;
      return `${sentence}, and packets come ${this.#origin(via, ~allowed)}`;
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

  #reachOf(table: number): Reach {
    this.#reached ??= this.#reach();
    return this.#reached[table]!;
  }

  #reach(): Reach[] {
    const reached = this.#nodes.map((): Reach => {
      return { points: 0, isNat: false, ordinary: undefined };
    });
    for (const [start, { point }] of this.#nodes.entries()) {
      if (point === 0) continue;
      const isNat = this.#settled?.natTables.has(start) ?? false;
      this.#way(start, (one) => {
        const reach = reached[one]!;
        reach.points |= point;
        if (isNat) reach.isNat = true;
        else reach.ordinary ??= start;
        return false;
      });
    }
    return reached;
  }

  #count(table: number, { targets, needs, nat }: TableUse, step: 1 | -1): void {
    const node = this.#nodes[table]!;
    for (const target of targets) {
      if (countIn(node.edges, target, step)) this.#reached = undefined;
    }
    for (const need of needs) countIn(node.needs, need, step);
    if (nat !== undefined) node.nats += step;
  }
}

/** What a match in a nat table is told that holds for no first packet. */
export const NEVER_FIRST =
  "ct_state: a nat table sees the first packet of each connection alone, which is never in this state";

export function trackingIsOff(what: string): string {
  return `${what} needs connection tracking, which is off: set conntrack.enabled to true`;
}

/** Whether the key came or went. */
function countIn<K>(counts: Map<K, number>, key: K, step: 1 | -1): boolean {
  const before = counts.get(key) ?? 0;
  const after = before + step;
  if (after > 0) counts.set(key, after);
  else counts.delete(key);
  return before === 0 || after === 0;
}
