// Hostile packets by the million: seeds with something changed, written straight into chunks.
// Every packet carries a serial number or random bytes, so no two are the same.

import * as layout from "../../assembly/layout.ts";
import type { Chunk } from "../../src/memory/chunks.ts";
import { Random } from "./random.ts";

/** Values that lengths, offsets and counts go wrong with. */
const EDGES = [0, 1, 2, 7, 8, 19, 20, 39, 40, 41, 64, 127, 128, 255, 256, 1500, 65535, 65528];
/** Most of what decides is in the first bytes. */
const HEAD = 90;
const MOST_BYTES = 400;

const LINKS = [
  layout.LINK_RAW_IP,
  layout.LINK_NULL,
  layout.LINK_SLL,
  layout.LINK_SLL2,
  layout.LINK_PPP,
];
/** Bytes before the IP packet, by LINK_*. */
const PREFIXES: Readonly<Record<number, readonly number[]>> = {
  [layout.LINK_RAW_IP]: [],
  [layout.LINK_NULL]: [2, 0, 0, 0],
  [layout.LINK_SLL]: [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0xa2, 0, 0, 8, 0],
  [layout.LINK_SLL2]: [8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0xa2, 0, 0],
  [layout.LINK_PPP]: [0xff, 3, 0, 0x21],
};
const ETHERNET = 14;

export interface MutationOptions {
  readonly seed: number;
  /** Whole Ethernet frames. */
  readonly frames: readonly Uint8Array[];
  /** Ports packets enter by. */
  readonly ports: number;
  /** Nanoseconds between two packets. */
  readonly gap: number;
  /** Ethernet frames only. */
  readonly ethernet?: boolean;
}

export class Mutation {
  readonly #random: Random;
  readonly #options: MutationOptions;
  #serial = 0;
  #nanoseconds = 0;
  #seconds = 1_700_000_000;
  #length = 0;
  #wireLength = 0;
  #link = layout.LINK_ETHERNET;

  constructor(options: MutationOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** Fills an empty chunk with packets, at most so many. */
  fill(chunk: Chunk, most: number): void {
    const { data } = chunk;
    const random = this.#random;
    let used = 0;
    while (chunk.count < chunk.capacity && chunk.count < most) {
      if (used + MOST_BYTES + 32 > data.length) return;
      this.#write(data, used);
      this.#advance();
      const port = random.below(this.#options.ports);
      const { seconds, nanoseconds } = { seconds: this.#seconds, nanoseconds: this.#nanoseconds };
      chunk.add(used, this.#length, this.#wireLength, seconds, nanoseconds, this.#link, port);
      used += this.#length;
    }
  }

  /** The clock goes on; now and then it steps back, as captures do. */
  #advance(): void {
    this.#nanoseconds += this.#options.gap;
    if (this.#nanoseconds >= 1e9) {
      this.#nanoseconds -= 1e9;
      this.#seconds += this.#random.oneIn(8) ? -1 : 1;
    }
  }

  #write(data: Uint8Array, at: number): void {
    const random = this.#random;
    this.#link = layout.LINK_ETHERNET;
    if (random.oneIn(32)) {
      this.#writeRandom(data, at);
    } else {
      const frame = this.#options.frames[random.below(this.#options.frames.length)] as Uint8Array;
      if (!this.#options.ethernet && random.oneIn(6)) this.#writeBare(data, at, frame);
      else this.#writeFrame(data, at, frame);
    }
    this.#wireLength = this.#length;
    for (let count = random.below(4); count > 0; count--) this.#change(data, at);
    this.#cut();
    if (!random.oneIn(4)) this.#sumHeader(data, at);
  }

  #writeRandom(data: Uint8Array, at: number): void {
    const random = this.#random;
    this.#length = random.below(128);
    for (let place = 0; place < this.#length; place += 4) {
      const bits = random.next();
      data[at + place] = bits;
      data[at + place + 1] = bits >>> 8;
      data[at + place + 2] = bits >>> 16;
      data[at + place + 3] = bits >>> 24;
    }
    if (this.#options.ethernet) return;
    if (random.oneIn(2)) this.#link = LINKS[random.below(LINKS.length)] as number;
  }

  #writeFrame(data: Uint8Array, at: number, frame: Uint8Array): void {
    this.#length = Math.min(frame.length, MOST_BYTES);
    for (let place = 0; place < this.#length; place++) data[at + place] = frame[place] as number;
    // The source MAC's last four bytes, which nothing looks at, make the frame the only one.
    this.#stamp(data, at + 8);
  }

  /** The frame's packet as a capture without Ethernet holds it. */
  #writeBare(data: Uint8Array, at: number, frame: Uint8Array): void {
    this.#link = LINKS[this.#random.below(LINKS.length)] as number;
    const prefix = PREFIXES[this.#link] as readonly number[];
    for (let place = 0; place < prefix.length; place++) data[at + place] = prefix[place] as number;
    const length = Math.max(0, Math.min(frame.length - ETHERNET, MOST_BYTES));
    const to = at + prefix.length;
    for (let place = 0; place < length; place++) {
      data[to + place] = frame[ETHERNET + place] as number;
    }
    this.#length = prefix.length + length;
    if (length >= 28) this.#stamp(data, at + this.#length - 4);
  }

  #stamp(data: Uint8Array, at: number): void {
    const serial = ++this.#serial;
    data[at] = serial;
    data[at + 1] = serial >>> 8;
    data[at + 2] = serial >>> 16;
    data[at + 3] = serial >>> 24;
  }

  #change(data: Uint8Array, at: number): void {
    const random = this.#random;
    if (this.#length === 0) return;
    const place = at + random.below(Math.min(this.#length, random.oneIn(4) ? MOST_BYTES : HEAD));
    switch (random.below(5)) {
      case 0:
        data[place] = random.next();
        return;
      case 1:
        data[place] = (data[place] as number) ^ (1 << random.below(8));
        return;
      case 2:
        data[place] = EDGES[random.below(EDGES.length)] as number;
        return;
      case 3: {
        const edge = EDGES[random.below(EDGES.length)] as number;
        data[place] = edge >>> 8;
        if (place + 1 < at + this.#length) data[place + 1] = edge;
        return;
      }
      default:
        // Hop limits and TTLs about to run out, in Ethernet frames.
        if (this.#length > 22) data[at + (random.oneIn(2) ? 21 : 22)] = random.below(3);
    }
  }

  /**
   * Half of the packets are whole; others are cut by the capture, or short or padded on the wire.
   */
  #cut(): void {
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
        this.#length = random.below(this.#length + 1);
        return;
      case 1:
        this.#length = random.below(this.#length + 1);
        this.#wireLength = this.#length;
        return;
      case 2:
        this.#wireLength += random.below(64);
        return;
      default:
        return;
    }
  }

  /** Puts the IPv4 header checksum right again, so that what follows is looked at. */
  #sumHeader(data: Uint8Array, at: number): void {
    const ip = at + (this.#link === layout.LINK_ETHERNET ? ETHERNET : this.#prefixBytes());
    const header = ((data[ip] as number) & 15) * 4;
    if ((data[ip] as number) >> 4 !== 4 || header < 20 || ip + header > at + this.#length) return;
    data[ip + 10] = 0;
    data[ip + 11] = 0;
    let sum = 0;
    for (let place = 0; place < header; place += 2) {
      sum += ((data[ip + place] as number) << 8) | (data[ip + place + 1] as number);
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16));
    data[ip + 10] = sum >>> 8;
    data[ip + 11] = sum;
  }

  #prefixBytes(): number {
    return (PREFIXES[this.#link] as readonly number[]).length;
  }
}
