// What reading pcap and pcapng have in common: filling chunks, and ending in good order.
import { SluiceError } from "../errors.ts";
import type { ChunkTarget } from "./chunk.ts";
import type { ByteSource } from "./source.ts";
import { Window } from "./window.ts";

/** An interface a capture describes; a pcap has exactly one. */
export interface CaptureInterface {
  /** As the capture names it; "" if it does not. */
  readonly name: string;
  /** LINKTYPE_* number. */
  readonly linkType: number;
  /** False: its packets are skipped and counted. */
  readonly supported: boolean;
  /** Section of the pcapng it belongs to, and its number there, both from 0. */
  readonly section: number;
  readonly number: number;
}

/** Reads one capture from start to end. */
export interface CaptureReader {
  /** "pcap, microseconds, little-endian", "pcapng, big-endian, gzip" … */
  readonly description: string;
  /** Packets passed over because their link type is not supported, by "NAME (number)". */
  readonly skipped: ReadonlyMap<string, number>;
  /** Those described so far; `add` is given indexes into it. */
  readonly interfaces: readonly CaptureInterface[];
  /**
   * Fills an empty chunk with whole records. Resolves to false when nothing was added because the
   * capture ended.
   * @throws SluiceError CAPTURE_CORRUPT once everything before the broken place was handed out;
   *   CAPTURE_LINK_TYPE when no interface is of a supported link type
   */
  fill(target: ChunkTarget): Promise<boolean>;
  /** Ends a fill that waits for bytes, too: it resolves with what it has. */
  close(): Promise<void>;
}

/** The part of a reader that knows the format. */
export interface RecordWalker {
  readonly description: string;
  readonly skipped: ReadonlyMap<string, number>;
  readonly interfaces: readonly CaptureInterface[];
  /** Whether the walk stands inside a record, even if nothing before it is left in the window. */
  readonly insideRecord: boolean;
  /**
   * Adds the packets of the window to the target, until the target is full or the next record is
   * not whole, and leaves window.position at that record.
   * @throws SluiceError
   */
  walk(window: Window, target: ChunkTarget): void;
}

/** Where a capture comes from, as messages name it. */
export interface CaptureOrigin {
  readonly file: string;
  readonly gzip: boolean;
}

/** "at byte 40", or, of what gzip made smaller, "at byte 40 of the decompressed data". */
export function atByte(origin: CaptureOrigin, offset: number): string {
  return `at byte ${offset}${origin.gzip ? " of the decompressed data" : ""}`;
}

/** CAPTURE_CORRUPT: "file: what at byte offset". */
export function corrupt(
  origin: CaptureOrigin,
  offset: number,
  what: string,
  cause?: unknown,
): SluiceError {
  const message = `${origin.file}: ${what} ${atByte(origin, offset)}`;
  return new SluiceError("CAPTURE_CORRUPT", message, { file: origin.file, offset }, cause);
}

/** Fills chunks from a source by a walker. */
export class StreamReader implements CaptureReader {
  readonly #source: ByteSource;
  readonly #walker: RecordWalker;
  readonly #origin: CaptureOrigin;
  readonly #window = new Window();
  #packets = 0;
  #ended = false;
  #closed = false;
  #failure: unknown;

  constructor(source: ByteSource, walker: RecordWalker, origin: CaptureOrigin) {
    this.#source = source;
    this.#walker = walker;
    this.#origin = origin;
  }

  get description(): string {
    return this.#walker.description + (this.#origin.gzip ? ", gzip" : "");
  }

  get skipped(): ReadonlyMap<string, number> {
    return this.#walker.skipped;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#walker.interfaces;
  }

  async fill(target: ChunkTarget): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) return false;
    this.#window.enter(target.data);
    try {
      await this.#fill(target);
    } catch (error) {
      this.#failure = error;
      if (target.count === 0) throw error;
    }
    this.#window.leave();
    this.#packets += target.count;
    return target.count > 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#source.close();
  }

  async #fill(target: ChunkTarget): Promise<void> {
    const window = this.#window;
    for (;;) {
      this.#walker.walk(window, target);
      if (target.count >= target.capacity) return;
      if (window.room === 0) {
        if (target.count > 0) return;
        if (window.position === 0) throw this.#tooLarge();
        window.compact();
      }
      if (!(await this.#load(target))) return this.#end();
    }
  }

  /** As many bytes as the packets still wanted will probably take, to leave little to carry. */
  async #load(target: ChunkTarget): Promise<boolean> {
    if (this.#ended) return false;
    const packets = this.#packets + target.count;
    const average = packets === 0 ? Number.POSITIVE_INFINITY : this.#window.offset / packets;
    const wanted = Math.ceil((target.capacity - target.count) * average);
    try {
      this.#ended = !(await this.#window.load(this.#source, wanted));
    } catch (error) {
      if (!this.#closed) throw this.#unreadable(error);
      this.#ended = true;
    }
    return !this.#ended;
  }

  #end(): void {
    const { position, end, offset, endOffset } = this.#window;
    if (this.#closed || (position === end && !this.#walker.insideRecord)) return;
    const start = atByte(this.#origin, offset);
    const what = `the capture ends ${atByte(this.#origin, endOffset)}, inside the record ${start}`;
    const message = `${this.#origin.file}: ${what}`;
    throw new SluiceError("CAPTURE_CORRUPT", message, { file: this.#origin.file, offset });
  }

  #tooLarge(): SluiceError {
    const size = this.#window.bytes.length;
    return corrupt(this.#origin, this.#window.offset, `a record exceeds a chunk's ${size} bytes`);
  }

  #unreadable(error: unknown): SluiceError {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "Z_BUF_ERROR" ? "the gzip data is cut off" : `reading failed (${message})`;
    return corrupt(this.#origin, this.#window.endOffset, reason, error);
  }
}
