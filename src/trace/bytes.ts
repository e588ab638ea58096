// Packet bytes as a trace holds them: the beginning of a frame, so that any field may be missing.

/** Reads network-order fields; undefined beyond the bytes there are. */
export class FrameBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  has(at: number, length: number): boolean {
    return at >= 0 && at + length <= this.#bytes.length;
  }
  u8(at: number): number | undefined {
    return this.has(at, 1) ? this.#view.getUint8(at) : undefined;
  }
  u16(at: number): number | undefined {
    return this.has(at, 2) ? this.#view.getUint16(at) : undefined;
  }
  u32(at: number): number | undefined {
    return this.has(at, 4) ? this.#view.getUint32(at) : undefined;
  }
  slice(at: number, length: number): Uint8Array | undefined {
    return this.has(at, length) ? this.#bytes.subarray(at, at + length) : undefined;
  }
}

/** "0x1a2b" with a fixed number of digits. */
export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
