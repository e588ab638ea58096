import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syntheticTable } from "../../bench/routes.ts";
import { type TrafficOptions, writeTraffic } from "../../bench/traffic.ts";
import { ROUTER_MAC, SENDER_MAC } from "../../bench/world.ts";

interface Packet {
  readonly frame: DataView;
  readonly microseconds: number;
}

/** The packets of a little-endian pcap, read the plain way. */
function readPcap(file: string): Packet[] {
  const bytes = readFileSync(file);
  expect(bytes.readUInt32LE(0)).toBe(0xa1b2c3d4);
  const packets: Packet[] = [];
  for (let at = 24; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    expect(bytes.readUInt32LE(at + 12)).toBe(length);
    const frame = new DataView(bytes.buffer, bytes.byteOffset + at + 16, length);
    packets.push({
      frame,
      microseconds: bytes.readUInt32LE(at) * 1e6 + bytes.readUInt32LE(at + 4),
    });
    at += 16 + length;
  }
  return packets;
}

/** Sum of 16-bit words with end-around carry: 0xffff over what holds its own right checksum. */
function onesSum(view: DataView, from: number, to: number, start = 0): number {
  let sum = start;
  for (let at = from; at < to; at++) sum += view.getUint8(at) << ((at - from) % 2 === 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536);
  return sum;
}

function flowKey(frame: DataView): string {
  const ip4 = frame.getUint16(12) === 0x0800;
  const [from, to] = ip4 ? [26, 38] : [22, 58];
  return Buffer.from(frame.buffer, frame.byteOffset + from, to - from).toString("hex");
}

const CASES = [
  { family: 4, mix: "64B" },
  { family: 6, mix: "64B" },
  { family: 4, mix: "IMIX" },
  { family: 6, mix: "IMIX" },
] as const;

describe.each(CASES)("traffic of IPv$family, $mix", ({ family, mix }) => {
  let folder = "";
  let packets: Packet[] = [];
  const options: TrafficOptions = {
    table: syntheticTable(family, 7, 0.002),
    flows: 50,
    mix,
    packets: 600,
    seed: 5,
    destinationMac: ROUTER_MAC,
    sourceMac: SENDER_MAC,
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-traffic-"));
    const file = join(folder, "a.pcap");
    const traffic = writeTraffic(file, options);
    packets = readPcap(file);
    expect(traffic.packets).toBe(packets.length);
    expect(traffic.bytes).toBe(packets.reduce((sum, { frame }) => sum + frame.byteLength, 0));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has the packets asked for, in order of time, of equally frequent flows", () => {
    expect(packets).toHaveLength(600);
    const times = packets.map(({ microseconds }) => microseconds);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const counts = new Map<string, number>();
    for (const { frame } of packets) {
      counts.set(flowKey(frame), (counts.get(flowKey(frame)) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(new Array(50).fill(12));
  });

  it("has frames of the mix's sizes, without FCS", () => {
    const lengths = new Set(packets.map(({ frame }) => frame.byteLength));
    const small = family === 4 ? [60] : [62, 74];
    const expected = mix === "64B" ? small : [...small, 590, 1514];
    expect([...lengths].sort((a, b) => a - b)).toEqual(expected);
  });

  it("has right lengths and checksums", () => {
    for (const { frame } of packets) {
      const end = frame.byteLength;
      const l4 = family === 4 ? 34 : 54;
      const protocol = frame.getUint8(family === 4 ? 23 : 20);
      if (family === 4) {
        expect(frame.getUint16(16)).toBe(end - 14);
        expect(onesSum(frame, 14, 34)).toBe(0xffff);
      } else {
        expect(frame.getUint16(18)).toBe(end - 54);
      }
      if (protocol === 17) expect(frame.getUint16(l4 + 4)).toBe(end - l4);
      else expect(protocol).toBe(6);
      const pseudo = onesSum(frame, family === 4 ? 26 : 22, l4, protocol + end - l4);
      expect(onesSum(frame, l4, end, pseudo)).toBe(0xffff);
    }
  });

  it("is the same for the same seed, and another for another", () => {
    const [same, other] = [join(folder, "b.pcap"), join(folder, "c.pcap")];
    writeTraffic(same, options);
    writeTraffic(other, { ...options, seed: 6 });
    const first = readFileSync(join(folder, "a.pcap"));
    expect(readFileSync(same).equals(first)).toBe(true);
    expect(readFileSync(other).equals(first)).toBe(false);
  });
});
