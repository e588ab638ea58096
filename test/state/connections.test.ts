// The connection table: one property after the other, and at its limits.

import { beforeAll, describe, expect, it } from "vitest";
import { DROP_CONNTRACK_FULL, DROP_NAT_EXHAUSTED } from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { connectionSizes } from "../../src/compile/connection_sizes.ts";
import { shardConnectionBytes } from "../../src/memory/map.ts";
import { CONTINUE, Connections, compileConnections, type Tuple } from "../support/connections.ts";
import { SMALL_SIZES } from "../support/memory_sizes.ts";
import { hashOf, inverse, translated } from "../support/tuples.ts";

beforeAll(compileConnections);

const SHARD = 3;

/** TCP from one of many clients. */
function client(number: number, zone = 0): Tuple {
  const address = [10, number >> 16, (number >> 8) & 255, number & 255];
  const to = { address: [192, 0, 2, 1], port: 443 };
  return { protocol: 6, zone, from: { address, port: 1024 + (number & 0x7fff) }, to };
}

class Table extends Connections {
  /** Makes a connection at a tick that lasts so long; its address, or the reason it is refused. */
  make(tuple: Tuple, now: number, lasts: number, reply = inverse(tuple)): number {
    const entry = this.exports.beginConnection(this.put(tuple));
    if (reply.from !== tuple.to) this.translate(entry, true, reply.from);
    this.exports.setDeadline(entry, (now + lasts) >>> 0, now);
    const [hash, replyHash] = [hashOf(tuple, SHARD), hashOf(reply, SHARD)];
    const verdict = this.exports.confirmConnection(entry, hash, replyHash, now);
    return verdict === CONTINUE ? this.confirmed : verdict - layout.VERDICT_DROP;
  }

  seek(tuple: Tuple): number {
    return this.find(hashOf(tuple, SHARD), tuple);
  }
}

function tableOf(connections: number, connectionBuckets = 32): Table {
  return new Table({ connections: connections + 1, connectionBuckets, extensions: 3 });
}

describe("time", () => {
  it("ends a connection at its very tick, before and behind where u32 begins anew", () => {
    const table = tableOf(4);
    for (const begin of [0, 1023, 2 ** 31 - 100, 2 ** 32 - 50, 2 ** 40]) {
      const now = table.begin(SHARD << 25, begin);
      const address = table.make(client(1), now, 100);
      table.begin(SHARD << 25, begin + 99);
      expect(table.seek(client(1))).toBe(address);
      table.begin(SHARD << 25, begin + 100);
      expect(table.seek(client(1))).toBe(0);
      expect(table.account(SHARD)).toMatchObject({ entries: 4, live: 0 });
    }
  });

  it.each([2 ** 12, 2 ** 20, 2 ** 30 - 1, 2 ** 30 + 1, 2 ** 31 + 5, 2 ** 32, 2 ** 33 + 7])(
    "reclaims all that is over after a leap of %d ticks, and nothing else",
    (leap) => {
      const table = tableOf(300, 64);
      const now = table.begin(SHARD << 25, 77);
      const lasting = Math.min(leap + 5000, 2 ** 30);
      for (let i = 0; i < 300; i++) {
        table.make(
          client(i),
          now,
          i % 3 === 0 ? lasting : 1 + ((i * 7919) % Math.min(leap, 2 ** 30)),
        );
      }
      let calls = 0;
      const left = lasting > leap ? 100 : 0;
      const late = 77 + leap;
      do {
        table.begin(SHARD << 25, late + (calls === 0 ? 0 : 1023));
        if (++calls > 60) break;
      } while (table.account(SHARD).live > left);
      expect(table.account(SHARD)).toMatchObject({ entries: 300, live: left });
      for (let i = 0; i < 300; i++) {
        expect(table.seek(client(i)) !== 0).toBe(left > 0 && i % 3 === 0);
      }
    },
  );

  it("that is known as a tick does the same", () => {
    const table = tableOf(4);
    table.exports.advanceConnections(SHARD, 0xfffffff0 | 0);
    const address = table.make(client(1), 0xfffffff0, 100);
    table.exports.advanceConnections(SHARD, 83);
    expect(table.seek(client(1))).toBe(address);
    table.exports.advanceConnections(SHARD, 5000);
    expect(table.account(SHARD).live).toBe(0);
  });
});

