// The look-up of the kernels, the host's own match and a slow twin agree: on real tables, before
// and after churn, and while a worker looks up as the host changes the table.

import { existsSync, readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { estimateLpmBytes, LpmArena, LpmTable } from "../../src/compile/lpm.ts";
import {
  type Family,
  filled,
  Prefixes,
  Random,
  randomAddress,
  readPrefixes,
  SlowTable,
  type Words,
  words,
} from "../compile/lpm_twin.ts";
import { compileKernel, instantiate, newMemory } from "../support/compile.ts";

interface Kernel {
  lookup4(root: number, address: number): number;
  lookup6(root: number, high: bigint, low: bigint): number;
  lookupMany4(root: number, addresses: number, values: number, count: number): void;
  lookupMany6(root: number, addresses: number, values: number, count: number): void;
}

const BATCH = 65536;
/** Memory of these tests: addresses and values of a batch, then the tables. */
const ADDRESSES = 65536;
const VALUES = ADDRESSES + BATCH * 16;
const TABLES = VALUES + BATCH * 4;

const SHARED = new URL("../../../shared/data/", import.meta.url);
const SHARED_ROUTES = new URL("routes/bgp-ipv4-full.txt.gz", SHARED);
const SHARED_LPM6 = new URL("vectors/dpdk-lpm6-routes.json", SHARED);
const noRoutes = !existsSync(SHARED_ROUTES);
const noLpm6 = !existsSync(SHARED_LPM6);

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileKernel("test/assembly/lpm_entry.ts");
});

/** A table, its twin and the kernel to ask. */
class Bench {
  readonly twin: SlowTable;
  readonly arena: LpmArena;
  readonly table: LpmTable;
  readonly memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  readonly #family: Family;
  readonly #words: Uint32Array;

  constructor(family: Family, bytes: number) {
    this.#family = family;
    this.memory = newMemory(Math.ceil((TABLES + bytes) / 65536));
    this.arena = new LpmArena(this.memory.buffer, TABLES, bytes);
    this.table = new LpmTable(this.arena, family);
    this.twin = new SlowTable(family);
    this.#kernel = instantiate<Kernel>(module, this.memory);
    this.#words = new Uint32Array(this.memory.buffer);
  }

  insert(length: number, value: number, words: Words): void {
    this.table.insert(length, value, words[0], words[1], words[2], words[3]);
    this.twin.set(length, value, words);
  }

  delete(length: number, words: Words): void {
    const there = this.table.delete(length, words[0], words[1], words[2], words[3]);
    if (this.twin.delete(length, words) !== there) throw new Error(`delete ${words}/${length}`);
  }

  /** Asks kernel, host and twin for as many addresses. @returns the disagreements */
  disagreements(count: number, random: Random, prefixes: Prefixes): string[] {
    const wrong: string[] = [];
    for (let done = 0; done < count; done += BATCH) {
      const batch: Words[] = [];
      while (batch.length < Math.min(BATCH, count - done)) {
        batch.push(randomAddress(random, prefixes));
      }
      const values = this.lookup(batch);
      for (let at = 0; at < batch.length; at++) {
        const words = batch[at]!;
        const twin = this.twin.match(words);
        const host = this.table.match(words[0], words[1], words[2], words[3]);
        const same = twin?.value === host?.value && twin?.length === host?.length;
        if (same && values[at] === (twin?.value ?? 0)) continue;
        wrong.push(JSON.stringify({ words, twin, host, kernel: values[at] }));
      }
    }
    return wrong;
  }

  lookup(batch: readonly Words[]): Uint32Array {
    const words = this.#words;
    for (let at = 0; at < batch.length; at++) {
      const address = batch[at]!;
      for (let word = 0; word < 4; word++) words[ADDRESSES / 4 + at * 4 + word] = address[word]!;
    }
    const many = this.#family === 4 ? this.#kernel.lookupMany4 : this.#kernel.lookupMany6;
    many(this.table.root, ADDRESSES, VALUES, batch.length);
    return words.subarray(VALUES / 4, VALUES / 4 + batch.length);
  }
}

