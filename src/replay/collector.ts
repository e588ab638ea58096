// Collecting: sent frames, in order, into captures and the digest.

import { createHash, type Hash } from "node:crypto";
import { LINKTYPE_ETHERNET } from "../io/linktypes.ts";
import { type CaptureWriter, createCaptureWriter } from "../io/writer.ts";
import type { FrameSink, Outputs, SentFrame } from "../memory/outputs.ts";

/** A port whose sent frames are written to a file. */
export interface OutputFile {
  /** Port number and name. */
  readonly port: number;
  readonly name: string;
  readonly file: string;
}

const DIGEST_BUFFER = 1 << 18;
/** Port, length and time of a frame, in front of its bytes in the digest. */
const DIGEST_HEADER = 16;

/** SHA-256 over port, length, timestamp (little-endian u32, u32, u64) and bytes of each frame. */
class Digest {
  readonly #hash: Hash = createHash("sha256");
  readonly #buffer = Buffer.alloc(DIGEST_BUFFER);
  #used = 0;

  add(frame: SentFrame, memory: Uint8Array): void {
    const size = DIGEST_HEADER + frame.length;
    if (this.#used + size > DIGEST_BUFFER) this.#flush();
    const buffer = this.#buffer;
    buffer.writeUInt32LE(frame.port, this.#used);
    buffer.writeUInt32LE(frame.length, this.#used + 4);
    buffer.writeUInt32LE(frame.timeLow, this.#used + 8);
    buffer.writeUInt32LE(frame.timeHigh, this.#used + 12);
    const bytes = memory.subarray(frame.address, frame.address + frame.length);
    buffer.set(bytes, this.#used + DIGEST_HEADER);
    this.#used += size;
  }

  finish(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

/** Takes what the workers sent until told to finish. */
export class Collector {
  readonly #outputs: Outputs;
  readonly #writers: (CaptureWriter | undefined)[] = [];
  readonly #digest: Digest | undefined;
  readonly #sink: FrameSink | undefined;
  #failure: unknown;

  /** Throws CAPTURE_OUTPUT when a file cannot be created. */
  constructor(
    outputs: Outputs,
    files: readonly OutputFile[],
    digest: boolean,
    sink?: FrameSink | undefined,
  ) {
    this.#outputs = outputs;
    this.#sink = sink;
    this.#digest = digest ? new Digest() : undefined;
    for (const { port, name, file } of files) {
      this.#writers[port] = createCaptureWriter(file, {
        interfaces: [{ name, linkType: LINKTYPE_ETHERNET }],
      });
    }
  }

  /** Takes what is there; true when there was something. With `all`, also what has no order yet. */
  drain(all = false): boolean {
    const sink = (frame: SentFrame, memory: Uint8Array) => this.#take(frame, memory);
    return this.#outputs.drain(sink, all) > 0;
  }

  /** Writing has failed: going on would only lose more. finish() throws the reason. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Closes the files; returns the digest if one was wanted. Throws what writing has thrown. */
  async finish(): Promise<string | undefined> {
    for (const writer of this.#writers) await writer?.close();
    if (this.#failure !== undefined) throw this.#failure;
    return this.#digest?.finish();
  }

  #take(frame: SentFrame, memory: Uint8Array): void {
    this.#digest?.add(frame, memory);
    this.#sink?.(frame, memory);
    const writer = this.#writers[frame.port];
    if (writer === undefined || this.#failure !== undefined) return;
    // Time in nanoseconds is beyond a double's 53 bits: the seconds are divided out roughly, and
    // the rest, which is small, comes out exactly modulo 2^32.
    let seconds = Math.floor((frame.timeHigh * 2 ** 32 + frame.timeLow) / 1e9);
    let nanoseconds = (frame.timeLow - Math.imul(seconds, 1e9)) | 0;
    if (nanoseconds < 0) {
      seconds--;
      nanoseconds += 1e9;
    } else if (nanoseconds >= 1e9) {
      seconds++;
      nanoseconds -= 1e9;
    }
    try {
      const { address, length, wireLength } = frame;
      writer.packet(0, memory, address, length, wireLength, seconds, nanoseconds);
    } catch (error) {
      // The run goes on and is counted; the error is told at its end.
      this.#failure = error;
    }
  }
}