describe("a full shard", () => {
  it("gives up the oldest that is not assured, never one of the packet at hand", () => {
    const table = tableOf(4);
    const now = table.begin(SHARD << 25, 10);
    const made = [0, 1, 2, 3].map((i) => table.make(client(i), now, 1000 + i));
    table.exports.markAssured(made[0] as number);
    table.begin(SHARD << 25, 11);
    expect(table.seek(client(1))).toBe(made[1]);
    expect(table.make(client(4), now, 1000)).toBe(made[2]);
    expect(table.counter(layout.COUNT_CONNECTIONS_EVICTED)).toBe(1);
    expect(table.seek(client(2))).toBe(0);
    for (const i of [0, 1, 3, 4]) expect(table.seek(client(i))).not.toBe(0);
  });

  it("of assured ones refuses, until one of them has ended", () => {
    const table = tableOf(3);
    const now = table.begin(SHARD << 25, 10);
    const made = [0, 1, 2].map((i) => table.make(client(i), now, 1000));
    for (const entry of made) table.exports.markAssured(entry);
    expect(table.make(client(4), now, 1000)).toBe(DROP_CONNTRACK_FULL);
    table.exports.markEvictable(made[1] as number);
    table.begin(SHARD << 25, 10);
    expect(table.make(client(4), now, 1000)).toBe(made[1]);
    expect(table.counter(layout.COUNT_CONNECTIONS_EVICTED)).toBe(1);
  });
});

describe("clashes", () => {
  it("of both tuples: the packet takes the connection that is there, and is counted in it", () => {
    const table = tableOf(4);
    const now = table.begin(SHARD << 25, 10);
    const first = table.make(client(1), now, 100);
    const entry = table.exports.beginConnection(table.put(client(1)));
    table.exports.countInConnection(entry, false, 1n, 60n);
    const hash = hashOf(client(1), SHARD);
    expect(table.exports.confirmConnection(entry, hash, hash, now)).toBe(CONTINUE);
    expect(table.confirmed).toBe(first);
    expect(table.exports.packetsOf(first, false)).toBe(1n);
    expect(table.counter(layout.COUNT_CONNECTIONS_CREATED)).toBe(1);
  });

  it("of one tuple: replies could not be told apart", () => {
    const table = tableOf(4);
    const now = table.begin(SHARD << 25, 10);
    const backend = { address: [10, 9, 9, 9], port: 8080 };
    const reply = translated(inverse(client(1)), true, backend);
    const first = table.make(client(1), now, 100, reply);
    expect(table.make({ ...client(1), to: backend }, now, 100)).toBe(DROP_NAT_EXHAUSTED);
    const hash = hashOf(reply, SHARD);
    expect(table.exports.isTupleTaken(hash, table.put(reply), 0)).toBe(1);
    expect(table.exports.isTupleTaken(hash, table.put(reply), first)).toBe(0);
    expect(table.exports.isTupleTaken(hash, table.put({ ...reply, zone: 1 }), 0)).toBe(0);
  });

  it("a reply changed later is found under its new hash alone", () => {
    const table = tableOf(4);
    const now = table.begin(SHARD << 25, 10);
    const entry = table.make(client(1), now, 100);
    const end = { address: [10, 9, 9, 9], port: 8080 };
    const reply = translated(inverse(client(1)), true, end);
    expect(table.translate(entry, true, end)).toBe(true);
    const hashes = [hashOf(client(1), SHARD), hashOf(reply, SHARD)] as const;
    expect(table.exports.reindexConnection(entry, ...hashes)).toBe(1);
    expect(table.seek(reply)).toBe(entry);
    expect(table.foundReply).toBe(true);
    expect(table.seek(inverse(client(1)))).toBe(0);
    table.exports.removeConnection(entry, layout.COUNT_CONNECTIONS_DELETED);
    expect(table.leftovers(SHARD)).toBe(0);
  });
});

