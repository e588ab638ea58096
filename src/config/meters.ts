// Meters: from the document to the model.

import type { Cursor } from "./cursor.ts";
import type { BandModel, MeterModel } from "./model.ts";
import type { BandDocument, MeterDocument } from "./resource_schema.ts";
import { parseRate, parseSize } from "./units.ts";

const MIB = 1 << 20;
const BITS = 8;
/** What passes in a second, within bounds: large frames must fit, memory of the past must not. */
const BURSTS = {
  bits: { least: (MIB / 64) * BITS, most: 16 * MIB * BITS },
  packets: { least: 1, most: 65_536 },
} as const;

type Unit = MeterModel["unit"];

export function buildMeter(name: string, document: MeterDocument, cursor: Cursor): MeterModel {
  const { rate, burst, exceed, bands } = document;
  if (bands === undefined) {
    if (rate === undefined) {
      cursor.wrong("a meter needs 'rate' or 'bands'");
      return { name, unit: "bits", bands: [] };
    }
    const unit = unitOf(rate);
    return { name, unit, bands: [buildBand({ ...document, rate }, unit, cursor)] };
  }
  for (const [key, value] of Object.entries({ rate, burst, exceed })) {
    if (value === undefined) continue;
    const message = `'${key}' belongs into the bands of a meter that has some; remove it`;
    cursor.wrongAt(key, message, "CONFIG_INVALID", true);
  }
  const unit = unitOf(bands[0]!.rate);
  cursor.enter("bands");
  const built = bands.map((band, i) => {
    cursor.enter(i);
    const model = buildBand(band, unit, cursor);
    cursor.leave();
    return model;
  });
  cursor.leave();
  return { name, unit, bands: built };
}

const unitOf = (rate: string) => parseRate(rate)!.kind as Unit;

function buildBand(document: BandDocument, unit: Unit, cursor: Cursor): BandModel {
  const { kind, perSecond } = parseRate(document.rate)!;
  if (kind !== unit) {
    const message = `expected a rate in ${unit} as in the first band, found "${document.rate}"`;
    cursor.wrongAt("rate", message);
  }
  const burst = buildBurst(document.burst, unit, perSecond, cursor);
  return { perSecond, burst, exceed: buildExceed(document.exceed, cursor) };
}

/** Bits or packets. */
function buildBurst(written: unknown, unit: Unit, perSecond: number, cursor: Cursor): number {
  const { least, most } = BURSTS[unit];
  if (written === undefined) return Math.min(most, Math.max(least, Math.ceil(perSecond)));
  const amount = parseSize(written as string | number)!;
  if (unit === "bits") return amount * BITS;
  if (!/^\d+$/.test(String(written))) {
    cursor.wrongAt("burst", `expected a number of packets, as the rate's, found "${written}"`);
  }
  return amount;
}

function buildExceed(document: BandDocument["exceed"], cursor: Cursor): BandModel["exceed"] {
  if (document === undefined || typeof document === "string") return { type: "drop" };
  const { dscp, dscp_remark: levels } = document;
  if (dscp !== undefined && levels === undefined) return { type: "dscp", dscp };
  if (levels !== undefined && dscp === undefined) return { type: "dscp_remark", levels };
  cursor.wrongAt("exceed", "expected one of 'drop', { dscp: n } and { dscp_remark: n }");
  return { type: "drop" };
}
