// Memory of one region, handed out in blocks of any size: what flow tables are made of.
//
// A block is a number of cache lines. Up to EXACT lines every number has a list of free blocks of
// its own; above, sizes are rounded up to a quarter of a power of two. What is released may be
// handed out again at once: whoever takes something away from workers waits for them first.

import { CACHE_LINE } from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";
import type { Region } from "./region.ts";

/** Blocks of at most so many lines have just the lines that were asked for. */
const EXACT = 64;
const CLASSES = 160;
const NONE = -1;

/** Lines of the blocks of each class; class 0 is none. */
const CLASS_LINES = Array.from({ length: CLASSES }, (_, kind) => {
  if (kind <= EXACT) return kind;
  const step = kind - EXACT - 1;
  return (EXACT * 2 ** (step >> 2) * (5 + (step & 3))) / 4;
});

/** The smallest class whose blocks have at least so many lines. */
function classFor(lines: number): number {
  if (lines <= EXACT) return lines;
  let kind = EXACT + 1 + 4 * Math.max(0, Math.floor(Math.log2((lines - 1) / EXACT)));
  while ((CLASS_LINES[kind] as number) < lines) kind++;
  return kind;
}

/** The largest class whose blocks have at most so many lines. */
function classWithin(lines: number): number {
  const kind = classFor(lines);
  return CLASS_LINES[kind] === lines ? kind : kind - 1;
}

export class Arena {
  /** Bytes in all. */
  readonly reserved: number;
  /** Address of its first byte. */
  readonly base: number;
  readonly #words: Uint32Array;
  readonly #lines: number;
  readonly #what: string;
  readonly #limit: string;
  /** Lines from here on are free; from #touched on they were never used, and are zero. */
  #top = 0;
  #touched = 0;
  #usedLines = 0;
  /** First free block of each class; #next links them. All by line number. */
  readonly #heads = new Int32Array(CLASSES).fill(NONE);
  readonly #next: Int32Array;
  /** Class of the free block that starts at a line; 0 where none does. */
  readonly #free: Uint8Array;
  /** Something was released since the free blocks were last joined. */
  #mergeable = false;

  /**
   * @param slot the region, REGION_*
   * @param what what needs the memory, for errors: "the flow tables"
   * @param limit the limit that sizes the region: "engine.limits.rules"
   */
  constructor(region: Region, slot: number, what: string, limit: string) {
    this.base = region.base(slot);
    if (this.base % CACHE_LINE !== 0) {
      throw new RangeError(`region at ${this.base}: not on a cache line`);
    }
    this.#lines = Math.floor((region.map.bytes[slot] ?? 0) / CACHE_LINE);
    this.reserved = this.#lines * CACHE_LINE;
    this.#words = region.u32;
    this.#what = what;
    this.#limit = limit;
    this.#next = new Int32Array(this.#lines);
    this.#free = new Uint8Array(this.#lines);
  }

  /** Bytes handed out, with what rounding adds. */
  get used(): number {
    return this.#usedLines * CACHE_LINE;
  }

  /**
   * A block of zeros that begins on a cache line.
   * @param bytes more than 0
   * @throws SluiceError LIMIT_EXCEEDED naming the limit, with nothing changed
   */
  allocate(bytes: number): number {
    const kind = classFor(Math.ceil(bytes / CACHE_LINE));
    const lines = CLASS_LINES[kind] as number;
    const line = this.#take(kind, lines);
    this.#usedLines += lines;
    const end = line + lines;
    const address = this.base + line * CACHE_LINE;
    const used = Math.min(end, this.#touched) - line;
    if (used > 0) this.#clear(address >>> 2, used * (CACHE_LINE / 4));
    if (end > this.#touched) this.#touched = end;
    return address;
  }

  /** Gives a block back, of as many bytes as were asked for. No worker may still read it. */
  release(address: number, bytes: number): void {
    const kind = classFor(Math.ceil(bytes / CACHE_LINE));
    const lines = CLASS_LINES[kind] as number;
    const line = (address - this.base) / CACHE_LINE;
    if (this.#free[line] !== 0 || line + lines > this.#top) {
      throw new RangeError(`block at ${address} is not handed out`);
    }
    this.#usedLines -= lines;
    if (line + lines === this.#top) this.#top = line;
    else this.#push(line, kind);
    this.#mergeable = true;
  }

  #clear(from: number, words: number): void {
    const all = this.#words;
    if (words > CACHE_LINE) all.fill(0, from, from + words);
    else for (let at = from; at < from + words; at++) all[at] = 0;
  }

  #take(kind: number, lines: number): number {
    if (this.#heads[kind] !== NONE) return this.#pop(kind);
    if (this.#top + lines > this.#lines) {
      const found = this.#split(kind, lines);
      if (found !== NONE) return found;
      if (this.#mergeable) this.#merge();
      if (this.#heads[kind] !== NONE) return this.#pop(kind);
      if (this.#top + lines > this.#lines) {
        const merged = this.#split(kind, lines);
        if (merged === NONE) throw this.#exhausted(lines);
        return merged;
      }
    }
    this.#top += lines;
    return this.#top - lines;
  }

  /** Takes the front of a larger block. */
  #split(kind: number, lines: number): number {
    for (let larger = kind + 1; larger < CLASSES; larger++) {
      if (this.#heads[larger] === NONE) continue;
      const line = this.#pop(larger);
      this.#carve(line + lines, line + (CLASS_LINES[larger] as number));
      return line;
    }
    return NONE;
  }

  #push(line: number, kind: number): void {
    this.#free[line] = kind;
    this.#next[line] = this.#heads[kind] as number;
    this.#heads[kind] = line;
  }

  #pop(kind: number): number {
    const line = this.#heads[kind] as number;
    this.#heads[kind] = this.#next[line] as number;
    this.#free[line] = 0;
    return line;
  }

  /** Joins neighboring free blocks. Slow (every line is visited), and only when memory runs out. */
  #merge(): void {
    this.#mergeable = false;
    this.#heads.fill(NONE);
    const top = this.#top;
    for (let line = 0; line < top; ) {
      let end = line;
      for (let kind = this.#free[end] as number; kind !== 0; ) {
        this.#free[end] = 0;
        end += CLASS_LINES[kind] as number;
        kind = end < top ? (this.#free[end] as number) : 0;
      }
      if (end === top && end > line) this.#top = line;
      else this.#carve(line, end);
      line = end + 1;
    }
  }

  /** Makes free blocks, as large as they get, of a run of free lines. */
  #carve(from: number, end: number): void {
    for (let line = from; line < end; ) {
      const kind = classWithin(end - line);
      this.#push(line, kind);
      line += CLASS_LINES[kind] as number;
    }
  }

  #exhausted(lines: number): SluiceError {
    return new SluiceError(
      "LIMIT_EXCEEDED",
      `${this.#what} need ${lines * CACHE_LINE} bytes more than is left of the ${this.reserved} ` +
        `that ${this.#limit} reserves (${this.used} in use); raise ${this.#limit}`,
    );
  }
}
