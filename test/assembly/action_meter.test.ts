// Meters and their twin: token buckets that are filled up step by step.

import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DROP_METER } from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { Actor } from "../support/actor.ts";
import { FRAMES } from "../support/link_frames.ts";
import { toHex } from "../support/octets.ts";

const { BAND_DROP, BAND_DSCP, BAND_DSCP_REMARK, VERDICT_CONTINUE, VERDICT_DROP } = layout;
const METER = 2;
const METERED = 4;
/** Counters of the bands follow. */
const FIRST_BAND = 5;
const START = 1_700_000_000_000_000_000n;

interface Band {
  /** Units a second, and units of burst. */
  readonly rate: number;
  readonly burst: number;
  readonly type: number;
  readonly arg?: number;
}

let actor: Actor;
beforeAll(async () => {
  actor = await Actor.open();
  actor.view.setBigUint64(layout.CONTROL_FIRST_TIME, START, true);
});
beforeEach(() => {
  actor.receive(FRAMES.tcp4);
});

/** Writes the meter as the host does, its buckets full and its counters zero. */
function write(bits: boolean, bands: readonly Band[]): void {
  const { view } = actor;
  const at = actor.meters + METER * layout.METER_STRIDE;
  view.setUint32(at + layout.METER_COUNT, bands.length, true);
  view.setUint32(at + layout.METER_BITS, bits ? 1 : 0, true);
  view.setUint32(at + layout.METER_COUNTER, METERED, true);
  bands.forEach((band, number) => {
    const entry = at + layout.METER_BAND_FIRST + number * layout.METER_BAND_STRIDE;
    view.setFloat64(entry + layout.BAND_COST, 1e9 / band.rate, true);
    view.setFloat64(entry + layout.BAND_BURST, (1e9 / band.rate) * band.burst, true);
    view.setUint32(entry + layout.BAND_TYPE, band.type, true);
    view.setUint32(entry + layout.BAND_ARG, band.arg ?? 0, true);
    view.setUint32(entry + layout.BAND_COUNTER, FIRST_BAND + number, true);
    view.setFloat64(entry + layout.BAND_FULL, 0, true);
  });
  actor.clearCounters();
}

const at = (nanoseconds: number): bigint => START + BigInt(nanoseconds);

describe("a meter", () => {
  it("lets its burst pass, and then its rate", () => {
    write(false, [{ rate: 1000, burst: 3, type: BAND_DROP }]);
    const verdicts = (times: readonly number[]) =>
      times.map((time) => actor.meter(METER, at(time), 100) === VERDICT_CONTINUE);
    expect(verdicts([0, 0, 0, 0])).toEqual([true, true, true, false]);
    expect(actor.meter(METER, at(999_999), 100)).toBe(VERDICT_DROP + DROP_METER);
    expect(verdicts([1_000_000, 1_000_000, 2_000_000])).toEqual([true, false, true]);
    // Idle for long: no more than the burst has come together.
    expect(verdicts(Array(4).fill(1e10))).toEqual([true, true, true, false]);
    expect(actor.counter(METERED)).toEqual([12n, 1200n, at(1e10)]);
    expect(actor.counter(FIRST_BAND)[0]).toBe(4n);
  });

  it("counts bits of the frame, and never passes what is larger than its burst", () => {
    write(true, [{ rate: 8000, burst: 8000, type: BAND_DROP }]);
    expect(actor.meter(METER, at(0), 1001)).toBe(VERDICT_DROP + DROP_METER);
    expect(actor.meter(METER, at(0), 1000)).toBe(VERDICT_CONTINUE);
    expect(actor.meter(METER, at(499_000_000), 500)).toBe(VERDICT_DROP + DROP_METER);
    expect(actor.meter(METER, at(500_000_000), 500)).toBe(VERDICT_CONTINUE);
  });

  it("without bands only counts", () => {
    write(false, []);
    expect(actor.meter(METER, at(5), 60)).toBe(VERDICT_CONTINUE);
    expect(actor.counter(METERED)).toEqual([1n, 60n, at(5)]);
  });

  it("applies the highest of the rates that are exceeded (OpenFlow 1.3.5 5.7)", () => {
    write(false, [
      { rate: 100, burst: 2, type: BAND_DROP },
      { rate: 10, burst: 1, type: BAND_DSCP, arg: 5 },
    ]);
    expect(actor.meter(METER, at(0), 60)).toBe(VERDICT_CONTINUE);
    expect(actor.frame()[15]).toBe(0x20);
    expect(actor.meter(METER, at(0), 60)).toBe(VERDICT_CONTINUE);
    expect(actor.frame()[15]).toBe(5 << 2);
    expect(actor.meter(METER, at(0), 60)).toBe(VERDICT_DROP + DROP_METER);
    expect([0, 1].map((band) => actor.counter(FIRST_BAND + band)[0])).toEqual([1n, 1n]);
  });

  it("does as its twin, which fills its buckets up packet by packet", () => {
    const band = fc.record({
      rate: fc.constantFrom(1000, 2000, 5000),
      burst: fc.integer({ min: 1, max: 4000 }),
      type: fc.constant(BAND_DROP),
    });
    const packet = fc.tuple(fc.nat({ max: 400 }), fc.integer({ min: 1, max: 200 }));
    const bandsOf = fc.array(band, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.boolean(), bandsOf, fc.array(packet), (bits, bands, packets) => {
        write(bits, bands);
        const tokens = bands.map(({ burst }) => burst);
        let time = 0;
        for (const [milliseconds, bytes] of packets) {
          time += milliseconds;
          const units = bits ? bytes * 8 : 1;
          const fits = bands.map(({ rate, burst }, number) => {
            const filled = Math.min(burst, tokens[number]! + (rate / 1000) * milliseconds);
            tokens[number] = filled >= units ? filled - units : filled;
            return filled >= units;
          });
          const passes = actor.meter(METER, at(time * 1_000_000), bytes) === VERDICT_CONTINUE;
          expect(passes).toBe(fits.every((fit) => fit));
        }
      }),
      { seed: 31, numRuns: 300 },
    );
  });
});

