// The connection table as a map of strings: what is found, evicted, expired and refused, and when.

import {
  DROP_CONNTRACK_EXTENSIONS_FULL,
  DROP_CONNTRACK_FULL,
  DROP_NAT_EXHAUSTED,
} from "../../assembly/drops.ts";

export interface SlowConnection {
  readonly original: string;
  readonly reply: string;
  readonly extended: boolean;
  assured: boolean;
  /** Tick, all bits of it. */
  deadline: number;
  /** Where the table under test has it. */
  address: number;
}

/** Ticks of a slot of the timer wheel: what is over is reclaimed at the end of its slot. */
const UNIT = 1024;

/** One shard. */
export class SlowConnections {
  readonly all = new Set<SlowConnection>();
  readonly counts = { created: 0, evicted: 0, deleted: 0 };
  readonly #capacity: number;
  readonly #extensions: number;
  #evictable: SlowConnection[] = [];
  #inUse: SlowConnection | undefined;
  #now = 0;

  constructor(capacity: number, extensions: number) {
    this.#capacity = capacity;
    this.#extensions = extensions;
  }

  begin(now: number): void {
    this.#now = now;
    this.#inUse = undefined;
  }

  find(tuple: string): { connection: SlowConnection; reply: boolean } | undefined {
    const connection = this.#search(tuple);
    if (!connection) return undefined;
    this.#inUse = connection;
    return { connection, reply: connection.original !== tuple };
  }

  #search(tuple: string): SlowConnection | undefined {
    for (const connection of this.all) {
      if (connection.original !== tuple && connection.reply !== tuple) continue;
      if (connection.deadline > this.#now) return connection;
      this.#end(connection);
    }
    return undefined;
  }

  isTaken(tuple: string): boolean {
    return this.#search(tuple) !== undefined;
  }

  /** @returns the reason it is refused for, or 0 */
  confirm(connection: SlowConnection): number {
    if (this.isTaken(connection.original)) throw new Error("look it up first");
    if (this.isTaken(connection.reply)) return DROP_NAT_EXHAUSTED;
    if (!this.#makeRoom()) return DROP_CONNTRACK_FULL;
    if (connection.extended && !this.#hasExtension()) {
      this.#reclaim();
      if (!this.#hasExtension()) return DROP_CONNTRACK_EXTENSIONS_FULL;
    }
    this.all.add(connection);
    if (!connection.assured) this.#evictable.push(connection);
    this.#inUse = connection;
    this.counts.created++;
    return 0;
  }

  #hasExtension(): boolean {
    return [...this.all].filter((other) => other.extended).length < this.#extensions;
  }

  #reclaim(): void {
    for (const connection of this.all) {
      const unit = Math.ceil(connection.deadline / UNIT);
      if (unit <= Math.floor(this.#now / UNIT)) this.#end(connection);
    }
  }

  #makeRoom(): boolean {
    if (this.all.size < this.#capacity) return true;
    this.#reclaim();
    if (this.all.size < this.#capacity) return true;
    const oldest = this.#evictable.find((connection) => connection !== this.#inUse);
    if (!oldest) return false;
    this.counts.evicted++;
    this.#end(oldest);
    return true;
  }

  #end(connection: SlowConnection): void {
    this.all.delete(connection);
    this.#evictable = this.#evictable.filter((other) => other !== connection);
    if (this.#inUse === connection) this.#inUse = undefined;
  }

  remove(connection: SlowConnection): void {
    this.counts.deleted++;
    this.#end(connection);
  }

  assure(connection: SlowConnection): void {
    connection.assured = true;
    this.#evictable = this.#evictable.filter((other) => other !== connection);
  }

  /** As markEvictable(), or unmarkEvictable(). */
  setEvictable(connection: SlowConnection, on: boolean): void {
    const listed = this.#evictable.includes(connection);
    if (on && !listed) this.#evictable.push(connection);
    if (!on && connection.assured) this.assure(connection);
  }
}
