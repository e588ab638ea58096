// Frames one at a time, each traced, in one run: what they leave behind (connections, neighbors,
// meters) is there for the next one.

import type { ChunkTarget } from "../io/chunk.ts";
import { LINK_ETHERNET, LINKTYPE_ETHERNET } from "../io/linktypes.ts";
import type { CaptureReader } from "../io/reader.ts";
import type { FrameSink } from "../memory/outputs.ts";
import type { Region } from "../memory/region.ts";
import { arePassed, type RawTrace, readTrace, requestTrace } from "../memory/traces.ts";
import type { CaptureSource } from "./feeder.ts";
import { pause } from "./pause.ts";

/** A frame and when it comes. */
export interface TimedFrame {
  /** Ethernet, without FCS. */
  readonly bytes: Uint8Array;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Number of the port it comes by. */
  readonly port: number;
}

export interface SteppedOutcome {
  readonly trace: RawTrace;
  readonly sent: readonly { readonly port: number; readonly bytes: Uint8Array }[];
}

/** A capture of frames, each of which is handed over when the one before has had its verdict. */
export class Stepper implements CaptureReader {
  readonly description = "frames";
  readonly skipped: ReadonlyMap<string, number> = new Map();
  readonly interfaces = [
    { name: "", linkType: LINKTYPE_ETHERNET, supported: true, section: 0, number: 0 },
  ];
  readonly #traces: RawTrace[] = [];
  readonly #sent: { port: number; bytes: Uint8Array }[][];
  readonly #region: Region;
  readonly #frames: readonly TimedFrame[];
  #next = 0;
  #closed = false;

  constructor(region: Region, frames: readonly TimedFrame[]) {
    this.#region = region;
    this.#frames = frames;
    this.#sent = frames.map(() => []);
  }

  /** A frame's interface is the number of its port. */
  get source(): CaptureSource {
    const ports = Array.from({ length: this.#region.map.sizes.ports }, (_, port) => port);
    return { open: async () => this, ports, rereadable: false, size: undefined };
  }

  /** Steps of each frame, and what was sent because of it, in the order they came. */
  get outcomes(): readonly SteppedOutcome[] {
    return this.#traces.map((trace, place) => ({ trace, sent: this.#sent[place] ?? [] }));
  }

  /** To be called with every frame that is sent. */
  readonly onSent: FrameSink = ({ sequence, port, address, length }, memory) => {
    const bytes = memory.slice(address, address + length);
    this.#sent[sequence]?.push({ port, bytes });
  };

  async fill(target: ChunkTarget): Promise<boolean> {
    await this.#finishOne();
    const frame = this.#closed ? undefined : this.#frames[this.#next];
    if (frame === undefined) return false;
    requestTrace(this.#region, this.#next++);
    target.data.set(frame.bytes);
    const { length } = frame.bytes;
    const seconds = Number(frame.time / 1_000_000_000n);
    const nanoseconds = Number(frame.time % 1_000_000_000n);
    target.add(0, length, length, seconds, nanoseconds, LINK_ETHERNET, frame.port);
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #finishOne(): Promise<void> {
    if (this.#next === 0) return;
    while (!this.#closed && !arePassed(this.#region, this.#next)) await pause();
    this.#traces.push(readTrace(this.#region));
  }
}
