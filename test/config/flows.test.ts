import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { FlowReader } from "../../src/config/flow_reader.ts";
import { matchNames, writeMatch } from "../../src/config/match_text.ts";
import { SluiceError } from "../../src/errors.ts";
import { ACTION_CASES, BAD_ACTIONS, BAD_MATCHES, MATCH_CASES, WORLD } from "./flows.cases.ts";

const MODEL = parseConfiguration(WORLD);
const NAMES = matchNames(MODEL);

/** The error of reading something that is wrong. */
function refusal(read: () => unknown): SluiceError {
  try {
    read();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

/** Lines of a refusal as "pointer: message". */
function problemsOf(error: SluiceError, subject: string): string[] {
  expect(error.code).toBe("FLOW_INVALID");
  return error.message.split("\n").map((line) => {
    expect(line.startsWith(subject)).toBe(true);
    return line.slice(subject.length).replace(/^, /, "");
  });
}

describe("matches", () => {
  const reader = new FlowReader(MODEL);

  it.each(MATCH_CASES)("$text", ({ match, text }) => {
    expect(writeMatch(reader.match(match), NAMES)).toBe(text);
  });

  it.each(BAD_MATCHES)("$problems.0", ({ wrong, problems }) => {
    const error = refusal(() => reader.match(wrong));
    expect(problemsOf(error, "match")).toEqual(problems);
  });

  it("have the model's shape", () => {
    expect(reader.match({ ipv4_src: "!10.1.2.3/8", tcp_dst: ["1-5", 7] })).toEqual([
      {
        kind: "field",
        field: "ipv4_src",
        negated: true,
        terms: [{ kind: "masked", value: 0x0a000000, mask: 0xff000000 }],
      },
      {
        kind: "field",
        field: "tcp_dst",
        negated: false,
        terms: [
          { kind: "range", low: 1, high: 5 },
          { kind: "masked", value: 7, mask: 0xffff },
        ],
      },
      {
        kind: "field",
        field: "eth_type",
        negated: false,
        terms: [{ kind: "masked", value: 0x0800, mask: 0xffff }],
      },
      {
        kind: "field",
        field: "ip_proto",
        negated: false,
        terms: [{ kind: "masked", value: 6, mask: 0xff }],
      },
    ]);
    expect(reader.match({ "ipv4_src . tcp_dst": "!@pairs" })[0]).toEqual({
      kind: "set",
      fields: ["ipv4_src", "tcp_dst"],
      negated: true,
      set: 1,
    });
  });
});

describe("actions", () => {
  it.each(ACTION_CASES)("$actions", ({ table = "policy", actions, model }) => {
    expect(new FlowReader(MODEL).actions(table, actions)).toEqual(model);
  });

  it.each(BAD_ACTIONS)("$problems.0", ({ table = "policy", wrong, problems }) => {
    const error = refusal(() => new FlowReader(MODEL).actions(table, wrong));
    expect(problemsOf(error, `table '${table}', actions`)).toEqual(problems);
  });

  it("of no table in particular are not judged by where they are", () => {
    const reader = new FlowReader(MODEL);
    expect(reader.actions(undefined, ["flood"])).toEqual([{ type: "flood" }]);
    expect(refusal(() => reader.actions(undefined, ["floor"])).message).toBe(
      "actions, /0: unknown action 'floor'; did you mean 'flood'?",
    );
  });
});

describe("flows", () => {
  const reader = new FlowReader(MODEL);

  it("have defaults", () => {
    expect(reader.flow("policy", { actions: [] })).toEqual({
      id: undefined,
      cookie: 0n,
      priority: 32768,
      match: [],
      actions: [],
      idleTimeout: 0,
      hardTimeout: 0,
    });
  });

  it("have everything set", () => {
    const document = {
      id: "7f",
      cookie: "0xffffffffffffffff",
      priority: 0,
      idle_timeout: "1.5s",
      hard_timeout: "2h",
      match: { in_port: "wan" },
      actions: ["drop"],
    };
    expect(reader.flow("policy", document)).toMatchObject({
      id: "7f",
      cookie: 2n ** 64n - 1n,
      priority: 0,
      idleTimeout: 1500,
      hardTimeout: 7_200_000,
    });
    for (const cookie of [7, 7n, "7"]) {
      expect(reader.flow("policy", { ...document, cookie }).cookie).toBe(7n);
    }
  });

  it("are refused with their id or number, and all that is wrong", () => {
    const wrong = { id: "web", match: { tcp_dst: "x", foo: 1 }, actions: ["dorp"] };
    const error = refusal(() => reader.flow("policy", wrong));
    expect(error.place).toEqual({ pointer: "/match/tcp_dst" });
    expect(problemsOf(error, "table 'policy', flow 'web'")).toEqual([
      '/match/tcp_dst: tcp_dst: expected a number from 0 to 65535, a range or value/mask, found "x"',
      "/match/foo: unknown field 'foo'",
      "/actions/0: unknown action 'dorp'; did you mean 'drop'?",
    ]);
    const shapeless = { priority: 65536, cookie: -1, idle_timeout: 5, action: [] };
    expect(
      problemsOf(
        refusal(() => reader.flow("policy", shapeless, 12)),
        "table 'policy', flow 12",
      ),
    ).toEqual([
      "/priority: expected an integer from 0 to 65535, found 65536",
      "/cookie: expected a number of 64 bits, in quotes above 2^53, such as 7 or 0x2a, found -1",
      "/idle_timeout: expected a duration such as 30s or 5m, found 5",
      "/action: unknown key 'action'; did you mean 'actions'?",
      ": key 'actions' is missing",
    ]);
    expect(refusal(() => reader.flow("policy", null)).message).toBe(
      "table 'policy', flow: expected a flow: { match, actions, … }, found nothing",
    );
    expect(refusal(() => reader.flow("polcy", {})).message).toBe(
      "unknown table 'polcy'; did you mean 'policy'?",
    );
    // One refusal leaves nothing behind for the next.
    expect(reader.flow("policy", { actions: ["drop"] }).actions).toEqual([{ type: "drop" }]);
  });

  it("reset TCP alone", () => {
    const actions = [{ reject: "tcp-reset" }];
    expect(reader.flow("policy", { match: { tcp_dst: 22 }, actions }).actions).toHaveLength(1);
    for (const match of [{}, { ip_proto: [6, 17] }, { ip_proto: "!udp" }]) {
      expect(refusal(() => reader.flow("policy", { match, actions })).message).toBe(
        "table 'policy', flow, /actions: reject: tcp-reset needs ip_proto tcp in the match",
      );
    }
  });

  it("look at the port a packet leaves by only where it is known", () => {
    const flow = { match: { out_port: "wan" }, actions: ["drop"] };
    expect(reader.flow("policy", flow).match).toHaveLength(1);
    for (const [table, from] of [
      ["pipeline", "ingress (pipeline)"],
      ["shaped", "ingress (pipeline -> shaped)"],
      ["early", "raw (early)"],
    ] as const) {
      expect(refusal(() => reader.flow(table, flow)).message).toBe(
        `table '${table}', flow: out_port is known only behind routing, and packets come from ${from}`,
      );
    }
  });

  it("name new counters", () => {
    const own = new FlowReader(MODEL);
    own.flow("policy", { actions: [{ count: "b" }, { count: "a" }, { count: "b" }] });
    expect(own.counters).toEqual(["b", "a"]);
  });
});

describe("elements of sets", () => {
  const reader = new FlowReader(MODEL);

  it("are read by the types of the set", () => {
    expect(reader.element("office", "10.0.0.0/8")).toEqual([
      { kind: "masked", value: 0x0a000000, mask: 0xff000000 },
    ]);
    const pair = [
      { kind: "masked", value: 0x0a000001, mask: 0xffffffff },
      { kind: "range", low: 80, high: 89 },
    ];
    expect(reader.element("pairs", "10.0.0.1 . 80-89")).toEqual(pair);
    expect(reader.element("pairs", ["10.0.0.1", "80-89"])).toEqual(pair);
    expect(reader.element("numbers", 7)).toEqual([{ kind: "masked", value: 7, mask: 2 ** 32 - 1 }]);
  });

  it.each([
    ["office", "x", 'expected an IPv4 address, prefix or range, found "x"'],
    ["office", ["10.0.0.1", 80], "expected an element made of ipv4, found a list"],
    ["pairs", "10.0.0.1", 'expected an element made of ipv4 . port, found "10.0.0.1"'],
    ["macs", 5, "expected a MAC such as 02:00:00:00:00:01, a range or mac/mask, found 5"],
  ])("%s refuses %s", (set, value, message) => {
    expect(refusal(() => reader.element(set, value)).message).toBe(`set '${set}': ${message}`);
  });

  it("need a set that exists", () => {
    expect(refusal(() => reader.element("offices", 1)).message).toBe(
      "unknown set 'offices'; did you mean 'office'?",
    );
  });
});