/** Random inserts, value changes and deletes, in commits of 1 to 256. */
function churn(bench: Bench, family: Family, count: number, random: Random, known: Prefixes) {
  for (let left = count; left > 0; ) {
    const batch = Math.min(left, 1 + random.below(random.below(4) === 0 ? 256 : 4));
    for (let change = 0; change < batch; change++) {
      const place = random.below(known.count);
      const length = known.lengthAt(place);
      const value = 1 + random.below(1 << 30);
      const kind = random.below(4);
      if (kind < 2) bench.delete(length, known.wordsAt(place));
      else if (kind === 2) bench.insert(length, value, known.wordsAt(place));
      else {
        const longer = Math.min(family === 4 ? 32 : 128, random.below(16) + length);
        const words = randomAddress(random, known);
        known.add(longer, words);
        bench.insert(longer, value, words);
      }
    }
    bench.table.commit();
    if (random.below(8) === 0) bench.arena.reclaim();
    left -= batch;
  }
}

function compare(bench: Bench, family: Family, known: Prefixes, asked: number, changes: number) {
  const random = new Random(20 + family);
  for (let at = 0; at < known.count; at++) {
    bench.insert(known.lengthAt(at), at + 1, known.wordsAt(at));
  }
  bench.table.commit();
  expect(bench.table.size).toBe(known.count);
  expect(bench.disagreements(asked, random, known)).toEqual([]);
  churn(bench, family, changes, random, known);
  expect(bench.table.size).toBe(bench.twin.size);
  expect(bench.disagreements(asked, random, known)).toEqual([]);
}

describe.each([4, 6] as const)("IPv%i", (family) => {
  it("agrees on a sample of the internet's table, also after churn", () => {
    const known = readPrefixes(new URL(`../data/routes/bgp-ipv${family}.txt.gz`, import.meta.url));
    compare(new Bench(family, 8 << 20), family, known, 100_000, 20_000);
  });

  it.skipIf(noRoutes)(
    "agrees on the full table, 2 million addresses, also after 100 000 changes " +
      "(needs ../shared/data/routes)",
    { timeout: 300_000 },
    () => {
      const known = readPrefixes(new URL(`routes/bgp-ipv${family}-full.txt.gz`, SHARED));
      const bytes =
        family === 4 ? estimateLpmBytes(known.count, 0, 1) : estimateLpmBytes(0, known.count, 1);
      compare(new Bench(family, bytes), family, known, 2_000_000, 100_000);
    },
  );
});

it.skipIf(noLpm6)(
  "agrees on 1000 random IPv6 routes of all lengths (needs ../shared/data/vectors)",
  () => {
    const { routes: rows } = JSON.parse(readFileSync(SHARED_LPM6, "utf8")) as {
      routes: [string, number, number][];
    };
    const known = new Prefixes();
    const bench = new Bench(6, estimateLpmBytes(0, rows.length, 1));
    for (const [text, length, nextHop] of rows) {
      known.add(length, words(text));
      bench.insert(length, nextHop + 1, words(text));
    }
    bench.table.commit();
    expect(bench.disagreements(100_000, new Random(5), known)).toEqual([]);
  },
);

// The worker asks for the same addresses over and over. Each address has a set of answers that are
// right at some time; the last two never change. After each round it counts a burst.
const READER = `
const { parentPort, workerData } = require("node:worker_threads");
const { module, memory, root, asked, bursts } = workerData;
const { lookup4 } = new WebAssembly.Instance(module, { env: { memory } }).exports;
const words = new Int32Array(memory.buffer);
let wrong = 0;
let looked = 0;
while (Atomics.load(words, bursts + 1) === 0) {
  for (const { address, answers } of asked) {
    looked++;
    if (!answers.includes(lookup4(root, address))) wrong++;
  }
  Atomics.add(words, bursts, 1);
  Atomics.notify(words, bursts);
}
parentPort.postMessage({ wrong, looked });
`;

