// What tables use besides flows: groups, meters, mirrors, points, and sets that change.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { tablesAt } from "../../src/compile/attachments.ts";
import { runtimeReader } from "../../src/control/flows.ts";
import { SetControl } from "../../src/control/sets.ts";
import { FlowRig } from "./flow_rig.ts";

const CONFIGURATION = `
sets:
  ports: { type: port, elements: [22] }
  both: { type: ipv4 . port, elements: ["10.0.0.1 . 80"] }
  idle: { type: ipv4 }
mirrors:
  - { name: span, to: wan, snaplen: 96, sample: 10 }
  - { name: vlans, to: wan, vlans: [0, 9, 4094], direction: out }
  - { name: both, to: wan, ports: [lan] }
meters:
  bits: { rate: 8mbit, burst: 1000, exceed: drop }
  packets: { bands: [{ rate: 1kpps, burst: "100", exceed: { dscp: 8 } }] }
groups:
  some: { type: select, buckets: [{ weight: 3, actions: [{ output: lan }] }, { actions: [flood] }] }
  first: { type: fast_failover, buckets: [{ watch_port: wan, actions: [{ output: wan }] }] }
tables:
  z: { attach: forward, priority: 5 }
  y: { attach: forward, priority: -1, flows: [{ match: { tcp_dst: "@ports" }, actions: [drop] }] }
  x: { attach: forward, priority: 5 }
  w: { attach: ingress, flows: [{ match: { "ipv4_src . tcp_dst": "@both" }, actions: [drop] }] }
  v: {}`;

const create = () => FlowRig.create(CONFIGURATION);

describe("groups", () => {
  it("of type select share the hash by weight", async () => {
    const { region } = await create();
    const at = region.base(layout.REGION_GROUPS) + layout.GROUP_STRIDE;
    const word = (offset: number) => region.getU32(at + offset);
    expect(word(layout.GROUP_TYPE)).toBe(layout.GROUP_SELECT_BY_HASH);
    expect(word(layout.GROUP_COUNT)).toBe(2);
    const slots = word(layout.GROUP_MASK) + 1;
    const first = word(layout.GROUP_SLOTS) / 4;
    const chosen = region.u32.subarray(first, first + slots);
    expect(chosen.filter((bucket) => bucket === 0).length).toBe((slots * 3) / 4);
    expect(chosen.filter((bucket) => bucket === 1).length).toBe(slots / 4);
    const program = region.getU32(word(layout.GROUP_BUCKETS) + layout.GROUP_BUCKET_PROGRAM);
    expect(region.u8[program]).toBe(layout.OP_OUTPUT);
  });

  it("of type fast_failover watch their ports", async () => {
    const { region, tables } = await create();
    const at = region.base(layout.REGION_GROUPS) + 2 * layout.GROUP_STRIDE;
    expect(region.getU32(at + layout.GROUP_TYPE)).toBe(layout.GROUP_FAST_FAILOVER);
    const bucket = region.getU32(at + layout.GROUP_BUCKETS);
    expect(region.getU32(bucket + layout.GROUP_BUCKET_WATCH)).toBe(1);
    expect(tables.groups.read(1)).toEqual({
      packets: 0,
      bytes: 0,
      buckets: [{ packets: 0, bytes: 0 }],
    });
  });
});

describe("meters", () => {
  it("are token buckets in nanoseconds", async () => {
    const { region, tables } = await create();
    const band = (number: number) => {
      const meter = region.base(layout.REGION_METERS) + number * layout.METER_STRIDE;
      const at = meter + layout.METER_BAND_FIRST;
      const values = [layout.BAND_COST, layout.BAND_BURST].map((o) => region.f64[(at + o) / 8]);
      const words = [layout.BAND_TYPE, layout.BAND_ARG].map((o) => region.getU32(at + o));
      return [region.getU32(meter + layout.METER_BITS), ...values, ...words];
    };
    expect(band(1)).toEqual([1, 125, 8000 * 125, layout.BAND_DROP, 0]);
    expect(band(2)).toEqual([0, 1e6, 100 * 1e6, layout.BAND_DSCP, 8]);
    expect(tables.meters.read(1).bands).toEqual([{ packets: 0, bytes: 0 }]);
  });
});

describe("mirrors", () => {
  it("have a port, a length and a share", async () => {
    const { region } = await create();
    const at = region.base(layout.REGION_MIRRORS) + layout.MIRROR_STRIDE;
    expect(region.u16[(at + layout.MIRROR_PORT) / 2]).toBe(1);
    expect(region.getU32(at + layout.MIRROR_SNAPLEN)).toBe(96);
    expect(region.getU32(at + layout.MIRROR_SAMPLE)).toBe(10);
    expect(region.getU32(at + layout.MIRROR_VLANS)).toBe(0);
    const vlans = region.getU32(at + layout.MIRROR_STRIDE + layout.MIRROR_VLANS);
    const bitmap = region.bytes(vlans, layout.MIRROR_VLAN_BYTES);
    const set = [...bitmap].flatMap((byte, place) => (byte === 0 ? [] : [[place, byte]]));
    expect(set).toEqual([
      [0, 1],
      [1, 2],
      [511, 64],
    ]);
  });

  it("are listed at the ports they look at, where none is named at all devices", async () => {
    const { region, model } = await create();
    const lists = model.ports.map((_, port) => {
      const entry = region.base(layout.REGION_PORTS) + port * layout.PORT_STRIDE;
      const flags = region.getU32(entry + layout.PORT_FLAGS);
      if ((flags & layout.PORT_MIRRORED) === 0) return [];
      const at = region.getU32(entry + layout.PORT_MIRRORS) / 2;
      const [received = 0, sent = 0] = region.u16.subarray(at, at + 2);
      const numbers = region.u16.subarray(at + 2, at + 2 + received + sent);
      return [[...numbers.subarray(0, received)], [...numbers.subarray(received)]];
    });
    expect(lists).toEqual([[[3], [2, 3]], []]);
    expect(region.getU32(layout.CONTROL_OVERLAY) & layout.OVERLAY_MIRRORS).not.toBe(0);
  });
});

