// Predicates and sets in a memory of their own, and a kernel that reads them.

import * as layout from "../../assembly/layout.ts";
import { type KeyField, MaskedKey } from "../../src/compile/key.ts";
import { type PredicateModel, Predicates } from "../../src/compile/predicates.ts";
import { SetTable } from "../../src/compile/sets.ts";
import type { FieldValue, SetModel } from "../../src/config/model.ts";
import { Arena } from "../../src/memory/arena.ts";
import type { Region } from "../../src/memory/region.ts";
import { compileKernel, instantiate } from "./compile.ts";
import { flowMemory } from "./flow_memory.ts";

interface PredicateKernel {
  openDirectory(worker: number): number;
  readModes(): void;
  predicatesHold(address: number, key: number): number;
}

export const predicateModule = await compileKernel("test/assembly/predicate_entry.ts");

export interface RulesOptions {
  readonly sets?: readonly SetModel[];
  readonly ruleBytes?: number;
  readonly setElements?: number;
}

export class RulesRig {
  readonly region: Region;
  readonly arena: Arena;
  readonly sets: SetTable;
  readonly predicates: Predicates;
  readonly kernel: PredicateKernel;
  readonly key: number;
  readonly #scratch = new MaskedKey();

  constructor({ sets = [], ruleBytes = 1 << 20, setElements = 100_000 }: RulesOptions = {}) {
    this.region = flowMemory({ ruleBytes });
    this.arena = new Arena(this.region, layout.REGION_RULES, "the tests", "engine.limits.rules");
    this.sets = new SetTable(this.region, this.arena, sets, setElements);
    this.predicates = new Predicates(this.region, this.arena, this.sets);
    this.key = this.region.base(layout.REGION_LPM);
    this.publish(1);
    this.kernel = this.openWorker();
  }

  /** A worker that has read the version of this moment. */
  openWorker(): PredicateKernel {
    const kernel = instantiate<PredicateKernel>(predicateModule, this.region.memory);
    kernel.openDirectory(0);
    return kernel;
  }

  publish(version: number): void {
    this.region.publish(layout.CONTROL_TABLES_WRITING, version | 0);
    this.region.publish(layout.CONTROL_TABLES_VERSION, version | 0);
  }

  /** Lets the key hold these values and zeros. */
  setKey(values: Iterable<readonly [KeyField, FieldValue]>): Uint8Array {
    this.#scratch.clear();
    for (const [field, value] of values) this.#scratch.write(field, value, 0);
    this.region.u8.set(this.#scratch.value, this.key);
    return this.#scratch.value;
  }

  holds(address: number, kernel = this.kernel): boolean {
    return address === 0 || kernel.predicatesHold(address, this.key) !== 0;
  }

  /** Whether predicates hold for the key, written for this once. */
  hold(predicates: readonly PredicateModel[]): boolean {
    const address = this.predicates.write(predicates);
    const holds = this.holds(address);
    this.predicates.release(address);
    return holds;
  }
}
