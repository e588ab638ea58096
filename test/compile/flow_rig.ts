// Flow tables in a memory of their own, and kernels that look flows up in them as workers do.

import * as layout from "../../assembly/layout.ts";
import { FlowTables } from "../../src/compile/flows.ts";
import { keyFieldOf, MaskedKey } from "../../src/compile/key.ts";
import { sizesOf } from "../../src/compile/tables.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { FieldName } from "../../src/config/fields.ts";
import type { FieldValue, Model } from "../../src/config/model.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { compileKernel, instantiate } from "../support/compile.ts";

interface Kernel {
  openDirectory(worker: number): number;
  readModes(): void;
  match(table: number, key: number, below: bigint, now: bigint): number;
}

const kernel = compileKernel("test/assembly/classifier_entry.ts");
const ANY_RANK = 2n ** 64n - 1n;

/** The values of a packet's fields; those that are not named are zero. */
export type PacketFields = Partial<Record<FieldName, FieldValue>>;

/** What one worker sees: the tables as they were when it last began a burst. */
export class Watcher {
  readonly #kernel: Kernel;
  readonly #region: Region;
  readonly #key: number;
  readonly #draft = new MaskedKey();

  constructor(region: Region, module: WebAssembly.Module, worker: number) {
    this.#region = region;
    this.#kernel = instantiate<Kernel>(module, region.memory);
    if (!this.#kernel.openDirectory(worker)) throw new Error("the memory is of another layout");
    this.#key = region.worker(worker) + layout.WORKER_KEY;
  }

  /** Begins a burst. */
  readModes(): void {
    this.#kernel.readModes();
  }

  /** Number of the flow that a packet meets; 0 = none. */
  match(table: number, fields: PacketFields, below = ANY_RANK, now = 0n): number {
    this.#draft.clear();
    for (const [name, value] of Object.entries(fields)) {
      this.#draft.write(keyFieldOf(name as FieldName), value, 0);
    }
    this.#region.u8.set(this.#draft.value, this.#key);
    const address = this.#region.base(layout.REGION_TABLES) + table * layout.TABLE_STRIDE;
    return this.#kernel.match(address, this.#key, below, now);
  }
}

export class FlowRig {
  readonly model: Model;
  readonly region: Region;
  readonly tables: FlowTables;
  readonly #module: WebAssembly.Module;

  private constructor(model: Model, module: WebAssembly.Module, serial: number) {
    this.model = model;
    this.region = new Region(planMemory(sizesOf(model)));
    this.tables = new FlowTables(this.region, model, undefined, serial);
    this.#module = module;
  }

  /**
   * @param configuration what follows the keys that every configuration has: tables and such
   * @param serial number of the first flow
   */
  static async create(configuration: string, limits = "rules: 100", serial = 0): Promise<FlowRig> {
    const model = parseConfiguration(`
version: 1
engine: { queues: 2, frames: 64, limits: { routes: 10, neighbors: 10, ${limits} } }
ports:
  lan: { device: "null:", mac: "02:00:00:00:00:01" }
  wan: { device: "null:", mac: "02:00:00:00:00:02" }
${configuration}`);
    const rig = new FlowRig(model, await kernel, serial);
    rig.tables.load();
    return rig;
  }

  watcher(worker = 0): Watcher {
    return new Watcher(this.region, this.#module, worker);
  }

  table(name: string): number {
    return this.model.tables.findIndex((table) => table.name === name);
  }
}
