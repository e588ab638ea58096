// Connections in memory: actions about them as operations, modes and timeouts, and nat tables.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { ConnectionTable, ticksOf } from "../../src/compile/connections.ts";
import { FlowTables } from "../../src/compile/flows.ts";
import { OperationWriter } from "../../src/compile/operations.ts";
import { sizesOf } from "../../src/compile/tables.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { FlowReader } from "../../src/config/flow_reader.ts";
import { FlowControl, runtimeReader } from "../../src/control/flows.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";

const LIMITS = `engine:
  frames: 64
  limits: { flows: 1024, flow_extensions: 128, expectations: 8, datagrams: 128,
    fragment_bytes: 65536, routes: 16, rules: 64, set_elements: 1, cached_flows: 0 }
`;
const PORTS = 'version: 1\nports: { lan: { device: "pcap:" }, wan: { device: "pcap:" } }\n';

const WORLD = parseConfiguration(`${PORTS}conntrack: {}
tables: { t: {}, u: {} }
`);

type End = readonly [code: number, argument: number];

/** The operation of an action, in bytes, without its end: the operation that must follow. */
function bytesOf(action: unknown, [end, argument]: End = [layout.OP_END, 0]): Buffer {
  const own = new OperationWriter({ counter: () => 0, log: () => ({ text: 0, meter: 0 }) });
  const match = { ip_proto: "tcp" };
  own.write(runtimeReader(WORLD).flow("t", { match, actions: [action] }).actions);
  const bytes = Buffer.from(own.words.buffer, 0, own.length * 4);
  const size = bytes[layout.OP_SIZE]! * 8;
  expect([...bytes.subarray(size)]).toEqual([end, 1, 0, 0, argument, 0, 0, 0]);
  return bytes.subarray(0, size);
}

/** "kind flags family prefix low-high address-address" of NAT_BYTES. */
function natOf(bytes: Buffer, at: number): string {
  const kind = bytes[at + layout.NAT_KIND];
  const flags = bytes[at + layout.NAT_FLAGS];
  const family = bytes[at + layout.NAT_FAMILY];
  const prefix = bytes[at + layout.NAT_PREFIX];
  const low = bytes.readUInt16LE(at + layout.NAT_LOW_PORT);
  const high = bytes.readUInt16LE(at + layout.NAT_HIGH_PORT);
  const address = (place: number) =>
    bytes
      .subarray(at + place, at + place + 16)
      .toString("hex")
      .replace(/(00)+$/, "");
  const addresses = `${address(layout.NAT_LOW)}-${address(layout.NAT_HIGH)}`;
  return `${kind} ${flags} ${family} ${prefix} ${low}-${high} ${addresses}`;
}

const { NAT_SOURCE, NAT_DESTINATION, NAT_MASQUERADE, NAT_REDIRECT, NAT_EXISTING } = layout;
const { NAT_HAS_ADDRESS, NAT_HAS_PORTS, NAT_IS_PREFIX, NAT_RANDOM, NAT_PERSISTENT } = layout;
const SIX = "fd000000000000000000000000000001";

