// sluice trace as a child process; what the steps say is tested in test/trace.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEMO, jsonOf, ROUTER, sluice } from "./command.ts";

describe("sluice trace", () => {
  it("prints a block for each step", async () => {
    const run = await sluice(["trace", "-c", ROUTER, "--in", "lan", `${DEMO}:1`]);
    const text = run.stdout.toString();
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    expect(text).toMatch(/^\S+router-demo\.pcap, packet 1: transmitted by wan\n\n/);
    const steps = [...text.matchAll(/^([a-z-]+) +[a-z]+$/gm)].map(([, step]) => step);
    expect(steps).toEqual([
      ...["receive", "parse", "admit", "route", "forward", "neighbor", "rewrite", "verdict"],
    ]);
    expect(text).toMatch(/^ {10}prefix {7}0\.0\.0\.0\/0$/m);
  });

  it("prints one JSON object, and reads stdin", async () => {
    const input = readFileSync(DEMO);
    const run = await sluice(["trace", "-c", ROUTER, "--json", "--", "-:2"], { input });
    const { packet, steps } = jsonOf(run);
    expect(packet).toEqual({ capture: "-", number: 2 });
    expect(steps).toHaveLength(8);
    expect((steps as object[])[0]).toMatchObject({ step: "receive", verdict: "continue" });
  });

  it.each<[string, string[], number, RegExp]>([
    ["a packet beyond the end", [`${DEMO}:9999`], 2, /packet 9999: the capture has 723 packets/],
    ["no packet number", [DEMO], 2, /expected CAPTURE:NUMBER/],
    ["packet 0", [`${DEMO}:0`], 2, /expected CAPTURE:NUMBER/],
    ["no such capture", ["nowhere.pcap:1"], 1, /CAPTURE_NOT_FOUND/],
  ])("says what is wrong with %s", async (_, args, status, message) => {
    const run = await sluice(["trace", ...args]);
    expect(run.stderr).toMatch(message);
    expect(run.status).toBe(status);
  });
});
