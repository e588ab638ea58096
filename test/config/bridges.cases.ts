// Wrong bridges and members, and exactly what is said about them: `text` follows the first line.

export interface BridgeProblemCase {
  readonly text: string;
  /** "line:column pointer: message" of every problem. */
  readonly problems: readonly string[];
}

const head = (keys: string, bridge = "vlan_filtering: true") =>
  `ports: { p1: { device: "pcap:", ${keys} } }\nbridges: { br0: { ${bridge} } }\n`;

export const BRIDGE_PROBLEMS: readonly BridgeProblemCase[] = [
  {
    text: head("bridge: br1"),
    problems: ["2:41 /ports/p1/bridge: unknown bridge 'br1'; did you mean 'br0'?"],
  },
  {
    text: head("vlan: { access: 10 }"),
    problems: ["2:33 /ports/p1/vlan: 'vlan' is for members of a bridge; name it with 'bridge'"],
  },
  {
    text: head("bridge: br0, vlan: { access: 10 }", ""),
    problems: [
      "2:46 /ports/p1/vlan: bridge 'br0' does not tell VLANs apart; give it 'vlan_filtering: true'",
    ],
  },
  {
    text: head("bridge: br0, addresses: [10.0.0.1/24], vrf: main"),
    problems: [
      "2:46 /ports/p1/addresses: a member of a bridge has no 'addresses'; give them to the bridge",
      "2:72 /ports/p1/vrf: a member of a bridge has no 'vrf'; remove it",
    ],
  },
  {
    text: head("bridge: br0, vlan: { access: 10, trunk: [20] }"),
    problems: [
      "2:66 /ports/p1/vlan/trunk: expected one of 'access', 'trunk' and 'tunnel', found 'access', too",
    ],
  },
  {
    text: head("bridge: br0, vlan: { native: 5 }"),
    problems: ["2:52 /ports/p1/vlan: expected one of 'access', 'trunk' and 'tunnel'"],
  },
  {
    text: head("bridge: br0, vlan: { access: 4095 }"),
    problems: ["2:62 /ports/p1/vlan/access: expected an integer from 1 to 4094, found 4095"],
  },
  {
    text: head("bridge: br0, vlan: { tunnel: 10, native: 5, translate: { 3: 10 } }"),
    problems: [
      "2:66 /ports/p1/vlan/native: 'native' is of trunks; remove it",
      "2:77 /ports/p1/vlan/translate: 'translate' is of trunks; remove it",
    ],
  },
  {
    text: head("bridge: br0, vlan: { trunk: [10, 8-12, 0, 9-7, 4000-5000] }"),
    problems: [
      "2:66 /ports/p1/vlan/trunk/1: VLAN 10 is listed twice",
      "2:72 /ports/p1/vlan/trunk/2: expected a VLAN from 1 to 4094, or a range of them such as 20-29, found 0",
      '2:75 /ports/p1/vlan/trunk/3: expected a VLAN from 1 to 4094, or a range of them such as 20-29, found "9-7"',
      '2:80 /ports/p1/vlan/trunk/4: expected a VLAN from 1 to 4094, or a range of them such as 20-29, found "4000-5000"',
    ],
  },
  {
    text: head(
      "bridge: br0, vlan: { trunk: [1, 2, 3], native: 1, translate: { 7: 9, 8: 1, 2: 3, 5: 2, 6: 2 } }",
    ),
    problems: [
      "2:99 /ports/p1/vlan/translate/7: expected a VLAN of 'trunk', found 9",
      "2:105 /ports/p1/vlan/translate/8: VLAN 1 is the native one, which has no tag to translate",
      "2:123 /ports/p1/vlan/translate/6: VLAN 2 is translated from 5 already",
    ],
  },
  {
    text: head("bridge: br0, split_horizon: 3, isolated: true"),
    problems: [
      "2:64 /ports/p1/isolated: expected one of 'isolated' and 'split_horizon': a port is in one group",
    ],
  },
  {
    text: head("bridge: br0, storm: { broadcast: few }"),
    problems: ["2:66 /ports/p1/storm/broadcast: unknown meter 'few'"],
  },
  {
    text: `ports: { br0: { device: "pcap:" }, br1.10: { device: "null:" } }
bridges: { br0: {}, br1: { vlan_filtering: true, vlans: { 10: {} } } }
`,
    problems: [
      "3:12 /bridges/br0: 'br0' is the name of a port already, at 2:10",
      "3:59 /bridges/br1/vlans/10: 'br1.10' is the name of a port already, at 2:36",
    ],
  },
  {
    text: head("mtu: 1500", "vlan_filtering: true, vlan: 3, vlans: { 3: {}, 4095: {} }"),
    problems: ['3:66 /bridges/br0/vlans/4095: expected a VLAN from 1 to 4094, found "4095"'],
  },
  {
    text: head("mtu: 1500", "vlan_filtering: true, vlan: 3, vlans: { 3: {} }"),
    problems: [
      "3:59 /bridges/br0/vlans/3: VLAN 3 is that of the interface 'br0' itself; give it the addresses",
    ],
  },
  {
    text: head("mtu: 1500", "vlan: 3, vlans: { 4: {} }, mac_limit: 200000"),
    problems: [
      "3:19 /bridges/br0/vlan: 'vlan' means nothing without 'vlan_filtering: true'",
      "3:37 /bridges/br0/vlans/4: bridge 'br0' does not tell VLANs apart; give it 'vlan_filtering: true'",
      "3:57 /bridges/br0/mac_limit: expected at most 131072 MACs (engine.limits.macs), found 200000",
    ],
  },
  {
    text: `ports: { p1: { device: "pcap:", bridge: br0 }, p2: { device: "pcap:" } }
bridges:
  br0:
    stations:
      - { mac: "02:00:00:00:00:07", port: p2, vlan: 5 }
      - { mac: "02:00:00:00:00:08", remote: 192.0.2.1 }
      - { mac: "02:00:00:00:00:09", port: p1, remote: 192.0.2.1 }
      - { mac: "02:00:00:00:00:09", port: p1 }
      - { mac: "02:00:00:00:00:0a" }
routes: [{ to: 10.0.0.0/8, port: p1 }]
neighbors: [{ port: p1, ip: 10.0.0.1, mac: "02:00:00:00:00:01" }]
`,
    problems: [
      "6:43 /bridges/br0/stations/0/port: port 'p2' is no member of the bridge",
      "6:53 /bridges/br0/stations/0/vlan: the bridge does not tell VLANs apart; remove it",
      "7:45 /bridges/br0/stations/1/remote: 'remote' needs a 'port'",
      "8:55 /bridges/br0/stations/2/remote: port 'p1' is no tunnel and has no remotes",
      "9:16 /bridges/br0/stations/3/mac: 02:00:00:00:00:09 is listed twice, first at 8:16",
      "10:9 /bridges/br0/stations/4: a station needs 'port' or 'ips'",
      "11:34 /routes/0/port: port 'p1' is not routed: it is a member of bridge 'br0'",
      "12:21 /neighbors/0/port: port 'p1' is not routed: it is a member of bridge 'br0'",
    ],
  },
];
