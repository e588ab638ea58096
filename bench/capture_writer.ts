// Captures of two interfaces with times in nanoseconds: pcapng, all frames of one length.

import { writeFileSync } from "node:fs";

const SECTION = 28;
const INTERFACE = 32;
const ENHANCED_PACKET = 6;
const HEADER = 28;
const TRAILER = 4;
const ETHERNET_LINK = 1;
/** Seconds since 1970 at which all traffic begins. */
export const BEGINNING = 1_700_000_000n;

export class CaptureWriter {
  /** The frames are written here by whoever asks for their places. */
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly #frame: number;
  readonly #block: number;
  #at = SECTION + 2 * INTERFACE;
  #packets = 0;

  /** @param frame bytes of each frame */
  constructor(packets: number, frame: number) {
    this.#frame = frame;
    this.#block = HEADER + ((frame + 3) & ~3) + TRAILER;
    this.bytes = Buffer.alloc(this.#at + packets * this.#block);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
    const words = [0x0a0d0d0a, SECTION, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, SECTION];
    words.forEach((word, place) => {
      this.view.setUint32(place * 4, word, true);
    });
    this.#writeInterface(SECTION);
    this.#writeInterface(SECTION + INTERFACE);
  }

  #writeInterface(at: number): void {
    // if_tsresol (9) of one byte: 10^-9 seconds
    const words = [1, INTERFACE, ETHERNET_LINK, 0, 9 | (1 << 16), 9, 0, INTERFACE];
    words.forEach((word, place) => {
      this.view.setUint32(at + place * 4, word, true);
    });
  }

  /**
   * Adds a frame of zeros, received by interface 0 or 1, `time` nanoseconds after the beginning;
   * returns where in `bytes` it is.
   */
  add(from: number, time: number): number {
    const at = this.#at;
    const stamp = BEGINNING * 1_000_000_000n + BigInt(time);
    this.view.setUint32(at, ENHANCED_PACKET, true);
    this.view.setUint32(at + 4, this.#block, true);
    this.view.setUint32(at + 8, from, true);
    this.view.setUint32(at + 12, Number(stamp >> 32n), true);
    this.view.setUint32(at + 16, Number(stamp & 0xffffffffn), true);
    this.view.setUint32(at + 20, this.#frame, true);
    this.view.setUint32(at + 24, this.#frame, true);
    this.view.setUint32(at + this.#block - TRAILER, this.#block, true);
    this.#at += this.#block;
    this.#packets++;
    return at + HEADER;
  }

  /** Returns the packets written. */
  save(file: string): number {
    writeFileSync(file, this.bytes.subarray(0, this.#at));
    return this.#packets;
  }
}
