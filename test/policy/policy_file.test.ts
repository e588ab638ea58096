// Files of policy tests: what is wrong with them is told with its place, what differs is shown.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runPolicyTests, type TestResult } from "../../src/policy/runner.ts";
import { loadPolicyFile } from "../../src/policy/test_file.ts";
import { DEMO, ROOT } from "../cli/command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-policy-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG = `config:
  version: 1
  engine: { frames: 256, limits: { routes: 64, neighbors: 16 } }
  ports:
    lan: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: [10.0.0.1/24] }
    wan: { device: "pcap:", mac: "02:00:00:00:00:02", addresses: [203.0.113.2/24] }
  neighbors:
    - { port: lan, ip: 10.0.0.2, mac: "02:00:00:00:00:a2" }
    - { port: wan, ip: 203.0.113.1, mac: "02:00:00:00:00:fe" }
  routes: [{ to: 0.0.0.0/0, via: 203.0.113.1 }]
  meters: { slow: { rate: 1pps, burst: 1, exceed: drop } }
  tables:
    policy:
      attach: forward
      flows:
        - { id: slow, priority: 20, match: { udp_dst: 7 }, actions: [{ meter: slow }, accept] }
        - { id: no, priority: 10, match: { udp_dst: 9 }, actions: [drop] }
`;

function write(tests: string, config = CONFIG): string {
  const file = join(folder, "policy.test.yaml");
  writeFileSync(file, `${config}tests:\n${tests}`);
  return file;
}

async function run(tests: string, config?: string): Promise<TestResult[]> {
  const results: TestResult[] = [];
  const loaded = await loadPolicyFile(write(tests, config));
  for await (const result of runPolicyTests(loaded)) results.push(result);
  return results;
}

const UDP = "udp 10.0.0.2:5 > 198.51.100.1";

describe("tests", () => {
  it("state lasts from packet to packet, and each test begins anew", async () => {
    const once = `
  - name: one
    packets:
      - { in: lan, packet: "${UDP}:7", expect: transmitted }
      - { packet: "${UDP}:7", expect: { reason: meter } }
      - { at: 2s, packet: "${UDP}:7", expect: { verdict: transmitted, flow: policy/slow } }
`;
    const results = await run(once + once);
    expect(results.map(({ failures }) => failures)).toEqual([[], []]);
    expect(results.map(({ packets }) => packets)).toEqual([3, 3]);
  });

  it("what differs is named, with the values of the nearest frame", async () => {
    const [result] = await run(`
  - name: wrong
    packets:
      - in: lan
        packet: "${UDP}:8 payload \\"x\\""
        expect:
          { verdict: dropped, out: lan, flow: policy/no, ip_ttl: 64,
            packet: "${UDP}:8 ttl 62 payload \\"y\\"" }
`);
    const [failure] = result?.failures ?? [];
    expect(failure).toMatchObject({ packet: 1, port: "lan", time: 0, line: 22, column: 9 });
    expect(failure?.differences).toEqual([
      { what: "verdict", expected: "dropped", found: "transmitted" },
      { what: "flow", expected: "policy/no", found: "policy/miss" },
      { what: "out", expected: "lan", found: "wan" },
      { what: "ip_ttl", expected: "62", found: "63" },
      { what: "payload", expected: "0x79", found: "0x78" },
      { what: "ip_ttl", expected: "64", found: "63" },
    ]);
    expect(failure?.sent).toMatchObject([{ port: "wan", text: `${UDP}:8 ttl 63 len 1` }]);
    expect(failure?.trace.steps.at(-1)?.verdict).toBe("transmit");
  });

  it("nothing sent, too much sent, another reason", async () => {
    const [result] = await run(`
  - name: wrong
    packets:
      - { in: lan, packet: "${UDP}:9", expect: { reason: table-miss, out: wan } }
      - { packet: "icmp 10.0.0.2 > 10.0.0.1 id 1", expect: { verdict: consumed, sent: 0 } }
      - { packet: "icmp 10.0.0.2 > 10.0.0.1 id 1", expect: { sent: [{ out: lan, icmp_id: 2 }] } }
      - { packet: "${UDP}:8", expect: { ct_state: new } }
`);
    const found = result?.failures.map(({ differences }) => differences);
    expect(found).toEqual([
      [
        { what: "reason", expected: "table-miss", found: "by-flow" },
        { what: "sent", expected: "a frame by wan", found: "nothing" },
      ],
      [
        {
          what: "sent",
          expected: "0 frames",
          found: "1 frames (lan: icmp 10.0.0.1 > 10.0.0.2 echo-reply id 1 seq 0 ttl 64)",
        },
      ],
      [{ what: "sent 1: icmp_id", expected: "2", found: "1" }],
      [{ what: "ct_state", expected: "new", found: "none" }],
    ]);
  });

  it("frames come as digits and from captures, too", async () => {
    const results = await run(
      `
  - name: captures
    packets:
      - { in: lan, capture: "${DEMO}:1", expect: { out: wan } }
      - { capture: "${DEMO}" }
      - { hex: "02 00 00 00 00 01 02 00 00 00 00 a2 88 b5 00", expect: dropped }