describe("translations in memory", () => {
  it.each([
    [{ snat: "203.0.113.2" }, `${NAT_SOURCE} ${NAT_HAS_ADDRESS} 4 0 0-0 cb007102-cb007102`],
    [
      { dnat: "203.0.113.2-203.0.113.9:8000-8010" },
      `${NAT_DESTINATION} ${NAT_HAS_ADDRESS | NAT_HAS_PORTS} 4 0 8000-8010 cb007102-cb007109`,
    ],
    [
      { dnat: "[fd00::1]:443" },
      `${NAT_DESTINATION} ${NAT_HAS_ADDRESS | NAT_HAS_PORTS} 6 0 443-443 ${SIX}-${SIX}`,
    ],
    [
      { snat: "198.51.100.0/24" },
      `${NAT_SOURCE} ${NAT_HAS_ADDRESS | NAT_IS_PREFIX} 4 24 0-0 c63364-c63364ff`,
    ],
    [{ dnat: ":65535" }, `${NAT_DESTINATION} ${NAT_HAS_PORTS} 0 0 65535-65535 -`],
    ["masquerade", `${NAT_MASQUERADE} 0 0 0 0-0 -`],
    [
      { masquerade: { ports: "1024-65535", random: true, persistent: true } },
      `${NAT_MASQUERADE} ${NAT_HAS_PORTS | NAT_RANDOM | NAT_PERSISTENT} 0 0 1024-65535 -`,
    ],
    ["redirect", `${NAT_REDIRECT} 0 0 0 0-0 -`],
    [{ redirect: 3128 }, `${NAT_REDIRECT} ${NAT_HAS_PORTS} 0 0 3128-3128 -`],
  ])("%j", (action, expected) => {
    const bytes = bytesOf(action, [layout.OP_ACCEPT, 0]);
    expect(bytes).toHaveLength(layout.OP_NAT_BYTES);
    expect(bytes[layout.OP_CODE]).toBe(layout.OP_NAT);
    expect(natOf(bytes, layout.OP_BYTES)).toBe(expected);
  });
});

describe("ct in memory", () => {
  it("has everything it was asked for", () => {
    const ct = {
      ct: {
        zone: 5,
        commit: true,
        force: true,
        mark: "0x12/0xff",
        label: "0x34/0xffff",
        nat: { snat: "203.0.113.2:80" },
        helper: "tftp",
        table: "u",
      },
    };
    const bytes = bytesOf(ct, [layout.OP_GOTO, 1]);
    expect(bytes).toHaveLength(layout.OP_CT_BYTES);
    expect(bytes[layout.OP_CODE]).toBe(layout.OP_CT);
    const { TRACK_OP_COMMIT, TRACK_OP_FORCE, TRACK_OP_NAT, TRACK_OP_ZONE, TRACK_OP_TABLE } = layout;
    expect(bytes.readUInt16LE(layout.OP_ARG16)).toBe(
      TRACK_OP_COMMIT | TRACK_OP_FORCE | TRACK_OP_NAT | TRACK_OP_ZONE | TRACK_OP_TABLE,
    );
    expect(bytes.readUInt32LE(layout.OP_ARG)).toBe(5);
    expect(bytes.readUInt32LE(layout.OP_CT_MARK)).toBe(0x12);
    expect(bytes.readUInt32LE(layout.OP_CT_MARK_MASK)).toBe(0xff);
    expect(bytes.readUInt32LE(layout.OP_CT_TABLE)).toBe(1);
    expect(bytes.readUInt32LE(layout.OP_CT_HELPER)).toBe(layout.HELPER_TFTP);
    const label = (at: number) => bytes.subarray(at, at + 16).toString("hex");
    expect(label(layout.OP_CT_LABEL)).toBe(`${"00".repeat(15)}34`);
    expect(label(layout.OP_CT_LABEL_MASK)).toBe(`${"00".repeat(14)}ffff`);
    expect(natOf(bytes, layout.OP_CT_NAT)).toBe(
      `${NAT_SOURCE} ${NAT_HAS_ADDRESS | NAT_HAS_PORTS} 4 0 80-80 cb007102-cb007102`,
    );
  });

  it("is empty as a word, and can take what the connection has", () => {
    const plain = bytesOf("ct");
    expect([...plain.subarray(2)].every((byte) => byte === 0)).toBe(true);
    const existing = bytesOf({ ct: { nat: true } });
    expect(existing.readUInt16LE(layout.OP_ARG16)).toBe(layout.TRACK_OP_NAT);
    expect(natOf(existing, layout.OP_CT_NAT)).toBe(`${NAT_EXISTING} 0 0 0 0-0 -`);
  });
});

