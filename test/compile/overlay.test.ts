// Bridges, tunnels and what is known of stations, written where the kernels read them.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { sizesOf, Tables } from "../../src/compile/tables.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { listStations } from "../../src/control/fdb.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { ENGINE, REMOTES, WAN, WAN_NEIGHBOR, WAN_PORT, WAN_ROUTE } from "../support/endpoints.ts";

const MAC = "02:00:00:00:00:07";
const model = parseConfiguration(`version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0, split_horizon: 9, hairpin: true, mac_limit: 77 }
${WAN_PORT}
  p2: { device: "pcap:", bridge: br1, vlan: { trunk: [10], native: 20, translate: { 110: 10 } } }
  p3: { device: "pcap:", bridge: br1, vlan: { tunnel: 30 }, learning: false, flood: false }
neighbors:
${WAN_NEIGHBOR}
routes:
${WAN_ROUTE}
bridges:
  br0: { ageing: 64s, mac_limit: 1000, suppression: true, loop_guard: 5, forward_reserved: [14] }
  br1:
    vlan_filtering: true
    learning: false
    ageing: 0s
    vlans: { 10: { mac: "02:00:00:00:10:01" } }
    stations: [{ mac: "${MAC}", vlan: 10, port: vx, remote: ${REMOTES[1]}, ips: [10.0.0.7] }]
tunnels:
  vx:
    { type: vxlan, vni: 0x123456, local: ${WAN.ip}, remote: [${REMOTES}], bridge: br1, ttl: 9,
      dscp: 46, df: inherit, source_ports: [50000, 50009], vlan: { access: 10 } }
  gn:
    { type: geneve, vni: flow, remote: flow, ttl: inherit, checksum: true,
      options: [{ class: 0x0102, type: 0x80, data: "0a0b0c0d" }] }
  er:
    { type: erspan, version: 3, session: 5, hardware: 6, direction: egress,
      remote: "2001:db8::9" }
`);
const region = new Region(planMemory(sizesOf(model)));
const tables = new Tables(region, model);
await tables.load(model);

const u8 = (at: number) => region.u8[at] as number;
const u16 = (at: number) => region.u16[at / 2] as number;
const numberOf = (name: string) => model.ports.findIndex((port) => port.name === name);
const portOf = (name: string) =>
  region.base(layout.REGION_PORTS) + numberOf(name) * layout.PORT_STRIDE;
const bridgeOf = (number: number) =>
  region.base(layout.REGION_BRIDGES) + number * layout.BRIDGE_STRIDE;
const tunnelOf = (number: number) =>
  region.base(layout.REGION_TUNNELS) + number * layout.TUNNEL_STRIDE;
const isOf = (port: string, bits: number) =>
  (region.getU32(portOf(port) + layout.PORT_FLAGS) & bits) === bits;

