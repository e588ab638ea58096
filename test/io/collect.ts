// Reading whole captures into plain objects, for comparisons.
import { Readable } from "node:stream";
import { SluiceError } from "../../src/errors.ts";
import { type CaptureOptions, openCapture } from "../../src/io/capture.ts";
import type { ChunkTarget } from "../../src/io/chunk.ts";
import type { CaptureInterface, CaptureReader } from "../../src/io/reader.ts";

export interface Packet {
  readonly hex: string;
  readonly wireLength: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly link: number;
  readonly interfaceId: number;
}

type Entry = Omit<Packet, "hex"> & { readonly offset: number; readonly length: number };

/** The plain-array twin of the engine's chunks. */
export class PlainChunk implements ChunkTarget {
  readonly data: Uint8Array;
  readonly capacity: number;
  readonly #entries: Entry[] = [];

  constructor(bytes = 1 << 20, capacity = 8192, shared = false) {
    this.data = new Uint8Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    this.capacity = capacity;
  }

  get count(): number {
    return this.#entries.length;
  }

  add(
    offset: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
    link: number,
    interfaceId: number,
  ): void {
    if (offset < 0 || length < 0 || offset + length > this.data.length) {
      throw new RangeError(`packet outside of its chunk: ${offset} + ${length}`);
    }
    if (this.count === this.capacity) throw new RangeError("the chunk is full");
    this.#entries.push({ offset, length, wireLength, seconds, nanoseconds, link, interfaceId });
  }

  /** The packets, read only now: their bytes must have stayed in place until the fill ended. */
  take(): Packet[] {
    const packets = this.#entries.map(({ offset, length, ...rest }) => ({
      hex: Buffer.from(this.data.slice(offset, offset + length)).toString("hex"),
      ...rest,
    }));
    this.#entries.length = 0;
    return packets;
  }
}

export interface Collected {
  readonly packets: Packet[];
  /** What ended the reading, if not the end of the capture. */
  readonly error: SluiceError | undefined;
  readonly description: string;
  readonly skipped: Record<string, number>;
  readonly interfaces: readonly CaptureInterface[];
}

export interface CollectOptions {
  readonly chunkBytes?: number;
  readonly capacity?: number;
  readonly shared?: boolean;
}

/** Reads a capture to its end or its first error; anything but a SluiceError is thrown on. */
export async function collect(
  path: string,
  options: CollectOptions & CaptureOptions = {},
): Promise<Collected> {
  let reader: CaptureReader;
  try {
    reader = await openCapture(path, options);
  } catch (thrown) {
    const error = asSluiceError(thrown);
    return { packets: [], error, description: "", skipped: {}, interfaces: [] };
  }
  const chunk = new PlainChunk(options.chunkBytes, options.capacity, options.shared);
  const packets: Packet[] = [];
  let error: SluiceError | undefined;
  try {
    while (await reader.fill(chunk)) {
      if (chunk.count === 0) throw new Error("a fill that went well added nothing");
      packets.push(...chunk.take());
    }
  } catch (thrown) {
    error = asSluiceError(thrown);
  }
  await reader.close();
  const { description, interfaces } = reader;
  return { packets, error, description, skipped: Object.fromEntries(reader.skipped), interfaces };
}

/** The same for bytes, which arrive in pieces of `pieceBytes`. */
export function collectBytes(
  bytes: Uint8Array,
  options: CollectOptions & { readonly pieceBytes?: number } = {},
): Promise<Collected> {
  const step = options.pieceBytes ?? Math.max(bytes.length, 1);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += step) {
    pieces.push(bytes.subarray(start, start + step));
  }
  return collect("-", { ...options, input: Readable.from(pieces) });
}

function asSluiceError(thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  throw thrown;
}
