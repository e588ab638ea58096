// A pcap that another process appends to, read as it grows.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const PCAP_HEADER = 24;
const RECORD_HEADER = 16;

/** A little-endian pcap. */
export class GrowingCapture {
  readonly #file: number;
  #read = PCAP_HEADER;

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  get unread(): number {
    return fstatSync(this.#file).size - this.#read;
  }

  /** The frames since the last call. */
  take(): Uint8Array[] {
    const bytes = Buffer.alloc(Math.max(0, this.unread));
    readSync(this.#file, bytes, 0, bytes.length, this.#read);
    const frames: Uint8Array[] = [];
    let at = 0;
    while (at + RECORD_HEADER <= bytes.length) {
      const end = at + RECORD_HEADER + bytes.readUInt32LE(at + 8);
      if (end > bytes.length) break;
      frames.push(Uint8Array.from(bytes.subarray(at + RECORD_HEADER, end)));
      at = end;
    }
    this.#read += at;
    return frames;
  }

  close(): void {
    closeSync(this.#file);
  }
}
