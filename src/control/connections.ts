// The library's front of the connection table: lists, counts, follows and deletes connections.

import type { ServiceTable } from "../compile/services.ts";
import { formatIp } from "../config/address.ts";
import type { Model } from "../config/model.ts";
import { unknownName } from "../config/wording.ts";
import { SluiceError } from "../errors.ts";
import {
  type ConnectionEventKind,
  keepConnectionEvents,
  type RawConnectionEvent,
} from "../memory/connection_events.ts";
import { ConnectionRequests } from "../memory/connection_requests.ts";
import type { ConnectionView } from "../memory/connection_view.ts";
import { Connections } from "../memory/connections.ts";
import type { Region } from "../memory/region.ts";
import { type BackendNames, backendsOf } from "./backends.ts";
import { type Connection, connectionDocument, protocolName } from "./connection.ts";
import {
  type ConnectionFilter,
  type ConnectionTest,
  readConnectionFilter,
} from "./connection_filter.ts";

export interface ListOptions {
  /** At most so many. */
  readonly limit?: number;
  /** Those with the most of it first; without, they come as they lie in the table. */
  readonly sort?: "packets" | "bytes" | "timeout";
}

export interface OwnerOptions {
  /** What the table is divided by; default "source". */
  readonly by?:
    | "source"
    | "destination"
    | "protocol"
    | "state"
    | "zone"
    | "mark"
    | "service"
    | "backend";
  /** So many of the largest; default 10. */
  readonly top?: number;
  readonly filter?: ConnectionFilter;
}

/** A part of the table, and what belongs to it. Packets and bytes are those of both directions. */
export interface Owner {
  readonly owner: string;
  readonly connections: number;
  readonly packets: number;
  readonly bytes: number;
}

export interface ConnectionEvent {
  readonly event: ConnectionEventKind;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** As it was then. */
  readonly connection: Connection;
}

export interface FollowOptions {
  /** Default: all three. */
  readonly events?: readonly ConnectionEventKind[];
  readonly filter?: ConnectionFilter;
}

const EVENTS: readonly ConnectionEventKind[] = ["new", "update", "destroy"];
const DEFAULT_TOP = 10;

interface Follower {
  readonly tell: (event: ConnectionEvent) => void;
  readonly events: readonly ConnectionEventKind[];
  readonly test: ConnectionTest;
}

/**
 * `engine.flows`: the connections of the run that is going on or was last. Those whose time is over
 * are not among them, whether their places have been reclaimed or not.
 */
export class ConnectionControl {
  readonly #region: Region;
  readonly #model: Model;
  readonly #connections: Connections;
  readonly #names: BackendNames;
  readonly #requests: ConnectionRequests;
  readonly #followers = new Set<Follower>();

  /** @param isRunning whether workers run */
  constructor(
    region: Region,
    model: Model,
    services: ServiceTable | undefined,
    isRunning: () => boolean,
  ) {
    this.#region = region;
    this.#model = model;
    this.#connections = new Connections(region);
    this.#names = backendsOf(model, services);
    this.#requests = new ConnectionRequests(region, this.#connections, isRunning);
  }

  /** Places for connections; 0 without connection tracking. */
  get capacity(): number {
    return this.#connections.capacity;
  }