describe("bridges", () => {
  it("have their settings and their members", () => {
    const flags = [0, 1].map((number) => region.getU32(bridgeOf(number) + layout.BRIDGE_FLAGS));
    expect(flags).toEqual([layout.BRIDGE_LEARNING | layout.BRIDGE_SUPPRESSES, 0]);
    expect(region.getU32(bridgeOf(0) + layout.BRIDGE_MAC_LIMIT)).toBe(1000);
    expect(region.getU64(bridgeOf(0) + layout.BRIDGE_REFRESH)).toBe(1_000_000_000n);
    expect(region.getU64(bridgeOf(0) + layout.BRIDGE_AGEING)).toBe(65_000_000_000n);
    expect(region.getU64(bridgeOf(1) + layout.BRIDGE_AGEING)).toBe(0n);
    const members = [0, 1].map((number) => {
      const at = region.getU32(bridgeOf(number) + layout.BRIDGE_MEMBERS);
      const count = region.getU32(bridgeOf(number) + layout.BRIDGE_MEMBER_COUNT);
      return Array.from({ length: count }, (_, place) => model.ports[u16(at + place * 2)]?.name);
    });
    expect(members).toEqual([["p1"], ["p2", "p3", "vx"]]);
    const ordered = layout.OVERLAY_BRIDGES | layout.OVERLAY_TUNNELS | layout.OVERLAY_ORDERED;
    expect(region.getU32(layout.CONTROL_OVERLAY) & ordered).toBe(ordered);
  });

  it("have members that say so", () => {
    for (const name of ["p1", "p2", "p3", "vx"]) expect(isOf(name, layout.PORT_BRIDGED)).toBe(true);
    expect(isOf("wan", layout.PORT_BRIDGED)).toBe(false);
    const { MEMBER_LEARNING, MEMBER_FLOOD, MEMBER_HAIRPIN, MEMBER_REMOTES } = layout;
    const bits = ["p1", "p3", "vx"].map((name) => u16(portOf(name) + layout.PORT_MEMBER));
    expect(bits.map((word) => word & (MEMBER_LEARNING | MEMBER_FLOOD | MEMBER_HAIRPIN))).toEqual([
      MEMBER_LEARNING | MEMBER_FLOOD | MEMBER_HAIRPIN,
      0,
      MEMBER_LEARNING | MEMBER_FLOOD,
    ]);
    expect(bits.map((word) => (word & MEMBER_REMOTES) !== 0)).toEqual([false, false, true]);
    expect(u16(portOf("p1") + layout.PORT_GROUP)).toBe(9);
    expect(region.getU32(portOf("p1") + layout.PORT_MAC_LIMIT)).toBe(77);
    expect(region.getU32(portOf("p1") + layout.PORT_VLAN_MAP)).toBe(0);
  });

  it("have maps of VLANs, both ways", () => {
    const map = region.getU32(portOf("p2") + layout.PORT_VLAN_MAP);
    const enters = [0, 10, 20, 30, 110].map((wire) => u16(map + wire * 2));
    expect(enters).toEqual([20, 0, 20, 0, 10]);
    const leaves = [10, 20, 30].map((vlan) => u16(map + layout.VLAN_EGRESS + vlan * 2));
    expect(leaves).toEqual([110, layout.VLAN_UNTAGGED, layout.VLAN_NOT_CARRIED]);
    expect(u16(portOf("p3") + layout.PORT_VLAN_TYPE)).toBe(layout.VLAN_TYPE_NONE);
    expect(u16(portOf("p2") + layout.PORT_VLAN_TYPE)).toBe(0x0081);
  });

  it("have interfaces, which are ports that know their bridge and VLAN", () => {
    for (const [name, bridge, vlan] of [
      ["br0", 0, 0],
      ["br1.10", 1, 10],
    ] as const) {
      expect(isOf(name, layout.PORT_INTERFACE), name).toBe(true);
      expect(u16(portOf(name) + layout.PORT_BRIDGE), name).toBe(bridge);
      expect(u16(portOf(name) + layout.PORT_VLAN), name).toBe(vlan);
    }
  });

  it("know their interfaces and what is given, which is all there is to be seen", () => {
    const stations = listStations(region, model);
    expect(
      stations.map(({ bridge, vlan, mac, port, remote, age, type }) =>
        [bridge, vlan, mac, port, remote, age, type].join(" ").trim(),
      ),
    ).toEqual(
      expect.arrayContaining([
        `br1 10 ${MAC} vx ${REMOTES[1]}  static`,
        "br1 10 02:00:00:00:10:01 br1.10   local",
      ]),
    );
    expect(region.getU32(layout.CONTROL_FDB_ENTRIES)).toBe(stations.length);
    expect(stations.filter(({ type }) => type === "learned")).toEqual([]);
  });

  it("know which MAC an address has, and what guards them", () => {
    const base = region.base(layout.REGION_BINDINGS);
    const given = region.getU32(base + layout.BINDINGS_GIVEN);
    const slots = region.getU32(base + layout.BINDINGS_GIVEN_MASK) + 1;
    const found = Array.from({ length: slots }, (_, slot) => given + slot * layout.BINDING_STRIDE)
      .filter((at) => u8(at + layout.BINDING_FAMILY) !== 0)
      .map((at) => ({
        ip: [...region.bytes(at + layout.BINDING_IP, 4)].join("."),
        mac: [...region.bytes(at + layout.BINDING_MAC, 6)],
        place: [u16(at + layout.BINDING_BRIDGE), u16(at + layout.BINDING_VLAN)],
      }));
    expect(found).toEqual([{ ip: "10.0.0.7", mac: [2, 0, 0, 0, 0, 7], place: [1, 10] }]);
    const guard = base + layout.BINDINGS_GUARDS;
    expect(region.getU32(guard + layout.GUARD_FLAGS)).toBe(layout.GUARD_SUPPRESSION);
    expect(region.getU32(guard + layout.GUARD_RESERVED)).toBe(1 << 14);
    expect(region.getU32(guard + layout.GUARD_MOST_MOVES)).toBe(5);
  });
});

