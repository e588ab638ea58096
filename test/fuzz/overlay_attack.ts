// The attack on a router of overlay_world.ts as a stream of packets: trains from a pool that is
// always renewed, with bytes changed, frames cut, and what leaves by a cable coming in again.

import type { Chunk } from "../../src/memory/chunks.ts";
import type { FrameSink } from "../../src/memory/outputs.ts";
import { Random } from "../support/random.ts";
import { type Train, train } from "./overlay_frames.ts";
import { CABLES } from "./overlay_world.ts";

const POOL = 2000;
/** Of so many trains that leave one is made anew in its place. */
const RENEWED = 12;
/** Frames that are on cables at once; what is too much is lost there. */
const ON_CABLES = 64;
const LONGEST = 4096;
const EDGES = [0, 1, 7, 8, 20, 40, 64, 127, 128, 255];

export interface AttackOptions {
  readonly seed: number;
  /** Nanoseconds between two packets. */
  readonly gap: number;
  readonly portNumber: (name: string) => number;
}

/** What of a chunk packets are written to. */
export interface Target extends Pick<Chunk, "data" | "add"> {
  readonly count: number;
  readonly capacity: number;
}

interface Loose {
  readonly port: number;
  readonly bytes: Uint8Array;
}

export class Attack {
  readonly #random: Random;
  readonly #options: AttackOptions;
  readonly #pool: Train[];
  /** By number of the port frames leave by, that of the port they come in by. */
  readonly #cables = new Map<number, number>();
  #onCables: Loose[] = [];
  #coming: Loose[] = [];
  #seconds = 1_700_000_000;
  #nanoseconds = 0;
  /** Packets written that came by a cable. */
  returned = 0;

  constructor(options: AttackOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#pool = Array.from({ length: POOL }, () => train(this.#random));
    for (const [one, other] of CABLES) {
      const [a, b] = [options.portNumber(one), options.portNumber(other)];
      this.#cables.set(a, b).set(b, a);
    }
  }

  /** Takes what leaves by cables. */
  readonly sink: FrameSink = (frame, memory) => {
    const port = this.#cables.get(frame.port);
    if (port === undefined || this.#onCables.length >= ON_CABLES) return;
    if (frame.length !== frame.wireLength || frame.length > LONGEST) return;
    const bytes = memory.slice(frame.address, frame.address + frame.length);
    this.#onCables.push({ port, bytes });
  };

  /** Fills an empty chunk with packets, at most so many. */
  fill(chunk: Target, most: number): void {
    const { data } = chunk;
    let used = 0;
    while (chunk.count < chunk.capacity && chunk.count < most) {
      if (used + LONGEST + 64 > data.length) return;
      const { port, bytes } = this.#next();
      data.set(bytes, used);
      const length = this.#change(data, used, bytes.length);
      const wire = length < bytes.length && this.#random.oneIn(2) ? bytes.length : length;
      chunk.add(used, length, wire, this.#seconds, this.#nanoseconds, 0, port);
      used += length;
      this.#advance();
    }
  }

  #next(): Loose {
    const random = this.#random;
    if (this.#coming.length === 0) this.#couple();
    else if (!random.oneIn(4)) return this.#coming.pop() as Loose;
    const looped = this.#onCables.pop();
    if (looped !== undefined) {
      this.returned++;
      return looped;
    }
    return this.#coming.pop() as Loose;
  }

  /** The frames of another train are next, most often by the port it is meant for. */
  #couple(): void {
    const random = this.#random;
    const place = random.below(POOL);
    if (random.oneIn(RENEWED)) this.#pool[place] = train(random);
    const { port, frames } = this.#pool[place] as Train;
    const meant = this.#options.portNumber(port);
    const number = random.oneIn(16) ? random.below(this.#options.portNumber("span") + 1) : meant;
    this.#coming = frames.map((bytes) => ({ port: number, bytes })).reverse();
  }

  /** Leaves half of the frames as they are; returns how long it is now. */
  #change(data: Uint8Array, at: number, length: number): number {
    const random = this.#random;
    if (random.oneIn(2) || length === 0) return length;
    for (let count = random.below(4); count > 0; count--) {
      const place = at + random.below(random.oneIn(3) ? length : Math.min(length, 130));
      data[place] = random.oneIn(2)
        ? (data[place] as number) ^ (1 << random.below(8))
        : (EDGES[random.below(EDGES.length)] as number);
    }
    if (random.oneIn(2)) sumHeader(data, at + 14, at + length);
    return random.oneIn(12) ? random.below(length + 1) : length;
  }

  /** The clock goes on; now and then it steps back, as captures do. */
  #advance(): void {
    this.#nanoseconds += this.#options.gap;
    if (this.#nanoseconds < 1e9) return;
    this.#nanoseconds -= 1e9;
    this.#seconds += this.#random.oneIn(8) ? -1 : 1;
  }
}

/** Puts the checksum of an IPv4 header right, if there is a whole one. */
function sumHeader(data: Uint8Array, ip: number, end: number): void {
  const header = ((data[ip] as number) & 15) * 4;
  if ((data[ip] as number) >> 4 !== 4 || header < 20 || ip + header > end) return;
  data.fill(0, ip + 10, ip + 12);
  let sum = 0;
  for (let place = 0; place < header; place += 2) {
    sum += ((data[ip + place] as number) << 8) | (data[ip + place + 1] as number);
  }
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = ~((sum & 0xffff) + (sum >>> 16));
  data[ip + 10] = sum >>> 8;
  data[ip + 11] = sum;
}
