// Tunnels in the configuration: what they are when little is said, and what is refused.

import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { failure } from "./failure.ts";

const base = (tunnels: string) => `version: 1
ports:
  lan: { device: "pcap:", addresses: [10.0.0.1/24] }
  wan: { device: "pcap:", addresses: [203.0.113.2/24, "2001:db8::2/64"] }
bridges:
  br0: { vlan_filtering: true }
tunnels:
${tunnels}
`;
const ENDS = "local: 203.0.113.2, remote: 198.51.100.7";
const ENDS6 = 'local: "2001:db8::2", remote: "2001:db8:1::7"';

function parsed(keys: string) {
  const model = parseConfiguration(base(`  t: { ${keys} }`));
  return { tunnel: model.tunnels[0]!, port: model.ports.at(-1)! };
}

describe("a tunnel", () => {
  it("has defaults", () => {
    const { tunnel, port } = parsed(`type: vxlan, vni: 100, ${ENDS}`);
    expect(tunnel).toEqual({
      name: "t",
      port: 3,
      type: "vxlan",
      family: 4,
      local: Uint8Array.of(203, 0, 113, 2),
      remotes: [Uint8Array.of(198, 51, 100, 7)],
      id: 100,
      labelIn: undefined,
      controlWord: false,
      udpPort: 4789,
      sourcePorts: { low: 49_152, high: 65_535 },
      ttl: 64,
      dscp: "inherit",
      df: "set",
      checksum: false,
      sequence: false,
      learning: true,
      underlay: 0,
      options: [],
      erspan: undefined,
    });
    expect(port).toMatchObject({ name: "t", kind: "tunnel", device: "", tunnel: 0, mtu: 1450 });
    expect(port.mac).toEqual(Uint8Array.of(2, 0, 0, 0, 0, 4));
  });

  it.each([
    [`type: vxlan, vni: 1, ${ENDS6}`, 1430],
    [`type: geneve, vni: 1, ${ENDS}`, 1450],
    [`type: geneve, vni: 1, ${ENDS}, options: [{ class: 1, type: 2, data: "00000000" }]`, 1442],
    [`type: gre, ${ENDS}`, 1476],
    [`type: gre, key: 1, ${ENDS}`, 1472],
    [`type: gre, ${ENDS6}`, 1448],
    [`type: gretap, ${ENDS}`, 1462],
    [`type: nvgre, vsid: 5000, ${ENDS}`, 1458],
    [`type: ipip, ${ENDS}`, 1480],
    [`type: sit, ${ENDS}`, 1480],
    [`type: ip6tnl, ${ENDS6}`, 1452],
    [`type: mpls_udp, label: 16, ${ENDS}`, 1468],
    [`type: mpls, label: 16, remote: 198.51.100.7`, 1482],
    [`type: mpls, label: 16, control_word: true, remote: "2001:db8::7"`, 1478],
  ])("%s has the MTU Linux gives it", (keys, mtu) => {
    expect(parsed(keys).port.mtu).toBe(mtu);
  });

  it("has a label for each way, or one for both", () => {
    const remote = "remote: 198.51.100.7";
    const both = parsed(`type: mpls, label: 16, ${remote}`).tunnel;
    expect(both).toMatchObject({ id: 16, labelIn: 16, controlWord: false });
    const each = parsed(`type: mpls, label_out: 17, label_in: 18, control_word: true, ${remote}`);
    expect(each.tunnel).toMatchObject({ id: 17, labelIn: 18, controlWord: true });
    const other = parsed(`type: mpls, label: 19, label_in: 20, ${remote}`).tunnel;
    expect(other).toMatchObject({ id: 19, labelIn: 20 });
  });

  it("has a UDP checksum over IPv6 unless told otherwise", () => {
    expect(parsed(`type: vxlan, vni: 1, ${ENDS6}`).tunnel.checksum).toBe(true);
    expect(parsed(`type: vxlan, vni: 1, checksum: false, ${ENDS6}`).tunnel.checksum).toBe(false);
    expect(parsed(`type: gre, ${ENDS6}`).tunnel.checksum).toBe(false);
  });

  it("leads where flows say, or to several remotes, or is a member of a bridge", () => {
    expect(parsed("type: geneve, vni: flow, remote: flow").tunnel).toMatchObject({
      remotes: [],
      id: "flow",
    });
    const several = "type: vxlan, vni: 1, remote: [198.51.100.7, 198.51.100.8]";
    expect(parsed(several).tunnel.remotes).toHaveLength(2);
    const member = parsed(`type: vxlan, vni: 1, ${ENDS}, bridge: br0, vlan: { access: 10 }`);
    expect(member.port.membership).toMatchObject({ bridge: 0, vlan: { native: 10 } });
  });
});

