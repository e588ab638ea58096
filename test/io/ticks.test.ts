import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TickClock } from "../../src/io/ticks.ts";
import { ticksTwin } from "./twin.ts";

function clockTime(ticks: bigint, resolution: number, offset: number): [number, number] {
  const clock = new TickClock(resolution, offset);
  clock.read(Number(ticks >> 32n), Number(ticks & 0xffffffffn));
  return [clock.seconds, clock.nanoseconds];
}

function twinTime(ticks: bigint, resolution: number, offset: number): [number, number] {
  const [seconds, nanoseconds] = ticksTwin(ticks, resolution, BigInt(offset));
  return [Number(seconds), Number(nanoseconds)];
}

const EDGES = [0n, 1n, 999_999n, 1_000_000n, 999_999_999n, 1_000_000_000n, 2n ** 32n - 1n]
  .concat([2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n])
  .concat([1_700_000_000_123_456_789n, 1_700_000_000_999_999n]);

describe("TickClock", () => {
  it("agrees with BigInt at the edges of every resolution", () => {
    for (let resolution = 0; resolution < 256; resolution++) {
      for (const ticks of EDGES) {
        expect(clockTime(ticks, resolution, 0), `${ticks} of ${resolution}`).toEqual(
          twinTime(ticks, resolution, 0),
        );
      }
    }
  });

  it("agrees with BigInt on random ticks, resolutions and offsets", () => {
    const offsets = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
    fc.assert(
      fc.property(fc.bigUintN(64), fc.integer({ min: 0, max: 255 }), offsets, (...drawn) => {
        const [ticks, resolution, offset] = drawn;
        const [seconds] = ticksTwin(ticks, resolution, BigInt(offset));
        // Beyond that, no double can be exact.
        fc.pre(seconds < 2n ** 53n);
        expect(clockTime(ticks, resolution, offset)).toEqual(twinTime(ticks, resolution, offset));
      }),
      { seed: 1, numRuns: 10_000 },
    );
  });

  it("is in microseconds without options", () => {
    const clock = new TickClock();
    clock.read(0, 3_000_007);
    expect([clock.seconds, clock.nanoseconds]).toEqual([3, 7000]);
  });
});
