// Meters: those of the configuration, and the rate limits that log actions bring with them.

import * as layout from "../../assembly/layout.ts";
import type { BandModel, MeterModel } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import type { FlowCount, FlowCounters } from "../memory/flow_counters.ts";
import type { Region } from "../memory/region.ts";

/** What went through a meter, and what each band was applied to. */
export interface MeterCounts {
  readonly packets: number;
  readonly bytes: number;
  readonly bands: readonly { readonly packets: number; readonly bytes: number }[];
}

const BAND_CODES = {
  drop: layout.BAND_DROP,
  dscp: layout.BAND_DSCP,
  dscp_remark: layout.BAND_DSCP_REMARK,
} as const;

export class Meters {
  readonly #region: Region;
  readonly #counters: FlowCounters;
  readonly #free: number[] = [];
  /** Meters from here on were never used. Number 0 is none. */
  #top = 1;

  constructor(region: Region, counters: FlowCounters) {
    this.#region = region;
    this.#counters = counters;
  }

  /** Writes the configuration's meters: each has its place there, plus 1, as its number. */
  load(models: readonly MeterModel[]): void {
    for (const model of models) {
      const number = this.#take();
      const at = this.#address(number);
      this.#region.setU32(at + layout.METER_COUNTER, this.#counters.allocate());
      this.#region.setU32(at + layout.METER_BITS, model.unit === "bits" ? 1 : 0);
      for (const [place, band] of model.bands.entries()) {
        const address = bandAddress(at, place);
        this.#writeBand(address, band);
        this.#region.setU32(address + layout.BAND_COUNTER, this.#counters.allocate());
      }
      this.#region.setU32(at + layout.METER_COUNT, model.bands.length);
    }
  }

  /**
   * A meter of packets for one action, whose only band drops. Throws LIMIT_EXCEEDED.
   * @param burst packets at once after a quiet time
   */
  acquireLimit(perSecond: number, burst: number): number {
    const number = this.#take();
    const at = this.#address(number);
    this.#writeBand(bandAddress(at, 0), { perSecond, burst, exceed: { type: "drop" } });
    this.#region.setU32(at + layout.METER_COUNT, 1);
    return number;
  }

  /** Gives a limit back that no worker uses any more. */
  release(number: number): void {
    this.#region.bytes(this.#address(number), layout.METER_STRIDE).fill(0);
    this.#free.push(number);
  }

  /** Fills all buckets. No worker may be running. */
  reset(): void {
    for (let number = 1; number < this.#top; number++) {
      for (let place = 0; place < layout.METER_BANDS; place++) {
        const band = bandAddress(this.#address(number), place);
        this.#region.setF64(band + layout.BAND_FULL, 0);
      }
    }
  }

  /** What the configuration's meter at this place has counted. */
  read(place: number): MeterCounts {
    const at = this.#address(place + 1);
    const bands = this.#region.getU32(at + layout.METER_COUNT);
    const count = (address: number) => amounts(this.#counters.read(this.#region.getU32(address)));
    return {
      ...count(at + layout.METER_COUNTER),
      bands: Array.from({ length: bands }, (_, band) =>
        count(bandAddress(at, band) + layout.BAND_COUNTER),
      ),
    };
  }

  #take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#top >= this.#region.map.sizes.meters) {
      const message = `no more than ${this.#top - 1} meters and log actions with a rate fit`;
      throw new SluiceError("LIMIT_EXCEEDED", message);
    }
    return this.#top++;
  }

  #writeBand(at: number, { perSecond, burst, exceed }: BandModel): void {
    const region = this.#region;
    const cost = 1e9 / perSecond;
    region.setF64(at + layout.BAND_COST, cost);
    region.setF64(at + layout.BAND_BURST, burst * cost);
    region.setU32(at + layout.BAND_TYPE, BAND_CODES[exceed.type]);
    region.setU32(at + layout.BAND_ARG, argumentOf(exceed));
  }

  #address(number: number): number {
    return this.#region.base(layout.REGION_METERS) + number * layout.METER_STRIDE;
  }
}

function amounts({ packets, bytes }: FlowCount): { packets: number; bytes: number } {
  return { packets, bytes };
}

function bandAddress(meter: number, place: number): number {
  return meter + layout.METER_BAND_FIRST + place * layout.METER_BAND_STRIDE;
}

function argumentOf(exceed: BandModel["exceed"]): number {
  switch (exceed.type) {
    case "drop":
      return 0;
    case "dscp":
      return exceed.dscp;
    case "dscp_remark":
      return exceed.levels;
  }
}
