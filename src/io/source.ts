// Where the bytes of a capture come from: a file, a stream, and either of them with its first
// bytes looked at beforehand. gunzip.ts adds decompression.
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";

/** A sequence of bytes, read once from start to end. */
export interface ByteSource {
  /** Puts up to `length` bytes at into[offset]; resolves to how many, 0 only at the end. */
  read(into: Uint8Array, offset: number, length: number): Promise<number>;
  /** May be called while a read waits; that read then ends, with 0 bytes or an error. */
  close(): Promise<void>;
}

/** Reads straight into the memory it is given: the bytes are not copied on the way. */
export class FileSource implements ByteSource {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<FileSource> {
    return new FileSource(await open(path, "r"));
  }

  async read(into: Uint8Array, offset: number, length: number): Promise<number> {
    // Without a position, so that pipes and devices under a path work too.
    return (await this.#file.read(into, offset, length, null)).bytesRead;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** A stream, such as stdin. */
export class StreamSource implements ByteSource {
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async read(into: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#used === this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done === true) return 0;
      this.#chunk = next.value;
      this.#used = 0;
    }
    const count = Math.min(length, this.#chunk.length - this.#used);
    into.set(this.#chunk.subarray(this.#used, this.#used + count), offset);
    this.#used += count;
    return count;
  }

  async close(): Promise<void> {
    this.#stream.destroy();
  }
}

/** A source whose first bytes can be looked at before they are read. */
export class PeekSource implements ByteSource {
  readonly #source: ByteSource;
  #head: Uint8Array = new Uint8Array(0);

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The first `length` bytes, or all there are. */
  async peek(length: number): Promise<Uint8Array> {
    const head = new Uint8Array(length);
    head.set(this.#head);
    let count = this.#head.length;
    while (count < length) {
      const more = await this.#source.read(head, count, length - count);
      if (more === 0) break;
      count += more;
    }
    this.#head = head.subarray(0, count);
    return this.#head;
  }

  async read(into: Uint8Array, offset: number, length: number): Promise<number> {
    if (this.#head.length === 0) return this.#source.read(into, offset, length);
    const count = Math.min(length, this.#head.length);
    into.set(this.#head.subarray(0, count), offset);
    this.#head = this.#head.subarray(count);
    return count;
  }

  async close(): Promise<void> {
    await this.#source.close();
  }
}