`,
      `configuration: ${join(ROOT, "examples/router.yaml")}\n`,
    );
    expect(results).toMatchObject([{ packets: 725, failures: [] }]);
  });

  it("connections are counted at the end", async () => {
    const [result] = await run(`
  - name: none without tracking
    packets: [{ in: lan, packet: "${UDP}:8" }]
    connections: [{ protocol: udp, count: 0 }, { protocol: udp }]
`);
    expect(result?.connections).toEqual([
      { filter: { protocol: "udp" }, line: 22, expected: "at least 1", found: 0, listed: [] },
    ]);
  });
});

describe("errors", () => {
  it.each<[string, string, RegExp]>([
    ["an unknown key", "  - { name: a, packet: [] }", /:19:16 \/tests\/0\/packet: unknown key/],
    ["no tests", "  []", /:19:3 \/tests: expected a list of 1 to/],
    ["no packet", "  - { name: a, packets: [{ in: lan }] }", /expected one of 'packet', 'hex' and/],
    [
      "two packets",
      `  - { name: a, packets: [{ packet: "${UDP}:1", hex: "00" }] }`,
      /expected one of/,
    ],
    [
      "a wrong packet",
      '  - { name: a, packets: [{ packet: "udp x" }] }',
      /:19:36 \/tests\/0\/packets\/0\/packet: expected the source .* \(at character 5\)/,
    ],
    [
      "a wrong port",
      '  - { name: a, packets: [{ in: lam, hex: "00" }] }',
      /unknown port 'lam'; did you/,
    ],
    [
      "a wrong time",
      '  - { name: a, packets: [{ at: "1", hex: "00" }] }',
      /expected a time such as 0s/,
    ],
    [
      "time going back",
      '  - { name: a, packets: [{ at: 2s, hex: "00" }, { at: 1s, hex: "00" }] }',
      /expected 2s or later, found 1s/,
    ],
    [
      "a wrong verdict",
      '  - { name: a, packets: [{ hex: "00", expect: passed }] }',
      /expected one of 'transmitted', .* found "passed"/,
    ],
    [
      "a wrong flow",
      '  - { name: a, packets: [{ hex: "00", expect: { flow: policy/slo } }] }',
      /unknown flow of table 'policy' 'slo'; did you mean 'slow'\?/,
    ],
    [
      "a wrong reason",
      '  - { name: a, packets: [{ hex: "00", expect: { reason: by-flo } }] }',
      /unknown drop reason 'by-flo'; did you mean 'by-flow'\?/,
    ],
    [
      "a reason of what is not dropped",
      '  - { name: a, packets: [{ hex: "00", expect: { verdict: held, reason: by-flow } }] }',
      /a packet that is held has no drop reason/,
    ],
    [
      "a wrong value",
      '  - { name: a, packets: [{ hex: "00", expect: { tcp_dst: 70000 } }] }',
      /\/expect\/tcp_dst: expected .*, found 70000/,
    ],
    [
      "a wrong filter",
      '  - { name: a, packets: [{ hex: "00" }], connections: [{ protocol: tcq }] }',
      /\/connections\/0: protocol: expected .*, found "tcq"/,
    ],
    [
      "a capture that is not there",
      '  - { name: a, packets: [{ capture: "none.pcap" }] }',
      /none\.pcap: no such file/,
    ],
    [
      "a packet beyond the capture's end",
      `  - { name: a, packets: [{ capture: "${DEMO}:9999" }] }`,
      /the capture has 723 packets/,
    ],
  ])("%s", async (_, tests, message) => {
    await expect(loadPolicyFile(write(tests))).rejects.toThrow(message);
  });

  it("what is wrong with a configuration in place has its line in the file", async () => {
    const file = write("  - { name: a, packets: [] }", CONFIG.replace("10.0.0.1/24", "10.0.0.1"));
    await expect(loadPolicyFile(file)).rejects.toThrow(
      /:19:25 \/tests\/0\/packets: expected a list/,
    );
    const other = write(
      '  - { name: a, packets: [{ hex: "00" }] }',
      CONFIG.replace("[10.0.0.1/24]", "[10.0.0.1]"),
    );
    const found = /policy\.test\.yaml:5:\d+ \/ports\/lan\/addresses\/0: expected an address/;
    await expect(loadPolicyFile(other)).rejects.toThrow(found);
  });

  it("a configuration is given once", async () => {
    const message = /expected either 'configuration', a file, or 'config', one in place/;
    const tests = '  - { name: a, packets: [{ hex: "00" }] }';
    await expect(loadPolicyFile(write(tests, ""))).rejects.toThrow(message);
    const both = write(tests, `configuration: x.yaml\n${CONFIG}`);
    await expect(loadPolicyFile(both)).rejects.toThrow(message);
  });

  it("a file that is not there", async () => {
    const missing = join(folder, "nowhere.yaml");
    await expect(loadPolicyFile(missing)).rejects.toThrow(
      /nowhere\.yaml cannot be read \(ENOENT\)/,
    );
  });
});
