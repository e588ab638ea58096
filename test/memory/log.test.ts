// The log rings, read as one stream: order, fillers, and room given back.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { LogReader, type RawLogEntry } from "../../src/memory/log.ts";
import type { Region } from "../../src/memory/region.ts";
import { flowMemory } from "../support/flow_memory.ts";

/** Writes as assembly/memory/log.ts does; false when there is no room. */
function write(region: Region, worker: number, sequence: number, frame: Uint8Array): boolean {
  const block = region.worker(worker);
  const ring = region.base(layout.REGION_LOG) + worker * layout.LOG_RING_BYTES;
  const size = (layout.LOG_FRAME + frame.length + 7) & ~7;
  const head = region.observe(block + layout.WORKER_LOG_HEAD);
  const tail = region.observe(block + layout.WORKER_LOG_TAIL);
  const place = head & (layout.LOG_RING_BYTES - 1);
  const rest = layout.LOG_RING_BYTES - place;
  const skipped = rest < size ? rest : 0;
  if (size + skipped > layout.LOG_RING_BYTES - ((head - tail) >>> 0)) return false;
  if (skipped > 0) region.setU32(ring + place + layout.LOG_SIZE, layout.LOG_FILLER);
  const at = ring + (skipped > 0 ? 0 : place);
  region.setU32(at + layout.LOG_SIZE, size);
  region.setU32(at + layout.LOG_FLOW, 7);
  region.setU64(at + layout.LOG_TIME, BigInt(sequence) * 1000n);
  region.setU64(at + layout.LOG_SEQUENCE, BigInt(sequence));
  region.setU16(at + layout.LOG_IN_PORT, worker);
  region.setU16(at + layout.LOG_OUT_PORT, layout.PORT_UNKNOWN);
  region.setU16(at + layout.LOG_TEXT, 3);
  region.setU16(at + layout.LOG_POINT, layout.POINT_FORWARD);
  region.setU32(at + layout.LOG_LENGTH, frame.length + 100);
  region.setU32(at + layout.LOG_KEPT, frame.length);
  region.u8.set(frame, at + layout.LOG_FRAME);
  region.publish(block + layout.WORKER_LOG_HEAD, (head + skipped + size) | 0);
  return true;
}

function setWatermark(region: Region, worker: number, sequence: number): void {
  region.setU64(region.worker(worker) + layout.WORKER_WATERMARK, BigInt(sequence));
}

function drained(reader: LogReader, all = false): RawLogEntry[] {
  const entries: RawLogEntry[] = [];
  reader.drain((entry) => entries.push(entry), all);
  return entries;
}

describe("LogReader", () => {
  it("gives what is written", () => {
    const region = flowMemory();
    write(region, 1, 4, Uint8Array.of(1, 2, 3));
    const [entry] = drained(new LogReader(region), true);
    expect(entry).toEqual({
      flow: 7,
      text: 3,
      point: layout.POINT_FORWARD,
      time: 4000n,
      sequence: 4,
      inPort: 1,
      outPort: layout.PORT_UNKNOWN,
      length: 103,
      frame: Uint8Array.of(1, 2, 3),
    });
  });

  it("waits for the worker that is behind, and gives entries in the order of packets", () => {
    const region = flowMemory();
    const reader = new LogReader(region);
    const sequences = (all = false) => drained(reader, all).map(({ sequence }) => sequence);
    write(region, 0, 2, Uint8Array.of());
    write(region, 0, 5, Uint8Array.of());
    write(region, 1, 1, Uint8Array.of());
    setWatermark(region, 0, 6);
    setWatermark(region, 1, 3);
    expect(sequences()).toEqual([1, 2]);
    write(region, 1, 4, Uint8Array.of());
    expect(sequences()).toEqual([]);
    setWatermark(region, 1, 9);
    setWatermark(region, 0, 9);
    expect(sequences()).toEqual([4, 5]);
    write(region, 1, 12, Uint8Array.of());
    expect(sequences(true)).toEqual([12]);
  });

  it("follows the ring around many times, giving its room back", () => {
    const region = flowMemory();
    const reader = new LogReader(region);
    let written = 0;
    let read = 0;
    const wrong: number[] = [];
    const lengths = [0, 1, 60, 128, 17, 99];
    for (let round = 0; round < 4; round++) {
      while (write(region, 0, written, new Uint8Array(lengths[written % 6]!).fill(written))) {
        written++;
      }
      for (const { sequence, frame } of drained(reader, true)) {
        const isRight =
          frame.length === lengths[read % 6] && frame.every((b) => b === (read & 255));
        if (sequence !== read || !isRight) wrong.push(sequence);
        read++;
      }
    }
    expect(wrong).toEqual([]);
    expect(read).toBe(written);
    expect(written).toBeGreaterThan(4 * 1000);
  });
});
