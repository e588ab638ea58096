// The classifier against its twin: random rows come and go in bundles while two workers, at
// different versions, look up; and no memory is lost.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../../src/errors.ts";
import { ClassifierRig, classifierKernel, rowMatch } from "../support/classifier.ts";
import { Random } from "../support/random.ts";
import { randomKey, randomMatch } from "../support/rows.ts";
import { SlowClassifier } from "../twin/classifier.ts";

const TABLES = 2;
const FLOWS = 500;
const HIGHEST = 2n ** 64n - 1n;

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await classifierKernel();
});

/** Classifier, twin, and two workers that read the version when they are told to. */
class Pair {
  readonly rig: ClassifierRig;
  readonly twin = new SlowClassifier();
  readonly #random: Random;
  readonly #workers;
  readonly #seen: number[];
  #version: number;
  #serial = 0;
  /** Handles of rows that are there; and what the bundle at hand has added and removed. */
  readonly #live: number[] = [];
  #added: number[] = [];
  #removed: number[] = [];
  readonly #twins = new Map<number, number>();

  constructor(seed: number, version: number) {
    this.rig = new ClassifierRig(module, FLOWS, 4 << 20, 2);
    this.#random = new Random(seed);
    this.#version = version;
    this.rig.publish(version);
    this.#workers = [0, 1].map((number) => this.rig.openWorker(number));
    this.#seen = [version, version];
  }

  get #next(): number {
    return (this.#version + 1) >>> 0 || 1;
  }

