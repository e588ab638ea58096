// A worker in a thread of its own looks up while the host adds, removes and reuses rows: it sees
// each bundle whole, and never memory that has become something else.

import { Worker } from "node:worker_threads";
import { expect, it, onTestFinished } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { ClassifierRig, classifierKernel, MOST_KEYS, rowMatch } from "../support/classifier.ts";
import { Random } from "../support/random.ts";

/** Pairs of keys; the flows of a pair come and go together. */
const PAIRS = 300;
const FIRST_FLOW = 2;
const TABLE = 1;
/** Versions the worker may be behind. */
const MOST_BEHIND = 20;

// Key i of pair p has flow FIRST_FLOW + 2 p + i at times, and flow 1 always.
const READER = `
const { parentPort, workerData } = require("node:worker_threads");
const { module, memory, table, keys, pairs, stop, highest } = workerData;
const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports;
const words = new Int32Array(memory.buffer);
kernel.openDirectory(0);
const found = [0, 0];
let wrong = 0;
let bursts = 0;
let hits = 0;
while (Atomics.load(words, stop) === 0) {
  kernel.readModes();
  for (let pair = 0; pair < pairs; pair++) {
    for (let side = 0; side < 2; side++) {
      const number = 2 * pair + side;
      found[side] = kernel.match(table, keys + number * 240, highest, 0n);
      if (found[side] !== 1 && found[side] !== 2 + number) wrong++;
    }
    if ((found[0] === 1) !== (found[1] === 1)) wrong++;
    if (found[0] !== 1) hits++;
  }
  bursts++;
}
parentPort.postMessage({ wrong, bursts, hits });
`;

function keyOf(number: number): Uint32Array {
  const key = new Uint32Array(layout.KEY_BYTES / 4);
  // Numbers differ in the last octets of either address: coarse subtables fill, and are refined.
  key[0] = ((number & 255) << 24) | ((number >>> 8) << 16);
  key[1] = ((number & 15) << 24) | ((number >>> 4) << 16);
  key[2] = (number % 5) << 16;
  key[6] = number % 7;
  return key;
}

/** A row of that key alone, under one of several masks. */
function matchOf(number: number, random: Random) {
  const mask = new Uint32Array(layout.KEY_BYTES / 4);
  const which = random.below(3);
  if (which !== 0) mask[0] = 0xffffffff;
  if (which !== 1) mask[1] = 0xffffffff;
  if (random.oneIn(2)) mask[2] = 0xffff0000;
  if (random.oneIn(3)) mask[6] = 0xffffffff;
  return rowMatch(
    mask,
    keyOf(number).map((word, at) => (word & mask[at]!) >>> 0),
  );
}

/** Rows that come and go in bundles; their memory is used again as soon as it may be. */
class Churn {
  readonly #rig: ClassifierRig;
  readonly #random = new Random(11);
  readonly #handles: (readonly number[] | undefined)[] = new Array(PAIRS);
  #version = 1;
  #order = 0xffffffff;

  constructor(rig: ClassifierRig) {
    this.#rig = rig;
    const everything = rowMatch(new Uint32Array(60), new Uint32Array(60));
    rig.classifier.insert(TABLE, { priority: 0, order: 9 }, 1, everything, this.#version);
    rig.publish(this.#version);
  }

  /** One bundle. */
  change(): void {
    const { classifier, region } = this.#rig;
    this.#version++;
    const count = this.#random.oneIn(10) ? PAIRS : 1 + this.#random.below(8);
    for (let change = 0; change < count; change++) this.#toggle(this.#random.below(PAIRS));
    this.#rig.publish(this.#version);
    const at = region.worker(0) + layout.WORKER_TABLES_VERSION;
    let seen = region.observe(at);
    // A worker that gets no processor for a while must not make memory run out.
    for (let wait = 0; this.#version - seen > MOST_BEHIND; seen = region.observe(at)) {
      if (wait++ > 20_000) throw new Error("the worker does not go on");
      Atomics.wait(region.i32, at >>> 2, seen, 1);
    }
    classifier.settle(seen);
  }

  #toggle(pair: number): void {
    const { classifier } = this.#rig;
    const handles = this.#handles[pair];
    if (handles !== undefined) {
      for (const handle of handles) classifier.remove(handle, this.#version);
      this.#handles[pair] = undefined;
      return;
    }
    this.#handles[pair] = [0, 1].map((side) => {
      const number = 2 * pair + side;
      const rank = { priority: 1 + this.#random.below(3), order: this.#order-- };
      const match = matchOf(number, this.#random);
      return classifier.insert(TABLE, rank, FIRST_FLOW + number, match, this.#version);
    });
  }
}

it("a worker that looks up meanwhile sees each bundle whole", async () => {
  const module = await classifierKernel();
  const rig = new ClassifierRig(module, FIRST_FLOW + 2 * PAIRS, 2 << 20);
  const churn = new Churn(rig);
  for (let number = 0; number < 2 * PAIRS; number++) rig.writeKey(keyOf(number), number);
  const stop = (rig.keys >>> 2) + MOST_KEYS * 60;
  const worker = new Worker(READER, {
    eval: true,
    workerData: {
      module,
      memory: rig.region.memory,
      table: rig.table(TABLE),
      keys: rig.keys,
      pairs: PAIRS,
      stop,
      highest: 2n ** 64n - 1n,
    },
  });
  const report = new Promise<{ wrong: number; bursts: number; hits: number }>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  onTestFinished(() => void worker.terminate());
  await new Promise((resolve) => worker.once("online", resolve));
  let highest = 0;
  let subtables = 0;
  const end = performance.now() + 1000;
  for (let changes = 0; performance.now() < end || changes < 200; changes++) {
    churn.change();
    highest = Math.max(highest, rig.arena.used);
    subtables = Math.max(subtables, rig.classifier.subtables(TABLE));
  }
  Atomics.store(rig.region.i32, stop, 1);
  const { wrong, bursts, hits } = await report;
  expect(wrong).toBe(0);
  expect(bursts).toBeGreaterThan(3);
  expect(hits).toBeGreaterThan(0);
  expect(subtables).toBeGreaterThan(5);
  // Memory was used again, else it would not have been enough.
  expect(highest).toBeLessThan(2 << 20);
});
