// Flow entries in shared memory. Entry 0 is none; a table's miss is a flow entry too.

import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";
import type { Region } from "../memory/region.ts";

const WORD = 2 ** 32;
const NANOSECONDS = 1_000_000;

/** What is written of a flow. */
export interface FlowEntry {
  readonly table: number;
  readonly priority: number;
  readonly order: number;
  readonly counter: number;
  /** Milliseconds; 0 = none. */
  readonly idleTimeout: number;
  readonly hardTimeout: number;
}

export class FlowEntries {
  readonly #region: Region;
  readonly #base: number;
  readonly #free: number[] = [];
  /** Entries from here on were never used. */
  #top = 1;
  /** What newly written flows are said to be made at, in nanoseconds since 1970, as two words. */
  #now = 0n;
  #nowLow = 0;
  #nowHigh = 0;

  constructor(region: Region) {
    this.#region = region;
    this.#base = region.base(layout.REGION_FLOWS);
  }

  /** Entries handed out. */
  get used(): number {
    return this.#top - 1 - this.#free.length;
  }

  set now(time: bigint) {
    this.#now = time;
    this.#nowLow = Number(time & 0xffffffffn);
    this.#nowHigh = Number(time >> 32n);
  }

  /** Number of a free entry. Throws LIMIT_EXCEEDED. */
  allocate(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#top >= this.#region.map.sizes.flows) {
      const message = "too many flows wait for workers to let go of them; see engine.limits.rules";
      throw new SluiceError("LIMIT_EXCEEDED", message);
    }
    return this.#top++;
  }

  /** Gives an entry back that no worker looks at any more. */
  release(number: number): void {
    this.#free.push(number);
  }

  /**
   * @param program address of its program
   * @param flags FLOW_* bits
   */
  write(number: number, entry: FlowEntry, program: number, flags: number): void {
    const { u32 } = this.#region;
    const at = this.#address(number) >>> 2;
    u32[at + layout.FLOW_RANK / 4] = entry.order;
    u32[at + layout.FLOW_RANK / 4 + 1] = entry.priority;
    u32[at + layout.FLOW_PROGRAM / 4] = program;
    u32[at + layout.FLOW_TABLE / 4] = entry.table;
    u32[at + layout.FLOW_FLAGS / 4] = flags;
    u32[at + layout.FLOW_COUNTER / 4] = entry.counter;
    const idle = entry.idleTimeout * NANOSECONDS;
    u32[at + layout.FLOW_IDLE / 4] = idle % WORD;
    u32[at + layout.FLOW_IDLE / 4 + 1] = Math.floor(idle / WORD);
    this.start(number, entry.hardTimeout);
  }

  /** Lets the flow's time begin now. */
  start(number: number, hardTimeout: number): void {
    const { u32 } = this.#region;
    const at = this.#address(number) >>> 2;
    u32[at + layout.FLOW_EXPIRED / 4] = 0;
    u32[at + layout.FLOW_CREATED / 4] = this.#nowLow;
    u32[at + layout.FLOW_CREATED / 4 + 1] = this.#nowHigh;
    const deadline = hardTimeout === 0 ? 0n : this.#now + BigInt(hardTimeout * NANOSECONDS);
    u32[at + layout.FLOW_DEADLINE / 4] = hardTimeout === 0 ? 0 : Number(deadline & 0xffffffffn);
    u32[at + layout.FLOW_DEADLINE / 4 + 1] = hardTimeout === 0 ? 0 : Number(deadline >> 32n);
  }

  /** Goes on with the times of another flow: a modified flow is no younger. */
  copyTimes(number: number, from: number): void {
    const { u32 } = this.#region;
    const source = this.#address(from) >>> 2;
    const target = this.#address(number) >>> 2;
    for (const field of [layout.FLOW_CREATED, layout.FLOW_DEADLINE]) {
      u32[target + field / 4] = u32[source + field / 4] as number;
      u32[target + field / 4 + 1] = u32[source + field / 4 + 1] as number;
    }
  }

  /** Whether a worker has found its time to be over. */
  isExpired(number: number): boolean {
    return this.#region.observe(this.#address(number) + layout.FLOW_EXPIRED) !== 0;
  }

  /** Nanoseconds since 1970: when it was made, and when a hard timeout ends it (0 = never). */
  times(number: number): { readonly created: bigint; readonly deadline: bigint } {
    const at = this.#address(number);
    return {
      created: this.#region.getU64(at + layout.FLOW_CREATED),
      deadline: this.#region.getU64(at + layout.FLOW_DEADLINE),
    };
  }

  #address(number: number): number {
    return this.#base + number * layout.FLOW_STRIDE;
  }
}
