// Packets of captures, for tests that have them in files.

import { SluiceError } from "../errors.ts";
import { openCapture } from "../io/capture.ts";
import type { ChunkTarget } from "../io/chunk.ts";
import { LINK_ETHERNET } from "../io/linktypes.ts";

export interface CapturedPacket {
  readonly bytes: Uint8Array;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
}

const BYTES = 1 << 20;
const PACKETS = 4096;

class Collection implements ChunkTarget {
  readonly data = new Uint8Array(BYTES);
  readonly capacity = PACKETS;
  count = 0;
  readonly packets: CapturedPacket[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  add(
    offset: number,
    length: number,
    _wireLength: number,
    seconds: number,
    nanoseconds: number,
    link: number,
  ): void {
    if (link !== LINK_ETHERNET) {
      const number = this.packets.length + 1;
      const message = `${this.#file}: packet ${number} is none of Ethernet`;
      throw new SluiceError("CAPTURE_LINK_TYPE", message, { file: this.#file });
    }
    const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    this.packets.push({ bytes: this.data.slice(offset, offset + length), time });
    this.count++;
  }
}

/** All packets of a capture; all are of Ethernet. Throws what openCapture() and reading throw. */
export async function readCapture(file: string): Promise<readonly CapturedPacket[]> {
  const reader = await openCapture(file);
  const collection = new Collection(file);
  try {
    while (await reader.fill(collection)) collection.count = 0;
  } finally {
    await reader.close();
  }
  return collection.packets;
}