describe("points", () => {
  it("have their tables by priority, then by the file", async () => {
    const { region, model } = await create();
    const listAt = (point: number) => {
      const list = region.getU32(layout.CONTROL_POINT_TABLES + point * 4);
      if (list === 0) return [];
      return [...region.u32.subarray(list / 4 + 1, list / 4 + 1 + region.getU32(list))];
    };
    expect(listAt(layout.POINT_FORWARD)).toEqual([1, 0, 2]);
    expect(listAt(layout.POINT_INGRESS)).toEqual([3]);
    expect(listAt(layout.POINT_INPUT)).toEqual([]);
    const bits = (1 << layout.POINT_FORWARD) | (1 << layout.POINT_INGRESS);
    expect(region.getU32(layout.CONTROL_POINTS)).toBe(bits);
    expect(tablesAt("forward", model.tables)).toEqual([1, 0, 2]);
  });

  it("have misses as the configuration says, or as is usual there", async () => {
    const { region, tables } = await create();
    const code = (table: number) => region.u8[tables.miss(table).program!.address];
    expect([0, 3, 4].map(code)).toEqual([layout.OP_ACCEPT, layout.OP_ACCEPT, layout.OP_RETURN]);
    const at = region.base(layout.REGION_TABLES) + layout.TABLE_STRIDE;
    expect(region.getU32(at + layout.TABLE_MISS)).toBe(tables.miss(1).number);
    expect(region.getU32(at + layout.TABLE_FLOWS)).toBe(1);
  });
});

describe("sets", () => {
  const tcp = (port: number, source = 0) => {
    return { eth_type: 0x0800, ip_proto: 6, tcp_dst: port, ipv4_src: source };
  };

  it("change for the flows that use them, at the next burst", async () => {
    const rig = await create();
    const sets = new SetControl(rig.tables, rig.model, runtimeReader(rig.model));
    rig.tables.beginRun();
    const worker = rig.watcher();
    const isDropped = (port: number) => worker.match(1, tcp(port)) !== 0;
    expect([22, 23, 24].map(isDropped)).toEqual([true, false, false]);
    expect(sets.add("ports", [22, 23])).toBe(1);
    expect(sets.size("ports")).toBe(2);
    expect(sets.has("ports", 23)).toBe(true);
    expect([22, 23, 24].map(isDropped)).toEqual([true, false, false]);
    worker.readModes();
    expect([22, 23, 24].map(isDropped)).toEqual([true, true, false]);
    expect(sets.delete("ports", [22, 99])).toBe(1);
    worker.readModes();
    expect([22, 23, 24].map(isDropped)).toEqual([false, true, false]);
    expect(sets.add("both", [["10.0.0.2", 81]])).toBe(1);
    worker.readModes();
    expect(worker.match(3, tcp(81, 0x0a000002))).not.toBe(0);
    expect(worker.match(3, tcp(80, 0x0a000002))).toBe(0);
  });

  it("tell only packets of the element, where one field looks it up", async () => {
    const rig = await create();
    const sets = new SetControl(rig.tables, rig.model, runtimeReader(rig.model));
    const blocks = () => {
      const slot = rig.tables.version & (layout.CHANGE_SLOTS - 1);
      const at = rig.region.base(layout.REGION_CHANGES) + slot * layout.CHANGE_STRIDE;
      return rig.region.getU32(at + layout.CHANGE_COUNT);
    };
    sets.add("ports", [443]);
    expect(blocks()).toBe(1);
    sets.add("both", ["10.9.0.0/16 . 1-9"]);
    expect(blocks()).toBe(layout.CHANGE_ANY);
    const { version } = rig.tables;
    sets.add("idle", ["10.0.0.0/8"]);
    expect(rig.tables.version).toBe(version + 1);
    expect(blocks()).toBe(1);
  });

  it("refuse what is no element, and one element too many", async () => {
    const rig = await FlowRig.create(CONFIGURATION, "rules: 5, set_elements: 4");
    const sets = new SetControl(rig.tables, rig.model, runtimeReader(rig.model));
    expect(() => sets.add("ports", ["http"])).toThrow(/set 'ports'/);
    expect(() => sets.add("none", [1])).toThrow(/none/);
    expect(() => sets.add("ports", [1, 2, 3])).toThrow(/engine\.limits\.set_elements/);
    expect(sets.size("ports")).toBe(1);
    expect(sets.add("ports", [1, 2])).toBe(2);
  });
});
