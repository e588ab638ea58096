// Values of options, numbers and tables.
import { describe, expect, it } from "vitest";
import { count, duration, rate, share, whole } from "../../src/cli/numbers.ts";
import { chooseModel, parseInput } from "../../src/cli/options.ts";
import { PLAIN, styleFor } from "../../src/cli/style.ts";
import { tableLines } from "../../src/cli/table.ts";
import { collectOutput, parseCount } from "../../src/cli/values.ts";
import { ROUTER } from "./command.ts";

describe("--in", () => {
  it("is a port, or a list by capture interface", () => {
    expect(parseInput(undefined)).toBeUndefined();
    expect(parseInput("lan")).toBe("lan");
    expect(parseInput("0=lan,1=wan")).toEqual(["lan", "wan"]);
    expect(parseInput("1=wan,0=lan")).toEqual(["lan", "wan"]);
  });

  it.each(["1=wan", "0=lan,2=wan", "0=lan,0=wan", "0=", "x=lan", "0=lan,wan", "0=a=b"])(
    "refuses %s",
    (text) => expect(() => parseInput(text)).toThrow(/--in: /),
  );
});

describe("-o", () => {
  it("collects ports and files, whose names may hold an equals sign", () => {
    const one = collectOutput("wan=a.pcap");
    expect(collectOutput("lan=b=c.pcap", one)).toEqual({ wan: "a.pcap", lan: "b=c.pcap" });
  });
});

describe("--loop", () => {
  it("takes whole numbers from 1", () => {
    expect(parseCount("12")).toBe(12);
    for (const text of ["0", "-1", "1.5", "1e3", "", "9007199254740993"]) {
      expect(() => parseCount(text), text).toThrow();
    }
  });
});

describe("the model", () => {
  it("is the configuration with what the options say", async () => {
    const plain = await chooseModel({ config: ROUTER, checksum: true });
    expect(plain.engine).toMatchObject({ queues: 1, verifyChecksums: "header" });
    const changed = await chooseModel({ config: ROUTER, checksum: false }, 4);
    expect(changed.engine).toMatchObject({ queues: 4, cpus: undefined, verifyChecksums: "none" });
  });
});

describe("numbers", () => {
  it.each([
    [whole(1234567), "1,234,567"],
    [count(1, "port"), "1 port"],
    [count(2, "prefix", "prefixes"), "2 prefixes"],
    [rate(2_430_000, "pps"), "2.43 Mpps"],
    [rate(812_000, "bit/s"), "812 kbit/s"],
    [rate(12.34, "pps"), "12.3 pps"],
    [rate(4.2e12, "bit/s"), "4,200 Gbit/s"],
    [share(1, 3), "33.3 %"],
    [share(1, 1e6), "< 0.1 %"],
    [share(0, 5), "0.0 %"],
    [share(0, 0), ""],
    [duration(0.4123), "0.412 s"],
    [duration(83.14), "83.1 s"],
    [duration(3725), "1 h 02 min 05 s"],
  ])("%s is %s", (shown, expected) => expect(shown).toBe(expected));
});

describe("tables", () => {
  it("align columns and do not count emphasis", () => {
    const loud = (text: string) => `*${text}*`;
    const rows = [
      ["name", "n", "why"],
      [{ text: "a", emphasis: loud }, "100", "because"],
    ];
    expect(tableLines(rows, "lrl")).toEqual(["name    n  why", "*a   *  100  because"]);
  });
});

describe("colours", () => {
  it("are for terminals that want them", () => {
    expect(styleFor({ isTTY: true }, {}).bold("x")).toBe("\u001b[1mx\u001b[22m");
    expect(styleFor({ isTTY: true }, { NO_COLOR: "1" })).toBe(PLAIN);
    expect(styleFor({ isTTY: true }, { TERM: "dumb" })).toBe(PLAIN);
    expect(styleFor({ isTTY: false }, {})).toBe(PLAIN);
  });
});
