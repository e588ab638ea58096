// Packets in bulk: a run that is fed by a function per packet, by a clock of its own.

import type { Chunk } from "../../src/memory/chunks.ts";
import type { FrameSink } from "../../src/memory/outputs.ts";
import { readStatistics, type Statistics } from "../../src/memory/statistics.ts";
import { type Arrival, type PathRun, TestRouter } from "./path.ts";
import type { Stencil } from "./stencil.ts";

const EPOCH = 1_700_000_000;

/** Writes packet `number` of a flood by placing a stencil; says which, and where it comes in. */
export type Source = (number: number, data: Uint8Array, at: number) => Shot;
export interface Shot {
  readonly stencil: Stencil;
  /** Number of the port. */
  readonly port: number;
}

export class FloodRun {
  readonly router: TestRouter;
  readonly #run: PathRun;
  readonly #sink: FrameSink;
  #sent = 0;
  #seconds = EPOCH;
  #nanoseconds = 0;

  private constructor(router: TestRouter, sink: FrameSink | undefined) {
    this.router = router;
    this.#sink = sink ?? (() => {});
    this.#run = router.begin({ output: sink === undefined ? "count" : "keep" });
  }

  /** @param sink gets what leaves; without one it is only counted */
  static async begin(configuration: string, sink?: FrameSink): Promise<FloodRun> {
    return new FloodRun(await TestRouter.create(configuration), sink);
  }

  /** Lets time go by. */
  wait(seconds: number): void {
    this.#seconds += seconds;
  }

  /** Sends packets, so many nanoseconds apart. */
  flood(packets: number, gap: number, source: Source): void {
    for (let done = 0; done < packets; ) {
      const chunk = this.#run.takeChunk(this.#sink);
      done += this.#fill(chunk, done, packets, gap, source);
      this.#run.publish(chunk);
      this.#run.step(this.#sink);
    }
    this.#sent += packets;
    this.#settle();
  }

  #fill(chunk: Chunk, first: number, packets: number, gap: number, source: Source): number {
    const { data } = chunk;
    let used = 0;
    let longest = 0;
    for (let number = first; number < packets && chunk.count < chunk.capacity; number++) {
      if (used + 2 * longest + 64 > data.length) break;
      const { stencil, port } = source(number, data, used);
      const { length } = stencil;
      chunk.add(used, length, length, this.#seconds, this.#nanoseconds, 0, port);
      this.#pass(gap);
      used += length;
      longest = Math.max(longest, length);
    }
    return chunk.count;
  }

  #pass(gap: number): void {
    this.#nanoseconds += gap;
    if (this.#nanoseconds < 1e9) return;
    this.#nanoseconds -= 1e9;
    this.#seconds++;
  }

  /** Sends some packets at once, at the time it is. */
  send(arrivals: readonly Arrival[]): void {
    const chunk = this.#run.takeChunk(this.#sink);
    let used = 0;
    for (const { bytes, port } of arrivals) {
      chunk.data.set(bytes, used);
      const number = this.router.portNumber(port);
      chunk.add(used, bytes.length, bytes.length, this.#seconds, this.#nanoseconds, 0, number);
      used += bytes.length;
    }
    this.#run.publish(chunk);
    this.#sent += arrivals.length;
    this.#settle();
  }

  /** Runs until everything sent has been received. */
  #settle(): void {
    while (this.statistics().packets.received < this.#sent) this.#run.step(this.#sink);
    this.#run.step(this.#sink);
  }

  statistics(): Statistics {
    return readStatistics(this.router.region);
  }

  end(): Statistics {
    return this.#run.finish(this.#sink);
  }
}
