// A classifier in a memory of its own, with the kernel's look-up over it.

import * as layout from "../../assembly/layout.ts";
import { Classifier, type RowMatch } from "../../src/compile/classifier.ts";
import { Arena } from "../../src/memory/arena.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { compileKernel, instantiate } from "./compile.ts";
import { SMALL_SIZES } from "./memory_sizes.ts";

/** What test/assembly/classifier_entry.ts exports. */
export interface ClassifierKernel {
  openDirectory(worker: number): number;
  readModes(): void;
  match(table: number, key: number, below: bigint, now: bigint): number;
  matchMany(table: number, keys: number, numbers: number, count: number): void;
}

let compiled: Promise<WebAssembly.Module> | undefined;
export function classifierKernel(): Promise<WebAssembly.Module> {
  compiled ??= compileKernel("test/assembly/classifier_entry.ts");
  return compiled;
}

/** Keys that fit into the memory at a time. */
export const MOST_KEYS = 4096;

export class ClassifierRig {
  readonly region: Region;
  readonly arena: Arena;
  readonly classifier: Classifier;
  /** Where keys may be written, and what was found for them. */
  readonly keys: number;
  readonly #numbers: number;
  readonly #module: WebAssembly.Module;
  #worker: ClassifierKernel | undefined;

  constructor(module: WebAssembly.Module, flows: number, ruleBytes: number, workers = 1) {
    this.#module = module;
    const sizes = { ...SIZES, queues: workers, flows, ruleBytes };
    this.region = new Region(planMemory(sizes));
    this.arena = new Arena(this.region, layout.REGION_RULES, "the tests", "engine.limits.rules");
    this.classifier = new Classifier(this.region, this.arena);
    this.keys = this.region.base(layout.REGION_LPM);
    this.#numbers = this.keys + MOST_KEYS * layout.KEY_BYTES;
  }

  /** Address of a table. */
  table(number: number): number {
    return this.region.base(layout.REGION_TABLES) + number * layout.TABLE_STRIDE;
  }

  publish(version: number): void {
    this.region.publish(layout.CONTROL_TABLES_WRITING, version);
    this.region.publish(layout.CONTROL_TABLES_VERSION, version);
  }

  /** A worker of its own, which has read the version of this moment. */
  openWorker(number: number): ClassifierKernel {
    const worker = instantiate<ClassifierKernel>(this.#module, this.region.memory);
    worker.openDirectory(number);
    return worker;
  }

  writeKey(key: Uint32Array, place = 0): number {
    const address = this.keys + place * layout.KEY_BYTES;
    this.region.u32.set(key, address >>> 2);
    return address;
  }

  /** What a worker finds for each of `count` keys that are written from `keys` on. */
  matchMany(table: number, count: number): Uint32Array {
    this.#worker ??= this.openWorker(0);
    this.#worker.readModes();
    this.#worker.matchMany(this.table(table), this.keys, this.#numbers, count);
    return this.region.u32.slice(this.#numbers >>> 2, (this.#numbers >>> 2) + count);
  }
}

const SIZES = {
  ...SMALL_SIZES,
  lpmBytes: MOST_KEYS * (layout.KEY_BYTES + 4),
  flowCounters: 1,
};

/** A match of these words of the key. */
export function rowMatch(mask: Uint32Array, value: Uint32Array): RowMatch {
  return { mask, value, predicates: 0, rangeOffset: 0, rangeLow: 0, rangeHigh: 0xffff };
}
