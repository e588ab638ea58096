// Decompression of gzip (RFC 1952), one or more members, in constant memory.
import { createGunzip, type Gunzip } from "node:zlib";
import type { ByteSource } from "./source.ts";

/** Compressed bytes taken at once; they expand at most 1032 times (DEFLATE's limit). */
const SLICE = 32 * 1024;
const OUTPUT_CHUNK = 256 * 1024;

/**
 * What another source holds in compressed form. A cut-off stream fails after everything it held
 * was read; a damaged one may lose what the last slice expanded to before the damage.
 */
export class GunzipSource implements ByteSource {
  readonly #source: ByteSource;
  readonly #gunzip: Gunzip;
  readonly #slice = Buffer.allocUnsafe(SLICE);
  /** Expanded, unread. Kept here, since a failing stream forgets what it has not handed out. */
  #queue: Buffer[] = [];
  #used = 0;
  #ended = false;
  #failure: Error | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#gunzip = createGunzip({ chunkSize: OUTPUT_CHUNK });
    this.#gunzip.on("data", (chunk: Buffer) => this.#queue.push(chunk));
    this.#gunzip.on("error", (error) => {
      this.#failure ??= error;
    });
  }

  async read(into: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#queue.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return 0;
      await this.#expand();
    }
    return this.#take(into, offset, length);
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#gunzip.destroy();
    await this.#source.close();
  }

  #take(into: Uint8Array, offset: number, length: number): number {
    const chunk = this.#queue[0]!;
    const count = Math.min(length, chunk.length - this.#used);
    into.set(chunk.subarray(this.#used, this.#used + count), offset);
    this.#used += count;
    if (this.#used === chunk.length) {
      this.#queue.shift();
      this.#used = 0;
    }
    return count;
  }

  /** Feeds one slice and waits until all it expands to is in the queue. */
  async #expand(): Promise<void> {
    const count = await this.#source.read(this.#slice, 0, SLICE);
    if (this.#ended) return;
    this.#ended = count === 0;
    await new Promise<void>((resolve) => {
      // "close" comes after "end" and after a failure; both leave nothing to wait for.
      this.#gunzip.once("close", resolve);
      const done = (error?: Error | null) => {
        this.#failure ??= error ?? undefined;
        this.#gunzip.off("close", resolve);
        resolve();
      };
      if (count > 0) this.#gunzip.write(this.#slice.subarray(0, count), done);
      else this.#gunzip.end();
    });
  }
}
