// The parser and its slow twin agree on every field of every packet of real captures, whole, cut
// and damaged.

import { beforeAll, describe, expect, it } from "vitest";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { ParserKernel } from "../support/parser.ts";
import { readEthernet } from "../support/pcap.ts";
import type { ParsedPacket } from "../twin/fields.ts";
import { parsePacket } from "../twin/parser.ts";

let kernel: ParserKernel;

beforeAll(async () => {
  kernel = await ParserKernel.compile();
});

/** What both must agree on: of a dropped packet the reason and the hash. */
function essence(parsed: ParsedPacket): unknown {
  return parsed.drop === 0 ? parsed : { drop: parsed.drop, hash: parsed.hash };
}

function compare(bytes: Uint8Array, wireLength: number, verifyHeader: boolean, label: string) {
  const fast = essence(kernel.parse(bytes, wireLength, verifyHeader));
  const slow = essence(parsePacket({ bytes, wireLength, verifyHeader }));
  // toEqual on each of many thousand packets is slow: strings first
  if (JSON.stringify(fast) !== JSON.stringify(slow)) expect(fast, label).toEqual(slow);
}

/** A small generator of numbers, so that damage is the same on every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

function sweep(capture: CaptureFile): void {
  const random = generator(capture.name.length);
  for (const { bytes, wireLength, number } of readEthernet(capture.url)) {
    const label = `${capture.name}:${number}`;
    compare(bytes, wireLength, true, label);
    compare(bytes, wireLength, false, label);
    const cut = bytes.subarray(0, random() % (bytes.length + 1));
    compare(cut, bytes.length, true, `${label} cut to ${cut.length}`);
    compare(cut, cut.length, true, `${label} short by itself, ${cut.length}`);
    const damaged = bytes.slice();
    for (let count = 1 + (random() % 3); count > 0 && damaged.length > 0; count--) {
      // mostly in the headers, where it matters
      damaged[random() % Math.min(damaged.length, 90)] = random();
    }
    compare(damaged, wireLength, false, `${label} damaged`);
  }
}

const own = ownCaptures();
const names = new Set(own.map((capture) => capture.name));
const shared = sharedCaptures().filter((capture) => !names.has(capture.name));

describe("captures of the repository", () => {
  it.each(own)("agrees on $name", sweep);
});

describe.skipIf(shared.length === 0)("captures of ../shared (skipped when absent)", () => {
  it.each(shared)("agrees on $name", sweep);
});