describe("small actions in memory", () => {
  it.each([
    ["notrack", [layout.OP_NOTRACK, 1, 0, 0, 0, 0, 0, 0]],
    ["save_mark", [layout.OP_SAVE_MARK, 1, 0, 0, 0, 0, 0, 0]],
    ["restore_mark", [layout.OP_RESTORE_MARK, 1, 0, 0, 0, 0, 0, 0]],
    [{ helper: "ftp" }, [layout.OP_HELPER, 1, 0, 0, layout.HELPER_FTP, 0, 0, 0]],
  ])("%j", (action, expected) => {
    expect([...bytesOf(action)]).toEqual(expected);
  });

  it("set_field of ct_mark and ct_label, in network order", () => {
    const mark = bytesOf({ set_field: { ct_mark: "0x12345678/0xffff" } });
    expect(mark.readUInt16LE(layout.OP_ARG16)).toBe(layout.FIELD_CT_MARK);
    expect(mark.subarray(8, 12).toString("hex")).toBe("00005678");
    expect(mark.subarray(24, 28).toString("hex")).toBe("0000ffff");
    const label = bytesOf({ set_field: { ct_label: 1 } });
    expect(label.readUInt16LE(layout.OP_ARG16)).toBe(layout.FIELD_CT_LABEL);
    expect(label.subarray(8).toString("hex")).toBe(`${"00".repeat(15)}01${"ff".repeat(16)}`);
  });
});

function memoryOf(tail: string) {
  const model = parseConfiguration(PORTS + LIMITS + tail);
  const region = new Region(planMemory(sizesOf(model)));
  const connections = new ConnectionTable(region, model);
  const tables = new FlowTables(region, model);
  tables.load();
  const control = new FlowControl(tables, model, runtimeReader(model));
  return { model, region, connections, tables, control };
}

