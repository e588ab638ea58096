import type { ByteSource } from "./source.ts";

/** Bytes read at once at least, as long as there is room. */
const LEAST_READ = 64 * 1024;

/**
 * The part of a capture that lies in the chunk being filled.
 *
 *   0              position              end              bytes.length
 *   | walked records | records, the last   | room          |
 *   |                | of them perhaps cut | to read into  |
 *
 * What is not walked when a chunk is done goes to the start of the next one: the only copy.
 */
export class Window {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** First byte not walked yet. */
  position = 0;
  /** Bytes present. */
  end = 0;
  /** Bytes to pass over after `end`, which nobody wants to see. */
  ahead = 0;
  /** Offset in the capture of bytes[0], as far as bytes from `position` on are concerned. */
  #base = 0;
  /** Kept from chunk to chunk, so that reading on makes no garbage. */
  #carry: Uint8Array = new Uint8Array(0);
  #carried = 0;

  /** Offset in the capture of the first byte not walked yet. */
  get offset(): number {
    return this.#base + this.position;
  }

  /** Offset in the capture of the first byte not read yet. */
  get endOffset(): number {
    return this.#base + this.end;
  }

  get room(): number {
    return this.bytes.length - this.end;
  }

  /** Goes on in another chunk, after `leave`. */
  enter(bytes: Uint8Array): void {
    if (this.#carried > bytes.length) throw new RangeError("a chunk shrank between two fills");
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    bytes.set(this.#carry.subarray(0, this.#carried), 0);
    this.end = this.#carried;
  }

  /** Takes along what is not walked: the chunk's bytes now belong to others. */
  leave(): void {
    this.#carried = this.end - this.position;
    if (this.#carry.length < this.#carried) this.#carry = new Uint8Array(this.bytes.length);
    this.#carry.set(this.bytes.subarray(this.position, this.end));
    this.#base += this.position;
    this.position = 0;
    this.end = 0;
  }

  /** Moves what is not walked to the front, for a chunk that holds no packet yet. */
  compact(): void {
    this.bytes.copyWithin(0, this.position, this.end);
    this.#base += this.position;
    this.end -= this.position;
    this.position = 0;
  }

  /** Passes over bytes from `position` on, present or not. */
  pass(count: number): void {
    const present = Math.min(count, this.end - this.position);
    this.position += present;
    this.ahead = count - present;
  }

  /** Reads some of about `wanted` bytes into the room there is; false at the end of the capture. */
  async load(source: ByteSource, wanted: number): Promise<boolean> {
    const length = Math.min(this.room, Math.max(wanted, LEAST_READ));
    const count = await source.read(this.bytes, this.end, length);
    if (this.ahead === 0) {
      this.end += count;
      return count > 0;
    }
    // Here position equals end: what was read is overwritten as far as it is to be passed over.
    const passed = Math.min(count, this.ahead);
    this.bytes.copyWithin(this.end, this.end + passed, this.end + count);
    this.#base += passed;
    this.ahead -= passed;
    this.end += count - passed;
    return count > 0;
  }
}
