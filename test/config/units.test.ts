import { describe, expect, it } from "vitest";
import { parseDuration, parseRate, parseSize, parseSpeed } from "../../src/config/units.ts";
import { SluiceError } from "../../src/errors.ts";

describe("durations", () => {
  it.each([
    ["100ms", 100],
    ["30s", 30_000],
    ["1.5s", 1500],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["5d", 432_000_000],
    ["0s", 0],
  ])("%s is %d milliseconds", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(["", "30", "s", "-1s", "1e3s", "1 s", "1h30m", "1.s", ".5s", "1S", "1min"])(
    "refuses %j",
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );
});

describe("sizes", () => {
  it.each([
    [1500, 1500],
    ["1500", 1500],
    ["512B", 512],
    ["64KiB", 65_536],
    ["2MB", 2_000_000],
    ["2kB", 2000],
    ["2KB", 2000],
    ["1.5MiB", 1_572_864],
    ["1GiB", 2 ** 30],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(["", -1, 1.5, "1.5", "64K", "64 KiB", "64kib", "64kiB", "mB", "1e9", Number.NaN])(
    "refuses %j",
    (text) => expect(parseSize(text)).toBeUndefined(),
  );
});

describe("rates", () => {
  it.each([
    ["10mbit", "bits", 10e6],
    ["250Kbit", "bits", 250e3],
    ["1gbit", "bits", 1e9],
    ["100bit", "bits", 100],
    ["2kpps", "packets", 2000],
    ["1.5Mpps", "packets", 1.5e6],
    ["7pps", "packets", 7],
    ["100/s", "events", 100],
    ["30/m", "events", 0.5],
    ["36/h", "events", 0.01],
  ])("%s is %s, %d a second", (text, kind, perSecond) => {
    expect(parseRate(text)).toEqual({ kind, perSecond });
  });

  it.each(["", "100", "10mbps", "10mbit/s", "10 mbit", "k/s", "1/d", "-1/s", "10tbit", "1/ms"])(
    "refuses %j",
    (text) => expect(parseRate(text)).toBeUndefined(),
  );
});

describe("speeds", () => {
  it.each([
    ["top", { kind: "top" }],
    ["0.5x", { kind: "multiple", factor: 0.5 }],
    ["100x", { kind: "multiple", factor: 100 }],
    ["20kpps", { kind: "packets", perSecond: 20_000 }],
    ["1.5Mpps", { kind: "packets", perSecond: 1.5e6 }],
    ["1gbit", { kind: "bits", perSecond: 1e9 }],
    ["250kbit", { kind: "bits", perSecond: 250e3 }],
  ])("%s", (text, speed) => {
    expect(parseSpeed(text)).toEqual(speed);
  });

  it.each(["", "fast", "0x", "0.0x", "0pps", "x", "-1x", "100/s", "2", "TOP", "1kx"])(
    "refuses %j as wrong usage",
    (text) => {
      const expected =
        "speed: expected 'top', a multiple such as 0.5x, or a rate such as 20kpps or 1gbit, " +
        `found "${text}"`;
      expect(() => parseSpeed(text)).toThrow(new SluiceError("USAGE", expected));
    },
  );
});
