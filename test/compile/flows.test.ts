// Flow tables as OpenFlow 1.3.5 6.4 has them, case by case; counters and times that stay or start
// anew; limits; what is told about errors.

import { beforeEach, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import type { Flow } from "../../src/compile/flow.ts";
import { FlowControl, type FlowSelector, runtimeReader } from "../../src/control/flows.ts";
import { SluiceError } from "../../src/errors.ts";
import { FlowRig } from "./flow_rig.ts";

const CONFIGURATION = `
groups: { g: { type: all, buckets: [{ actions: [{ output: wan }] }] } }
meters: { m: { rate: 10mbit, exceed: drop } }
tables:
  a: { attach: ingress }
  b: { attach: forward, miss: drop }
  c: { }
  d: { attach: ingress, miss: { goto: c } }`;

const TCP = { eth_type: 0x0800, ip_proto: "tcp" };
const FLOWS = [
  { id: "net", cookie: 0x11, match: { ipv4_src: "10.0.0.0/8" }, actions: [{ output: "wan" }] },
  { id: "host", cookie: 0x12, match: { ipv4_src: "10.1.2.3" }, actions: [{ output: "lan" }] },
  { id: "web", cookie: 0x21, match: { ...TCP, tcp_dst: 80 }, actions: [{ group: "g" }] },
  { id: "low", cookie: 0x22, priority: 7, match: { ipv4_src: "10.1.2.3" }, actions: ["drop"] },
  { id: "all", cookie: 0x31, priority: 1, actions: [{ write: [{ output: "wan" }] }] },
];

let rig: FlowRig;
let control: FlowControl;
beforeEach(async () => {
  rig = await FlowRig.create(CONFIGURATION, "rules: 8");
  control = new FlowControl(rig.tables, rig.model, runtimeReader(rig.model));
  control.bundle(FLOWS.map((flow) => ({ type: "add", table: "a", flow })));
});

const ids = (table = "a") => control.flows(table).map(({ flow }) => flow.id);

/** The error of a call that fails. */
function failure(call: () => unknown): { code: string; message: string; pointer?: string } {
  try {
    call();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const { code, message, place } = error;
    return { code, message, ...(place.pointer === undefined ? {} : { pointer: place.pointer }) };
  }
  throw new Error("nothing failed");
}

/** What a worker counts for a flow. */
function count(flow: Flow, packets: bigint, time: bigint): void {
  const at = rig.region.base(layout.REGION_FLOW_COUNTERS);
  const counter = at + flow.counter * layout.FLOW_COUNTER_STRIDE;
  rig.region.setU64(counter + layout.FLOW_COUNTER_PACKETS, packets);
  rig.region.setU64(counter + layout.FLOW_COUNTER_LAST, time);
}

/** Which flows go, of the five above. */
const SELECTIONS: readonly [what: string, selector: FlowSelector, gone: string[]][] = [
  ["everything", {}, ["net", "host", "web", "low", "all"]],
  ["a table", { table: "b" }, []],
  ["an id", { table: "a", id: "web" }, ["web"]],
  ["what is at least as specific", { match: { ipv4_src: "10.0.0.0/8" } }, ["net", "host", "low"]],
  ["and of a priority", { match: { ipv4_src: "10.0.0.0/8" }, priority: 7 }, ["low"]],
  ["nothing wider", { match: { ipv4_src: "10.1.0.0/16" } }, ["host", "low"]],
  ["the very match", { strict: true, match: { ipv4_src: "10.0.0.0/8" } }, ["net"]],
  ["at its priority", { strict: true, match: { ipv4_src: "10.1.2.3" }, priority: 7 }, ["low"]],
  ["the default one", { strict: true, match: { ipv4_src: "10.1.2.3" } }, ["host"]],
  ["strictly every packet", { strict: true, priority: 1 }, ["all"]],
  ["a cookie", { cookie: 0x12 }, ["host"]],
  ["a masked cookie", { cookie: "0x20", cookieMask: "0xf0" }, ["web", "low"]],
  ["any cookie", { cookie: 5n, cookieMask: 0n }, ["net", "host", "web", "low", "all"]],
  ["an output, also in the action set", { outPort: "wan" }, ["net", "all"]],
  ["a group", { outGroup: "g" }, ["web"]],
  ["a prerequisite", { match: { ip_proto: "tcp" } }, ["web"]],
  ["all of it together", { match: { eth_type: "ipv4" }, cookie: 0x11, outPort: "lan" }, []],
];

describe("delete", () => {
  it.each(SELECTIONS)("of %s", (_, selector, gone) => {
    const before = ids();
    expect(control.delete(selector)).toBe(gone.length);
    expect(ids()).toEqual(before.filter((id) => !gone.includes(id!)));
  });
});

describe("modify", () => {
  it.each(SELECTIONS)("of %s", (_, selector, changed) => {
    expect(control.modify(selector, ["flood"])).toBe(changed.length);
    const flooding = control.flows("a").filter(({ flow }) => flow.actions[0] === "flood");
    expect(flooding.map(({ flow }) => flow.id).toSorted()).toEqual(changed.toSorted());
  });

  it("keeps cookie, counters, place and the time of making", () => {
    rig.tables.beginRun();
    rig.tables.startTime(5_000_000_000n);
    const before = rig.tables.byId(0, "host")!;
    count(before, 7n, 6_000_000_000n);
    control.modify({ id: "host" }, ["drop"]);
    const after = rig.tables.byId(0, "host")!;
    expect(after.number).not.toBe(before.number);
    expect(control.get("a", "host")).toMatchObject({ packets: 7, lastHit: 6_000_000_000n });
    expect(rig.tables.createdAt(after)).toBe(5_000_000_000n);
    expect(after.cookie).toBe(0x12n);
    expect(ids()).toEqual(["net", "host", "web", "low", "all"]);
    control.modify({ id: "host" }, ["drop"], { resetCounters: true });
    expect(control.get("a", "host")).toMatchObject({ packets: 0, lastHit: undefined });
  });

  it("of nothing adds nothing", () => {
    expect(control.modify({ table: "a", match: { ip_proto: "udp" } }, ["drop"])).toBe(0);
    expect(control.size).toBe(5);
  });
});

describe("add", () => {
  it("of the same match and priority replaces, and counts anew in the same place", () => {
    count(rig.tables.byId(0, "net")!, 9n, 1n);
    const [{ match }] = FLOWS as [(typeof FLOWS)[number]];
    control.add("a", { id: "again", match, actions: ["drop"] });
    expect(ids()).toEqual(["again", "host", "web", "low", "all"]);
    expect(control.get("a", "again")).toMatchObject({ packets: 0 });
    expect(control.get("a", "net")).toBeUndefined();
  });

  it("knows the match however it is written", () => {
    const match = { tcp_dst: 80, ip_proto: 6, eth_type: "ipv4" };
    control.add("a", { match, actions: ["drop"] });
    expect(control.size).toBe(5);
  });

  it("can be told to refuse what overlaps at the same priority", () => {
    const flow = { id: "new", match: { ...TCP, tcp_src: 9 }, actions: ["drop"] };
    const { code, message } = failure(() => control.add("a", flow, { checkOverlap: true }));
    expect(code).toBe("FLOW_OVERLAP");
    expect(message).toMatch(/flow 'new' of table 'a'.*flow '(net|host|web)'/);
    control.add("a", { ...flow, priority: 8 }, { checkOverlap: true });
    control.delete({ id: "new" });
    const apart = { match: { ip_proto: "udp", eth_type: 0x86dd }, actions: ["drop"] };
    control.add("a", apart, { checkOverlap: true });
    expect(failure(() => control.add("a", apart, { checkOverlap: true })).code).toBe(
      "FLOW_OVERLAP",
    );
  });

  it("refuses an id that another flow of the table has", () => {
    const flow = { id: "net", match: { ip_proto: "udp" }, actions: ["drop"] };
    const { code, message } = failure(() => control.add("a", flow));
    expect(code).toBe("FLOW_INVALID");
    expect(message).toMatch(/flow 'net' of table 'a': id: /);
    control.add("b", flow);
    expect(ids("b")).toEqual(["net"]);
  });
});

describe("a bundle", () => {
  const good = { id: "good", match: { ip_proto: "udp" }, actions: ["drop"] };

  it("is seen as a whole", () => {
    const { version } = rig.tables;
    const counts = control.bundle([
      { type: "delete", id: "net" },
      { type: "add", table: "a", flow: good },
      { type: "modify", table: "a", match: { eth_type: "ipv4" }, actions: ["drop"] },
    ]);
    expect(counts).toEqual([1, 1, 3]);
    expect(ids()).toEqual(["host", "web", "good", "low", "all"]);
    // The last one's changes are told record by record: none is without a version.
    expect(rig.tables.version).toBeGreaterThan(version);
  });

  it("with a mistake in the middle changes nothing, and says which one it is", () => {
    const before = control.flows();
    const { used } = rig.tables.memory;
    const bad = { id: "bad", match: { ipv4_dst: "10.0.0.999" }, actions: ["drop"] };
    const told = failure(() =>
      control.bundle([
        { type: "add", table: "a", flow: good },
        { type: "add", table: "a", flow: bad },
      ]),
    );
    expect(told.code).toBe("FLOW_INVALID");
    expect(told.message).toMatch(/change 1: .*flow 'bad'.*ipv4_dst.*10\.0\.0\.999/);
    expect(told.pointer).toMatch(/^\/1\/match\/ipv4_dst/);
    expect(control.flows()).toEqual(before);
    expect(rig.tables.memory.used).toBe(used);
  });

  it("beyond the limit changes nothing, and names the limit", () => {
    const before = control.flows();
    const { used } = rig.tables.memory;
    const { counters } = rig.tables;
    const usedCounters = counters.used;
    const flows = Array.from({ length: 4 }, (_, place) => ({
      match: { ip_proto: "udp", udp_dst: place },
      actions: ["drop"],
    }));
    const told = failure(() =>
      control.bundle([
        { type: "modify", id: "host", actions: ["drop"] },
        { type: "delete", id: "web" },
        ...flows.map((flow) => ({ type: "add" as const, table: "b", flow })),
        { type: "add", table: "b", flow: good },
      ]),
    );
    expect(told.code).toBe("LIMIT_EXCEEDED");
    expect(told.message).toMatch(/change 6: .*engine\.limits\.rules \(8\)/);
    expect(control.flows()).toEqual(before);
    expect(rig.tables.memory.used).toBe(used);
    expect(counters.used).toBe(usedCounters);
    expect(control.get("a", "host")!.flow.actions).toEqual([{ output: "lan" }]);
  });

  it("fits as soon as as many flows go before", () => {
    control.bundle([
      { type: "delete", table: "a" },
      ...Array.from({ length: 8 }, (_, place) => ({
        type: "add" as const,
        table: "b",
        flow: { match: { ip_proto: "udp", udp_dst: place }, actions: ["drop"] },
      })),
    ]);
    expect(control.size).toBe(8);
  });

  it("cannot make tables lead in a circle, nor OpenFlow's actions reachable from a hook", () => {
    control.add("c", { id: "out", match: {}, actions: [{ output: "wan" }] });
    const hook = failure(() => control.add("b", { match: {}, actions: [{ goto: "c" }] }));
    expect(hook.message).toMatch(/flow of table 'b': actions: .*output/);
    const circle = failure(() =>
      control.bundle([
        { type: "add", table: "a", flow: { match: {}, priority: 3, actions: [{ goto: "d" }] } },
        { type: "add", table: "c", flow: { match: {}, priority: 3, actions: [{ goto: "a" }] } },
      ]),
    );
    expect(circle.message).toMatch(/change 1: .*circle/);
    // What did not stay is forgotten.
    control.add("c", { match: {}, priority: 3, actions: [{ goto: "a" }] });
    expect(
      failure(() => control.add("a", { match: {}, actions: [{ goto: "d" }] })).message,
    ).toMatch(/circle/);
  });
});

describe("flows", () => {
  it("are given back as they would be written, and read again as they were", () => {
    const all = control.flows("a").map(({ flow }) => flow);
    expect(all[0]).toEqual({
      id: "net",
      cookie: "0x11",
      priority: 32768,
      match: { ipv4_src: "10.0.0.0/8", eth_type: "ipv4" },
      actions: [{ output: "wan" }],
    });
    control.delete({});
    control.bundle(all.map((flow) => ({ type: "add", table: "a", flow: { ...flow } })));
    expect(control.flows("a").map(({ flow }) => flow)).toEqual(all);
  });

  it("gone from a run leave their numbers once every worker has begun another burst", () => {
    rig.tables.beginRun();
    const workers = [rig.watcher(0), rig.watcher(1)];
    const { used } = rig.tables.memory;
    const { number } = rig.tables.byId(0, "web")!;
    control.delete({ id: "web" });
    expect(rig.tables.waiting).toBe(1);
    workers[0]!.readModes();
    rig.tables.settle();
    expect(rig.tables.waiting).toBe(1);
    expect(rig.tables.byNumber(number)).toBeDefined();
    workers[1]!.readModes();
    rig.tables.settle();
    expect(rig.tables.waiting).toBe(0);
    expect(rig.tables.byNumber(number)).toBeUndefined();
    rig.tables.endRun();
    expect(rig.tables.memory.used).toBeLessThanOrEqual(used);
  });
});

describe("the order of flows of one priority", () => {
  it("stays when the numbers that say it run out, and so do counters", async () => {
    const last = 2 ** 32 - 8;
    const old = await FlowRig.create("tables: { t: { attach: ingress } }", "rules: 20", last);
    const tables = new FlowControl(old.tables, old.model, runtimeReader(old.model));
    const add = (place: number) =>
      tables.add("t", {
        id: `${place}`,
        match: { in_port: "lan", mark: place },
        actions: ["drop"],
      });
    for (let place = 0; place < 3; place++) add(place);
    const { counter, order } = old.tables.byId(0, "1")!;
    const { version } = old.tables;
    for (let place = 3; place < 12; place++) add(place);
    expect(tables.flows().map(({ flow }) => flow.id)).toEqual(
      Array.from({ length: 12 }, (_, place) => `${place}`),
    );
    const after = old.tables.byId(0, "1")!;
    expect(after.order).toBeGreaterThan(order);
    expect(after.counter).toBe(counter);
    // A record for each flow that was added, and for each that got another number.
    expect(old.tables.version).toBe(version + 9 + 6);
    expect(old.watcher().match(0, { mark: 1 })).toBe(after.number);
  });
});
