// Programs: what flows and buckets of groups do, in shared memory. Programs of a single operation,
// which most flows have, are shared by all that do the same.

import * as layout from "../../assembly/layout.ts";
import type { ActionModel, GroupModel } from "../config/model.ts";
import type { Arena } from "../memory/arena.ts";
import type { FlowCounters } from "../memory/flow_counters.ts";
import type { Region } from "../memory/region.ts";
import { asksForHelper, expectConnections } from "./helpers.ts";
import { LogTexts } from "./log_texts.ts";
import type { Meters } from "./meters.ts";
import { OperationWriter } from "./operations.ts";

type Log = Extract<ActionModel, { type: "log" }>;

/** A program in memory, and what it holds on to. */
export interface Program {
  readonly address: number;
  readonly bytes: number;
  /** FLOW_PLAIN and FLOW_ORDERED, as far as they follow from the actions. */
  readonly flags: number;
  /** Numbers of log texts and of the meters that limit logs. */
  readonly texts: readonly number[];
  readonly limits: readonly number[];
  /** By what it is shared; undefined when it is not. */
  readonly key: number | undefined;
  users: number;
}

const NONE: readonly number[] = [];
/** Words of one operation without a value. */
const OPERATION_WORDS = layout.OP_BYTES / 4;
const END = layout.OP_END | (1 << 8);

export class Programs {
  readonly texts = new LogTexts();
  readonly #region: Region;
  readonly #arena: Arena;
  readonly #meters: Meters;
  readonly #counters: FlowCounters;
  readonly #writer: OperationWriter;
  readonly #shared = new Map<number, Program>();
  /** The list that was asked for last, and its program if that is shared: the next has it, too. */
  #last: readonly ActionModel[] | undefined;
  #lastProgram: Program | undefined;
  /** Whether each group has a meter in it. */
  readonly #groupMeters: readonly boolean[];
  /** Flow counters of named counters, by the names' places. */
  readonly #named: number[] = [];
  #usedTexts: number[] = [];
  #usedLimits: number[] = [];

  constructor(
    region: Region,
    arena: Arena,
    meters: Meters,
    counters: FlowCounters,
    groups: readonly GroupModel[],
  ) {
    this.#region = region;
    this.#arena = arena;
    this.#meters = meters;
    this.#counters = counters;
    this.#groupMeters = metersInGroups(groups);
    this.#writer = new OperationWriter({
      counter: (place) => this.namedCounter(place),
      log: (action) => this.#log(action),
    });
  }

  /** Flow counter of a named counter; made when it is first asked for, and kept. */
  namedCounter(place: number): number {
    const known = this.#named[place];
    if (known !== undefined) return known;
    const counter = this.#counters.allocate();
    this.#named[place] = counter;
    return counter;
  }

  /**
   * The program of a list of actions, with one more user.
   * Throws FLOW_INVALID, and LIMIT_EXCEEDED, with nothing changed.
   */
  acquire(actions: readonly ActionModel[]): Program {
    if (actions === this.#last && this.#lastProgram !== undefined) {
      this.#lastProgram.users++;
      return this.#lastProgram;
    }
    const program = this.#acquire(actions);
    this.#last = actions;
    this.#lastProgram = program.key === undefined ? undefined : program;
    return program;
  }

  #acquire(actions: readonly ActionModel[]): Program {
    const writer = this.#writer;
    this.#usedTexts = [];
    this.#usedLimits = [];
    try {
      writer.write(actions);
      const key = this.#usedTexts.length > 0 ? undefined : sharedKey(writer);
      const known = key === undefined ? undefined : this.#shared.get(key);
      if (known !== undefined) {
        known.users++;
        return known;
      }
      const program = this.#add(actions, key);
      if (key !== undefined) this.#shared.set(key, program);
      return program;
    } catch (error) {
      this.#releaseUsed(this.#usedTexts, this.#usedLimits);
      throw error;
    }
  }

  /** One user less. No worker may run the program if that was the last one. */
  release(program: Program): void {
    if (--program.users > 0) return;
    if (program === this.#lastProgram) this.#lastProgram = undefined;
    if (program.key !== undefined) this.#shared.delete(program.key);
    this.#releaseUsed(program.texts, program.limits);
    this.#arena.release(program.address, program.bytes);
  }

  #add(actions: readonly ActionModel[], key: number | undefined): Program {
    const { words, length } = this.#writer;
    const bytes = length * 4;
    const address = this.#arena.allocate(bytes);
    const target = this.#region.u32;
    for (let word = 0, at = address >>> 2; word < length; word++) {
      target[at + word] = words[word] as number;
    }
    let flags = length === OPERATION_WORDS ? plainFlags(words[0] as number) : 0;
    if (actions.some(asksForHelper)) expectConnections(this.#region);
    if (hasMeter(actions, this.#groupMeters)) flags |= layout.FLOW_ORDERED;
    const texts = this.#usedTexts.length > 0 ? this.#usedTexts : NONE;
    const limits = this.#usedLimits.length > 0 ? this.#usedLimits : NONE;
    return { address, bytes, flags, texts, limits, key, users: 1 };
  }

  #log({ text, perSecond, burst }: Log): { text: number; meter: number } {
    const number = this.texts.acquire(text);
    this.#usedTexts.push(number);
    if (perSecond === undefined) return { text: number, meter: 0 };
    const meter = this.#meters.acquireLimit(perSecond, burst);
    this.#usedLimits.push(meter);
    return { text: number, meter };
  }

  #releaseUsed(texts: readonly number[], limits: readonly number[]): void {
    for (const text of texts) this.texts.release(text);
    for (const limit of limits) this.#meters.release(limit);
  }
}

/** What programs of one operation, or of one and OP_END, are shared by. */
function sharedKey({ words, length }: OperationWriter): number | undefined {
  const alone = length === OPERATION_WORDS;
  const ends = length === 2 * OPERATION_WORDS && words[OPERATION_WORDS] === END;
  if (!alone && !ends) return undefined;
  const head = words[0] as number;
  const key = (words[1] as number) * 2 ** 24 + (head >>> 16) * 2 ** 8 + (head & 0xff);
  return alone ? key : -key;
}

function hasMeter(actions: readonly ActionModel[], groups: readonly boolean[]): boolean {
  for (const action of actions) {
    if (action.type === "meter") return true;
    if (action.type === "group" && groups[action.group]) return true;
    if (action.type === "write" && hasMeter(action.actions, groups)) return true;
  }
  return false;
}

/** Groups have no cycle, so that many rounds find what is in groups of groups. */
function metersInGroups(groups: readonly GroupModel[]): boolean[] {
  const found = groups.map(() => false);
  for (let changed = true; changed; ) {
    changed = false;
    for (const [place, { buckets }] of groups.entries()) {
      if (found[place] || !buckets.some(({ actions }) => hasMeter(actions, found))) continue;
      found[place] = true;
      changed = true;
    }
  }
  return found;
}

/** Flags of a program that is one operation; its code is the word's first byte. */
function plainFlags(word: number): number {
  return layout.FLOW_PLAIN | ((word & 0xff) << layout.FLOW_FINAL_SHIFT);
}