  insert(): void {
    const random = this.#random;
    // Few priorities; sometimes the order of another row (a flow with several rows).
    const again = this.#serial > 0 && random.oneIn(8);
    const order = 0xffffffff - (again ? this.#serial - 1 : this.#serial++);
    const rank = { priority: random.oneIn(20) ? 65535 : (order % 3) * 10, order };
    const table = random.below(TABLES);
    const flow = 1 + ((0xffffffff - order) % (FLOWS - 1));
    const match = randomMatch(random);
    const handle = this.rig.classifier.insert(table, rank, flow, match, this.#next);
    const number = this.#twins.size;
    this.#twins.set(number, handle);
    this.twin.insert(number, table, rank, flow, match, this.#next);
    this.#live.push(number);
    this.#added.push(number);
  }

  remove(): void {
    if (this.#live.length === 0) return;
    const at = this.#random.below(this.#live.length);
    const number = this.#live[at]!;
    this.#live[at] = this.#live.at(-1)!;
    this.#live.pop();
    this.#removed.push(number);
    this.rig.classifier.remove(this.#twins.get(number)!, this.#next);
    this.twin.remove(number, this.#next);
  }

  publish(): void {
    this.#version = this.#next;
    this.rig.publish(this.#version);
    this.#added = [];
    this.#removed = [];
  }

  /** Takes the bundle at hand back. */
  rollback(): void {
    const isNew = new Set(this.#added);
    for (const number of this.#removed.filter((removed) => !isNew.has(removed))) {
      this.rig.classifier.restore(this.#twins.get(number)!);
      this.twin.restore(number);
      this.#live.push(number);
    }
    for (const number of this.#added.filter((added) => this.#live.includes(added))) {
      this.rig.classifier.remove(this.#twins.get(number)!, this.#next);
      this.twin.remove(number, this.#next);
      this.#live.splice(this.#live.indexOf(number), 1);
    }
    this.#added = [];
    this.#removed = [];
  }

  /** A worker begins a burst. */
  look(worker: number): void {
    this.#workers[worker]!.readModes();
    this.#seen[worker] = this.#version;
  }

  settle(): void {
    const behind = this.#seen.map((seen) => (this.#version - seen) >>> 0);
    this.rig.classifier.settle((this.#version - Math.max(...behind)) >>> 0);
  }

  /** All flows that match a key, from the highest rank down, as each worker sees them. */
  compare(): void {
    const key = randomKey(this.#random);
    const address = this.rig.writeKey(key);
    const table = this.#random.below(TABLES);
    for (const [number, worker] of this.#workers.entries()) {
      let below = HIGHEST;
      for (let step = 0; step < 6; step++) {
        const expected = this.twin.lookup(table, key, below, this.#seen[number]!);
        const found = worker.match(this.rig.table(table), address, below, 0n);
        expect(found).toBe(expected?.flow ?? 0);
        if (expected === undefined) break;
        below = this.#random.oneIn(3) ? expected.rank + 1n : expected.rank;
        if (below !== expected.rank) below = expected.rank - BigInt(this.#random.below(2 ** 20));
      }
    }
  }

  empty(): void {
    while (this.#live.length > 0) this.remove();
    this.publish();
    this.look(0);
    this.look(1);
    this.settle();
    // What was unlinked waits until workers have begun a burst under a later version.
    this.publish();
    this.look(0);
    this.look(1);
    this.settle();
  }
}

const STEPS = ["insert", "insert", "insert", "remove", "publish", "settle", "rollback"] as const;

describe("random rows", () => {
  it.each([
    ["at first", 1],
    ["when versions wrap around", 2 ** 32 - 20],
    ["when versions change their sign", 2 ** 31 - 20],
  ])("are found as the twin finds them, %s", (_, version) => {
    const property = fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const pair = new Pair(seed, version);
      for (let step = 0; step < 120; step++) {
        const kind = STEPS[random.below(STEPS.length)]!;
        const times = kind === "insert" || kind === "remove" ? 1 + random.below(12) : 1;
        for (let time = 0; time < times; time++) pair[kind]();
        if (random.oneIn(3)) pair.look(random.below(2));
        pair.compare();
      }
      pair.publish();
      pair.empty();
      expect(pair.rig.arena.used).toBe(0);
      pair.compare();
    });
    fc.assert(property, { seed: 42, numRuns: 15 });
  });
});

it("many rows of one mask share a subtable, and leave nothing behind", () => {
  const rig = new ClassifierRig(module, 3, 16 << 20);
  const mask = new Uint32Array(60);
  mask[1] = 0xffffffff;
  mask[2] = 0xffff0000;
  const handles: number[] = [];
  for (let number = 0; number < 20_000; number++) {
    const value = new Uint32Array(60);
    value[1] = number >>> 4;
    value[2] = (number & 15) << 16;
    const rank = { priority: 7, order: 0xffffffff - number };
    handles.push(rig.classifier.insert(0, rank, 1 + (number & 1), rowMatch(mask, value), 1));
  }
  rig.publish(1);
  rig.classifier.settle(1);
  expect(rig.classifier.subtables(0)).toBe(1);
  for (const [place, number] of [0, 5, 77, 12_345, 19_999].entries()) {
    const key = new Uint32Array(60).fill(0xabcdef01);
    key[1] = number >>> 4;
    key[2] = ((number & 15) << 16) | 0x1234;
    rig.writeKey(key, place);
  }
  expect([...rig.matchMany(0, 5)]).toEqual([1, 2, 2, 2, 2]);
  const full = rig.arena.used;
  for (const handle of handles) rig.classifier.remove(handle, 2);
  rig.publish(2);
  rig.classifier.settle(2);
  expect([...rig.matchMany(0, 5)]).toEqual([0, 0, 0, 0, 0]);
  expect(rig.arena.used).toBeGreaterThan(full / 2);
  rig.classifier.settle(3);
  expect(rig.arena.used).toBe(0);
});

it("more subtables than the filter has bits for are all looked at", () => {
  const rig = new ClassifierRig(module, FLOWS, 4 << 20);
  const random = new Random(8);
  const twin = new SlowClassifier();
  const rows: { mask: Uint32Array; value: Uint32Array }[] = [];
  // Masks of which none is part of another.
  for (let first = 0; first < 32; first++) {
    for (let second = 0; second < 8; second++) {
      const mask = new Uint32Array(60).fill((1 << first) >>> 0, 5, 6);
      mask[28 + second] = 0xff;
      const value = mask.map((word) => (word & random.next()) >>> 0);
      rows.push({ mask, value });
    }
  }
  const handles = rows.map(({ mask, value }, number) => {
    const rank = { priority: random.below(5), order: 0xffffffff - number };
    const flow = 1 + number;
    twin.insert(number, 0, rank, flow, rowMatch(mask, value), 1);
    return rig.classifier.insert(0, rank, flow, rowMatch(mask, value), 1);
  });
  rig.publish(1);
  rig.classifier.settle(1);
  expect(rig.classifier.subtables(0)).toBe(256);
  const keys = Array.from({ length: 1000 }, () =>
    rows[random.below(256)]!.value.map((word) => (word | (random.next() & 0xff)) >>> 0),
  );
  for (const [place, key] of keys.entries()) rig.writeKey(key, place);
  const expected = keys.map((key) => twin.lookup(0, key, HIGHEST, 1)?.flow ?? 0);
  expect(new Set(expected).size).toBeGreaterThan(100);
  expect([...rig.matchMany(0, keys.length)]).toEqual(expected);
  for (const handle of handles) rig.classifier.remove(handle, 2);
  rig.publish(2);
  rig.classifier.settle(2, true);
  expect(rig.arena.used).toBe(0);
});

it("buckets shrink when most of their rows have gone", () => {
  const rig = new ClassifierRig(module, 3, 16 << 20);
  const mask = new Uint32Array(60).fill(0xffffffff, 0, 1);
  const handles = Array.from({ length: 10_000 }, (_, number) => {
    const match = rowMatch(mask, new Uint32Array(60).fill(number, 0, 1));
    return rig.classifier.insert(0, { priority: 1, order: number }, 1, match, 1);
  });
  for (const handle of handles.slice(100)) rig.classifier.remove(handle, 2);
  rig.publish(2);
  rig.classifier.settle(2, true);
  rig.writeKey(new Uint32Array(60).fill(99));
  rig.writeKey(new Uint32Array(60).fill(100), 1);
  expect([...rig.matchMany(0, 2)]).toEqual([1, 0]);
  expect(rig.arena.used).toBeLessThan(100 * 64 + 20_000);
});

it("refuses a row there is no memory for, and goes on with those it has", () => {
  const rig = new ClassifierRig(module, FLOWS, 24 << 10);
  const random = new Random(3);
  const twin = new SlowClassifier();
  const handles: number[] = [];
  let refused: unknown;
  for (let number = 0; refused === undefined; number++) {
    const rank = { priority: 1, order: 0xffffffff - number };
    const match = randomMatch(random);
    try {
      handles.push(rig.classifier.insert(0, rank, 1 + (number % 400), match, 1));
      twin.insert(number, 0, rank, 1 + (number % 400), match, 1);
    } catch (error) {
      refused = error;
    }
  }
  expect(refused).toBeInstanceOf(SluiceError);
  expect(refused).toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect(String(refused)).toContain("engine.limits.rules");
  expect(handles.length).toBeGreaterThan(100);
  rig.publish(1);
  // No memory for a list in better order either.
  rig.classifier.settle(1);
  const keys = Array.from({ length: 500 }, () => randomKey(random));
  for (const [place, key] of keys.entries()) rig.writeKey(key, place);
  const expected = keys.map((key) => twin.lookup(0, key, HIGHEST, 1)?.flow ?? 0);
  expect([...rig.matchMany(0, keys.length)]).toEqual(expected);
  for (const handle of handles) rig.classifier.remove(handle, 2);
  rig.publish(2);
  rig.classifier.settle(2, true);
  expect(rig.arena.used).toBe(0);
});

it("flows whose time is over do not match, those behind them do", () => {
  const rig = new ClassifierRig(module, 4, 1 << 20);
  const everything = rowMatch(new Uint32Array(60), new Uint32Array(60));
  for (const flow of [1, 2, 3]) {
    rig.classifier.insert(0, { priority: 10 - flow, order: 5 }, flow, everything, 1);
  }
  rig.publish(1);
  const entry = rig.region.base(layout.REGION_FLOWS) + layout.FLOW_STRIDE;
  rig.region.setU32(entry + layout.FLOW_FLAGS, layout.FLOW_HAS_TIMEOUT);
  rig.region.setU64(entry + layout.FLOW_DEADLINE, 1000n);
  const worker = rig.openWorker(0);
  const key = rig.writeKey(new Uint32Array(60));
  expect(worker.match(rig.table(0), key, HIGHEST, 999n)).toBe(1);
  expect(worker.match(rig.table(0), key, HIGHEST, 1000n)).toBe(2);
  expect(worker.match(rig.table(0), key, (8n << 32n) | 5n, 1000n)).toBe(3);
});
