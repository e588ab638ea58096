// Tables of services as workers read them: the list of backends, and what a packet's hash chooses.

import * as layout from "../../assembly/layout.ts";
import type { SchedulerName } from "../config/model.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { type Member, maglevSize, maglevTable } from "./maglev.ts";
import { commonDivisor, sourceHashSize, sourceHashTable } from "./source_hash.ts";

/** A block of the arena. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** Writes tables, each complete before anything leads to it. */
export class Schedules {
  readonly #region: Region;
  readonly #arena: Arena;
  #serial = 0;

  constructor(region: Region, arena: Arena) {
    this.#region = region;
    this.#arena = arena;
  }

  /**
   * A table of these backends, in this order; of weight 0 are those that take no new connections.
   * Throws LIMIT_EXCEEDED.
   */
  write(scheduler: SchedulerName, members: readonly Member[]): Block {
    const usable = members.filter(({ weight }) => weight > 0);
    // Sized by all of them, so that one that fails does not move connections of the others.
    const slots = usable.length === 0 ? 0 : slotsFor(scheduler, members.length);
    const listEnd = layout.SCHEDULE_LIST + members.length * layout.SCHEDULE_LIST_STRIDE;
    const bytes = listEnd + slots * layout.SCHEDULE_SLOT_BYTES;
    const address = this.#arena.allocate(bytes);
    const region = this.#region;
    // Serials are told from one another by workers that have not looked for a while: 2^32 of them.
    this.#serial = this.#serial + 1 || 1;
    region.setU32(address + layout.SCHEDULE_SERIAL, this.#serial);
    region.setU32(address + layout.SCHEDULE_COUNT, members.length);
    region.setU32(address + layout.SCHEDULE_SLOTS, slots);
    const weights = usable.map(({ weight }) => weight);
    region.setU32(address + layout.SCHEDULE_DIVISOR, commonDivisor(weights));
    region.setU32(address + layout.SCHEDULE_LARGEST, Math.max(0, ...weights));
    for (const [place, { number, weight }] of members.entries()) {
      const at = address + layout.SCHEDULE_LIST + place * layout.SCHEDULE_LIST_STRIDE;
      region.setU32(at, number);
      region.setU32(at + layout.SCHEDULE_LIST_WEIGHT, weight);
    }
    if (slots !== 0) {
      const table = scheduler === "sh" ? sourceHashTable : maglevTable;
      region.u16.set(table(usable, slots), (address + listEnd) >>> 1);
    }
    return { address, bytes };
  }
}

function slotsFor(scheduler: SchedulerName, backends: number): number {
  if (scheduler === "maglev") return maglevSize(backends);
  return scheduler === "sh" ? sourceHashSize(backends) : 0;
}