describe("the index", () => {
  // Four fifths are what it is sized for when NAT changes every connection (connection_sizes.ts).
  it.each([
    [80, 0],
    [95, 0.01],
  ])("at %d %% of its places finds each connection, and is empty afterwards", (load, refused) => {
    const buckets = 256;
    const count = Math.floor((buckets * 8 * load) / 100);
    const table = tableOf(count, buckets);
    const now = table.begin(SHARD << 25, 10);
    const made = Array.from({ length: count }, (_, i) => {
      const address = table.make(client(i), now, 100);
      return address === DROP_CONNTRACK_FULL ? 0 : address;
    });
    const without = made.filter((address) => address === 0).length;
    expect(without).toBeLessThanOrEqual(count * refused);
    expect(table.account(SHARD)).toMatchObject({ entries: count, live: count - without });
    expect(made.every((address, i) => table.seek(inverse(client(i))) === address)).toBe(true);
    const remove = (first: number) => {
      for (let i = first; i < count; i += 2) {
        if (made[i] === 0) continue;
        table.exports.removeConnection(made[i] as number, layout.COUNT_CONNECTIONS_DELETED);
      }
    };
    remove(0);
    expect(made.every((at, i) => table.seek(client(i)) === (i % 2 === 0 ? 0 : at))).toBe(true);
    remove(1);
    expect(table.leftovers(SHARD)).toBe(0);
    expect(table.account(SHARD)).toMatchObject({ entries: count, live: 0 });
  });

  it("without room for a connection refuses it, and keeps nothing of it", () => {
    const table = tableOf(40, 2);
    const now = table.begin(SHARD << 25, 10);
    const made = Array.from({ length: 40 }, (_, i) => table.make(client(i), now, 100));
    expect(made).toContain(DROP_CONNTRACK_FULL);
    const { live, entries } = table.account(SHARD);
    expect(live).toBe(made.filter((address) => address > 1000).length);
    expect(live).toBeLessThanOrEqual(16);
    expect(entries).toBe(40);
  });
});

describe("events", () => {
  it("tell of what begins and ends, with the extension; what is not read is counted", () => {
    const table = tableOf(4);
    const { region } = table;
    region.setU32(layout.CONTROL_CONNECTION_EVENTS, 1);
    const now = table.begin(SHARD << 25, 10);
    const address = table.make(client(1), now, 100);
    region.u8[table.exports.ensureExtension(address) + layout.EXTENSION_LABEL] = 0x77;
    table.exports.removeConnection(address, layout.COUNT_CONNECTIONS_DELETED);
    const ring = region.base(layout.REGION_CONNECTION_EVENTS);
    const second = ring + layout.EVENT_BYTES;
    expect(region.getU32(ring + layout.EVENT_KIND)).toBe(layout.EVENT_NEW);
    expect(region.getU32(second + layout.EVENT_KIND)).toBe(layout.EVENT_DESTROY);
    const copy = second + layout.EVENT_CONNECTION;
    expect(region.u8[copy + layout.CONNECTION_PROTOCOL]).toBe(6);
    expect(region.u8[copy + layout.CONNECTION_STRIDE + layout.EXTENSION_LABEL]).toBe(0x77);
    expect(region.getU32(copy) & layout.CT_DYING).toBe(layout.CT_DYING);
    const room = Math.floor(layout.EVENT_RING_BYTES / layout.EVENT_BYTES);
    for (let events = 2; events < room + 6; events += 2) {
      const entry = table.make(client(1), now, 100);
      table.exports.removeConnection(entry, layout.COUNT_CONNECTIONS_DELETED);
    }
    const lost = table.counter(layout.COUNT_EVENTS_LOST);
    expect(lost).toBeGreaterThan(0);
    expect(region.getU32(region.worker(0) + layout.WORKER_EVENT_HEAD)).toBeLessThanOrEqual(
      layout.EVENT_RING_BYTES,
    );
  });
});

describe("memory", () => {
  it("a million connections take at most 192 bytes each, all counted", () => {
    const limits = { flows: 1_000_000, flowExtensions: 65_536, expectations: 0, datagrams: 0 };
    const model = { conntrack: { enabled: true }, engine: { limits }, services: [] };
    const sizes = connectionSizes(model as unknown as Parameters<typeof connectionSizes>[0]);
    const shard =
      shardConnectionBytes({ ...SMALL_SIZES, ...sizes }) +
      sizes.extensions * layout.EXTENSION_STRIDE;
    expect((shard * layout.SHARDS) / 1e6).toBeLessThanOrEqual(192);
    expect((sizes.connections - 1) * layout.SHARDS).toBeGreaterThan(1e6);
  });
});
