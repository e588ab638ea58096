import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { DEFAULT_TIMEOUTS, defaultConntrack } from "../../src/config/conntrack.ts";
import { FlowReader } from "../../src/config/flow_reader.ts";
import { FlowWriter } from "../../src/control/flow_text.ts";
import { SluiceError } from "../../src/errors.ts";
import {
  BAD_CONNECTION_CASES,
  CONNECTION_CASES,
  CONNECTION_PROBLEMS,
  MATCH,
  WORLD,
} from "./connections.cases.ts";
import { failure } from "./failure.ts";
import { BASE } from "./problems.cases.ts";

const MODEL = parseConfiguration(WORLD);

function refusal(read: () => unknown): SluiceError {
  try {
    read();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("actions about connections", () => {
  const reader = new FlowReader(MODEL);
  const writer = new FlowWriter(MODEL, () => []);

  it.each(CONNECTION_CASES)("$actions", ({ table, actions, model, text = actions }) => {
    const flow = reader.flow(table, { match: MATCH, actions });
    expect(flow.actions).toEqual(model);
    expect(writer.actions(flow.actions)).toEqual(text);
    expect(reader.flow(table, { match: MATCH, actions: text })).toEqual(flow);
  });

  it.each(BAD_CONNECTION_CASES)("$problems.0", ({ table = "post", wrong, problems }) => {
    const subject = `table '${table}', actions`;
    const { code, message } = refusal(() => reader.actions(table, wrong));
    const found = message.split("\n").map((line) => {
      expect(line.startsWith(subject)).toBe(true);
      return line.slice(subject.length).replace(/^, /, "");
    });
    expect(found).toEqual(problems);
    expect(code).toBe("FLOW_INVALID");
  });

  it("are refused where the match says that no first packet comes", () => {
    const later = { match: { ct_state: "established" }, actions: ["accept"] };
    expect(refusal(() => reader.flow("post", later)).message).toBe(
      "table 'post', flow: ct_state: a nat table sees the first packet of each connection " +
        "alone, which is never in this state",
    );
    expect(reader.flow("policy", later).actions).toEqual([{ type: "accept" }]);
    expect(reader.flow("alone", later).actions).toEqual([{ type: "accept" }]);
  });

  it("are refused without connection tracking", () => {
    const off = new FlowReader(parseConfiguration(`${BASE}tables: { t: {} }\n`));
    for (const flow of [{ actions: ["save_mark"] }, { match: { ct_zone: 1 }, actions: [] }]) {
      expect(refusal(() => off.flow("t", flow)).message).toMatch(
        /^table 't', flow: (save_mark|ct_zone) needs connection tracking, which is off: set/,
      );
    }
  });
});

describe("what is wrong about connections", () => {
  it.each(CONNECTION_PROBLEMS)("$problems.0", ({ code, tail, problems }) => {
    const error = failure(BASE + tail, "router.yaml");
    const expected = problems.map((problem) => `router.yaml:${problem}`);
    expect(error.message.split("\n")).toEqual(expected);
    expect(error.code).toBe(code ?? "CONFIG_INVALID");
  });
});

describe("connection tracking", () => {
  const enabledBy = (tail: string) => parseConfiguration(BASE + tail).conntrack.enabled;

  it("is off when nothing asks for it", () => {
    expect(parseConfiguration(BASE).conntrack).toEqual(defaultConntrack(false));
    expect(enabledBy("conntrack: { enabled: false }\n")).toBe(false);
    expect(enabledBy("tables: { t: { flows: [{ match: { mark: 1 }, actions: [drop] }] } }\n")).toBe(
      false,
    );
  });

  it.each([
    "conntrack: {}",
    "conntrack: { enabled: true }",
    "conntrack: { liberal: true }",
    "services: [{ name: a, vip: 203.0.113.10, proto: tcp, port: 80 }]",
    ...["ct_state: new", "ct_zone: 1", "ct_mark: 1", "ct_label: 1"].map(
      (match) => `tables: { t: { flows: [{ match: { ${match} }, actions: [drop] }] } }`,
    ),
    ...["ct", "masquerade", "redirect", "notrack", "save_mark", "restore_mark"].map(
      (action) => `tables: { t: { flows: [{ actions: [${action}] }] } }`,
    ),
    "tables: { t: { flows: [{ actions: [{ helper: ftp }] }] } }",
    "tables: { t: { flows: [{ actions: [{ snat: 10.0.0.1 }] }] } }",
    "tables: { t: { flows: [{ actions: [{ dnat: 10.0.0.1 }] }] } }",
    "tables: { t: { flows: [{ actions: [{ set_field: { ct_mark: 1 } }] }] } }",
    "groups: { g: { type: all, buckets: [{ actions: [save_mark] }] } }",
  ])("is on by %s", (tail) => {
    expect(enabledBy(`${tail}\n`)).toBe(true);
  });

  it("has everything set", () => {
    const { conntrack } = parseConfiguration(`${BASE}conntrack:
  checksum: false
  liberal: true
  loose: false
  helpers: [tftp, ftp, ftp]
  fragment_timeout: 1.5s
  max_per_source: 100
  zone_limits: { 5: 1000, 0: 0, 65535: 1 }
  timeouts: { tcp_established: 2h, udp: 10s, sctp_heartbeat_sent: 1ms }
`);
    expect(conntrack).toEqual({
      enabled: true,
      checksum: false,
      liberal: true,
      loose: false,
      helpers: ["tftp", "ftp"],
      fragmentTimeout: 1500,
      maxPerSource: 100,
      zoneLimits: new Map([
        [5, 1000],
        [0, 0],
        [65535, 1],
      ]),
      timeouts: {
        ...DEFAULT_TIMEOUTS,
        tcp_established: 7_200_000,
        udp: 10_000,
        sctp_heartbeat_sent: 1,
      },
    });
  });
});

describe("services", () => {
  it("have defaults", () => {
    const tail = "services: [{ name: a, vip: 203.0.113.10, proto: udp, port: 53 }]\n";
    expect(parseConfiguration(BASE + tail).services).toEqual([
      {
        name: "a",
        vip: Uint8Array.of(203, 0, 113, 10),
        proto: "udp",
        ports: { low: 53, high: 53 },
        scheduler: "maglev",
        mode: "nat",
        affinity: 0,
        removal: "keep",
        masquerade: false,
        backends: [],
      },
    ]);
  });

  it("have everything set", () => {
    const { services } = parseConfiguration(`${BASE}services:
  - name: a
    vip: 203.0.113.10
    proto: tcp
    port: 8000-8010
    scheduler: wlc
    mode: nat
    affinity: 600s
    removal: reset
    masquerade: true
    backends: [{ ip: 10.0.0.11, port: 8080 }, { ip: 10.0.0.12, weight: 0 }]
  - { name: b, vip: 203.0.113.10, proto: udp, port: 8000 }
  - { name: c, vip: 203.0.113.10, proto: tcp, port: 8011, mode: ipip, backends: [{ ip: "fd00::1" }] }
  - { name: d, vip: "fd00::9", proto: sctp, port: 5, mode: dsr, backends: [{ ip: "fd00::1", port: 5 }] }
`);
    expect(services[0]).toEqual({
      name: "a",
      vip: Uint8Array.of(203, 0, 113, 10),
      proto: "tcp",
      ports: { low: 8000, high: 8010 },
      scheduler: "wlc",
      mode: "nat",
      affinity: 600_000,
      removal: "reset",
      masquerade: true,
      backends: [
        { ip: Uint8Array.of(10, 0, 0, 11), port: 8080, weight: 1 },
        { ip: Uint8Array.of(10, 0, 0, 12), port: undefined, weight: 0 },
      ],
    });
    expect(services.map(({ name, mode }) => [name, mode])).toEqual([
      ["a", "nat"],
      ["b", "nat"],
      ["c", "ipip"],
      ["d", "dsr"],
    ]);
  });
});