describe("modes and timeouts", () => {
  const bitsOf = (tail: string) => memoryOf(tail).region.getU32(layout.CONTROL_TRACK);
  const { TRACK_ON, TRACK_CHECKSUM, TRACK_LIBERAL, TRACK_LOOSE, TRACK_FTP, TRACK_TFTP } = layout;
  const { TRACK_REASSEMBLE, TRACK_EXPECTS, TRACK_ORDERED } = layout;
  const USUAL = TRACK_ON | TRACK_REASSEMBLE | TRACK_CHECKSUM | TRACK_LOOSE;

  it.each([
    ["", 0],
    ["conntrack: { enabled: false, liberal: true }", 0],
    ["conntrack: {}", USUAL],
    [
      "conntrack: { checksum: false, loose: false, liberal: true }",
      TRACK_ON | TRACK_REASSEMBLE | TRACK_LIBERAL,
    ],
    ["conntrack: { helpers: [ftp] }", USUAL | TRACK_FTP | TRACK_EXPECTS],
    ["conntrack: { helpers: [tftp] }", USUAL | TRACK_TFTP | TRACK_EXPECTS],
    ["tables: { t: { flows: [{ actions: [{ helper: ftp }] }] } }", USUAL | TRACK_EXPECTS],
    ["tables: { t: { flows: [{ actions: [{ ct: { helper: ftp } }] }] } }", USUAL | TRACK_EXPECTS],
    ["conntrack: { max_per_source: 5 }", USUAL | TRACK_ORDERED],
    ["conntrack: { zone_limits: { 5: 5 } }", USUAL | TRACK_ORDERED],
  ])("%s", (tail, expected) => {
    expect(bitsOf(`${tail}\n`)).toBe(expected);
  });

  it("say what zones and sources may have, and keep it from run to run", () => {
    const limits = (tail: string) => {
      const { region, connections } = memoryOf(`conntrack: ${tail}\n`);
      const owners = region.base(layout.REGION_OWNERS);
      connections.beginRun();
      const zone = (number: number) => owners + layout.OWNERS_LIMITS + number * 4;
      region.setU32(owners + layout.OWNERS_ZONES, 7);
      connections.beginRun();
      return {
        slots: region.getU32(layout.CONTROL_OWNER_SLOTS),
        source: region.getU32(layout.CONTROL_MAX_PER_SOURCE),
        bytes: region.map.bytes[layout.REGION_OWNERS],
        zones: [0, 1, 65535].map((number) => region.getU32(zone(number))),
        counted: region.getU32(owners + layout.OWNERS_ZONES),
      };
    };
    const zones = layout.OWNERS_SOURCES;
    // Each shard has room for 40 connections, and a fifth of the places stays free.
    const slots = 2 ** Math.ceil(Math.log2(128 * 40 * 1.25));
    expect(limits("{}")).toMatchObject({ slots: 0, source: 0, bytes: 0 });
    expect(limits("{ max_per_source: 9 }")).toEqual({
      slots,
      source: 9,
      bytes: zones + slots * layout.OWNER_STRIDE,
      zones: [0, 0, 0],
      counted: 0,
    });
    expect(limits("{ zone_limits: { 0: 0, 65535: 3 } }")).toEqual({
      slots: 1,
      source: 0,
      bytes: zones + layout.OWNER_STRIDE,
      zones: [1, 0, 4],
      counted: 0,
    });
  });

  it("are in ticks, each in its place", () => {
    const { model, region } = memoryOf(`conntrack:
  fragment_timeout: 2s
  timeouts: { tcp_established: 1h, udp: 1ms, sctp_heartbeat_sent: 5s, expectation: 7s }
`);
    const at = (place: number) => region.getU32(layout.CONTROL_TIMEOUTS + place * 4);
    expect(at(layout.TIMEOUT_TCP + layout.TCP_ESTABLISHED)).toBe(ticksOf(3_600_000));
    expect(at(layout.TIMEOUT_UDP)).toBe(1);
    expect(at(layout.TIMEOUT_SCTP + layout.SCTP_HEARTBEAT_SENT)).toBe(ticksOf(5000));
    expect(at(layout.TIMEOUT_EXPECTATION)).toBe(ticksOf(7000));
    expect(at(layout.TIMEOUT_UDP_STREAM)).toBe(ticksOf(120_000));
    expect(region.getU32(layout.CONTROL_FRAGMENT_TICKS)).toBe(ticksOf(2000));
    // Each timeout has a place of its own, and SYN_SENT one for each side that opens.
    const both = [layout.TCP_SYN_SENT, layout.TCP_SYN_SENT2].map((s) => at(layout.TIMEOUT_TCP + s));
    expect(both[1]).toBe(both[0]);
    const written = Array.from({ length: layout.TIMEOUTS }, (_, place) => at(place));
    const count = Object.keys(model.conntrack.timeouts).length;
    expect(written.filter((ticks) => ticks > 0)).toHaveLength(count + 1);
    // A tick is 2^20 ns.
    expect(ticksOf(1048.576)).toBe(1000);
    expect(ticksOf(0)).toBe(1);
  });
});