const BAD: readonly (readonly [keys: string, where: string, message: string])[] = [
  [
    "type: vxlan, vni: 1, local: 203.0.113.2, remote: 2001:db8::7",
    "",
    "expected 'local' and 'remote' of one family, found IPv4 and IPv6",
  ],
  [`type: gre, vni: 1, ${ENDS}`, "/vni", "a tunnel of type gre has no 'vni'; remove it"],
  [`type: vxlan, ${ENDS}`, "", "a tunnel of type vxlan needs 'vni'"],
  [`type: vxlan, vni: 16777216, ${ENDS}`, "/vni", "expected an integer from 0 to 16777215"],
  [`type: vxlan, vni: 1, sequence: true, ${ENDS}`, "/sequence", "has no 'sequence'; remove it"],
  [`type: ipip, checksum: true, ${ENDS}`, "/checksum", "has no 'checksum'; remove it"],
  [`type: gre, port: 47, ${ENDS}`, "/port", "has no 'port'; remove it"],
  [`type: gre, options: [{ class: 1, type: 1 }], ${ENDS}`, "/options", "has no 'options'"],
  [`type: gre, index: 1, ${ENDS}`, "/index", "has no 'index'; remove it"],
  [`type: sit, ${ENDS6}`, "/local", "a tunnel of type sit needs IPv4 addresses"],
  [`type: ip6tnl, ${ENDS}`, "/local", "a tunnel of type ip6tnl needs IPv6 addresses"],
  [`type: vxlan, vni: 1, df: true, ${ENDS6}`, "/df", "IPv6 has no DF"],
  [
    "type: vxlan, vni: 1, local: 203.0.113.3, remote: 198.51.100.7",
    "/local",
    "expected an address of a port in the VRF of the underlay, found 203.0.113.3",
  ],
  ["type: gre, remote: 203.0.113.2", "/remote", "found 203.0.113.2, an address of our own"],
  ["type: gre, remote: 239.0.0.1", "/remote", "expected the address of a station"],
  ["type: gre, remote: [198.51.100.7, 198.51.100.8]", "/remote", "gre has one remote"],
  ["type: vxlan, vni: 1, remote: [198.51.100.7, 198.51.100.7]", "/remote", "is listed twice"],
  ["type: vxlan, vni: 1, remote: []", "/remote", "expected an address, a list of addresses, or"],
  [`type: gre, mac: "02:00:00:00:00:09", ${ENDS}`, "/mac", "gre has no link header"],
  [`type: ipip, bridge: br0, ${ENDS}`, "/bridge", "ipip carries no frames"],
  [
    `type: vxlan, vni: 1, bridge: br0, addresses: [10.9.0.1/24], ${ENDS}`,
    "/addresses",
    "a member of a bridge has no 'addresses'",
  ],
  [
    `type: vxlan, vni: 1, source_ports: [2000, 1000], ${ENDS}`,
    "/source_ports",
    "found 2000 above 1000",
  ],
  ["type: mpls, remote: 198.51.100.7", "", "a tunnel of type mpls needs 'label'"],
  ["type: mpls, label_in: 16, remote: 198.51.100.7", "", "a tunnel of type mpls needs 'label'"],
  ["type: mpls, label_out: 16, remote: 198.51.100.7", "", "'label_in' and 'label_out'"],
  [`type: mpls, label: 16, ${ENDS}`, "/local", "a tunnel of type mpls has no 'local'; remove it"],
  ["type: mpls, label: 16, df: true, remote: 198.51.100.7", "/df", "has no 'df'; remove it"],
  ["type: mpls, label: flow, remote: 198.51.100.7", "/label", "has one 'label', not 'flow'"],
  ["type: mpls, label: 16, remote: flow", "/remote", "has one 'remote', not 'flow'"],
  [`type: gre, control_word: true, ${ENDS}`, "/control_word", "gre has no 'control_word'"],
  [`type: vxlan, vni: 1, underlay: red, ${ENDS}`, "/underlay", "unknown VRF 'red'"],
];

describe("refused", () => {
  it.each(BAD)("%s", (keys, where, message) => {
    const { details } = failure(base(`  t: { ${keys.replace("2001:db8::7", '"2001:db8::7"')} }`));
    expect(details.map(({ pointer }) => pointer)).toEqual([`/tunnels/t${where}`]);
    expect(details[0]?.message).toContain(message);
  });

  it.each([
    [`type: vxlan, vni: 1, ${ENDS}`, `type: vxlan, vni: 1, ${ENDS}`],
    [`type: vxlan, vni: 1, ${ENDS}`, `type: geneve, vni: 2, port: 4789, ${ENDS}`],
    [`type: gretap, key: 1280000, ${ENDS}`, `type: nvgre, vsid: 5000, ${ENDS}`],
    ["type: vxlan, vni: flow, remote: flow", "type: vxlan, vni: flow, remote: flow"],
    [
      "type: mpls, label: 16, remote: 198.51.100.7",
      "type: mpls, label: 17, label_in: 16, remote: 198.51.100.8",
    ],
    [
      `type: vxlan, vni: 1, ${ENDS}`,
      `type: vxlan, vni: 1, remote: [198.51.100.8, 198.51.100.7],
       local: 203.0.113.2`,
    ],
  ])("two for the same packets: %s, %s", (first, second) => {
    const { details } = failure(base(`  a: { ${first} }\n  b: { ${second} }`));
    expect(details.map(({ pointer }) => pointer)).toEqual(["/tunnels/b"]);
    expect(details[0]?.message).toContain("tunnel 'a' at 8:3 takes the same packets");
  });

  it.each([
    [`type: vxlan, vni: 1, ${ENDS}`, `type: vxlan, vni: 2, ${ENDS}`],
    [`type: vxlan, vni: 1, ${ENDS}`, "type: vxlan, vni: 1, remote: flow"],
    [`type: gre, ${ENDS}`, `type: gre, key: 0, ${ENDS}`],
    [`type: gre, ${ENDS}`, `type: gretap, ${ENDS}`],
    [`type: ipip, ${ENDS}`, `type: sit, ${ENDS}`],
    [`type: vxlan, vni: 1, ${ENDS}`, "type: vxlan, vni: 1, remote: 198.51.100.7"],
  ])("not two that can be told apart: %s, %s", (first, second) => {
    const model = parseConfiguration(base(`  a: { ${first} }\n  b: { ${second} }`));
    expect(model.tunnels).toHaveLength(2);
  });
});

it("the name of a tunnel is no other port's", () => {
  const { message } = failure(base(`  wan: { type: gre, ${ENDS} }\n  br0: { type: sit, ${ENDS} }`));
  expect(message).toContain("'wan' is the name of a port already, at 4:3");
  expect(message).toContain("'br0' is the name of a port already, at 6:3");
});