it("a worker that looks up meanwhile sees each change whole", async () => {
  const bench = new Bench(4, (256 << 10) + 64 * 300);
  const { arena, table, memory } = bench;
  const base = words("10.1.0.0")[0];
  const asked: { address: number; answers: number[] }[] = [];
  // Every fourth /24 stays; the others come and go below a /16 that stays, some with /30s inside.
  table.insert(16, 1, base);
  for (let third = 0; third < 256; third++) {
    const address = base + third * 256 + 1;
    const stays = third % 4 === 0;
    if (stays) table.insert(24, 1000 + third, address);
    asked.push({ address, answers: stays ? [1000 + third] : [1, 2000 + third, 3000 + third] });
  }
  table.commit();
  const control = new Int32Array(memory.buffer);
  const bursts = 16;
  const workerData = { module, memory, root: table.root, asked, bursts };
  const worker = new Worker(READER, { eval: true, workerData });
  const report = new Promise<{ wrong: number; looked: number }>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  onTestFinished(() => void worker.terminate());
  const random = new Random(9);
  const passed = () => {
    const before = Atomics.load(control, bursts);
    // The round at hand may have begun before the commit: the one after it has not.
    while (Atomics.load(control, bursts) - before < 2) {
      Atomics.wait(control, bursts, Atomics.load(control, bursts), 50);
    }
  };
  await new Promise((resolve) => worker.once("online", resolve));
  for (let round = 0; round < 400; round++) {
    for (let commit = 0; commit < 8; commit++) {
      for (let change = random.below(6); change >= 0; change--) {
        const third = random.below(64) * 4 + 1 + random.below(3);
        const prefix = base + third * 256;
        const length = third % 16 === 1 ? 30 : 24;
        if (random.below(2) === 0) table.delete(length, prefix);
        else table.insert(length, (length === 30 ? 3000 : 2000) + third, prefix);
      }
      table.commit();
    }
    const { ticket } = arena;
    passed();
    arena.reclaim(ticket);
    expect(arena.waiting).toBe(0);
  }
  Atomics.store(control, bursts + 1, 1);
  const { wrong, looked } = await report;
  expect(wrong).toBe(0);
  expect(looked).toBeGreaterThan(800 * asked.length);
});

it("single look-ups take addresses in host order", () => {
  const bench4 = new Bench(4, 1 << 20);
  const bench6 = new Bench(6, 1 << 20);
  bench4.table.insert(24, 7, words("192.0.2.0")[0]);
  bench6.table.insert(64, 8, ...words("2001:db8:0:1::"));
  bench6.table.insert(128, 9, ...words("2001:db8:0:1::ffff:1"));
  bench4.table.commit();
  bench6.table.commit();
  const { lookup4 } = instantiate<Kernel>(module, bench4.memory);
  const { lookup6 } = instantiate<Kernel>(module, bench6.memory);
  expect(lookup4(bench4.table.root, 0xc00002ff)).toBe(7);
  expect(lookup4(bench4.table.root, 0xc0000300)).toBe(0);
  expect(lookup6(bench6.table.root, 0x20010db800000001n, 0xffff0000n)).toBe(8);
  expect(lookup6(bench6.table.root, 0x20010db800000001n, 0xffff0001n)).toBe(9);
  expect(lookup6(bench6.table.root, 0x20010db800000002n, 0n)).toBe(0);
});

it("the words of a prefix beyond its length do not matter", () => {
  const bench = new Bench(6, 1 << 20);
  const noisy = filled(words("2001:db8::"), 36, words("ffff:ffff:ffff:ffff:ffff:ffff::1"));
  bench.table.insert(36, 3, ...noisy);
  bench.table.commit();
  expect([...bench.lookup([words("2001:db8:fff::"), words("2001:db8:1000::")])]).toEqual([3, 0]);
  expect(bench.table.get(36, ...words("2001:db8:5::"))).toBe(3);
});