describe("nat tables", () => {
  const TABLES = `tables:
  filter: { attach: postrouting, flows: [{ actions: [{ jump: shared }] }] }
  nat:
    attach: postrouting
    priority: 5
    flows: [{ actions: [{ jump: shared }] }, { actions: [{ goto: chain }] }]
  first: { attach: postrouting, priority: -5, flows: [{ actions: [masquerade] }] }
  chain: { flows: [{ match: { mark: 1 }, actions: [{ snat: 10.0.0.1 }] }] }
  shared: {}
  publish: { attach: prerouting, flows: [{ actions: [{ dnat: 10.0.0.1 }] }] }
  loose: {}
  policy: { attach: forward }
`;
  const numbers = (region: Region, list: number, point: number) => {
    const at = region.getU32(list + point * 4);
    return at === 0 ? [] : [...region.u32.subarray(at / 4 + 1, at / 4 + 1 + region.getU32(at))];
  };

  it("are in lists of their own, and marked", () => {
    const { model, region } = memoryOf(TABLES);
    const ordinary = (point: number) => numbers(region, layout.CONTROL_POINT_TABLES, point);
    const nat = (point: number) => numbers(region, layout.CONTROL_POINT_NAT_TABLES, point);
    const { POINT_POSTROUTING, POINT_PREROUTING, POINT_FORWARD } = layout;
    expect([ordinary(POINT_POSTROUTING), nat(POINT_POSTROUTING)]).toEqual([[0], [2, 1]]);
    expect([ordinary(POINT_PREROUTING), nat(POINT_PREROUTING)]).toEqual([[], [5]]);
    expect([ordinary(POINT_FORWARD), nat(POINT_FORWARD)]).toEqual([[7], []]);
    const bits = (...points: number[]) => points.reduce((sum, point) => sum | (1 << point), 0);
    expect(region.getU32(layout.CONTROL_POINTS)).toBe(bits(POINT_POSTROUTING, POINT_FORWARD));
    expect(region.getU32(layout.CONTROL_NAT_POINTS)).toBe(
      bits(POINT_POSTROUTING, POINT_PREROUTING),
    );
    const base = region.base(layout.REGION_TABLES) + layout.TABLE_NAT;
    const marked = model.tables.filter(
      (_, number) => region.getU32(base + number * layout.TABLE_STRIDE) === 1,
    );
    expect(marked.map(({ name }) => name)).toEqual(["nat", "first", "chain", "publish"]);
  });

  it("take translations while the engine runs, and others do not", () => {
    const { control } = memoryOf(TABLES);
    const match = { ip_proto: "tcp" };
    control.add("first", { match, actions: [{ snat: "10.0.0.9:80" }] });
    control.add("chain", { match, actions: ["masquerade"] });
    control.add("loose", { match, actions: ["masquerade"] });
    const settled = "works only in tables that translated when the engine started, and";
    const refusals: readonly (readonly [string, Record<string, unknown>, string])[] = [
      ["filter", { actions: ["masquerade"] }, `masquerade ${settled} 'filter', which leads here`],
      ["shared", { actions: ["masquerade"] }, `masquerade ${settled} 'filter', which leads here`],
      [
        "filter",
        { actions: [{ goto: "loose" }] },
        `table 'loose' cannot be reached from here: NAT`,
      ],
      ["policy", { actions: ["masquerade"] }, "reached from postrouting alone"],
      ["first", { match: { ct_state: "reply" }, actions: [] }, "a nat table sees the first packet"],
      ["first", { actions: [{ snat: "10.0.0.9:80" }] }, "snat: ports need ip_proto tcp"],
    ];
    for (const [table, flow, message] of refusals) {
      expect(() => control.add(table, flow), message).toThrow(message);
    }
    // An action that is fine for the one flow may not be for the match of another.
    const modify = () => control.modify({ table: "first" }, [{ snat: "10.0.0.9:80" }]);
    expect(modify).toThrow("actions: snat: ports need ip_proto tcp, udp, sctp or dccp");
    expect(control.flows("first").map(({ flow }) => flow.actions)).toEqual([
      ["masquerade"],
      [{ snat: "10.0.0.9:80" }],
    ]);
    // What led to no nat table may be added as long as nothing there translates.
    control.add("filter", { match, actions: [{ goto: "shared" }] });
  });

  it("take nothing about connections when these are not tracked", () => {
    const { control } = memoryOf("tables: { t: { attach: forward } }\n");
    const off = "needs connection tracking, which is off: set conntrack.enabled to true";
    expect(() => control.add("t", { actions: ["save_mark"] })).toThrow(`save_mark ${off}`);
    expect(() => control.add("t", { match: { ct_state: "new" }, actions: [] })).toThrow(
      `ct_state ${off}`,
    );
  });

  it("are known to whoever reads flows for a model", () => {
    const reader = new FlowReader(memoryOf(TABLES).model);
    expect(reader.actions("chain", ["masquerade"])).toHaveLength(1);
    expect(() => reader.actions("filter", ["masquerade"])).toThrow("when the engine started");
  });
});