  /** Each connection in turn; nothing is kept of those gone by. Throws FLOW_INVALID. */
  *iterate(filter: ConnectionFilter = {}): Generator<Connection> {
    for (const view of this.#matching(filter)) yield connectionDocument(view, this.#names);
  }

  /** Connections as documents. Throws FLOW_INVALID. */
  list(filter: ConnectionFilter = {}, options: ListOptions = {}): Connection[] {
    const { limit = Number.POSITIVE_INFINITY, sort } = options;
    if (sort !== undefined) return this.#largest(filter, limit, KEYS[sort]);
    const found: Connection[] = [];
    if (limit <= 0) return found;
    for (const connection of this.iterate(filter)) {
      if (found.push(connection) >= limit) break;
    }
    return found;
  }

  /** How many there are. Throws FLOW_INVALID. */
  count(filter: ConnectionFilter = {}): number {
    let count = 0;
    for (const _ of this.#matching(filter)) count++;
    return count;
  }

  /** The largest owners of the table: whose connections are most. Throws FLOW_INVALID. */
  owners({ by = "source", top = DEFAULT_TOP, filter = {} }: OwnerOptions = {}): Owner[] {
    if (!Object.hasOwn(OWNERS, by)) {
      throw new SluiceError("FLOW_INVALID", unknownName("owner", by, Object.keys(OWNERS)));
    }
    const owners = new Map<string, { connections: number; packets: number; bytes: number }>();
    for (const view of this.#matching(filter)) {
      const name = OWNERS[by](view, this.#names);
      const owner = owners.get(name) ?? { connections: 0, packets: 0, bytes: 0 };
      owner.connections++;
      owner.packets += view.packets(false) + view.packets(true);
      owner.bytes += view.bytes(false) + view.bytes(true);
      owners.set(name, owner);
    }
    const all = [...owners].map(([owner, counts]) => ({ owner, ...counts }));
    return all.sort((a, b) => b.connections - a.connections || b.bytes - a.bytes).slice(0, top);
  }

  /**
   * Calls back for connections made, changed and over, in the order of their times, while replays
   * run. Returns what ends it. Events that could not be read in time are counted in the statistics.
   * Throws FLOW_INVALID.
   */
  follow(tell: (event: ConnectionEvent) => void, options: FollowOptions = {}): () => void {
    const { events = EVENTS, filter = {} } = options;
    const test = readConnectionFilter(filter, this.#model, this.#names);
    const follower = { tell, events, test };
    this.#followers.add(follower);
    keepConnectionEvents(this.#region, true);
    return () => {
      this.#followers.delete(follower);
      keepConnectionEvents(this.#region, this.#followers.size > 0);
    };
  }

  /**
   * Ends connections, as if their time were over; resolves to how many. While a replay runs the
   * workers do it, each at the beginning of a burst: what it is then is exact, packets that are
   * under way may still meet them. Throws FLOW_INVALID.
   */
  async delete(filter: ConnectionFilter): Promise<number> {
    return this.#requests.end(this.#matching(filter));
  }

  /** Hands an event of a worker on. */
  tell(raw: RawConnectionEvent): void {
    const view = this.#connections.viewOf(raw.entry, raw.time);
    for (const { tell, events, test } of this.#followers) {
      if (!events.includes(raw.kind) || !test(view)) continue;
      tell({
        event: raw.kind,
        time: raw.time,
        connection: connectionDocument(view, this.#names),
      });
    }
  }

  /** How many there are, and how many are over though their places are not reclaimed yet. */
  census(): { readonly live: number; readonly over: number } {
    return this.#connections.counts();
  }

  *#matching(filter: ConnectionFilter): Generator<ConnectionView> {
    const test = readConnectionFilter(filter, this.#model, this.#names);
    for (const view of this.#connections.entries()) if (test(view)) yield view;
  }

  /** Documents are made only of what is among the largest when it is met. */
  #largest(filter: ConnectionFilter, limit: number, keyOf: (view: ConnectionView) => number) {
    let found: { key: number; connection: Connection }[] = [];
    let least = Number.NEGATIVE_INFINITY;
    const cut = () => {
      found = found.sort((a, b) => b.key - a.key).slice(0, limit);
      if (found.length === limit) least = found.at(-1)?.key ?? least;
    };
    for (const view of this.#matching(filter)) {
      const key = keyOf(view);
      if (key <= least) continue;
      found.push({ key, connection: connectionDocument(view, this.#names) });
      if (found.length >= 2 * limit + 64) cut();
    }
    cut();
    return found.map(({ connection }) => connection);
  }
}

const KEYS: Readonly<Record<NonNullable<ListOptions["sort"]>, (view: ConnectionView) => number>> = {
  packets: (view) => view.packets(false) + view.packets(true),
  bytes: (view) => view.bytes(false) + view.bytes(true),
  timeout: (view) => view.secondsLeft,
};

const OWNERS: Readonly<
  Record<NonNullable<OwnerOptions["by"]>, (view: ConnectionView, names: BackendNames) => string>
> = {
  source: (view) => formatIp(view.tuple(false).source),
  destination: (view) => formatIp(view.tuple(false).destination),
  protocol: (view) => protocolName(view.protocol),
  state: (view) => view.state ?? "none",
  zone: (view) => `${view.zone}`,
  mark: (view) => `${view.mark}`,
  service: (view, names) => names.of(view)?.service ?? "none",
  backend: (view, names) => names.of(view)?.backend ?? "none",
};
