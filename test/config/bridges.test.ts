import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { BRIDGE_PROBLEMS } from "./bridges.cases.ts";
import { failure } from "./failure.ts";

describe("wrong bridges and members", () => {
  it.each(BRIDGE_PROBLEMS)("$problems.0", ({ text, problems }) => {
    const error = failure(`version: 1\n${text}`, "bridge.yaml");
    expect(error.message.split("\n")).toEqual(problems.map((one) => `bridge.yaml:${one}`));
    expect(error.code).toBe("CONFIG_INVALID");
  });
});

describe("right ones", () => {
  const MEMBERS = `version: 1
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0, isolated: true, mac_limit: 9,
        storm: { broadcast: few }, vlan: { access: 10 } }
  p3: { device: "pcap:", bridge: br0,
        vlan: { trunk: [10, 20-22], native: 1, native_tagged: true, translate: { 110: 20 } } }
  p4: { device: "pcap:", bridge: br0, hairpin: true, vlan: { tunnel: 100, protocol: 802.1ad } }
  wan: { device: "pcap:", addresses: [203.0.113.2/24] }
meters: { many: { rate: 5pps }, few: { rate: 1pps } }
bridges:
  br0: { vlan_filtering: true, addresses: [10.0.0.1/24], vlans: { 20: { mtu: 9000 }, 10: {} } }
  br1: { ageing: 0s, mac_limit: 7, forward_reserved: [3, 14] }
`;
  const model = parseConfiguration(MEMBERS);

  it("give their interfaces numbers behind the devices, lowest VLAN first", () => {
    const interfaces = model.ports.slice(5);
    expect(
      interfaces.map(({ name, kind, mtu, interfaceOf }) => [name, kind, mtu, interfaceOf]),
    ).toEqual([
      ["br0", "interface", 1500, { bridge: 0, vlan: 1 }],
      ["br0.10", "interface", 1500, { bridge: 0, vlan: 10 }],
      ["br0.20", "interface", 9000, { bridge: 0, vlan: 20 }],
      ["br1", "interface", 1500, { bridge: 1, vlan: 0 }],
    ]);
    expect(model.bridges.map(({ port }) => port)).toEqual([5, 8]);
    // Those of VLANs have the bridge's MAC, as the kernel's VLAN devices.
    expect(interfaces.map(({ mac }) => mac.at(-1))).toEqual([6, 6, 6, 9]);
  });

  it("have defaults", () => {
    expect(model.bridges[1]).toEqual({
      name: "br1",
      port: 8,
      ageing: 0,
      learning: true,
      vlanFiltering: false,
      vlanProtocol: 0x8100,
      macLimit: 7,
      forwardReserved: (1 << 3) | (1 << 14),
      suppression: false,
      proxy: false,
      loopGuard: 0,
      stations: [],
    });
    expect(model.bridges[0]).toMatchObject({ ageing: 300_000, macLimit: 131_072 });
    expect(model.ports[0]?.membership).toEqual({
      bridge: 0,
      vlan: { protocol: 0x8100, native: 1, tagged: [], nativeTagged: false, tunnel: false },
      learning: true,
      flood: true,
      group: 0,
      hairpin: false,
      macLimit: 0,
      storm: { broadcast: undefined, multicast: undefined, unknown: undefined },
    });
  });

  it("say which VLANs a member carries, and how", () => {
    const [, access, trunk, customer, routed] = model.ports.map(({ membership }) => membership);
    expect(access).toMatchObject({ group: 256, macLimit: 9, storm: { broadcast: 1 } });
    expect(access?.vlan).toMatchObject({ native: 10, tagged: [], tunnel: false });
    expect(trunk?.vlan).toEqual({
      protocol: 0x8100,
      native: 1,
      nativeTagged: true,
      tunnel: false,
      tagged: [
        { vlan: 10, wire: 10 },
        { vlan: 20, wire: 110 },
        { vlan: 21, wire: 21 },
        { vlan: 22, wire: 22 },
      ],
    });
    expect(customer).toMatchObject({ hairpin: true });
    expect(customer?.vlan).toMatchObject({ protocol: 0x88a8, native: 100, tunnel: true });
    expect(routed).toBeUndefined();
  });
});