describe("a remark", () => {
  function remarked(frame: Uint8Array, dscp: number, type: number, arg: number): number {
    // No tokens at all: every packet exceeds the rate.
    write(false, [{ rate: 1, burst: 0, type, arg }]);
    actor.receive(frame);
    actor.act({ do: "setField", field: layout.FIELD_IP_DSCP, ...dscpOf(dscp) });
    expect(actor.meter(METER, at(0), 60)).toBe(VERDICT_CONTINUE);
    expect(actor.isTransportRight()).toBe(true);
    const bytes = actor.frame();
    const service = bytes[12] === 8 ? bytes[15]! : ((bytes[14]! & 15) << 4) | (bytes[15]! >> 4);
    expect(actor.key[layout.KEY_TOS]).toBe(service);
    return service >> 2;
  }

  const dscpOf = (dscp: number) => {
    const mask = new Uint8Array(16).fill(255);
    return { value: Uint8Array.from([dscp, ...Array(15).fill(0)]), mask };
  };

  it("raises the drop precedence of assured forwarding, at most to 3 (RFC 2597 6)", () => {
    const rows = [
      [10, 1, 12],
      [10, 2, 14],
      [12, 1, 14],
      [14, 1, 14],
      [36, 7, 38],
      // Class selectors, expedited forwarding, best effort: none of it has a drop precedence.
      [0, 1, 0],
      [8, 1, 8],
      [46, 1, 46],
      [42, 1, 42],
      [11, 1, 11],
    ] as const;
    for (const [dscp, levels, expected] of rows) {
      for (const frame of [FRAMES.tcp4, FRAMES.udp6]) {
        expect(remarked(frame, dscp, BAND_DSCP_REMARK, levels)).toBe(expected);
      }
    }
  });

  it("sets a DSCP and leaves ECN", () => {
    expect(remarked(FRAMES.tcp4, 46, BAND_DSCP, 8)).toBe(8);
    expect(remarked(FRAMES.udp6, 0, BAND_DSCP, 63)).toBe(63);
  });

  it("leaves what is not IP, or behind labels", () => {
    write(false, [{ rate: 1, burst: 0, type: BAND_DSCP, arg: 1 }]);
    for (const frame of [FRAMES.arp, FRAMES.labelled4, FRAMES.llc]) {
      actor.receive(frame);
      expect(actor.meter(METER, at(0), 60)).toBe(VERDICT_CONTINUE);
      expect(toHex(actor.frame())).toBe(toHex(frame));
    }
  });
});