describe("tunnels", () => {
  it("have their fields", () => {
    const at = tunnelOf(0);
    expect(u8(at + layout.TUNNEL_TYPE)).toBe(layout.ENCAPSULATION_VXLAN);
    expect(u8(at + layout.TUNNEL_FAMILY)).toBe(4);
    const { TUNNEL_HAS_ID, TUNNEL_DF_INHERIT, TUNNEL_LEARNING, TUNNEL_HAS_LOCAL } = layout;
    const wanted = TUNNEL_HAS_ID | TUNNEL_DF_INHERIT | TUNNEL_LEARNING | TUNNEL_HAS_LOCAL;
    expect(u16(at + layout.TUNNEL_FLAGS)).toBe(wanted);
    expect(region.getU32(at + layout.TUNNEL_ID)).toBe(0x123456);
    expect(u16(at + layout.TUNNEL_UDP_PORT)).toBe(4789);
    expect(u16(at + layout.TUNNEL_SOURCE_LOW)).toBe(50_000);
    expect(u16(at + layout.TUNNEL_SOURCE_COUNT)).toBe(10);
    expect([u8(at + layout.TUNNEL_TTL), u8(at + layout.TUNNEL_DSCP)]).toEqual([9, 46]);
    expect(u16(at + layout.TUNNEL_PORT)).toBe(numberOf("vx"));
    expect([...region.bytes(at + layout.TUNNEL_LOCAL, 4)].join(".")).toBe(WAN.ip);
    const remotes = region.getU32(at + layout.TUNNEL_REMOTES);
    const count = region.getU32(at + layout.TUNNEL_REMOTE_COUNT);
    const addresses = Array.from({ length: count }, (_, place) =>
      [...region.bytes(remotes + place * 16, 4)].join("."),
    );
    expect(addresses).toEqual([...REMOTES]);
    expect(u16(portOf("vx") + layout.PORT_TUNNEL_NUMBER)).toBe(0);
    expect(isOf("vx", layout.PORT_TUNNEL)).toBe(true);
  });

  it("leave to flows what flows say, and have their options ready", () => {
    const at = tunnelOf(1);
    const { TUNNEL_ID_BY_FLOW, TUNNEL_REMOTE_BY_FLOW, TUNNEL_TTL_INHERIT } = layout;
    const wanted =
      TUNNEL_ID_BY_FLOW | TUNNEL_REMOTE_BY_FLOW | TUNNEL_TTL_INHERIT | layout.TUNNEL_CHECKSUM;
    expect(u16(at + layout.TUNNEL_FLAGS) & wanted).toBe(wanted);
    const options = region.getU32(at + layout.TUNNEL_OPTIONS);
    const bytes = region.getU32(at + layout.TUNNEL_OPTIONS_BYTES);
    expect([...region.bytes(options, bytes)]).toEqual([1, 2, 0x80, 1, 10, 11, 12, 13]);
  });

  it("of ERSPAN have the fields of its header, and addresses of IPv6", () => {
    const at = tunnelOf(2);
    expect(u8(at + layout.TUNNEL_FAMILY)).toBe(6);
    const { TUNNEL_ERSPAN_HARDWARE, TUNNEL_ERSPAN_DIRECTION } = layout;
    expect(u8(at + TUNNEL_ERSPAN_HARDWARE)).toBe(6);
    expect(u8(at + TUNNEL_ERSPAN_DIRECTION)).toBe(1);
    expect(region.getU32(at + layout.TUNNEL_ID)).toBe(5);
    const remote = region.bytes(region.getU32(at + layout.TUNNEL_REMOTES), 16);
    expect([...remote]).toEqual([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
  });
});
