// sluice test as a child process, and packets in text for sluice trace.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonOf, ROOT, sluice } from "./command.ts";

const EXAMPLE = "examples/firewall.test.yaml";
const FIREWALL = `${ROOT}examples/firewall.yaml`;

let folder: string;
let failing: string;
let broken: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  failing = join(folder, "failing.yaml");
  broken = join(folder, "broken.yaml");
  const text = (expected: string) => `configuration: ${FIREWALL}
tests:
  - name: good
    packets: [{ in: lan, packet: "tcp 10.0.0.2:1 > 198.51.100.1:80", expect: transmitted }]
  - name: bad
    packets: [{ in: lan, packet: "tcp 10.0.0.2:1 > 198.51.100.1:80", expect: ${expected} }]
`;
  writeFileSync(failing, text("{ verdict: dropped, ip_ttl: 1 }"));
  writeFileSync(broken, text("{ verdict: gone }"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("sluice test", () => {
  it("the example passes", async () => {
    const run = await sluice(["test", EXAMPLE]);
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    const lines = run.stdout.toString().trimEnd().split("\n");
    expect(lines.at(-1)).toBe("4 passed, 0 failed");
    expect(lines[0]).toMatch(
      /^pass {2}the web is reached .* examples\/firewall\.test\.yaml:\d+, 3/,
    );
  });

  it("the example with NAT passes: state, addresses, quotations and connections", async () => {
    const run = await sluice(["test", "examples/nat.test.yaml"]);
    expect(run.stderr).toBe("");
    expect(run.stdout.toString()).toMatch(/^pass {2}.*\n1 passed, 0 failed\n$/);
    expect(run.status).toBe(0);
  });

  it("shows what differs, and the packet's way", async () => {
    const run = await sluice(["test", failing, EXAMPLE]);
    const text = run.stdout.toString();
    expect(run.status).toBe(1);
    expect(text).toMatch(/^pass {2}good .*\nFAIL {2}bad /);
    const block = [
      `    packet 1, by lan at 0 s, ${failing}:6:15: tcp 10.0.0.2:1 > 198.51.100.1:80`,
      "      verdict  expected  dropped",
      "               found     transmitted",
      "      ip_ttl   expected  1",
      "               found     63",
      "      sent by wan: tcp 10.0.0.2:1 > 198.51.100.1:80 syn seq 0 ttl 63",
      "      | receive   continue",
    ];
    expect(text).toContain(block.join("\n"));
    expect(text).toMatch(/\n5 passed, 1 failed\n$/);
  });

  it("connections that are not as expected fail a test, too", async () => {
    const file = join(folder, "connections.yaml");
    writeFileSync(
      file,
      `configuration: ${FIREWALL}
tests:
  - name: none
    packets: [{ in: lan, packet: "udp 10.0.0.2:1 > 198.51.100.1:80" }]
    connections: [{ protocol: udp }]
`,
    );
    const run = await sluice(["test", file]);
    expect(run.status).toBe(1);
    expect(run.stdout.toString()).toMatch(
      /expected {2}at least 1\n {6}found {5}0\n0 passed, 1 failed/,
    );
  });

  it("prints one JSON object", async () => {
    const run = await sluice(["test", "--json", failing]);
    expect(run.status).toBe(1);
    expect(jsonOf(run)).toMatchObject({
      passed: 1,
      failed: 1,
      files: [
        {
          file: failing,
          tests: [
            { name: "good", passed: true },
            {
              name: "bad",
              passed: false,
              failures: [
                {
                  packet: 1,
                  differences: [{ what: "verdict", expected: "dropped" }, { what: "ip_ttl" }],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it("a file with errors keeps no other from being run", async () => {
    const run = await sluice(["test", broken, EXAMPLE]);
    expect(run.status).toBe(2);
    expect(run.stdout.toString()).toMatch(/4 passed, 0 failed\n$/);
    expect(run.stderr).toMatch(/error CONFIG_INVALID: .*broken\.yaml:6:\d+ .*found "gone"/);
  });
});

describe("sluice trace of a packet in text", () => {
  const packet = "tcp 10.0.0.2:1234 > 198.51.100.1:80 syn";
  it("shows its steps", async () => {
    const run = await sluice(["trace", "-c", FIREWALL, "--in", "lan", packet]);
    expect(run.status).toBe(0);
    expect(run.stdout.toString()).toMatch(
      /^tcp 10\.0\.0\.2:1234 > 198\.51\.100\.1:80 syn: transmitted by wan\n/,
    );
  });

  it("says what is wrong with it", async () => {
    const run = await sluice(["trace", "-c", FIREWALL, `${packet} tttl 3`]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/error USAGE: .*unknown word of tcp 'tttl'; did you mean 'ttl'/);
  });
});
