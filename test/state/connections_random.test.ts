// Random runs of the connection table beside its twin.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  COUNT_CONNECTIONS_CREATED,
  COUNT_CONNECTIONS_DELETED,
  COUNT_CONNECTIONS_EVICTED,
  COUNT_CONNECTIONS_EXPIRED,
  VERDICT_DROP,
} from "../../assembly/layout.ts";
import { CONTINUE, Connections, compileConnections, type Tuple } from "../support/connections.ts";
import { end, hashOf, inverse, translated, tupleOf } from "../support/tuples.ts";
import { type SlowConnection, SlowConnections } from "../twin/connections.ts";

beforeAll(compileConnections);

const SHARD = 5;
const CAPACITY = 8;
const EXTENSIONS = 3;
/** Bits of the hash that differ: the places of all connections are wanted in a few buckets. */
const BITS = 3;

const times = fc.oneof(
  fc.nat({ max: 3 }),
  fc.nat({ max: 5000 }),
  fc.nat({ max: 2 ** 20 }),
  fc.nat({ max: 2 ** 28 }),
);
/** Rarely the clock leaps: hours, weeks, years. */
const waits = fc.oneof(
  { weight: 60, arbitrary: fc.nat({ max: 200 }) },
  { weight: 20, arbitrary: times },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 30, 2 ** 31 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 35) },
);
const ends = fc.nat({ max: 5 });
const change = fc.record({ source: fc.boolean(), to: ends });
const steps = fc.record({
  wait: waits,
  kind: fc.nat({ max: 2 }),
  ip6: fc.boolean(),
  from: ends,
  to: ends,
  zone: fc.nat({ max: 1 }),
  /** How the connection is made if there is none. */
  lasts: times,
  nat: fc.array(change, { maxLength: 2 }),
  extended: fc.integer({ min: 0, max: 99 }).map((chance) => chance > 75),
  assured: fc.boolean(),
  /** What happens to it if there is one. */
  act: fc.constantFrom("deadline", "deadline", "remove", "assure", "mark", "unmark", "nothing"),
});
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly table: Connections;
  readonly twin = new SlowConnections(CAPACITY, EXTENSIONS);
  readonly outcomes = new Set<string>();
  #tick = 0;
  #now = 0;

  constructor(table: Connections) {
    this.table = table;
    table.reset();
  }

  step(step: Step): void {
    const tuple = tupleOf(step.kind, step.ip6, step.from, step.to, step.zone);
    this.#tick += step.wait;
    this.#now = this.table.begin(hashOf(tuple, SHARD, BITS), this.#tick);
    this.twin.begin(this.#tick);
    const found = this.find(tuple);
    if (found) this.act(found, step);
    else this.make(tuple, step);
    const { entries, extensions } = this.table.account(SHARD);
    expect([entries, extensions]).toEqual([CAPACITY, EXTENSIONS]);
  }

  find(tuple: Tuple): SlowConnection | undefined {
    const address = this.table.find(hashOf(tuple, SHARD, BITS), tuple);
    const found = this.twin.find(this.table.bytes(tuple));
    expect(address).toBe(found?.connection.address ?? 0);
    if (found) {
      this.outcomes.add(found.reply ? "reply" : "original");
      expect(this.table.foundReply).toBe(found.reply);
    }
    return found?.connection;
  }

  make(tuple: Tuple, { lasts, nat, extended, assured, ip6 }: Step): void {
    const { exports } = this.table;
    const entry = exports.beginConnection(this.table.put(tuple));
    if (extended) exports.ensureExtension(entry);
    let reply = inverse(tuple);
    for (const { source, to } of nat) {
      expect(this.table.translate(entry, source, end(to, ip6))).toBe(true);
      reply = translated(reply, source, end(to, ip6));
      expect(this.table.written(entry, true)).toBe(this.table.bytes(reply));
    }
    if (assured) exports.markAssured(entry);
    exports.setDeadline(entry, (this.#now + 1 + lasts) >>> 0, this.#now);
    const connection: SlowConnection = {
      original: this.table.bytes(tuple),
      reply: this.table.bytes(reply),
      extended: exports.extensionNumber(entry) !== 0,
      assured,
      deadline: this.#tick + 1 + lasts,
      address: 0,
    };
    const hashes = [tuple, reply].map((one) => hashOf(one, SHARD, BITS)) as [number, number];
    const verdict = exports.confirmConnection(entry, ...hashes, this.#now);
    const reason = this.twin.confirm(connection);
    expect(verdict).toBe(reason === 0 ? CONTINUE : VERDICT_DROP + reason);
    this.outcomes.add(`made ${reason}`);
    if (reason !== 0) return;
    connection.address = this.table.confirmed;
    expect(this.table.written(connection.address, false)).toBe(connection.original);
    expect(this.table.written(connection.address, true)).toBe(connection.reply);
  }

  act(connection: SlowConnection, { act, lasts }: Step): void {
    const { exports } = this.table;
    const { address } = connection;
    if (act === "deadline") {
      connection.deadline = this.#tick + 1 + lasts;
      exports.setDeadline(address, (this.#now + 1 + lasts) >>> 0, this.#now);
    } else if (act === "remove") {
      this.twin.remove(connection);
      exports.removeConnection(address, COUNT_CONNECTIONS_DELETED);
    } else if (act === "assure") {
      this.twin.assure(connection);
      exports.markAssured(address);
    } else if (act === "mark") {
      this.twin.setEvictable(connection, true);
      exports.markEvictable(address);
    } else if (act === "unmark") {
      this.twin.setEvictable(connection, false);
      exports.unmarkEvictable(address);
    }
  }

  /** All there is is found, both ways; after a while nothing is left, and nothing has leaked. */
  finish(): void {
    const { table, twin } = this;
    const { created, evicted, deleted } = twin.counts;
    expect(table.counter(COUNT_CONNECTIONS_CREATED)).toBe(created);
    expect(table.counter(COUNT_CONNECTIONS_EVICTED)).toBe(evicted);
    expect(table.counter(COUNT_CONNECTIONS_DELETED)).toBe(deleted);
    this.#tick += 2 ** 30 + 2 ** 20;
    for (let left = 0; left < 8; left++) table.begin(SHARD << 25, this.#tick);
    expect(table.counter(COUNT_CONNECTIONS_EXPIRED)).toBe(created - evicted - deleted);
    expect(table.account(SHARD).live).toBe(0);
    expect(table.leftovers(SHARD)).toBe(0);
    this.outcomes.add(evicted > 0 ? "evicted" : "none evicted");
  }
}

describe("random runs", () => {
  it("find, evict, expire and refuse as the twin does, and leave nothing", () => {
    const outcomes = new Set<string>();
    const sizes = { connections: CAPACITY + 1, connectionBuckets: 5, extensions: EXTENSIONS + 1 };
    const table = new Connections(sizes);
    fc.assert(
      fc.property(fc.array(steps, { minLength: 20, maxLength: 120, size: "max" }), (all) => {
        const run = new Run(table);
        for (const step of all) run.step(step);
        run.finish();
        for (const outcome of run.outcomes) outcomes.add(outcome);
      }),
      { seed: 26, numRuns: 150, endOnFailure: true },
    );
    expect([...outcomes].sort()).toEqual(
      ["evicted", "made 0", "made 100", "made 101", "made 102", "none evicted"].concat(
        ...["original", "reply"],
      ),
    );
  });
});
