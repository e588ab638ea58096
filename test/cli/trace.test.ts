// sluice trace as a child process; what the steps say is tested in test/trace.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAR, HOST, hostToRouter, world } from "../path/world.ts";
import { toHex } from "../support/octets.ts";
import { DEMO, jsonOf, ROUTER, sluice } from "./command.ts";

const FIREWALL = `${world()}
tables:
  policy:
    attach: forward
    flows:
      - { id: web, priority: 20, match: { tcp_dst: 443 }, actions: [accept] }
      - { id: rest, priority: 10, match: {}, actions: [{ count: refused }, drop] }
`;
const WEB = toHex(
  hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4 }).tcp({ from: 40_000, to: 80 }).bytes(),
);

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

  describe("of a frame on the command line", () => {
    let folder: string;
    let file: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "sluice-trace-"));
      file = join(folder, "firewall.yaml");
      writeFileSync(file, FIREWALL);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it("shows the flow that matched and the near misses above it", async () => {
      const run = await sluice(["trace", "-c", file, "--packet", WEB]);
      expect(run.stderr).toBe("");
      expect(run.status).toBe(0);
      const text = run.stdout.toString();
      expect(text).toMatch(/^packet of 54 bytes: dropped: by-flow\n\nreceive {2}continue\n/);
      const block = [
        "flow     drop: by-flow",
        "         point     forward",
        "         table     policy",
        "         flow      rest",
        "         priority  10",
        "         match     {}",
        "         actions   [{ count: refused }, drop]",
        "         near misses above it",
        "           web (priority 20)",
        "             tcp_dst: expected 443, packet has 80",
        "verdict  drop: by-flow",
        "         result  dropped: by-flow",
        "         by      table policy, flow rest (priority 10)",
      ];
      expect(text).toContain(block.join("\n"));
    });

    it("prints the same as JSON, and takes digits as they are copied", async () => {
      const digits = `0x${WEB.toUpperCase().replace(/..(?!$)/g, "$& ")}`;
      const run = await sluice(["trace", "-c", file, "--packet", digits, "--in", "lan", "--json"]);
      const { packet, steps } = jsonOf(run);
      expect(packet).toEqual({ hex: WEB, length: 54 });
      const flow = (steps as { step: string }[]).find(({ step }) => step === "flow");
      expect(flow).toMatchObject({
        verdict: "drop: by-flow",
        facts: { table: "policy", flow: "rest" },
        lookUp: {
          flow: { id: "rest", priority: 10, match: {}, actions: [{ count: "refused" }, "drop"] },
          nearMisses: [
            { id: "web", failures: [{ field: "tcp_dst", expected: "443", packet: "80" }] },
          ],
        },
      });
    });
  });

  it.each<[string, string[], number, RegExp]>([
    ["a capture and a frame", [`${DEMO}:1`, "--packet", WEB], 2, /either CAPTURE:NUMBER or/],
    ["neither of them", [], 2, /either CAPTURE:NUMBER or --packet HEX/],
    ["half a byte", ["--packet", "020"], 2, /--packet: expected an Ethernet frame/],
    ["no digits", ["--packet", "hello"], 2, /hexadecimal digits, two for each byte/],
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
