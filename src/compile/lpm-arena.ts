// The memory of all longest-prefix-match tables: cache lines handed out in blocks of a few.
//
// A block taken out of a table may still be read by a worker in the middle of a burst. It goes to
// a waiting list first and is handed out again only after reclaim().

import { CACHE_LINE, LPM_NODE_ENTRIES, LPM_NODE_SLOTS } from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";

/** Lines of the largest node: 256 runs. */
const MAX_LINES = Math.ceil((LPM_NODE_ENTRIES + LPM_NODE_SLOTS * 4) / CACHE_LINE);
const NONE = -1;

export class LpmArena {
  /** The whole memory, by words; signed, because JavaScript is faster with those. */
  readonly words: Int32Array;
  /** Bytes in all. */
  readonly capacity: number;
  readonly #base: number;
  readonly #lines: number;
  /** Lines from here on were never used, or are free up to the end. */
  #top = 0;
  /** First free block of each number of lines; #next links them. All by line number. */
  readonly #heads = new Int32Array(MAX_LINES + 1).fill(NONE);
  readonly #next: Int32Array;
  /** Lines of the free block that starts at a line; 0 where none does. */
  readonly #free: Uint8Array;
  #usedLines = 0;
  /** Line and number of lines of each waiting block, oldest first; the first #taken are done. */
  #waiting: number[] = [];
  #taken = 0;
  /** Blocks that ever waited, less those still in #waiting. */
  #reclaimed = 0;

  /**
   * @param buffer the engine's memory
   * @param base address of the region, a multiple of 64
   * @param bytes its size
   */
  constructor(buffer: ArrayBufferLike, base: number, bytes: number) {
    if (base % CACHE_LINE !== 0) throw new RangeError(`LPM region at ${base}: not on a cache line`);
    this.words = new Int32Array(buffer, 0, Math.floor((base + bytes) / 4));
    this.#base = base;
    this.#lines = Math.floor(bytes / CACHE_LINE);
    this.capacity = this.#lines * CACHE_LINE;
    this.#next = new Int32Array(this.#lines);
    this.#free = new Uint8Array(this.#lines);
  }

  /** Bytes that hold tables or still wait for reclaim(). */
  get used(): number {
    return this.#usedLines * CACHE_LINE;
  }

  /** Bytes that wait for reclaim(). */
  get waiting(): number {
    let lines = 0;
    for (let at = this.#taken + 1; at < this.#waiting.length; at += 2) lines += this.#waiting[at]!;
    return lines * CACHE_LINE;
  }

  /**
   * Stands for all blocks retired so far. Take it after a commit, wait until every worker has
   * passed a burst boundary, then reclaim(ticket): what was retired meanwhile keeps waiting.
   */
  get ticket(): number {
    return this.#reclaimed + (this.#waiting.length - this.#taken) / 2;
  }

  /** Frees blocks that no worker reads any more: those before the ticket, or all. */
  reclaim(ticket = this.ticket): void {
    for (; this.#reclaimed < ticket && this.#taken < this.#waiting.length; this.#reclaimed++) {
      this.#put(this.#waiting[this.#taken]!, this.#waiting[this.#taken + 1]!);
      this.#taken += 2;
    }
    if (this.#taken < this.#waiting.length / 2) return;
    this.#waiting = this.#waiting.slice(this.#taken);
    this.#taken = 0;
  }

  /**
   * A block of lines, content undefined.
   * @param lines 1 to 17, or more while the region was never full (roots)
   * @throws SluiceError LIMIT_EXCEEDED, with nothing changed
   */
  allocate(lines: number): number {
    let line = this.#take(lines);
    if (line === NONE) {
      this.#merge();
      line = this.#take(lines);
    }
    if (line === NONE) throw this.#exhausted();
    this.#usedLines += lines;
    return this.#base + line * CACHE_LINE;
  }

  /** Gives back a block that no worker has ever seen. */
  free(address: number, lines: number): void {
    this.#put((address - this.#base) / CACHE_LINE, lines);
  }

  /** Gives back a block that workers may be reading. */
  retire(address: number, lines: number): void {
    this.#waiting.push((address - this.#base) / CACHE_LINE, lines);
  }

  #take(lines: number): number {
    if (lines <= MAX_LINES && this.#heads[lines] !== NONE) return this.#pop(lines);
    if (this.#top + lines <= this.#lines) {
      this.#top += lines;
      return this.#top - lines;
    }
    for (let larger = lines + 1; larger <= MAX_LINES; larger++) {
      if (this.#heads[larger] === NONE) continue;
      const line = this.#pop(larger);
      this.#push(line + lines, larger - lines);
      return line;
    }
    return NONE;
  }

  #put(line: number, lines: number): void {
    this.#usedLines -= lines;
    this.#push(line, lines);
  }

  #push(line: number, lines: number): void {
    this.#free[line] = lines;
    this.#next[line] = this.#heads[lines]!;
    this.#heads[lines] = line;
  }

  #pop(lines: number): number {
    const line = this.#heads[lines]!;
    this.#heads[lines] = this.#next[line]!;
    this.#free[line] = 0;
    return line;
  }

  /** Joins neighboring free blocks. Slow (every line is visited), and only when memory runs out. */
  #merge(): void {
    this.#heads.fill(NONE);
    const top = this.#top;
    for (let line = 0; line < top; ) {
      let end = line;
      for (let lines = this.#free[end]!; lines !== 0 && end < top; lines = this.#free[end]!) {
        this.#free[end] = 0;
        end += lines;
      }
      if (end === top && end > line) this.#top = line;
      else this.#carve(line, end);
      line = end + 1;
    }
  }

  /** Makes free blocks, as large as they get, of a run of free lines. */
  #carve(from: number, end: number): void {
    for (let line = from; line < end; line += MAX_LINES) {
      this.#push(line, Math.min(MAX_LINES, end - line));
    }
  }

  #exhausted(): SluiceError {
    return new SluiceError(
      "LIMIT_EXCEEDED",
      `the routes need more than the ${this.capacity} bytes of LPM memory that ` +
        `engine.limits.routes reserves (${this.used} in use); raise engine.limits.routes`,
    );
  }
}
